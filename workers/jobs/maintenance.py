"""Work that keeps a tenant's own tables small, and its first ticks."""

import logging
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.files.actions import purge_files
from core.forms.design_actions import recheck_designs
from core.forms.purging import purge_drafts
from core.outbox.actions import purge_done
from core.outbox.rules import START_CRONS
from core.uow import UnitOfWork
from tenants.kept_answers import purge_answers
from tenants.retention import purge_sign_ins
from workers.jobs import task
from workers.schedule import CRONS, add_ticks

logger = logging.getLogger(__name__)

DONE_KEPT: Final = timedelta(days=7)
"""So long a done row can be looked up, and its dedupe key keeps the same work from being asked for again."""
PURGE_ROWS: Final = 5_000
PURGE_FILES: Final = 500


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


@task("files.purge")
async def purge_old_files(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Erase files whose time is over, a piece at a time; come again at once while there is more."""
    del payload, outbox_id
    gone = await purge_files(uow, limit=PURGE_FILES)
    return uow.now if gone == PURGE_FILES else None


@task("forms.recheck_designs")
async def recheck_form_designs(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Write down whose changes to a form no longer fit since a plugin was upgraded."""
    del payload, outbox_id
    moved = await recheck_designs(uow)
    logger.info("%d form designs of tenant %s fit no longer, or again", moved, uow.tenant_id)


@task("api.purge_answers")
async def purge_kept_answers(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Throw away answers of the API that were kept for a day."""
    del payload, outbox_id
    gone = await purge_answers(uow)
    logger.info("purged %d kept answers of tenant %s", gone, uow.tenant_id)


@task("outbox.purge")
async def purge_old_work(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Delete a piece of what was done long ago; come again at once while there is more."""
    del payload, outbox_id
    gone = await purge_done(uow, before=uow.now - DONE_KEPT, limit=PURGE_ROWS)
    return uow.now if gone == PURGE_ROWS else None
