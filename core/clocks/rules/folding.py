"""Fold the events of one clock into its state, as a row and a board show it (sla.md, rules 7 to 13)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from core.calendars.rules import instant_of, seconds_of
from core.clocks.rules.changing import changed, started
from core.clocks.rules.events import ClockEvent, ClockRefused, Complete, Paused
from core.clocks.rules.measuring import Calendars, Facts, auto_resume, due_at, effective_pauses, used_seconds

Status = Literal["running", "paused", "met", "met_late", "breached", "cancelled"]
LIVE: frozenset[Status] = frozenset({"running", "paused", "breached"})


class ClockState(Struct, frozen=True, kw_only=True):
    """One clock as of an instant. Seconds are the clock's own: open on its calendar and not paused.

    `due_at` is None while a pause holds it, and for a milestone without a deadline. `breached_at` is the due time, or
    the change that moved the due time into the past. The first breach stays on the record over changes and cycles.
    """

    facts: Facts
    status: Status
    as_of: datetime
    due_at: datetime | None
    breached_at: datetime | None
    first_breached_at: datetime | None
    breached_by_retarget: bool
    consumed: int
    """Of all cycles."""
    remaining: int | None
    """None without a deadline."""
    pauses: tuple[Paused, ...]
    auto_resume_at: datetime | None
    overrun_wall: int
    overrun_open: int

    @property
    def live(self) -> bool:
        """Still waiting for its fact."""
        return self.status in LIVE


def fold(events: Iterable[ClockEvent], calendars: Calendars, as_of: datetime | None = None) -> ClockState:
    """Rebuild a clock from its events; the same events, calendars and instant always give the same state.

    Args:
        events: in the order of their numbers, beginning with a start.
        calendars: every calendar version the events name.
        as_of: the instant at which breach and consumption are judged; by default that of the last event.

    Raises:
        ClockRefused: an event the clock does not allow.
    """
    facts: Facts | None = None
    last: datetime | None = None
    for event in events:
        facts = started(event) if facts is None else changed(facts, event, calendars)
        last = max(_recorded(event), last or _recorded(event))
    if facts is None or last is None:
        raise ClockRefused(why="no-events", kind="fold")
    return settle(facts, calendars, as_of or last)


def apply(state: ClockState, event: ClockEvent, calendars: Calendars, as_of: datetime | None = None) -> ClockState:
    """Return the state after one more event, checked as `fold` checks it; as of the event by default."""
    return settle(changed(state.facts, event, calendars), calendars, as_of or max(state.as_of, _recorded(event)))


def settle(facts: Facts, calendars: Calendars, as_of: datetime) -> ClockState:
    """Compute the state of a clock at an instant; a closed clock stays as it was when it closed."""
    judged = facts.closed_at or as_of
    pauses = effective_pauses(facts, calendars, judged)
    due = due_at(facts, calendars, judged)
    breach = _breach(facts, due, judged)
    first = facts.first_breached_at or breach
    if first is not None and facts.completed_at is not None and first >= facts.completed_at:
        first = None  # the fact came to light after the breach was noted, but was in time
    consumed = facts.carried + used_seconds(facts, calendars, facts.started_at, judged)
    paused = any(pause.end is None for pause in pauses)
    return ClockState(
        facts=facts,
        status=_status(facts, breached=breach is not None, paused=paused),
        as_of=as_of,
        due_at=due,
        breached_at=breach,
        first_breached_at=first,
        breached_by_retarget=facts.breached_by_retarget and breach is not None,
        consumed=consumed,
        remaining=_remaining(facts, calendars, judged, due, consumed),
        pauses=pauses,
        auto_resume_at=auto_resume(facts, calendars) if paused and facts.closed_at is None else None,
        overrun_wall=seconds_of(judged) - seconds_of(due) if breach and due else 0,
        overrun_open=used_seconds(facts, calendars, due, judged) if breach and due else 0,
    )


def _breach(facts: Facts, due: datetime | None, judged: datetime) -> datetime | None:
    """Return when the promise was broken: rule 13, late iff completed after the due time, in whole seconds.

    A clock that is still open has broken its promise from the due time on; one that closes in that second has not.
    """
    if due is None:
        return None
    at = instant_of(seconds_of(judged))
    late = at > due if facts.completed_at else at >= due
    return max(due, facts.changed_at) if late else None


def _remaining(facts: Facts, calendars: Calendars, at: datetime, due: datetime | None, consumed: int) -> int | None:
    if facts.plan.seconds is not None:
        return max(0, facts.plan.seconds - consumed)
    return None if due is None else used_seconds(facts, calendars, at, due)


def _status(facts: Facts, *, breached: bool, paused: bool) -> Status:
    if facts.cancelled_at is not None:
        return "cancelled"
    if facts.completed_at is not None:
        return "met_late" if breached else "met"
    if breached:  # pausing never un-breaches (rule 7)
        return "breached"
    return "paused" if paused else "running"


def _recorded(event: ClockEvent) -> datetime:
    return event.recorded_at if isinstance(event, Complete) else event.at
