"""Work that keeps a tenant's own tables small, and its first ticks."""

import logging
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.forms.purging import purge_drafts
from core.outbox.actions import purge_done
from core.outbox.rules import START_CRONS
from core.uow import UnitOfWork
from tenants.retention import purge_sign_ins
from workers.jobs import task
from workers.schedule import CRONS, add_ticks

logger = logging.getLogger(__name__)

DONE_KEPT: Final = timedelta(days=7)
"""So long a done row can be looked up, and its dedupe key keeps the same work from being asked for again."""
PURGE_ROWS: Final = 5_000


@task(START_CRONS)
async def start_schedule(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Give a new tenant its first tick of every cron."""
    del payload, outbox_id
    await add_ticks(uow, CRONS)


@task("sign_ins.purge")
async def purge_old_sign_ins(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Delete ended sessions and old failures."""
    del payload, outbox_id
    gone = await purge_sign_ins(uow)
    logger.info("purged %d rows of sign-ins of tenant %s", gone, uow.tenant_id)


@task("forms.purge_drafts")
async def purge_old_drafts(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Delete drafts of forms that have expired."""
    del payload, outbox_id
    gone = await purge_drafts(uow)
    logger.info("purged %d drafts of tenant %s", gone, uow.tenant_id)


@task("outbox.purge")
async def purge_old_work(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Delete a piece of what was done long ago; come again at once while there is more."""
    del payload, outbox_id
    gone = await purge_done(uow, before=uow.now - DONE_KEPT, limit=PURGE_ROWS)
    return uow.now if gone == PURGE_ROWS else None
