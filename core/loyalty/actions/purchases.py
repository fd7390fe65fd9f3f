"""Records purchases and what they move: ledger entries, sums, points, tier and timeline in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import record_event
from core.customers.models import Customer
from core.customers.rules.names import clean_text
from core.days import local_date
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.points import EarnEvent, TierLadder
from core.loyalty.actions.accounts import Account, lock_account
from core.loyalty.actions.earning import credit_all, earn_facts, event_credits, is_first_purchase
from core.loyalty.actions.ledger import MAX_KEY, KeyReused, Ledger
from core.loyalty.actions.nights import begin_operation, pass_time
from core.loyalty.actions.promotions import earn_within_budgets, give_promised
from core.loyalty.actions.tiers import TierChange, settle_tier
from core.loyalty.models import LedgerEntry, Purchase
from core.loyalty.rules.earning import Credit, Line, events_of_purchase, share
from core.loyalty.rules.prices import LARGEST_FEN, Price, member_price, pay_percent
from core.loyalty.rules.tiers import find_tier
from core.programs.queries import get_ladder, get_program, get_version_id
from core.uow import UnitOfWork

_P, _L, _C = table_of(Purchase), table_of(LedgerEntry), table_of(Customer)
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


class PurchaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill; the total is the sum of the lines. Rules of earning look at category and service."""

    label: str
    fen: int
    quantity: int = 1
    category: str = ""
    service: str = ""
    eligible: bool = True
    """False: earns nothing whatever the rules say."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a purchase or a refund did; `replayed` when the key had been used for the very same purchase before."""

    purchase_id: UUID
    paid_fen: int
    spent_fen: int
    points: int = 0
    """Earned by this purchase, or taken back by this refund (negative)."""
    tier_change: TierChange | None = None
    replayed: bool = False


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
    """Record one paid bill; what it earns and the tier it leads to move in the same transaction.

    `fen` is what was paid, or with `with_discount` the list price that the member's discount still comes off (9折 on
    the whole bill). Repeats with the same `key` do nothing and answer the same, however many come at once.
    `occurred_at` is when it was paid, and never in the future; it earns by the rules that were in force then, and
    counts as spending whatever they say.

    Raises:
        InvalidInput: every problem at once.
        KeyReused: the key belongs to another purchase.
    """
    moment = occurred_at or uow.now
    words = clean_text(description)
    _refuse_bad(uow, fen=fen, key=key, moment=moment, words=words, lines=lines)
    version = await get_version_id(uow, moment)
    locked = await lock_account(uow, customer_id, key=f"purchase:{key}")
    account = locked.mine
    ledger = await begin_operation(uow, locked, rule_version=version)
    percent = _percent(await get_ladder(uow), account.tier) if with_discount else 100
    price = member_price(fen, percent)
    purchase_id = await _insert_purchase(
        uow,
        {
            "customer_id": account.customer_id,
            "branch_id": branch_id,
            "key": key,
            "list_fen": price.list_fen,
            "paid_fen": price.paid_fen,
            "pay_percent": percent,
            "description": words,
            "lines": [msgspec.to_builtins(line) for line in lines],
            "occurred_at": moment,
        },
    )
    if purchase_id is None:
        return await _replay(uow, account, fen=fen, key=key)
    paid = _Paid(purchase_id, key, price, words, _paid_lines(lines, price.paid_fen), moment)
    earned, change = await _post(uow, ledger, account, paid)
    details = {"customer_id": str(account.customer_id), "fen": price.paid_fen, "points": earned}
    uow.audit("purchase.record", "purchase", purchase_id, details)
    uow.announce("purchase.recorded", {"purchase_id": purchase_id, "occurred_at": moment, **details})
    return Recorded(
        purchase_id=purchase_id,
        paid_fen=price.paid_fen,
        spent_fen=account.spent_fen,
        points=earned,
        tier_change=change,
    )


class _Paid(msgspec.Struct, frozen=True):
    """A bill that was just written down."""

    purchase_id: UUID
    key: str
    price: Price
    words: str
    lines: list[Line]
    at: datetime


