"""Gives out display numbers, one after the other for each tenant and kind."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.counters.models import Counter
from core.db import table_of

_COUNTER = table_of(Counter)


async def take_number(session: AsyncSession, *, tenant_id: UUID, name: str, count: int = 1) -> int:
    """Take `count` numbers and return the first; the row stays locked to the end, so numbers have no gaps."""
    statement = insert(_COUNTER).values(tenant_id=tenant_id, name=name, value=count)
    value = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "name"], set_={"value": _COUNTER.c.value + count}
        ).returning(_COUNTER.c.value)
    )
    assert isinstance(value, int)
    return value - count + 1
