"""Pages of no tenant: what this is, the way to one's organisation, the built front end, language and theme."""

from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from core.errors import NotFound
from web.i18n import LOCALES
from web.page import LOCALE_COOKIE, THEME_COOKIE
from web.request import WebRequest
from web.screens import show
from web.security import OPEN
from web.static_files import IMMUTABLE

_BODY_LIMIT: Final = 8 * 1024
_YEAR: Final = 365 * 24 * 3600


@get(["/", "/sign-in"], guards=[OPEN])
async def show_landing(request: WebRequest, organisation: FromQuery[str] = "") -> Response[Any]:
    slug = organisation.strip().strip("/").rpartition("/")[2].lower()
    if slug and await request.runtime.workplace.find_tenant_id("slug", slug) is not None:
        return Redirect(f"/t/{quote(slug)}/sign-in", status_code=303)
    return await show(
        request,
        "pages/landing/landing.html",
        organisation=organisation,
        unknown=bool(slug),
        status=404 if slug else 200,
    )


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The language switch."""

    locale: str
    next: str = "/"


class Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The theme switch."""

    theme: str
    next: str = "/"


def local_path(target: str) -> str:
    """Return an address on this very origin, or `/`."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return quote(target, safe="/?&=%#:;,.+-_~@!$'()*[]") if inside and "\\" not in target else "/"


def remember(request: WebRequest, response: Response[Any], name: str, value: str) -> None:
    """Keep a taste for a year; scripts may read it, since the theme changes without a request."""
    response.set_cookie(
        key=name, value=value, max_age=_YEAR, path="/", samesite="lax", secure=request.url.scheme == "https"
    )


@post("/preferences/language", guards=[OPEN], request_max_body_size=_BODY_LIMIT)
async def do_set_language(request: WebRequest) -> Response[Any]:
    form = await request.read(Language)
    response = Redirect(local_path(form.next), status_code=303)
    if form.locale in LOCALES:
        remember(request, response, LOCALE_COOKIE, form.locale)
    return response


@post("/preferences/theme", guards=[OPEN], request_max_body_size=_BODY_LIMIT)
async def do_set_theme(request: WebRequest) -> Response[Any]:
    form = await request.read(Theme)
    response = Redirect(local_path(form.next), status_code=303)
    if form.theme in {"light", "dark"}:
        remember(request, response, THEME_COOKIE, form.theme)
    return response


@get("/static/{file:str}", guards=[OPEN])
async def show_static_file(request: WebRequest, file: FromPath[str]) -> Response[bytes]:
    found = request.runtime.static_files.find(file, request.headers.get("accept-encoding", ""))
    if found is None:
        raise NotFound
    headers = {"cache-control": IMMUTABLE, "vary": "Accept-Encoding"}
    if found.encoding:
        headers["content-encoding"] = found.encoding
    return Response(found.body, media_type=found.media_type, headers=headers)


routes = [show_landing, do_set_language, do_set_theme, show_static_file]
