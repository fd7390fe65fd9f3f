"""What one more event does to the facts of a clock, and what a clock refuses (sla.md, rules 7 to 12)."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from core.calendars.rules import seconds_of
from core.clocks.rules.events import (
    Cancel,
    ClockEvent,
    ClockRefused,
    Complete,
    Override,
    Pause,
    Paused,
    Recalendar,
    Reopen,
    Resume,
    Retarget,
    Start,
)
from core.clocks.rules.measuring import Calendars, Facts, auto_resume, due_at, open_since, pause_left, used_seconds


def started(event: ClockEvent) -> Facts:
    """Begin a clock; only a start begins one."""
    if not isinstance(event, Start):
        raise ClockRefused(why="not-started", kind=kind_of(event))
    return Facts(
        plan=event.plan,
        cycle=event.cycle,
        seq=event.seq,
        started_at=event.at,
        changed_at=event.at,
        carried=event.carried,
        spans=((None, event.plan.calendar),),
        pauses=event.pauses,
        first_breached_at=event.first_breached_at,
    )


def changed(facts: Facts, event: ClockEvent, calendars: Calendars) -> Facts:
    """Add one event to the facts; raise `ClockRefused` when the clock does not allow it."""
    if event.seq <= facts.seq:
        raise ClockRefused(why="out-of-order", kind=kind_of(event))
    closed = facts.closed_at is not None
    if closed != isinstance(event, Reopen):  # closed clocks never change (rule 9)
        raise ClockRefused(why="closed" if closed else "not-closed", kind=kind_of(event))
    if seconds_of(event.at) < seconds_of(facts.started_at):
        raise ClockRefused(why="before-start", kind=kind_of(event))
    change = _CHANGES.get(type(event))
    if change is None:
        raise ClockRefused(why="already-started", kind=kind_of(event))
    return replace(change(facts, event, calendars), seq=event.seq)


def kind_of(event: ClockEvent) -> str:
    """Return the event's name in its JSON form."""
    return str(event.__struct_config__.tag)


def _paused(facts: Facts, event: Pause, calendars: Calendars) -> Facts:
    if not facts.plan.pausable:
        raise ClockRefused(why="not-pausable", kind="pause")
    if any(pause.end is None and pause.reason == event.reason for pause in facts.pauses):
        raise ClockRefused(why="already-paused", kind="pause")
    if open_since(facts) is None and pause_left(facts, calendars, event.at) == 0:
        raise ClockRefused(why="longest-pause-used-up", kind="pause")
    return replace(facts, pauses=(*facts.pauses, Paused(event.at, None, event.reason)))


def _resumed(facts: Facts, event: Resume, calendars: Calendars) -> Facts:
    if not any(pause.end is None and event.reason in {None, pause.reason} for pause in facts.pauses):
        raise ClockRefused(why="not-paused", kind="resume")
    limit = auto_resume(facts, calendars)
    end = event.at if limit is None else min(event.at, limit)
    return replace(
        facts,
        pauses=tuple(
            replace(pause, end=max(pause.start, end))
            if pause.end is None and event.reason in {None, pause.reason}
            else pause
            for pause in facts.pauses
        ),
    )


def _completed(facts: Facts, event: Complete, calendars: Calendars) -> Facts:
    del calendars
    fact, recorded = seconds_of(event.at), seconds_of(event.recorded_at)
    if fact > recorded:
        raise ClockRefused(why="in-the-future", kind="complete")
    if fact < recorded and not event.approved_by:
        raise ClockRefused(why="back-dating-needs-an-approver", kind="complete")
    return replace(facts, completed_at=event.at)


def _cancelled(facts: Facts, event: Cancel, calendars: Calendars) -> Facts:
    del calendars
    return replace(facts, cancelled_at=event.at, cancel_reason=event.reason)


def _reopened(facts: Facts, event: Reopen, calendars: Calendars) -> Facts:
    del calendars
    if facts.reopened_as is not None:
        raise ClockRefused(why="already-reopened", kind="reopen")
    return replace(facts, reopened_as=event.cycle)


def _retargeted(facts: Facts, event: Retarget, calendars: Calendars) -> Facts:
    # On the same clock the calendar versions go on as they were; another clock measures again from the start.
    same = event.plan.calendar in {facts.plan.calendar, facts.spans[-1][1]}
    pauses = facts.pauses
    if not event.plan.pausable:
        pauses = tuple(replace(p, end=max(p.start, event.at)) if p.end is None else p for p in pauses)
    return _moved(
        facts,
        replace(
            facts,
            plan=event.plan,
            spans=facts.spans if same else ((None, event.plan.calendar),),
            pauses=pauses,
            fixed=None,
            changed_at=event.at,
        ),
        event,
        calendars,
    )


def _recalendared(facts: Facts, event: Recalendar, calendars: Calendars) -> Facts:
    if facts.plan.calendar is None:
        raise ClockRefused(why="wall-clock", kind="recalendar")
    since = max(event.effective_from, event.at)  # consumed time never changes (rule 9)
    kept = tuple(span for span in facts.spans if span[0] is None or span[0] < since)
    return _moved(facts, replace(facts, spans=(*kept, (since, event.calendar))), event, calendars)


def _overridden(facts: Facts, event: Override, calendars: Calendars) -> Facts:
    new = replace(
        facts,
        started_at=facts.started_at if event.started_at is None else event.started_at,
        pauses=facts.pauses if event.pauses is None else event.pauses,
        changed_at=event.at,
    )
    if event.due_at is not None:
        if event.due_at < event.at:
            raise ClockRefused(why="due-in-the-past", kind="override")
        # The chosen instant is a budget too: warnings are fractions of it. A pause that is open now ends now for this.
        ended = replace(new, pauses=tuple(p if p.end else replace(p, end=max(p.start, event.at)) for p in new.pauses))
        seconds = facts.carried + used_seconds(ended, calendars, ended.started_at, event.due_at)
        new = replace(new, plan=replace(facts.plan, seconds=seconds, days=None), fixed=(event.at, event.due_at))
    return _moved(facts, new, event, calendars)


def _moved(facts: Facts, new: Facts, event: ClockEvent, calendars: Calendars) -> Facts:
    """Note a breach that the change would hide, and one that the change itself makes (rule 8)."""
    before, late = due_at(facts, calendars, event.at), due_at(new, calendars, event.at)
    past = late is not None and late < event.at
    if before is None or before > event.at:
        return replace(new, breached_by_retarget=past)
    first = facts.first_breached_at or max(before, facts.changed_at)
    return replace(new, first_breached_at=first, breached_by_retarget=past and facts.breached_by_retarget)


_CHANGES: dict[type[Any], Callable[[Facts, Any, Calendars], Facts]] = {
    Pause: _paused,
    Resume: _resumed,
    Complete: _completed,
    Cancel: _cancelled,
    Reopen: _reopened,
    Retarget: _retargeted,
    Recalendar: _recalendared,
    Override: _overridden,
}
