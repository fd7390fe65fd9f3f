"""Time that passes for locked accounts: pending points begin, tiers are reviewed, points end, balance based tiers follow."""

from datetime import datetime

import msgspec

from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.actions.accounts import Account, Locked
from core.loyalty.actions.ledger import Ledger
from core.loyalty.actions.tiers import allowed_tiers, change_tier, measure, settle_tier, standing_of
from core.loyalty.rules.days import local_day, midnight
from core.loyalty.rules.tiers import review, review_window, unpin
from core.programs.queries import get_ladder
from core.uow import UnitOfWork


async def begin_operation(uow: UnitOfWork, locked: Locked, *, rule_version: str) -> Ledger:
    """Do for the locked accounts whatever is due, and write it; then the operation begins.

    Every operation does this first, so that nothing depends on when the night's sweep came by.
    """
    ledger = Ledger(uow, locked.accounts, rule_version=rule_version)
    ladder = await get_ladder(uow)
    ledger.refunds_lower = ladder is None or ladder.refunds_lower_spend
    for account in locked.accounts.values():
        await pass_time(uow, ledger, account, ladder)
    await ledger.write()
    return ledger


async def pass_time(uow: UnitOfWork, ledger: Ledger, account: Account, ladder: TierLadder | None) -> None:
    """Do all night work of an account that is due by now, each at the instant at which it was due, however late it is."""
    while (at := next_due(account, uow.scope.timezone, uow.now)) is not None:
        await _night(uow, ledger, account, ladder, at)


def next_due(account: Account, zone: str, until: datetime) -> datetime | None:
    """The earliest instant at which something is due; the boundary is included."""
    found = [one.expires_at for one in account.lots.values() if one.remaining > 0 and one.expires_at is not None]
    found += [one.activates_at for one in account.lots.values() if not one.active and one.activates_at is not None]
    if account.tier_review_on is not None:
        found.append(midnight(account.tier_review_on, zone))
    return min((one for one in found if one <= until), default=None)


async def _night(uow: UnitOfWork, ledger: Ledger, account: Account, ladder: TierLadder | None, at: datetime) -> None:
    activated = ledger.activate(account, at)
    if ladder is None:
        account.tier_review_on = None
        ledger.touch(account)
        ledger.expire(account, at)
        return
    by_balance = ladder.basis == "points_balance"
    before = standing_of(account)
    after = unpin(before, local_day(at, uow.scope.timezone))
    await change_tier(uow, ledger, account, ladder, before, after, cause="pin_ended", at=at)
    if not by_balance:
        await _review(uow, ledger, account, ladder, at)
        await settle_tier(uow, ledger, account, cause="activate" if activated else "period", at=at)
    expired = ledger.expire(account, at)
    if by_balance:
        await _review(uow, ledger, account, ladder, at)
        await settle_tier(uow, ledger, account, cause="expire" if expired else "activate", at=at)


async def _review(uow: UnitOfWork, ledger: Ledger, account: Account, ladder: TierLadder, at: datetime) -> None:
    """Review the tier on its day; a day on which only something else was due sets the next one."""
    zone = uow.scope.timezone
    before, day = standing_of(account), local_day(at, zone)
    if before.review_on is None or before.review_on > day:
        return
    after = msgspec.structs.replace(before, review_on=None)
    if ladder.downgrade == "review" or ladder.upgrade == "next_period":
        value = await measure(uow, ladder, account, review_window(ladder, day))
        allowed = await allowed_tiers(uow, ladder, account.customer_id)
        after = review(ladder, before, value, at=at, zone=zone, allowed=allowed)
    await change_tier(uow, ledger, account, ladder, before, after, cause="review", at=at)
