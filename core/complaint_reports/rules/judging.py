"""Judges one past clock from its events: kept or broken, when it was due, and how much time of its own it used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.calendars.rules import NeverDue, due, elapsed, instant_of, seconds_of
from core.clocks.rules import (
    Calendars,
    ClockEvent,
    ClockRefused,
    ClockState,
    Complete,
    Reopen,
    Start,
    apply,
    fold,
    settle,
)
from core.hooks.records.complaints import Severity

Outcome = Literal["met", "late", "open", "cancelled", "free"]
"""`late` is broken, with its fact or still without; `free` is a step without a deadline."""
_OUTCOMES: Final[dict[str, Outcome]] = {
    "met": "met",
    "met_late": "late",
    "breached": "late",
    "running": "open",
    "paused": "open",
    "cancelled": "cancelled",
}


class PastClock(msgspec.Struct, frozen=True):
    """One clock with all that happened to it, in order."""

    milestone: str
    cycle: int
    events: tuple[ClockEvent, ...]


class PastCase(msgspec.Struct, frozen=True):
    """One case; its clocks by milestone and cycle, earlier cycles first."""

    complaint_id: UUID
    severity: Severity
    branch_id: UUID | None
    received_at: datetime
    clocks: list[PastClock]


class Judged(msgspec.Struct, frozen=True):
    """What became of one clock by an instant; `consumed` counts open, unpaused seconds of all cycles."""

    outcome: Outcome
    due_at: datetime | None
    completed_at: datetime | None
    consumed: int
    budget: int | None


def judge(events: Sequence[ClockEvent], calendars: Calendars, as_of: datetime) -> Judged:
    """Judge a clock; the common one, started and completed, takes a short way to the same answer as the fold."""
    start, done = events[0], events[1] if len(events) > 1 else None
    plain = len(events) == 2 or (len(events) == 3 and isinstance(events[2], Reopen))
    if plain and isinstance(start, Start) and isinstance(done, Complete) and not start.pauses:
        budget = start.plan.seconds
        if budget is not None:
            calendar = None if start.plan.calendar is None else calendars[start.plan.calendar]
            begin, end = seconds_of(start.at), seconds_of(done.at)
            left = max(0, budget - start.carried)
            found = begin + left if calendar is None else due(calendar, begin, left)
            assert found is not None  # nothing is paused
            used = end - begin if calendar is None else int(elapsed(calendar, begin, end))
            outcome: Outcome = "late" if end > found else "met"
            return Judged(outcome, instant_of(int(found)), done.at, start.carried + max(0, used), budget)
    last = max(event.recorded_at if isinstance(event, Complete) else event.at for event in events)
    return judged_of(fold(events, calendars, max(as_of, last)))


def judged_of(state: ClockState) -> Judged:
    """Say the same of a folded clock."""
    plan = state.facts.plan
    free = plan.seconds is None and plan.days is None
    outcome = "free" if free and state.status != "cancelled" else _OUTCOMES[state.status]
    return Judged(outcome, state.due_at, state.facts.completed_at, state.consumed, plan.seconds)


def judge_bent(events: Sequence[ClockEvent], calendars: Calendars, as_of: datetime) -> Judged | None:
    """Judge events that happened under another plan: what this plan does not allow, as a pause, did not happen.

    Returns:
        None when the plan can never fall due, as in a calendar without open time ahead.
    """
    try:
        return judge(events, calendars, as_of)
    except NeverDue:
        return None
    except ClockRefused:
        pass
    state: ClockState | None = None
    try:
        for event in events:
            try:
                state = fold([event], calendars) if state is None else apply(state, event, calendars)
            except ClockRefused:
                if state is None:
                    raise
        assert state is not None
        return judged_of(settle(state.facts, calendars, max(as_of, state.as_of)))
    except NeverDue:
        return None
