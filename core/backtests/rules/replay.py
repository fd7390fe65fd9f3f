"""Replays purchases under one program: what each would have earned and cost, and how tiers would have risen meanwhile."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

import msgspec

from core.backtests.rules.rates import PaidLine, Plan, Rates, apply_steps
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.earning import share
from core.loyalty.rules.prices import pay_percent
from core.loyalty.rules.tiers import find_tier, reached, window

NO_TIER: Final = ""
EXCEPTED: Final = '"eligible": false'
"""How PostgreSQL writes that a line earns nothing."""
_NEVER: Final = 1 << 62


@dataclass(slots=True)
class Bought:
    """Purchases by customer and time, column by column; `member` is the place of the customer in `Members`.

    `day` counts from the first replayed day; purchases before it (negative) are only there for ladders that sum up a
    period, and earn nothing.
    """

    member: Sequence[int]
    day: Sequence[int]
    list_fen: Sequence[int]
    paid_fen: Sequence[int]
    refunded_fen: Sequence[int]
    percent: Sequence[int]
    """What the customer paid of the price; 100 where no member's discount was taken."""
    lines: Sequence[str] | None = None
    """JSON of each bill's lines, where a rule looks at them or one of them is excepted; empty for the others."""

    def __len__(self) -> int:
        return len(self.member)


@dataclass(slots=True)
class Members:
    """How each customer stood before the first replayed day, column by column."""

    tier: Sequence[str]
    value: Sequence[int]
    """The measure of the ladder before the first day; for a sum over a period 0: the purchases are there themselves."""
    mask: Sequence[int]


@dataclass(slots=True)
class Given:
    """What one program gave: in all, by rule (in the order of its live earn_rate rules), and by day."""

    rule_points: list[int] = field(default_factory=list)
    rule_times: list[int] = field(default_factory=list)
    day_points: list[int] = field(default_factory=list)
    day_fen: list[int] = field(default_factory=list)
    taken: bytearray = field(default_factory=bytearray)
    """Per purchase the percent that was paid, or 0 where the member paid the list price although a discount was due."""

    @property
    def points(self) -> int:
        """All points, less what refunds took back."""
        return sum(self.day_points)

    @property
    def discount_fen(self) -> int:
        """All discounts of members."""
        return sum(self.day_fen)


_LINES: Final = msgspec.json.Decoder(tuple[PaidLine, ...])


def days_between(first: date, last: date) -> tuple[date, ...]:
    """All days from one to another, both included."""
    return tuple(date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))


def replay(
    program: Program, bought: Bought, members: Members, days: Sequence[date], base: Given | None = None
) -> Given:
    """Replay under one program; `base` is what the live one gave, which says where a discount was taken.

    A purchase is paid as it was; where a member's discount came off, the difference between the two discounts goes on
    or off. Who paid the list price although a discount was due pays it here too.
    """
    return _Replay(program, bought, members, days, base).run()


