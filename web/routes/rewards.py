"""A customer's coupons and benefits: give one, show its code, make it void; use a benefit; name the clinician."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.customers.queries import CustomerRecord, get_customer
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.hooks.records.loyalty.offers import CouponTemplate
from core.loyalty.actions.giving import use_benefit
from core.loyalty.queries import get_membership
from core.programs.queries import get_ladder, get_program
from core.rewards.actions import give_back_benefit, issue_coupon, name_clinician, void_coupon
from core.rewards.errors import BenefitRefused, CouponKeyReused, CouponsGivenOut, CouponTemplateOff
from core.rewards.queries import (
    CouponFacts,
    GrantFacts,
    find_named_clinician,
    get_coupon,
    get_use,
    list_coupons,
    list_grants,
    list_redemptions,
)
from core.rewards.rules.benefits import names_clinician
from core.rewards.rules.codes import show_code
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.customer_page import refuse_with_page, show_page
from web.customer_sections import CustomerSection, add_customer_section
from web.i18n import gettext, localized
from web.page import Toast
from web.points_page import ROOT as POINTS
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.points import benefit_line, coupon_gives, coupon_line, last_day, until_text
from web.views.refusals import refusal_words
from web.views.rewards import coupon_state, source_words, use_lines

CUSTOMER: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
COUPON: Final = "/t/{slug:str}/coupons/{coupon_id:uuid}"
USE: Final = "/t/{slug:str}/benefit-uses/{use_id:uuid}"
DESK_USE: Final = "desk:benefit:"
READ, GRANT = [requires("loyalty.read")], [requires("loyalty.grant")]
BODY_LIMIT: Final = 8 * 1024
MAX_KEY: Final = 40
SHOWN: Final = 20
CLINICIANS: Final = frozenset({"senior_doctor", "doctor"})


class IssueForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A coupon by hand; `key` was made with the form, so that a second click gives no second one."""

    template: str = ""
    reason: str = ""
    key: str = ""


class VoidForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the coupon shall be worth nothing."""

    reason: str = ""


class UseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A benefit that is used outside a bill: which service, and for which pet."""

    service: str = ""
    subject_id: str = ""
    key: str = ""


class ClinicianForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks after this customer; empty: nobody in particular."""

    staff_id: str = ""


class BenefitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One benefit with the button that uses it."""

    title: str
    detail: str
    left: str
    service: str
    subject_id: str
    can_use: bool


class CouponRow(msgspec.Struct, frozen=True, kw_only=True):
    """One coupon in the customer's list."""

    coupon_id: UUID
    title: str
    detail: str
    state: str
    tone: str


async def _doctors(reader: Reader) -> dict[UUID, str]:
    return {one.staff_id: one.full_name for one in await list_people(reader) if CLINICIANS & set(one.roles)}


async def _load_coupons(reader: Reader, record: CustomerRecord) -> dict[str, Any] | None:
    program = await get_program(reader)
    today = reader.today
    templates = [
        (one.id, f"{localized(one.label) or one.id} · {coupon_gives(one)}")
        for one in (program.live(CouponTemplate) if program else ())
        if one.ends_on is None or today <= one.ends_on
    ]
    coupons = await list_coupons(reader, record.customer_id, limit=SHOWN)
    if not coupons and not templates:
        return None
    open_first = sorted(coupons, key=lambda one: one.state != "open")
    return {
        "templates": templates,
        "rows": [_coupon_row(one) for one in open_first],
        "may_grant": reader.actor.may("loyalty.grant"),
        "key": new_id().hex,
    }


def _coupon_row(coupon: CouponFacts) -> CouponRow:
    line, (state, tone) = coupon_line(coupon), coupon_state(coupon)
    return CouponRow(coupon_id=coupon.coupon_id, title=line.title, detail=line.detail, state=state, tone=tone)


