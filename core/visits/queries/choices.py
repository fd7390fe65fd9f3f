"""Reads what the customer wants to use on a bill, and the steps by which a final one came to its total."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.uow import Reader
from core.visits.models import BillApplied, BillChoice

_H, _A = table_of(BillChoice), table_of(BillApplied)


class ChoiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon, a benefit for one line, or points that shall be used on a bill."""

    choice_id: UUID
    kind: str
    line_id: UUID | None
    coupon_id: UUID | None
    grant_id: UUID | None
    points: int | None
    chosen_at: datetime
    chosen_by_name: str


class AppliedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a bill: what came off, of which line (None: of none in particular), and by which rule."""

    step: str
    line_id: UUID | None
    rule_id: str
    rule_version: str
    label: Any
    ref_id: UUID | None
    points: int
    fen: int


_CHOICE = tuple(_H.c[name] for name in ChoiceFacts.__struct_fields__)
_APPLIED = tuple(_A.c[name] for name in AppliedFacts.__struct_fields__)


async def list_choices(reader: Reader, bill_id: UUID) -> list[ChoiceFacts]:
    """Return what shall be used on a bill, in the order in which it was chosen."""
    query = select(*_CHOICE).where(_H.c.tenant_id == reader.tenant_id, _H.c.bill_id == bill_id)
    rows = await reader.session.execute(query.order_by(_H.c.choice_id))
    return [ChoiceFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_applied(reader: Reader, bill_id: UUID) -> Sequence[AppliedFacts]:
    """Return the steps of a final bill in the price order; empty while it is open, and for bills of before."""
    query = select(*_APPLIED).where(_A.c.tenant_id == reader.tenant_id, _A.c.bill_id == bill_id)
    rows = await reader.session.execute(query.order_by(_A.c.position))
    return [AppliedFacts(**row._mapping) for row in rows]  # noqa: SLF001 - as above
