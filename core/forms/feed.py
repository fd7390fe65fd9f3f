"""What was filled in, oldest first, for programmes that fetch it bit by bit."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.forms.models import Submission
from core.forms.queries import list_forms
from core.uow import Reader

_S = table_of(Submission)

SETTLED = timedelta(seconds=2)
"""Ids are made before they are committed: what is younger may still be followed by an older one, so it comes next time."""


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One submission as it was stored; `data` are the answers by key."""

    submission_id: UUID
    form_id: str
    version: str
    purpose: str
    customer_id: UUID | None
    subject_id: UUID | None
    branch_id: UUID | None
    channel: str
    status: str
    data: dict[str, Any]
    answered: int
    total: int
    flags: list[dict[str, Any]]
    completed_at: datetime


async def list_submissions_after(
    reader: Reader, *, after: UUID | None = None, form_id: str | None = None, limit: int = 50
) -> list[FeedItem]:
    """Return what came after this id; of plugins that are off nothing is shown, as on the pages."""
    offered = [form.id for form in await list_forms(reader)]
    columns = [_S.c[name] for name in FeedItem.__struct_fields__]
    query = select(*columns).where(
        _S.c.tenant_id == reader.tenant_id,
        _S.c.form_id.in_(offered if form_id is None else [one for one in offered if one == form_id]),
        _S.c.completed_at <= reader.now - SETTLED,
    )
    if after is not None:
        query = query.where(_S.c.submission_id > after)
    rows = await reader.session.execute(query.order_by(_S.c.submission_id).limit(limit))
    return [msgspec.convert(dict(row._mapping), FeedItem) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
