"""Moves what one loyalty account holds to another when two customers turn out to be one, and back when they do not."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.customers.actions import record_event
from core.db import table_of
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.actions.accounts import Account, Locked, lock_both, open_account
from core.loyalty.actions.ledger import Ledger
from core.loyalty.actions.nights import begin_operation
from core.loyalty.models import Lot
from core.loyalty.rules.tiers import find_tier, tier_after
from core.programs.queries import get_ladder, get_version_id
from core.uow import UnitOfWork

_T = table_of(Lot)


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What moved, and the tiers before and after, for the way back."""

    fen: int = 0
    points: int = 0
    """The rest of all lots, open and pending, less the debt."""
    from_tier: str | None = None
    to_tier_before: str | None = None
    to_tier_after: str | None = None
    lots: tuple[UUID, ...] = ()
    """The lots that were opened for what moved."""
    deficit: int = 0
    earned: int = 0


async def transfer_account(uow: UnitOfWork, *, from_id: UUID, to_id: UUID, key: str, ref_id: UUID) -> Transfer | None:
    """Move sum, lots, debt and tier; None when the first account holds nothing. A key moves only once.

    Each lot leaves by an entry of the first account and comes as a new lot of the same root by one of the second, so that
    each account still equals its entries, and a refund finds what its purchase earned. The second account keeps the
    higher of the two tiers, or rises to what the sum gives.
    """
    accounts = await lock_both(uow, (from_id, to_id))
    source = accounts.get(from_id)
    if source is None or not _holds(source):
        return None
    if to_id not in accounts:
        await open_account(uow, to_id)
        accounts = await lock_both(uow, (from_id, to_id))
    source, target = accounts[from_id], accounts[to_id]
    version = await get_version_id(uow)
    ledger = await begin_operation(uow, Locked(accounts, target, None), rule_version=version)
    from_tier, tier_before = source.tier, target.tier
    moved = _move(ledger, source, target, key=key, ref_id=ref_id, fen=source.spent_fen, lots=list(source.lots))
    tier = _best_tier(await get_ladder(uow), target, source.tier)
    source.tier = source.tier_since = source.tier_review_on = source.pinned_until = source.earned_tier = None
    await _set_tier(uow, target, tier, cause="merge", ref_id=ref_id)
    await ledger.write()
    return msgspec.structs.replace(moved, from_tier=from_tier, to_tier_before=tier_before, to_tier_after=target.tier)


async def return_account(
    uow: UnitOfWork, *, moved: Transfer, from_id: UUID, to_id: UUID, key: str, ref_id: UUID
) -> None:
    """Move back what `transfer_account` moved from `from_id` to `to_id`; the tiers of both come again.

    Of the lots only what is left of them goes back: points that were spent since were spent. What the second account
    earned since stays with it, and counts for its tier.
    """
    accounts = await lock_both(uow, (from_id, to_id))
    source, target = accounts[from_id], accounts[to_id]
    version = await get_version_id(uow)
    ledger = await begin_operation(uow, Locked(accounts, target, None), rule_version=version)
    carried = await _carried(uow, moved, target)
    # What was moved stands for `from_id` in the account; its debt goes back as far as it is still owed.
    deficit = min(moved.deficit, target.deficit)
    back = f"{key}:back"
    _move(ledger, target, source, key=back, ref_id=ref_id, fen=moved.fen, lots=carried, deficit=deficit)
    target.earned, source.earned = target.earned - moved.earned, source.earned + moved.earned
    source.tier, source.tier_since = moved.from_tier, uow.now if moved.from_tier else None
    if target.tier == moved.to_tier_after != moved.to_tier_before:
        target.tier, before = moved.to_tier_before, target.tier
        ladder = await get_ladder(uow)
        tier = _best_tier(ladder, target, None) if target.spent_fen else moved.to_tier_before
        target.tier = before
        await _set_tier(uow, target, tier, cause="merge_undone", ref_id=ref_id)
    await ledger.write()


def _holds(account: Account) -> bool:
    return bool(account.spent_fen or account.lots or account.deficit or account.tier is not None)


