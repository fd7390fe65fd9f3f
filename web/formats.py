"""Numbers, money and times as a reader sees them: by language, in the zone of the page."""

import functools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import get_timezone_name

from web.i18n import gettext as _
from web.i18n import ngettext
from web.page import current_page

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@functools.cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _local(moment: datetime, zone: str | None = None) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone reached a page")
    return moment.astimezone(_zone(zone or current_page().timezone))


@functools.cache
def _zone_name(name: str, locale: str) -> str:
    return str(get_timezone_name(_zone(name), width="long", zone_variant="standard", locale=locale))


def zone_name(zone: str) -> str:
    """Asia/Shanghai -> China Standard Time."""
    return _zone_name(zone, "zh_Hans_CN" if current_page().locale == "zh_CN" else "en")


def money(fen: int) -> str:
    """¥ from integer fen: 328650 -> ¥3,286.50."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}¥{yuan:,}.{rest:02d}"


def number(value: float) -> str:
    return f"{value:,}"


def price_share(share: int) -> str:
    """What a member pays of a price, in percent: 90 -> 90 % of the price, which Chinese calls 9折."""
    if current_page().locale == "zh_CN":
        return f"{share / 10:g}折"
    return _("%(n)s %% of the price") % {"n": share}


def percent(ratio: float, digits: int = 1) -> str:
    """0.942 -> 94.2%."""
    return f"{ratio * 100:.{digits}f}%"


def format_date(value: date | datetime | str, style: str = "short") -> str:
    """2026/11/21 or 21 Nov 2026; `long` spells the month out. Plugins' pages carry a day as its ISO text."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    day = _local(value).date() if isinstance(value, datetime) else value
    if current_page().locale == "zh_CN":
        if style == "long":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.year}/{day.month:02d}/{day.day:02d}"
    month = _MONTHS[day.month - 1]
    return f"{day.day} {month if style == 'long' else month[:3]} {day.year}"


def format_time(value: datetime, *, seconds: bool = False) -> str:
    local = _local(value)
    clock = f"{local.hour:02d}:{local.minute:02d}"
    return f"{clock}:{local.second:02d}" if seconds else clock


def format_datetime(value: datetime, style: str = "short") -> str:
    """2026/11/21 17:29 or 21 Nov 2026, 17:29; `long` adds seconds and spells the month."""
    joint = " " if current_page().locale == "zh_CN" else ", "
    return f"{format_date(value, style)}{joint}{format_time(value, seconds=style == 'long')}"


def iso(value: datetime) -> str:
    """The instant for machines: 2026-11-21T09:29:00Z."""
    return value.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def duration(value: float | timedelta) -> str:
    """Seconds in words, two largest units: 5400 -> 1 h 30 min."""
    total = int(value.total_seconds() if isinstance(value, timedelta) else value)
    sign = "-" if total < 0 else ""
    days, rest = divmod(abs(total), _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    units = (
        (days, _("%(n)s d")),
        (hours, _("%(n)s h")),
        (minutes, _("%(n)s min")),
        (seconds, _("%(n)s s")),
    )
    first = next((i for i, (n, _text) in enumerate(units) if n), len(units) - 1)
    shown = [text % {"n": n} for n, text in units[first : first + 2] if n] or [units[-1][1] % {"n": 0}]
    return sign + " ".join(shown)


def relative(value: datetime, now: datetime | None = None) -> str:
    """How long ago or ahead in words; beyond a week the date."""
    seconds = int((value - (now or current_page().now)).total_seconds())
    size = abs(seconds)
    if size < _MINUTE:
        return _("just now")
    if size >= 7 * _DAY:
        return format_date(value)
    if size < _HOUR:
        n = size // _MINUTE
        past, ahead = (
            ngettext("%(n)s minute ago", "%(n)s minutes ago", n),
            ngettext("in %(n)s minute", "in %(n)s minutes", n),
        )
    elif size < _DAY:
        n = size // _HOUR
        past, ahead = ngettext("%(n)s hour ago", "%(n)s hours ago", n), ngettext("in %(n)s hour", "in %(n)s hours", n)
    else:
        n = size // _DAY
        past, ahead = ngettext("%(n)s day ago", "%(n)s days ago", n), ngettext("in %(n)s day", "in %(n)s days", n)
    return (ahead if seconds > 0 else past) % {"n": n}


def phone_masked(phone: str | None) -> str:
    """E.164 or national digits with the middle hidden: +8613812346871 -> 138****6871."""
    digits = "".join(c for c in phone or "" if c.isdigit())
    if digits.startswith("86") and len(digits) == 13:
        digits = digits[2:]
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}"


def clock_text(seconds: float) -> str:
    """A countdown as the timers show it: 17:54, 22:55:51, and with days from 100 hours on; always positive."""
    total = int(abs(seconds))
    hours, rest = divmod(total, _HOUR)
    minutes, secs = divmod(rest, _MINUTE)
    if hours >= 100:
        days, hours = divmod(hours, 24)
        return _("%(n)s d") % {"n": days} + f" {hours:02d}:{minutes:02d}:{secs:02d}"
    return f"{hours:02d}:{minutes:02d}:{secs:02d}" if hours else f"{minutes:02d}:{secs:02d}"


class Countdown(msgspec.Struct, frozen=True):
    """What `<sla-timer>` shows before its script runs; `fraction` is what is left of the budget, 0 to 1."""

    state: str
    text: str
    fraction: float


def countdown(due: datetime, start: datetime | None = None, warn: float = 0.25) -> Countdown:
    """State ok, warn (at most `warn` of the budget left) or over of a deadline, by the page's clock."""
    now = current_page().now
    left = (due - now).total_seconds()
    if left <= 0:
        return Countdown("over", clock_text(left), 1.0)
    whole = (due - start).total_seconds() if start is not None else 0.0
    fraction = min(1.0, left / whole) if whole > 0 else 1.0
    state = "warn" if whole > 0 and fraction <= warn else "ok"
    return Countdown(state, clock_text(left), round(fraction, 3))
