"""Reads complaints in the order they were filed, for other programs that fetch what came."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.complaints.models import Complaint, Notice
from core.db import table_of
from core.hooks.records.complaints import Severity
from core.uow import Reader

_C, _N = table_of(Complaint), table_of(Notice)
SETTLED: Final = timedelta(seconds=2)
"""Ids are made before they are committed: what is younger may still be followed by an older one, so it comes next time."""


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


class NoticeFact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was told that a promise is near its end, due or broken."""

    notice_id: UUID
    complaint_id: UUID
    milestone: str
    cycle: int
    stage: str
    role: str
    staff_id: UUID
    due_at: datetime
    sent_at: datetime
    read_at: datetime | None


_NOTICE = tuple(_N.c[name] for name in NoticeFact.__struct_fields__)
_COLUMNS = tuple(_C.c[name] for name in ComplaintFact.__struct_fields__)


async def list_filed(reader: Reader, *, after: UUID | None, state: str | None, limit: int) -> list[ComplaintFact]:
    """Return a page, oldest first: ids rise with time, so the last one says where the next page begins."""
    settled = _C.c.received_at <= reader.now - SETTLED
    query = select(*_COLUMNS).where(_C.c.tenant_id == reader.tenant_id, settled)
    if after is not None:
        query = query.where(_C.c.complaint_id > after)
    if state is not None:
        query = query.where(_C.c.state == state)
    rows = await reader.session.execute(query.order_by(_C.c.complaint_id).limit(limit))
    return [ComplaintFact(**row._mapping) for row in rows]  # noqa: SLF001 - a public name of SQLAlchemy


async def list_notices_after(reader: Reader, *, after: UUID | None, limit: int) -> list[NoticeFact]:
    """Return a page of what staff were told, oldest first."""
    query = select(*_NOTICE).where(_N.c.tenant_id == reader.tenant_id, _N.c.sent_at <= reader.now - SETTLED)
    if after is not None:
        query = query.where(_N.c.notice_id > after)
    rows = await reader.session.execute(query.order_by(_N.c.notice_id).limit(limit))
    return [NoticeFact(**row._mapping) for row in rows]  # noqa: SLF001 - as above
