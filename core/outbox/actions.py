"""Puts work into the schedule, claims what is due inside one tenant, and writes down how it went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import new_id, table_of
from core.outbox.models import Outbox

_O = table_of(Outbox)


async def add_work(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    task: str,
    payload: dict[str, Any],
    now: datetime,
    run_at: datetime | None,
    dedupe_key: str | None,
) -> UUID | None:
    """Insert one row and return its id; None when the dedupe key is taken: the work is already asked for."""
    outbox_id = new_id()
    inserted = await session.execute(
        insert(_O)
        .values(
            tenant_id=tenant_id,
            outbox_id=outbox_id,
            task=task,
            payload=payload,
            dedupe_key=dedupe_key,
            run_at=run_at or now,
            state="pending",
            attempts=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"])
        .returning(_O.c.outbox_id)
    )
    return outbox_id if inserted.first() is not None else None