def _move(
    ledger: Ledger,
    source: Account,
    target: Account,
    *,
    key: str,
    ref_id: UUID,
    fen: int,
    lots: list[UUID],
    deficit: int | None = None,
) -> Transfer:
    """Carry the sum, these lots and the debt over; each lot with what is settled of it already."""
    owed = source.deficit if deficit is None else deficit
    out_key, in_key = (f"{key}:out", f"{key}:in") if not key.endswith(":back") else (f"{key}-out", f"{key}-in")
    left = sum(source.lots[one].remaining for one in lots)
    earned = source.earned if deficit is None else 0
    if not (fen or left or owed):
        ledger.touch(source)
        ledger.touch(target)
        return Transfer(earned=earned)
    out_id = ledger.post(source, kind="transfer", key=out_key, fen=-fen, points=owed - left, ref_id=ref_id)
    ledger.post(target, kind="transfer", key=in_key, fen=fen, points=-owed, ref_id=ref_id)
    source.deficit -= owed
    made = []
    kept_debt, target.deficit = target.deficit, 0  # points that move pay no debt: that is for points that are earned
    for number, one in enumerate(sorted(lots)):
        lot, root = source.lots[one], source.roots[one]
        if lot.remaining == 0:
            continue
        ledger.draw(source, out_id, one, lot.remaining)
        made.append(
            ledger.credit(
                target,
                kind="transfer",
                key=f"{in_key}:{number}",
                points=lot.remaining,
                activates_at=lot.activates_at,
                expires_at=lot.expires_at,
                earned=lot.earned,
                root_id=root,
                reversed_points=lot.reversed,
                expired_points=lot.expired,
                counts=False,
                ref_id=ref_id,
                of_entry_id=root,
                details={"earned": lot.earned, "reversed": lot.reversed, "expired": lot.expired},
            )
        )
    target.deficit = kept_debt + owed
    if deficit is None:
        source.earned, target.earned = 0, target.earned + earned
    return Transfer(fen=fen, points=left - owed, lots=tuple(made), deficit=owed, earned=earned)


async def _carried(uow: UnitOfWork, moved: Transfer, target: Account) -> list[UUID]:
    """The lots of what moved that are still open with the second account, wherever later merges of others came from."""
    roots = set(
        await uow.session.scalars(
            select(_T.c.root_id).where(_T.c.tenant_id == uow.tenant_id, _T.c.lot_id.in_(moved.lots))
        )
    )
    return [one for one, root in target.roots.items() if root in roots and target.lots[one].remaining > 0]


def _best_tier(ladder: TierLadder | None, account: Account, other: str | None) -> str | None:
    """The higher of two tiers, or what the sum gives; a ladder that counts something else than the sum looks again at night."""
    if ladder is None:
        return account.tier or other
    tiers = [tier for code in (account.tier, other) if (tier := find_tier(ladder, code))]
    highest = max(tiers, key=ladder.threshold, default=None)
    held = highest.code if highest else None
    if ladder.basis != "lifetime_spend":
        return held
    return tier_after(ladder, current=held, spent_fen=account.spent_fen).code


async def _set_tier(uow: UnitOfWork, account: Account, tier: str | None, *, cause: str, ref_id: UUID) -> None:
    if account.pinned_until is not None:
        account.earned_tier = tier  # a pinned tier stays until its own end
        return
    if tier == account.tier:
        return
    ladder = await get_ladder(uow)
    lowest = ladder.tiers[0].code if ladder else None
    before, account.tier, account.tier_since = account.tier, tier, uow.now if tier else None
    if (before or lowest) == (tier or lowest):
        return
    data: dict[str, Any] = {
        "from": before or lowest,
        "to": tier or lowest,
        "cause": cause,
        "spent_fen": account.spent_fen,
    }
    await record_event(uow, customer_id=account.customer_id, kind="tier_changed", data=data, ref_id=ref_id)
    uow.audit("loyalty.tier_changed", "customer", account.customer_id, data)
