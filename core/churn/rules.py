"""Who counts as staying away, which half of an experiment a household is in, and what winning back was worth."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import sqrt
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.hooks.records.loyalty.care import Churn
from core.loyalty.rules.days import months_after

Signal = Literal[
    "no_spend", "planned_date", "negative_review", "over_estimate", "staff_left", "not_satisfied", "by_hand"
]
Outcome = Literal[
    "came_back",
    "promised",
    "not_reached",
    "no_need",
    "price",
    "service",
    "competitor",
    "moved",
    "pet_deceased",
    "opted_out",
    "merged",
    "other",
]
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "came_back",
    "promised",
    "not_reached",
    "no_need",
    "price",
    "service",
    "competitor",
    "moved",
    "pet_deceased",
    "opted_out",
    "other",
)
"""What people may choose; `merged` is written by the sweep alone."""
FINAL: Final[frozenset[str]] = frozenset({"moved", "pet_deceased", "opted_out"})
"""After these nobody is called again, until they come by themselves."""
REGULAR_GAPS: Final = 2
"""A customer has a rhythm of their own after three visits, that is two gaps."""
LOOK_AGAIN: Final = timedelta(days=7)
"""Whom something keeps from being called is looked at again after a week."""
_Z: Final = 1.96
"""Of a 95 percent interval."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps a household from being called, whatever the signal says."""

    open_complaint: bool = False
    deceased: bool = False
    """Every pet (or patient) that they ever brought is dead."""
    refuses: bool = False
    """They said no to being contacted about the service."""
    ended: str = ""
    """The outcome of the last case, when it was one of FINAL."""


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One half of the experiment: how many households, how many came back in time, and what they paid (fen)."""

    households: int = 0
    returned: int = 0
    fen: int = 0

    @property
    def percent(self) -> float | None:
        """The share that came back; None while there is nobody."""
        return 100 * self.returned / self.households if self.households else None


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """What an offer was worth against doing nothing, in points of percent, with its 95 percent interval."""

    offered: Arm
    held_out: Arm
    points: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def sure(self) -> bool:
        """The interval does not hold 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def median_gap(days: Sequence[date]) -> int | None:
    """The median number of days between a household's visits; None before there are two gaps. Halves count as whole."""
    each = sorted(set(days))
    gaps = sorted((after - before).days for before, after in pairwise(each))
    if len(gaps) < REGULAR_GAPS:
        return None
    middle = len(gaps) // 2
    return gaps[middle] if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle] + 1) // 2


def overdue_on(rule: Churn, *, last: date, gap_days: int | None) -> date:
    """The first day that counts as staying away: last visit + max(3 months, 2 x their own median gap).

    2025东营宠物诊所客户服务策略 §3.4.4: “3个月未消费”. Calendar months, clamped: 30 November + 3 months is 28 February.
    """
    by_months = months_after(last, rule.months)
    return by_months if gap_days is None else max(by_months, last + timedelta(days=rule.gap_factor * gap_days))


def planned_overdue_on(rule: Churn, planned: date) -> date:
    """The first day on which a visit that was planned and did not happen is a signal."""
    return planned + timedelta(days=rule.planned_days)


def why_silent(known: Known) -> str:
    """Why nobody is to be called, or nothing."""
    if known.ended:
        return known.ended
    if known.deceased:
        return "pet_deceased"
    if known.refuses:
        return "opted_out"
    return "open_complaint" if known.open_complaint else ""


def due_at(rule: Churn, opened: datetime) -> datetime:
    """Until when somebody has called."""
    return opened + timedelta(days=rule.due_days)


def arm_of(case_id: UUID, *, hold_out_percent: int) -> Literal["offer", "hold_out"]:
    """Which half a case is in: drawn from its id, so that nobody chooses and a second look says the same."""
    drawn = int.from_bytes(hashlib.sha256(case_id.bytes).digest()[:4]) % 100
    return "hold_out" if drawn < hold_out_percent else "offer"


def lift(offered: Arm, held_out: Arm) -> Lift:
    """Measured lift: the difference of the shares that came back, with a Wald interval; None without both halves."""
    mine, theirs = offered.percent, held_out.percent
    if mine is None or theirs is None:
        return Lift(offered=offered, held_out=held_out)
    points = mine - theirs
    spread = sqrt(_variance(mine, offered.households) + _variance(theirs, held_out.households)) * 100
    return Lift(offered=offered, held_out=held_out, points=points, low=points - _Z * spread, high=points + _Z * spread)


def _variance(percent: float, people: int) -> float:
    share = percent / 100
    return share * (1 - share) / people
