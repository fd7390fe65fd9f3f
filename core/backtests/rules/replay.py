"""Replays purchases under one program: what each would have earned and cost, and how tiers would have risen meanwhile."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import msgspec

from core.backtests.rules.rates import PaidLine, Plan, Rates, Step, apply_steps
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
        self.bought, self.members, self.days, self.base = bought, members, days, base
        self.rates = Rates(program, days)
        self.ladder = program.ladder
        self.tiers = {tier.code: tier for tier in self.ladder.tiers} if self.ladder else {}
        self.percents = {code: pay_percent(tier) for code, tier in self.tiers.items()} | {NO_TIER: 100}
        count = len(self.rates.rules)
        self.given = Given(
            rule_points=[0] * count,
            rule_times=[0] * count,
            day_points=[0] * len(days),
            day_fen=[0] * len(days),
            taken=bytearray(b"d") * len(bought),
        )
        ladder = self.ladder
        self.low = _windows(ladder, days)
        self.steps: dict[int, _Steps] = {}
        self.by_fen = ladder is None or ladder.basis in {"lifetime_spend", "period_spend"}
        self.by_visit = ladder is not None and ladder.basis == "visits"
        self.falls = ladder is not None and ladder.downgrade == "now"
        self.lowers = ladder is None or ladder.refunds_lower_spend
        known = base.taken if base is not None else bought.percent
        self.discounts = any(one != 100 for one in self.percents.values()) or any(one not in {0, 100} for one in known)

    def run(self) -> Given:
        """Go through all purchases, customer by customer."""
        member = self.bought.member
        first, size = 0, len(member)
        while first < size:
            who = member[first]
            last = first + 1
            while last < size and member[last] == who:
                last += 1
            self._member(who, first, last)
            first = last
        return self.given

    def _member(self, who: int, first: int, last: int) -> None:  # noqa: C901, PLR0912 - the inner loop of 100,000 bills: every call in it costs a tenth
        """Replay one customer's purchases from `first` up to, not including, `last`."""
        bought, mask, plans = self.bought, self.members.mask[who], self.rates.plans
        bought_days, bought_paid, refunded, lines = bought.day, bought.paid_fen, bought.refunded_fen, bought.lines
        sums, times, day_points = self.given.rule_points, self.given.rule_times, self.given.day_points
        climb = self._climb(who)
        nets: list[int] = []
        oldest, before, caps = first, -1, dict[tuple[int, str], int]()
        for place in range(first, last):
            day, paid, back = bought_days[place], bought_paid[place], refunded[place]
            points = 0
            if day >= 0:
                if self.low is not None:
                    oldest = self._forget(climb, nets, first, oldest, place)
                    if self.falls and before >= 0:
                        climb.look()
                if before < 0:
                    climb.begin(self.members.tier[who])
                elif day != before and caps:
                    caps = _new_day(caps, self.days[before], self.days[day])
                before = day
                if self.discounts:
                    paid = self._price(place, day, climb.code)
                plan = plans.get((climb.code, day, mask)) or self.rates.plan(climb.code, day, mask)
                if back or plan.limited or plan.others or lines is not None:
                    points = self._earn(place, plan, paid, caps)
                else:
                    for rule, per, numerator, denominator in plan.bare:
                        if one := paid // per * numerator // denominator:
                            sums[rule] += one
                            times[rule] += 1
                            points += one
                day_points[day] += points
            net = paid - paid * back // bought_paid[place] if back and self.lowers else paid
            if self.low is not None:
                nets.append(net)
            climb.value += net if self.by_fen else 1 if self.by_visit else points
            if day >= 0 and (climb.value >= climb.next_at or self.falls):
                climb.look()

    def _forget(self, climb: "_Climb", nets: Sequence[int], first: int, oldest: int, place: int) -> int:
        """Take off what left the period by the day of a purchase; return the oldest purchase that still counts."""
        days, low = self.bought.day, self.low
        assert low is not None
        edge = low[days[place]]
        while oldest < place and days[oldest] < edge:
            climb.value -= nets[oldest - first]
            oldest += 1
        return oldest

    def _climb(self, who: int) -> "_Climb":
        mask = self.members.mask[who]
        steps = self.steps.get(mask)
        if steps is None:
            steps = self.steps[mask] = _Steps(self.ladder, self.rates.matches(mask))
        return _Climb(steps, self.members.value[who])

    def _price(self, place: int, day: int, tier: str) -> int:
        """What is paid for a purchase by a member of a tier; the discount in it is added up."""
        bought, percent = self.bought, self.percents.get(tier, 100)
        listed, paid = bought.list_fen[place], bought.paid_fen[place]
        if self.base is None:
            known = bought.percent[place]
            self.given.taken[place] = known if known < 100 or percent == 100 else 0
            full = (listed * known + 50) // 100 if known < 100 else listed
        else:
            known = self.base.taken[place]
            if not known:
                return paid
            full = (listed * percent + 50) // 100 if percent < 100 else listed
            paid = paid_under(listed, paid, known, percent)
        self.given.day_fen[day] += listed - full
        return paid

    def _earn(self, place: int, plan: Plan, paid: int, caps: dict[tuple[int, str], int]) -> int:
        if self.bought.lines is not None and EXCEPTED in self.bought.lines[place]:
            return self._earn_others(place, plan.steps, paid, caps)
        sums, times = self.given.rule_points, self.given.rule_times
        back = self.bought.refunded_fen[place]
        total = 0
        for rule, per, numerator, denominator in plan.bare:
            points = paid // per * numerator // denominator
            if points:
                if back:
                    points -= points * back // self.bought.paid_fen[place]
                sums[rule] += points
                times[rule] += 1
                total += points
        for rule, least, per, numerator, denominator, most, limits in plan.limited:
            if paid >= least and (points := min(most, paid // per * numerator // denominator)) > 0:
                if limits is not None:
                    points = _limited(caps, rule, points, limits)
                if back:
                    points -= points * back // self.bought.paid_fen[place]
                sums[rule] += points
                times[rule] += points > 0
                total += points
        if plan.others:
            total += self._earn_others(place, plan.others, paid, caps)
        return total

    def _earn_others(self, place: int, steps: Sequence[Step], paid: int, caps: dict[tuple[int, str], int]) -> int:
        said = self.bought.lines[place] if self.bought.lines is not None else ""
        lines = _LINES.decode(said) if said else ()
        shares = share(paid, [max(0, line.fen) for line in lines]) if lines else ()
        whole, back = self.bought.paid_fen[place], self.bought.refunded_fen[place]
        total = 0
        for rule, points in apply_steps(self.rates, steps, paid, lines, shares, caps):
            caps[rule, "day"] = caps.get((rule, "day"), 0) + points
            caps[rule, "month"] = caps.get((rule, "month"), 0) + points
            kept = points - points * back // whole if back else points
            self.given.rule_points[rule] += kept
            self.given.rule_times[rule] += 1
            total += kept
        return total


def paid_under(listed: int, paid: int, known: int, percent: int) -> int:
    """What a member pays `percent` of, where `known` percent was paid (0: none was taken although one was due)."""
    if not known or percent == known:
        return paid
    return max(0, paid + (listed * percent + 50) // 100 - (listed * known + 50) // 100)


class _Steps:
    """The ladder as one set of conditions sees it: thresholds of the tiers that may be reached, and their codes."""

    def __init__(self, ladder: TierLadder | None, matches: frozenset[str]) -> None:
        self.ladder = ladder
        self.allowed = frozenset(name.removeprefix("tier:") for name in matches if name.startswith("tier:"))
        tiers = ladder.tiers if ladder is not None else ()
        within = [
            tier for place, tier in enumerate(tiers) if not place or tier.when is None or tier.code in self.allowed
        ]
        self.thresholds = [ladder.threshold(tier) for tier in within] if ladder is not None else []
        self.codes = [tier.code for tier in within]
        self.starts: dict[tuple[str, int], tuple[str, int]] = {}

    def start(self, tier: str, value: int) -> tuple[str, int]:
        """The tier of the first day and its threshold."""
        assert self.ladder is not None
        key = (tier, bisect_right(self.thresholds, value))
        found = self.starts.get(key)
        if found is None:
            first = start_tier(self.ladder, tier, value, self.allowed)
            found = self.starts[key] = (first.code, self.ladder.threshold(first))
        return found


class _Climb:
    """One member's way up the ladder during the replay; nobody is lowered before a review, unless at once."""

    __slots__ = ("code", "held_at", "next_at", "steps", "value")

    def __init__(self, steps: _Steps, value: int) -> None:
        self.steps, self.value = steps, value
        self.code, self.held_at, self.next_at = NO_TIER, 0, _NEVER

    def begin(self, tier: str) -> None:
        """Take the tier of the first day, and look at it as publishing on that day would."""
        if self.steps.codes:
            self.code, self.held_at = self.steps.start(tier, self.value)
            self._look_ahead()

    def look(self) -> None:
        """Rise to what is reached, or fall to it where the ladder lowers at once."""
        ladder, thresholds = self.steps.ladder, self.steps.thresholds
        assert ladder is not None
        place = max(0, bisect_right(thresholds, self.value) - 1)
        rises = thresholds[place] > self.held_at
        if (rises and ladder.upgrade == "now") or (thresholds[place] < self.held_at and ladder.downgrade == "now"):
            self.code, self.held_at = self.steps.codes[place], thresholds[place]
            self._look_ahead()

    def _look_ahead(self) -> None:
        above = bisect_right(self.steps.thresholds, self.held_at)
        ladder = self.steps.ladder
        more = above < len(self.steps.thresholds) and ladder is not None and ladder.upgrade == "now"
        self.next_at = self.steps.thresholds[above] if more else _NEVER


def _limited(caps: dict[tuple[int, str], int], rule: int, points: int, limits: tuple[int, int]) -> int:
    """What the limits of a day and a month leave of a rule's points; it is counted in both."""
    today, month = caps.get((rule, "day"), 0), caps.get((rule, "month"), 0)
    left = max(0, min(points, limits[0] - today, limits[1] - month))
    caps[rule, "day"], caps[rule, "month"] = today + left, month + left
    return left


def start_tier(ladder: TierLadder, tier: str, value: int, allowed: frozenset[str]) -> Tier:
    """What `core.loyalty.rules.tiers.evaluate` makes of a tier held; empty: none yet."""
    earned, held = reached(ladder, value, allowed), find_tier(ladder, tier)
    if held is None:
        return ladder.tiers[0] if not tier and ladder.upgrade == "next_period" else earned
    rises = ladder.threshold(earned) > ladder.threshold(held)
    may = ladder.upgrade == "now" if rises else ladder.downgrade == "now"
    return earned if may else held


def _new_day(caps: dict[tuple[int, str], int], before: date, day: date) -> dict[tuple[int, str], int]:
    """What is kept of the caps on another day: the month's, while the month lasts."""
    same = (before.year, before.month) == (day.year, day.month)
    return {key: points for key, points in caps.items() if key[1] == "month"} if same else {}


def _windows(ladder: TierLadder | None, days: Sequence[date]) -> Sequence[int] | None:
    """For a ladder that sums up a period: by day, the first day that still counts; None for all other ladders."""
    if ladder is None or ladder.basis != "period_spend":
        return None
    return [window(ladder, day)[0].toordinal() - days[0].toordinal() for day in days]
