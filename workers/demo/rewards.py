"""Coupons, benefits and a bill that shows every step: so that the pages about them have something to show."""

from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from core.customers.queries import get_customer
from core.hooks.records.loyalty.offers import CouponTemplate
from core.loyalty.queries import get_membership, list_members
from core.programs.queries import get_ladder, get_program
from core.rewards.actions import issue_coupon, name_clinician, void_coupon
from core.rewards.queries import list_coupons, list_grants
from core.rewards.rules.benefits import names_clinician
from core.scope import Actor
from core.uow import UnitOfWork
from core.visits.actions.bills import LineDraft, add_lines, finalise_bill, open_bill
from core.visits.actions.choices import choose_benefit, choose_coupon
from core.visits.actions.estimates import answer_estimate, give_estimate
from core.visits.actions.payments import PaymentDraft, settle_bill
from core.visits.actions.visits import end_visit, give_link, open_visit
from core.visits.queries.prices import list_live_items
from core.visits.rules.explaining import service_of
from tenants.staff import list_people
from tenants.work import Workplace

KEY: Final = "demo:rewards"


class Clock(Protocol):
    """The seed's clock: what happened earlier is written down as of then."""

    back: timedelta


async def seed_rewards(workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor) -> None:
    """Give a member of the highest tier coupons, a doctor of their own, and two bills: one paid, one open; once."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        ladder = await get_ladder(uow)
        members = await list_members(uow, tier=ladder.tiers[-1].code) if ladder else []
        if not members:
            return
        whose = members[-1]
        if any(one.key.startswith(KEY) for one in await list_coupons(uow, whose)):
            return
    clock.back = timedelta(days=1)
    async with workplace.unit(tenant_id, actor=director) as uow:
        coupons = await _give_coupons(uow, whose)
        await _name_doctor(uow, whose)
        if coupons and await list_live_items(uow):
            await _pay_bill(uow, whose, coupons[0])
    clock.back = timedelta(minutes=20)
    async with workplace.unit(tenant_id, actor=director) as uow:
        if await list_live_items(uow):
            visit_id = await _visit(uow, whose, "复诊")
            await add_lines(uow, visit_id=visit_id, lines=[LineDraft(item="C02"), LineDraft(item="E02")])
    clock.back = timedelta(0)


async def _give_coupons(uow: UnitOfWork, whose: UUID) -> list[UUID]:
    """One coupon of the first templates each; the last of them was given by mistake."""
    program = await get_program(uow)
    money = [one for one in (program.live(CouponTemplate) if program else ()) if one.amount_fen or one.pay_percent]
    given = []
    for number, template in enumerate([*money[:3], *money[:1]]):
        coupon = await issue_coupon(
            uow,
            customer_id=whose,
            template_id=template.id,
            key=f"{KEY}:{number}",
            source="desk",
            reason="老客户回馈" if number < len(money[:3]) else "录错客户",
        )
        given.append(coupon.coupon_id)
    if given:
        await void_coupon(uow, coupon_id=given.pop(), reason="发错人，当场作废")
    return given


async def _name_doctor(uow: UnitOfWork, whose: UUID) -> None:
    ladder, card = await get_ladder(uow), await get_membership(uow, whose)
    doctors = [one.staff_id for one in await list_people(uow) if "doctor" in one.roles]
    if ladder and doctors and names_clinician(ladder.tiers, card.tier.code if card.tier else None):
        await name_clinician(uow, customer_id=whose, staff_id=doctors[0], among=doctors)


async def _visit(uow: UnitOfWork, whose: UUID, reason: str) -> UUID:
    record = await get_customer(uow, whose)
    return await open_visit(
        uow,
        customer_id=whose,
        subject_id=record.subjects[0].subject_id if record.subjects else None,
        branch_id=record.branch_id,
        clinician_id=uow.actor.id,
        reason=reason,
    )


async def _pay_bill(uow: UnitOfWork, whose: UUID, coupon_id: UUID) -> None:
    """A check-up with a blood test: something off by hand, the tier's discount, the free check-up, a coupon."""
    visit_id = await _visit(uow, whose, "年度体检")
    card = await get_membership(uow, whose)
    lines = [LineDraft(item="C01", discount_fen=5_00), LineDraft(item="E-CHECKUP"), LineDraft(item="E02")]
    given = await give_estimate(uow, visit_id=visit_id, lines=lines)
    await answer_estimate(
        uow,
        visit_id=visit_id,
        estimate_id=given.estimate_id,
        answer="accepted",
        place="desk",
        name=(await get_customer(uow, whose)).full_name,
    )
    await open_bill(uow, visit_id=visit_id)
    bill = await choose_coupon(uow, visit_id=visit_id, coupon_id=coupon_id)
    for grant in await list_grants(uow, whose, tier=card.tier.code if card.tier else None):
        fitting = [line for line in bill.lines if service_of(line, {grant.service}) == grant.service]
        if fitting and grant.pay_percent == 0:
            await choose_benefit(uow, visit_id=visit_id, line_id=fitting[0].line_id, service=grant.service)
            break
    bill = await finalise_bill(uow, visit_id=visit_id)
    await give_link(uow, visit_id=visit_id)
    money = [PaymentDraft(method="wechat", fen=bill.total_fen)]
    await settle_bill(uow, visit_id=visit_id, payments=money, explained=True, key=f"{KEY}:bill")
    await end_visit(uow, visit_id=visit_id, how="discharged")
