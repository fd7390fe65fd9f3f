"""Birthdays: each night the gifts are opened whose window begins."""

from typing import Any
from uuid import UUID

from core.birthdays.actions import open_gifts
from core.uow import UnitOfWork
from workers.jobs import task


@task("birthdays.open", rows=1, tenant_limit=1, timeout=120.0)
async def open_birthdays(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Open what is due; done again it finds nothing."""
    del payload, outbox_id
    await open_gifts(uow)
