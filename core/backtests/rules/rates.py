"""What purchases earn under one program, worked out once per tier, day and set of conditions instead of once per purchase.

Agrees with `core.loyalty.rules.earning.earn` for every program; tests hold the two together.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import prod
from operator import mul
from typing import Final, NamedTuple

import msgspec

from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.parts import ratio
from core.hooks.records.loyalty.points import EarnRate
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.earning import Line, campaigns_factor, is_eligible
from core.loyalty.rules.redeeming import fits
from core.loyalty.rules.tiers import find_tier
from core.programs.rules.windows import is_open

_NO_CAP: Final = 1 << 62
Limited = tuple[int, int, int, int, int, int, int, int, bool]


class PaidLine(msgspec.Struct, frozen=True):
    """One line of a bill as the ledger keeps it."""

    fen: int = 0
    category: str = ""
    service: str = ""
    quantity: int = 1
    eligible: bool = True


class Step(NamedTuple):
    """One rule that counts for a tier on a day, as whole numbers: paid // per * numerator // denominator, then caps."""

    place: int
    rule_id: str
    per: int
    numerator: int
    denominator: int
    min_fen: int
    most: int | None
    most_a_day: int | None
    most_a_month: int | None
    group: str
    rule: EarnRate
    looks: bool
    """It looks at lines; else the whole bill counts, as long as no line of it is excepted."""


