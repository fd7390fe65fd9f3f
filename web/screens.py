"""Shows templates: the frame every page needs, partials for htmx, and what to answer after something was done."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.response import Redirect

from core.uow import Reader
from tenants.roles import ROLES
from web import htmx
from web.i18n import gettext, known_locale, negotiate
from web.navigation import build_navigation
from web.page import (
    LOCALE_COOKIE,
    THEME_COOKIE,
    Account,
    MenuLink,
    Page,
    Toast,
    current_page,
    show_until_answered,
    showing,
)
from web.request import WebRequest
from web.security import csrf_token, drop_cookie, set_cookie

TOAST_COOKIE: Final = "__Host-anxin-toast"
_THEMES: Final = {"light", "dark"}


def tenant_path(request: WebRequest, path: str = "") -> str:
    """Return an address below this visit's tenant: `tenant_path(request, "/customers")`."""
    return f"/t/{request.visit.scope.slug}{path}"


def locale_of(request: WebRequest) -> str:
    """Return the reader's language; inside a visit the scope has settled it."""
    visit = request.visit_or_none
    if visit is not None:
        return known_locale(visit.scope.locale) or visit.scope.locale
    return negotiate(
        cookie=request.cookies.get(LOCALE_COOKIE), accept_language=request.headers.get("accept-language", "")
    )


def page_for(request: WebRequest) -> Page:
    """Return the frame without anything that needs the database."""
    theme = request.cookies.get(THEME_COOKIE, "")
    query = request.scope["query_string"].decode("latin-1")
    visit = request.visit_or_none
    page = Page(
        locale=locale_of(request),
        timezone=visit.scope.timezone if visit else "Asia/Shanghai",
        now=visit.now if visit else request.runtime.clock(),
        theme=cast("Any", theme if theme in _THEMES else "auto"),
        path=request.scope["path"] + (f"?{query}" if query else ""),
        request_id=request.request_id,
        partial=htmx.wants_partial(request.headers),
    )
    if visit is None:
        return page
    page = msgspec.structs.replace(page, brand=visit.scope.tenant_name, toasts=_take_toasts(request))
    if visit.door != "staff" or visit.signed_in is None:
        return page
    with showing(page):
        roles = [gettext(ROLES[code].name) for code in ROLES if code in visit.scope.actor.roles]
        root = f"/t/{visit.scope.slug}"
        return msgspec.structs.replace(
            page,
            csrf_token=csrf_token(request.runtime.settings.secret_key, visit.token),
            home_url=root,
            language_action=f"{root}/account/language",
            account=Account(name=visit.signed_in.full_name, role=" · ".join(roles), detail=visit.signed_in.login),
            account_links=(MenuLink(label=gettext("My account"), href=f"{root}/account", icon="user-round"),),
            sign_out_action=f"{root}/sign-out",
            search_url=f"{root}/search",
            palette_src=f"{root}/search.json",
        )


async def bind_page(request: Request[Any, Any, Any]) -> None:
    """Before each handler: from here on `gettext` speaks the reader's language."""
    assert isinstance(request, WebRequest)
    show_until_answered(page_for(request))


async def show(
    request: WebRequest,
    template: str,
    /,
    *,
    status: int = 200,
    partial: str | None = None,
    page: Page | None = None,
    headers: dict[str, str] | None = None,
    **data: object,
) -> Response[str]:
    """Render inside the transaction: the whole page, or `partial` when htmx asks for the part only."""
    return await show_data(request, template, data, status=status, partial=partial, page=page, headers=headers)


async def show_data(
    request: WebRequest,
    template: str,
    data: Mapping[str, object],
    *,
    status: int = 200,
    partial: str | None = None,
    page: Page | None = None,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    """Render as `show` does, whatever the template's variables are called."""
    frame = page or current_page()
    name = partial if partial is not None and frame.partial else template
    visit = request.visit_or_none
    if visit is not None and visit.signed_in is not None and not frame.partial:
        with showing(frame):
            reader = Reader(visit.session, visit.scope, visit.now, visit.plugins)
            frame = msgspec.structs.replace(frame, nav=await build_navigation(reader, request.scope["path"]))
    with showing(frame):
        html = request.runtime.templates.get_template(name).render(data)
    response = Response(html, status_code=status, media_type="text/html", headers=headers or {})
    if frame.toasts and TOAST_COOKIE in request.cookies:
        drop_cookie(response, TOAST_COOKIE)
    return response


def go_to(request: WebRequest, path: str, *, toast: Toast | None = None) -> Response[Any]:
    """Answer a POST that is done: 303 for browsers, HX-Redirect for htmx; the toast waits in a signed cookie."""
    if htmx.is_htmx(request.headers):
        response: Response[Any] = Response(None, status_code=204, headers=htmx.redirect_headers(path))
    else:
        response = Redirect(path, status_code=303)
    if toast is not None:
        set_cookie(response, TOAST_COOKIE, _pack_toast(request, toast), max_age=60)
    return response


def safe_next(request: WebRequest, target: str) -> str:
    """Return `target` when it is an address inside this tenant, else the tenant's start page."""
    root = tenant_path(request)
    inside = target == root or target.startswith((root + "/", root + "?"))
    plain = "\\" not in target and "//" not in target and all(" " < char != "\x7f" for char in target)
    return quote(target, safe="/?&=%#:;,.+-_~@!$'()*[]") if inside and plain else root


def _signature(request: WebRequest, body: bytes) -> str:
    return hmac.new(request.runtime.settings.secret_key.encode(), b"toast:" + body, hashlib.sha256).hexdigest()[:32]


def _pack_toast(request: WebRequest, toast: Toast) -> str:
    body = base64.urlsafe_b64encode(msgspec.json.encode(toast))
    return f"{body.decode()}.{_signature(request, body)}"


def _take_toasts(request: WebRequest) -> tuple[Toast, ...]:
    body, _, signature = request.cookies.get(TOAST_COOKIE, "").partition(".")
    if not body or not hmac.compare_digest(
        signature.encode("utf-8", "replace"), _signature(request, body.encode("utf-8", "replace")).encode()
    ):
        return ()
    try:
        return (msgspec.json.decode(base64.urlsafe_b64decode(body), type=Toast),)
    except (ValueError, msgspec.MsgspecError):
        return ()
