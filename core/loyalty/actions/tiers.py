"""Moves tiers in the transaction that moved what they count, pins them by hand, and tells about every change once."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.customers.actions import record_event
from core.db import table_of
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions.accounts import Account
from core.loyalty.actions.ledger import Ledger
from core.loyalty.measures import sum_purchases
from core.loyalty.models import Purchase
from core.loyalty.rules.days import local_day, midnight, months_after
from core.loyalty.rules.tiers import (
    Standing,
    evaluate,
    move_between,
    window,
)
from core.programs.queries import get_ladder
from core.rewards.actions import grant_tier_benefits
from core.uow import Reader, UnitOfWork

_P = table_of(Purchase)


class TierChange(msgspec.Struct, frozen=True):
    """A member moved from one tier to another; codes."""

    before: str | None
    after: str


def standing_of(account: Account) -> Standing:
    """Where a member stands, as the rules see it."""
    if account.pinned_until is None:
        return Standing(tier=account.tier, since=account.tier_since, review_on=account.tier_review_on)
    return Standing(
        tier=account.earned_tier,
        since=account.tier_since,
        review_on=account.tier_review_on,
        pinned=account.tier,
        pinned_until=account.pinned_until,
    )


def put_standing(account: Account, standing: Standing) -> bool:
    """Write a standing into the account; False when it is as it was."""
    wake = [standing.review_on] if standing.review_on is not None else []
    if standing.pinned_until is not None:
        wake.append(standing.pinned_until + timedelta(days=1))
    earned = standing.tier if standing.pinned is not None else None
    before = (account.tier, account.tier_since, account.tier_review_on, account.pinned_until, account.earned_tier)
    after = (standing.shown, standing.since, min(wake, default=None), standing.pinned_until, earned)
    account.tier, account.tier_since, account.tier_review_on, account.pinned_until, account.earned_tier = after
    return before != after


async def settle_balance_tier(
    uow: UnitOfWork, ledger: Ledger, account: Account, program: Program | None, *, cause: str
) -> None:
    """Let the tier follow the balance, where that is what the ladder counts; nothing to do and to read elsewhere."""
    if program is not None and program.ladder is not None and program.ladder.basis == "points_balance":
        await settle_tier(uow, ledger, account, cause=cause)


async def settle_tier(
    uow: UnitOfWork,
    ledger: Ledger,
    account: Account,
    *,
    cause: str,
    ref_id: UUID | None = None,
    at: datetime | None = None,
    told_at: datetime | None = None,
) -> TierChange | None:
    """Let the tier follow what an operation moved: up at once, down only where the ladder says so. Tells about it."""
    ladder = await get_ladder(uow)
    if ladder is None:
        return None
    moment = at or uow.now
    before = standing_of(account)
    day = local_day(moment, uow.scope.timezone)
    value = await measure(uow, ladder, account, window(ladder, day))
    allowed = await allowed_tiers(uow, ladder, account.customer_id)
    after = evaluate(ladder, before, value, at=moment, zone=uow.scope.timezone, allowed=allowed)
    after = await _wake_when_less(uow, ladder, account, after, day)
    told = told_at or moment
    return await change_tier(uow, ledger, account, ladder, before, after, cause=cause, ref_id=ref_id, at=told)


async def measure(reader: Reader, ladder: TierLadder, account: Account, days: tuple[date, date]) -> int:
    """What the ladder counts, as it stands inside this operation."""
    if ladder.basis == "lifetime_spend":
        return account.spent_fen
    if ladder.basis == "points_balance":
        return account.points
    if ladder.basis == "points_earned":
        return account.earned
    return (await sum_purchases(reader, ladder, [account.customer_id], days)).get(account.customer_id, 0)


def _falls_by_itself(ladder: TierLadder) -> bool:
    return ladder.basis == "period_spend" and ladder.downgrade == "now"


async def _wake_when_less(
    uow: UnitOfWork, ladder: TierLadder, account: Account, standing: Standing, day: date
) -> Standing:
    """Where a tier falls as soon as old bills leave the window: look again on the day when the next one does."""
    if not _falls_by_itself(ladder) or standing.tier in {None, ladder.tiers[0].code}:
        return standing
    first, _ = window(ladder, day)
    zone = uow.scope.timezone
    oldest: datetime | None = await uow.session.scalar(
        select(func.min(_P.c.occurred_at)).where(
            _P.c.tenant_id == uow.tenant_id,
            _P.c.customer_id == account.customer_id,
            _P.c.occurred_at >= midnight(first, zone),
            _P.c.refunded_fen < _P.c.paid_fen,
        )
    )
    if ladder.period == "calendar_year":
        leaves = date(day.year + 1, 1, 1)
    elif oldest is None:
        leaves = day + timedelta(days=1)
    else:
        leaves = months_after(local_day(oldest, zone), ladder.period_months) + timedelta(days=1)
    wake = max(leaves, day + timedelta(days=1))
    return msgspec.structs.replace(standing, review_on=min(wake, standing.review_on or wake))


async def allowed_tiers(uow: UnitOfWork, ladder: TierLadder, customer_id: UUID) -> frozenset[str] | None:
    """Codes of tiers whose further condition holds; None when no tier has one."""
    asked = {tier.code: tier.when for tier in ladder.tiers if tier.when is not None}
    return await uow.match(customer_id, asked) if asked else None


async def change_tier(
    uow: UnitOfWork,
    ledger: Ledger,
    account: Account,
    ladder: TierLadder,
    before: Standing,
    after: Standing,
    *,
    cause: str,
    ref_id: UUID | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> TierChange | None:
    """Put a member where they stand from now on; tell about it when the tier that counts is another one."""
    if put_standing(account, after):
        ledger.touch(account)
    move = move_between(ladder, before, after, cause)
    if move is None:
        return None
    change = TierChange(move.before, move.after)
    await tell_tier(uow, account, change, cause=cause, ref_id=ref_id, reason=reason, at=at)
    return change


async def tell_tier(
    uow: UnitOfWork,
    account: Account,
    change: TierChange,
    *,
    cause: str,
    ref_id: UUID | None,
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Write a change of tier into the timeline and the audit, and hand out what the new tier brings."""
    data: dict[str, Any] = {
        "from": change.before,
        "to": change.after,
        "cause": cause,
        "spent_fen": account.spent_fen,
    }
    if reason:
        data["reason"] = reason
    await record_event(uow, customer_id=account.customer_id, kind="tier_changed", data=data, ref_id=ref_id, at=at)
    uow.audit("loyalty.tier_changed", "customer", account.customer_id, data)
    told = {"customer_id": account.customer_id, "from": change.before, "to": change.after, "cause": cause}
    uow.announce("tier.changed", told, at=at)
    await grant_tier_benefits(uow, account.customer_id, change.after, before=change.before)
