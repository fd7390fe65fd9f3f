"""Languages: which one a reader gets, the catalogues behind `_`, and texts that carry both languages as data."""

import functools
import gettext as gnu
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from web.page import current_page

Locale = Literal["zh_CN", "en"]
LOCALES: tuple[Locale, ...] = ("zh_CN", "en")
DEFAULT_LOCALE: Locale = "zh_CN"
PSEUDO = "pseudo"  # marks each translated string, so that a test can find the ones that were forgotten
PSEUDO_OPEN, PSEUDO_CLOSE = "⟦", "⟧"
LOCALE_DIR = Path(__file__).parent / "locale"


def known_locale(tag: str | None) -> Locale | None:
    """Our locale for a language tag in any spelling, or None; every kind of Chinese reads zh_CN."""
    language = (tag or "").strip().replace("_", "-").partition("-")[0].lower()
    if language == "zh":
        return "zh_CN"
    return "en" if language == "en" else None


def _accepted(header: str) -> list[str]:
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.partition(";")
        try:
            quality = float(parameter.partition("=")[2]) if parameter.strip().startswith("q") else 1.0
        except ValueError:
            quality = 0.0
        if quality > 0:
            ranked.append((-quality, position, tag))
    return [tag for _, _, tag in sorted(ranked)]


def negotiate(
    user: str | None = None, cookie: str | None = None, tenant: str | None = None, accept_language: str = ""
) -> Locale:
    """The reader's language: own setting, then cookie, then the chain's, then the browser's, then Chinese."""
    for tag in (user, cookie, tenant, *_accepted(accept_language)):
        found = known_locale(tag)
        if found is not None:
            return found
    return DEFAULT_LOCALE


class _Messages(gnu.GNUTranslations):
    """A catalogue that can tell whether it holds a text, and in which no line ends between a number and its percent sign."""

    _catalog: dict[object, str]

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._catalog.update({key: text.replace(" %%", "\u00a0%%") for key, text in self._catalog.items()})

    def holds(self, message: str) -> bool:
        return message in self._catalog


class _Pseudo(gnu.NullTranslations):
    """English between marks."""

    def gettext(self, message: str) -> str:
        return f"{PSEUDO_OPEN}{message}{PSEUDO_CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:  # noqa: ARG002 - the gettext interface
        return self.gettext(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002 - the gettext interface
        return self.ngettext(msgid1, msgid2, n)


@functools.cache
def catalogue(locale: str) -> gnu.NullTranslations:
    """The messages of one language: the compiled file when it is fresh, else the .po itself; loaded once."""
    if locale == PSEUDO:
        return _Pseudo()
    source = LOCALE_DIR / locale / "LC_MESSAGES" / "messages.po"
    compiled = source.with_suffix(".mo")
    if not source.exists() and not compiled.exists():
        return gnu.NullTranslations()
    if compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime):
        return _Messages(io.BytesIO(compiled.read_bytes()))
    buffer = io.BytesIO()
    with source.open("rb") as po:
        write_mo(buffer, read_po(po, locale=locale))
    buffer.seek(0)
    return _Messages(buffer)


def is_ours(message: str) -> bool:
    """Tell a text of our sources, which may hold markup, from one that a person typed."""
    english = catalogue("en")
    return isinstance(english, _Messages) and english.holds(message)


def gettext(message: str) -> str:
    """`message` in the language of the page being made."""
    return catalogue(current_page().locale).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    return catalogue(current_page().locale).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    return catalogue(current_page().locale).pgettext(context, message)


def npgettext(context: str, singular: str, plural: str, n: int) -> str:
    return catalogue(current_page().locale).npgettext(context, singular, plural, n)


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a text for the catalogue where it is defined; it is translated where it is shown."""
    return message


def localized(text: str | Mapping[str, str] | None, locale: str | None = None) -> str:
    """Plugin text: a plain string, or one text per language; falls back to Chinese, then to any."""
    if text is None or isinstance(text, str):
        return text or ""
    wanted = locale or current_page().locale
    for tag in ("en", "zh-CN") if wanted in {"en", PSEUDO} else ("zh-CN", "en"):
        found = text.get(tag) or text.get(tag.replace("-", "_"))
        if found:
            return f"{PSEUDO_OPEN}{found}{PSEUDO_CLOSE}" if wanted == PSEUDO else found
    return next(iter(text.values()), "")


def html_lang(locale: str) -> str:
    return "zh-CN" if locale == "zh_CN" else "en"
