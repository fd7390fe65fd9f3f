"""What a purchase or an event earns: whole units of the basis, exact multipliers, one floor at the end, then the caps."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction

import msgspec

from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.parts import ratio
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Lifetime
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.days import activation, expiry, local_day
from core.loyalty.rules.redeeming import fits
from core.loyalty.rules.refusals import Refusal
from core.loyalty.rules.tiers import find_tier


class Line(msgspec.Struct, frozen=True):
    """One line of a paid bill: what was paid for it after all discounts, also the part paid with stored value."""

    fen: int
    category: str = ""
    service: str = ""
    quantity: int = 1
    eligible: bool = True
    """False: earns nothing whatever the rules say (a deposit, a gift card)."""


class EarnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What earning depends on besides the bill.

    `points_today` and `points_this_month` are what each rule gave on the local day and in the local month of the purchase so
    far; refunds do not lower them.
    """

    tier: str | None = None
    points_today: Mapping[str, int] = {}
    points_this_month: Mapping[str, int] = {}
    campaigns: tuple[Campaign, ...] = ()
    """The campaigns that are open on the local day of the purchase."""
    matches: frozenset[str] = frozenset()
    """Ids of the rules whose `when` holds for this member."""


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Points that one rule gives; `shares` are the points of each line of the bill, their sum is `points`."""

    rule_id: str
    points: int
    shares: tuple[int, ...] = ()
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    capped: bool = False
    """A cap made it less than the rate alone would give."""


def earn(
    program: Program, lines: Sequence[Line] | int, facts: EarnFacts, at: datetime, zone: str
) -> tuple[Credit, ...]:
    """What a purchase earns, in the order of the rules; of each group of rules only the best, the first of equals."""
    bill = (Line(lines),) if isinstance(lines, int) else tuple(lines)
    day = local_day(at, zone)
    found: list[tuple[EarnRate, Credit]] = []
    for rule in program.live(EarnRate):
        credit = _credit(program, rule, bill, facts, at, zone) if _may(rule, facts, day) else None
        if credit is not None:
            found.append((rule, credit))
    best: dict[str, int] = {}
    for rule, credit in found:
        if rule.group:
            best[rule.group] = max(best.get(rule.group, 0), credit.points)
    kept = []
    for rule, credit in found:
        if not rule.group or best.get(rule.group) == credit.points:
            best.pop(rule.group, None)
            kept.append(credit)
    return tuple(kept)


def earn_from_event(
    program: Program, event: str, *, given: Mapping[str, int], facts: EarnFacts, at: datetime, zone: str
) -> tuple[Credit, ...] | Refusal:
    """What an event earns, by every live rule for it; `given` is how often each rule gave in its period so far.

    The period of a rule is `period_bounds(rule.period, local day, day of joining)`.
    """
    day = local_day(at, zone)
    rules = [
        rule
        for rule in program.live(EarnEvent)
        if rule.event == event
        and rule.points > 0
        and fits(rule, day, facts.matches)
        and (not rule.tiers or facts.tier in rule.tiers)
    ]
    if not rules:
        return Refusal("no-event-rule", {"event": event})
    open_rules = [rule for rule in rules if rule.limit is None or given.get(rule.id, 0) < rule.limit]
    if not open_rules:
        return Refusal("event-limit", {"event": event, "limit": rules[0].limit, "period": rules[0].period})
    return tuple(_timed(rule.id, rule.points, rule.lifetime, at, zone) for rule in open_rules)


def events_of_purchase(*, first: bool) -> tuple[str, ...]:
    """The events that a purchase itself is: `purchase`, and `first_purchase` when nothing was bought before."""
    return ("purchase", "first_purchase") if first else ("purchase",)


def share(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share by weight: each the floor of its part, the rest on the last line with a weight above 0."""
    whole = sum(one for one in weights if one > 0)
    if whole == 0:
        return tuple(0 for _ in weights)
    parts = [total * one // whole if one > 0 else 0 for one in weights]
    last = max(place for place, one in enumerate(weights) if one > 0)
    parts[last] += total - sum(parts)
    return tuple(parts)


def is_eligible(rule: EarnRate | Campaign, line: Line) -> bool:
    """Whether a line counts for a rule: named by category or item (or none is named), and not excluded."""
    if not line.eligible:
        return False
    if isinstance(rule, EarnRate) and (
        line.category in rule.exclude_categories or line.service in rule.exclude_services
    ):
        return False
    named = bool(rule.categories or rule.services)
    return not named or line.category in rule.categories or line.service in rule.services


def multiplier(program: Program, rule: EarnRate, lines: Sequence[Line], facts: EarnFacts) -> Fraction:
    """Tier x campaigns x rule, exactly. A campaign for some lines only counts by their part of the basis.

    Open campaigns multiply each other; of those with one `group` only the highest counts.
    """
    ladder = program.ladder
    tier = find_tier(ladder, facts.tier) if ladder is not None else None
    steady = ratio(rule.multiplier) * (ratio(tier.earn_multiplier) if tier is not None else 1)
    weights = [_weight(rule, line) if is_eligible(rule, line) else 0 for line in lines]
    whole = sum(weights)
    bill = sum(line.fen for line in lines)
    open_now = [one for one in facts.campaigns if ratio(one.earn_multiplier) != 1 and bill >= one.min_fen]
    if not open_now or whole <= 0:
        return steady
    raised = Fraction(0)
    for line, weight in zip(lines, weights, strict=True):
        raised += weight * campaigns_factor(one for one in open_now if is_eligible(one, line))
    return steady * raised / whole


def campaigns_factor(campaigns: Iterable[Campaign]) -> Fraction:
    """What campaigns make together: they multiply each other, of those with one group only the highest counts."""
    product, best = Fraction(1), dict[str, Fraction]()
    for one in campaigns:
        factor = ratio(one.earn_multiplier)
        if one.group:
            best[one.group] = max(best.get(one.group, factor), factor)
        else:
            product *= factor
    for factor in best.values():
        product *= factor
    return product


def _may(rule: EarnRate, facts: EarnFacts, day: date) -> bool:
    return fits(rule, day, facts.matches) and (not rule.tiers or facts.tier in rule.tiers)


def _weight(rule: EarnRate, line: Line) -> int:
    return line.quantity if rule.per_quantity else line.fen


def _credit(
    program: Program, rule: EarnRate, lines: Sequence[Line], facts: EarnFacts, at: datetime, zone: str
) -> Credit | None:
    weights = [_weight(rule, line) if is_eligible(rule, line) else 0 for line in lines]
    fen = sum(line.fen for line in lines if is_eligible(rule, line))
    basis = sum(weights)
    if basis <= 0 or fen < rule.min_fen:
        return None
    units = basis // (rule.per_quantity or rule.per_fen)
    full = int(units * rule.points * multiplier(program, rule, lines, facts))
    points = max(0, min(full, *_caps(rule, facts, full)))
    if points == 0:
        return None
    credit = _timed(rule.id, points, rule.lifetime, at, zone)
    return msgspec.structs.replace(credit, shares=share(points, weights), capped=points < full)


def _caps(rule: EarnRate, facts: EarnFacts, full: int) -> tuple[int, ...]:
    given = ((rule.max_points_per_day, facts.points_today), (rule.max_points_per_month, facts.points_this_month))
    left = [limit - known.get(rule.id, 0) for limit, known in given if limit is not None]
    return (full if rule.max_points_per_purchase is None else rule.max_points_per_purchase, *left)


def _timed(rule_id: str, points: int, lifetime: Lifetime, at: datetime, zone: str) -> Credit:
    begins = activation(at, lifetime, zone)
    ends = expiry(begins or at, lifetime, zone)
    return Credit(rule_id=rule_id, points=points, activates_at=begins, expires_at=ends)
