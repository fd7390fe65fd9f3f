"""The night of loyalty: what is due on accounts that nobody touched."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from core.loyalty.actions.sweeps import BATCH, close_due
from core.uow import UnitOfWork
from workers.jobs import task

logger = logging.getLogger(__name__)


@task("loyalty.night", rows=1, tenant_limit=1, timeout=300.0)
async def close_night(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Do a batch of what is due (`batch` of the payload says how many accounts); come again at once while there is more."""
    del outbox_id
    batch = int(payload.get("batch", BATCH))
    done = await close_due(uow, limit=batch)
    if done:
        logger.info("closed what was due on %d accounts of tenant %s", done, uow.tenant_id)
    return uow.now if done >= batch else None
