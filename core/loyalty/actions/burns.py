"""Spends points, all or nothing, over the household where the program pools, and gives back what was spent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions.accounts import Locked, lock_account, lock_present
from core.loyalty.actions.earning import matching
from core.loyalty.actions.ledger import KeyReused, same_operation
from core.loyalty.actions.nights import begin_operation
from core.loyalty.actions.points import PointsRefused, Posted, checked, policy_of
from core.loyalty.actions.tiers import settle_balance_tier
from core.loyalty.models import LedgerEntry, Lot, LotAlloc
from core.loyalty.rules.days import local_day
from core.loyalty.rules.lots import Take, give_back, take
from core.loyalty.rules.redeeming import Quote, quote, redeem_rule
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_program, get_version_id
from core.uow import UnitOfWork

_L, _T, _X = table_of(LedgerEntry), table_of(Lot), table_of(LotAlloc)


class UnknownRedemption(NotFound):
    """No points were ever spent under this key."""

    code = "unknown-redemption"


async def redeem_points(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    points: int | None,
    key: str,
    bill_fen: int | None = None,
    clamp: bool = False,
    reason: str = "",
    ref_id: UUID | None = None,
) -> Posted:
    """Spend points, once per `key`: all or nothing unless `clamp` asks for as many as possible (`points` None too).

    The oldest expiry goes first, over the whole household where the program pools; each account that gives has an
    entry of its own. `fen` of the answer is what the points pay by the redeem rule in force.

    Raises:
        InvalidInput: no points, a bad key.
        PointsRefused: fewer points than asked, no whole steps, below the minimum, above the part of the bill.
        KeyReused: the key belongs to something else.
    """
    words = checked(points=1 if points is None else points, key=key, reason=reason, needs_reason=False)
    program = await get_program(uow)
    policy = policy_of(program)
    locked = await lock_account(uow, customer_id, key=key, pool=policy.pool == "household")
    account = locked.mine
    if locked.known is not None:
        return await _redeemed_before(uow, locked, key, None if clamp else points)
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    quoted, takes = await _priced(uow, program, locked, points, bill_fen=bill_fen, clamp=clamp)
    parts: dict[UUID, int] = {account.customer_id: 0}
    for one in takes:
        holder = ledger.holder(one.lot_id).customer_id
        parts[holder] = parts.get(holder, 0) + one.points
    entries: dict[UUID, UUID] = {}
    for one_id in sorted(parts, key=lambda one: (one != account.customer_id, one)):
        own = one_id == account.customer_id
        entries[one_id] = ledger.post(
            locked.accounts[one_id],
            kind="burn",
            key=key if own else f"{key}|{one_id}",
            points=-parts[one_id],
            rule_id=quoted.rule_id,
            reason=words,
            ref_id=ref_id,
            of_entry_id=None if own else entries[account.customer_id],
            details={"fen": quoted.fen} if own else None,
        )
    ledger.draw_all(entries, takes)
    for one_id in entries:
        await settle_balance_tier(uow, ledger, locked.accounts[one_id], program, cause="burn")
    await ledger.write()
    return Posted(
        entry_id=entries[account.customer_id],
        customer_id=account.customer_id,
        points=-quoted.points,
        fen=quoted.fen,
        balance=sum(one.points for one in locked.accounts.values()),
    )


async def _priced(
    uow: UnitOfWork,
    program: Program | None,
    locked: Locked,
    points: int | None,
    *,
    bill_fen: int | None,
    clamp: bool,
) -> tuple[Quote, Sequence[Take]]:
    """What so many points pay, and the lots that they come from; refused by rule or by what is there."""
    account = locked.mine
    rule: Redeem | Refusal | None = None
    if program is not None:
        matches = await matching(uow, account.customer_id, {one.id: one.when for one in program.live(Redeem)})
        day = local_day(uow.now, uow.scope.timezone)
        rule = redeem_rule(program, tier=account.tier, day=day, matches=matches)
    lots = [lot for one in locked.accounts.values() for lot in one.lots.values()]
    there = sum(one.points for one in locked.accounts.values())
    found = rule if isinstance(rule, Refusal) else quote(rule, there, bill_fen, points, clamp=clamp)
    if isinstance(found, Refusal):
        raise PointsRefused(found)
    takes = take(lots, found.points, uow.now)
    if isinstance(takes, Refusal):
        raise PointsRefused(takes)
    return found, takes


async def _redeemed_before(uow: UnitOfWork, locked: Locked, key: str, points: int | None) -> Posted:
    """What this key spent when it came first."""
    known = same_operation(locked, kind="burn", key=key)
    entries = await _burn_entries(uow, known.entry_id)
    spent = -sum(entry.points for entry in entries)
    if points is not None and spent != points:
        raise KeyReused(key=key)
    details = next(entry.details for entry in entries if entry.entry_id == known.entry_id) or {}
    return Posted(
        entry_id=known.entry_id,
        customer_id=known.customer_id,
        points=-spent,
        fen=int(details.get("fen", 0)),
        balance=sum(one.points for one in locked.accounts.values()),
        replayed=True,
    )


async def give_back_points(uow: UnitOfWork, *, key_of: str, key: str, points: int | None = None) -> Posted:
    """Give back what `key_of` spent, or `points` of it, as fresh lots that live at least as long as the program says.

    Each account gets back what it gave, at most what it gave and did not get back yet.

    Raises:
        UnknownRedemption: nothing was spent under `key_of`.
        PointsRefused: all of it was given back already.
        KeyReused: the key belongs to something else.
    """
    checked(points=1 if points is None else points, key=key, reason="", needs_reason=False)
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.key == key_of, _L.c.kind == "burn")
    head = (await uow.session.execute(select(_L.c.entry_id, _L.c.customer_id).where(*mine))).first()
    if head is None:
        raise UnknownRedemption("no such redemption")
    burns = await _burn_entries(uow, head.entry_id)
    locked = await lock_present(uow, [one.customer_id for one in burns], own=head.customer_id, key=key)
    if locked.known is not None:
        return await _given_back_before(uow, locked, key, points, burns)
    policy = policy_of(await get_program(uow))
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    back = await _backs(uow, burns)
    wanted, given = points, 0
    first: UUID | None = None
    refusal: Refusal | None = None
    for burn in burns:
        account = locked.at(burn.customer_id)
        if wanted == 0:
            break
        found = give_back(
            spent=-burn.points,
            given_back=back.get(burn.entry_id, 0),
            points=wanted,
            expiries=await _expiries(uow, burn.entry_id),
            policy=policy,
            now=uow.now,
            zone=uow.scope.timezone,
        )
        if isinstance(found, Refusal):
            refusal = found
            continue
        entry_id = ledger.credit(
            account,
            kind="give_back",
            key=key if first is None else f"{key}|{burn.customer_id}",
            points=found.points,
            expires_at=found.expires_at,
            of_entry_id=burn.entry_id,
            ref_id=burn.ref_id,
            counts=False,
        )
        first = first or entry_id
        given += found.points
        wanted = None if wanted is None else wanted - found.points
        await settle_balance_tier(uow, ledger, account, await get_program(uow), cause="give_back")
    if first is None:
        raise PointsRefused(refusal or Refusal("nothing-to-give-back"))
    await ledger.write()
    balance = sum(one.points for one in locked.accounts.values())
    return Posted(entry_id=first, customer_id=head.customer_id, points=given, balance=balance)


async def _given_back_before(
    uow: UnitOfWork, locked: Locked, key: str, points: int | None, burns: Sequence[Any]
) -> Posted:
    """What this key gave back when it came first."""
    known = locked.known
    if known is None or known.kind != "give_back" or known.of_entry_id not in {one.entry_id for one in burns}:
        raise KeyReused(key=key)
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.of_entry_id.in_([one.entry_id for one in burns]))
    keys = or_(_L.c.key == key, _L.c.key.startswith(f"{key}|", autoescape=True))
    given = await uow.session.scalar(select(func.sum(_L.c.points)).where(*mine, _L.c.kind == "give_back", keys))
    if points is not None and int(given or 0) > points:
        raise KeyReused(key=key)
    return Posted(
        entry_id=known.entry_id,
        customer_id=known.customer_id,
        points=int(given or 0),
        balance=sum(one.points for one in locked.accounts.values()),
        replayed=True,
    )


async def _burn_entries(uow: UnitOfWork, head_id: UUID) -> Sequence[Any]:
    """The entries of one redemption: that of the account which asked, then those of the household."""
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.kind == "burn")
    which = or_(_L.c.entry_id == head_id, _L.c.of_entry_id == head_id)
    columns = (_L.c.entry_id, _L.c.customer_id, _L.c.points, _L.c.ref_id, _L.c.details)
    rows = await uow.session.execute(select(*columns).where(*mine, which).order_by(_L.c.entry_id))
    return rows.all()


async def _backs(uow: UnitOfWork, burns: Sequence[Any]) -> dict[UUID, int]:
    ids = [one.entry_id for one in burns]
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.of_entry_id.in_(ids), _L.c.kind == "give_back")
    rows = await uow.session.execute(
        select(_L.c.of_entry_id, func.sum(_L.c.points)).where(*mine).group_by(_L.c.of_entry_id)
    )
    return {one: int(points) for one, points in rows}


async def _expiries(uow: UnitOfWork, entry_id: UUID) -> Sequence[datetime | None]:
    joined = _X.join(_T, (_T.c.tenant_id == _X.c.tenant_id) & (_T.c.lot_id == _X.c.lot_id))
    mine = (_X.c.tenant_id == uow.tenant_id, _X.c.entry_id == entry_id)
    return (await uow.session.scalars(select(_T.c.expires_at).select_from(joined).where(*mine))).all()
