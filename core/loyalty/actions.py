"""Records purchases and what they move: ledger entry, sum, tier and timeline in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import record_event
from core.customers.models import Customer, CustomerEvent
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.customers.rules.profile import local_date
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.loyalty.models import LedgerEntry, LoyaltyAccount, Purchase
from core.loyalty.rules.prices import LARGEST_FEN, member_price, pay_percent
from core.loyalty.rules.tiers import find_tier, tier_after
from core.programs.queries import get_ladder, get_program, get_version_id
from core.uow import UnitOfWork

_A, _L, _P = table_of(LoyaltyAccount), table_of(LedgerEntry), table_of(Purchase)
_C, _E = table_of(Customer), table_of(CustomerEvent)
_CLOCKS_DIFFER = timedelta(minutes=5)
_MAX_KEY = 100


class KeyReused(Conflict):
    """The idempotency key belongs to another purchase: another customer, or another amount."""

    code = "key-reused"


class NothingToRefund(Conflict):
    """The purchase is refunded already, or the amount is more than is left of it."""

    code = "nothing-to-refund"


class TierChange(msgspec.Struct, frozen=True):
    """A member moved from one tier to another; codes."""

    before: str | None
    after: str


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a purchase or a refund did; `replayed` when the key had been used for the very same purchase before."""

    purchase_id: UUID
    paid_fen: int
    spent_fen: int
    tier_change: TierChange | None = None
    replayed: bool = False


class PurchaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill; the total is the sum of the lines."""

    label: str
    fen: int
    quantity: int = 1


async def record_purchase(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    fen: int,
    key: str,
    occurred_at: datetime | None = None,
    description: str = "",
    lines: Sequence[PurchaseLine] = (),
    branch_id: UUID | None = None,
    with_discount: bool = False,
) -> Recorded:
    """Record one paid bill and move the customer's tier in the same transaction.

    `fen` is what was paid, or with `with_discount` the list price that the member's discount still comes off (9折 on
    the whole bill). Repeats with the same `key` do nothing and answer the same, however many come at once.
    `occurred_at` is when it was paid, and never in the future.

    Raises:
        InvalidInput: every problem at once.
        KeyReused: the key belongs to another purchase.
    """
    moment = occurred_at or uow.now
    words = clean_text(description)
    problems = _purchase_problems(uow, fen=fen, key=key, moment=moment, words=words, lines=lines)
    if problems:
        raise InvalidInput(tuple(problems))
    account = await _lock_account(uow, customer_id := await find_present_customer(uow, customer_id))
    percent = await _percent(uow, account.tier) if with_discount else 100
    price = member_price(fen, percent)
    purchase_id = await _insert_purchase(
        uow,
        {
            "customer_id": customer_id,
            "branch_id": branch_id,
            "key": key,
            "list_fen": price.list_fen,
            "paid_fen": price.paid_fen,
            "pay_percent": percent,
            "description": words,
            "lines": [msgspec.structs.asdict(line) for line in lines],
            "occurred_at": moment,
        },
    )
    if purchase_id is None:
        return await _replay(uow, customer_id=customer_id, fen=fen, key=key, spent_fen=account.spent_fen)
    await record_event(
        uow,
        customer_id=customer_id,
        kind="purchase",
        at=moment,
        ref_id=purchase_id,
        data={"fen": price.paid_fen, "saved_fen": price.saved_fen, "description": words},
    )
    spent, change = await _post(
        uow, account, kind="spend", fen=price.paid_fen, key=f"purchase:{key}", ref_id=purchase_id, at=moment
    )
    await _seen(uow, customer_id, moment)
    uow.audit("purchase.record", "purchase", purchase_id, {"customer_id": str(customer_id), "fen": price.paid_fen})
    return Recorded(purchase_id=purchase_id, paid_fen=price.paid_fen, spent_fen=spent, tier_change=change)


async def _insert_purchase(uow: UnitOfWork, values: dict[str, Any]) -> UUID | None:
    """Insert the bill and return its id; None when its key is taken."""
    stamp = {
        "tenant_id": uow.tenant_id,
        "purchase_id": new_id(),
        "refunded_fen": 0,
        "recorded_at": uow.now,
        "actor_id": uow.actor.id,
        "actor_name": uow.actor.name,
    }
    fresh = upsert(_P).values(stamp | values).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    inserted: UUID | None = await uow.session.scalar(fresh.returning(_P.c.purchase_id))
    return inserted


def _purchase_problems(
    uow: UnitOfWork, *, fen: int, key: str, moment: datetime, words: str, lines: Sequence[PurchaseLine]
) -> list[FieldProblem]:
    problems = []
    if fen <= 0:
        problems.append(FieldProblem("amount", "not-positive"))
    elif fen > LARGEST_FEN:
        problems.append(FieldProblem("amount", "too-large", {"max": LARGEST_FEN}))
    if lines and sum(line.fen for line in lines) != fen:
        problems.append(FieldProblem("lines", "sum-differs"))
    if moment > uow.now + _CLOCKS_DIFFER:
        problems.append(FieldProblem("occurred_at", "in-the-future"))
    if not key or len(key) > _MAX_KEY:
        problems.append(FieldProblem("key", "bad-key"))
    if len(words) > 200:
        problems.append(FieldProblem("description", "too-long", {"max": 200}))
    return problems


async def _replay(uow: UnitOfWork, *, customer_id: UUID, fen: int, key: str, spent_fen: int) -> Recorded:
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.key == key)
    known = (
        await uow.session.execute(select(_P.c.purchase_id, _P.c.customer_id, _P.c.list_fen, _P.c.paid_fen).where(*mine))
    ).one()
    if known.customer_id != customer_id or known.list_fen != fen:
        raise KeyReused(key=key)
    return Recorded(purchase_id=known.purchase_id, paid_fen=known.paid_fen, spent_fen=spent_fen, replayed=True)


async def refund_purchase(
    uow: UnitOfWork, *, purchase_id: UUID, fen: int | None = None, key: str = "", mistake: bool = False
) -> Recorded:
    """Take back a purchase, or `fen` of it: the sum of spending falls, the tier only where the ladder says so.

    A `mistake` (somebody typed 12000 for 120) also takes back the tier that this purchase alone gave.

    Raises:
        NothingToRefund: it is taken back already, or less is left of it than `fen`.
    """
    known = (
        await uow.session.execute(
            select(_P.c.customer_id, _P.c.paid_fen).where(
                _P.c.tenant_id == uow.tenant_id, _P.c.purchase_id == purchase_id
            )
        )
    ).first()
    if known is None:
        raise NotFound("no such purchase")
    account = await _lock_account(uow, known.customer_id)
    # Read again behind the lock: two clicks on "undo" come one after the other.
    done = await uow.session.scalar(
        select(_P.c.refunded_fen).where(_P.c.tenant_id == uow.tenant_id, _P.c.purchase_id == purchase_id)
    )
    refunded = int(done or 0)
    amount = known.paid_fen - refunded if fen is None else fen
    if amount <= 0 or refunded + amount > known.paid_fen:
        raise NothingToRefund(purchase_id=purchase_id, left_fen=known.paid_fen - refunded)
    await uow.session.execute(
        update(_P)
        .where(_P.c.tenant_id == uow.tenant_id, _P.c.purchase_id == purchase_id)
        .values(refunded_fen=refunded + amount)
    )
    await record_event(uow, customer_id=known.customer_id, kind="refund", ref_id=purchase_id, data={"fen": amount})
    ladder = await get_ladder(uow)
    spent, change = await _post(
        uow,
        account,
        kind="reversal",
        fen=-amount if ladder is None or ladder.refunds_lower_spend else 0,
        key=f"refund:{purchase_id}:{key or refunded}",
        ref_id=purchase_id,
        at=uow.now,
    )
    if mistake:
        await _take_tier_back(uow, known.customer_id, purchase_id)
    details = {"customer_id": str(known.customer_id), "fen": amount, "mistake": mistake}
    uow.audit("purchase.refund", "purchase", purchase_id, details)
    return Recorded(purchase_id=purchase_id, paid_fen=amount, spent_fen=spent, tier_change=change)


async def _take_tier_back(uow: UnitOfWork, customer_id: UUID, purchase_id: UUID) -> None:
    """Give the tier from before a mistaken purchase, unless another purchase has moved it since."""
    given = await uow.session.scalar(
        select(_E.c.data)
        .where(_E.c.tenant_id == uow.tenant_id, _E.c.customer_id == customer_id, _E.c.ref_id == purchase_id)
        .where(_E.c.kind == "tier_changed")
        .order_by(_E.c.event_id.desc())
        .limit(1)
    )
    if given is None:
        return
    mine = (_A.c.tenant_id == uow.tenant_id, _A.c.customer_id == customer_id, _A.c.tier == given["to"])
    moved = update(_A).where(*mine).values(tier=given["from"], tier_since=uow.now).returning(_A.c.spent_fen)
    spent = await uow.session.scalar(moved)
    if spent is not None:
        change = TierChange(given["to"], given["from"])
        await _tell(uow, customer_id, change, cause="mistake", spent_fen=spent, ref_id=purchase_id, at=uow.now)


async def _lock_account(uow: UnitOfWork, customer_id: UUID) -> Any:
    """The account's row, locked FOR NO KEY UPDATE until the end of the transaction; made when there is none."""
    mine = (_A.c.tenant_id == uow.tenant_id, _A.c.customer_id == customer_id)
    statement = select(_A).where(*mine).with_for_update(key_share=True)
    account = (await uow.session.execute(statement)).first()
    if account is None:
        known = await uow.session.scalar(
            select(_C.c.customer_id).where(
                _C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active"
            )
        )
        if known is None:
            raise NotFound("no such customer")
        fresh = upsert(_A).values(tenant_id=uow.tenant_id, customer_id=customer_id, spent_fen=0, points=0)
        await uow.session.execute(fresh.on_conflict_do_nothing(index_elements=["tenant_id", "customer_id"]))
        account = (await uow.session.execute(statement)).one()
    return account


