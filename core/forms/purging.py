"""Deletes drafts that nobody came back for."""

from sqlalchemy import delete

from core.db import table_of
from core.forms.models import FormDraft
from core.uow import UnitOfWork

_DRAFT = table_of(FormDraft)


async def purge_drafts(uow: UnitOfWork) -> int:
    """Delete the drafts that have expired; they could not be opened any more. Return how many."""
    gone = await uow.session.execute(
        delete(_DRAFT)
        .where(_DRAFT.c.tenant_id == uow.tenant_id, _DRAFT.c.expires_at <= uow.now)
        .returning(_DRAFT.c.draft_id)
    )
    return len(gone.all())
