"""Says before anything is published how many running clocks would move and how many would break their promise (rule 9)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncResult

from core.calendars.rules import NeverDue, Spans, due_over, seconds_of
from core.clocks.rules import ClockEvent, Plan, Recalendar, Retarget, Start, apply, fold, plan_of, read_events
from core.hooks.records.complaints import Milestone, Policy, Severity
from core.policies.queries import get_policies, get_timetable
from core.policies.rules.calendars import CalendarVersion, Timetable
from core.policies.rules.changes import differences
from core.policies.rules.shifting import Shift
from core.uow import Reader

_CHUNK: Final = 2000
"""Rows between two breaths, so that others on this machine are served meanwhile."""

# A clock that has only ever run (most of them) is one row; any other brings all its events.
_CLOCKS: Final = """
SELECT c.severity, k.milestone, k.due_at, k.calendar, k.started_at, k.seconds,
       CASE WHEN k.seconds IS NULL THEN (
         SELECT CAST(jsonb_agg(e.event ORDER BY e.seq) AS text) FROM clock_event e
         WHERE e.tenant_id = k.tenant_id AND e.complaint_id = k.complaint_id AND e.milestone = k.milestone
           AND e.cycle = k.cycle) END AS events
FROM complaint_clock k
JOIN complaint c ON c.tenant_id = k.tenant_id AND c.complaint_id = k.complaint_id
WHERE k.tenant_id = :tenant AND k.status IN ('running', 'paused', 'breached')
"""


# Due times that follow from open time alone: what has the same one moves alike, and no event of it is read.
_MEASURED: Final = text(
    "SELECT k.calendar, k.due_at, count(*) AS clocks FROM complaint_clock k WHERE k.tenant_id = :tenant"
    " AND k.status IN ('running', 'paused', 'breached') AND k.measured AND k.calendar = ANY(:known)"
    " GROUP BY k.calendar, k.due_at"
).bindparams(bindparam("tenant", type_=Uuid()), bindparam("known", type_=ARRAY(Text())))
_MEASURED_ROWS: Final = _MEASURED.columns(due_at=DateTime(timezone=True))


class Foresight(msgspec.Struct, frozen=True, kw_only=True):
    """What a publication would do to the clocks that run now."""

    running: int
    """Clocks that it concerns."""
    moved: int
    breached: int
    """Clocks that are in time now and would be late by the change itself."""
    ended: int = 0
    """Clocks whose milestone would be left out."""


class _Tally:
    def __init__(self, now: datetime) -> None:
        self.now = seconds_of(now)
        self.running = self.moved = self.breached = self.ended = 0

    def count(self, before: int | None, after: int | None, *, late: bool, clocks: int = 1) -> None:
        self.running += clocks
        if before != after:
            self.moved += clocks
            self.breached += late and not (before is not None and before <= self.now)

    def result(self) -> Foresight:
        return Foresight(running=self.running, moved=self.moved, breached=self.breached, ended=self.ended)


async def foresee_calendar(reader: Reader, *, version: CalendarVersion) -> Foresight:
    """Count what would become of the running clocks of a calendar if this version were published now."""
    timetable = await get_timetable(reader)
    calendars = dict(timetable.calendars) | {version.key: version.calendar}
    tally = _Tally(reader.now)
    shift = Shift(timetable, version, reader.now)
    known = list(shift.known)
    since = seconds_of(shift.since)
    given = {"tenant": reader.tenant_id, "known": known}
    async for row in _chunks(await reader.session.stream(_MEASURED_ROWS, given)):
        after = None if row.due_at is None else shift.of(row.calendar, row.due_at)
        tally.count(_seconds(row.due_at), _seconds(after), late=False, clocks=row.clocks)
    event = Recalendar(seq=2**40, at=reader.now, calendar=version.key, effective_from=version.effective_from)
    where = (
        "k.calendar IS NOT NULL AND split_part(k.calendar, '@', 1) = :name AND k.calendar <> :key"
        " AND NOT (k.measured AND k.calendar = ANY(:known))"
    )
    async for row in _rows(reader, where, name=version.calendar_id, key=version.key, known=known):
        if row.seconds is None:
            _count_events(tally, row, calendars, event, reader.now)
            continue
        spans: Spans = ((None, calendars[row.calendar]), (since, version.calendar))
        due = _due(spans, row.started_at, row.seconds)
        tally.count(_seconds(row.due_at), due, late=due is not None and due < tally.now)
    return tally.result()


async def foresee_policies(reader: Reader, *, policies: Mapping[Severity, Policy]) -> Foresight:
    """Count what would become of the running clocks if these policies were published now."""
    live = await get_policies(reader)
    changed = {(d.severity, d.milestone_id): d.after for d in differences(live, policies) if d.before is not None}
    tally = _Tally(reader.now)
    if not changed:
        return tally.result()
    timetable = await get_timetable(reader, {m.clock for m in changed.values() if m is not None})
    where = "(c.severity, k.milestone) IN (SELECT * FROM unnest(CAST(:levels AS text[]), CAST(:names AS text[])))"
    levels, names = [level for level, _ in changed], [name for _, name in changed]
    async for row in _rows(reader, where, levels=levels, names=names):
        milestone = changed[row.severity, row.milestone]
        if milestone is None:
            tally.running += 1
            tally.ended += 1
            continue
        plan = _plan(milestone, row, timetable)
        if row.seconds is None or plan.seconds is None:
            event = Retarget(seq=2**40, at=reader.now, plan=plan)
            _count_events(tally, row, timetable.calendars, event, reader.now)
            continue
        calendar = None if plan.calendar is None else timetable.calendars[plan.calendar]
        after = _due(((None, calendar),), row.started_at, plan.seconds)
        tally.count(_seconds(row.due_at), after, late=after is not None and after < tally.now)
    return tally.result()


def _plan(milestone: Milestone, row: Any, timetable: Timetable) -> Plan:
    """A clock that stays on a calendar stays on its version of it, as `core.complaints.cases.retargeting` has it."""
    same = row.calendar is not None and row.calendar.rpartition("@")[0] == milestone.clock
    key = row.calendar if same else timetable.key_at(milestone.clock, row.started_at)
    return plan_of(milestone, "preview", key)


def _due(spans: Spans, start: datetime, seconds: int) -> int | None:
    try:
        found = due_over(spans, seconds_of(start), seconds)
    except NeverDue:
        return None
    return None if found is None else int(found)


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else seconds_of(instant)


def _count_events(tally: _Tally, row: Any, calendars: Mapping[str, Any], event: ClockEvent, now: datetime) -> None:
    if row.events is None:  # it has run plainly, but will count days
        start = Start(
            seq=1, at=row.started_at, plan=Plan(policy_version="", seconds=row.seconds, calendar=row.calendar)
        )
        events: tuple[ClockEvent, ...] = (start,)
    else:
        events = read_events(msgspec.json.decode(row.events))
    before = fold(events, calendars, now)
    after = apply(before, event, calendars, now)
    tally.count(_seconds(before.due_at), _seconds(after.due_at), late=after.status == "breached")


async def _rows(reader: Reader, where: str, **values: Any) -> AsyncIterator[Any]:
    bound = text(f"{_CLOCKS} AND {where}").bindparams(bindparam("tenant", type_=Uuid()))
    statement = bound.columns(due_at=DateTime(timezone=True), started_at=DateTime(timezone=True))
    given: dict[str, Any] = {"tenant": reader.tenant_id} | values
    async for row in _chunks(await reader.session.stream(statement, given)):
        yield row


async def _chunks(found: AsyncResult[Any]) -> AsyncIterator[Any]:
    async for chunk in found.partitions(_CHUNK):
        for row in chunk:
            yield row
        await asyncio.sleep(0)