async def _load_benefits(reader: Reader, record: CustomerRecord) -> dict[str, Any] | None:
    card, ladder = await get_membership(reader, record.customer_id), await get_ladder(reader)
    tier = card.tier.code if card.tier else None
    today = reader.today
    pets = {one.subject_id: one.name for one in record.subjects}
    grants = await list_grants(reader, record.customer_id, tier=tier)
    named = names_clinician(ladder.tiers, tier) if ladder else False
    doctor = await find_named_clinician(reader, record.customer_id)
    if not grants and not named and doctor is None:
        return None
    doctors = await _doctors(reader)
    return {
        "rows": [_benefit_row(one, pets, can_use=one.left != 0 and one.is_open(today)) for one in grants],
        "names_clinician": named,
        "doctor": doctors.get(doctor, "") if doctor else "",
        "doctor_id": str(doctor or ""),
        "doctors": [(str(one), name) for one, name in doctors.items()],
        "may_grant": reader.actor.may("loyalty.grant"),
        "key": new_id().hex,
    }


def _benefit_row(grant: GrantFacts, pets: Mapping[UUID, str], *, can_use: bool) -> BenefitRow:
    line = benefit_line(grant, pets)
    return BenefitRow(
        title=line.title,
        detail=line.detail,
        left=line.left,
        service=grant.service,
        subject_id=str(grant.subject_id or ""),
        can_use=can_use,
    )


for _section in (
    CustomerSection(
        id="coupons",
        template="pages/customers/_coupons.html",
        load=_load_coupons,
        permission="loyalty.read",
        rank=22,
    ),
    CustomerSection(
        id="benefits",
        template="pages/customers/_benefits.html",
        load=_load_benefits,
        permission="loyalty.read",
        rank=24,
    ),
):
    add_customer_section(_section)


def _back(request: WebRequest, customer_id: UUID, part: str) -> str:
    return tenant_path(request, f"/customers/{customer_id}#{part}")


