"""Evidence: files of the intake taken in, dossiers written and thrown away, and what a lifted hold had kept waiting."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.complaints.actions.brought import TAKE_IN
from core.evidence.actions import LIFTED
from core.evidence.dossiers import EXPIRE, RUN, expire_dossier, run_dossier
from core.evidence.intake import take_in
from core.privacy.held import erase_after_hold
from core.uow import UnitOfWork
from workers.jobs import task


@task(TAKE_IN)
async def take_files_in(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Link what people brought with a complaint into its evidence."""
    del outbox_id
    await take_in(uow, complaint_id=UUID(payload["complaint_id"]))


@task(RUN, timeout=600.0, rows=1, tenant_limit=1)
async def write_dossier(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Check the next file or write the archive; come again at once while there is more."""
    del outbox_id
    return uow.now if await run_dossier(uow, dossier_id=UUID(payload["dossier_id"])) else None


@task(EXPIRE)
async def end_dossier(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Throw an archive away after its seven days."""
    del outbox_id
    await expire_dossier(uow, dossier_id=UUID(payload["dossier_id"]))


@task(LIFTED, rows=1)
async def erase_what_waited(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Erase what somebody asked to be erased while the hold was on."""
    del outbox_id
    await erase_after_hold(uow, complaint_id=UUID(payload["complaint_id"]))
