"""Opening balances: what customers had spent before the product knew them, for many customers at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from core.bulk_insert import insert_many
from core.customers.bulk import Event, append_events
from core.db import new_id, table_of
from core.hooks.records.loyalty import Program
from core.loyalty.models import LedgerEntry, LoyaltyAccount
from core.loyalty.queries import get_program
from core.loyalty.rules import opening_delta, program_version, tier_after, tier_for
from core.uow import UnitOfWork

_A, _L = table_of(LoyaltyAccount), table_of(LedgerEntry)


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
    accounts = await _locked(uow, told_fen)
    known = await _openings(uow, list(told_fen))
    deltas = {
        one: delta
        for one, fen in told_fen.items()
        if (delta := opening_delta(known_fen=known.get(one, 0), told_fen=fen)) != 0
    }
    await _append(uow, accounts, deltas, kind="opening", ref_id=ref_id, at=occurred_at, may_fall=False)
    return deltas


async def reverse_openings(uow: UnitOfWork, *, customer_ids: Sequence[UUID], ref_id: UUID) -> dict[UUID, int]:
    """Take back what one import opened for these customers; a tier that only it gave is taken back too."""
    if not customer_ids:
        return {}
    sums = await uow.session.execute(
        select(_L.c.customer_id, func.sum(_L.c.fen))
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.customer_id.in_(customer_ids), _L.c.ref_id == ref_id)
        .group_by(_L.c.customer_id)
    )
    deltas = {one: -int(fen) for one, fen in sums if fen}
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
        .where(_A.c.tenant_id == uow.tenant_id, _A.c.customer_id.in_(ids))
        .order_by(_A.c.customer_id)
        .with_for_update(key_share=True)
    )
    return {row.customer_id: row for row in found}


async def _openings(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, int]:
    # A reversed opening counts as nothing: its reversal carries the same ref_id.
    refs = (
        select(_L.c.ref_id)
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.customer_id.in_(ids), _L.c.kind == "opening")
        .distinct()
    )
    rows = await uow.session.execute(
        select(_L.c.customer_id, func.sum(_L.c.fen))
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.customer_id.in_(ids), _L.c.ref_id.in_(refs))
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
    program = get_program(uow)
    version = program_version(program) if program else ""
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
            "key": f"{kind}:{ref_id}:{one}:{accounts[one].spent_fen}",
        }
        for one, fen in deltas.items()
    ]
    await insert_many(uow.session, _L, entries)
    values = {"tenant_id": uow.tenant_id, "ids": list(deltas), "fens": list(deltas.values())}
    await uow.session.execute(_ADD_SPENT, values)
    if program is not None:
        await _move_tiers(uow, program, accounts, deltas, ref_id=ref_id, cause=kind, may_fall=may_fall)


async def _move_tiers(
    uow: UnitOfWork,
    program: Program,
    accounts: Mapping[UUID, Any],
    deltas: Mapping[UUID, int],
    *,
    ref_id: UUID,
    cause: str,
    may_fall: bool,
) -> None:
    lowest = tier_for(program.ladder, 0).code
    moved: dict[str, list[UUID]] = {}
    events = []
    for one, fen in deltas.items():
        account = accounts[one]
        spent = account.spent_fen + fen
        tier = tier_after(program.ladder, current=account.tier, spent_fen=spent, may_fall=may_fall)
        if tier.code == account.tier:
            continue
        moved.setdefault(tier.code, []).append(one)
        if tier.code != (account.tier or lowest):
            data = {"from": account.tier or lowest, "to": tier.code, "cause": cause, "spent_fen": spent}
            events.append(Event(customer_id=one, kind="tier_changed", at=uow.now, data=data, ref_id=ref_id))
    for code, ids in moved.items():
        await uow.session.execute(
            update(_A)
            .where(_A.c.tenant_id == uow.tenant_id, _A.c.customer_id.in_(ids))
            .values(tier=code, tier_since=uow.now)
        )
    await append_events(uow, events)