@post(CUSTOMER + "/coupons", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_issue_coupon(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    form = await request.read(IssueForm)
    errors, typed = {}, {"coupon_template": form.template, "coupon_reason": form.reason}
    issued = None
    if not form.reason.strip():
        errors["coupon_reason"] = gettext("Say in a few words what for")
    if not errors:
        try:
            issued = await issue_coupon(
                uow,
                customer_id=customer_id,
                template_id=form.template,
                key=f"desk:coupon:{form.key[:MAX_KEY] or new_id().hex}",
                source="desk",
                reason=form.reason,
            )
        except InvalidInput as error:
            raise await refuse_with_page(request, uow, customer_id, error, "coupon_", form) from error
        except (CouponTemplateOff, CouponsGivenOut, CouponKeyReused) as error:
            errors["coupon_template"] = refusal_words(error.code, error.params)
    if issued is None:
        raise Refused(await show_page(request, uow, customer_id, status=422, errors=errors, values=typed))
    text = gettext("The coupon %(code)s was given") % {"code": show_code(issued.code)}
    return go_to(request, tenant_path(request, f"/coupons/{issued.coupon_id}"), toast=Toast(text=text))


async def _coupon_page(
    request: WebRequest, reader: Reader, coupon: CouponFacts, errors: Mapping[str, str] | None = None, reason: str = ""
) -> Response[Any]:
    state, tone = coupon_state(coupon)
    rows = [
        (gettext("Gives"), coupon_gives(coupon.terms)),
        (gettext("Uses left"), f"{coupon.left} / {coupon.uses}"),
        (gettext("Given"), f"{until_text(coupon.issued_at)} · {source_words(coupon.source)} · {coupon.issued_by_name}"),
    ]
    if coupon.valid_until is not None:
        rows.insert(1, (gettext("Last day"), until_text(coupon.valid_until)))
    if coupon.valid_from > coupon.issued_at:
        rows.insert(1, (gettext("Good from"), until_text(coupon.valid_from)))
    if coupon.reason:
        rows.append((gettext("Reason"), coupon.reason))
    if coupon.void_reason:
        rows.append((gettext("Void because"), coupon.void_reason))
    rows.append((gettext("Version of the rules"), coupon.rule_version))
    return await show(
        request,
        "pages/points/coupon.html",
        status=422 if errors else 200,
        coupon=coupon,
        code=show_code(coupon.code),
        qr=qr_svg(coupon.code),
        line=coupon_line(coupon),
        last=last_day(coupon.valid_until),
        state=state,
        tone=tone,
        rows=rows,
        uses=use_lines(await list_redemptions(reader, [coupon.coupon_id])),
        customer_path=tenant_path(request, f"/customers/{coupon.customer_id}"),
        customers_path=tenant_path(request, "/customers"),
        desk_path=tenant_path(request, f"{POINTS}/{coupon.customer_id}"),
        here=tenant_path(request, f"/coupons/{coupon.coupon_id}"),
        may_void=reader.actor.may("loyalty.grant") and coupon.state != "void" and coupon.left > 0,
        errors=errors or {},
        reason=reason,
    )


@get(COUPON, guards=READ)
async def show_coupon(request: WebRequest, reader: NamedDependency[Reader], coupon_id: FromPath[UUID]) -> Response[Any]:
    """The code to scan, the terms, and everything it was used for."""
    return await _coupon_page(request, reader, await get_coupon(reader, coupon_id))


@post(COUPON + "/void", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_void_coupon(
    request: WebRequest, uow: NamedDependency[UnitOfWork], coupon_id: FromPath[UUID]
) -> Response[Any]:
    coupon = await get_coupon(uow, coupon_id)
    form = await request.read(VoidForm)
    try:
        await void_coupon(uow, coupon_id=coupon_id, reason=form.reason)
    except InvalidInput as error:
        page = await _coupon_page(request, uow, coupon, field_texts(error.problems), form.reason)
        raise Refused(page) from error
    text = gettext("The coupon %(code)s is void") % {"code": show_code(coupon.code)}
    return go_to(request, tenant_path(request, f"/coupons/{coupon_id}"), toast=Toast(text=text))


@post(CUSTOMER + "/benefits", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_use_benefit(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_customer(uow, customer_id)
    form = await request.read(UseForm)
    subject_id = next((one.subject_id for one in record.subjects if str(one.subject_id) == form.subject_id), None)
    try:
        done = await use_benefit(
            uow,
            customer_id=customer_id,
            service=form.service,
            subject_id=subject_id,
            key=f"{DESK_USE}{customer_id}:{form.key[:MAX_KEY] or new_id().hex}",
        )
    except BenefitRefused as error:
        errors = {"benefit": refusal_words(error.code, error.params)}
        raise Refused(await show_page(request, uow, customer_id, status=422, errors=errors)) from error
    text = gettext("%(name)s was used") % {"name": localized(done.grant.label) or done.grant.service}
    undo = tenant_path(request, f"/benefit-uses/{done.use_id}/back")
    return go_to(request, _back(request, customer_id, "benefits"), toast=Toast(text=text, undo_action=undo))


@post(USE + "/back", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_give_back(request: WebRequest, uow: NamedDependency[UnitOfWork], use_id: FromPath[UUID]) -> Response[Any]:
    """The undo of the message; what a bill used comes back with the bill, and not from here."""
    use = await get_use(uow, use_id)
    if use.kind != "use" or not use.key.startswith(DESK_USE):
        raise NotFound("no use that the desk may give back")
    grant = await give_back_benefit(uow, key_of=use.key, key=f"back:{use.key}")
    toast = Toast(text=gettext("Given back"))
    return go_to(request, _back(request, grant.customer_id, "benefits"), toast=toast)


@post(CUSTOMER + "/clinician", guards=GRANT, request_max_body_size=BODY_LIMIT)
async def do_name_clinician(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    form = await request.read(ClinicianForm)
    doctors = await _doctors(uow)
    chosen = next((one for one in doctors if str(one) == form.staff_id), None)
    if form.staff_id and chosen is None:
        errors = {"clinician": gettext("Choose one of the answers offered")}
        raise Refused(await show_page(request, uow, customer_id, status=422, errors=errors))
    await name_clinician(uow, customer_id=customer_id, staff_id=chosen, among=list(doctors))
    text = (
        gettext("%(name)s looks after this customer") % {"name": doctors[chosen]}
        if chosen
        else gettext("Nobody in particular looks after this customer")
    )
    return go_to(request, _back(request, customer_id, "benefits"), toast=Toast(text=text))


routes = [do_issue_coupon, show_coupon, do_void_coupon, do_use_benefit, do_give_back, do_name_clinician]
