"""Lets clocks that run plainly go on with a newer version of their calendar: their instants ahead shift, nothing is folded.

From the change on, how much open time is left until an instant of a clock says when it comes on the new calendar. So the
stored row and its row of the schedule are enough. Whatever is not that plain (a pause that lasts, a due time set by a
person, a step that waits for its acknowledgement, a stage that is due at this moment) is left to the fold.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Uuid, and_, bindparam, select, text

from core.clocks.rules import Recalendar, event_data
from core.complaints.cases.case import TOPIC, topic_of
from core.complaints.cases.storing import Changes, store
from core.complaints.models import Complaint
from core.db import one_of, table_of
from core.outbox.actions import Move
from core.outbox.models import Outbox
from core.policies.rules.calendars import CalendarVersion, Timetable
from core.policies.rules.shifting import Shift
from core.uow import UnitOfWork

_C, _O = table_of(Complaint), table_of(Outbox)
_CASE: Final = (*("complaint_id", "severity", "state", "stage", "policy_version", "event_seq"),)
_CLOCK: Final = (
    *("complaint_id", "milestone", "cycle", "position", "status"),
    *("started_at", "due_at", "completed_at", "breached_at", "calendar", "seconds", "measured"),
)
_CLOCKS: Final = (
    text(
        f"SELECT {', '.join(f'k.{name}' for name in _CLOCK)},"  # noqa: S608 - names of our own metadata
        " EXISTS (SELECT FROM told_stage t WHERE t.tenant_id = :tenant AND t.complaint_id = k.complaint_id"
        " AND t.milestone = k.milestone AND t.cycle = k.cycle AND t.stage LIKE 'step %' AND t.acknowledged_at IS NULL"
        ") AS waits FROM complaint_clock k"
        " WHERE k.tenant_id = :tenant AND k.complaint_id = ANY(:ids) AND k.status IN ('running', 'paused', 'breached')"
        " ORDER BY k.complaint_id, k.position, k.cycle, k.milestone"
    )
    .bindparams(bindparam("tenant", type_=Uuid()), bindparam("ids", type_=ARRAY(Uuid())))
    .columns(**{name: DateTime(timezone=True) for name in ("started_at", "due_at", "completed_at", "breached_at")})
)


class Followed(NamedTuple):
    """What became of a piece: clocks whose due time moved, and the cases that are left to the fold."""

    moved: int
    left: list[UUID]


class _Armed(NamedTuple):
    """A clock's one row of the schedule that is not done: when it runs, and whether it waits for that instant untried."""

    run_at: datetime
    waits: bool


class _New(NamedTuple):
    """A clock as it will be."""

    row: Any
    due_at: datetime
    run_at: datetime | None
    """Where its row of the schedule moves to; None when it stays."""


async def recalendar_plain(
    uow: UnitOfWork, ids: Sequence[UUID], *, version: CalendarVersion, timetable: Timetable, note: str
) -> Followed:
    """Lock cases and let those follow a calendar's version whose clocks are all plain; the others stay as they are."""
    query = select(*(_C.c[name] for name in _CASE)).where(
        _C.c.tenant_id == uow.tenant_id, one_of(_C.c.complaint_id, ids)
    )
    locked = await uow.session.execute(query.order_by(_C.c.complaint_id).with_for_update())
    cases = {row.complaint_id: row for row in locked}
    clocks = (await uow.session.execute(_CLOCKS, {"tenant": uow.tenant_id, "ids": list(cases)})).all()
    armed = await _read_schedule(uow, [_key(row) for row in clocks if _follows(row, version)])
    shift, changes, left, moved = Shift(timetable, version, uow.now), Changes(), [], 0
    event = event_data(
        Recalendar(seq=0, at=uow.now, by=uow.actor.name, calendar=version.key, effective_from=version.effective_from)
    )
    for complaint_id, found in groupby(clocks, attrgetter("complaint_id")):
        rows = list(found)
        mine = [row for row in rows if _follows(row, version)]
        new = [one for row in mine if (one := _shifted(row, armed.get(_key(row)), shift, uow.now)) is not None]
        if len(new) == len(mine):
            moved += _collect(uow, changes, cases[complaint_id], rows, new, event, note)
        else:
            left.append(complaint_id)
    await store(uow, changes)
    if moved:
        uow.publish(TOPIC, {"reason": note})
    return Followed(moved, left)


