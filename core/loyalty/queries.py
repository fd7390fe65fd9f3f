"""Reads memberships, purchases and the ledger; a tenant without a loyalty plugin has purchases but no tiers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.loyalty.models import LedgerEntry, LoyaltyAccount, Purchase
from core.loyalty.rules.prices import pay_percent
from core.loyalty.rules.tiers import Missing, find_tier, next_tier, tier_for
from core.programs.queries import get_ladder
from core.uow import Reader

_A, _L, _P = table_of(LoyaltyAccount), table_of(LedgerEntry), table_of(Purchase)
_C = table_of(Customer)


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's card: what was spent, which tier that gives, and what is missing to the next one."""

    customer_id: UUID
    spent_fen: int = 0
    points: int = 0
    tier: Tier | None = None
    tier_since: datetime | None = None
    pay_percent: int = 100
    missing: Missing | None = None


class PurchaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One bill as pages show it."""

    purchase_id: UUID
    customer_id: UUID
    branch_id: UUID | None
    list_fen: int
    paid_fen: int
    pay_percent: int
    refunded_fen: int
    description: str
    lines: list[Any]
    occurred_at: datetime
    recorded_at: datetime
    actor_name: str


class EntryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of the ledger."""

    entry_id: UUID
    kind: str
    fen: int
    key: str
    ref_id: UUID | None
    rule_version: str
    occurred_at: datetime
    actor_name: str


_PURCHASE = tuple(_P.c[name] for name in PurchaseRecord.__struct_fields__)
_ENTRY = tuple(_L.c[name] for name in EntryRecord.__struct_fields__)
_ACCOUNT = (_A.c.customer_id, _A.c.spent_fen, _A.c.points, _A.c.tier, _A.c.tier_since)


async def get_membership(reader: Reader, customer_id: UUID) -> Membership:
    """Return one card; a customer who never bought anything holds the lowest tier."""
    return (await get_memberships(reader, [customer_id]))[customer_id]


async def get_memberships(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Membership]:
    """Return the cards of many customers at once."""
    ladder = await get_ladder(reader)
    rows = await reader.session.execute(
        select(*_ACCOUNT).where(_A.c.tenant_id == reader.tenant_id, _A.c.customer_id.in_(ids))
    )
    accounts = {row.customer_id: row for row in rows}
    return {one: _membership(ladder, one, accounts.get(one)) for one in ids}


def _membership(ladder: TierLadder | None, customer_id: UUID, account: Any) -> Membership:
    spent = account.spent_fen if account is not None else 0
    points = account.points if account is not None else 0
    if ladder is None:
        return Membership(customer_id=customer_id, spent_fen=spent, points=points)
    code = account.tier if account is not None else None
    tier = find_tier(ladder, code) or tier_for(ladder, spent)
    return Membership(
        customer_id=customer_id,
        spent_fen=spent,
        points=points,
        tier=tier,
        tier_since=account.tier_since if account is not None else None,
        pay_percent=pay_percent(tier),
        missing=next_tier(ladder, current=tier.code, spent_fen=spent),
    )


async def list_members(reader: Reader, *, tier: str, after: UUID | None = None, limit: int = 25) -> list[UUID]:
    """Return the ids of customers of one tier, newest first; the lowest tier includes who never bought anything."""
    ladder = await get_ladder(reader)
    if ladder is None or find_tier(ladder, tier) is None:
        return []
    lowest = ladder.tiers[0].code
    joined = _C.outerjoin(_A, (_A.c.tenant_id == _C.c.tenant_id) & (_A.c.customer_id == _C.c.customer_id))
    query = (
        select(_C.c.customer_id)
        .select_from(joined)
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active", func.coalesce(_A.c.tier, lowest) == tier)
        .order_by(_C.c.customer_id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(_C.c.customer_id < after)
    return list(await reader.session.scalars(query))


async def get_purchase(reader: Reader, purchase_id: UUID) -> PurchaseRecord:
    """Return one bill; raise NotFound when there is none."""
    mine = (_P.c.tenant_id == reader.tenant_id, _P.c.purchase_id == purchase_id)
    row = (await reader.session.execute(select(*_PURCHASE).where(*mine))).first()
    if row is None:
        raise NotFound("no such purchase")
    return PurchaseRecord(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_purchases(reader: Reader, customer_id: UUID, *, limit: int = 50) -> list[PurchaseRecord]:
    """Return a customer's bills, newest first."""
    query = (
        select(*_PURCHASE)
        .where(_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == customer_id)
        .order_by(_P.c.occurred_at.desc())
        .limit(limit)
    )
    return [PurchaseRecord(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def list_open_purchases(reader: Reader, ids: Sequence[UUID]) -> list[UUID]:
    """Return which of these bills can still be taken back, wholly or in part."""
    if not ids:
        return []
    query = select(_P.c.purchase_id).where(
        _P.c.tenant_id == reader.tenant_id, _P.c.purchase_id.in_(ids), _P.c.refunded_fen < _P.c.paid_fen
    )
    return list(await reader.session.scalars(query))


async def list_entries(reader: Reader, customer_id: UUID, *, limit: int = 100) -> list[EntryRecord]:
    """Return a customer's movements, newest first."""
    query = (
        select(*_ENTRY)
        .where(_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id)
        .order_by(_L.c.entry_id.desc())
        .limit(limit)
    )
    return [EntryRecord(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def count_points_of(reader: Reader, purchase_id: UUID) -> int:
    """Return the points that one purchase brought, with what came off them again."""
    found = await reader.session.scalar(
        select(func.coalesce(func.sum(_L.c.points), 0)).where(
            _L.c.tenant_id == reader.tenant_id, _L.c.ref_id == purchase_id
        )
    )
    return int(found or 0)


async def count_ledger_fen(reader: Reader, customer_id: UUID) -> int:
    """Return the sum of the ledger; the account's `spent_fen` must equal it."""
    found = await reader.session.scalar(
        select(func.coalesce(func.sum(_L.c.fen), 0)).where(
            _L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id
        )
    )
    return int(found or 0)
