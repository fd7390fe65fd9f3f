"""Reads purchases for a replay column by column, some members at a time: each column travels as one text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.backtests.rules.rates import conditions as conditions_of
from core.backtests.rules.rates import needs_lines
from core.backtests.rules.replay import Bought, Members
from core.backtests.standings import get_mask
from core.db import table_of
from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.models import LedgerEntry, LoyaltyAccount, Purchase
from core.loyalty.rules.days import midnight
from core.loyalty.rules.tiers import reached, window
from core.uow import Reader

_A, _P, _L = table_of(LoyaltyAccount), table_of(Purchase), table_of(LedgerEntry)
_SEP: Final = "\x1f"
_INTS: Final = msgspec.json.Decoder(list[int])


@dataclass(slots=True)
class Piece:
    """The purchases of some members, and how these stood before the first day, under each of the two programs."""

    bought: Bought
    live: Members
    draft: Members
    members: int
    purchases: int
    """Within the replayed days."""
    last: UUID | None
    """The last customer of the piece; None when there is none after the last one."""


async def get_piece(
    reader: Reader,
    *,
    live: Program | None,
    draft: Program,
    days: Sequence[date],
    after: UUID | None,
    limit: int,
) -> Piece:
    """Return the next `limit` members after a customer, with what they bought, in one statement."""
    programs = [one for one in (live, draft) if one is not None]
    zone = reader.scope.timezone
    first = midnight(days[0], zone)
    since = midnight(min(_earliest(one.ladder, days[0]) for one in programs), zone)
    who = (await _members(reader, programs, first, after, limit)).cte("who").prefix_with("MATERIALIZED")
    with_lines = any(needs_lines(one) for one in programs)
    bought = _bought(reader, who, since, days, zone, with_lines=with_lines).cte("bought")
    row = (await reader.session.execute(_as_texts(who, bought, with_lines=with_lines))).one()
    return _piece(row, live=live, draft=draft)


def _earliest(ladder: TierLadder | None, first: date) -> date:
    return first if ladder is None or ladder.basis != "period_spend" else min(first, window(ladder, first)[0])


async def _members(reader: Reader, programs: Sequence[Program], first: datetime, after: UUID | None, limit: int) -> Any:
    """Members by key, with what the ladders measure before the first day and the tier of that day if it is known."""
    mine = _A.c.tenant_id == reader.tenant_id
    page = select(_A).where(mine).order_by(_A.c.customer_id).limit(limit)
    if after is not None:
        page = page.where(_A.c.customer_id > after)
    account = page.subquery("account")
    bases = {one.ladder.basis for one in programs if one.ladder is not None}
    visits: ColumnElement[Any] = literal(0, BigInteger)
    if "visits" in bases:
        visits = _before(reader, account, first)
    earned: ColumnElement[Any] = literal(0, BigInteger)
    if bases & {"points_earned", "points_balance"}:
        earned = _earned_since(reader, account, first)
    masks = [await get_mask(reader, _trees(one), account.c.customer_id) for one in programs]
    known = case((func.coalesce(account.c.tier_since, first) < first, func.coalesce(account.c.tier, "")), else_="?")
    return select(
        (func.row_number().over(order_by=account.c.customer_id) - 1).label("place"),
        account.c.customer_id,
        known.label("tier"),
        account.c.spent_fen,
        visits.label("visits"),
        func.greatest(account.c.earned - earned, 0).label("earned"),
        func.greatest(account.c.points - earned, 0).label("points"),
        masks[0].label("mask_0"),
        masks[-1].label("mask_1"),
    )


def _before(reader: Reader, account: Any, first: datetime) -> ColumnElement[Any]:
    mine = (_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == account.c.customer_id)
    return (
        select(func.count())
        .where(*mine, _P.c.occurred_at < first, _P.c.refunded_fen < _P.c.paid_fen)
        .select_from(_P)
        .scalar_subquery()
    )


def _earned_since(reader: Reader, account: Any, first: datetime) -> ColumnElement[Any]:
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == account.c.customer_id)
    total = select(cast(func.coalesce(func.sum(_L.c.points), 0), BigInteger))
    return total.where(*mine, _L.c.kind == "earn", _L.c.occurred_at >= first).scalar_subquery()


def _trees(program: Program) -> list[Tree]:
    trees: list[Tree] = []
    for name in conditions_of(program):
        if name.startswith("tier:") and program.ladder is not None:
            tier = next(one for one in program.ladder.tiers if f"tier:{one.code}" == name)
            assert tier.when is not None
            trees.append(tier.when)
        else:
            rule = program.find(name)
            assert rule is not None
            assert rule.when is not None
            trees.append(rule.when)
    return trees


def _bought(reader: Reader, who: Any, since: datetime, days: Sequence[date], zone: str, *, with_lines: bool) -> Any:
    """Purchases in the order of members and time; days before the first count down from -1."""
    first = date.fromordinal(min(days[0].toordinal(), since.date().toordinal()))
    span = [date.fromordinal(day) for day in range(first.toordinal(), days[-1].toordinal() + 1)]
    edges = literal([midnight(day, zone) for day in span], ARRAY(TIMESTAMP(timezone=True)))
    shift = days[0].toordinal() - first.toordinal() + 1
    names = ("list_fen", "paid_fen", "refunded_fen", "pay_percent")
    excepted = _P.c.lines.contains([{"eligible": False}])
    lines = cast(_P.c.lines, Text) if with_lines else case((excepted, cast(_P.c.lines, Text)), else_="")
    return (
        select(
            who.c.place,
            (func.width_bucket(_P.c.occurred_at, edges) - shift).label("day"),
            *(_P.c[name] for name in names),
            lines.label("lines"),
        )
        .select_from(who.join(_P, and_(_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == who.c.customer_id)))
        .where(_P.c.occurred_at >= since, _P.c.occurred_at < midnight(days[-1] + timedelta(days=1), zone))
        .order_by(who.c.place, _P.c.occurred_at, _P.c.purchase_id)
    )


_MEMBER: Final = ("spent_fen", "visits", "earned", "points", "mask_0", "mask_1")
_BOUGHT: Final = ("place", "day", "list_fen", "paid_fen", "refunded_fen", "pay_percent")


def _as_texts(who: Any, bought: Any, *, with_lines: bool) -> Any:
    """Return one row of columns as texts; a driver looks at every number of an array, msgspec reads a text in no time."""

    def text(column: ColumnElement[Any], order: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        value = cast(column, Text)
        return func.string_agg(value, aggregate_order_by(literal(","), order) if order is not None else ",")

    members = select(
        *(text(who.c[name], who.c.place) for name in _MEMBER),
        func.string_agg(who.c.tier, aggregate_order_by(literal(_SEP), who.c.place)),
        func.count(),
        cast(func.max(cast(who.c.customer_id, Text)), Text),
    ).subquery("m")
    # Rows come in the order of `bought`; asked for in every aggregate, each would sort them again.
    lines: ColumnElement[Any] = func.string_agg(bought.c.lines, _SEP)
    if not with_lines:
        # Seldom there: nothing travels when no line of any bill is excepted.
        lines = case((func.bool_or(bought.c.lines != ""), lines), else_=None)
    purchases = select(*(text(bought.c[name]) for name in _BOUGHT), lines.label("lines")).subquery("p")
    return select(members, purchases).select_from(members.join(purchases, literal(value=True)))


def _ints(text: str | None) -> list[int]:
    return _INTS.decode(f"[{text}]") if text else []


def _piece(row: Any, *, live: Program | None, draft: Program) -> Piece:
    sums: dict[str, list[int]] = dict(zip(_MEMBER, (_ints(one) for one in row[:6]), strict=True))
    size = row[7]
    tiers = row[6].split(_SEP) if size else []
    values = dict(zip(_BOUGHT, (_ints(one) for one in row[9:15]), strict=True))
    bought = Bought(
        member=values["place"],
        day=values["day"],
        list_fen=values["list_fen"],
        paid_fen=values["paid_fen"],
        refunded_fen=values["refunded_fen"],
        percent=values["pay_percent"],
        lines=row[15].split(_SEP) if row[15] else None,
    )
    ladder = live.ladder if live is not None else None
    tiers = _first_tiers(ladder, tiers, _measured(ladder, sums, bought))
    return Piece(
        bought=bought,
        live=Members(tiers, _measured(ladder, sums, bought), sums["mask_0"]),
        draft=Members(tiers, _measured(draft.ladder, sums, bought), sums["mask_1"]),
        members=size,
        purchases=sum(1 for day in bought.day if day >= 0),
        last=UUID(row[8]) if size else None,
    )


def _measured(ladder: TierLadder | None, sums: dict[str, list[int]], bought: Bought) -> list[int]:
    """What a ladder counted before the first day."""
    if ladder is None or ladder.basis == "period_spend":
        return [0] * len(sums["spent_fen"])
    if ladder.basis != "lifetime_spend":
        return sums[{"visits": "visits", "points_earned": "earned", "points_balance": "points"}[ladder.basis]]
    found = list(sums["spent_fen"])
    lowers = ladder.refunds_lower_spend
    for who, day, paid, back in zip(bought.member, bought.day, bought.paid_fen, bought.refunded_fen, strict=True):
        if day >= 0:
            found[who] -= paid - back if lowers else paid
    return found


def _first_tiers(ladder: TierLadder | None, known: list[str], values: Sequence[int]) -> list[str]:
    """The tiers of the first day; who changed since had what the sums of that day give in the live ladder."""
    if ladder is None:
        return ["" for _ in known]
    return [reached(ladder, value).code if tier == "?" else tier for tier, value in zip(known, values, strict=True)]
