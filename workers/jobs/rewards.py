"""The night of coupons: those whose last day is over are written down as expired."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.rewards.actions import expire_coupons
from core.uow import UnitOfWork
from workers.jobs import task

BATCH: Final = 500


@task("coupons.expire", rows=1, tenant_limit=1, timeout=120.0)
async def expire_due(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Write a batch down; come again at once while there is more."""
    del payload, outbox_id
    return uow.now if await expire_coupons(uow, limit=BATCH) == BATCH else None
