"""Reads the audit log."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit.models import AuditEntry
from core.audit.rules import Act, first_break

_E = AuditEntry


def _act(row: AuditEntry) -> Act:
    return Act(
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        action=row.action,
        entity=row.entity,
        entity_id=row.entity_id,
        details=row.details,
    )


async def list_acts(session: AsyncSession, *, before: int | None = None, limit: int = 50) -> Sequence[tuple[int, Act]]:
    """Return the newest acts first, each with its number; `before` pages on."""
    query = select(_E).order_by(_E.tenant_id, _E.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(_E.seq < before)
    return [(row.seq, _act(row)) for row in await session.scalars(query)]


async def find_first_break(session: AsyncSession) -> int | None:
    """Return the number of the first entry that does not follow from the one before it, or None when all is whole."""
    rows = await session.scalars(select(_E).order_by(_E.seq))
    return first_break((row.seq, row.prev_hash, row.hash, _act(row)) for row in rows)
