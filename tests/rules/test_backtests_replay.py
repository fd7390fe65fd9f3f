"""The fast replay earns what the ledger's own rules earn, and climbs as the ledger does."""

import json
import random
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from core.backtests.rules.rates import Rates, conditions, needs_lines
from core.backtests.rules.replay import Bought, Members, days_between, paid_under, replay, start_tier
from core.backtests.rules.sums import Sums
from core.hooks.records.conditions import Cmp
from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import EarnRate, Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.earning import EarnFacts, Line, earn
from core.loyalty.rules.prices import member_price
from core.loyalty.rules.tiers import Standing, evaluate

ZONE = "Asia/Shanghai"
FIRST = date(2026, 8, 1)
DAYS = days_between(FIRST, FIRST + timedelta(days=89))
WHEN = Cmp(field="gender", op="eq", value="female")


def _ladder(**changes: object) -> TierLadder:
    tiers = (
        Tier(code="normal"),
        Tier(code="silver", min_fen=500_00, earn_multiplier="1.5", benefits=(PercentDiscount(pay_percent=90),)),
        Tier(code="gold", min_fen=2000_00, earn_multiplier=2, benefits=(PercentDiscount(pay_percent=80),)),
    )
    return msgspec.structs.replace(TierLadder(id="ladder", tiers=tiers), **changes)


