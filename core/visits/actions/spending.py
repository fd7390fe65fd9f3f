"""Spends what was chosen for a bill when it is settled, takes campaigns' budgets, and gives all of it back with the bill."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from core.campaigns.actions import BudgetSpent, return_budget, spend_budget
from core.errors import Conflict
from core.hooks.records.loyalty.offers import Campaign
from core.loyalty.actions import give_back_points, redeem_points
from core.programs.queries import get_program
from core.rewards.actions import consume_benefit, give_back_benefit, redeem_coupon, restore_coupon
from core.rewards.queries import get_grant
from core.uow import UnitOfWork
from core.visits.queries.bills import BillFacts, list_void_bills
from core.visits.queries.choices import AppliedFacts, list_applied
from core.visits.queries.visits import VisitRow
from core.visits.rules.explaining import StepRow

CAMPAIGN: Final = "campaign"


class PriceMoved(Conflict):
    """Points buy another amount now than when the bill became final."""

    code = "bill-price-moved"


async def take_budgets(uow: UnitOfWork, *, visit: VisitRow, bill_id: UUID, steps: Sequence[StepRow]) -> str | None:
    """Take what campaigns take off a bill out of their budgets; return the campaign that has not enough left.

    Then nothing is taken at all, so that the bill can be priced again without it.
    """
    off: dict[str, int] = {}
    for row in steps:
        if row.step == CAMPAIGN:
            off[row.rule_id] = off.get(row.rule_id, 0) + row.fen
    if not off:
        return None
    program = await get_program(uow)
    assert program is not None  # its campaign priced the bill just now
    try:
        async with uow.attempt():
            for rule_id, fen in sorted(off.items()):
                campaign = program.find(rule_id)
                assert isinstance(campaign, Campaign)
                await spend_budget(
                    uow,
                    program_id=program.id,
                    campaign=campaign,
                    customer_id=visit.customer_id,
                    key=_campaign_key(bill_id, rule_id),
                    fen=fen,
                    ref_id=bill_id,
                )
    except BudgetSpent as error:
        return str(error.params["rule"])
    return None


def _campaign_key(bill_id: UUID, rule_id: str) -> str:
    return f"bill:{bill_id}:campaign:{rule_id}"


async def spend_choices(uow: UnitOfWork, *, visit: VisitRow, bill: BillFacts) -> None:
    """Use the coupons, benefits and points of a final bill, before its first money is taken; all of them or none.

    Raises:
        CouponRefused, BenefitRefused: something was used elsewhere since the bill became final.
        PriceMoved: points buy another amount now.
    """
    applied = await list_applied(uow, bill.bill_id)
    turn = len(await list_void_bills(uow, visit.visit_id))
    for coupon_id, fen in _sums(applied, "coupon").items():
        await redeem_coupon(
            uow,
            customer_id=visit.customer_id,
            coupon_id=coupon_id,
            key=_coupon_key(bill.bill_id, coupon_id),
            fen=fen,
            ref_id=bill.bill_id,
        )
    for grant_id in _sums(applied, "benefit"):
        await consume_benefit(
            uow,
            customer_id=visit.customer_id,
            grant_id=grant_id,
            subject_id=visit.subject_id,
            key=await _benefit_key(uow, visit.visit_id, grant_id, turn),
            ref_id=bill.bill_id,
        )
    points, fen = _points(applied)
    if points:
        posted = await redeem_points(
            uow,
            customer_id=visit.customer_id,
            points=points,
            key=_points_key(bill.bill_id),
            bill_fen=bill.total_fen + fen,
            ref_id=bill.bill_id,
        )
        if posted.fen != fen:
            raise PriceMoved(points=points, fen=posted.fen)


async def give_choices_back(uow: UnitOfWork, *, visit: VisitRow, bill: BillFacts, spent: bool) -> None:
    """Give back what a bill used, because all of it was taken back; `spent` tells whether money was ever taken for it."""
    applied = await list_applied(uow, bill.bill_id)
    for rule_id in sorted({one.rule_id for one in applied if one.step == CAMPAIGN}):
        await return_budget(uow, key=_campaign_key(bill.bill_id, rule_id))
    if not spent:
        return
    turn = len(await list_void_bills(uow, visit.visit_id))
    for coupon_id in _sums(applied, "coupon"):
        key = _coupon_key(bill.bill_id, coupon_id)
        await restore_coupon(uow, key_of=key, key=f"back:{key}")
    for grant_id in _sums(applied, "benefit"):
        key = await _benefit_key(uow, visit.visit_id, grant_id, turn)
        await give_back_benefit(uow, key_of=key, key=f"back:{key}")
    if _points(applied)[0]:
        key = _points_key(bill.bill_id)
        await give_back_points(uow, key_of=key, key=f"back:{key}")


def _coupon_key(bill_id: UUID, coupon_id: UUID) -> str:
    return f"bill:{bill_id}:coupon:{coupon_id}"


def _points_key(bill_id: UUID) -> str:
    return f"bill:{bill_id}:points"


async def _benefit_key(uow: UnitOfWork, visit_id: UUID, grant_id: UUID, turn: int) -> str:
    """`visit:{id}:{benefit}`: once per visit and benefit; a bill after a void one of the same visit counts its turn."""
    key = f"visit:{visit_id}:{(await get_grant(uow, grant_id)).benefit}"
    return f"{key}:{turn}" if turn else key


def _sums(applied: Sequence[AppliedFacts], step: str) -> dict[UUID, int]:
    """What each coupon or benefit takes off, in the order of the steps."""
    sums: dict[UUID, int] = {}
    for one in applied:
        if one.step == step and one.ref_id is not None:
            sums[one.ref_id] = sums.get(one.ref_id, 0) + one.fen
    return sums


def _points(applied: Sequence[AppliedFacts]) -> tuple[int, int]:
    rows = [one for one in applied if one.step == "points"]
    return sum(one.points for one in rows), sum(one.fen for one in rows)
