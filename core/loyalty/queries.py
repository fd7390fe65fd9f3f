"""Reads memberships, purchases and the ledger; a tenant without a loyalty plugin has purchases but no tiers."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.customers.models import Customer
from core.days import local_date
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.loyalty.measures import counts_purchases, sum_purchases
from core.loyalty.models import LedgerEntry, LoyaltyAccount, Purchase
from core.loyalty.models import Lot as LotRow
from core.loyalty.rules.lots import Lot, is_due, order, pending, usable
from core.loyalty.rules.prices import pay_percent
from core.loyalty.rules.tiers import Missing, find_tier, next_tier, tier_for, window
from core.programs.queries import get_ladder
from core.uow import Reader

_A, _L, _P = table_of(LoyaltyAccount), table_of(LedgerEntry), table_of(Purchase)
_C, _T = table_of(Customer), table_of(LotRow)


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's card: what was spent, which tier that gives, and what is missing to the next one."""

    customer_id: UUID
    spent_fen: int = 0
    points: int = 0
    tier: Tier | None = None
    tier_since: datetime | None = None
    pinned_until: date | None = None
    """The last day of a tier that somebody gave by hand."""
    pay_percent: int = 100
    missing: Missing | None = None


class WalletLot(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of one credit."""

    lot_id: UUID
    earned: int
    remaining: int
    activates_at: datetime | None
    expires_at: datetime | None


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's points as of now; `household_balance` is what a pooled payment may take, the customer's own included."""

    customer_id: UUID
    balance: int = 0
    pending: int = 0
    deficit: int = 0
    household_balance: int = 0
    next_expiry_points: int = 0
    next_expiry_on: date | None = None
    """The last day on which the points that end next can be spent."""
    lots: tuple[WalletLot, ...] = ()


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
    points: int
    key: str
    ref_id: UUID | None
    of_entry_id: UUID | None
    rule_id: str
    rule_version: str
    reason: str
    activates_at: datetime | None
    expires_at: datetime | None
    occurred_at: datetime
    actor_name: str


_PURCHASE = tuple(_P.c[name] for name in PurchaseRecord.__struct_fields__)
_ENTRY = tuple(_L.c[name] for name in EntryRecord.__struct_fields__)
_ACCOUNT = tuple(
    _A.c[name] for name in ("customer_id", "spent_fen", "points", "earned", "tier", "tier_since", "pinned_until")
)


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
    counted: dict[UUID, int] = {}
    if ladder is not None and counts_purchases(ladder):
        days = window(ladder, reader.today)
        counted = await sum_purchases(reader, ladder, ids, days)
    return {one: _membership(ladder, one, accounts.get(one), counted.get(one, 0)) for one in ids}


def _membership(ladder: TierLadder | None, customer_id: UUID, account: Any, counted: int) -> Membership:
    spent = account.spent_fen if account is not None else 0
    points = account.points if account is not None else 0
    if ladder is None:
        return Membership(customer_id=customer_id, spent_fen=spent, points=points)
    value = counted
    if not counts_purchases(ladder):
        by_points = {"points_balance": points, "points_earned": account.earned if account is not None else 0}
        value = by_points.get(ladder.basis, spent)
    code = account.tier if account is not None else None
    tier = find_tier(ladder, code) or (ladder.tiers[0] if account is None else tier_for(ladder, value))
    return Membership(
        customer_id=customer_id,
        spent_fen=spent,
        points=points,
        tier=tier,
        tier_since=account.tier_since if account is not None else None,
        pinned_until=account.pinned_until if account is not None else None,
        pay_percent=pay_percent(tier),
        missing=next_tier(ladder, current=tier.code, spent_fen=value),
    )


async def get_wallet(reader: Reader, customer_id: UUID) -> Wallet:
    """Return what a customer's points are worth looking at now: due lots count as what they are, swept or not."""
    whose = (
        select(_C.c.household_id)
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == customer_id)
        .scalar_subquery()
    )
    query = (
        select(_T.c.customer_id, *(_T.c[name] for name in WalletLot.__struct_fields__))
        .select_from(_T.join(_C, (_C.c.tenant_id == _T.c.tenant_id) & (_C.c.customer_id == _T.c.customer_id)))
        .where(_T.c.tenant_id == reader.tenant_id, _T.c.state != "closed", _T.c.remaining > 0)
    )
    mine = await reader.session.execute(query.where(_T.c.customer_id == customer_id))
    theirs = await reader.session.execute(
        query.where(_C.c.household_id == whose, _C.c.state == "active", _C.c.customer_id != customer_id)
    )
    lots, others = [_lot(row) for row in mine], [_lot(row) for row in theirs]
    debt = (_A.c.tenant_id == reader.tenant_id, _A.c.customer_id == customer_id)
    deficit = await reader.session.scalar(select(_A.c.deficit).where(*debt))
    ready = usable(lots, reader.now)
    ends = min((lot.expires_at for lot in ready if lot.expires_at is not None), default=None)
    zone = reader.scope.timezone
    return Wallet(
        customer_id=customer_id,
        balance=sum(lot.remaining for lot in ready),
        pending=pending(lots, reader.now),
        deficit=int(deficit or 0),
        household_balance=sum(lot.remaining for lot in (*ready, *usable(others, reader.now))),
        next_expiry_points=sum(lot.remaining for lot in ready if ends is not None and lot.expires_at == ends),
        next_expiry_on=None if ends is None else local_date(ends - timedelta(microseconds=1), zone),
        lots=tuple(
            WalletLot(
                lot_id=lot.lot_id,
                earned=lot.earned,
                remaining=lot.remaining,
                activates_at=lot.activates_at,
                expires_at=lot.expires_at,
            )
            for lot in sorted(lots, key=order)
            if not is_due(lot, reader.now)
        ),
    )


def _lot(row: Any) -> Lot:
    return Lot(
        lot_id=row.lot_id,
        earned=row.earned,
        remaining=row.remaining,
        activates_at=row.activates_at,
        expires_at=row.expires_at,
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


async def list_entries(
    reader: Reader, customer_id: UUID, *, limit: int = 100, before: UUID | None = None
) -> list[EntryRecord]:
    """Return a customer's movements, newest first; those before an entry for the next page."""
    older = () if before is None else (_L.c.entry_id < before,)
    query = (
        select(*_ENTRY)
        .where(_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id, *older)
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
