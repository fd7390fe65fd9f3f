"""A purchase: paid as it is told, or priced from the list by the rules with the bill explained."""

from collections.abc import Callable
from datetime import datetime

from core.hooks.records.loyalty.parts import Rule
from core.loyalty.replay.answers import Answer, bill_answer, credit_answer, moves_answer, tier_of
from core.loyalty.replay.fields import (
    Raw,
    listed_line,
    paid_line,
    read_fen,
    read_flag,
    read_lines,
    read_percent,
    read_points,
)
from core.loyalty.replay.player import Player
from core.loyalty.rules.nights import settle
from core.loyalty.rules.prices import Bill, BillLine, CouponUse, Offer, PointsUse, explain, line_offers
from core.loyalty.rules.redeeming import redeem_rule
from core.loyalty.rules.refusals import Refusal, Refused

_PRICED = ("coupons", "points", "max", "clamp", "stored_value_fen", "order_percent")


def purchase(player: Player, raw: Raw, key: str) -> Callable[[datetime], Answer]:
    """A paid bill; with `price: true` its lines are list prices, and the rules say what is paid."""
    lines = read_lines(raw)
    if read_flag(raw, "price"):
        return _priced(player, raw, key, [listed_line(one) for one in lines])
    loose = next((name for name in _PRICED if name in raw), None)
    if loose is not None:
        raise Refused("bad-field", field=loose, reason="counts with price: true only")
    paid = [paid_line(one, one["fen"]) for one in lines]

    def act(at: datetime) -> Answer:
        credits_ = player.account.purchase(key, paid, at, facts=player.facts())
        moved = moves_answer(settle(player.account, "spend"))
        zone = player.account.zone
        return {
            "fen": sum(line.fen for line in paid),
            "earned": sum(one.points for one in credits_),
            "credits": [credit_answer(one, zone) for one in credits_],
        } | moved

    return act


def _priced(player: Player, raw: Raw, key: str, lines: list[BillLine]) -> Callable[[datetime], Answer]:
    coupons = raw.get("coupons", [])
    if not isinstance(coupons, list) or not all(isinstance(one, str) for one in coupons):
        raise Refused("bad-field", field="coupons")
    pays_with_points = "points" in raw or read_flag(raw, "max")
    points = read_points(raw, optional=read_flag(raw, "max")) if pays_with_points else None
    clamp, percent = read_flag(raw, "clamp"), read_percent(raw, "order_percent")
    stored = read_fen(raw, "stored_value_fen", least=0) or 0

    def act(at: datetime) -> Answer:
        account = player.account
        bill = _explained(
            player,
            lines,
            at,
            coupons=coupons,
            points=_points_use(player, points, clamp=clamp) if pays_with_points else None,
            percent=percent,
            stored=stored,
        )
        spent = bill.points.points if bill.points is not None else 0
        if spent:
            account.redeem(spent, at, key=key)
        for coupon in coupons:
            player.rewards.coupons[coupon].used += 1
        paid = [paid_line(one, fen) for one, fen in zip(read_lines(raw), bill.lines, strict=True)]
        credits_ = account.purchase(key, paid, at, facts=player.facts())
        moved = moves_answer(settle(account, "spend"))
        return {
            "fen": bill.due_fen,
            "points": spent,
            "earned": sum(one.points for one in credits_),
            "credits": [credit_answer(one, account.zone) for one in credits_],
            "bill": bill_answer(bill),
        } | moved

    return act


def _explained(
    player: Player,
    lines: list[BillLine],
    at: datetime,
    *,
    coupons: list[str],
    points: PointsUse | None,
    percent: int | None,
    stored: int,
) -> Bill:
    account = player.account
    uses = [player.rewards.good(one, at) for one in coupons]
    version = account.version
    everything = tuple(range(len(lines)))
    order = () if percent is None else (Offer(step="order_percent", pay_percent=percent, lines=everything),)
    bill = explain(
        lines,
        offers=line_offers(
            player.program, tier=tier_of(account), lines=lines, campaigns=player.campaigns(), version=version
        ),
        order_percents=order,
        coupons=[CouponUse(coupon_id=one.key, terms=one.terms, rule_version=one.version) for one in uses],
        points=points,
        stored_fen=stored,
    )
    if isinstance(bill, Refusal):
        raise Refused(bill.code, **bill.params)
    return bill


def _points_use(player: Player, points: int | None, *, clamp: bool) -> PointsUse:
    account = player.account
    rule = redeem_rule(player.program, tier=tier_of(account), day=account.day(), matches=account.matches)
    if isinstance(rule, Refusal):
        raise Refused(rule.code, **rule.params)
    assert rule is None or isinstance(rule, Rule)
    return PointsUse(rule=rule, balance=account.balance, points=points, clamp=clamp, rule_version=account.version)
