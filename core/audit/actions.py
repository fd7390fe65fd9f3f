"""Writes acts to the end of the tenant's chain, at the end of the transaction, so that its lock is short."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from core.audit.models import AuditEntry, AuditHead
from core.audit.rules import GENESIS, Act, chain_hash
from core.db import table_of

_HEAD = table_of(AuditHead)
_ENTRY = table_of(AuditEntry)


async def append_acts(session: AsyncSession, *, tenant_id: UUID, acts: Sequence[Act]) -> None:
    """Append the acts in order; the head's row lock makes concurrent writers of one tenant queue up."""
    connection = await session.connection()
    head = (
        await connection.execute(
            upsert(_HEAD)
            .values(tenant_id=tenant_id, seq=0, hash=GENESIS)
            .on_conflict_do_update(index_elements=["tenant_id"], set_={"seq": _HEAD.c.seq})
            .returning(_HEAD.c.seq, _HEAD.c.hash)
        )
    ).one()
    seq, previous = int(head.seq), str(head.hash)
    rows = []
    for act in acts:
        seq += 1
        digest = chain_hash(previous, seq, act)
        rows.append(
            {"tenant_id": tenant_id, "seq": seq, "prev_hash": previous, "hash": digest} | msgspec.structs.asdict(act)
        )
        previous = digest
    await connection.execute(insert(_ENTRY), rows)
    await connection.execute(update(_HEAD).where(_HEAD.c.tenant_id == tenant_id).values(seq=seq, hash=previous))
