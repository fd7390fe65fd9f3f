"""Written reports and staff records: who did not open a report, and what is kept no longer."""

from typing import Any
from uuid import UUID

from core.case_reports.delivering import REMIND_TASK, remind_unopened
from core.staff_records.actions import PURGE_TASK, purge_records
from core.uow import UnitOfWork
from workers.jobs import task


@task(REMIND_TASK, rows=1)
async def remind(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Put a delivery that nobody opened for a day on the desk's list; once."""
    del outbox_id
    await remind_unopened(uow, delivery_id=UUID(payload["delivery_id"]))


@task(PURGE_TASK, rows=1)
async def purge(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Erase the staff records whose time is over."""
    del payload, outbox_id
    await purge_records(uow)
