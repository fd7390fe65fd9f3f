"""Gives what a referral promised to either side, and takes back what can be taken back."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.errors import Conflict
from core.hooks.records.loyalty.parts import PointsReward
from core.loyalty.actions.giving import give_reward
from core.loyalty.actions.points import MAX_REASON, adjust_points
from core.loyalty.models import LoyaltyAccount
from core.referrals.queries import CaseRecord, Gift
from core.referrals.rules import Side
from core.rewards.actions import void_coupon
from core.rewards.models import Coupon
from core.uow import Reader, UnitOfWork

_C, _A = table_of(Coupon), table_of(LoyaltyAccount)


async def give_sides(uow: UnitOfWork, case: CaseRecord, sides: Sequence[Side]) -> tuple[Gift, ...]:
    """Give each side its rewards under keys of the case, so that nothing is given twice; return all that was given."""
    given = list(case.given)
    for side in sides:
        whose = case.referrer_id if side == "referrer" else case.referee_id
        assert whose is not None
        for number, reward in enumerate(case.terms.referrer if side == "referrer" else case.terms.referee):
            key = f"referral:{case.case_id}:{side}:{number}"
            await give_reward(uow, customer_id=whose, reward=reward, key=key, source="referral", ref_id=case.case_id)
            given.append(Gift(side=side, key=key, reward=msgspec.to_builtins(reward), at=uow.now.isoformat()))
    return tuple(given)


async def take_back(uow: UnitOfWork, case: CaseRecord, *, reason: str) -> tuple[Gift, ...]:
    """Take back what was given as far as it is still there, and note for each thing what became of it."""
    after = []
    for gift in case.given:
        if gift.taken:
            after.append(gift)
            continue
        whose = case.referrer_id if gift.side == "referrer" else case.referee_id
        assert whose is not None
        if _is_points(gift):
            taken = await _take_points(uow, gift, whose, reason[:MAX_REASON])
        else:
            taken = await _take_coupon(uow, gift, reason)
        after.append(msgspec.structs.replace(gift, taken=taken))
    return tuple(after)


def _is_points(gift: Gift) -> bool:
    return gift.reward.get("type") == PointsReward.__struct_config__.tag


async def _take_points(uow: UnitOfWork, gift: Gift, whose: UUID, reason: str) -> str:
    """Points that were spent already stay spent; at most what the account has goes."""
    wanted = int(gift.reward["points"])
    mine = (_A.c.tenant_id == uow.tenant_id, _A.c.customer_id == whose)
    balance = int(await uow.session.scalar(select(_A.c.points).where(*mine)) or 0)
    points = min(wanted, balance)
    if points < 1:
        return "used"
    try:
        async with uow.attempt():
            await adjust_points(uow, customer_id=whose, points=-points, key=f"{gift.key}:back", reason=reason)
    except Conflict:
        return "used"
    return "taken" if points == wanted else "partly"


async def _take_coupon(uow: UnitOfWork, gift: Gift, reason: str) -> str:
    coupon_id = await _find_coupon(uow, gift.key)
    if coupon_id is None:
        return "used"
    try:
        async with uow.attempt():
            voided = await void_coupon(uow, coupon_id=coupon_id, reason=reason)
    except Conflict:
        return "used"
    return "partly" if voided.used else "taken"


async def _find_coupon(reader: Reader, key: str) -> UUID | None:
    found: UUID | None = await reader.session.scalar(
        select(_C.c.coupon_id).where(_C.c.tenant_id == reader.tenant_id, _C.c.key == key)
    )
    return found
