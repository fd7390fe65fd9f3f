"""Counts what happened in the replayed days besides purchases: newcomers, first purchases, birthdays, coupons."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, cast, extract, func, select

from core.backtests.rules.sums import Counted
from core.customers.models import Customer, Subject
from core.db import table_of
from core.hooks.records.loyalty.points import EarnEvent
from core.hooks.records.loyalty.program import Program
from core.loyalty.models import LedgerEntry, Purchase
from core.rewards.models import Coupon
from core.uow import Reader

_C, _S, _P, _L, _G = table_of(Customer), table_of(Subject), table_of(Purchase), table_of(LedgerEntry), table_of(Coupon)


async def get_counted(
    reader: Reader, programs: Sequence[Program], *, days: Sequence[date], since: datetime, purchases: int
) -> Counted:
    """Return the counts; an event is only counted where a rule names it."""
    named = {rule.event for program in programs for rule in program.live(EarnEvent)}
    events: dict[str, int] = {}
    if "purchase" in named:
        events["purchase"] = purchases
    if "registered" in named:
        mine = (_C.c.tenant_id == reader.tenant_id, _C.c.state == "active", _C.c.created_at >= since)
        events["registered"] = await _count(reader, select(func.count()).select_from(_C).where(*mine))
    if "first_purchase" in named:
        events["first_purchase"] = await _first_purchases(reader, since)
    if "birthday" in named:
        events["birthday"] = await _birthdays(reader, days)
    given = select(_L.c.rule_id, func.count()).where(
        _L.c.tenant_id == reader.tenant_id, _L.c.kind == "earn", _L.c.rule_id != "", _L.c.occurred_at >= since
    )
    by_rule = await reader.session.execute(given.group_by(_L.c.rule_id)) if named else ()
    issued = select(_G.c.template_id, func.count()).where(_G.c.tenant_id == reader.tenant_id, _G.c.issued_at >= since)
    coupons = await reader.session.execute(issued.group_by(_G.c.template_id))
    return Counted(
        events=events,
        by_rule={row[0]: row[1] for row in by_rule},
        coupons={row[0]: row[1] for row in coupons},
    )


async def _first_purchases(reader: Reader, since: datetime) -> int:
    first = (
        select(func.min(_P.c.occurred_at).label("at"))
        .where(_P.c.tenant_id == reader.tenant_id, _P.c.refunded_fen < _P.c.paid_fen)
        .group_by(_P.c.customer_id)
        .subquery("first")
    )
    return await _count(reader, select(func.count()).select_from(first).where(first.c.at >= since))


async def _birthdays(reader: Reader, days: Sequence[date]) -> int:
    """Birthdays of living subjects within the days; a year that the days do not pass twice."""
    number = cast(extract("month", _S.c.birthday) * 100 + extract("day", _S.c.birthday), Integer)
    within = {day.month * 100 + day.day for day in days}
    if 228 in within:
        within.add(229)
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.deceased_on.is_(None), _S.c.merged_into.is_(None))
    return await _count(reader, select(func.count()).select_from(_S).where(*mine, number.in_(sorted(within))))


async def _count(reader: Reader, statement: Any) -> int:
    return int(await reader.session.scalar(statement) or 0)
