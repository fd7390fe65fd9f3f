"""The page behind a member's invitation: who invites, what both get, and registering with a name and a phone."""

import hashlib
import hmac
import secrets
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput
from core.programs.queries import get_program
from core.referrals.invitations import NoReferralRule, may_invite, register_by_page, take_slip
from core.referrals.queries import find_device_slip, find_rule, get_inviter
from core.referrals.rules import first_name
from core.uow import Reader, UnitOfWork
from tenants.staff_list import WorkingStaff
from web.i18n import N_, gettext
from web.problems import Refused, field_texts
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest
from web.screens import go_to, show
from web.security import BY_CODE, set_cookie
from web.views.referrals import promise

PATH: Final = "/i/{code:str}"
BODY_LIMIT: Final = 16 * 1024
POSTS_AN_HOUR: Final = 20
"""From one address to one invitation: friends at a table share theirs."""
COOKIE: Final = "__Host-anxin-guest"
COOKIE_DAYS: Final = 180
STAFF: Final = WorkingStaff()
CONSENT: Final = N_(
    "I agree that %(clinic)s keeps my name and phone to serve me and to give me what is promised above."
)


class Guest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody who was invited leaves."""

    full_name: str = ""
    phone: str = ""
    agreed: str = ""


def _hash(request: WebRequest, cookie: str) -> str:
    """What is kept of a phone: a keyed hash of a random number that only this browser holds."""
    words = f"guest:{request.visit.scope.tenant_id}:{cookie}".encode()
    return hmac.new(request.runtime.settings.secret_key.encode(), words, hashlib.sha256).hexdigest()[:32]


def _known(request: WebRequest) -> str:
    cookie = request.cookies.get(COOKIE, "")
    return _hash(request, cookie) if cookie else ""


def _consent(request: WebRequest) -> str:
    return gettext(CONSENT) % {"clinic": request.visit.scope.tenant_name}


async def _show(
    request: WebRequest,
    reader: Reader,
    code: str,
    *,
    status: int = 200,
    values: Guest | None = None,
    errors: dict[str, str] | None = None,
    done: bool = False,
) -> Response[Any]:
    inviter = await get_inviter(reader, code)
    rule = await find_rule(reader)
    program = await get_program(reader)
    counts = rule is not None and await may_invite(reader, rule, inviter.customer_id)
    device = _known(request)
    slip = await find_device_slip(reader, referrer_id=inviter.customer_id, device_hash=device) if device else None
    return await show(
        request,
        "pages/public/invitation.html",
        status=status,
        inviter=first_name(inviter.full_name),
        clinic=request.visit.scope.tenant_name,
        rule=rule if counts else None,
        yours=promise(rule.referee, program) if rule is not None and counts else "",
        theirs=promise(rule.referrer, program) if rule is not None and counts else "",
        consent=_consent(request),
        slip=slip,
        done=done,
        values=values or Guest(),
        errors=errors or {},
        here=f"/i/{code}",
    )


@get(PATH, guards=[BY_CODE])
async def show_invitation(
    request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str], done: FromQuery[str] = ""
) -> Response[Any]:
    return await _show(request, reader, code, done=done == "yes")


def _with_cookie(request: WebRequest, response: Response[Any], cookie: str) -> Response[Any]:
    if request.cookies.get(COOKIE) != cookie:
        set_cookie(response, COOKIE, cookie, max_age=COOKIE_DAYS * 86400)
    return response


def _cookie(request: WebRequest) -> str:
    return request.cookies.get(COOKIE, "")[:64] or secrets.token_urlsafe(18)


@post(PATH, guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def do_register(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    """A newcomer, a customer of ours and somebody whom another member invited get the very same answer."""
    await limit_rate(
        request, uow.tenant_id, "invitation", f"{code}:{address_of(request)}", most=POSTS_AN_HOUR, seconds=3600
    )
    await get_inviter(uow, code)
    form = await request.read(Guest)
    cookie = _cookie(request)
    try:
        async with uow.attempt():
            if form.agreed != "true":
                raise InvalidInput((FieldProblem("agreed", "must-agree"),))  # noqa: TRY301 - shown like any other problem
            await register_by_page(
                uow,
                code=code,
                full_name=form.full_name,
                phone=form.phone,
                device_hash=_hash(request, cookie),
                consent_text=_consent(request),
                staff=STAFF,
            )
    except InvalidInput as error:
        page = await _show(request, uow, code, status=422, values=form, errors=field_texts(error.problems))
        raise Refused(page) from error
    except NoReferralRule:
        return go_to(request, f"/i/{code}")
    return _with_cookie(request, go_to(request, f"/i/{code}?done=yes"), cookie)


@post(PATH + "/number", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def do_take_number(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    await limit_rate(
        request, uow.tenant_id, "invitation", f"{code}:{address_of(request)}", most=POSTS_AN_HOUR, seconds=3600
    )
    cookie = _cookie(request)
    try:
        await take_slip(uow, code=code, device_hash=_hash(request, cookie))
    except NoReferralRule:
        return go_to(request, f"/i/{code}")
    return _with_cookie(request, go_to(request, f"/i/{code}"), cookie)


routes = [show_invitation, do_register, do_take_number]
