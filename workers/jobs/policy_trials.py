"""Trials of complaint policies over a long past, the nightly count of risks, and the month on paper."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.complaint_reports.months import keep_last_month
from core.complaint_reports.risks import count_risks
from core.policy_trials.actions import RUN_TASK, continue_trial
from core.uow import UnitOfWork
from workers.jobs import task


@task(RUN_TASK, timeout=300.0, rows=1, tenant_limit=2)
async def run_trial_piece(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Replay the next cases; come again at once while there are more."""
    del outbox_id
    return uow.now if await continue_trial(uow, trial_id=UUID(payload["trial_id"])) else None


@task("complaints.risks", timeout=300.0, rows=1)
async def count_night(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Count how clocks of each kind lived."""
    del payload, outbox_id
    await count_risks(uow)


@task("complaints.month", timeout=120.0, rows=1)
async def keep_paper(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Put the month that is over on paper; every day, and nothing happens when it is there."""
    del payload, outbox_id
    await keep_last_month(uow)
