"""What points buy: whole steps, from a minimum up, for at most a part of the bill."""

from collections.abc import Set as AbstractSet
from datetime import date

import msgspec

from core.hooks.records.loyalty.parts import Rule
from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.refusals import Refusal


class Quote(msgspec.Struct, frozen=True):
    """So many points pay so many fen."""

    points: int
    fen: int
    rule_id: str = ""


def in_days(rule: Rule, day: date) -> bool:
    """Whether a rule counts on this local day; its first and last day are included."""
    return (rule.starts_on is None or rule.starts_on <= day) and (rule.ends_on is None or day <= rule.ends_on)


def fits(rule: Rule, day: date, matches: AbstractSet[str]) -> bool:
    """Whether a rule counts on this day for somebody for whom the conditions of the rules in `matches` hold."""
    return rule.live and in_days(rule, day) and (rule.when is None or rule.id in matches)


def redeem_rule(
    program: Program, *, tier: str | None, day: date, matches: AbstractSet[str] = frozenset()
) -> Redeem | Refusal | None:
    """The first rule by which this member may pay; None: the program names no price, points are spent as they are."""
    rules = program.live(Redeem)
    if not rules:
        return None
    for rule in rules:
        if fits(rule, day, matches) and (not rule.tiers or tier in rule.tiers):
            return rule
    return Refusal("no-redeem-rule")


def quote(
    rule: Redeem | None, balance: int, bill_fen: int | None, points: int | None, *, clamp: bool = False
) -> Quote | Refusal:
    """What so many points pay; `points` None asks for as many as possible, `clamp` for as many as possible of those asked.

    Without a bill no limit of the bill is looked at. `bill_fen` is the part of the bill that points may pay for, after
    discounts and coupons. Refused in this order: the bill, the minimum, the steps, the maximum, the share of the bill, the
    balance; when clamping, only the bill, the minimum and an empty balance can refuse.
    """
    if rule is None:
        return _plain(balance, points, clamp=clamp)
    if bill_fen is not None and bill_fen < max(rule.min_bill_fen, 1):
        return Refusal("bill-too-small", {"min_bill_fen": rule.min_bill_fen, "bill_fen": bill_fen})
    share = None if bill_fen is None else bill_fen * rule.max_percent // 100 // rule.fen_per_point
    if points is None or clamp:
        limits = [one for one in (points, rule.max_points, share, balance) if one is not None]
        most = max(0, min(limits))
        points = _floor(most, rule.step)
        if points == 0 or points < rule.min_points:
            return _too_few(rule, balance, share)
        return Quote(points, points * rule.fen_per_point, rule.id)
    return _refusal(rule, points, share, balance) or Quote(points, points * rule.fen_per_point, rule.id)


def _refusal(rule: Redeem, points: int, share: int | None, balance: int) -> Refusal | None:
    checks = (
        (points < rule.min_points, "below-minimum", {"min_points": rule.min_points}),
        (points % rule.step != 0, "not-whole-steps", {"step": rule.step}),
        (rule.max_points is not None and points > rule.max_points, "above-maximum", {"max_points": rule.max_points}),
        (share is not None and points > share, "above-bill-share", {"max_points": _floor(share or 0, rule.step)}),
        (points > balance, "not-enough-points", {"balance": balance}),
    )
    return next((Refusal(code, {"points": points} | params) for failed, code, params in checks if failed), None)


def _floor(points: int, step: int) -> int:
    return points - points % step


def _plain(balance: int, points: int | None, *, clamp: bool) -> Quote | Refusal:
    most = balance if points is None or (clamp and points > balance) else points
    if most > balance or most == 0:
        return Refusal("not-enough-points", {"points": points or 1, "balance": balance})
    return Quote(most, 0)


def _too_few(rule: Redeem, balance: int, share: int | None) -> Refusal:
    least = max(rule.min_points, rule.step)
    if balance < least:
        return Refusal("not-enough-points", {"points": least, "balance": balance})
    if share is not None and share < least:
        return Refusal("above-bill-share", {"max_points": _floor(share, rule.step), "points": least})
    return Refusal("below-minimum", {"min_points": least})