class _Replay:
    """One pass over the purchases of one program."""

    def __init__(
        self, program: Program, bought: Bought, members: Members, days: Sequence[date], base: Given | None
    ) -> None:
        self.bought, self.members, self.base = bought, members, base
        self.rates = Rates(program, days)
        self.ladder = ladder = program.ladder
        count = len(self.rates.rules)
        self.given = Given(
            rule_points=[0] * count,
            rule_times=[0] * count,
            day_points=[0] * len(days),
            day_fen=[0] * len(days),
            taken=bytearray(b"d") * len(bought),
        )
        self.months = [day.year * 12 + day.month for day in days]
        self.low = _windows(ladder, days)
        self.steps: dict[int, _Steps] = {}
        self.today: dict[int, int] = {}
        self.month: dict[int, int] = {}
        self.by_fen = ladder is None or ladder.basis in {"lifetime_spend", "period_spend"}
        self.by_visit = ladder is not None and ladder.basis == "visits"
        self.falls = ladder is not None and ladder.downgrade == "now"
        self.lowers = ladder is None or ladder.refunds_lower_spend

    def run(self) -> Given:  # noqa: C901, PLR0912 - the loop over 100,000 bills: every call in it costs a tenth
        """Go through all purchases, customer by customer."""
        bought, low, today, month, by_fen = self.bought, self.low, self.today, self.month, self.by_fen
        day_points, months, lines, falls = self.given.day_points, self.months, bought.lines, self.falls
        who, before, value, first, oldest = -1, -1, 0, 0, 0
        steps, nets = self._steps(0), list[int]()
        rung, plans = steps.ground, steps.ground.plans
        known_percents = self.base.taken if self.base is not None else bought.percent
        columns = zip(bought.member, bought.day, bought.paid_fen, bought.refunded_fen, known_percents, strict=True)
        for place, (member, day, whole, back, known) in enumerate(columns):
            if member != who:
                who, before, first, oldest = member, -1, place, place
                steps, value = self._steps(self.members.mask[who]), self.members.value[who]
                today.clear()
                month.clear()
                nets.clear()
            paid, points = whole, 0
            if day >= 0:
                if low is not None:
                    while oldest < place and bought.day[oldest] < low[day]:
                        value -= nets[oldest - first]
                        oldest += 1
                if before < 0:
                    rung = steps.start(self.members.tier[who], value)
                    plans = rung.plans
                elif day != before:
                    today.clear()
                    if months[day] != months[before]:
                        month.clear()
                    if falls and low is not None:
                        rung = steps.look(rung, value)
                        plans = rung.plans
                before = day
                if known < 100 or rung.percent < 100:
                    paid = self._price(place, day, known, rung.percent)
                plan = plans[day] or self.rates.plan(rung.code, steps.mask, day)
                if plan.others or (lines is not None and EXCEPTED in lines[place]):
                    points = self._earn_by_lines(place, plan, paid)
                else:
                    points = self._earn(plan, paid, back, whole)
                day_points[day] += points
            net = paid - paid * back // whole if back and self.lowers else paid
            if low is not None:
                nets.append(net)
            value += net if by_fen else 1 if self.by_visit else points
            if day >= 0 and (value >= rung.next_at or falls):
                rung = steps.look(rung, value)
                plans = rung.plans
        return self.given

    def _steps(self, mask: int) -> "_Steps":
        found = self.steps.get(mask)
        if found is None:
            found = self.steps[mask] = _Steps(self.ladder, self.rates, mask)
        return found

    def _price(self, place: int, day: int, known: int, percent: int) -> int:
        """What is paid by a member who pays `percent`, where `known` was paid; the discount in it is added up."""
        listed, paid = self.bought.list_fen[place], self.bought.paid_fen[place]
        if self.base is None:
            self.given.taken[place] = known if known < 100 else 0
            percent = known
        elif not known:
            return paid
        else:
            paid = paid_under(listed, paid, known, percent)
        if percent < 100:
            self.given.day_fen[day] += listed - (listed * percent + 50) // 100
        return paid

    def _earn(self, plan: Plan, paid: int, back: int, whole: int) -> int:
        """What the whole bill earns; `back` of `whole` was refunded."""
        sums, times, total = self.given.rule_points, self.given.rule_times, 0
        for rule, per, numerator, denominator in plan.bare:
            points = paid // per * numerator // denominator
            if points:
                if back:
                    points -= points * back // whole
                sums[rule] += points
                times[rule] += 1
                total += points
        for rule, least, per, numerator, denominator, most, a_day, a_month, bounded in plan.limited:
            if paid < least:
                continue
            points = paid // per * numerator // denominator
            points = min(points, most)
            if bounded:
                points = self._bounded(rule, points, a_day, a_month)
            if points > 0:
                if back:
                    points -= points * back // whole
                sums[rule] += points
                times[rule] += 1
                total += points
        return total

    def _bounded(self, rule: int, points: int, a_day: int, a_month: int) -> int:
        """What the limits of a day and a month leave of a rule's points; it is counted in both."""
        today, month = self.today.get(rule, 0), self.month.get(rule, 0)
        left = max(0, min(points, a_day - today, a_month - month))
        self.today[rule], self.month[rule] = today + left, month + left
        return left

    def _earn_by_lines(self, place: int, plan: Plan, paid: int) -> int:
        """What a bill earns whose lines matter: to a rule, to a campaign, or because one of them is excepted."""
        bought, given = self.bought, self.given
        said = bought.lines[place] if bought.lines is not None else ""
        lines = _LINES.decode(said) if said else ()
        back, whole = bought.refunded_fen[place], bought.paid_fen[place]
        steps, total = plan.others, 0
        if EXCEPTED in said:
            steps = plan.steps
        else:
            total = self._earn(plan, paid, back, whole)
        shares = share(paid, [max(0, line.fen) for line in lines]) if lines else ()
        for rule, points in apply_steps(
            self.rates, steps, paid, lines, shares, (self.today, self.month), plan.promotions
        ):
            self.today[rule] = self.today.get(rule, 0) + points
            self.month[rule] = self.month.get(rule, 0) + points
            kept = points - points * back // whole if back else points
            given.rule_points[rule] += kept
            given.rule_times[rule] += 1
            total += kept
        return total


