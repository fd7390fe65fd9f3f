"""What a complaint that came in at an instant would be promised: every due time of a policy, at the latest."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from core.clocks.rules import Start, fold, plan_of
from core.hooks.records.complaints import Milestone, Policy
from core.policies.rules.calendars import Timetable


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One milestone of a policy at an instant of receipt."""

    milestone: Milestone
    start: datetime | None
    due: datetime | None
    """None has no deadline; of one that counts from another step it is the latest possible."""


def promise_all(policy: Policy, timetable: Timetable, at: datetime) -> tuple[Promise, ...]:
    """Return every milestone with its due time; one that counts from another starts when that one is due."""
    found: dict[str, Promise] = {}
    for milestone in policy.milestones:
        found[milestone.id] = _promise(milestone, timetable, _start(milestone, found, at))
    return tuple(found.values())


def _start(milestone: Milestone, before: Mapping[str, Promise], at: datetime) -> datetime:
    promise = before.get(milestone.after or "") if milestone.counts_from == "after" else None
    return at if promise is None else promise.due or promise.start or at


def _promise(milestone: Milestone, timetable: Timetable, at: datetime) -> Promise:
    if not milestone.timed:
        return Promise(milestone=milestone, start=None, due=None)
    plan = plan_of(milestone, "now", timetable.key_at(milestone.clock, at))
    state = fold([Start(seq=1, at=at, plan=plan)], timetable.calendars, at)
    return Promise(milestone=milestone, start=at, due=state.due_at)
