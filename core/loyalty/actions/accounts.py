"""Locks the accounts of one operation and reads their open lots, in one statement."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.models import Customer
from core.customers.queries import find_present_customer
from core.db import table_of
from core.errors import NotFound
from core.loyalty.actions.statements import Statement, make_statement, run_driver_sql
from core.loyalty.models import LoyaltyAccount
from core.loyalty.rules.lots import Lot
from core.uow import UnitOfWork

_A, _C = table_of(LoyaltyAccount), table_of(Customer)

# One round trip locks the accounts, in ascending order, and brings their lots. Whoever had to wait for a lock gets the
# account as it is now, but the lots as they were when the statement began: `version` and `seen` differ then, and the
# statement runs again, which waits no more. tests/actions/test_loyalty_parallel.py holds PostgreSQL to it. The customer comes
# before the account, as in a merge: each entry's foreign key would ask for that lock a moment later, the other way round.
_READ: Final = """
    SELECT a.customer_id, a.tier, a.tier_since, a.spent_fen, a.points, a.pending, a.deficit, a.earned, a.tier_review_on,
           a.earned_tier, a.pinned_until, a.version,
           (SELECT b.version FROM loyalty_account b
             WHERE b.tenant_id = a.tenant_id AND b.customer_id = a.customer_id) AS seen,
           (SELECT CAST(json_agg(json_build_array(l.lot_id, l.root_id, l.earned, l.remaining, l.activates_at,
                                                  l.expires_at, l.reversed, l.expired, l.state = 'open')) AS text)
              FROM lot l
             WHERE l.tenant_id = a.tenant_id AND l.customer_id = a.customer_id AND l.state <> 'closed') AS lots,
           (SELECT CAST(json_build_array(e.entry_id, e.customer_id, e.kind, e.points, e.of_entry_id) AS text)
              FROM ledger_entry e WHERE e.tenant_id = :tenant_id AND e.key = :key) AS known,
           CASE WHEN c.state = 'merged' THEN c.merged_into END AS merged_into
      FROM customer c JOIN loyalty_account a ON a.tenant_id = c.tenant_id AND a.customer_id = c.customer_id
     WHERE c.tenant_id = :tenant_id AND c.customer_id = ANY ({whose})
     ORDER BY c.customer_id
       FOR KEY SHARE OF c FOR NO KEY UPDATE OF a
"""
# Without an account of their own nobody's is locked: it is opened first, by whoever holds nothing that another may wait for.
_POOL: Final = """
    ARRAY(SELECT CAST(:one AS uuid) UNION
          SELECT m.customer_id FROM customer o
            JOIN loyalty_account own ON own.tenant_id = o.tenant_id AND own.customer_id = o.customer_id
            JOIN customer m ON m.tenant_id = o.tenant_id AND m.household_id = o.household_id AND m.state = 'active'
           WHERE o.tenant_id = :tenant_id AND o.customer_id = :one)
