"""Time that passes for one account: pending points begin, tiers are reviewed, points end, balance based tiers follow."""

from datetime import datetime, timedelta

import msgspec

from core.loyalty.rules.days import local_day, midnight
from core.loyalty.rules.ledger import Account
from core.loyalty.rules.tiers import Standing, TierMove, evaluate, move_between, review, review_window, unpin, window


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """What happened while time passed."""

    activated: int = 0
    expired: int = 0
    moves: tuple[TierMove, ...] = ()


def advance(account: Account, now: datetime) -> Night:
    """Do all night work that is due until an instant, each at the instant at which it was due; the boundary is included.

    Every operation does this first, so that nothing depends on how often somebody looks.
    """
    activated = expired = 0
    moves: tuple[TierMove, ...] = ()
    while (at := _next_due(account, now)) is not None:
        done = _night(account, at)
        activated, expired, moves = activated + done.activated, expired + done.expired, moves + done.moves
    if account.joined is None:
        account.joined = local_day(now, account.zone)
    account.now = now
    return Night(activated=activated, expired=expired, moves=moves)


def settle(account: Account, cause: str) -> tuple[TierMove, ...]:
    """Evaluate the tier after an operation; the account stands at the operation's instant."""
    ladder = account.program.ladder
    if ladder is None or account.now is None:
        return ()
    value = account.measure(*window(ladder, account.day()))
    after = evaluate(ladder, account.standing, value, at=account.now, zone=account.zone, allowed=account.matches)
    return place(account, after, cause)


def place(account: Account, after: Standing, cause: str) -> tuple[TierMove, ...]:
    """Put an account where it stands from now on; say so only when the tier that counts is another one."""
    before, account.standing = account.standing, after
    assert account.program.ladder is not None
    move = move_between(account.program.ladder, before, after, cause)
    return () if move is None else (move,)


def _next_due(account: Account, until: datetime) -> datetime | None:
    found = [one.expires_at for one in account.lots.values() if one.remaining > 0 and one.expires_at is not None]
    found += [one.activates_at for one in account.lots.values() if not one.active and one.activates_at is not None]
    ladder, standing, zone = account.program.ladder, account.standing, account.zone
    if ladder is not None and standing.review_on is not None:
        found.append(midnight(standing.review_on, zone))
    if ladder is not None and standing.pinned_until is not None:
        found.append(midnight(standing.pinned_until + timedelta(days=1), zone))
    if ladder is not None and ladder.downgrade == "now" and account.now is not None:
        turns = (midnight(day, zone) for day in account.window_turns())
        found += [one for one in turns if one > account.now]
    return min((one for one in found if one <= until), default=None)


def _night(account: Account, at: datetime) -> Night:
    """One night, in its order: activate pending, review tiers, expire, balance based tiers."""
    account.now = at
    activated = account.activate_due(at)
    ladder = account.program.ladder
    by_balance = ladder is not None and ladder.basis == "points_balance"
    moves = place(account, unpin(account.standing, account.day()), "pin_ended") if ladder is not None else ()
    if not by_balance:
        moves += _review(account) + settle(account, "activate" if activated else "period")
    expired = account.expire_due(at)
    if by_balance:
        moves += _review(account) + settle(account, "expire" if expired else "activate")
    return Night(activated=activated, expired=expired, moves=moves)


def _review(account: Account) -> tuple[TierMove, ...]:
    ladder, due = account.program.ladder, account.standing.review_on
    if ladder is None or due is None or due > account.day():
        return ()
    assert account.now is not None
    value = account.measure(*review_window(ladder, account.day()))
    after = review(ladder, account.standing, value, at=account.now, zone=account.zone, allowed=account.matches)
    return place(account, after, "review")
