"""A customer's page of thanks: the invitation to pass on, who invited them, reviews shown, and birthday gifts."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.birthdays.queries import find_silent, list_open_gifts
from core.customers.queries import CustomerRecord, get_customer
from core.errors import InvalidInput
from core.programs.queries import get_program
from core.referrals import queries as referrals
from core.referrals.invitations import enter_code, give_referral_code
from core.reviews import queries as reviews
from core.reviews.actions import give_review_link
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from tenants.staff_list import WorkingStaff
from web.customer_sections import CustomerSection, add_customer_section
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.review_page import UPLOAD_LIMIT, ReviewForm, keep_review, read_review
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import referrals as referral_words
from web.views import reviews as review_words

PATH: Final = "/t/{slug:str}/customers/{customer_id:uuid}/thanks"
_READ, _GIVE = [requires("loyalty.read")], [requires("loyalty.grant")]
BODY_LIMIT: Final = 16 * 1024
SHOWN: Final = 20
VISITS_OF: Final = 90
STAFF: Final = WorkingStaff()


class Invited(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose invitation the customer came through."""

    code: str = ""


async def _load_section(reader: Reader, record: CustomerRecord) -> Any:
    gifts = await list_open_gifts(reader, record.customer_id)
    code = await referrals.find_code(reader, record.customer_id)
    return {"code": code, "gifts": gifts, "rule": await referrals.find_rule(reader)}


add_customer_section(
    CustomerSection(
        id="thanks",
        template="pages/decide/_of_customer.html",
        load=_load_section,
        permission="loyalty.read",
        place="side",
        rank=55,
    )
)


async def _show(
    request: WebRequest,
    reader: Reader,
    customer_id: UUID,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: str = "",
    values: ReviewForm | None = None,
) -> Response[Any]:
    customer = await get_customer(reader, customer_id)
    program, today = await get_program(reader), reader.today
    code = await referrals.find_code(reader, customer_id)
    came = await referrals.find_case_of(reader, customer_id)
    gifts = await list_open_gifts(reader, customer_id)
    silent = await find_silent(reader, gifts)
    rule, link = await reviews.find_rule(reader), await reviews.find_open_link(reader, customer_id)
    public = request.runtime.settings.public_url.rstrip("/")
    invitation = f"{public}/i/{code.code}" if code else ""
    review_url = f"{public}/r/{link.code}" if link else ""
    cases = await referrals.list_cases(reader, referrer_id=customer_id, limit=SHOWN)
    claims = await reviews.list_claims(reader, customer_id=customer_id, limit=SHOWN)
    referral_rule = await referrals.find_rule(reader)
    return await show(
        request,
        "pages/decide/thanks.html",
        status=status,
        customer=customer,
        code=code,
        invitation=invitation,
        invitation_qr=qr_svg(invitation) if invitation else "",
        promised=referral_words.terms_of(referral_rule, program) if referral_rule else [],
        came=referral_words.case_line(await referrals.get_case(reader, came)) if came else None,
        cases=[referral_words.case_line(one) for one in cases],
        gifts=[review_words.gift_line(one, today=today, silent=silent, program=program) for one in gifts],
        claims=[review_words.claim_line(one, program) for one in claims],
        rule=rule,
        platforms=[(one, localized(label)) for one, label in rule.platforms] if rule else [],
        options=review_words.reward_options(rule.choose_one_of, program) if rule else [],
        visits=review_words.visit_options(await reviews.list_open_visits(reader, customer_id, since=_since(reader))),
        people=[(str(one.staff_id), one.full_name) for one in await list_people(reader) if one.state == "active"],
        review_url=review_url,
        review_qr=qr_svg(review_url) if review_url else "",
        typed=typed,
        values=values or ReviewForm(),
        errors=errors or {},
        here=tenant_path(request, f"/customers/{customer_id}/thanks"),
        tenant=tenant_path(request),
        may_give=reader.actor.may("loyalty.grant"),
        may_decide=reader.actor.may("loyalty.approve"),
    )


@get(PATH, guards=_READ)
async def show_thanks(
    request: WebRequest, reader: NamedDependency[Reader], customer_id: FromPath[UUID]
) -> Response[Any]:
    return await _show(request, reader, customer_id)


@post(PATH + "/code", guards=_GIVE, request_max_body_size=BODY_LIMIT)
async def do_give_code(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await give_referral_code(uow, customer_id=customer_id)
    return _back(request, customer_id, gettext("The invitation is ready to be passed on"))


@post(PATH + "/invited", guards=_GIVE, request_max_body_size=BODY_LIMIT)
async def do_enter_code(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    form = await request.read(Invited)
    try:
        await enter_code(uow, customer_id=customer_id, text=form.code, staff=STAFF)
    except InvalidInput as error:
        page = await _show(request, uow, customer_id, status=422, errors=field_texts(error.problems), typed=form.code)
        raise Refused(page) from error
    return _back(request, customer_id, gettext("The invitation is written down"))


@post(PATH + "/review-link", guards=_GIVE, request_max_body_size=BODY_LIMIT)
async def do_give_review_link(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await give_review_link(uow, customer_id=customer_id)
    return _back(request, customer_id, gettext("The customer can scan the code now"))


@post(PATH + "/review", guards=_GIVE, request_max_body_size=UPLOAD_LIMIT)
async def do_file_review(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    form, upload = await read_review(request)
    try:
        await keep_review(uow, customer_id=customer_id, form=form, upload=upload)
    except InvalidInput as error:
        page = await _show(request, uow, customer_id, status=422, errors=field_texts(error.problems), values=form)
        raise Refused(page) from error
    return _back(request, customer_id, gettext("The review waits for a colleague to look at it"))


def _back(request: WebRequest, customer_id: UUID, text: str) -> Response[Any]:
    return go_to(request, tenant_path(request, f"/customers/{customer_id}/thanks"), toast=Toast(text=text))


def _since(reader: Reader) -> datetime:
    return reader.now - timedelta(days=VISITS_OF)


routes = [show_thanks, do_give_code, do_enter_code, do_give_review_link, do_file_review]
