"""Makes many one-person links of one form at once: a survey asks ten thousand people."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from core.bulk_insert import insert_many
from core.db import new_id, table_of
from core.forms.models import FormLink
from core.hooks.records.forms import Form
from core.tenancy.actions import new_public_codes
from core.uow import UnitOfWork

_L = table_of(FormLink)


class Recipient(msgspec.Struct, frozen=True):
    """Who gets a link."""

    customer_id: UUID
    branch_id: UUID | None = None


async def create_links(
    uow: UnitOfWork, form: Form, *, recipients: Sequence[Recipient], expires_at: datetime | None
) -> list[UUID]:
    """Make one link each, good for one submit, and return their ids in the order of `recipients`; two statements."""
    codes = await new_public_codes(uow, count=len(recipients))
    ids = [new_id() for _ in recipients]
    rows = [
        {
            "tenant_id": uow.tenant_id,
            "link_id": link_id,
            "code": code,
            "form_id": form.id,
            "purpose": form.purpose,
            "branch_id": one.branch_id,
            "customer_id": one.customer_id,
            "subject_id": None,
            "expires_at": expires_at,
            "max_uses": 1,
            "uses": 0,
            "revoked_at": None,
            "created_by": None,
            "created_by_name": uow.actor.name,
            "created_at": uow.now,
        }
        for link_id, code, one in zip(ids, codes, recipients, strict=True)
    ]
    await insert_many(uow.session, _L, rows)
    return ids