class Promotions:
    """Open campaigns of which some multiply some lines only, or bills from an amount up: what each line is multiplied by."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.campaigns = campaigns
        self.one = prod(ratio(campaign.earn_multiplier).denominator for campaign in campaigns)
        """What all factors are parts of, so that they are whole numbers."""
        self._known: dict[tuple[tuple[bool, ...], str, str], int] = {}

    def factors(self, paid: int, lines: Sequence[PaidLine]) -> list[int]:
        """What each line of a bill counts for, in parts of `one`."""
        reached = tuple(paid >= campaign.min_fen for campaign in self.campaigns)
        return [self._factor(reached, line.category, line.service) for line in lines]

    def _factor(self, reached: tuple[bool, ...], category: str, service: str) -> int:
        found = self._known.get((reached, category, service))
        if found is None:
            line = Line(1, category, service)
            counted = (one for one, may in zip(self.campaigns, reached, strict=True) if may and is_eligible(one, line))
            found = self._known[reached, category, service] = int(campaigns_factor(counted) * self.one)
        return found


class Plan(NamedTuple):
    """All rules that count for a tier on a day: bare rates (place, per, numerator, denominator), those with limits, others.

    One with limits is (place, least fen, per, numerator, denominator, most points, most a day, most a month, whether a
    day or a month has a limit); the others look at lines, or share a group.
    """

    bare: tuple[tuple[int, int, int, int], ...]
    limited: tuple[Limited, ...]
    others: tuple[Step, ...]
    steps: tuple[Step, ...]
    """All of them, for bills with lines that earn nothing whatever the rules say."""
    promotions: Promotions | None
    """Set where campaigns need a look at each bill: then all rules are among the others, without any campaign in them."""


def needs_lines(program: Program) -> bool:
    """Whether any rule looks at the lines of a bill."""
    rates = (
        rule.categories or rule.services or rule.exclude_categories or rule.exclude_services or rule.per_quantity
        for rule in program.live(EarnRate)
    )
    return any(rates) or any(ratio(one.earn_multiplier) != 1 and _names_lines(one) for one in program.live(Campaign))


def conditions(program: Program) -> tuple[str, ...]:
    """Ids of live earning rules with a condition about the customer, and `tier:CODE` for tiers with one, in order."""
    rules = [rule.id for rule in (*program.live(EarnRate), *program.live(Campaign)) if rule.when is not None]
    ladder = program.ladder
    tiers = [f"tier:{tier.code}" for tier in ladder.tiers if tier.when is not None] if ladder else []
    return (*rules, *tiers)


def open_campaigns(program: Program, day: date, matches: frozenset[str]) -> tuple[Campaign, ...]:
    """The campaigns that multiply points on a day for somebody for whom these conditions hold."""
    return tuple(
        one
        for one in program.live(Campaign)
        if ratio(one.earn_multiplier) != 1 and fits(one, day, matches) and is_open(one, day)
    )


class Rates:
    """The plans of one program, made when they are first asked for."""

    def __init__(self, program: Program, days: Sequence[date]) -> None:
        self.program = program
        self.days = days
        self.rules = program.live(EarnRate)
        self.named = conditions(program)
        self._rows: dict[tuple[str, int], list[Plan | None]] = {}
        self._made: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Plan] = {}
        self._eligible: dict[tuple[str, str, str], bool] = {}

    def matches(self, mask: int) -> frozenset[str]:
        """The conditions that a mask names: bit 0 is the first of `named`."""
        return frozenset(name for place, name in enumerate(self.named) if mask >> place & 1)

    def row(self, tier: str, mask: int) -> list[Plan | None]:
        """The plans of all days for a tier and a mask, as far as they are made."""
        found = self._rows.get((tier, mask))
        if found is None:
            found = self._rows[tier, mask] = [None] * len(self.days)
        return found

    def plan(self, tier: str, mask: int, day: int) -> Plan:
        """The rules that count for a tier on the day at this place, for somebody with this mask; kept in `row`."""
        on, matches = self.days[day], self.matches(mask)
        campaigns = open_campaigns(self.program, on, matches)
        rules = tuple(one for one in self.rules if fits(one, on, matches) and (not one.tiers or tier in one.tiers))
        key = (tier, tuple(one.id for one in campaigns), tuple(one.id for one in rules))
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(tier, campaigns, rules)
        self.row(tier, mask)[day] = found
        return found

    def _make(self, tier: str, campaigns: Sequence[Campaign], rules: Sequence[EarnRate]) -> Plan:
        ladder = self.program.ladder
        held = find_tier(ladder, tier) if ladder is not None else None
        steady = ratio(held.earn_multiplier) if held is not None else Fraction(1)
        looks = any(one.min_fen or _names_lines(one) for one in campaigns)
        if not looks:
            steady *= campaigns_factor(campaigns)
        steps = tuple(
            _step(place, rule, rule.points * ratio(rule.multiplier) * steady)
            for place, rule in enumerate(self.rules)
            if rule in rules
        )
        flat = [] if looks else [_flat(one) for one in steps if not one.looks and not one.group]
        return Plan(
            bare=tuple((one[0], *one[2:5]) for one in flat if _is_bare(one)),
            limited=tuple(one for one in flat if not _is_bare(one)),
            others=tuple(one for one in steps if looks or one.looks or one.group),
            steps=steps,
            promotions=Promotions(campaigns) if looks else None,
        )

    def weights(self, rule: EarnRate, lines: Sequence[PaidLine], shares: Sequence[int]) -> tuple[list[int], int]:
        """What each line counts for a rule (its fen or its pieces, 0: not at all), and the fen of those that count."""
        found, fen = [], 0
        for line, paid in zip(lines, shares, strict=True):
            counts = line.eligible and self._counts(rule, line)
            found.append((line.quantity if rule.per_quantity else paid) if counts else 0)
            fen += paid if counts else 0
        return found, fen

    def _counts(self, rule: EarnRate, line: PaidLine) -> bool:
        key = (rule.id, line.category, line.service)
        found = self._eligible.get(key)
        if found is None:
            found = self._eligible[key] = is_eligible(rule, Line(1, line.category, line.service))
        return found


def apply_steps(
    rates: Rates,
    steps: Sequence[Step],
    paid: int,
    lines: Sequence[PaidLine],
    shares: Sequence[int],
    given: tuple[Mapping[int, int], Mapping[int, int]],
    promotions: Promotions | None,
) -> list[tuple[int, int]]:
    """(place of the rule, points) of one purchase, with every cap; `given`: by rule on this day, and in this month."""
    if not lines:
        lines, shares = (PaidLine(paid),), (paid,)
    factors = promotions.factors(paid, lines) if promotions is not None else None
    found = []
    for step in steps:
        weights, fen = rates.weights(step.rule, lines, shares)
        points = _capped(step, sum(weights), fen, given, *_raised(promotions, weights, factors))
        if points > 0:
            found.append((step, points))
    best: dict[str, int] = {}
    for step, points in found:
        if step.group:
            best[step.group] = max(best.get(step.group, 0), points)
    kept = []
    for step, points in found:
        if not step.group or best.get(step.group) == points:
            best.pop(step.group, None)
            kept.append((step.place, points))
    return kept


def _raised(promotions: Promotions | None, weights: Sequence[int], factors: Sequence[int] | None) -> tuple[int, int]:
    """By how much campaigns raise a basis of such lines, as two whole numbers."""
    if promotions is None or factors is None:
        return 1, 1
    return sum(map(mul, weights, factors)), sum(weights) * promotions.one


def _capped(
    step: Step, units: int, fen: int, given: tuple[Mapping[int, int], Mapping[int, int]], raised: int, whole: int
) -> int:
    if units <= 0 or fen < step.min_fen:
        return 0
    points = units // step.per * step.numerator * raised // (step.denominator * whole)
    if step.most is not None:
        points = min(points, step.most)
    if step.most_a_day is not None:
        points = min(points, step.most_a_day - given[0].get(step.place, 0))
    if step.most_a_month is not None:
        points = min(points, step.most_a_month - given[1].get(step.place, 0))
    return points


def _names_lines(campaign: Campaign) -> bool:
    return bool(campaign.categories or campaign.services)


def _step(place: int, rule: EarnRate, factor: Fraction) -> Step:
    looks = bool(rule.categories or rule.services or rule.exclude_categories or rule.exclude_services)
    return Step(
        place=place,
        rule_id=rule.id,
        per=rule.per_quantity or rule.per_fen,
        numerator=factor.numerator,
        denominator=factor.denominator,
        min_fen=rule.min_fen,
        most=rule.max_points_per_purchase,
        most_a_day=rule.max_points_per_day,
        most_a_month=rule.max_points_per_month,
        group=rule.group,
        rule=rule,
        looks=looks or bool(rule.per_quantity),
    )


def _flat(step: Step) -> Limited:
    most, a_day, a_month = (_NO_CAP if one is None else one for one in (step.most, step.most_a_day, step.most_a_month))
    bounded = min(a_day, a_month) < _NO_CAP
    return step.place, step.min_fen, step.per, step.numerator, step.denominator, most, a_day, a_month, bounded


def _is_bare(step: Limited) -> bool:
    return step[1] == 0 and step[5] == _NO_CAP and not step[8]