"""

_LOCK_SOME: Final = make_statement(_READ.format(whose="CAST(:ids AS uuid[])"))
_LOCK_POOL: Final = make_statement(_READ.format(whose=_POOL))


STATE: Final = (
    *("spent_fen", "points", "pending", "deficit", "earned", "tier", "tier_since", "tier_review_on", "earned_tier"),
    "pinned_until",
)
"""The columns of an account that operations move."""


class KnownEntry(msgspec.Struct, frozen=True, array_like=True):
    """The entry that has the key of this operation already."""

    entry_id: UUID
    customer_id: UUID
    kind: str
    points: int
    of_entry_id: UUID | None


class _LotRow(msgspec.Struct, frozen=True, array_like=True):
    lot_id: UUID
    root_id: UUID
    earned: int
    remaining: int
    activates_at: datetime | None
    expires_at: datetime | None
    reversed: int
    expired: int
    active: bool


_LOTS: Final = msgspec.json.Decoder(tuple[_LotRow, ...])
_KNOWN: Final = msgspec.json.Decoder(KnownEntry)


class Account(msgspec.Struct, kw_only=True):
    """A locked account with its open lots, as they stand inside this operation."""

    customer_id: UUID
    tier: str | None
    tier_since: datetime | None
    spent_fen: int
    points: int
    pending: int
    deficit: int
    earned: int
    tier_review_on: date | None
    earned_tier: str | None
    pinned_until: date | None
    stored: tuple[Any, ...] = ()
    """The columns of STATE as the row has them."""
    lots: dict[UUID, Lot] = {}
    roots: dict[UUID, UUID] = {}
    """By lot: the credit that was earned first, before merges carried it here."""


class Locked(msgspec.Struct, frozen=True):
    """The accounts, and the entry that the key belongs to already, if there is one."""

    accounts: dict[UUID, Account]
    mine: Account
    known: KnownEntry | None
    present: dict[UUID, UUID] = {}
    """For those who were merged since: under which id they are known now."""

    def at(self, customer_id: UUID) -> Account:
        """The account under which a customer is known now."""
        return self.accounts[self.present.get(customer_id, customer_id)]


async def lock_account(uow: UnitOfWork, customer_id: UUID, *, key: str = "", pool: bool = False) -> Locked:
    """Lock a customer's account, made when there is none, or with `pool` those of the whole household, ascending.

    Raises:
        NotFound: there is no such customer.
    """
    statement, ids = (_LOCK_POOL, {"one": customer_id}) if pool else (_LOCK_SOME, {"ids": [customer_id]})
    rows = await _read(uow, statement, ids | {"key": key})
    own = next((row for row in rows if row.customer_id == customer_id), None)
    if own is None:
        present = await _make(uow, customer_id)
        return await lock_account(uow, present, key=key, pool=pool)
    if own.merged_into is not None:
        return await lock_account(uow, own.merged_into, key=key, pool=pool)
    accounts = {row.customer_id: _account(row) for row in rows}
    known = _KNOWN.decode(own.known) if own.known else None
    return Locked(accounts, accounts[own.customer_id], known)


async def lock_present(uow: UnitOfWork, ids: Iterable[UUID], *, own: UUID, key: str) -> Locked:
    """Lock the accounts under which these customers are known now, ascending; each of them had an account."""
    present = {one: await find_present_customer(uow, one) for one in ids}
    for one in present.values():
        if one not in present:
            await open_account(uow, one)
    rows = await _read(uow, _LOCK_SOME, {"ids": sorted(set(present.values())), "key": key})
    accounts = {row.customer_id: _account(row) for row in rows}
    known = next((_KNOWN.decode(row.known) for row in rows if row.known), None)
    return Locked(accounts, accounts[present[own]], known, present)


async def lock_both(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Lock the accounts of these customers that exist, ascending, without asking who they are by now."""
    rows = await _read(uow, _LOCK_SOME, {"ids": sorted(ids), "key": ""})
    return {row.customer_id: _account(row) for row in rows}


async def open_account(uow: UnitOfWork, customer_id: UUID) -> None:
    """Make an empty account unless there is one."""
    fresh = upsert(_A).values(tenant_id=uow.tenant_id, customer_id=customer_id, spent_fen=0, points=0)
    await uow.session.execute(fresh.on_conflict_do_nothing(index_elements=["tenant_id", "customer_id"]))


async def _read(uow: UnitOfWork, statement: Statement, values: dict[str, Any]) -> list[Any]:
    values["tenant_id"] = uow.tenant_id
    rows = await run_driver_sql(uow, statement, values)
    if any(row.version != row.seen for row in rows):
        # Those that are locked, and no account that was opened meanwhile: it might come before them.
        same = {"tenant_id": uow.tenant_id, "key": values["key"], "ids": [row.customer_id for row in rows]}
        rows = await run_driver_sql(uow, _LOCK_SOME, same)
    return list(rows)


async def _make(uow: UnitOfWork, customer_id: UUID) -> UUID:
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
    known = (await uow.session.execute(select(_C.c.state, _C.c.merged_into).where(*mine))).first()
    if known is not None and known.state == "merged":
        into: UUID = known.merged_into
        return into
    if known is None or known.state != "active":
        raise NotFound("no such customer")
    await open_account(uow, customer_id)
    return customer_id


def _account(row: Any) -> Account:
    found = _LOTS.decode(row.lots) if row.lots else ()
    lots = {
        one.lot_id: Lot(
            lot_id=one.lot_id,
            earned=one.earned,
            remaining=one.remaining,
            activates_at=one.activates_at,
            expires_at=one.expires_at,
            reversed=one.reversed,
            expired=one.expired,
            active=one.active,
        )
        for one in found
    }
    return Account(
        customer_id=row.customer_id,
        tier=row.tier,
        tier_since=row.tier_since,
        spent_fen=row.spent_fen,
        points=row.points,
        pending=row.pending,
        deficit=row.deficit,
        earned=row.earned,
        tier_review_on=row.tier_review_on,
        earned_tier=row.earned_tier,
        pinned_until=row.pinned_until,
        stored=tuple(getattr(row, name) for name in STATE),
        lots=lots,
        roots={one.lot_id: one.root_id for one in found},
    )
