"""Moves what one loyalty account holds to another when two customers turn out to be one, and back when they do not."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import record_event
from core.db import new_id, table_of
from core.loyalty.models import LedgerEntry, LoyaltyAccount
from core.loyalty.rules.tiers import find_tier, tier_after
from core.programs.queries import get_ladder, get_version_id
from core.uow import UnitOfWork

_A, _L = table_of(LoyaltyAccount), table_of(LedgerEntry)


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What moved, and the tiers before and after, for the way back."""

    fen: int = 0
    points: int = 0
    from_tier: str | None = None
    to_tier_before: str | None = None
    to_tier_after: str | None = None


async def transfer_account(uow: UnitOfWork, *, from_id: UUID, to_id: UUID, key: str, ref_id: UUID) -> Transfer | None:
    """Move sum, points and tier; None when the first account holds nothing. A key moves only once.

    The sums are entries of the ledger on both sides, so that each account still equals its entries. The second
    account keeps the higher of the two tiers, or rises to what the sum gives.
    """
    accounts = await _locked(uow, from_id, to_id)
    source = accounts.get(from_id)
    if source is None or (source.spent_fen == 0 and source.points == 0 and source.tier is None):
        return None
    if to_id not in accounts:
        fresh = upsert(_A).values(tenant_id=uow.tenant_id, customer_id=to_id, spent_fen=0, points=0)
        await uow.session.execute(fresh.on_conflict_do_nothing(index_elements=["tenant_id", "customer_id"]))
        accounts = await _locked(uow, from_id, to_id)
    target = accounts[to_id]
    await _post(uow, from_id, fen=-source.spent_fen, points=-source.points, key=f"{key}:out", ref_id=ref_id)
    await _post(uow, to_id, fen=source.spent_fen, points=source.points, key=f"{key}:in", ref_id=ref_id)
    spent = target.spent_fen + source.spent_fen
    tier = await _best_tier(uow, target.tier, source.tier, spent)
    await _set(uow, from_id, spent_fen=0, points=0, tier=None, tier_since=None)
    values: dict[str, Any] = {"spent_fen": spent, "points": target.points + source.points}
    if tier != target.tier:
        values |= {"tier": tier, "tier_since": uow.now}
        await _tell(uow, to_id, before=target.tier, after=tier, cause="merge", spent_fen=spent, ref_id=ref_id)
    await _set(uow, to_id, **values)
    return Transfer(
        fen=source.spent_fen,
        points=source.points,
        from_tier=source.tier,
        to_tier_before=target.tier,
        to_tier_after=tier,
    )


async def return_account(
    uow: UnitOfWork, *, moved: Transfer, from_id: UUID, to_id: UUID, key: str, ref_id: UUID
) -> None:
    """Move back exactly what `transfer_account` moved from `from_id` to `to_id`; the tiers of both come again.

    What the second account earned since stays with it, and counts for its tier.
    """
    accounts = await _locked(uow, from_id, to_id)
    source, target = accounts[from_id], accounts[to_id]
    await _post(uow, to_id, fen=-moved.fen, points=-moved.points, key=f"{key}:back-out", ref_id=ref_id)
    await _post(uow, from_id, fen=moved.fen, points=moved.points, key=f"{key}:back-in", ref_id=ref_id)
    await _set(
        uow,
        from_id,
        spent_fen=source.spent_fen + moved.fen,
        points=source.points + moved.points,
        tier=moved.from_tier,
        tier_since=uow.now if moved.from_tier else None,
    )
    spent = target.spent_fen - moved.fen
    values: dict[str, Any] = {"spent_fen": spent, "points": target.points - moved.points}
    if target.tier == moved.to_tier_after != moved.to_tier_before:
        tier = await _best_tier(uow, moved.to_tier_before, None, spent) if spent else moved.to_tier_before
        values |= {"tier": tier, "tier_since": uow.now if tier else None}
        await _tell(uow, to_id, before=target.tier, after=tier, cause="merge_undone", spent_fen=spent, ref_id=ref_id)
    await _set(uow, to_id, **values)


async def _locked(uow: UnitOfWork, *ids: UUID) -> dict[UUID, Any]:
    """Both rows, locked in ascending order, so that two transfers never wait for each other in a circle."""
    rows = await uow.session.execute(
        select(_A)
        .where(_A.c.tenant_id == uow.tenant_id, _A.c.customer_id.in_(ids))
        .order_by(_A.c.customer_id)
        .with_for_update(key_share=True)
    )
    return {row.customer_id: row for row in rows}


async def _best_tier(uow: UnitOfWork, held: str | None, other: str | None, spent_fen: int) -> str | None:
    ladder = await get_ladder(uow)
    if ladder is None:
        return held or other
    tiers = [tier for code in (held, other) if (tier := find_tier(ladder, code))]
    highest = max(tiers, key=lambda tier: tier.min_fen, default=None)
    return tier_after(ladder, current=highest.code if highest else None, spent_fen=spent_fen).code


async def _post(uow: UnitOfWork, customer_id: UUID, *, fen: int, points: int, key: str, ref_id: UUID) -> None:
    if fen == 0 and points == 0:
        return
    await uow.session.execute(
        insert(_L).values(
            tenant_id=uow.tenant_id,
            entry_id=new_id(),
            customer_id=customer_id,
            kind="transfer",
            fen=fen,
            points=points,
            key=key,
            ref_id=ref_id,
            rule_version=await get_version_id(uow),
            occurred_at=uow.now,
            recorded_at=uow.now,
            actor_id=uow.actor.id,
            actor_name=uow.actor.name,
        )
    )


async def _set(uow: UnitOfWork, customer_id: UUID, **values: Any) -> None:
    mine = (_A.c.tenant_id == uow.tenant_id, _A.c.customer_id == customer_id)
    await uow.session.execute(update(_A).where(*mine).values(values))


async def _tell(
    uow: UnitOfWork,
    customer_id: UUID,
    *,
    before: str | None,
    after: str | None,
    cause: str,
    spent_fen: int,
    ref_id: UUID,
) -> None:
    ladder = await get_ladder(uow)
    lowest = ladder.tiers[0].code if ladder else None
    if (before or lowest) == (after or lowest):
        return
    data = {"from": before or lowest, "to": after or lowest, "cause": cause, "spent_fen": spent_fen}
    await record_event(uow, customer_id=customer_id, kind="tier_changed", data=data, ref_id=ref_id)
    uow.audit("loyalty.tier_changed", "customer", customer_id, data)