def paid_under(listed: int, paid: int, known: int, percent: int) -> int:
    """What a member pays `percent` of, where `known` percent was paid (0: none was taken although one was due)."""
    if not known or percent == known:
        return paid
    return max(0, paid + (listed * percent + 50) // 100 - (listed * known + 50) // 100)


class _Rung(NamedTuple):
    """A tier as the replay needs it: where it is lost and where the next one begins, what is paid, and its plans by day."""

    code: str
    held_at: int
    next_at: int
    percent: int
    plans: list[Plan | None]


class _Steps:
    """The ladder as one set of conditions sees it: thresholds of the tiers that may be reached, and their codes.

    Nobody is lowered before a review, unless at once.
    """

    def __init__(self, ladder: TierLadder | None, rates: Rates, mask: int) -> None:
        self.ladder, self.rates, self.mask = ladder, rates, mask
        names = rates.matches(mask)
        self.allowed = frozenset(name.removeprefix("tier:") for name in names if name.startswith("tier:"))
        tiers = ladder.tiers if ladder is not None else ()
        within = [
            tier for place, tier in enumerate(tiers) if not place or tier.when is None or tier.code in self.allowed
        ]
        self.thresholds = [ladder.threshold(tier) for tier in within] if ladder is not None else []
        self.codes = [tier.code for tier in within]
        self.ground = _Rung(NO_TIER, 0, _NEVER, 100, rates.row(NO_TIER, mask))
        self.rungs: dict[str, _Rung] = {}
        self.starts: dict[tuple[str, int], _Rung] = {}

    def start(self, tier: str, value: int) -> _Rung:
        """The tier of the first day, as publishing on that day would leave it."""
        if self.ladder is None:
            return self.ground
        key = (tier, bisect_right(self.thresholds, value))
        found = self.starts.get(key)
        if found is None:
            found = self.starts[key] = self._rung(start_tier(self.ladder, tier, value, self.allowed).code)
        return found

    def look(self, held: _Rung, value: int) -> _Rung:
        """Rise to what is reached, or fall to it where the ladder lowers at once."""
        ladder = self.ladder
        assert ladder is not None
        place = max(0, bisect_right(self.thresholds, value) - 1)
        at = self.thresholds[place]
        may = ladder.upgrade == "now" if at > held.held_at else at < held.held_at and ladder.downgrade == "now"
        return self._rung(self.codes[place]) if may else held

    def _rung(self, code: str) -> _Rung:
        found = self.rungs.get(code)
        if found is None:
            assert self.ladder is not None
            tier = find_tier(self.ladder, code)
            assert tier is not None
            held_at = self.ladder.threshold(tier)
            above = bisect_right(self.thresholds, held_at)
            more = above < len(self.thresholds) and self.ladder.upgrade == "now"
            next_at = self.thresholds[above] if more else _NEVER
            plans = self.rates.row(code, self.mask)
            found = self.rungs[code] = _Rung(code, held_at, next_at, pay_percent(tier), plans)
        return found


def start_tier(ladder: TierLadder, tier: str, value: int, allowed: frozenset[str]) -> Tier:
    """What `core.loyalty.rules.tiers.evaluate` makes of a tier held; empty: none yet."""
    earned, held = reached(ladder, value, allowed), find_tier(ladder, tier)
    if held is None:
        return ladder.tiers[0] if not tier and ladder.upgrade == "next_period" else earned
    rises = ladder.threshold(earned) > ladder.threshold(held)
    may = ladder.upgrade == "now" if rises else ladder.downgrade == "now"
    return earned if may else held


def _windows(ladder: TierLadder | None, days: Sequence[date]) -> Sequence[int] | None:
    """For a ladder that sums up a period: by day, the first day that still counts; None for all other ladders."""
    if ladder is None or ladder.basis != "period_spend":
        return None
    return [window(ladder, day)[0].toordinal() - days[0].toordinal() for day in days]
