"""Exports: a long file written piece by piece, and thrown away when its days are over."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.exports.actions import EXPIRE_TASK, RUN_TASK, expire_export, run_export
from core.uow import UnitOfWork
from workers.jobs import task


@task(RUN_TASK, timeout=300.0, rows=1, tenant_limit=2)
async def write_export(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Write the next piece; come again at once while there are more."""
    del outbox_id
    return uow.now if await run_export(uow, export_id=UUID(payload["export_id"])) else None


@task(EXPIRE_TASK)
async def end_export(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Throw a file away after its seven days."""
    del outbox_id
    await expire_export(uow, export_id=UUID(payload["export_id"]))