def _bought(rows: list[tuple[int, int, int]], *, percent: int = 100, lines: list[str] | None = None) -> Bought:
    """Rows of (member, day, fen)."""
    return Bought(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [(row[2] * percent + 50) // 100 for row in rows],
        [0 for _ in rows],
        [percent for _ in rows],
        lines,
    )


def _members(size: int = 1, tier: str = "normal", value: int = 0, mask: int = 0) -> Members:
    return Members([tier] * size, [value] * size, [mask] * size)


def _random_rule(random_: random.Random, number: int) -> EarnRate:
    by_pieces = random_.random() < 0.2
    return EarnRate(
        id=f"r{number}",
        per_fen=0 if by_pieces else random_.choice((1, 7, 100, 1000)),
        per_quantity=random_.choice((1, 2)) if by_pieces else 0,
        points=random_.choice((1, 3, 10)),
        multiplier=random_.choice((1, "3/2", "0.5", 2)),
        tiers=random_.choice(((), ("silver",), ("normal", "gold"))),
        categories=random_.choice(((), (), ("drug",), ("goods", "drug"))),
        exclude_categories=random_.choice(((), (), ("goods",))),
        services=random_.choice(((), (), ("bath",))),
        min_fen=random_.choice((0, 0, 5000)),
        max_points_per_purchase=random_.choice((None, None, 50)),
        max_points_per_day=random_.choice((None, None, 80)),
        max_points_per_month=random_.choice((None, None, 200)),
        group=random_.choice(("", "", "one")),
        starts_on=random_.choice((None, None, FIRST + timedelta(days=20))),
        ends_on=random_.choice((None, None, FIRST + timedelta(days=60))),
        when=random_.choice((None, None, WHEN)),
        live=random_.random() < 0.9,
    )


def _narrowed(random_: random.Random, campaign: Campaign) -> Campaign:
    """The campaign for some lines only, or from a least bill up, or as it is."""
    return msgspec.structs.replace(
        campaign,
        categories=random_.choice(((), ("drug",), ("drug", "goods"))),
        services=random_.choice(((), ("bath",))),
        min_fen=random_.choice((0, 10_000, 25_000)),
    )


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_the_replay_earns_exactly_what_the_ledger_rules_earn(seed: int, narrow: bool) -> None:
    random_ = random.Random(seed)
    campaign = Campaign(
        id="c",
        earn_multiplier=random_.choice((2, "5/3")),
        starts_on=FIRST + timedelta(days=30),
        ends_on=FIRST + timedelta(days=45),
        group=random_.choice(("", "g")),
        when=random_.choice((None, WHEN)),
    )
    other = Campaign(id="d", earn_multiplier=3, group="g", starts_on=FIRST + timedelta(days=40))
    if narrow:
        campaign, other = _narrowed(random_, campaign), _narrowed(random_, other)
    rules = [_random_rule(random_, number) for number in range(random_.randrange(1, 9))]
    program = Program(rules=(_ladder(), *rules, campaign, other))
    rows, lines, bills = [], [], []
    for day in sorted(random_.randrange(90) for _ in range(25)):
        bill = [
            Line(random_.randrange(0, 30_000), random_.choice(("drug", "goods", "")), random_.choice(("bath", "")), random_.randrange(1, 4), random_.random() < 0.9)
            for _ in range(random_.randrange(1, 4))
        ]  # fmt: skip
        if sum(line.fen for line in bill):
            rows.append((0, day, sum(line.fen for line in bill)))
            bills.append(bill)
            lines.append(json.dumps(msgspec.to_builtins(bill)))
    mask = random_.choice((0, (1 << len(conditions(program))) - 1))
    found = replay(program, _bought(rows, lines=lines), _members(mask=mask), DAYS)
    held, value, today, month, total = "normal", 0, {}, {}, 0
    matches = frozenset(Rates(program, DAYS).matches(mask))
    given: dict[str, list[tuple[date, int]]] = {}
    for (_, place, fen), bill in zip(rows, bills, strict=True):
        day = DAYS[place]
        at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        today = {key: sum(n for when, n in past if when == day) for key, past in given.items()}
        month = {
            key: sum(n for when, n in past if (when.year, when.month) == (day.year, day.month))
            for key, past in given.items()
        }
        open_now = tuple(
            one
            for one in (campaign, other)
            if (one.starts_on or day) <= day <= (one.ends_on or day) and (one.when is None or one.id in matches)
        )
        facts = EarnFacts(tier=held, points_today=today, points_this_month=month, campaigns=open_now, matches=matches)
        for credit in earn(program, bill, facts, at, ZONE):
            given.setdefault(credit.rule_id, []).append((day, credit.points))
            total += credit.points
        value += fen
        ladder = program.ladder
        assert ladder is not None
        held = evaluate(ladder, Standing(tier=held), value, at=at, zone=ZONE).tier or ""
    assert found.points == total
    by_rule = {rule.id: sum(points for _, points in given.get(rule.id, [])) for rule in program.live(EarnRate)}
    assert dict(zip(by_rule, found.rule_points, strict=True)) == by_rule


def test_lines_travel_only_where_a_rule_or_a_campaign_names_some() -> None:
    drugs = Campaign(id="c", earn_multiplier=2, categories=("drug",))
    assert needs_lines(Program(rules=(drugs,)))
    assert not needs_lines(Program(rules=(msgspec.structs.replace(drugs, earn_multiplier=1, pay_percent=90),)))
    assert not needs_lines(Program(rules=(EarnRate(per_fen=100, points=1), Campaign(earn_multiplier=2, min_fen=100))))


def test_a_campaign_from_a_least_bill_multiplies_no_smaller_one() -> None:
    program = Program(rules=(EarnRate(per_fen=100, points=1), Campaign(id="c", earn_multiplier="5/2", min_fen=200_00)))
    bought = _bought([(0, 1, 199_99), (0, 2, 200_00)])
    found = replay(program, bought, _members(), DAYS)
    assert found.day_points[1:3] == [199, 500]


def test_a_campaign_for_some_lines_multiplies_their_part_of_the_bill() -> None:
    program = Program(
        rules=(EarnRate(per_fen=100, points=1), Campaign(id="c", earn_multiplier=3, categories=("drug",)))
    )
    lines = [
        '[{"fen":10000,"category":"drug"},{"fen":20000,"category":"bath"}]',
        "",
        '[{"fen": 100, "eligible": false}]',
    ]
    found = replay(program, _bought([(0, 1, 300_00), (0, 2, 300_00), (0, 3, 100)], lines=lines), _members(), DAYS)
    assert found.day_points[1:4] == [100 * 3 + 200, 300, 0]


def test_a_member_rises_during_the_replay_and_pays_less_from_then_on() -> None:
    draft = Program(rules=(_ladder(), EarnRate(per_fen=100, points=1)))
    live = Program(rules=(TierLadder(id="ladder", tiers=(Tier(code="normal"),)), EarnRate(per_fen=100, points=1)))
    bought = _bought([(0, 1, 600_00), (0, 2, 100_00), (1, 3, 100_00)])
    before = replay(live, bought, _members(2), DAYS)
    after = replay(draft, bought, _members(2), DAYS, before)
    assert (before.points, before.discount_fen) == (800, 0)
    assert after.discount_fen == 10_00
    assert after.points == 600 + 135 + 100


def test_who_paid_the_list_price_although_a_discount_was_due_pays_it_under_both() -> None:
    program = Program(rules=(_ladder(),))
    bought = _bought([(0, 1, 100_00)])
    live = replay(program, bought, _members(tier="gold", value=3000_00), DAYS)
    assert (live.discount_fen, live.taken[0]) == (0, 0)
    assert replay(program, bought, _members(tier="gold", value=3000_00), DAYS, live).discount_fen == 0


def test_a_discount_that_was_taken_is_exchanged_for_that_of_the_draft() -> None:
    bought = _bought([(0, 1, 99_99)], percent=80)
    live = replay(Program(rules=(_ladder(),)), bought, _members(tier="gold", value=3000_00), DAYS)
    assert live.discount_fen == 99_99 - bought.paid_fen[0]
    tiers = (Tier(code="normal"), Tier(code="gold", min_fen=2000_00, benefits=(PercentDiscount(pay_percent=95),)))
    draft = Program(rules=(TierLadder(id="ladder", tiers=tiers), EarnRate(per_fen=1, points=1)))
    found = replay(draft, bought, _members(tier="gold", value=3000_00), DAYS, live)
    assert found.discount_fen == member_price(99_99, 95).saved_fen
    assert found.points == member_price(99_99, 95).paid_fen
    assert paid_under(100, 100, 0, 50) == 100


def test_what_was_refunded_earns_nothing_and_counts_for_no_tier() -> None:
    program = Program(rules=(_ladder(), EarnRate(per_fen=100, points=1), EarnRate(id="cap", per_fen=100, points=1, max_points_per_purchase=10), EarnRate(id="line", per_fen=100, points=1, categories=("drug",))))  # fmt: skip
    bought = _bought([(0, 1, 1000_00), (0, 2, 100_00)], lines=['[{"fen":100000,"category":"drug"}]', "[]"])
    bought.refunded_fen = [1000_00, 0]
    assert replay(program, bought, _members(), DAYS).rule_points == [100, 10, 0]


@pytest.mark.parametrize(("basis", "value"), [("visits", 0), ("points_earned", 0), ("points_balance", 0)])
def test_other_ladders_climb_by_what_they_count(basis: str, value: int) -> None:
    tiers = (Tier(code="normal"), Tier(code="silver", min_visits=2, min_points=2, earn_multiplier=10))
    program = Program(
        rules=(TierLadder(id="ladder", basis=basis, tiers=tiers), EarnRate(per_fen=100, points=1))  # type: ignore[arg-type] # one of the three above
    )
    bought = _bought([(0, 1, 100), (0, 1, 100), (0, 2, 100)])
    assert replay(program, bought, _members(value=value), DAYS).points == 1 + 1 + 10


def test_a_period_forgets_old_purchases_and_lowers_at_once_where_it_may() -> None:
    tiers = (Tier(code="normal"), Tier(code="silver", min_fen=100_00, earn_multiplier=10))
    ladder = TierLadder(id="ladder", basis="period_spend", period_months=1, downgrade="now", tiers=tiers)
    program = Program(rules=(ladder, EarnRate(per_fen=100_00, points=1)))
    bought = _bought([(0, -10, 100_00), (0, 5, 100_00), (0, 60, 100_00)])
    assert replay(program, bought, _members(), DAYS).points == 10 + 1
    year = msgspec.structs.replace(ladder, period="calendar_year")
    rules = (year, EarnRate(per_fen=100_00, points=1))
    assert replay(Program(rules=rules), bought, _members(), DAYS).points == 10 + 10


@pytest.mark.parametrize("upgrade", ["now", "next_period"])
@pytest.mark.parametrize("downgrade", ["never", "review", "now"])
@pytest.mark.parametrize("tier", ["", "normal", "silver", "gold", "gone"])
@pytest.mark.parametrize("value", [-1, 0, 500_00, 5000_00])
def test_the_first_tier_is_what_the_ledger_makes_of_it(upgrade: str, downgrade: str, tier: str, value: int) -> None:
    ladder = _ladder(upgrade=upgrade, downgrade=downgrade)
    at = datetime(2026, 8, 1, tzinfo=UTC)
    told = evaluate(ladder, Standing(tier=tier or None, since=at), value, at=at, zone=ZONE, allowed=frozenset()).tier
    assert start_tier(ladder, tier, value, frozenset()).code == told


def test_without_a_ladder_everybody_pays_and_earns_alike() -> None:
    program = Program(rules=(EarnRate(per_fen=100, points=1, max_points_per_month=5),))
    bought = _bought([(0, 0, 300), (0, 1, 300), (0, 31, 300), (1, -3, 300)])
    found = replay(program, bought, _members(2), DAYS)
    assert found.points == 3 + 2 + 3
    assert sum(found.day_points) == 8


def test_a_bill_below_one_unit_earns_nothing_and_pieces_add_up() -> None:
    program = Program(rules=(EarnRate(per_fen=100, points=1),))
    bought = _bought([(0, 0, 99), (0, 1, 100), (0, 2, 250)])
    bought.refunded_fen = [0, 0, 100]
    found = replay(program, bought, _members(), DAYS)
    assert (found.points, found.rule_times) == (1 + 2 - 0, [2])
    small = _bought([(0, 0, 99)])
    small.refunded_fen = [1]
    assert replay(program, small, _members(), DAYS).rule_times == [0]
    sums = Sums()
    sums.add(found)
    sums.add(found)
    assert (sums.points, sums.fen, sums.rule_points) == (2 * found.points, 0, [2 * found.points])
