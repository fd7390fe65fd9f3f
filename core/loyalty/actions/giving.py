"""Gives what a rule names as a reward: points, a coupon, a service or a gift; and uses what a member's tier promises."""

from uuid import UUID

import msgspec

from core.hooks.records.loyalty.parts import CouponReward, PointsReward, Reward
from core.loyalty.actions.points import grant_points
from core.loyalty.queries import get_membership
from core.rewards.actions import Consumed, consume_benefit, issue_coupon, issue_reward
from core.uow import UnitOfWork


class GivenReward(msgspec.Struct, frozen=True, kw_only=True):
    """What was given: points by an entry of the ledger, everything else as a coupon with a code."""

    points: int = 0
    entry_id: UUID | None = None
    coupon_id: UUID | None = None
    code: str = ""


async def give_reward(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    reward: Reward,
    key: str,
    source: str,
    ref_id: UUID | None = None,
    rule: str = "",
    reason: str = "",
) -> GivenReward:
    """Give a customer a reward, once per `key`; `source` says for what: referral, birthday, review, winback, desk.

    Services and gifts are given as coupons: so they have a code to show and a last day.

    Raises:
        CouponTemplateOff, CouponsGivenOut: the coupon's template is off, or its limit is reached.
        KeyReused, CouponKeyReused: the key gave something else.
    """
    if isinstance(reward, PointsReward):
        posted = await grant_points(
            uow,
            customer_id=customer_id,
            points=reward.points,
            key=key,
            reason=reason,
            rule=rule or source,
            ref_id=ref_id,
        )
        return GivenReward(points=posted.points, entry_id=posted.entry_id)
    if isinstance(reward, CouponReward):
        coupon = await issue_coupon(
            uow,
            customer_id=customer_id,
            template_id=reward.template,
            key=key,
            source=source,
            ref_id=ref_id,
            reason=reason,
        )
    else:
        coupon = await issue_reward(
            uow, customer_id=customer_id, reward=reward, key=key, source=source, ref_id=ref_id, reason=reason
        )
    return GivenReward(coupon_id=coupon.coupon_id, code=coupon.code)


async def use_benefit(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    key: str,
    service: str | None = None,
    grant_id: UUID | None = None,
    subject_id: UUID | None = None,
    ref_id: UUID | None = None,
) -> Consumed:
    """Use a benefit outside a bill: one that was granted, or that the customer's tier promises for this period.

    Raises:
        BenefitRefused: one of its kinds says why.
    """
    card = await get_membership(uow, customer_id)
    return await consume_benefit(
        uow,
        customer_id=customer_id,
        key=key,
        grant_id=grant_id,
        service=service,
        subject_id=subject_id,
        tier=card.tier.code if card.tier else None,
        ref_id=ref_id,
    )
