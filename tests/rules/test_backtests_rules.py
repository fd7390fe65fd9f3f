"""Who moves, what is summed up, and the reasons that are given: without a database."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from core.backtests.rules.effects import Effect, Move, Pair
from core.backtests.rules.moves import Alike, fates, moves_of, tier_counts, value_of
from core.backtests.rules.reasons import benefit_labels, held_of, plain_of, reason_of
from core.backtests.rules.replay import days_between
from core.backtests.rules.sums import (
    Counted,
    Partial,
    Sums,
    added,
    event_points,
    event_times,
    notes_of,
    rewards_of,
    rule_effects,
    spans_of,
)
from core.hooks.records.conditions import AnyOf, Cmp
from core.hooks.records.loyalty.offers import Campaign, CouponTemplate, Referral
from core.hooks.records.loyalty.parts import FreeService, NamedClinician, PercentDiscount, Perk
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import Program

AT = datetime(2026, 11, 1, tzinfo=UTC)
ZONE = "Asia/Shanghai"
LIVE = TierLadder(tiers=(Tier(code="normal"), Tier(code="silver", min_fen=500), Tier(code="gold", min_fen=2000)))
WHEN = Cmp(field="gender", op="eq", value="female")


def _fates(draft: TierLadder | None, *groups: Alike, live: TierLadder | None = LIVE) -> list[tuple[object, ...]]:
    found = fates(live, draft, groups, conditions=["vip"], at=AT, zone=ZONE)
    return [(one.whence, one.before, one.after, one.is_up) for one in found]


def test_members_of_a_tier_that_is_gone_go_where_their_sum_leads() -> None:
    draft = TierLadder(tiers=(Tier(code="basic"), Tier(code="plus", min_fen=1000)))
    assert _fates(draft, Alike(tier="gold", step=1)) == [("publish", "gold", "basic", False)]
    assert _fates(draft, Alike(tier="gold", step=2)) == [("publish", "gold", "plus", False)]
    assert _fates(draft, Alike(tier="normal", step=1)) == [("publish", "normal", "basic", True)]
    assert _fates(draft, Alike(tier="", step=1)) == []
    assert _fates(draft, Alike(tier="", step=2), live=None) == [("publish", None, "plus", True)]


def test_without_a_ladder_everybody_above_the_lowest_loses_their_tier() -> None:
    assert _fates(None, Alike(tier="gold", step=1)) == [("publish", "gold", "", False)]
    assert _fates(None, Alike(tier="normal", step=1)) == []
    assert _fates(None, Alike(tier="", step=1), live=None) == []


def test_a_pinned_member_stays_and_a_condition_is_read_from_its_bit() -> None:
    draft = TierLadder(tiers=(*LIVE.tiers, Tier(code="vip", min_fen=2001, when=WHEN)))
    assert _fates(draft, Alike(tier="gold", step=4, mask=1)) == [("publish", "gold", "vip", True)]
    assert _fates(draft, Alike(tier="gold", step=4)) == []
    assert _fates(draft, Alike(tier="gold", step=4, mask=1, pinned=True)) == []
    counts = tier_counts(
        LIVE, draft, [Alike(tier="gold", step=4, mask=1, people=3), Alike(tier="gold", step=4, mask=1, people=2, pinned=True)],
        conditions=["vip"], at=AT, zone=ZONE,
    )  # fmt: skip
    assert [(one.code, one.people) for one in counts][2:] == [("gold", Pair(5, 2)), ("vip", Pair(0, 3))]
    assert tier_counts(None, None, [Alike(tier="", step=0)], conditions=[], at=AT, zone=ZONE) == ()


def test_a_rise_may_wait_for_the_next_period_and_a_fall_for_the_review() -> None:
    tiers = (Tier(code="normal"), Tier(code="silver", min_fen=1000), Tier(code="gold", min_fen=3000))
    draft = TierLadder(tiers=tiers, upgrade="next_period", downgrade="review")
    assert _fates(draft, Alike(tier="silver", step=3)) == [("review", "silver", "gold", True)]
    assert _fates(draft, Alike(tier="silver", step=1)) == [("review", "silver", "normal", False)]
    assert value_of(draft, 0) == -1
    assert value_of(draft, 2) == 1000


def test_ways_are_listed_falls_first_and_an_effect_counts_them() -> None:
    moves = moves_of({("normal", "silver", True): 2, ("gold", "silver", False): 1, (None, "gold", True): 5})
    assert [(one.before, one.people) for one in moves] == [("gold", 1), (None, 5), ("normal", 2)]
    effect = Effect(
        digest="d", live_version="l", backtest_id=UUID(int=1), made_at=AT, days=90,
        first=date(2026, 8, 4), last=date(2026, 11, 1), moves=moves,
        later=(Move(before="gold", after="silver", people=4, is_up=False),),
    )  # fmt: skip
    assert (effect.rising, effect.falling, effect.falling_later) == (7, 1, 4)
    assert Pair(3, 5).change == 2


def _partial(rates: int = 1) -> Partial:
    sums = [Sums(rule_points=[10] * rates, rule_times=[2] * rates, day_points=[1] * 10, day_fen=[2] * 10) for _ in "ab"]
    return Partial(live=sums[0], draft=sums[1], day_purchases=[1] * 10, members=3)


def test_rules_are_compared_by_id_and_events_by_what_happened() -> None:
    live = Program(
        rules=(EarnRate(id="r", per_fen=1, points=1), EarnEvent(id="e", event="registered", points=5), EarnEvent(id="o", event="check_in", points=1), CouponTemplate(id="c", amount_fen=100), CouponTemplate(id="never", amount_fen=1))
    )  # fmt: skip
    draft = Program(
        rules=(EarnRate(id="r", per_fen=1, points=2), EarnEvent(id="e", event="registered", points=7), EarnEvent(id="new", event="check_in", points=3), CouponTemplate(id="c", amount_fen=300))
    )  # fmt: skip
    counted = Counted(events={"registered": 4}, by_rule={"o": 6}, coupons={"c": 2, "gift:x": 1})
    found = {one.rule_id: one for one in rule_effects(live, draft, _partial(), counted)}
    assert found["r"].points == Pair(10, 10)
    assert found["e"].points == Pair(20, 28)
    assert (found["o"].points, found["new"].points) == (Pair(6, 0), Pair(0, 18))
    assert found["c"].fen == Pair(200, 600)
    assert "never" not in found
    assert event_points(tuple(found.values())) == Pair(26, 46)
    assert rewards_of(live, draft, counted) == Pair(3, 3)
    assert rewards_of(live, Program(), counted) == Pair(3, 1)
    assert rewards_of(None, draft, counted).live == 3
    assert event_times(EarnEvent(event="other", points=1), None, counted) == 0
    assert rule_effects(None, draft, _partial(), counted)[0].points == Pair(0, 10)


def test_weeks_end_with_the_last_day_and_sums_add_up_piece_by_piece() -> None:
    days = days_between(date(2026, 11, 1), date(2026, 11, 10))
    spans = spans_of(days, _partial())
    assert [(one.first, one.purchases, one.points) for one in spans] == [
        (date(2026, 11, 1), 3, Pair(3, 3)),
        (date(2026, 11, 4), 7, Pair(7, 7)),
    ]
    assert spans_of(days[:7], _partial())[0].purchases == 7
    assert added([], [1]) == added([1], []) == [1]
    assert added([1, 2], [3, 4]) == [4, 6]
    assert (_partial().live.points, _partial().live.fen) == (10, 20)


def test_an_effect_says_what_its_figures_do_not() -> None:
    draft = Program(
        rules=(
            EarnRate(id="r", per_fen=1, points=1, when=WHEN),
            Campaign(id="c", budget_fen=100),
            Referral(id="f"),
            Redeem(id="p", fen_per_point=1, when=WHEN),
        )
    )
    said = [(one.code, one.rule_id) for one in notes_of(None, draft, purchases=0, fen_per_point=0)]
    assert said == [
        ("no-live-program", ""),
        ("no-purchases", ""),
        ("points-buy-nothing", ""),
        ("condition-of-today", "r"),
        ("budget-not-counted", "c"),
        ("rewards-not-counted", ""),
    ]
    assert notes_of(draft, Program(), purchases=1, fen_per_point=0) == ()


@pytest.mark.parametrize(
    ("before", "after", "total", "pinned", "reason"),
    [
        ("normal", "silver", 500, False, "rises"),
        ("gold", "silver", 500, False, "falls"),
        ("gold", "gold", 500, False, "kept"),
        ("gold", "gold", 2000, False, "stays"),
        ("gold", "gold", 0, True, "pinned"),
    ],
)
def test_a_tier_has_a_reason(before: str, after: str, total: int, reason: str, *, pinned: bool) -> None:
    assert reason_of(LIVE, LIVE, before, after, total=total, pinned=pinned) == reason
    assert reason_of(LIVE, None, before, after, total=total, pinned=pinned) == "no-ladder"


def test_each_condition_of_a_tree_has_its_verdict_and_value() -> None:
    tree = AnyOf(of=(WHEN, Cmp(field="spent_all", op="gte", value=100)))
    found = held_of(tree, {"gender": "male", "spent_all": 100}, date(2026, 11, 1))
    assert [(one.field, one.holds, one.value) for one in found] == [("gender", False, "male"), ("spent_all", True, 100)]
    assert held_of(None, {}, date(2026, 11, 1)) == ()
    assert plain_of(date(2026, 11, 1)) == "2026-11-01"


def test_benefits_are_said_in_both_languages() -> None:
    tier = Tier(
        code="gold",
        benefits=(PercentDiscount(pay_percent=85), PercentDiscount(pay_percent=90), FreeService(service="checkup"), Perk(code="room"), NamedClinician(label="专属医生")),
    )  # fmt: skip
    assert benefit_labels(tier) == (
        {"zh-CN": "8.5折", "en": "15 % off"},
        {"zh-CN": "9折", "en": "10 % off"},
        "checkup",
        "room",
        "专属医生",
    )
    assert benefit_labels(None) == ()
