"""Puts coupons, benefits and points on an open bill and takes them off again: nothing is spent before it is settled."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.loyalty.queries import get_membership
from core.rewards.actions import secure_benefit
from core.rewards.errors import CouponUnknown
from core.rewards.queries import find_coupon_by_code, get_coupon, get_grant
from core.uow import UnitOfWork
from core.visits.actions.bills import ChoiceRefused, get_live_bill, get_open_bill, reprice_bill
from core.visits.actions.visits import lock_visit
from core.visits.models import BillChoice
from core.visits.queries.bills import BillFacts, get_bill
from core.visits.queries.choices import list_choices
from core.visits.queries.visits import VisitRow

_H = table_of(BillChoice)


class ChoiceTaken(Conflict):
    """The coupon, the benefit or a service's price is on this bill already."""

    code = "bill-choice-taken"


async def choose_coupon(uow: UnitOfWork, *, visit_id: UUID, code: str = "", coupon_id: UUID | None = None) -> BillFacts:
    """Put a coupon on the open bill, by its code or id; it is used when the bill is settled.

    Raises:
        CouponUnknown: no coupon has this code.
        ChoiceTaken: it is on the bill already.
        ChoiceRefused: it is over, used up, somebody else's, or nothing on the bill is what it counts for.
    """
    visit, bill = await _open(uow, visit_id)
    found = await (get_coupon(uow, coupon_id) if coupon_id else find_coupon_by_code(uow, code))
    if found is None:
        raise CouponUnknown(code=code)
    if any(one.coupon_id == found.coupon_id for one in await list_choices(uow, bill.bill_id)):
        raise ChoiceTaken(kind="coupon")
    return await _add(uow, visit, bill, kind="coupon", coupon_id=found.coupon_id)


async def choose_benefit(
    uow: UnitOfWork, *, visit_id: UUID, line_id: UUID, service: str = "", grant_id: UUID | None = None
) -> BillFacts:
    """Give a line of the open bill at the price of a benefit, once per visit and benefit.

    Raises:
        NotFound: no such line, or no such grant of this customer.
        NoSuchBenefit, BenefitNeedsSubject: the customer, or the visit's pet, has no such benefit.
        ChoiceTaken: the line or the benefit is taken on this bill.
        ChoiceRefused: it is used up, or the line is as cheap without it.
    """
    visit, bill = await _open(uow, visit_id)
    if line_id not in {line.line_id for line in bill.lines}:
        raise NotFound("no such line")
    card = await get_membership(uow, visit.customer_id)
    service = (await get_grant(uow, grant_id)).service if grant_id else service
    held = await secure_benefit(
        uow,
        customer_id=visit.customer_id,
        service=service,
        subject_id=visit.subject_id,
        tier=card.tier.code if card.tier else None,
    )
    for one in await list_choices(uow, bill.bill_id):
        if one.line_id == line_id or one.grant_id == held.grant_id:
            raise ChoiceTaken(kind="benefit")
    return await _add(uow, visit, bill, kind="benefit", line_id=line_id, grant_id=held.grant_id)


async def choose_points(uow: UnitOfWork, *, visit_id: UUID, points: int) -> BillFacts:
    """Let points pay a part of the open bill, in place of those chosen before; 0 takes them off.

    Raises:
        InvalidInput: fewer than none.
        ChoiceRefused: more than there are, no whole steps, or more than the rules let points pay of a bill.
    """
    if points < 0:
        raise InvalidInput((FieldProblem("points", "not-positive"),))
    visit, bill = await _open(uow, visit_id)
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.bill_id == bill.bill_id, _H.c.kind == "points")
    await uow.session.execute(delete(_H).where(*mine))
    if points == 0:
        await reprice_bill(uow, visit=visit, bill_id=bill.bill_id)
        return await get_bill(uow, bill.bill_id)
    return await _add(uow, visit, bill, kind="points", points=points)


async def drop_choice(uow: UnitOfWork, *, visit_id: UUID, choice_id: UUID) -> BillFacts:
    """Take a coupon, a benefit or points off the open bill again; raise NotFound when it is not on it."""
    visit, bill = await _open(uow, visit_id)
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.bill_id == bill.bill_id, _H.c.choice_id == choice_id)
    gone = await uow.session.scalar(delete(_H).where(*mine).returning(_H.c.choice_id))
    if gone is None:
        raise NotFound("no such choice")
    await reprice_bill(uow, visit=visit, bill_id=bill.bill_id)
    return await get_bill(uow, bill.bill_id)


async def _open(uow: UnitOfWork, visit_id: UUID) -> tuple[VisitRow, BillFacts]:
    visit = await lock_visit(uow, visit_id)
    return visit, await get_open_bill(uow, (await get_live_bill(uow, visit_id)).bill_id)


async def _add(uow: UnitOfWork, visit: VisitRow, bill: BillFacts, **values: Any) -> BillFacts:
    """Keep a choice when it takes something off; else leave the bill as it was and say why."""
    async with uow.attempt():
        choice_id = new_id()
        row = {"tenant_id": uow.tenant_id, "choice_id": choice_id, "bill_id": bill.bill_id}
        await uow.session.execute(
            insert(_H).values(row | {"chosen_at": uow.now, "chosen_by_name": uow.actor.name} | values)
        )
        _, pricing = await reprice_bill(uow, visit=visit, bill_id=bill.bill_id)
        refusal = pricing.refused.get(choice_id)
        if refusal is not None:
            raise ChoiceRefused(kind=values["kind"], reason=refusal.code, **refusal.params)
    uow.audit("bill.choose", "bill", bill.bill_id, {"kind": values["kind"]})
    return await get_bill(uow, bill.bill_id)
