"""Campaigns at a purchase: more points within their budgets, and what is handed over once while they are open."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from core.campaigns.actions import BudgetSpent, spend_budget
from core.hooks.records.loyalty.offers import Campaign, CouponTemplate
from core.hooks.records.loyalty.parts import CouponReward, PointsReward, ratio
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions.giving import give_reward
from core.loyalty.rules.earning import Credit, EarnFacts, Line, earn
from core.programs.queries import get_program
from core.rewards.errors import CouponsGivenOut, CouponTemplateOff
from core.uow import UnitOfWork


async def earn_within_budgets(
    uow: UnitOfWork,
    program: Program,
    lines: Sequence[Line],
    facts: EarnFacts,
    *,
    customer_id: UUID,
    purchase_id: UUID,
    at: datetime,
) -> tuple[Credit, ...]:
    """What a bill earns; a campaign whose budget of points does not hold its share of them adds nothing."""
    zone = uow.scope.timezone
    credited = earn(program, lines, facts, at, zone)
    for campaign in [
        one for one in facts.campaigns if one.budget_points is not None and ratio(one.earn_multiplier) != 1
    ]:
        others = tuple(one for one in facts.campaigns if one.id != campaign.id)
        plain = msgspec.structs.replace(facts, campaigns=others)
        without = earn(program, lines, plain, at, zone)
        extra = _points(credited) - _points(without)
        if extra <= 0:
            continue
        try:
            await spend_budget(
                uow,
                program_id=program.id,
                campaign=campaign,
                customer_id=customer_id,
                key=f"earn:{campaign.id}:{purchase_id}",
                points=extra,
                ref_id=purchase_id,
            )
        except BudgetSpent:
            facts, credited = plain, without
    return credited


def _points(credited: Sequence[Credit]) -> int:
    return sum(one.points for one in credited)


async def give_promised(
    uow: UnitOfWork, campaigns: Sequence[Campaign], *, customer_id: UUID, purchase_id: UUID, fen: int, at: datetime
) -> None:
    """Give what open campaigns promise with a purchase of `fen`; a spent budget or a limit reached gives nothing.

    A campaign that says no other limit gives once to each customer.
    """
    promised = [one for one in campaigns if one.rewards and fen >= one.min_fen]
    program = await get_program(uow, at) if promised else None
    if program is None:
        return
    for campaign in promised:
        once = campaign if campaign.per_customer_limit else msgspec.structs.replace(campaign, per_customer_limit=1)
        key = f"gift:{campaign.id}:{purchase_id}"
        try:
            async with uow.attempt():
                fresh = await spend_budget(
                    uow,
                    program_id=program.id,
                    campaign=once,
                    customer_id=customer_id,
                    key=key,
                    fen=_worth(program, campaign),
                    points=sum(one.points for one in campaign.rewards if isinstance(one, PointsReward)),
                    ref_id=purchase_id,
                )
                for place, reward in enumerate(campaign.rewards if fresh else ()):
                    await give_reward(
                        uow,
                        customer_id=customer_id,
                        reward=reward,
                        key=f"{key}:{place}",
                        source="campaign",
                        ref_id=purchase_id,
                        rule=campaign.id,
                    )
        except (BudgetSpent, CouponsGivenOut, CouponTemplateOff):
            continue


def _worth(program: Program, campaign: Campaign) -> int:
    """What the campaign's coupons take off, in fen; services and gifts have no price here and count as uses only."""
    found = [program.find(one.template) for one in campaign.rewards if isinstance(one, CouponReward)]
    return sum(one.amount_fen or 0 for one in found if isinstance(one, CouponTemplate))
