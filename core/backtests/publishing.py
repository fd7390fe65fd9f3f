"""Lets members' tiers follow a ladder that has just come into force: what the backtest promised, done."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, or_, select

from core.backtests.rules.moves import tier_published
from core.backtests.standings import get_standings, list_alike, make_ways
from core.db import table_of
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.actions.accounts import lock_account
from core.loyalty.actions.nights import begin_operation
from core.loyalty.actions.tiers import change_tier, settle_tier, standing_of
from core.loyalty.models import LoyaltyAccount
from core.loyalty.rules.days import local_day
from core.loyalty.rules.tiers import find_tier, next_review
from core.programs.queries import get_ladder, get_version_id
from core.uow import UnitOfWork

_A = table_of(LoyaltyAccount)
BATCH: Final = 200


async def apply_ladder(uow: UnitOfWork, *, after: UUID | None = None, limit: int = BATCH) -> UUID | None:
    """Move the next members whom the ladder in force sees elsewhere; return the last one, None when nobody is left.

    Each under the lock of their account and by the ledger's own rules, as a purchase would: up at once, down only where
    the ladder lowers at once. Who cannot be lowered now gets the day of their next review. Whoever bought something
    meanwhile has moved already.
    """
    ladder = await get_ladder(uow)
    if ladder is None:
        return None
    ids = await _list_elsewhere(uow, ladder, after, limit)
    version = await get_version_id(uow)
    for customer_id in ids:
        locked = await lock_account(uow, customer_id)
        ledger = await begin_operation(uow, locked, rule_version=version)
        account = locked.mine
        await settle_tier(uow, ledger, account, cause="program")
        before = standing_of(account)
        held = find_tier(ladder, before.tier) or ladder.tiers[0]
        if before.review_on is None and needs_review(ladder, held.code):
            zone = uow.scope.timezone
            today = local_day(uow.now, zone)
            since = local_day(before.since, zone) if before.since is not None else today
            day = next_review(ladder, held, since=since, after=today)
            watched = msgspec.structs.replace(before, review_on=day)
            await change_tier(uow, ledger, account, ladder, before, watched, cause="program")
        await ledger.write()
    return ids[-1] if len(ids) == limit else None


def needs_review(ladder: TierLadder, tier: str) -> bool:
    """Whether a review can ever change this tier."""
    lower = ladder.downgrade == "review" and tier != ladder.tiers[0].code
    return lower or (ladder.upgrade == "next_period" and tier != ladder.tiers[-1].code)


async def _list_elsewhere(uow: UnitOfWork, ladder: TierLadder, after: UUID | None, limit: int) -> list[UUID]:
    """Members whose standing would change, and those without the day of a review that they need; by key."""
    zone = uow.scope.timezone
    conditions = [tier.code for tier in ladder.tiers if tier.when is not None]
    moving = [
        one
        for one in await list_alike(uow, ladder)
        if not one.pinned
        and tier_published(ladder, one, conditions, at=uow.now, zone=zone) != (one.tier or ladder.tiers[0].code)
    ]
    standing = await get_standings(uow, ladder)
    wanted: list[Any] = []
    if moving:
        ways = make_ways(moving)
        same = and_(standing.c.tier == ways.c.tier, standing.c.step == ways.c.step, standing.c.mask == ways.c.mask)
        wanted.append(and_(standing.c.pinned.is_(False), select(1).where(same).exists()))
    watched = [tier.code for tier in ladder.tiers if needs_review(ladder, tier.code)]
    if watched:
        held = func.coalesce(func.nullif(standing.c.tier, ""), ladder.tiers[0].code)
        mine = and_(_A.c.tenant_id == uow.tenant_id, _A.c.customer_id == standing.c.customer_id)
        lacking = select(1).where(mine, _A.c.tier_review_on.is_(None)).exists()
        wanted.append(and_(standing.c.pinned.is_(False), held.in_(watched), lacking))
    if not wanted:
        return []
    query = select(standing.c.customer_id).where(or_(*wanted)).order_by(standing.c.customer_id).limit(limit)
    if after is not None:
        query = query.where(standing.c.customer_id > after)
    return list(await uow.session.scalars(query))
