"""Which tier a member has: thresholds reached, ups and downs, reviews, and the tier that somebody pinned.

The caller measures (spending, points, visits) and keeps a `Standing`; these functions say what it becomes.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from itertools import count, takewhile

import msgspec

from core.hooks.records.loyalty.points import Tier, TierLadder
from core.loyalty.rules.days import local_day, months_after


class Missing(msgspec.Struct, frozen=True):
    """The next tier and what is missing to it, in the unit of the ladder: fen, points or visits."""

    tier: Tier
    fen: int
    unit: str = "fen"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member stands. `tier` is what was earned, a pinned tier lies over it until its last day."""

    tier: str | None = None
    since: datetime | None = None
    review_on: date | None = None
    """The next day on which `review` has something to do; None: never."""
    pinned: str | None = None
    pinned_until: date | None = None
    """The last local day of the pinned tier."""

    @property
    def shown(self) -> str | None:
        """The tier that counts: for prices, points and the card."""
        return self.tier if self.pinned is None else self.pinned

    def without_pin(self) -> "Standing":
        """The same standing with nothing laid over it."""
        return msgspec.structs.replace(self, pinned=None, pinned_until=None)


class TierMove(msgspec.Struct, frozen=True):
    """A member moved from one tier to another, and why; codes."""

    before: str
    after: str
    cause: str


def reached(ladder: TierLadder, value: int, allowed: AbstractSet[str] | None = None) -> Tier:
    """The highest tier whose threshold is reached, inclusive. `allowed` are the codes of tiers whose `when` holds.

    Without `allowed` conditions of tiers are not looked at; the first tier asks for nothing.
    """
    found = [
        tier
        for tier in ladder.tiers
        if ladder.threshold(tier) <= value and (allowed is None or tier.when is None or tier.code in allowed)
    ]
    return found[-1] if found else ladder.tiers[0]


def tier_for(ladder: TierLadder, spent_fen: int) -> Tier:
    """The highest tier whose threshold is reached; 累计消费 500 元 reaches silver at exactly 500.00."""
    return reached(ladder, spent_fen)


def find_tier(ladder: TierLadder, code: str | None) -> Tier | None:
    """The tier with this code, or None when the ladder has none (any more)."""
    return next((tier for tier in ladder.tiers if tier.code == code), None)


def tier_after(ladder: TierLadder, *, current: str | None, spent_fen: int, may_fall: bool = False) -> Tier:
    """The tier after the sum changed: up at once; down only where the ladder says `now` or the caller allows it."""
    earned = tier_for(ladder, spent_fen)
    held = find_tier(ladder, current)
    if held is None or may_fall or ladder.downgrade == "now":
        return earned
    return max(held, earned, key=ladder.threshold)


def next_tier(ladder: TierLadder, *, current: str | None, spent_fen: int) -> Missing | None:
    """The tier after the one held and what is missing to it; None at the top."""
    held = find_tier(ladder, current) or tier_for(ladder, spent_fen)
    above = [tier for tier in ladder.tiers if ladder.threshold(tier) > ladder.threshold(held)]
    if not above:
        return None
    return Missing(above[0], max(0, ladder.threshold(above[0]) - spent_fen), unit_of(ladder))


def unit_of(ladder: TierLadder) -> str:
    """What thresholds count: fen, points or visits."""
    if ladder.basis == "visits":
        return "visits"
    return "points" if ladder.basis in {"points_earned", "points_balance"} else "fen"


def window(ladder: TierLadder, day: date) -> tuple[date, date]:
    """The days whose purchases `period_spend` sums up on this day, both included; other bases count everything.

    Rolling: back to the same day `period_months` earlier, clamped. Calendar year: from 1 January.
    """
    if ladder.basis != "period_spend":
        return date.min, day
    first = date(day.year, 1, 1) if ladder.period == "calendar_year" else months_after(day, -ladder.period_months)
    return first, day


def review_window(ladder: TierLadder, day: date) -> tuple[date, date]:
    """The days that a review on this day looks at: the period that ended the day before, with the days of grace behind it."""
    grace = ladder.grace_days if ladder.downgrade == "review" else 0
    last = day - timedelta(days=1)
    return window(ladder, last - timedelta(days=grace))[0], last


