"""Reads how members stand under a ladder, in one statement for all, and writes down who would move."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)

from core.backtests.models import BacktestMover
from core.backtests.rules.moves import Alike, Fate
from core.conditions.statements import select_matching
from core.db import table_of
from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.models import LoyaltyAccount, Purchase
from core.loyalty.rules.days import local_day, midnight
from core.loyalty.rules.tiers import window
from core.segments.fields import get_fields
from core.uow import Reader, UnitOfWork

_A, _P, _M = table_of(LoyaltyAccount), table_of(Purchase), table_of(BacktestMover)


async def get_standings(reader: Reader, ladder: TierLadder | None) -> FromClause:
    """Return a subquery: customer_id, tier, pinned, value, step, mask of everybody with an account.

    `value` is what `core.loyalty.actions.tiers.measure` finds today, `step` how many thresholds it reaches.
    """
    value, joined = _measure(reader, ladder)
    conditions = [tier.when for tier in ladder.tiers if tier.when is not None] if ladder else []
    mask = await get_mask(reader, conditions, _A.c.customer_id)
    thresholds = [ladder.threshold(tier) for tier in ladder.tiers] if ladder else [0]
    pinned = _A.c.pinned_until.is_not(None)
    found = select(
        _A.c.customer_id,
        func.coalesce(_A.c.tier, "").label("tier"),
        pinned.label("pinned"),
        value.label("value"),
        func.width_bucket(value, literal(thresholds, ARRAY(BigInteger))).label("step"),
        mask.label("mask"),
    )
    return found.select_from(joined).where(_A.c.tenant_id == reader.tenant_id).subquery("standing")


def _measure(reader: Reader, ladder: TierLadder | None) -> tuple[ColumnElement[Any], FromClause]:
    if ladder is None or ladder.basis == "lifetime_spend":
        return _A.c.spent_fen, _A
    if ladder.basis == "points_balance":
        return _A.c.points, _A
    if ladder.basis == "points_earned":
        return _A.c.earned, _A
    kept = _P.c.refunded_fen < _P.c.paid_fen if ladder.refunds_lower_spend else _P.c.paid_fen >= 0
    mine = [_P.c.tenant_id == reader.tenant_id]
    if ladder.basis == "visits":
        mine.append(kept)
        counted: ColumnElement[Any] = func.count()
    else:
        zone = reader.scope.timezone
        first, last = window(ladder, local_day(reader.now, zone))
        mine += [
            _P.c.occurred_at >= midnight(first, zone),
            _P.c.occurred_at < midnight(last + timedelta(days=1), zone),
        ]
        less = _P.c.refunded_fen if ladder.refunds_lower_spend else literal(0)
        counted = cast(func.sum(_P.c.paid_fen - less), BigInteger)
    sums = select(_P.c.customer_id, counted.label("value")).where(*mine).group_by(_P.c.customer_id).subquery("sums")
    return func.coalesce(sums.c.value, 0), _A.outerjoin(sums, sums.c.customer_id == _A.c.customer_id)


async def get_mask(reader: Reader, trees: Sequence[Tree], key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return which of the conditions hold for a customer, as bits in their order."""
    if not trees:
        return literal(0, BigInteger)
    catalogue, bindings = await get_fields(reader)
    today = reader.today
    bits = (
        case(
            (key.in_(select_matching(tree, catalogue=catalogue, bindings=bindings, today=today)), 1 << place),
            else_=0,
        )
        for place, tree in enumerate(trees)
    )
    total: ColumnElement[Any] = literal(0, BigInteger)
    for bit in bits:
        total = total + cast(bit, BigInteger)
    return total


async def list_alike(reader: Reader, ladder: TierLadder | None) -> list[Alike]:
    """Return members grouped by how they stand under a ladder."""
    standing = await get_standings(reader, ladder)
    names = ("tier", "step", "mask", "pinned")
    columns = [standing.c[name] for name in names]
    rows = await reader.session.execute(select(*columns, func.count().label("people")).group_by(*columns))
    return [Alike(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def note_movers(
    uow: UnitOfWork, *, backtest_id: UUID, ladder: TierLadder | None, fates: Sequence[Fate]
) -> dict[str, dict[tuple[str | None, str, bool], int]]:
    """Write down by name everybody whose standing leads elsewhere; return how many go each way, by whence."""
    if fates:
        standing = await get_standings(uow, ladder)
        ways = make_ways([one.alike for one in fates], fates)
        same = and_(
            standing.c.tier == ways.c.tier,
            standing.c.step == ways.c.step,
            standing.c.mask == ways.c.mask,
            standing.c.pinned.is_(False),
        )
        found = select(
            literal(uow.tenant_id),
            literal(backtest_id),
            ways.c.whence,
            standing.c.customer_id,
            func.nullif(ways.c.before, ""),
            ways.c.after,
            ways.c.is_up,
            standing.c.value,
        ).select_from(standing.join(ways, same))
        names = ["tenant_id", "backtest_id", "whence", "customer_id", "tier_before", "tier_after", "is_up", "total"]
        await uow.session.execute(insert(_M).from_select(names, found))
    way = (_M.c.whence, _M.c.tier_before, _M.c.tier_after, _M.c.is_up)
    query = select(*way, func.count()).where(_M.c.tenant_id == uow.tenant_id, _M.c.backtest_id == backtest_id)
    counted: dict[str, dict[tuple[str | None, str, bool], int]] = {"publish": {}, "review": {}}
    for whence, before, after, is_up, people in await uow.session.execute(query.group_by(*way)):
        counted[whence][before, after, is_up] = people
    return counted


def make_ways(groups: Sequence[Alike], fates: Sequence[Fate] = ()) -> FromClause:
    """Return groups of members (and where each would go) as a table to be joined."""
    columns: dict[str, tuple[Any, list[Any]]] = {
        "tier": (Text, [one.tier for one in groups]),
        "step": (Integer, [one.step for one in groups]),
        "mask": (BigInteger, [one.mask for one in groups]),
    }
    if fates:
        columns |= {
            "whence": (Text, [one.whence for one in fates]),
            "before": (Text, [one.before or "" for one in fates]),
            "after": (Text, [one.after for one in fates]),
            "is_up": (Boolean, [one.is_up for one in fates]),
        }
    arrays = (literal(values, ARRAY(kind)) for kind, values in columns.values())
    return func.unnest(*arrays).table_valued(*columns, name="way").render_derived()
