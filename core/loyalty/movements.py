"""Reads movements of points: a customer's by keyset, the latest of the house, and what was taken or given back of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.db import table_of
from core.errors import NotFound
from core.loyalty.models import LedgerEntry, Purchase
from core.uow import Reader

_L, _P = table_of(LedgerEntry), table_of(Purchase)


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger with everything that desk, card and API show of it."""

    entry_id: UUID
    customer_id: UUID
    kind: str
    fen: int
    points: int
    key: str
    ref_id: UUID | None
    rule_version: str
    rule_id: str
    reason: str
    of_entry_id: UUID | None
    activates_at: datetime | None
    expires_at: datetime | None
    occurred_at: datetime
    recorded_at: datetime
    actor_name: str


class PurchaseKey(msgspec.Struct, frozen=True):
    """Which purchase, and whose."""

    purchase_id: UUID
    customer_id: UUID


_MOVEMENT = tuple(_L.c[name] for name in Movement.__struct_fields__)


async def list_movements(
    reader: Reader, customer_id: UUID, *, after: UUID | None = None, limit: int = 50, points_only: bool = False
) -> list[Movement]:
    """Return one page of a customer's entries, the newest first; `after` is the last entry of the page before."""
    query = select(*_MOVEMENT).where(_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id)
    if after is not None:
        query = query.where(_L.c.entry_id < after)
    if points_only:
        query = query.where(_L.c.points != 0)
    rows = await reader.session.execute(query.order_by(_L.c.entry_id.desc()).limit(limit))
    return [_movement(row) for row in rows]


async def list_latest_movements(reader: Reader, *, limit: int) -> list[Movement]:
    """Return the latest movements that people made by hand, of the whole house, one per customer."""
    query = select(*_MOVEMENT).where(
        _L.c.tenant_id == reader.tenant_id,
        _L.c.actor_id == reader.actor.id,
        _L.c.kind.in_(("grant", "burn", "give_back")),
    )
    found: dict[UUID, Movement] = {}
    for row in await reader.session.execute(query.order_by(_L.c.entry_id.desc()).limit(limit * 5)):
        found.setdefault(row.customer_id, _movement(row))
    return list(found.values())[:limit]


async def get_movement(reader: Reader, entry_id: UUID) -> Movement:
    """Return one entry.

    Raises:
        NotFound: there is none.
    """
    query = select(*_MOVEMENT).where(_L.c.tenant_id == reader.tenant_id, _L.c.entry_id == entry_id)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such movement")
    return _movement(row)


async def get_answered(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many points were taken back or given back of these entries; nothing for those left as they were."""
    if not ids:
        return {}
    query = (
        select(_L.c.of_entry_id, func.sum(func.abs(_L.c.points)))
        .where(_L.c.tenant_id == reader.tenant_id, _L.c.of_entry_id.in_(ids), _L.c.kind.in_(("reversal", "give_back")))
        .group_by(_L.c.of_entry_id)
    )
    return {entry_id: int(points) for entry_id, points in await reader.session.execute(query)}


async def find_purchase(
    reader: Reader, *, purchase_id: UUID | None = None, key: str | None = None
) -> PurchaseKey | None:
    """Return the purchase with this id or key, or None."""
    mine = _P.c.purchase_id == purchase_id if purchase_id is not None else _P.c.key == key
    query = select(_P.c.purchase_id, _P.c.customer_id).where(_P.c.tenant_id == reader.tenant_id, mine)
    row = (await reader.session.execute(query)).first()
    return None if row is None else PurchaseKey(row.purchase_id, row.customer_id)


def _movement(row: Any) -> Movement:
    return Movement(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
