"""Rows of general tasks for the attack tests."""

from datetime import timedelta
from uuid import UUID

from core.hooks.records.text import both
from core.tasks.actions import open_task
from tests.workplaces import TestTenant


async def make_task(tenant: TestTenant) -> UUID:
    """A task of a plugin for the front desk."""
    async with tenant.unit() as uow:
        opened = await open_task(
            uow,
            plugin="petclinic",
            key="attack",
            title=both("回访顾客", "Call the customer back"),
            due_at=uow.now + timedelta(hours=2),
            role="front_desk",
        )
        assert opened is not None
        return opened


TASK_FACTORIES = {"general_task_id": make_task}
TASK_BODIES = {
    "POST /t/{slug:str}/tasks/{general_task_id:uuid}/dropped": {"note": "顾客自己来过了"},
}
