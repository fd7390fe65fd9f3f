"""Lots of points: which are spent first, which are due, what a refund takes back and what a return gives back.

All functions are pure: they say what has to move, and the caller moves it (a row behind a lock, or a list in memory).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.hooks.records.loyalty.points import LedgerPolicy, Lifetime
from core.loyalty.rules.days import expiry
from core.loyalty.rules.refusals import Refusal

LONGEST_DAYS = 36_600
_NEVER = datetime.max.replace(tzinfo=UTC)


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """One credit and what is left of it. `lot_id` orders lots by age.

    `reversed` counts all that refunds of its purchase have settled so far: taken from here, taken from other lots, owed,
    and forgotten.
    """

    lot_id: Any
    earned: int
    remaining: int
    activates_at: datetime | None = None
    """None: at once."""
    expires_at: datetime | None = None
    """None: never."""
    reversed: int = 0
    expired: int = 0
    active: bool = True
    """False until a pending lot was activated; a lot whose activation is due counts as active all the same."""


class Take(msgspec.Struct, frozen=True):
    """So many points leave this lot."""

    lot_id: Any
    points: int


class Reversal(msgspec.Struct, frozen=True):
    """What a refund does to one credit: `settled` = what lots give + what is owed from now on + what is forgotten."""

    settled: int
    takes: tuple[Take, ...] = ()
    owed: int = 0
    forgotten: int = 0

    @property
    def taken(self) -> int:
        """Points that leave lots."""
        return sum(one.points for one in self.takes)

    @property
    def points(self) -> int:
        """The entry's points, not negative: what left lots and what is owed; forgotten points move nothing."""
        return self.taken + self.owed


class Returned(msgspec.Struct, frozen=True):
    """A lot to be opened for points given back."""

    points: int
    expires_at: datetime | None


def is_pending(lot: Lot, now: datetime) -> bool:
    """Points that do not count yet."""
    return lot.activates_at is not None and lot.activates_at > now


def is_due(lot: Lot, now: datetime) -> bool:
    """Points that are past their end; the boundary is expired."""
    return lot.expires_at is not None and lot.expires_at <= now


def order(lot: Lot) -> tuple[datetime, Any]:
    """What is spent first: expires_at ASC NULLS LAST, id."""
    return lot.expires_at or _NEVER, lot.lot_id


def usable(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """Lots with points that can be spent now, in the order in which they are."""
    found = [one for one in lots if one.remaining > 0 and not is_pending(one, now) and not is_due(one, now)]
    return sorted(found, key=order)


def balance(lots: Iterable[Lot], now: datetime) -> int:
    """Points that can be spent now."""
    return sum(one.remaining for one in usable(lots, now))


def pending(lots: Iterable[Lot], now: datetime) -> int:
    """Points that will count later."""
    return sum(one.remaining for one in lots if is_pending(one, now) and not is_due(one, now))


def take(lots: Iterable[Lot], points: int, now: datetime) -> tuple[Take, ...] | Refusal:
    """Spend points, all or nothing."""
    ready = usable(lots, now)
    there = sum(one.remaining for one in ready)
    if there < points:
        return Refusal("not-enough-points", {"points": points, "balance": there})
    return _draw(ready, points)


def due(lots: Iterable[Lot], now: datetime) -> tuple[Take, ...]:
    """What expires by now: everything that is left of lots past their end, the earliest first."""
    late = [one for one in lots if one.remaining > 0 and is_due(one, now)]
    return tuple(Take(one.lot_id, one.remaining) for one in sorted(late, key=order))


def due_activations(lots: Iterable[Lot], now: datetime) -> tuple[Any, ...]:
    """Ids of lots that were pending and count from now on, the earliest first."""
    late = [one for one in lots if not one.active and not is_pending(one, now)]
    return tuple(one.lot_id for one in sorted(late, key=lambda one: (one.activates_at or _NEVER, one.lot_id)))


def pay_deficit(points: int, deficit: int) -> tuple[int, int]:
    """Split a credit: what pays the debt, and what is left for its lot. A credit pays the debt first, pending or not."""
    paid = min(points, deficit)
    return paid, points - paid


def reversal(
    own: Lot,
    others: Iterable[Lot],
    *,
    refunded_fen: int,
    paid_fen: int,
    deficit: int,
    policy: LedgerPolicy,
    now: datetime,
) -> Reversal:
    """What a refund takes back of one credit, when `refunded_fen` of `paid_fen` are refunded altogether.

    The target is floor(earned x refunded / paid) - settled before, never more than earned - settled - expired. The credit's
    own lot gives first (also while it is pending), then all other usable lots in their order; the rest is forgotten, or owed up
    to the limit of the policy. Before anything is owed other pending lots give too: nobody has points and a debt at once.
    """
    settled = own.earned * refunded_fen // paid_fen - own.reversed
    settled = max(0, min(settled, own.earned - own.reversed - own.expired))
    first = min(settled, own.remaining)
    takes: tuple[Take, ...] = (Take(own.lot_id, first),) if first else ()
    known = [one for one in others if one.lot_id != own.lot_id]
    rest = usable(known, now)
    if policy.reversal == "deficit":
        rest += sorted((one for one in known if one.remaining > 0 and is_pending(one, now)), key=order)
    takes += _draw(rest, min(settled - first, sum(one.remaining for one in rest)))
    short = settled - sum(one.points for one in takes)
    owed = 0
    if policy.reversal == "deficit":
        limit = policy.deficit_limit
        owed = short if limit is None else max(0, min(short, limit - deficit))
    return Reversal(settled, takes, owed, short - owed)


def give_back(
    *,
    spent: int,
    given_back: int,
    points: int | None,
    expiries: Sequence[datetime | None],
    policy: LedgerPolicy,
    now: datetime,
    zone: str,
) -> Returned | Refusal:
    """The lot that brings spent points back: at most what was spent and not given back yet; None: all of it.

    It lives as long as the latest of the lots that the points came from (`expiries`), and at least `give_back_days` more.
    """
    left = spent - given_back
    if left <= 0:
        return Refusal("nothing-to-give-back", {"spent": spent})
    least = expiry(now, Lifetime(days=max(0, min(policy.give_back_days, LONGEST_DAYS))), zone)
    ends = [*expiries, least]
    latest: Callable[[datetime | None], datetime] = lambda end: end or _NEVER  # noqa: E731 - named for its type
    return Returned(left if points is None else min(points, left), max(ends, key=latest))


def manual_lifetime(policy: LedgerPolicy) -> Lifetime:
    """How long points live that are granted by hand."""
    months = policy.manual_months
    return Lifetime() if months is None else Lifetime(months=max(0, min(months, LONGEST_DAYS // 31)))


def _draw(ready: Sequence[Lot], points: int) -> tuple[Take, ...]:
    found = []
    for one in ready:
        if points <= 0:
            break
        part = min(points, one.remaining)
        found.append(Take(one.lot_id, part))
        points -= part
    return tuple(found)
