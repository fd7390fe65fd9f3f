"""Puts work into the schedule, moves it, takes it out, and lets people deal with what died."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import encode_json, new_id, table_of
from core.errors import NotFound
from core.hooks.records.events import Event
from core.outbox.models import Outbox
from core.outbox.ports import OpenUnit
from core.outbox.rules import ON_EVENT, START_CRONS, TOPIC, Cron, cron_key, next_tick

_O = table_of(Outbox)
_MOVE = text(
    "INSERT INTO outbox (tenant_id, outbox_id, task, payload, dedupe_key, run_at, state, attempts, created_at)"
    " SELECT CAST(:tenant AS uuid), r.id, :task, CAST(r.payload AS jsonb), r.key, r.run_at, 'pending', 0, :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:times AS timestamptz[]), CAST(:payloads AS text[]))"
    " AS r (id, key, run_at, payload) ON CONFLICT (tenant_id, dedupe_key) DO UPDATE SET task = excluded.task,"
    " payload = excluded.payload, run_at = excluded.run_at, state = excluded.state, attempts = excluded.attempts,"
    " lease_until = NULL, last_error = NULL, finished_at = NULL"
).bindparams(
    bindparam("task", type_=Text()),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("ids", type_=ARRAY(Uuid())),
    bindparam("keys", type_=ARRAY(Text())),
    bindparam("times", type_=ARRAY(DateTime(timezone=True))),
    bindparam("payloads", type_=ARRAY(Text())),
)
# Made once: every unit that asks for work runs it.
_ADD = insert(_O).on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"]).returning(_O.c.outbox_id)


async def add_work(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    task: str,
    payload: dict[str, Any],
    now: datetime,
    run_at: datetime | None,
    dedupe_key: str | None,
    outbox_id: UUID | None = None,
) -> UUID | None:
    """Insert one row and return its id; None when the dedupe key is taken: the work is already asked for."""
    outbox_id = outbox_id or new_id()
    row = {
        "tenant_id": tenant_id,
        "outbox_id": outbox_id,
        "task": task,
        "payload": payload,
        "dedupe_key": dedupe_key,
        "run_at": run_at or now,
        "state": "pending",
        "attempts": 0,
        "created_at": now,
    }
    return outbox_id if (await session.execute(_ADD, row)).first() is not None else None


class Move(msgspec.Struct, frozen=True):
    """When the one row of a key runs next, and with what."""

    dedupe_key: str
    run_at: datetime
    payload: dict[str, Any]


async def move_work(uow: OpenUnit, *, task: str, moves: Sequence[Move]) -> None:
    """Make the one row of each key run at its instant, with its payload, whatever became of it before.

    For what has one next instant at a time, as a running clock has; a job may move its own row. One statement for all.
    """
    if not moves:
        return
    given = {
        "tenant": str(uow.tenant_id),
        "task": task,
        "now": uow.now,
        "ids": [new_id() for _ in moves],
        "keys": [move.dedupe_key for move in moves],
        "times": [move.run_at for move in moves],
        "payloads": [encode_json(move.payload) for move in moves],
    }
    await uow.session.execute(_MOVE, given)
    if any(move.run_at <= uow.now for move in moves):
        uow.wake = True


async def cancel_work(uow: OpenUnit, *, dedupe_keys: Iterable[str]) -> None:
    """Take work out of the schedule; what already runs ends first, what never existed is no mistake."""
    await uow.session.execute(
        update(_O)
        .where(
            _O.c.tenant_id == uow.tenant_id,
            _O.c.dedupe_key.in_(tuple(dedupe_keys)),
            _O.c.state.in_(("pending", "sent", "dead")),
        )
        .values(state="done", finished_at=uow.now, lease_until=None)
    )


async def emit_event(uow: OpenUnit, event: Event) -> None:
    """Tell the plugins what happened, once it has been committed; the event's id is the id of its row."""
    await add_work(
        uow.session,
        tenant_id=uow.tenant_id,
        task=ON_EVENT,
        payload=msgspec.to_builtins(event),
        now=uow.now,
        run_at=None,
        dedupe_key=None,
        outbox_id=event.event_id,
    )
    uow.wake = True