async def _post(
    uow: UnitOfWork, account: Any, *, kind: str, fen: int, key: str, ref_id: UUID, at: datetime
) -> tuple[int, TierChange | None]:
    """Append one entry, move the sum and the tier; the account is locked."""
    program = await get_program(uow)
    await uow.session.execute(
        insert(_L).values(
            _entry(uow, await get_version_id(uow))
            | {
                "customer_id": account.customer_id,
                "kind": kind,
                "fen": fen,
                "key": key,
                "ref_id": ref_id,
                "occurred_at": at,
            }
        )
    )
    spent = account.spent_fen + fen
    values: dict[str, Any] = {"spent_fen": spent}
    change = None
    if program is not None and program.ladder is not None:
        tier = tier_after(program.ladder, current=account.tier, spent_fen=spent)
        if tier.code != account.tier:
            values |= {"tier": tier.code, "tier_since": uow.now}
            lowest = program.ladder.tiers[0].code
            if tier.code != (account.tier or lowest):
                change = TierChange(account.tier or lowest, tier.code)
    await uow.session.execute(
        update(_A).where(_A.c.tenant_id == uow.tenant_id, _A.c.customer_id == account.customer_id).values(values)
    )
    if change is not None:
        await _tell(uow, account.customer_id, change, cause=kind, spent_fen=spent, ref_id=ref_id, at=at)
    return spent, change


async def _tell(
    uow: UnitOfWork, customer_id: UUID, change: TierChange, *, cause: str, spent_fen: int, ref_id: UUID, at: datetime
) -> None:
    data = {"from": change.before, "to": change.after, "cause": cause, "spent_fen": spent_fen}
    await record_event(uow, customer_id=customer_id, kind="tier_changed", data=data, ref_id=ref_id, at=at)
    uow.audit("loyalty.tier_changed", "customer", customer_id, data)


def _entry(uow: UnitOfWork, version: str) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "entry_id": new_id(),
        "points": 0,
        "rule_version": version,
        "recorded_at": uow.now,
        "actor_id": uow.actor.id,
        "actor_name": uow.actor.name,
    }


async def _percent(uow: UnitOfWork, tier: str | None) -> int:
    ladder = await get_ladder(uow)
    return pay_percent(find_tier(ladder, tier) or ladder.tiers[0]) if ladder else 100


async def _seen(uow: UnitOfWork, customer_id: UUID, moment: datetime) -> None:
    day = local_date(moment, uow.scope.timezone)
    await uow.session.execute(
        update(_C)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
        .where(func.coalesce(_C.c.last_visit_on, day) <= day)
        .values(last_visit_on=day)
    )
