"""Duplicates: whoever is new or changed is compared with the others; at night those whom nobody looked at yet."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.customers.bulk import LOOK_TASK
from core.merges.merging import SETTLE_TASK, settle_merge
from core.merges.twins import SWEEP_TASK, look_for_twins, sweep_for_twins
from core.uow import UnitOfWork
from workers.jobs import task


@task(LOOK_TASK, rows=1, tenant_limit=4)
async def look_at_customers(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Compare a few customers with all others."""
    del outbox_id
    await look_for_twins(uow, customer_ids=[UUID(one) for one in payload["customers"]])


@task(SWEEP_TASK, rows=1, tenant_limit=1)
async def sweep_customers(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Look at a piece of those who were never looked at; come again at once while there are more."""
    del payload, outbox_id
    return uow.now if await sweep_for_twins(uow) else None


@task(SETTLE_TASK, rows=1)
async def settle(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Let what was written for the merged customer in the moment of the merge follow too."""
    del outbox_id
    await settle_merge(uow, merge_id=UUID(payload["merge_id"]))
