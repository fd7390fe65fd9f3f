"""Tiers by lifetime spend and prices in whole fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hooks.records.loyalty.parts import FreeService, PercentDiscount
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.prices import member_price, pay_percent
from core.loyalty.rules.tiers import find_tier, next_tier, tier_after, tier_for
from core.loyalty.rules.versions import opening_delta, program_version

LADDER = TierLadder(
    tiers=(
        Tier(code="normal", label="普通", min_fen=0, benefits=(FreeService(service="x", label="x"),)),
        Tier(code="silver", label="银卡", min_fen=500_00, benefits=(PercentDiscount(pay_percent=90),)),
        Tier(code="gold", label="金卡", min_fen=2000_00, benefits=(PercentDiscount(pay_percent=80),)),
    )
)


@pytest.mark.parametrize(
    ("fen", "code"),
    [(0, "normal"), (499_99, "normal"), (500_00, "silver"), (1999_99, "silver"), (2000_00, "gold"), (-5, "normal")],
)
def test_a_threshold_is_reached_at_exactly_its_amount(fen: int, code: str) -> None:
    assert tier_for(LADDER, fen).code == code


def test_a_refund_does_not_lower_the_tier_unless_the_ladder_or_the_caller_says_so() -> None:
    assert tier_after(LADDER, current="silver", spent_fen=0).code == "silver"
    assert tier_after(LADDER, current="silver", spent_fen=0, may_fall=True).code == "normal"
    strict = TierLadder(tiers=LADDER.tiers, downgrade="now")
    assert tier_after(strict, current="silver", spent_fen=0).code == "normal"


def test_a_tier_that_the_ladder_no_longer_has_is_earned_anew() -> None:
    assert tier_after(LADDER, current="platinum", spent_fen=600_00).code == "silver"
    assert tier_after(LADDER, current=None, spent_fen=0).code == "normal"
    assert find_tier(LADDER, "platinum") is None


def test_the_card_says_what_is_missing_to_the_next_tier() -> None:
    missing = next_tier(LADDER, current="normal", spent_fen=120_00)
    assert missing is not None
    assert (missing.tier.code, missing.fen) == ("silver", 380_00)
    held = next_tier(LADDER, current="silver", spent_fen=2500_00)
    assert held is not None
    assert held.fen == 0
    assert next_tier(LADDER, current="gold", spent_fen=0) is None


def test_silver_pays_nine_tenths_of_the_whole_bill() -> None:
    silver, normal = find_tier(LADDER, "silver"), find_tier(LADDER, "normal")
    assert (pay_percent(silver), pay_percent(normal), pay_percent(None)) == (90, 100, 100)
    price = member_price(600_00, 90)
    assert (price.paid_fen, price.saved_fen) == (540_00, 60_00)
    assert member_price(1, 90).paid_fen == 1
    assert member_price(3_335, 90).paid_fen == 3_002


@given(st.integers(0, 10**10), st.integers(1, 100))
def test_a_price_is_never_above_the_list_nor_below_nothing(fen: int, percent: int) -> None:
    price = member_price(fen, percent)
    assert 0 <= price.paid_fen <= fen
    assert abs(price.paid_fen * 100 - fen * percent) <= 50


@given(st.lists(st.integers(0, 100_000), max_size=20))
def test_more_spending_never_lowers_a_tier(amounts: list[int]) -> None:
    spent, held, rank = 0, None, -1
    for fen in amounts:
        spent += fen
        tier = tier_after(LADDER, current=held, spent_fen=spent)
        assert LADDER.tiers.index(tier) >= rank
        held, rank = tier.code, LADDER.tiers.index(tier)
    assert held in {None, tier_for(LADDER, spent).code}


def test_a_list_imported_twice_opens_nothing_more() -> None:
    assert opening_delta(known_fen=0, told_fen=1999_99) == 1999_99
    assert opening_delta(known_fen=1999_99, told_fen=1999_99) == 0


def test_the_version_names_exactly_these_rules() -> None:
    one = Program(id="p.a", label="a", rules=(LADDER,))
    assert program_version(one) == program_version(one)
    other = Program(id="p.a", label="a", rules=(TierLadder(tiers=LADDER.tiers, downgrade="now"),))
    assert program_version(one) != program_version(other)
