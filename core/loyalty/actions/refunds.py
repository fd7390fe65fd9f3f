"""Takes purchases back, wholly or in part: spending falls, what they earned is taken back, the tier only where the ladder says so."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core.campaigns.actions import return_budgets_of
from core.customers.actions import record_event
from core.customers.models import CustomerEvent
from core.db import table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.hooks.records.loyalty.points import LedgerPolicy
from core.loyalty.actions.accounts import Account, lock_account
from core.loyalty.actions.ledger import MAX_KEY, KeyReused, Ledger
from core.loyalty.actions.nights import begin_operation
from core.loyalty.actions.purchases import Recorded
from core.loyalty.actions.tiers import TierChange, put_standing, settle_tier, standing_of, tell_tier
from core.loyalty.models import LedgerEntry, Lot, Purchase
from core.loyalty.rules.lots import Lot as PureLot
from core.loyalty.rules.lots import reversal
from core.programs.queries import get_ladder, get_program, get_version_id
from core.uow import UnitOfWork

_P, _L, _T = table_of(Purchase), table_of(LedgerEntry), table_of(Lot)
_E = table_of(CustomerEvent)


class NothingToRefund(Conflict):
    """The purchase is refunded already, or the amount is more than is left of it."""

    code = "nothing-to-refund"


async def refund_purchase(
    uow: UnitOfWork, *, purchase_id: UUID, fen: int | None = None, key: str = "", mistake: bool = False
) -> Recorded:
    """Take back a purchase, or `fen` of it: spending and the points that it earned fall in proportion.

    A `mistake` (somebody typed 12000 for 120) also takes back the tier that this purchase alone gave. The same `key`
    takes back once.

    Raises:
        NothingToRefund: it is taken back already, or less is left of it than `fen`.
        NotFound: there is no such purchase.
    """
    if len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    known = await _purchase(uow, purchase_id)
    stored_key = f"refund:{purchase_id}:{key}" if key else ""
    locked = await lock_account(uow, known.customer_id, key=stored_key)
    account = locked.mine
    # Read again behind the lock: two clicks on "undo" come one after the other.
    known = await _purchase(uow, purchase_id)
    refunded = int(known.refunded_fen)
    if locked.known is not None:
        return await _replay(uow, account, purchase_id, stored_key, fen)
    amount = known.paid_fen - refunded if fen is None else fen
    if amount <= 0 or refunded + amount > known.paid_fen:
        raise NothingToRefund(purchase_id=purchase_id, left_fen=known.paid_fen - refunded)
    ledger = await begin_operation(uow, locked, rule_version=await get_version_id(uow))
    await uow.session.execute(
        update(_P)
        .where(_P.c.tenant_id == uow.tenant_id, _P.c.purchase_id == purchase_id)
        .values(refunded_fen=refunded + amount)
    )
    ladder = await get_ladder(uow)
    head_key = stored_key or f"refund:{purchase_id}:{refunded}"
    ledger.post(
        account,
        kind="reversal",
        key=head_key,
        fen=-amount if ladder is None or ladder.refunds_lower_spend else 0,
        ref_id=purchase_id,
    )
    points = await _take_points_back(
        uow, ledger, account, purchase_id, head_key, refunded_fen=refunded + amount, paid_fen=known.paid_fen
    )
    data: dict[str, Any] = {"fen": amount} | ({"points": points} if points else {})
    await record_event(uow, customer_id=account.customer_id, kind="refund", ref_id=purchase_id, data=data)
    change = await settle_tier(uow, ledger, account, cause="reversal", ref_id=purchase_id)
    if mistake:
        change = await _take_tier_back(uow, ledger, account, purchase_id) or change
    await ledger.write()
    if refunded + amount == known.paid_fen:
        await return_budgets_of(uow, customer_id=account.customer_id, ref_id=purchase_id)
    details = {"customer_id": str(account.customer_id), "fen": amount, "points": points, "mistake": mistake}
    uow.audit("purchase.refund", "purchase", purchase_id, details)
    uow.announce("purchase.refunded", {"purchase_id": purchase_id, **details})
    return Recorded(
        purchase_id=purchase_id, paid_fen=amount, spent_fen=account.spent_fen, points=-points, tier_change=change
    )


async def _purchase(uow: UnitOfWork, purchase_id: UUID) -> Any:
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.purchase_id == purchase_id)
    found = await uow.session.execute(select(_P.c.customer_id, _P.c.paid_fen, _P.c.refunded_fen).where(*mine))
    row = found.first()
    if row is None:
        raise NotFound("no such purchase")
    return row


async def _replay(uow: UnitOfWork, account: Account, purchase_id: UUID, key: str, fen: int | None) -> Recorded:
    """What the same refund did when it came first."""
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.ref_id == purchase_id, _L.c.kind == "reversal")
    rows = (await uow.session.execute(select(_L.c.key, _L.c.fen, _L.c.points).where(*mine))).all()
    amount = -sum(row.fen for row in rows if row.key == key)
    if fen is not None and amount not in {fen, 0}:
        raise KeyReused(key=key)
    points = sum(row.points for row in rows if row.key.startswith(f"{key}:"))
    return Recorded(
        purchase_id=purchase_id, paid_fen=fen or amount, spent_fen=account.spent_fen, points=points, replayed=True
    )


async def _take_points_back(
    uow: UnitOfWork,
    ledger: Ledger,
    account: Account,
    purchase_id: UUID,
    key: str,
    *,
    refunded_fen: int,
    paid_fen: int,
) -> int:
    """Reverse every credit of a purchase in proportion; return the points that left lots or are owed from now on."""
    program = await get_program(uow)
    policy = program.ledger if program is not None else LedgerPolicy()
    gone = 0
    for entry in await _credits(uow, account, purchase_id):
        lot_id = entry.lot_id
        done = reversal(
            account.lots[lot_id],  # as it is by now: the credit before may have drawn on it
            account.lots.values(),
            refunded_fen=refunded_fen,
            paid_fen=paid_fen,
            deficit=account.deficit,
            policy=policy,
            now=uow.now,
        )
        if done.settled == 0:
            continue
        entry_id = ledger.post(
            account,
            kind="reversal",
            key=f"{key}:{entry.entry_id}",
            points=-done.points,
            ref_id=purchase_id,
            of_entry_id=entry.entry_id,
            rule_id=entry.rule_id,
            rule_version=entry.rule_version,
            details={"settled": done.settled, "owed": done.owed, "forgotten": done.forgotten, "lot": str(lot_id)},
        )
        for one in done.takes:
            ledger.draw(account, entry_id, one.lot_id, one.points)
        ledger.settle(account, lot_id, done.settled)
        account.deficit += done.owed
        gone += done.points
    return gone


async def _credits(uow: UnitOfWork, account: Account, purchase_id: UUID) -> list[Any]:
    """The purchase's credits, each with the lot that carries it now: a merge may have moved it, and a lot may be used up."""
    rows = await uow.session.execute(
        select(_L.c.entry_id, _L.c.rule_id, _L.c.rule_version, *(_T.c[name] for name in _LOT))
        .select_from(_L.join(_T, (_T.c.tenant_id == _L.c.tenant_id) & (_T.c.root_id == _L.c.entry_id)))
        .where(_L.c.tenant_id == uow.tenant_id, _L.c.ref_id == purchase_id, _L.c.kind == "earn")
        .order_by(_L.c.entry_id, _T.c.lot_id)
    )
    latest = {row.entry_id: row for row in rows}
    for row in latest.values():
        if row.lot_id not in account.lots:
            account.roots[row.lot_id] = row.root_id
            account.lots[row.lot_id] = PureLot(
                lot_id=row.lot_id,
                earned=row.earned,
                remaining=0,
                activates_at=row.activates_at,
                expires_at=row.expires_at,
                reversed=row.reversed,
                expired=row.expired,
            )
    return list(latest.values())


_LOT = ("lot_id", "root_id", "earned", "activates_at", "expires_at", "reversed", "expired")


async def _take_tier_back(uow: UnitOfWork, ledger: Ledger, account: Account, purchase_id: UUID) -> TierChange | None:
    """Give the tier from before a mistaken purchase, unless another purchase has moved it since."""
    given = await uow.session.scalar(
        select(_E.c.data)
        .where(_E.c.tenant_id == uow.tenant_id, _E.c.customer_id == account.customer_id, _E.c.ref_id == purchase_id)
        .where(_E.c.kind == "tier_changed")
        .order_by(_E.c.event_id.desc())
        .limit(1)
    )
    if given is None or account.tier != given["to"] or account.pinned_until is not None:
        return None
    before = standing_of(account)
    put_standing(account, before.__class__(tier=given["from"], since=uow.now, review_on=before.review_on))
    ledger.touch(account)
    change = TierChange(given["to"], given["from"])
    await tell_tier(uow, account, change, cause="mistake", ref_id=purchase_id)
    return change
