"""One promise of a case while it is being changed: its events, their fold, and the row that is stored of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from core.clocks.rules import ClockEvent, ClockState, Facts, Told, apply, fold
from core.hooks.records.complaints import Milestone
from core.policies.rules.calendars import EMPTY, Timetable


class Clock:
    """One promise of the case, milestone by cycle; it waits until it has its first event."""

    def __init__(
        self,
        milestone: Milestone,
        position: int,
        cycle: int,
        events: Iterable[ClockEvent] = (),
        *,
        timetable: Timetable = EMPTY,
    ) -> None:
        self.milestone = milestone
        self.position = position
        self.cycle = cycle
        self.timetable = timetable
        self.events = list(events)
        self.fresh: list[ClockEvent] = []
        self.told: list[Told] = []
        self.changed = False
        self.state: ClockState | None = None

    def judge(self, as_of: datetime) -> None:
        """Fold the events as of an instant."""
        self.state = fold(self.events, self.timetable.calendars, as_of) if self.events else None

    def add(self, event: ClockEvent, as_of: datetime) -> None:
        """Apply one event; ClockRefused when the state does not allow it."""
        if self.state is None:
            self.state = fold([event], self.timetable.calendars, as_of)
        else:
            self.state = apply(self.state, event, self.timetable.calendars, as_of)
        self.events.append(event)
        self.fresh.append(event)
        self.changed = True

    @property
    def status(self) -> str:
        """A clock's status, or `waiting`."""
        return self.state.status if self.state is not None else "waiting"

    @property
    def live(self) -> bool:
        """Runs, rests or is late: still wants its fact."""
        return self.state is not None and self.state.live

    @property
    def done(self) -> bool:
        """Its fact is there."""
        return self.status in {"met", "met_late"}

    def key(self, complaint_id: UUID) -> str:
        """The dedupe key of the one row of the schedule that this clock owns."""
        return f"clock:{complaint_id}:{self.milestone.id}:{self.cycle}"

    def row(self) -> dict[str, Any]:
        """The stored fold."""
        state = self.state
        return {
            "position": self.position,
            "status": self.status,
            "started_at": state.facts.started_at if state else None,
            "due_at": state.due_at if state else None,
            "completed_at": state.facts.completed_at if state else None,
            "breached_at": state.first_breached_at if state else None,
            "calendar": state.facts.spans[-1][1] if state else None,
            "seconds": plain_seconds(state.facts) if state else None,
            "measured": state is not None and state.facts.fixed is None and state.facts.plan.seconds is not None,
        }


def plain_seconds(facts: Facts) -> int | None:
    """Return the budget of a clock that has only ever run; None when its events are needed to say when it is due."""
    plain = not facts.pauses and facts.fixed is None and not facts.carried and len(facts.spans) == 1
    return facts.plan.seconds if plain else None
