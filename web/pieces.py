"""The pieces that a list shows a hundred times, as Python: same markup rules as `templates/ui/`, a tenth of the time."""

from collections.abc import Mapping
from datetime import datetime

from markupsafe import Markup, escape

from web.formats import countdown, format_datetime, iso, relative
from web.i18n import gettext as _
from web.icons import icon

_LEVELS: dict[int | str, int] = {spelt: n for n in (1, 2, 3) for spelt in (n, str(n), f"L{n}")}
_LEVEL_ICONS = {1: "circle-dot", 2: "triangle-alert", 3: "siren"}


def _level_text(level: int) -> str:
    if level == 3:
        return _("L3 major")
    return _("L2 serious") if level == 2 else _("L1 minor")


def badge(label: object, state: str = "neutral", icon: str | None = None) -> Markup:
    """State neutral, brand, ok, info, warn or danger."""
    return Markup(f'<span class="badge" data-state="{escape(state)}">{_drawn(icon)}{escape(label)}</span>')  # noqa: S704 - each part is escaped


_TONES: Mapping[str, str] = {"danger": "danger", "warning": "warn", "info": "info", "success": "ok"}


def tone_badge(label: object, tone: str = "neutral") -> Markup:
    """A badge in a tone of the plugins' records: danger, warning, info, success or neutral."""
    return badge(label, _TONES.get(tone, "neutral"))


def level_badge(level: int | str, label: str | None = None) -> Markup:
    """The severity of a complaint, 1 to 3 or L1 to L3: colour, icon and words."""
    number = _LEVELS[level]
    words = escape(label or _level_text(number))
    return Markup(f'<span class="badge" data-level="{number}">{icon(_LEVEL_ICONS[number])}{words}</span>')  # noqa: S704 - each part is escaped


def count(number: int | str, label: str | None = None, *, urgent: bool = False) -> Markup:
    """A small number beside a name; `label` says what is counted to screen readers."""
    state = ' data-state="danger"' if urgent else ""
    said = f'<span class="visually-hidden"> {escape(label)}</span>' if label else ""
    return Markup(f'<span class="count"{state}>{escape(number)}{said}</span>')  # noqa: S704 - each part is escaped


def row_title(title: object, href: str, detail: object = None) -> Markup:
    """The main cell of a row: a link, and one quiet line under it."""
    under = f' <span class="row-detail">{escape(detail)}</span>' if detail else ""
    return Markup(f'<a class="row-link" href="{escape(href)}"><span>{escape(title)}</span>{under}</a>')  # noqa: S704 - each part is escaped


def attributes(values: Mapping[str, object]) -> Markup:
    """`{"data-id": 3, "hidden": True}` as ` data-id="3" hidden`; None and False are left out."""
    parts = [
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in values.items()
        if value is not None and value is not False
    ]
    return Markup("").join(parts)


def link(
    label: object,
    href: str,
    icon: str | None = None,
    *,
    external: bool = False,
    attrs: Mapping[str, object] | None = None,
) -> Markup:
    """A way to another page."""
    away = ' rel="noreferrer"' if external else ""
    rest = attributes(attrs) if attrs else ""
    return Markup(f'<a class="link" href="{escape(href)}"{away}{rest}>{_drawn(icon)}{escape(label)}</a>')  # noqa: S704 - each part is escaped


def board_card(
    title: object,
    href: str,
    id: str,  # noqa: A002 - the attribute's name, as in every macro
    body: Markup,
    detail: object = None,
    level: int | str | None = None,
) -> Markup:
    """One case on a board; `body`: its badges, timer and people."""
    of_level = f' data-level="{escape(level)}"' if level else ""
    return Markup(  # noqa: S704 - each part is escaped or made of such
        f'<li class="board-card" id="{escape(id)}"{of_level}>{row_title(title, href, detail)}{escape(body)}</li>'
    )


def moment(at: datetime, style: str = "relative") -> Markup:
    """A time that is over or to come, exact on hover; style relative, short or long."""
    shown = relative(at) if style == "relative" else format_datetime(at, style)
    return Markup(f'<time datetime="{iso(at)}" title="{escape(format_datetime(at))}">{escape(shown)}</time>')  # noqa: S704 - each part is escaped


def timer(
    due: datetime,
    start: datetime | None = None,
    label: str | None = None,
    size: str = "md",
    *,
    bar: bool = True,
    id: str | None = None,  # noqa: A002 - the attribute's name, as in every macro
) -> Markup:
    """A countdown; the server draws the state at `page.now`, the script ticks it. `label`: what is due, for screen readers."""
    left = countdown(due, start)
    until = iso(due)
    attributes = f' start="{iso(start)}"' if start else ""
    if id:
        attributes += f' id="{escape(id)}"'
    drawn = f'<progress class="timer-bar" value="{left.fraction}" max="1" aria-hidden="true"></progress>' if bar else ""
    said = f'<span class="visually-hidden">{escape(label)}: </span>' if label else ""
    return Markup(  # noqa: S704 - each part is escaped or made here
        f'<sla-timer class="timer" data-state="{left.state}" data-size="{escape(size)}" due="{until}"{attributes}>{drawn}'
        f'<span class="timer-text">{said}<span class="timer-over">{escape(_("Overdue"))}</span> '
        f'<time datetime="{until}">{escape(left.text)}</time></span></sla-timer>'
    )


def _drawn(name: str | None) -> str:
    return icon(name) if name else ""


PIECES = (badge, tone_badge, level_badge, count, row_title, link, board_card, moment, timer, icon)
