"""Finds due work over all tenants without a lock, and shows a tenant what waits and what died."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Executable,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from core.asked import Asked
from core.counts import Counter
from core.db import table_of
from core.driver import DriverSession
from core.outbox.models import Outbox
from core.outbox.ports import OpenReader
from core.outbox.rules import DueKey, cron_name

_O = table_of(Outbox)
_KEY = (_O.c.tenant_id, _O.c.outbox_id, _O.c.task, _O.c.attempts, _O.c.run_at)


class DeadWork(msgspec.Struct, frozen=True):
    """One piece of work that was given up after its last attempt; its payload is not for the page."""

    outbox_id: UUID
    task: str
    attempts: int
    run_at: datetime
    created_at: datetime
    finished_at: datetime | None
    last_error: str | None


class StateCount(msgspec.Struct, frozen=True):
    """How much work stands in one state, and since when the oldest is due."""

    task: str
    state: str
    count: int
    oldest: datetime


async def _keys(platform: AsyncSession, statement: Executable) -> list[DueKey]:
    return [DueKey(*row) for row in await platform.execute(statement)]


async def list_due(
    platform: AsyncSession,
    *,
    until: datetime,
    limit: int,
    tasks: Collection[str] | None = None,
    except_tenants: Collection[UUID] = (),
    direct: Collection[str] = (),
) -> list[DueKey]:
    """Return what is due, over all tenants, the longest waiting first.

    Args:
        platform: a session without a tenant, of the worker's role: only that one sees all tenants' keys.
        until: due at or before this instant.
        limit: no more than so many.
        tasks: only these; None means all.
        except_tenants: of these nothing, because they had their share.
        direct: of these tasks only what was tried before; the rest has a lane of its own.
    """
    conditions: list[ColumnElement[bool]] = [_O.c.state == "pending", _O.c.run_at <= until]
    if tasks is not None:
        conditions.append(_O.c.task.in_(tuple(tasks)))
    if except_tenants:
        conditions.append(_O.c.tenant_id.not_in(tuple(except_tenants)))
    if direct:
        conditions.append(or_(_O.c.task.not_in(tuple(direct)), _O.c.attempts > 0))
    return await _keys(platform, select(*_KEY).where(*conditions).order_by(_O.c.run_at).limit(limit))


# Its constants stand in the text: only then does a statement that is planned once use the index over what is pending.
_FRESH: Final = text(
    "SELECT tenant_id, outbox_id, task, attempts, run_at FROM outbox WHERE state = 'pending' AND attempts = 0"
    " AND run_at <= :until AND task = :task AND tenant_id <> ALL(:except_tenants) ORDER BY run_at LIMIT :most"
).bindparams(
    bindparam("until", type_=DateTime(timezone=True)),
    bindparam("task", type_=Text()),
    bindparam("except_tenants", type_=ARRAY(Uuid())),
    bindparam("most", type_=Integer()),
)


async def list_fresh(
    platform: DriverSession, *, task: str, until: datetime, limit: int, except_tenants: Collection[UUID] = ()
) -> list[DueKey]:
    """Return what is due of a task with a lane of its own and was never tried, over all tenants, longest waiting first."""
    values = {"until": until, "task": task, "most": limit, "except_tenants": list(except_tenants)}
    return [DueKey(*row) for row in await platform.execute(_FRESH, values)]


async def list_expired(platform: AsyncSession, *, now: datetime, limit: int) -> list[DueKey]:
    """Return sent work over all tenants whose lease ran out: its worker is gone, or the wake-up was lost."""
    condition = (_O.c.state == "sent", _O.c.lease_until <= now)
    return await _keys(platform, select(*_KEY).where(*condition).order_by(_O.c.lease_until).limit(limit))


async def count_in_flight(platform: AsyncSession) -> dict[tuple[UUID, str], int]:
    """Return how many rows of each tenant and task are sent and not yet done."""
    rows = await platform.execute(
        select(_O.c.tenant_id, _O.c.task, func.count()).where(_O.c.state == "sent").group_by(_O.c.tenant_id, _O.c.task)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


async def find_next_due(platform: AsyncSession, *, after: datetime, until: datetime) -> datetime | None:
    """Return the next instant in this span at which anything becomes due, or None."""
    query = select(func.min(_O.c.run_at)).where(_O.c.state == "pending", _O.c.run_at > after, _O.c.run_at <= until)
    found = await platform.scalar(query)
    return found if isinstance(found, datetime) else None


async def find_sweep_right(platform: AsyncSession) -> bool:
    """Tell whether this login may sweep over all tenants; any other would find nothing, and say nothing."""
    found = await platform.scalar(
        text(
            "SELECT EXISTS (SELECT 1 FROM pg_policies WHERE schemaname = current_schema() AND tablename = 'outbox'"
            " AND policyname = 'worker_sweep' AND current_user = ANY(roles))"
        )
    )
    return bool(found)


async def list_tenants_with_tick(platform: AsyncSession, *, cron: str, task: str) -> set[UUID]:
    """Return the tenants that have a tick of this cron ahead of them."""
    rows = await platform.execute(
        select(_O.c.tenant_id, _O.c.dedupe_key).where(_O.c.state.in_(("pending", "sent")), _O.c.task == task)
    )
    return {row[0] for row in rows if cron_name(row[1]) == cron}


async def list_dead(reader: OpenReader, *, before: UUID | None = None, limit: int = 50) -> list[DeadWork]:
    """Return the tenant's dead work, the newest first; `before` pages on."""
    columns = [_O.c[name] for name in DeadWork.__struct_fields__]
    query = select(*columns).where(_O.c.tenant_id == reader.tenant_id, _O.c.state == "dead")
    if before is not None:
        query = query.where(_O.c.outbox_id < before)
    rows = await reader.session.execute(query.order_by(_O.c.outbox_id.desc()).limit(limit))
    return [DeadWork(*row) for row in rows]


async def find_dead(reader: OpenReader, outbox_id: UUID) -> DeadWork | None:
    """Return one dead row of the tenant."""
    columns = [_O.c[name] for name in DeadWork.__struct_fields__]
    row: Any = (
        await reader.session.execute(
            select(*columns).where(
                _O.c.tenant_id == reader.tenant_id, _O.c.outbox_id == outbox_id, _O.c.state == "dead"
            )
        )
    ).first()
    return DeadWork(*row) if row is not None else None


@Counter
def count_dead(asked: Asked) -> Select[int]:
    """Return how much dead work the tenant has."""
    return select(func.count()).select_from(_O).where(_O.c.tenant_id == asked.tenant_id, _O.c.state == "dead")


async def list_state_counts(platform: AsyncSession, *, tenant_id: UUID | None = None) -> list[StateCount]:
    """Return how much work stands in which state, by task; over all tenants unless one is named."""
    query = select(_O.c.task, _O.c.state, func.count(), func.min(_O.c.run_at)).group_by(_O.c.task, _O.c.state)
    if tenant_id is not None:
        query = query.where(_O.c.tenant_id == tenant_id)
    return [StateCount(*row) for row in await platform.execute(query.order_by(_O.c.task, _O.c.state))]


async def list_dead_over_all(platform: AsyncSession, *, limit: int = 100) -> list[tuple[UUID, DeadWork]]:
    """Return dead work of all tenants for the operator, the newest first."""
    columns = [_O.c[name] for name in DeadWork.__struct_fields__]
    rows = await platform.execute(
        select(_O.c.tenant_id, *columns).where(_O.c.state == "dead").order_by(_O.c.outbox_id.desc()).limit(limit)
    )
    return [(row[0], DeadWork(*tuple(row)[1:])) for row in rows]
