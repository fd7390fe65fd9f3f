"""Writes the clocks, events and history of one case or of hundreds, each kind in one statement."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Text, Uuid, bindparam, text

from core.bulk_insert import insert_many
from core.complaints.models import ClockEvent, Complaint, ComplaintClock, ComplaintEvent
from core.db import table_of
from core.outbox.actions import Move, cancel_work, move_work
from core.uow import UnitOfWork

CLOCK_TASK: Final = "complaints.clock"
"""The task that fires when a clock's next instant has come."""
_C, _K = table_of(Complaint), table_of(ComplaintClock)
_E, _KE = table_of(ComplaintEvent), table_of(ClockEvent)


class Changes(msgspec.Struct):
    """What cases have to write; filled by them, written by `store`."""

    summaries: list[dict[str, Any]] = []
    clocks: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    moves: list[Move] = []
    ended: list[str] = []


def _types(table: Any, names: Sequence[str]) -> dict[str, str]:
    kinds = {Uuid: "uuid", BigInteger: "bigint", DateTime: "timestamptz", Text: "text", Boolean: "boolean"}
    return {name: kinds[type(table.c[name].type)] for name in names}


_CLOCK = _types(
    _K,
    (
        *("complaint_id", "milestone", "cycle", "position", "status"),
        *("started_at", "due_at", "completed_at", "breached_at", "calendar", "seconds", "measured"),
    ),
)
_SUMMARY = _types(
    _C,
    (
        *("complaint_id", "severity", "state", "stage", "policy_version", "event_seq"),
        *("next_milestone", "next_started_at", "next_due_at"),
    ),
)


def _unnest(types: dict[str, str]) -> str:
    return ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in types.items())


def _bound(sql: str, table: Any, types: dict[str, str]) -> Any:
    return text(sql).bindparams(*(bindparam(name, type_=ARRAY(table.c[name].type)) for name in types))


_KEEP = ", ".join(f"{name} = excluded.{name}" for name in list(_CLOCK)[3:])
_CLOCKS = _bound(
    f"INSERT INTO complaint_clock (tenant_id, {', '.join(_CLOCK)})"  # noqa: S608 - names of our own metadata
    f" SELECT CAST(:tenant AS uuid), r.* FROM unnest({_unnest(_CLOCK)}) AS r"
    f" ON CONFLICT (tenant_id, complaint_id, milestone, cycle) DO UPDATE SET {_KEEP}",
    _K,
    _CLOCK,
)
_SUMMARIES = _bound(
    f"UPDATE complaint AS c SET {', '.join(f'{name} = r.{name}' for name in list(_SUMMARY)[1:])}"  # noqa: S608 - names of our own metadata
    f" FROM unnest({_unnest(_SUMMARY)}) AS r ({', '.join(_SUMMARY)})"
    " WHERE c.tenant_id = CAST(:tenant AS uuid) AND c.complaint_id = r.complaint_id",
    _C,
    _SUMMARY,
)


def _columns(rows: Sequence[dict[str, Any]], types: dict[str, str], tenant_id: UUID) -> dict[str, Any]:
    return {"tenant": str(tenant_id)} | {name: [row[name] for row in rows] for name in types}


async def store(uow: UnitOfWork, changes: Changes) -> None:
    """Write everything and move the one row of the schedule that each changed clock owns."""
    if changes.summaries:
        await uow.session.execute(_SUMMARIES, _columns(changes.summaries, _SUMMARY, uow.tenant_id))
    if changes.clocks:
        await uow.session.execute(_CLOCKS, _columns(changes.clocks, _CLOCK, uow.tenant_id))
    await insert_many(uow.session, _KE, changes.events)
    await insert_many(uow.session, _E, changes.history)
    await move_work(uow, task=CLOCK_TASK, moves=changes.moves)
    if changes.ended:
        await cancel_work(uow, dedupe_keys=changes.ended)
