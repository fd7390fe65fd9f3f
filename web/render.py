"""Templates: one strict, autoescaping Jinja environment compiled at start-up, with `ui`, `icon`, `asset` and formats."""

import functools
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from web import formats, i18n
from web.icons import icon
from web.page import CSRF_FIELD, Page, PageProxy, current_page, showing
from web.pieces import PIECES, attributes

logger: Final = logging.getLogger("anxin.plugins")
TEMPLATE_DIR = Path(__file__).parent / "templates"
STATIC_DIR = Path(__file__).parent / "static"


class StaticManifest:
    """Names of built files by the name of their source: app.js -> /static/app-3F2A.js."""

    def __init__(self, files: Mapping[str, str], prefix: str = "/static/") -> None:
        self._urls = {name: prefix + file for name, file in files.items()}

    @classmethod
    def load(cls, path: Path = STATIC_DIR / "manifest.json", prefix: str = "/static/") -> "StaticManifest":
        if not path.exists():
            message = f"{path.name} is missing: the front end was not built; run `pip install -e .` again"
            raise FileNotFoundError(message)
        return cls(msgspec.json.decode(path.read_bytes(), type=dict[str, str]), prefix)

    def url(self, name: str) -> str:
        return self._urls[name]


class UiMacros:
    """The global `ui` of the templates: every macro of `templates/ui/*.html` by name, without an import."""

    def __init__(self) -> None:
        self._macros: dict[str, Any] = {}

    def add(self, name: str, macro: object) -> None:
        if name in self._macros:
            raise ValueError(f"two ui files define the macro {name}")
        self._macros[name] = macro

    def __getattr__(self, name: str) -> Any:
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._macros)


