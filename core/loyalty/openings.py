"""Opening balances: what customers had spent before the product knew them, for many customers at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update

from core.bulk_insert import insert_many
from core.customers.bulk import Event, append_events
from core.customers.models import Customer
from core.db import new_id, one_of, table_of
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.models import LedgerEntry, LoyaltyAccount
from core.loyalty.rules.tiers import tier_after, tier_for
from core.loyalty.rules.versions import opening_delta
from core.programs.queries import get_ladder, get_version_id
from core.uow import UnitOfWork

_A, _L, _C = table_of(LoyaltyAccount), table_of(LedgerEntry), table_of(Customer)


_OPEN_NEW = text(
    "INSERT INTO loyalty_account (tenant_id, customer_id, spent_fen, points, tier, tier_since)"
    " SELECT :tenant_id, r.customer_id, r.fen, 0, r.tier, :since"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:fens AS bigint[]), CAST(:tiers AS text[])) AS r (customer_id, fen, tier)"
    " ON CONFLICT (tenant_id, customer_id) DO NOTHING RETURNING customer_id"
).bindparams(bindparam("since", type_=_A.c.tier_since.type))
_OPEN_ACCOUNTS = text(
    "INSERT INTO loyalty_account (tenant_id, customer_id, spent_fen, points)"
    " SELECT :tenant_id, r.customer_id, 0, 0 FROM unnest(CAST(:ids AS uuid[])) AS r (customer_id)"
    " ON CONFLICT (tenant_id, customer_id) DO NOTHING"
)
_ADD_SPENT = text(
    "UPDATE loyalty_account SET spent_fen = loyalty_account.spent_fen + d.fen"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:fens AS bigint[])) AS d (customer_id, fen)"
    " WHERE loyalty_account.tenant_id = :tenant_id AND loyalty_account.customer_id = d.customer_id"
)


async def post_openings(
    uow: UnitOfWork, *, told_fen: Mapping[UUID, int], ref_id: UUID, occurred_at: datetime
) -> dict[UUID, int]:
    """Make the opening entries of each customer sum up to what a list says; return what was added, by customer.

    A list imported twice adds nothing the second time; a later list adds the difference.
    """
    await _hold_customers(uow, told_fen)
    fresh = await _open_new(uow, {one: fen for one, fen in told_fen.items() if fen}, ref_id=ref_id, at=occurred_at)
    there = {one: fen for one, fen in told_fen.items() if one not in fresh}
    accounts = await _locked(uow, there)
    known = await _openings(uow, list(there)) if there else {}
    deltas = {
        one: delta
        for one, fen in there.items()
        if (delta := opening_delta(known_fen=known.get(one, 0), told_fen=fen)) != 0
    }
    await _append(uow, accounts, deltas, kind="opening", ref_id=ref_id, at=occurred_at, may_fall=False)
    return fresh | deltas


async def _open_new(uow: UnitOfWork, told_fen: Mapping[UUID, int], *, ref_id: UUID, at: datetime) -> dict[UUID, int]:
    """Write the accounts that are not there yet as they will stand; return what they hold, by customer."""
    ids = sorted(told_fen)
    if not ids:
        return {}
    ladder = await get_ladder(uow)
    fens = [told_fen[one] for one in ids]
    tiers = [tier_for(ladder, fen).code if ladder else None for fen in fens]
    values = {"tenant_id": uow.tenant_id, "since": uow.now if ladder else None}
    rows = await uow.session.scalars(_OPEN_NEW, values | {"ids": ids, "fens": fens, "tiers": tiers})
    made = set(rows)
    fresh = {one: told_fen[one] for one in ids if one in made}
    await _write_entries(uow, fresh, dict.fromkeys(fresh, 0), kind="opening", ref_id=ref_id, at=at)
    if ladder is not None:
        lowest = tier_for(ladder, 0).code
        await append_events(
            uow,
            [
                _tier_event(uow, one, lowest, tier, cause="opening", spent_fen=fen, ref_id=ref_id)
                for one, fen, tier in zip(ids, fens, tiers, strict=True)
                if one in made and tier != lowest
            ],
        )
    return fresh


def _tier_event(
    uow: UnitOfWork, customer_id: UUID, before: str, after: str | None, *, cause: str, spent_fen: int, ref_id: UUID
) -> Event:
    data = {"from": before, "to": after, "cause": cause, "spent_fen": spent_fen}
    return Event(customer_id=customer_id, kind="tier_changed", at=uow.now, data=data, ref_id=ref_id)


async def reverse_openings(uow: UnitOfWork, *, customer_ids: Sequence[UUID], ref_id: UUID) -> dict[UUID, int]:
    """Take back what one import opened for these customers; a tier that only it gave is taken back too."""
    if not customer_ids:
        return {}
    sums = await uow.session.execute(
        select(_L.c.customer_id, func.sum(_L.c.fen))
        .where(_L.c.tenant_id == uow.tenant_id, one_of(_L.c.customer_id, customer_ids), _L.c.ref_id == ref_id)
        .group_by(_L.c.customer_id)
    )
    deltas = {one: -int(fen) for one, fen in sums if fen}
    await _hold_customers(uow, deltas)
    accounts = await _locked(uow, deltas)
    await _append(uow, accounts, deltas, kind="reversal", ref_id=ref_id, at=uow.now, may_fall=True)
    return deltas


async def _locked(uow: UnitOfWork, wanted: Mapping[UUID, int]) -> dict[UUID, Any]:
    """The accounts, locked in ascending order so that two lists never wait for each other in a circle."""
    ids = sorted(wanted)
    if not ids:
        return {}
    await uow.session.execute(_OPEN_ACCOUNTS, {"tenant_id": uow.tenant_id, "ids": ids})
    found = await uow.session.execute(
        select(_A)
        .where(_A.c.tenant_id == uow.tenant_id, one_of(_A.c.customer_id, ids))
        .order_by(_A.c.customer_id)
        .with_for_update(key_share=True)
    )
    return {row.customer_id: row for row in found}


async def _hold_customers(uow: UnitOfWork, ids: Iterable[UUID]) -> None:
    """The customers before their accounts, as in a merge: the entries' foreign keys would ask for them after it."""
    mine = (_C.c.tenant_id == uow.tenant_id, one_of(_C.c.customer_id, sorted(ids)))
    locked = select(_C.c.customer_id).where(*mine).order_by(_C.c.customer_id)
    await uow.session.execute(locked.with_for_update(read=True, key_share=True))


