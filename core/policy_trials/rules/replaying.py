"""Replays a case through a candidate: the same starts, pauses and facts, folded under the plans it would have had."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from core.calendars.rules import Calendar
from core.clocks.rules import (
    Calendars,
    Cancel,
    ClockEvent,
    Complete,
    Pause,
    Plan,
    Recalendar,
    Resume,
    Retarget,
    Start,
)
from core.complaint_reports.rules.judging import Judged, PastCase, PastClock, judge, judge_bent
from core.hooks.records.complaints import Severity
from core.policy_trials.rules.candidates import Candidate, Changed

TRIED: Final = "trial"
"""The version under which a candidate's calendar stands in a plan: `id@trial`."""
KeyAt = Callable[[str, datetime], str | None]
"""Which stored version of a calendar held at an instant."""


class Replayed(msgspec.Struct, frozen=True):
    """One clock as it was and as it would have been; `after` is None when the promise would not have been made."""

    complaint_id: UUID
    milestone: str
    cycle: int
    severity: Severity
    before: Judged
    after: Judged | None

    @property
    def is_lost(self) -> bool:
        """Kept, and would have been broken."""
        return self.after is not None and self.before.outcome == "met" and self.after.outcome == "late"

    @property
    def is_saved(self) -> bool:
        """Broken, and would have been kept."""
        return self.after is not None and self.before.outcome == "late" and self.after.outcome == "met"


class Replay:
    """One candidate against any number of cases; it holds nothing of a case."""

    def __init__(
        self,
        candidate: Candidate,
        *,
        calendars: Calendars,
        tried: Mapping[str, Calendar],
        levels: Mapping[str, Severity],
        key_at: KeyAt,
        as_of: datetime,
    ) -> None:
        """Take the candidate with its own calendars by id, the stored versions, and which level each policy version is of."""
        self._candidate = candidate
        self._stored = calendars
        self._tried = frozenset(tried)
        self._all = dict(calendars) | {f"{name}@{TRIED}": one for name, one in tried.items()}
        self._levels = levels
        self._key_at = key_at
        self._as_of = as_of

    def case(self, past: PastCase) -> Iterator[Replayed]:
        """Replay each clock of a case, earlier cycles first; what is not changed is not folded twice."""
        facts = _facts(past)
        used: dict[str, int] = {}
        for clock in past.clocks:
            before = judge(clock.events, self._stored, self._as_of)
            severity = self._last_level(clock, past.severity)
            bent = self._bent(clock, past, facts, used.get(clock.milestone, 0))
            after: Judged | None
            if bent is None:
                after = None
            elif bent is clock.events:
                after = before
            else:
                after = judge_bent(bent, self._all, self._as_of)
            used[clock.milestone] = after.consumed if after is not None else 0
            yield Replayed(past.complaint_id, clock.milestone, clock.cycle, severity, before, after)

    def _last_level(self, clock: PastClock, otherwise: Severity) -> Severity:
        found = otherwise
        for event in clock.events:
            if isinstance(event, Start | Retarget):
                found = self._levels.get(event.plan.policy_version, found)
        return found

    def _bent(
        self, clock: PastClock, past: PastCase, facts: Mapping[str, datetime], used: int
    ) -> tuple[ClockEvent, ...] | None:
        """Return the events as they would have been; the very same tuple when nothing changes, None without a promise."""
        out: list[ClockEvent] = []
        severity = past.severity
        change: Changed | None = None
        touched = False
        for event in clock.events:
            if isinstance(event, Start | Retarget):
                severity = self._levels.get(event.plan.policy_version, severity)
                change = self._candidate.find(severity, clock.milestone)
                if change is None:
                    out.append(event)
                    continue
                touched = True
                if change.gone:
                    if isinstance(event, Start):
                        return None
                    out.append(Cancel(seq=event.seq, at=event.at, by=event.by, reason="superseded"))
                    return tuple(out)
                out.append(self._planned(event, change, clock, past, facts, used))
            elif change is None or _still_happens(event, change, self._tried):
                out.append(event)
            else:
                touched = True
        return tuple(out) if touched else clock.events

    def _planned(
        self,
        event: Start | Retarget,
        change: Changed,
        clock: PastClock,
        past: PastCase,
        facts: Mapping[str, datetime],
        used: int,
    ) -> ClockEvent:
        plan = self._plan(event.plan, change, event.at)
        if isinstance(event, Retarget):
            return replace(event, plan=plan)
        at = event.at
        if clock.cycle == 1 and change.starts == "receipt":
            at = past.received_at
        elif clock.cycle == 1 and change.starts == "after":
            at = facts.get(change.after or "", at)
        own = facts.get(clock.milestone)
        if own is not None and clock.cycle == 1:
            at = min(at, own)
        return replace(event, plan=plan, at=at, carried=used if event.carried else 0)

    def _plan(self, before: Plan, change: Changed, at: datetime) -> Plan:
        if change.clock == "wall":
            calendar = None
        elif change.clock in self._tried:
            calendar = f"{change.clock}@{TRIED}"
        elif _id_of(before.calendar) == change.clock:
            calendar = before.calendar  # the same calendar: the version that held then
        else:
            calendar = self._key_at(change.clock, at)
        return replace(
            before,
            seconds=change.seconds,
            days=change.days,
            calendar=calendar,
            pausable=change.pausable,
            max_pause=None,
        )


def _still_happens(event: ClockEvent, change: Changed, tried: frozenset[str]) -> bool:
    """Whether what happened to the clock would have happened to the changed one too."""
    if isinstance(event, Pause | Resume):
        return change.pausable
    if isinstance(event, Recalendar):
        return _id_of(event.calendar) == change.clock and change.clock not in tried
    return True


def _id_of(key: str | None) -> str:
    return "" if key is None else key.rpartition("@")[0] or key


def _facts(past: PastCase) -> dict[str, datetime]:
    """When each milestone's fact came first."""
    found: dict[str, datetime] = {}
    for clock in past.clocks:
        if clock.cycle == 1:
            for event in clock.events:
                if isinstance(event, Complete):
                    found[clock.milestone] = event.at
    return found
