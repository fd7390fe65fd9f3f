"""Erasing a person as somebody asked, the rest when a law lets it go, and the list that outlives a backup."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from core.privacy.erasing import ERASE_TASK, KEEP_TASK, REST_TASK, erase_for_request, erase_rest
from core.uow import UnitOfWork
from workers.jobs import task

TOMBSTONES = "erasures.jsonl"


@task(ERASE_TASK, rows=1, timeout=300.0)
async def erase(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """All or nothing: the person is whole or gone, never half."""
    del outbox_id
    await erase_for_request(uow, request_id=UUID(payload["request_id"]))
    return None


@task(REST_TASK, rows=1, timeout=300.0)
async def erase_kept(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """The last paper that a law held may go."""
    del outbox_id
    await erase_rest(uow, customer_id=UUID(payload["customer_id"]))
    return None


@task(KEEP_TASK, rows=1)
async def keep_tombstone(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Write who was erased beside the database, once that is committed: a restored backup does not know it."""
    del outbox_id
    line = msgspec.json.encode({"tenant_id": str(uow.tenant_id), **payload}) + b"\n"
    path = Path(os.environ.get("VAR", "var")) / TOMBSTONES
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return None