async def _post(uow: UnitOfWork, ledger: Ledger, account: Account, paid: _Paid) -> tuple[int, TierChange | None]:
    """Tell the timeline, post what was spent and earned, settle the tier, give what is promised; return points and change."""
    price, at, ref_id = paid.price, paid.at, paid.purchase_id
    data: dict[str, Any] = {"fen": price.paid_fen, "saved_fen": price.saved_fen, "description": paid.words}
    credited, campaigns = await _earned(uow, account, paid.lines, ref_id, at)
    earned = sum(one.points for one in credited)
    if earned:
        data["points"] = earned
    await record_event(uow, customer_id=account.customer_id, kind="purchase", at=at, ref_id=ref_id, data=data)
    ledger.post(account, kind="spend", fen=price.paid_fen, key=f"purchase:{paid.key}", ref_id=ref_id, at=at)
    keys = [f"purchase:{paid.key}:{one.rule_id}" for one in credited]
    credit_all(ledger, account, credited, keys=keys, ref_id=ref_id, at=at)
    await pass_time(uow, ledger, account, await get_ladder(uow))
    change = await settle_tier(uow, ledger, account, cause="spend", ref_id=ref_id, told_at=at)
    await ledger.write()
    await give_promised(uow, campaigns, customer_id=account.customer_id, purchase_id=ref_id, fen=price.paid_fen, at=at)
    await _seen(uow, account.customer_id, at)
    return earned, change


async def _earned(
    uow: UnitOfWork, account: Account, lines: Sequence[Line], purchase_id: UUID, at: datetime
) -> tuple[list[Credit], tuple[Campaign, ...]]:
    """What a bill earns by the rules in force when it was paid, by its lines and as an event; and who is on then."""
    program = await get_program(uow, at)
    if program is None:
        return [], ()
    facts = await earn_facts(uow, program, account.customer_id, tier=account.tier, at=at)
    credited = list(
        await earn_within_budgets(
            uow, program, lines, facts, customer_id=account.customer_id, purchase_id=purchase_id, at=at
        )
    )
    named = {rule.event for rule in program.live(EarnEvent)}
    if not named.isdisjoint(events_of_purchase(first=True)):
        first = await is_first_purchase(uow, account.customer_id, but=purchase_id)
        for event in named.intersection(events_of_purchase(first=first)):
            credited += await event_credits(uow, account, event, at)
    return credited, facts.campaigns


def _paid_lines(lines: Sequence[PurchaseLine], paid_fen: int) -> list[Line]:
    """The bill as earning sees it: what was paid for each line after the discount on the whole bill."""
    if not lines:
        return [Line(paid_fen)]
    paid = share(paid_fen, [line.fen for line in lines])
    return [
        Line(fen, category=line.category, service=line.service, quantity=line.quantity, eligible=line.eligible)
        for fen, line in zip(paid, lines, strict=True)
    ]


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


def _refuse_bad(
    uow: UnitOfWork, *, fen: int, key: str, moment: datetime, words: str, lines: Sequence[PurchaseLine]
) -> None:
    problems = []
    if fen <= 0:
        problems.append(FieldProblem("amount", "not-positive"))
    elif fen > LARGEST_FEN:
        problems.append(FieldProblem("amount", "too-large", {"max": LARGEST_FEN}))
    if lines and sum(line.fen for line in lines) != fen:
        problems.append(FieldProblem("lines", "sum-differs"))
    if moment > uow.now + _CLOCKS_DIFFER:
        problems.append(FieldProblem("occurred_at", "in-the-future"))
    if not key or len(key) > MAX_KEY:
        problems.append(FieldProblem("key", "bad-key"))
    if len(words) > 200:
        problems.append(FieldProblem("description", "too-long", {"max": 200}))
    if problems:
        raise InvalidInput(tuple(problems))


async def _replay(uow: UnitOfWork, account: Account, *, fen: int, key: str) -> Recorded:
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.key == key)
    known = (
        await uow.session.execute(select(_P.c.purchase_id, _P.c.customer_id, _P.c.list_fen, _P.c.paid_fen).where(*mine))
    ).one()
    if known.customer_id != account.customer_id or known.list_fen != fen:
        raise KeyReused(key=key)
    points = await points_of(uow, known.purchase_id)
    return Recorded(
        purchase_id=known.purchase_id,
        paid_fen=known.paid_fen,
        spent_fen=account.spent_fen,
        points=points,
        replayed=True,
    )


async def points_of(uow: UnitOfWork, purchase_id: UUID) -> int:
    """The points that a purchase earned, before anything was taken back."""
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.ref_id == purchase_id, _L.c.kind == "earn")
    return int(await uow.session.scalar(select(func.coalesce(func.sum(_L.c.points), 0)).where(*mine)) or 0)


def _percent(ladder: TierLadder | None, tier: str | None) -> int:
    return pay_percent(find_tier(ladder, tier) or ladder.tiers[0]) if ladder else 100


async def _seen(uow: UnitOfWork, customer_id: UUID, moment: datetime) -> None:
    day = local_date(moment, uow.scope.timezone)
    await uow.session.execute(
        update(_C)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
        .where(func.coalesce(_C.c.last_visit_on, day) <= day)
        .values(last_visit_on=day)
    )
