"""Keeps each month that is over as a PDF, once; a first of the month without a worker is caught up on."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaint_reports.models import ComplaintMonth
from core.complaint_reports.paper import make_month
from core.complaints.models import Complaint
from core.days import local_date
from core.db import new_id, table_of
from core.errors import NotFound
from core.files.actions import store_made
from core.files.queries import get_content, get_file
from core.reports.rules.spans import months_before
from core.uow import Reader, UnitOfWork

_M, _C = table_of(ComplaintMonth), table_of(Complaint)
OWNER: Final = "complaint_month"
MEDIA: Final = "application/pdf"


class MonthFile(msgspec.Struct, frozen=True, kw_only=True):
    """One month on paper."""

    month: date
    file_id: UUID
    cases: int
    made_at: Any


async def keep_last_month(uow: UnitOfWork) -> date | None:
    """Make the paper of the month that is over; None when it is there already, or nobody has ever complained."""
    today = uow.today
    return await keep_month(uow, month=months_before(today.replace(day=1), 1))


async def keep_month(uow: UnitOfWork, *, month: date) -> date | None:
    """Make and keep the paper of one month."""
    known = select(_M.c.month).where(_M.c.tenant_id == uow.tenant_id, _M.c.month == month)
    first = select(func.min(_C.c.received_at)).where(_C.c.tenant_id == uow.tenant_id)
    begun = await uow.session.scalar(first)
    over = uow.today.replace(day=1) > month
    if not over or begun is None or await uow.session.scalar(known) is not None:
        return None
    if local_date(begun, uow.scope.timezone).replace(day=1) > month:
        return None
    content, cases = await make_month(uow, month)
    file = await store_made(
        uow,
        content=content,
        filename=f"complaints-{month:%Y-%m}.pdf",
        media_type=MEDIA,
        purpose="report",
        owner_kind=OWNER,
        owner_id=new_id(),
    )
    row = {"tenant_id": uow.tenant_id, "month": month, "file_id": file.file_id, "cases": cases, "made_at": uow.now}
    await uow.session.execute(upsert(_M).values(row).on_conflict_do_nothing())
    uow.audit("complaint_month.keep", "complaint_month", file.file_id, {"month": month.isoformat()})
    return month


async def list_months(reader: Reader, *, limit: int = 120) -> list[MonthFile]:
    """Return the months on paper, newest first."""
    columns = tuple(_M.c[name] for name in MonthFile.__struct_fields__)
    query = select(*columns).where(_M.c.tenant_id == reader.tenant_id).order_by(_M.c.month.desc()).limit(limit)
    return [MonthFile(**row) for row in (await reader.session.execute(query)).mappings()]


async def get_month_file(reader: Reader, *, month: date) -> bytes:
    """Return the PDF of a month; NotFound when it was never made."""
    query = select(_M.c.file_id).where(_M.c.tenant_id == reader.tenant_id, _M.c.month == month)
    file_id = await reader.session.scalar(query)
    if file_id is None:
        raise NotFound("no paper of this month")
    return await get_content(reader, await get_file(reader, file_id))