async def _openings(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, int]:
    # A reversed opening counts as nothing: its reversal carries the same ref_id.
    refs = (
        select(_L.c.ref_id)
        .where(_L.c.tenant_id == uow.tenant_id, one_of(_L.c.customer_id, ids), _L.c.kind == "opening")
        .distinct()
    )
    rows = await uow.session.execute(
        select(_L.c.customer_id, func.sum(_L.c.fen))
        .where(_L.c.tenant_id == uow.tenant_id, one_of(_L.c.customer_id, ids), _L.c.ref_id.in_(refs))
        .group_by(_L.c.customer_id)
    )
    return {one: int(fen) for one, fen in rows}


async def _append(
    uow: UnitOfWork,
    accounts: Mapping[UUID, Any],
    deltas: Mapping[UUID, int],
    *,
    kind: str,
    ref_id: UUID,
    at: datetime,
    may_fall: bool,
) -> None:
    if not deltas:
        return
    spent = {one: account.spent_fen for one, account in accounts.items()}
    await _write_entries(uow, deltas, spent, kind=kind, ref_id=ref_id, at=at)
    values = {"tenant_id": uow.tenant_id, "ids": list(deltas), "fens": list(deltas.values())}
    await uow.session.execute(_ADD_SPENT, values)
    ladder = await get_ladder(uow)
    if ladder is not None:
        await _move_tiers(uow, ladder, accounts, deltas, ref_id=ref_id, cause=kind, may_fall=may_fall)


async def _write_entries(
    uow: UnitOfWork, deltas: Mapping[UUID, int], spent_fen: Mapping[UUID, int], *, kind: str, ref_id: UUID, at: datetime
) -> None:
    """One entry of the ledger per customer; its key names what the account held before, so that it counts once."""
    version = await get_version_id(uow)
    stamp = {
        "tenant_id": uow.tenant_id,
        "kind": kind,
        "points": 0,
        "ref_id": ref_id,
        "rule_version": version,
        "occurred_at": at,
        "recorded_at": uow.now,
        "actor_id": uow.actor.id,
        "actor_name": uow.actor.name,
    }
    entries = [
        stamp
        | {
            "entry_id": new_id(),
            "customer_id": one,
            "fen": fen,
            "key": f"{kind}:{ref_id}:{one}:{spent_fen[one]}",
        }
        for one, fen in deltas.items()
    ]
    await insert_many(uow.session, _L, entries)


async def _move_tiers(
    uow: UnitOfWork,
    ladder: TierLadder,
    accounts: Mapping[UUID, Any],
    deltas: Mapping[UUID, int],
    *,
    ref_id: UUID,
    cause: str,
    may_fall: bool,
) -> None:
    lowest = tier_for(ladder, 0).code
    moved: dict[str, list[UUID]] = {}
    events = []
    for one, fen in deltas.items():
        account = accounts[one]
        spent = account.spent_fen + fen
        tier = tier_after(ladder, current=account.tier, spent_fen=spent, may_fall=may_fall)
        if tier.code == account.tier:
            continue
        moved.setdefault(tier.code, []).append(one)
        if tier.code != (account.tier or lowest):
            before = account.tier or lowest
            events.append(_tier_event(uow, one, before, tier.code, cause=cause, spent_fen=spent, ref_id=ref_id))
    for code, ids in moved.items():
        await uow.session.execute(
            update(_A)
            .where(_A.c.tenant_id == uow.tenant_id, one_of(_A.c.customer_id, ids))
            .values(tier=code, tier_since=uow.now)
        )
    await append_events(uow, events)
