"""One's own account: password, language, and the browsers one is signed in with."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from core.errors import InvalidInput
from core.uow import Reader, UnitOfWork
from tenants.passwords import MIN_LENGTH
from tenants.sessions import end_sessions, list_sessions
from tenants.staff import change_password, set_locale
from web.browser_names import browser_name
from web.i18n import LOCALES, gettext
from web.page import LOCALE_COOKIE, Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.landing import Language, remember
from web.screens import go_to, safe_next, show, tenant_path
from web.security import SESSION_COOKIE, requires, set_cookie

PATH: Final = "/t/{slug:str}/account"
_BODY_LIMIT: Final = 8 * 1024


class ChangePassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form."""

    current_password: str = ""
    new_password: str = ""


def _me(request: WebRequest) -> UUID:
    signed_in = request.visit.signed_in
    assert signed_in is not None
    return signed_in.staff_id


def _here(request: WebRequest) -> str:
    signed_in = request.visit.signed_in
    assert signed_in is not None
    return signed_in.token_hash


async def _show_account(
    request: WebRequest, reader: Reader, *, status: int = 200, errors: object = None
) -> Response[Any]:
    return await show(
        request,
        "pages/account/account.html",
        status=status,
        sessions=[(one, browser_name(one.user_agent)) for one in await list_sessions(reader, staff_id=_me(request))],
        here=_here(request),
        root=tenant_path(request, "/account"),
        login=request.visit.signed_in.login if request.visit.signed_in else "",
        min_length=MIN_LENGTH,
        errors=errors or {},
    )


@get(PATH, guards=[requires()])
async def show_account(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_account(request, reader)


@post(f"{PATH}/password", guards=[requires()], request_max_body_size=_BODY_LIMIT)
async def do_change_password(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(ChangePassword)
    try:
        token = await change_password(
            uow,
            request.runtime.passwords,
            staff_id=_me(request),
            current=form.current_password,
            new=form.new_password,
            user_agent=request.headers.get("user-agent", ""),
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_account(request, uow, status=422, errors=errors)) from None
    toast = Toast(text=gettext("The password was changed; other browsers are signed out"))
    response = go_to(request, tenant_path(request, "/account"), toast=toast)
    set_cookie(response, SESSION_COOKIE, token)
    return response


@post(f"{PATH}/sessions/end", guards=[requires()], request_max_body_size=_BODY_LIMIT)
async def do_end_other_sessions(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    await end_sessions(uow, staff_id=_me(request), except_hash=_here(request))
    uow.audit("staff.end_sessions", "staff", _me(request))
    toast = Toast(text=gettext("Other browsers are signed out"))
    return go_to(request, tenant_path(request, "/account"), toast=toast)


@post(f"{PATH}/language", guards=[requires()], request_max_body_size=_BODY_LIMIT)
async def do_set_own_language(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Language)
    response = Redirect(safe_next(request, form.next), status_code=303)
    if form.locale in LOCALES:
        await set_locale(uow, staff_id=_me(request), locale=form.locale)
        remember(request, response, LOCALE_COOKIE, form.locale)
    return response


routes = [show_account, do_change_password, do_end_other_sessions, do_set_own_language]
