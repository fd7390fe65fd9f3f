"""The job of tasks: one has come due."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.casework.actions import TASK_DUE, tell_task_due
from core.casework.queries import list_cases_of
from core.complaints.cases.case import hold_cases
from core.uow import UnitOfWork
from workers.jobs import task


async def _hold_cases(uow: UnitOfWork, payloads: Sequence[Mapping[str, Any]]) -> None:
    await hold_cases(uow, await list_cases_of(uow, [UUID(str(payload["task_id"])) for payload in payloads]))


@task(TASK_DUE, hold=_hold_cases)
async def tell_due_task(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Tell its owner; nothing happens when the task ended meanwhile."""
    del outbox_id
    await tell_task_due(uow, task_id=UUID(str(payload["task_id"])))
