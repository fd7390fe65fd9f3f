"""The job of tasks: one has come due."""

from typing import Any
from uuid import UUID

from core.casework.actions import TASK_DUE, tell_task_due
from core.uow import UnitOfWork
from workers.jobs import task


@task(TASK_DUE)
async def tell_due_task(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Tell its owner; nothing happens when the task ended meanwhile."""
    del outbox_id
    await tell_task_due(uow, task_id=UUID(str(payload["task_id"])))
