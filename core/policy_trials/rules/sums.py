"""Adds up a trial: promises kept and broken before and after, and how long they took, to within one in a hundred."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from core.complaint_reports.rules.judging import Judged
from core.policy_trials.rules.replaying import Replayed

_BITS: Final = 8
"""Seconds are kept by their first eight bits: off by less than one in a hundred, and few for any number of clocks."""


class Side(msgspec.Struct, kw_only=True):
    """One side of the comparison, of one promise."""

    met: int = 0
    late: int = 0
    open: int = 0
    taken: dict[int, int] = {}
    """Own time of those with their fact, in seconds, rounded down to the bits kept."""

    def add(self, one: Judged) -> None:
        """Count one clock."""
        if one.outcome == "met":
            self.met += 1
        elif one.outcome == "late":
            self.late += 1
        elif one.outcome == "open":
            self.open += 1
        else:
            return
        if one.completed_at is not None:
            key = rounded(one.consumed)
            self.taken[key] = self.taken.get(key, 0) + 1

    @property
    def judged(self) -> int:
        """How many are decided."""
        return self.met + self.late

    @property
    def percent(self) -> float | None:
        """Kept, of those decided."""
        return round(100 * self.met / self.judged, 1) if self.judged else None

    def quantile(self, share: float) -> int | None:
        """Return the own time within which this share of the facts came."""
        return quantile(self.taken, share)


class PromiseSums(msgspec.Struct, kw_only=True):
    """One promise: level and milestone, before and after."""

    before: Side = msgspec.field(default_factory=Side)
    after: Side = msgspec.field(default_factory=Side)
    lost: int = 0
    saved: int = 0
    gone: int = 0
    """Would not have been promised, or never fallen due."""
    moved: int = 0
    """Would have been due at another instant."""


class TrialSums(msgspec.Struct, kw_only=True):
    """All promises so far, by `L1 ack_contact`."""

    clocks: int = 0
    promises: dict[str, PromiseSums] = {}

    def add(self, one: Replayed) -> None:
        """Count one clock."""
        self.clocks += 1
        if one.before.outcome == "cancelled" or (one.before.outcome == "free" and not _promised(one.after)):
            return
        key = f"{one.severity} {one.milestone}"
        mine = self.promises.get(key)
        if mine is None:
            mine = self.promises[key] = PromiseSums()
        mine.before.add(one.before)
        if one.after is None:
            mine.gone += 1
            return
        mine.after.add(one.after)
        mine.lost += one.is_lost
        mine.saved += one.is_saved
        mine.moved += one.before.due_at != one.after.due_at

    def whole(self) -> PromiseSums:
        """Everything together."""
        total = PromiseSums()
        for one in self.promises.values():
            for mine, theirs in ((total.before, one.before), (total.after, one.after)):
                mine.met += theirs.met
                mine.late += theirs.late
                mine.open += theirs.open
                for key, count in theirs.taken.items():
                    mine.taken[key] = mine.taken.get(key, 0) + count
            total.lost += one.lost
            total.saved += one.saved
            total.gone += one.gone
            total.moved += one.moved
        return total


def _promised(one: Judged | None) -> bool:
    return one is not None and one.outcome in {"met", "late", "open"}


def add_all(sums: TrialSums, replayed: Iterable[Replayed]) -> list[Replayed]:
    """Count clocks and return those that turn out otherwise."""
    moves = []
    for one in replayed:
        sums.add(one)
        if one.is_lost or one.is_saved:
            moves.append(one)
    return moves


def rounded(seconds: int) -> int:
    """Keep the first bits of a time."""
    shift = max(0, seconds.bit_length() - _BITS)
    return seconds >> shift << shift


def quantile(taken: Mapping[int, int], share: float) -> int | None:
    """Return the smallest time that at least this share of them took at most; None without any."""
    total = sum(taken.values())
    if not total:
        return None
    left = share * total
    for key in sorted(taken):
        left -= taken[key]
        if left <= 0:
            return key
    return max(taken)