def _browser_texts() -> Markup:
    """The few words that scripts show, for `<meta name="anxin:texts" content='...'>` (single quotes)."""
    _ = i18n.gettext
    words = json.dumps(
        {
            "overdue": _("Overdue"),
            "days": _("%(n)s d"),
            "clear": _("Clear"),
            "remove": _("Remove"),
            "chartFailed": _("The chart could not be drawn; the table below has all its values."),
            "close": _("Close"),
            "confirm": _("Confirm"),
            "draftKept": _("Draft saved on this device"),
            "draftBack": _("Your draft was restored"),
            "draftSaved": _("Saved at %(time)s"),
            "draftElsewhere": _("This form was saved on another device at %(time)s"),
            "draftOffline": _("No connection: kept on this device only"),
            "draftFound": _("Somebody began this form on this device."),
            "goOn": _("That was me, go on"),
            "startAnew": _("Start anew"),
            "photoMany": _("At most %(n)s photos; the rest were left out"),
            "photoBad": _("This file is not a photo we can read"),
            "noResults": _("Nothing found"),
            "searching": _("Searching…"),
            "pages": _("Pages"),
            "results": _("%(n)s results"),
            "offline": _("No connection. Nothing was lost; try again."),
            "failed": _("That did not work. Try again."),
            "live": _("Live"),
            "reconnecting": _("Reconnecting…"),
            "sign": _("Sign with your finger or mouse"),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return Markup(words.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;"))  # noqa: S704 - escaped here, for single quotes


def _by_reader(function: Callable[..., str]) -> Callable[..., str]:
    """A filter whose answer depends on the reader; the context keeps Jinja from working it out at compile time."""

    @pass_context
    def filtered(_context: Context, *args: Any, **kwargs: Any) -> str:
        return function(*args, **kwargs)

    return filtered


FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "money": formats.money,
        "number": formats.number,
        "percent": formats.percent,
        "price_share": _by_reader(formats.price_share),
        "iso": formats.iso,
        "phone_masked": formats.phone_masked,
        "attributes": attributes,
        "date": _by_reader(formats.format_date),
        "datetime": _by_reader(formats.format_datetime),
        "time": _by_reader(formats.format_time),
        "duration": _by_reader(formats.duration),
        "zone": _by_reader(formats.zone_name),
        "relative": _by_reader(formats.relative),
        "localized": _by_reader(i18n.localized),
    }
)


@functools.cache
def _ready(locale: str, message: str) -> Markup:
    return Markup(i18n.catalogue(locale).gettext(message))  # noqa: S704 - a text of our own catalogues


def _translate(message: str, **values: object) -> Markup | str:
    # What nobody wrote into our sources may come from a person: it is no markup, and such texts are without number.
    if not i18n.is_ours(message):
        plain = i18n.gettext(message)
        return plain % values if values else plain
    text = _ready(current_page().locale, message)
    return text % values if "%" in text else text


def create_environment(
    manifest: StaticManifest,
    *,
    plugin_loaders: Mapping[str, BaseLoader] = MappingProxyType({}),
    extra_globals: Mapping[str, object] = MappingProxyType({}),
    extra_dirs: tuple[Path, ...] = (),
) -> Environment:
    """Compile every template; a plugin's are reached behind its id: `petclinic:panel.html`."""
    env = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader([TEMPLATE_DIR, *extra_dirs]),
                PrefixLoader(dict(plugin_loaders), delimiter=":"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    _install_gettext(env)
    env.filters.update(FILTERS)
    ui = UiMacros()
    env.globals.update(
        page=PageProxy(),
        ui=ui,
        icon=icon,
        asset=manifest.url,
        countdown=formats.countdown,
        browser_texts=_browser_texts,
        csrf_field=CSRF_FIELD,
        both=_both,
        **extra_globals,
    )
    for piece in PIECES:
        ui.add(getattr(piece, "__name__", "icon"), piece)
    names = sorted(env.list_templates(extensions=("html",)))
    for name in names:
        template = env.get_template(name)
        if name.startswith("ui/_"):
            for macro, value in vars(template.module).items():
                if not macro.startswith("_"):
                    ui.add(macro, value)
    return env


def add_plugin_templates(env: Environment, folders: Mapping[str, Path]) -> None:
    """Let templates be found behind a plugin's id; one that does not compile is a fault of its page, not of the start."""
    assert isinstance(env.loader, ChoiceLoader)
    (prefixed,) = (one for one in env.loader.loaders if isinstance(one, PrefixLoader))
    mapping = cast("dict[str, BaseLoader]", prefixed.mapping)
    for plugin, folder in folders.items():
        mapping[plugin] = FileSystemLoader(folder)
        for name in prefixed.mapping[plugin].list_templates():
            try:
                env.get_template(f"{plugin}:{name}")
            except TemplateError as error:
                logger.warning("template %s:%s of a plugin does not compile: %s", plugin, name, type(error).__name__)


def _both(zh: str, en: str) -> str:
    """Words that a plugin's template brings itself, in the reader's language."""
    return i18n.localized({"zh-CN": zh, "en": en})


def _install_gettext(env: Environment) -> None:
    """As `newstyle` of jinja2.ext.i18n, but a text without values costs one look-up, and unknown text stays escaped."""
    install: Callable[..., None] = env.install_gettext_callables  # type: ignore[attr-defined]  # added by jinja2.ext.i18n at run time
    install(i18n.gettext, i18n.ngettext, newstyle=True, pgettext=i18n.pgettext, npgettext=i18n.npgettext)
    env.globals.update(gettext=_translate, _=_translate)


def render(env: Environment, page: Page, template: str, /, **data: object) -> str:
    """The finished text of one template for one reader."""
    with showing(page):
        return env.get_template(template).render(data)


@functools.cache
def _sandbox() -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    env.globals.clear()
    env.filters = {"money": formats.money, "date": formats.format_date, "datetime": formats.format_datetime}
    env.tests = {}
    return env


def render_tenant_text(source: str, values: Mapping[str, str | int]) -> Markup:
    """A text that a chain wrote (message, consent) with its values: no globals, three filters, output escaped."""
    return escape(Markup(_sandbox().from_string(source).render(values)))  # noqa: S704 - autoescaped by the sandbox
