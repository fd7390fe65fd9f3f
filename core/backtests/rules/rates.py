"""What purchases earn under one program, worked out once per tier, day and set of conditions instead of once per purchase.

Agrees with `core.loyalty.rules.earning.earn` for every program that `is_plain`; tests hold the two together.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Final, NamedTuple

import msgspec

from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.parts import ratio
from core.hooks.records.loyalty.points import EarnRate
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.earning import Line, is_eligible
from core.loyalty.rules.redeeming import fits
from core.loyalty.rules.tiers import find_tier
from core.programs.rules.windows import is_open

_NO_CAP: Final = 1 << 62
Limited = tuple[int, int, int, int, int, int, tuple[int, int] | None]


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


class Plan(NamedTuple):
    """All rules that count for a tier on a day: bare rates (place, per, numerator, denominator), those with limits, others.

    One with limits is (place, least fen, per, numerator, denominator, most points, limits a day and a month or none); the
    others look at lines, or share a group.
    """

    bare: tuple[tuple[int, int, int, int], ...]
    limited: tuple[Limited, ...]
    others: tuple[Step, ...]
    steps: tuple[Step, ...]
    """All of them, for bills with lines that earn nothing whatever the rules say."""


def is_plain(program: Program) -> bool:
    """Whether campaigns multiply whole bills only: a campaign for some lines needs the exact arithmetic of each bill."""
    return not any(
        ratio(one.earn_multiplier) != 1 and (one.categories or one.services or one.min_fen)
        for one in program.live(Campaign)
    )


def needs_lines(program: Program) -> bool:
    """Whether any rule looks at the lines of a bill."""
    rates = (
        rule.categories or rule.services or rule.exclude_categories or rule.exclude_services or rule.per_quantity
        for rule in program.live(EarnRate)
    )
    return any(rates) or not is_plain(program)


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
        self.plans: dict[tuple[str | None, int, int], Plan] = {}
        self._eligible: dict[tuple[str, str, str], bool] = {}

    def matches(self, mask: int) -> frozenset[str]:
        """The conditions that a mask names: bit 0 is the first of `named`."""
        return frozenset(name for place, name in enumerate(self.named) if mask >> place & 1)

    def plan(self, tier: str | None, day: int, mask: int) -> Plan:
        """The rules that count for a tier on the day at this place, for somebody with this mask; kept in `plans`."""
        found = self.plans[tier, day, mask] = self._make(tier, self.days[day], self.matches(mask))
        return found

    def _make(self, tier: str | None, day: date, matches: frozenset[str]) -> Plan:
        ladder = self.program.ladder
        held = find_tier(ladder, tier) if ladder is not None else None
        steady = ratio(held.earn_multiplier) if held is not None else Fraction(1)
        steady *= _product(open_campaigns(self.program, day, matches))
        steps = tuple(
            _step(place, rule, rule.points * ratio(rule.multiplier) * steady)
            for place, rule in enumerate(self.rules)
            if fits(rule, day, matches) and (not rule.tiers or tier in rule.tiers)
        )
        flat = [_flat(one) for one in steps if not one.looks and not one.group]
        return Plan(
            bare=tuple((one[0], *one[2:5]) for one in flat if _is_bare(one)),
            limited=tuple(one for one in flat if not _is_bare(one)),
            others=tuple(one for one in steps if one.looks or one.group),
            steps=steps,
        )

    def basis(self, rule: EarnRate, lines: Sequence[PaidLine], shares: Sequence[int]) -> tuple[int, int]:
        """Units and fen of the lines that count for a rule."""
        units = fen = 0
        for line, paid in zip(lines, shares, strict=True):
            if line.eligible and self._counts(rule, line):
                fen += paid
                units += line.quantity if rule.per_quantity else paid
        return units, fen

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
    given: Mapping[tuple[int, str], int],
) -> list[tuple[int, int]]:
    """(place of the rule, points) of one purchase, with every cap; `given`: by rule on this day and in this month."""
    found = [
        (step, points)
        for step in steps
        if (points := _capped(step, *_basis(rates, step, paid, lines, shares), given)) > 0
    ]
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


def _basis(rates: Rates, step: Step, paid: int, lines: Sequence[PaidLine], shares: Sequence[int]) -> tuple[int, int]:
    if lines:
        return rates.basis(step.rule, lines, shares)
    return rates.basis(step.rule, (PaidLine(paid),), (paid,)) if step.looks else (paid, paid)


def _capped(step: Step, units: int, fen: int, given: Mapping[tuple[int, str], int]) -> int:
    if units <= 0 or fen < step.min_fen:
        return 0
    points = units // step.per * step.numerator // step.denominator
    if step.most is not None:
        points = min(points, step.most)
    if step.most_a_day is not None:
        points = min(points, step.most_a_day - given.get((step.place, "day"), 0))
    if step.most_a_month is not None:
        points = min(points, step.most_a_month - given.get((step.place, "month"), 0))
    return points


def _product(campaigns: Sequence[Campaign]) -> Fraction:
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
    limits = (a_day, a_month) if min(a_day, a_month) < _NO_CAP else None
    return step.place, step.min_fen, step.per, step.numerator, step.denominator, most, limits


def _is_bare(step: Limited) -> bool:
    return step[1] == 0 and step[5] == _NO_CAP and step[6] is None