def _follows(row: Any, version: CalendarVersion) -> bool:
    key: str | None = row.calendar
    return key is not None and key != version.key and key.rpartition("@")[0] == version.calendar_id


def _key(row: Any) -> str:
    return f"clock:{row.complaint_id}:{row.milestone}:{row.cycle}"


async def _read_schedule(uow: UnitOfWork, keys: Sequence[str]) -> dict[str, _Armed]:
    query = select(_O.c.dedupe_key, _O.c.run_at, and_(_O.c.state == "pending", _O.c.attempts == 0).label("waits"))
    query = query.where(_O.c.tenant_id == uow.tenant_id, one_of(_O.c.dedupe_key, keys), _O.c.state != "done")
    return {row.dedupe_key: _Armed(row.run_at, row.waits) for row in await uow.session.execute(query)}


def _shifted(row: Any, armed: _Armed | None, shift: Shift, now: datetime) -> _New | None:
    """Return a clock as it will be; None when its events have to say."""
    if not row.measured or row.due_at is None or row.calendar not in shift.known:
        return None
    if row.status == "breached":  # all that is still ahead of it counts from its due time, by the wall clock
        return _New(row, row.due_at, None) if row.due_at <= now else None
    if row.status != "running" or row.due_at <= now or row.waits:
        return None
    if armed is None or not armed.waits or not now < armed.run_at <= row.due_at:
        return None
    due, run_at = shift.of(row.calendar, row.due_at), shift.of(row.calendar, armed.run_at)
    return None if due is None or run_at is None else _New(row, due, None if run_at == armed.run_at else run_at)


def _collect(
    uow: UnitOfWork, changes: Changes, case: Any, rows: list[Any], new: list[_New], event: dict[str, Any], note: str
) -> int:
    """Hand over what is written of one case and return how many of its due times moved."""
    seq: int = case.event_seq
    dues = {(row.milestone, row.cycle): row.due_at for row in rows}
    keys = {"tenant_id": uow.tenant_id, "complaint_id": case.complaint_id}
    names = []
    for row, due_at, run_at in new:
        seq += 1
        place = keys | {"milestone": row.milestone, "cycle": row.cycle}
        stored = {name: getattr(row, name) for name in _CLOCK}
        changes.clocks.append(stored | {"due_at": due_at, "calendar": event["calendar"], "seconds": None})
        changes.events.append(place | {"seq": seq, "event": event | {"seq": seq}})
        if due_at != row.due_at:
            names.append(row.milestone)
            dues[row.milestone, row.cycle] = due_at
        if run_at is not None:
            payload = {"complaint_id": str(case.complaint_id), "milestone": row.milestone, "cycle": row.cycle}
            changes.moves.append(Move(_key(row), run_at, payload))
    if names:
        seq += 1
        changes.history.append(_told(uow, case.complaint_id, seq, {"reason": note, "milestones": names}))
        uow.publish(topic_of(case.complaint_id), {"complaint_id": str(case.complaint_id)})
    timed = [row for row in rows if dues[row.milestone, row.cycle] is not None] if case.state == "open" else []
    first = min(timed, key=lambda row: (dues[row.milestone, row.cycle], row.position), default=None)
    changes.summaries.append(
        {name: getattr(case, name) for name in _CASE}
        | {
            "event_seq": seq,
            "next_milestone": None if first is None else first.milestone,
            "next_started_at": None if first is None else first.started_at,
            "next_due_at": None if first is None else dues[first.milestone, first.cycle],
        }
    )
    return len(names)


def _told(uow: UnitOfWork, complaint_id: UUID, seq: int, data: dict[str, Any]) -> dict[str, Any]:
    actor = uow.actor
    return {
        "tenant_id": uow.tenant_id,
        "complaint_id": complaint_id,
        "seq": seq,
        "at": uow.now,
        "kind": "rules_moved",
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name if actor.kind != "customer" else "",
        "data": data,
    }
