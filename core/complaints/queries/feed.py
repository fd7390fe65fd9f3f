"""Reads complaints in the order they were filed, for other programs that fetch what came."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.complaints.models import Complaint
from core.db import table_of
from core.hooks.records.complaints import Severity
from core.uow import Reader

_C = table_of(Complaint)


class ComplaintFact(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint without its words."""

    complaint_id: UUID
    number: int
    title: str
    severity: Severity
    state: str
    channel: str
    category: str | None
    branch_id: UUID | None
    customer_id: UUID | None
    received_at: datetime
    next_milestone: str | None
    next_due_at: datetime | None


_COLUMNS = tuple(_C.c[name] for name in ComplaintFact.__struct_fields__)


async def list_filed(reader: Reader, *, after: UUID | None, state: str | None, limit: int) -> list[ComplaintFact]:
    """Return a page, oldest first: ids rise with time, so the last one says where the next page begins."""
    query = select(*_COLUMNS).where(_C.c.tenant_id == reader.tenant_id)
    if after is not None:
        query = query.where(_C.c.complaint_id > after)
    if state is not None:
        query = query.where(_C.c.state == state)
    rows = await reader.session.execute(query.order_by(_C.c.complaint_id).limit(limit))
    return [ComplaintFact(**row._mapping) for row in rows]  # noqa: SLF001 - a public name of SQLAlchemy
