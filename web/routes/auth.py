"""Signing in and out of a tenant."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from core.uow import UnitOfWork
from tenants.staff import TooManySignIns, sign_in, sign_out
from web.i18n import gettext
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, page_for, safe_next, show, tenant_path
from web.security import (
    AT_TENANT,
    PRE_SESSION_COOKIE,
    SESSION_COOKIE,
    can_keep_session,
    drop_cookie,
    is_csrf_token,
    new_pre_session,
    requires,
    set_cookie,
    sign_in_csrf_token,
)

BODY_LIMIT: Final = 8 * 1024
_PRE_SESSION_AGE: Final = 12 * 3600
_TEMPLATE: Final = "pages/auth/sign_in.html"


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form as the browser sends it."""

    login: str = ""
    password: str = ""
    next: str = ""


async def _show_form(
    request: WebRequest, *, status: int = 200, login: str = "", target: str = "", problem: str = "", wait: int = 0
) -> Response[Any]:
    """Show the form under a fresh token; the cookie it is bound to comes along."""
    pre_session = new_pre_session()
    secret = request.runtime.settings.secret_key
    page = msgspec.structs.replace(page_for(request), csrf_token=sign_in_csrf_token(secret, pre_session))
    response = await show(
        request,
        _TEMPLATE,
        status=status,
        page=page,
        slug=request.visit.scope.slug,
        login=login,
        next=target,
        problem=problem,
        wait=wait,
        can_keep_session=can_keep_session(request),
        host=request.headers.get("host", ""),
        public_url=request.runtime.settings.public_url,
    )
    set_cookie(response, PRE_SESSION_COOKIE, pre_session, max_age=_PRE_SESSION_AGE)
    return response


def _comes_from_our_form(request: WebRequest) -> bool:
    """Tell whether the form's token fits its cookie: else another site could sign somebody in as itself."""
    pre_session = request.cookies.get(PRE_SESSION_COOKIE, "")
    expected = sign_in_csrf_token(request.runtime.settings.secret_key, pre_session)
    return bool(pre_session) and is_csrf_token(request, expected)


@get("/t/{slug:str}/sign-in", guards=[AT_TENANT])
async def show_sign_in(
    request: WebRequest,
    next: FromQuery[str] = "",  # noqa: A002 - the query's name
) -> Response[Any]:
    if request.visit.signed_in is not None:
        return go_to(request, safe_next(request, next))
    return await _show_form(request, target=next)


@post("/t/{slug:str}/sign-in", guards=[AT_TENANT], request_max_body_size=BODY_LIMIT)
async def do_sign_in(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(SignIn)
    if not _comes_from_our_form(request):
        return await _show_form(request, status=403, login=form.login, target=form.next, problem="stale")
    try:
        token = await sign_in(
            uow,
            request.runtime.passwords,
            login=form.login,
            password=form.password,
            address=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", ""),
            replacing=request.cookies.get(SESSION_COOKIE, ""),
        )
    except TooManySignIns as error:
        wait = int(str(error.params["retry_after"]))
        response = await _show_form(request, status=429, login=form.login, target=form.next, problem="slow", wait=wait)
        response.set_header("retry-after", str(wait))
        return response
    if token is None:
        return await _show_form(request, status=422, login=form.login, target=form.next, problem="wrong")
    response = go_to(request, safe_next(request, form.next))
    set_cookie(response, SESSION_COOKIE, token)
    drop_cookie(response, PRE_SESSION_COOKIE)
    return response


@post("/t/{slug:str}/sign-out", guards=[requires()], request_max_body_size=BODY_LIMIT)
async def do_sign_out(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    await sign_out(uow, token=request.visit.token)
    toast = Toast(text=gettext("You are signed out"))
    response = go_to(request, tenant_path(request, "/sign-in"), toast=toast)
    drop_cookie(response, SESSION_COOKIE)
    return response


routes = [show_sign_in, do_sign_in, do_sign_out]
