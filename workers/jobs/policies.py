"""The job of published rules: running clocks follow a version of the policies or of a calendar, some cases at a time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.complaints.actions.moving import continue_move
from core.policies.actions import MOVE_TASK
from core.uow import UnitOfWork
from workers.jobs import task


@task(MOVE_TASK, timeout=300.0, rows=1, tenant_limit=2)
async def follow_version(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Move the next cases; come again at once while there are more."""
    del outbox_id
    more = await continue_move(uow, subject=str(payload["subject"]), number=int(payload["number"]))
    return uow.now if more else None