async def start_crons(session: AsyncSession, *, tenant_id: UUID, now: datetime) -> None:
    """Ask the worker to give a new tenant its first tick of every cron; part of creating a tenant."""
    await add_work(
        session,
        tenant_id=tenant_id,
        task=START_CRONS,
        payload={},
        now=now,
        run_at=None,
        dedupe_key=START_CRONS,
    )


async def add_tick(uow: OpenUnit, cron: Cron, *, timezone: str, payload: dict[str, Any] | None = None) -> None:
    """Schedule a cron's next tick in this transaction; ticks that passed meanwhile are not made up for."""
    tick = next_tick(cron, after=uow.now, timezone=timezone, tenant_id=uow.tenant_id)
    await add_work(
        uow.session,
        tenant_id=uow.tenant_id,
        task=cron.task,
        payload=payload or {},
        now=uow.now,
        run_at=tick,
        dedupe_key=cron_key(cron.name, tick),
    )


async def retry_dead(uow: OpenUnit, outbox_id: UUID) -> None:
    """Run one dead row again, now, with all its attempts.

    Raises:
        NotFound: no such row, or it is not dead (any more).
    """
    if not await _revive(uow, _O.c.outbox_id == outbox_id):
        raise NotFound(outbox_id=outbox_id)
    uow.audit("job.retry", "job", outbox_id)


async def retry_all_dead(uow: OpenUnit) -> int:
    """Run every dead row of the tenant again and return how many there were."""
    count = await _revive(uow)
    if count:
        uow.audit("job.retry_all", "job", None, {"count": count})
    return count


async def _revive(uow: OpenUnit, *conditions: Any) -> int:
    rows = await uow.session.execute(
        update(_O)
        .where(_O.c.tenant_id == uow.tenant_id, _O.c.state == "dead", *conditions)
        .values(state="pending", attempts=0, run_at=uow.now, lease_until=None, finished_at=None)
        .returning(_O.c.outbox_id)
    )
    count = len(rows.all())
    if count:
        uow.wake = True
        uow.publish(TOPIC, {"kind": "retried", "count": count})
    return count


async def discard_dead(uow: OpenUnit, outbox_id: UUID) -> None:
    """Give up one dead row for good; the audit log keeps what it was and why it died.

    Raises:
        NotFound: no such row, or it is not dead (any more).
    """
    gone = (
        await uow.session.execute(
            delete(_O)
            .where(_O.c.tenant_id == uow.tenant_id, _O.c.outbox_id == outbox_id, _O.c.state == "dead")
            .returning(_O.c.task, _O.c.attempts, _O.c.last_error)
        )
    ).first()
    if gone is None:
        raise NotFound(outbox_id=outbox_id)
    uow.audit("job.discard", "job", outbox_id, {"task": gone.task, "attempts": gone.attempts, "error": gone.last_error})
    uow.publish(TOPIC, {"kind": "discarded", "count": 1})


async def purge_done(uow: OpenUnit, *, before: datetime, limit: int) -> int:
    """Delete work that was done before an instant, the oldest first, and return how many rows went."""
    # Ids are in order of creation, so the primary key finds the old rows without an index of their own.
    newest = UUID(int=int(before.timestamp() * 1000) << 80)
    old = (
        _O.select()
        .with_only_columns(_O.c.outbox_id)
        .where(
            _O.c.tenant_id == uow.tenant_id,
            _O.c.outbox_id < newest,
            _O.c.state == "done",
            _O.c.finished_at < before,
        )
        .order_by(_O.c.outbox_id)
        .limit(limit)
    )
    gone = await uow.session.execute(
        delete(_O)
        .where(_O.c.tenant_id == uow.tenant_id, _O.c.outbox_id.in_(old.scalar_subquery()))
        .returning(_O.c.outbox_id)
    )
    return len(gone.all())
