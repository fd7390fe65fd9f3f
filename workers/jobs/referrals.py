"""Referrals: qualified, decided and taken back as purchases and refunds come in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.referrals.cases import sweep_referrals
from core.uow import UnitOfWork
from tenants.staff_list import WorkingStaff
from workers.jobs import task

STAFF = WorkingStaff()


@task("referrals.sweep", rows=1, tenant_limit=1)
async def sweep(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Move on a piece of the cases that are due; come again at once while there are more."""
    del payload, outbox_id
    return uow.now if await sweep_referrals(uow, staff=STAFF) else None
