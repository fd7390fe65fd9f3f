"""What every page knows besides its own data: reader, language, theme, navigation, token; templates read it as `page`."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

import msgspec

CSRF_FIELD = "_csrf"
CSRF_HEADER = "X-CSRF-Token"
THEME_COOKIE = "anxin-theme"
LOCALE_COOKIE = "anxin-locale"


class NavItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the side bar; `label` is already in the reader's language."""

    label: str
    href: str
    icon: str
    count: int = 0
    current: bool = False
    id: str = ""
    urgent: bool = False


class NavGroup(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[NavItem, ...]
    label: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The person signed in, as shown in the account menu."""

    name: str
    role: str = ""
    detail: str = ""

    @property
    def initial(self) -> str:
        return self.name[:1]


class MenuLink(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    href: str
    icon: str = ""


class Toast(msgspec.Struct, frozen=True, kw_only=True):
    """A short answer to what was just done; `undo_action` is the address a POST form takes it back with."""

    text: str
    state: Literal["ok", "info", "warn", "error"] = "ok"
    undo_action: str = ""
    undo_label: str = ""
    id: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Read by layouts and `ui` macros as `page.*`; one per response."""

    locale: str
    timezone: str
    now: datetime
    theme: Literal["auto", "light", "dark"] = "auto"
    path: str = "/"
    csrf_token: str = ""
    request_id: str = ""
    partial: bool = False
    brand: str = ""
    subtitle: str = ""
    home_url: str = "/"
    nav: tuple[NavGroup, ...] = ()
    account: Account | None = None
    account_links: tuple[MenuLink, ...] = ()
    toasts: tuple[Toast, ...] = ()
    search_url: str = ""
    palette_src: str = ""
    language_action: str = "/preferences/language"
    theme_action: str = "/preferences/theme"
    sign_out_action: str = "/sign-out"
    impersonated_by: str = ""
    impersonation_reason: str = ""
    stop_impersonation_action: str = ""

    @property
    def lang(self) -> str:
        return "zh-CN" if self.locale == "zh_CN" else "en"


_UNBOUND = Page(locale="zh_CN", timezone="Asia/Shanghai", now=datetime(1970, 1, 1, tzinfo=UTC))
_current: ContextVar[Page] = ContextVar("anxin_page", default=_UNBOUND)


def current_page() -> Page:
    return _current.get()


@contextmanager
def showing(page: Page) -> Iterator[Page]:
    """Bind `page` (and with it language and zone) for everything rendered or translated inside."""
    token = _current.set(page)
    try:
        yield page
    finally:
        _current.reset(token)


def show_until_answered(page: Page) -> None:
    """Bind `page` for the rest of this request; whoever opened the request with `showing` takes it back."""
    _current.set(page)


class PageProxy:
    """The global `page` of the templates: macros imported without context still see the page being rendered."""

    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        return getattr(_current.get(), name)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone in `ui.stepper`; `action` is markup made by other macros."""

    label: str
    state: Literal["done", "late", "current", "over", "todo", "cancelled"]
    note: str = ""
    due: datetime | None = None
    start: datetime | None = None
    action: str = ""
