"""Imports: the dry run of a large file, the run itself and its undo, piece by piece and resumable at any row."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.customers.bulk import refresh_words
from core.imports.actions import check_rows
from core.imports.running import WORDS_TASK, run_chunk
from core.imports.undoing import undo_chunk
from core.uow import UnitOfWork
from workers.jobs import task


@task("imports.check", timeout=300.0, rows=1, tenant_limit=2, retries=2)
async def check_import(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Judge every row of a file in one transaction; a killed one starts again from nothing."""
    del outbox_id
    await check_rows(uow, batch_id=UUID(payload["batch_id"]))


@task("imports.run", rows=1, tenant_limit=2)
async def run_import(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Work off the next rows; come again at once while there are more."""
    del outbox_id
    return uow.now if await run_chunk(uow, batch_id=UUID(payload["batch_id"])) else None


@task(WORDS_TASK, rows=1, tenant_limit=1)
async def write_words(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Make the people of one piece findable; while it does, the next piece runs."""
    del outbox_id
    await refresh_words(uow, [UUID(one) for one in payload["customers"]], compare=False)


@task("imports.undo", rows=1, tenant_limit=2)
async def undo_import(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Take the next rows back; come again at once while there are more."""
    del outbox_id
    return uow.now if await undo_chunk(uow, batch_id=UUID(payload["batch_id"])) else None
