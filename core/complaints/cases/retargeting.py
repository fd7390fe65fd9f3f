"""Puts a locked case under another policy: another level, another category, or a published change (sla.md, rules 8 and 9)."""

import msgspec

from core.clocks.rules import Cancel, Plan, Reopen, Retarget, Start
from core.complaints.cases.case import Case, load_timetable
from core.complaints.cases.clock import Clock
from core.hooks.records.complaints import Milestone, Policy
from core.policies.actions import keep_calendars
from core.uow import UnitOfWork


async def follow_policy(uow: UnitOfWork, case: Case, policy: Policy, version: str, *, note: str = "") -> None:
    """Load the calendars that the policy names, and put the case under it like `follow`."""
    await keep_calendars(uow, (policy,))
    case.use(await load_timetable(uow, (policy,), case.events()))
    follow(uow, case, policy, version, note=note)


def follow(uow: UnitOfWork, case: Case, policy: Policy, version: str, *, note: str = "") -> None:
    """Retarget what is in both policies, start what is new, cancel what vanished; what is closed stays as it is.

    A milestone that an earlier change took away and this one brings back begins anew, in a cycle of its own.
    """
    case.policy, case.policy_version = policy, version
    newest = case.newest()
    done = case.done
    for position, milestone in enumerate(policy.milestones):
        clock = newest.pop(milestone.id, None)
        if clock is None:
            _begin(uow, case, milestone, position, done)
            continue
        clock.milestone, clock.position = milestone, position
        if clock.live:
            _retarget(uow, case, clock, note)
        elif clock.status == "cancelled":
            _bring_back(uow, case, clock, note)
        elif clock.state is None:
            clock.changed = True
            if _runs(milestone, done):
                case.start(uow, clock, uow.now)
    for vanished in newest.values():
        if vanished.live:
            vanished.add(
                Cancel(seq=case.next_seq(), at=uow.now, by=uow.actor.name, note=note, reason="superseded"), uow.now
            )


def _runs(milestone: Milestone, done: frozenset[str]) -> bool:
    """It counts from the receipt, or what it counts from has happened: new milestones start at the change."""
    return milestone.counts_from == "receipt" or milestone.after in done


def _begin(uow: UnitOfWork, case: Case, milestone: Milestone, position: int, done: frozenset[str]) -> None:
    clock = case.open_clock(milestone, position)
    if _runs(milestone, done):
        case.start(uow, clock, uow.now)


def _retarget(uow: UnitOfWork, case: Case, clock: Clock, note: str) -> None:
    assert clock.state is not None
    facts = clock.state.facts
    plan = _same_calendar(case.plan(clock.milestone, facts.started_at), facts.plan, facts.spans[-1][1])
    if msgspec.structs.replace(plan, policy_version=facts.plan.policy_version) == facts.plan and facts.fixed is None:
        return  # nothing changes for it: what it told under its version is not told again
    event = Retarget(seq=case.next_seq(), at=uow.now, by=uow.actor.name, note=note, plan=plan)
    clock.add(event, uow.now)


def _same_calendar(plan: Plan, before: Plan, running_on: str | None) -> Plan:
    """A clock stays on its own versions of a calendar: moving it is what publishing a calendar does."""
    name, now = _calendar_of(plan), _calendar_of(before)
    if name is None or name != now:
        return plan
    return msgspec.structs.replace(plan, calendar=before.calendar or running_on)


def _calendar_of(plan: Plan) -> str | None:
    return None if plan.calendar is None else plan.calendar.rpartition("@")[0]


def _bring_back(uow: UnitOfWork, case: Case, clock: Clock, note: str) -> None:
    state = clock.state
    if state is None or state.facts.cancel_reason != "superseded" or not clock.milestone.timed:
        return
    clock.add(Reopen(seq=case.next_seq(), at=uow.now, by=uow.actor.name, note=note, cycle=clock.cycle + 1), uow.now)
    again = case.open_clock(clock.milestone, clock.position, clock.cycle + 1)
    start = Start(
        seq=case.next_seq(),
        at=uow.now,
        by=uow.actor.name,
        note=note,
        plan=case.plan(clock.milestone, uow.now),
        cycle=again.cycle,
        first_breached_at=state.first_breached_at,
    )
    case.begin(uow, again, start)
