"""Finds promises that cannot be kept in their order: a milestone that is due before the one it comes after."""

from collections.abc import Iterator, Mapping
from typing import Final

from core.hooks.records.complaints import Milestone, Policy

_WALL: Final = "wall"


def find_earlier(policy: Policy) -> Iterator[tuple[Milestone, Milestone]]:
    """Yield each milestone that is due before the one it comes after, with that one."""
    milestones = {one.id: one for one in policy.milestones}
    for milestone in policy.milestones:
        before = _timed_before(milestone, milestones)
        if before is not None and _earlier(milestone, before, milestones):
            yield milestone, before


def _timed_before(milestone: Milestone, milestones: Mapping[str, Milestone]) -> Milestone | None:
    """Return the nearest milestone before this one that has a deadline."""
    name = milestone.after
    while name is not None and name in milestones:
        if milestones[name].timed:
            return milestones[name]
        name = milestones[name].after
    return None


def _earlier(milestone: Milestone, before: Milestone, milestones: Mapping[str, Milestone]) -> bool:
    """Compare budgets from the receipt where they can be compared: the wall clock is never slower than a calendar."""
    if not milestone.timed or milestone.counts_from == "after":
        return False  # it counts from the other: it cannot be due before it
    if (milestone.days is None) != (before.days is None):
        return milestone.days is None and milestone.clock == _WALL and (milestone.minutes or 0) < _least(before)
    if milestone.days is not None and before.days is not None:
        return milestone.clock == before.clock and milestone.days < before.days
    same = milestone.clock in {before.clock, _WALL}
    return same and (milestone.minutes or 0) < _from_receipt(before, milestones)


def _least(milestone: Milestone) -> int:
    """Working days last at least the days between the first and the last of them."""
    return ((milestone.days or 1) - 1) * 1440


def _from_receipt(milestone: Milestone, milestones: Mapping[str, Milestone]) -> int:
    total = milestone.minutes or 0
    while milestone.counts_from == "after" and (before := milestones.get(milestone.after or "")) is not None:
        milestone = before
        total += milestone.minutes or 0
    return total
