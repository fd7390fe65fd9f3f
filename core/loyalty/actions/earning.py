"""Reads what earning depends on besides the bill: limits used up, campaigns that are open, conditions that hold."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from core.campaigns.queries import find_open_campaigns
from core.customers.models import Customer
from core.db import table_of
from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.parts import Period
from core.hooks.records.loyalty.points import EarnEvent, EarnRate
from core.hooks.records.loyalty.program import Program
from core.loyalty.actions.accounts import Account
from core.loyalty.actions.ledger import Ledger
from core.loyalty.models import LedgerEntry, Purchase
from core.loyalty.rules.days import local_day, midnight, period_bounds
from core.loyalty.rules.earning import Credit, EarnFacts, earn_from_event
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_program
from core.uow import UnitOfWork

_L, _P, _C = table_of(LedgerEntry), table_of(Purchase), table_of(Customer)
_FIRST: Final = date(1970, 1, 2)
_LAST: Final = date(9000, 1, 1)


async def earn_facts(
    uow: UnitOfWork, program: Program, customer_id: UUID, *, tier: str | None, at: datetime
) -> EarnFacts:
    """What a purchase of this instant earns by; a program without limits and conditions costs no statement."""
    zone = uow.scope.timezone
    day = local_day(at, zone)
    rates = program.live(EarnRate)
    campaigns = await find_open_campaigns(uow, day, at=at)
    matches = await matching(uow, customer_id, {one.id: one.when for one in (*rates, *campaigns)})
    today = month = {}
    if any(one.max_points_per_day is not None for one in rates):
        today = await _given(uow, customer_id, period_bounds("day", day))
    if any(one.max_points_per_month is not None for one in rates):
        month = await _given(uow, customer_id, period_bounds("month", day))
    return EarnFacts(
        tier=tier,
        points_today=today,
        points_this_month=month,
        campaigns=tuple(one for one in campaigns if one.when is None or one.id in matches),
        matches=matches,
    )


async def matching(uow: UnitOfWork, customer_id: UUID, asked: Mapping[str, Tree | None]) -> frozenset[str]:
    """Keys of the conditions that hold for a customer; those without a condition are not among them."""
    trees = {key: tree for key, tree in asked.items() if tree is not None}
    return await uow.match(customer_id, trees) if trees else frozenset()


async def event_credits(uow: UnitOfWork, account: Account, event: str, at: datetime) -> tuple[Credit, ...]:
    """What an event earns now; nothing when no rule names it or its limit is reached."""
    program = await get_program(uow, at)
    if program is None:
        return ()
    rules = {rule.id: rule.when for rule in program.live(EarnEvent) if rule.event == event}
    if not rules:
        return ()
    zone = uow.scope.timezone
    matches = await matching(uow, account.customer_id, rules)
    joined = await uow.session.scalar(
        select(_C.c.created_at).where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == account.customer_id)
    )
    given = await count_given(
        uow,
        program,
        account.customer_id,
        event=event,
        day=local_day(at, zone),
        since=local_day(joined, zone) if joined is not None else None,
    )
    facts = EarnFacts(tier=account.tier, matches=matches)
    found = earn_from_event(program, event, given=given, facts=facts, at=at, zone=zone)
    return () if isinstance(found, Refusal) else found


def credit_all(
    ledger: Ledger,
    account: Account,
    credited: Sequence[Credit],
    *,
    keys: Sequence[str],
    ref_id: UUID | None,
    at: datetime,
) -> list[UUID]:
    """Append an entry and open a lot for each credit of a rule; return the ids."""
    return [
        ledger.credit(
            account,
            kind="earn",
            key=key,
            points=one.points,
            activates_at=one.activates_at,
            expires_at=one.expires_at,
            rule_id=one.rule_id,
            ref_id=ref_id,
            details={"shares": one.shares} if len(one.shares) > 1 else None,
            at=at,
        )
        for one, key in zip(credited, keys, strict=True)
    ]


async def count_given(
    uow: UnitOfWork, program: Program, customer_id: UUID, *, event: str, day: date, since: date | None
) -> dict[str, int]:
    """How often each rule for an event gave this customer points in its own period so far."""
    given: dict[str, int] = {}
    for rule in program.live(EarnEvent):
        if rule.event == event and rule.limit is not None:
            given[rule.id] = await _times(uow, customer_id, rule.id, rule.period, day, since)
    return given


async def is_first_purchase(uow: UnitOfWork, customer_id: UUID, *, but: UUID) -> bool:
    """Whether somebody never bought anything else; a bill that was taken back as a whole was nothing."""
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id, _P.c.purchase_id != but)
    other = select(_P.c.purchase_id).where(*mine, _P.c.refunded_fen < _P.c.paid_fen).limit(1)
    return await uow.session.scalar(other) is None


async def _times(
    uow: UnitOfWork, customer_id: UUID, rule_id: str, period: Period, day: date, since: date | None
) -> int:
    bounds = period_bounds(period, day, since)
    found = select(func.count()).select_from(_L).where(*_mine(uow, customer_id, bounds), _L.c.rule_id == rule_id)
    return int(await uow.session.scalar(found) or 0)


async def _given(uow: UnitOfWork, customer_id: UUID, bounds: tuple[date, date]) -> dict[str, int]:
    query = select(_L.c.rule_id, func.sum(_L.c.points)).where(*_mine(uow, customer_id, bounds)).group_by(_L.c.rule_id)
    return {rule_id: int(points) for rule_id, points in await uow.session.execute(query)}


def _mine(uow: UnitOfWork, customer_id: UUID, bounds: tuple[date, date]) -> Collection[Any]:
    zone = uow.scope.timezone
    first, last = max(bounds[0], _FIRST), min(bounds[1], _LAST)
    return (
        _L.c.tenant_id == uow.tenant_id,
        _L.c.customer_id == customer_id,
        _L.c.kind == "earn",
        _L.c.occurred_at >= midnight(first, zone),
        _L.c.occurred_at < midnight(last + timedelta(days=1), zone),
    )