def evaluate(
    ladder: TierLadder,
    standing: Standing,
    value: int,
    *,
    at: datetime,
    zone: str,
    allowed: AbstractSet[str] | None = None,
) -> Standing:
    """The standing after the measure changed (a spend, an earn, a reversal, a new day): up and down where it is `now`."""
    earned = reached(ladder, value, allowed)
    held = find_tier(ladder, standing.tier)
    if held is None:
        fresh = standing.tier is None and ladder.upgrade == "next_period"
        return _moved(ladder, standing, ladder.tiers[0] if fresh else earned, at, zone)
    rises = ladder.threshold(earned) > ladder.threshold(held)
    may = ladder.upgrade == "now" if rises else ladder.downgrade == "now"
    if not may or earned.code == held.code:
        return standing
    return _moved(ladder, standing, earned, at, zone)


def review(
    ladder: TierLadder,
    standing: Standing,
    value: int,
    *,
    at: datetime,
    zone: str,
    allowed: AbstractSet[str] | None = None,
) -> Standing:
    """The standing after a review (on its `review_on`); `value` is measured over `review_window`.

    A review may raise where a period begins, and lower after the grace; who keeps the tier is reviewed again a period later.
    """
    day = local_day(at, zone)
    held = find_tier(ladder, standing.tier) or ladder.tiers[0]
    earned = reached(ladder, value, allowed)
    since = local_day(standing.since, zone) if standing.since is not None else day
    rises = ladder.threshold(earned) > ladder.threshold(held)
    may = rises and (ladder.upgrade == "now" or day in _until(_starts(ladder, since), day))
    may = may or (not rises and day in _until(_reviews(ladder, since), day))
    if may and earned.code != held.code:
        return _moved(ladder, standing, earned, at, zone)
    return msgspec.structs.replace(standing, review_on=next_review(ladder, held, since=since, after=day))


def next_review(ladder: TierLadder, tier: Tier, *, since: date, after: date) -> date | None:
    """The next day on which a review may raise or lower this tier, held since a day; None: never."""
    found = []
    if ladder.upgrade == "next_period" and tier.code != ladder.tiers[-1].code:
        found.append(_first_after(_starts(ladder, since), after))
    if ladder.downgrade == "review" and tier.code != ladder.tiers[0].code:
        found.append(_first_after(_reviews(ladder, since), after))
    return min(found, default=None)


def pin(standing: Standing, tier: str, until: date) -> Standing:
    """Put a tier over the earned one, until the end of a day; what is earned meanwhile counts afterwards."""
    return msgspec.structs.replace(standing, pinned=tier, pinned_until=until)


def unpin(standing: Standing, day: date) -> Standing:
    """Take a pinned tier off when its last day is over."""
    if standing.pinned is None or standing.pinned_until is None or day <= standing.pinned_until:
        return standing
    return standing.without_pin()


def move_between(ladder: TierLadder, before: Standing, after: Standing, cause: str) -> TierMove | None:
    """What `tier_changed` says; None when the tier that counts is the same. Nobody's first tier is a change from the lowest."""
    lowest = ladder.tiers[0].code
    old, new = before.shown or lowest, after.shown or lowest
    return None if old == new else TierMove(old, new, cause)


def _moved(ladder: TierLadder, standing: Standing, tier: Tier, at: datetime, zone: str) -> Standing:
    day = local_day(at, zone)
    return msgspec.structs.replace(
        standing, tier=tier.code, since=at, review_on=next_review(ladder, tier, since=day, after=day)
    )


def _starts(ladder: TierLadder, since: date) -> Iterator[date]:
    """The days on which a new period begins for somebody."""
    if ladder.period == "calendar_year":
        return (date(since.year + years, 1, 1) for years in count(1))
    return (months_after(since, times * ladder.period_months) for times in count(1))


def _reviews(ladder: TierLadder, since: date) -> Iterator[date]:
    """The days on which a tier may be lost: when a period has ended and the grace is over."""
    grace = timedelta(days=ladder.grace_days)
    if ladder.period == "calendar_year":
        return (date(since.year + years, 1, 1) + grace for years in count(1))
    return (months_after(since, times * ladder.review_months) + grace for times in count(1))


def _first_after(days: Iterator[date], after: date) -> date:
    return next(day for day in days if day > after)


def _until(days: Iterator[date], last: date) -> Iterator[date]:
    return takewhile(lambda day: day <= last, days)
