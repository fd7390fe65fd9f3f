"""Customers who stay away: the nightly look."""

from typing import Any
from uuid import UUID

from core.churn.actions.sweep import SWEEP_TASK, sweep
from core.uow import UnitOfWork
from tenants.churn_team import TEAM
from workers.jobs import task


@task(SWEEP_TASK, rows=1, tenant_limit=1, timeout=300.0)
async def look(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Close what ended by itself, and open a case for each new sign."""
    del payload, outbox_id
    await sweep(uow, team=TEAM)
