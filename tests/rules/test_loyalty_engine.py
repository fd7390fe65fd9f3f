"""The pure engine of loyalty, function by function: days, points that buy, tiers, prices, refusals."""

from datetime import UTC, date, datetime
from fractions import Fraction

import msgspec
import pytest

from core.hooks.records.loyalty.offers import Campaign, CouponTemplate
from core.hooks.records.loyalty.parts import NamedClinician, PercentDiscount, ratio
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, LedgerPolicy, Lifetime, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.days import expiry, last_usable_day, months_after, period_bounds
from core.loyalty.rules.earning import EarnFacts, Line, earn, earn_from_event, share
from core.loyalty.rules.ledger import Account
from core.loyalty.rules.lots import Lot, Take, balance, due, due_activations, manual_lifetime, pending, take
from core.loyalty.rules.nights import advance, settle
from core.loyalty.rules.prices import BillLine, CouponUse, Offer, PointsUse, explain, line_offers, share_off
from core.loyalty.rules.redeeming import Quote, quote, redeem_rule
from core.loyalty.rules.refusals import CODES, Refusal, Refused
from core.loyalty.rules.tiers import (
    Standing,
    evaluate,
    move_between,
    next_review,
    next_tier,
    reached,
    review,
    tier_after,
    unpin,
)

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
TIERS = (Tier(code="normal"), Tier(code="silver", min_fen=50000), Tier(code="gold", min_fen=200000))


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("day", "2026-04-01", "2026-04-01"),
        ("week", "2026-03-30", "2026-04-05"),
        ("month", "2026-04-01", "2026-04-30"),
        ("quarter", "2026-04-01", "2026-06-30"),
        ("year", "2026-01-01", "2026-12-31"),
        ("membership_year", "2025-05-10", "2026-05-09"),
        ("lifetime", "0001-01-01", "9999-12-31"),
    ],
)
def test_a_period_of_a_limit_holds_its_first_and_its_last_day(period: str, first: str, last: str) -> None:
    found = period_bounds(period, date(2026, 4, 1), date(2024, 5, 10))  # type: ignore[arg-type] # one of the periods
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_membership_year_begins_with_the_day_of_joining() -> None:
    leap = date(2024, 2, 29)
    assert period_bounds("membership_year", date(2026, 2, 27), leap) == (date(2025, 2, 28), date(2026, 2, 27))
    assert period_bounds("membership_year", date(2026, 2, 28), leap) == (date(2026, 2, 28), date(2027, 2, 27))
    assert period_bounds("membership_year", leap)[0] == leap


def test_the_last_usable_day_is_local_clamped_and_may_be_the_end_of_a_period() -> None:
    assert last_usable_day(NOW, Lifetime(), ZONE) is None
    assert expiry(NOW, Lifetime(), ZONE) is None
    assert last_usable_day(NOW, Lifetime(months=1), ZONE) == date(2026, 5, 1)
    assert last_usable_day(NOW, Lifetime(days=1), ZONE) == date(2026, 4, 2)
    assert last_usable_day(NOW, Lifetime(until="year_end"), ZONE) == date(2026, 12, 31)
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_after(date(2026, 1, 31), -2) == date(2025, 11, 30)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Lifetime(months=1, days=1),
        lambda: Lifetime(days=-1),
        lambda: Lifetime(months=5000),
        lambda: TierLadder(tiers=TIERS, period_months=0),
        lambda: TierLadder(tiers=TIERS, grace_days=-1),
        lambda: EarnRate(points=1),
        lambda: EarnRate(per_fen=1, per_quantity=1, points=1),
        lambda: EarnRate(per_fen=1, points=0),
        lambda: Refusal("because"),
    ],
)
def test_rules_that_mean_nothing_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wrong()  # type: ignore[operator] # a function that makes a rule


def test_every_refusal_is_on_the_list_and_carries_its_numbers() -> None:
    refused = Refused("not-enough-points", points=5)
    assert refused.refusal == Refusal("not-enough-points", {"points": 5})
    assert all(code == code.lower() and " " not in code and meaning for code, meaning in CODES.items())


def test_lots_are_spent_by_expiry_then_by_age_and_never_before_they_count() -> None:
    lots = [
        Lot(lot_id=1, earned=10, remaining=10),
        Lot(lot_id=2, earned=10, remaining=10, expires_at=datetime(2026, 5, 1, tzinfo=UTC)),
        Lot(lot_id=3, earned=10, remaining=10, activates_at=datetime(2026, 5, 1, tzinfo=UTC), active=False),
        Lot(lot_id=4, earned=10, remaining=10, expires_at=NOW),
        Lot(lot_id=5, earned=10, remaining=0, expires_at=NOW),
    ]
    assert (balance(lots, NOW), pending(lots, NOW)) == (20, 10)
    assert take(lots, 15, NOW) == (Take(2, 10), Take(1, 5))
    assert take(lots, 21, NOW) == Refusal("not-enough-points", {"points": 21, "balance": 20})
    assert due(lots, NOW) == (Take(4, 10),)
    assert due_activations(lots, NOW) == ()
    assert due_activations(lots, datetime(2026, 5, 1, tzinfo=UTC)) == (3,)


@pytest.mark.parametrize(
    ("rule", "bill", "points", "clamp", "wanted"),
    [
        (None, None, 30, False, Quote(30, 0)),
        (None, None, None, False, Quote(90, 0)),
        (None, None, 91, True, Quote(90, 0)),
        (None, None, 91, False, "not-enough-points"),
        (Redeem(id="r", fen_per_point=2), 100, None, False, Quote(50, 100, "r")),
        (Redeem(id="r", fen_per_point=2, step=20), None, 70, True, Quote(60, 120, "r")),
        (Redeem(fen_per_point=2, min_points=100), None, None, False, "not-enough-points"),
        (Redeem(fen_per_point=2, min_points=50), 20, 90, True, "above-bill-share"),
        (Redeem(fen_per_point=2, min_points=50), None, 40, True, "below-minimum"),
        (Redeem(fen_per_point=2, min_points=50), 1000, 40, True, "below-minimum"),
        (Redeem(fen_per_point=2), 0, 1, True, "bill-too-small"),
    ],
)
def test_points_buy_in_whole_steps_within_all_limits(
    rule: Redeem | None, bill: int | None, points: int | None, clamp: bool, wanted: Quote | str
) -> None:
    found = quote(rule, 90, bill, points, clamp=clamp)
    assert (found.code if isinstance(found, Refusal) else found) == wanted


def test_without_any_points_nothing_is_bought() -> None:
    assert quote(None, 0, None, None) == Refusal("not-enough-points", {"points": 1, "balance": 0})


def test_the_first_rule_that_fits_lets_points_pay() -> None:
    program = Program(
        rules=(
            Redeem(id="gold", fen_per_point=2, tiers=("gold",)),
            Redeem(id="later", fen_per_point=3, starts_on=date(2026, 5, 1)),
        )
    )
    assert redeem_rule(Program(), tier=None, day=date(2026, 4, 1)) is None
    assert redeem_rule(program, tier="silver", day=date(2026, 4, 1)) == Refusal("no-redeem-rule")
    for tier, day, wanted in (("gold", date(2026, 4, 1), "gold"), ("silver", date(2026, 5, 1), "later")):
        found = redeem_rule(program, tier=tier, day=day)
        assert isinstance(found, Redeem)
        assert found.id == wanted


def test_a_tier_that_is_no_more_on_the_ladder_is_earned_anew() -> None:
    ladder = TierLadder(tiers=TIERS)
    lost = Standing(tier="platinum")
    assert evaluate(ladder, lost, 60000, at=NOW, zone=ZONE).tier == "silver"
    later = TierLadder(tiers=TIERS, upgrade="next_period")
    assert evaluate(later, Standing(), 60000, at=NOW, zone=ZONE).tier == "normal"
    assert review(ladder, Standing(tier="platinum"), 0, at=NOW, zone=ZONE).review_on is None


def test_nothing_is_reviewed_at_the_bottom_and_nothing_rises_at_the_top() -> None:
    ladder = TierLadder(tiers=TIERS, upgrade="next_period", downgrade="review", period_months=3, review_months=6)
    since = date(2026, 1, 31)
    assert next_review(ladder, TIERS[0], since=since, after=since) == date(2026, 4, 30)
    assert next_review(ladder, TIERS[1], since=since, after=date(2026, 4, 30)) == date(2026, 7, 31)
    assert next_review(ladder, TIERS[2], since=since, after=date(2026, 4, 30)) == date(2026, 7, 31)
    assert next_review(TierLadder(tiers=TIERS), TIERS[1], since=since, after=since) is None


def test_a_review_of_a_rise_lowers_nobody_and_a_review_of_a_fall_waits_for_its_day() -> None:
    ladder = TierLadder(tiers=TIERS, upgrade="next_period", downgrade="review", period_months=3, review_months=6)
    silver = Standing(tier="silver", since=datetime(2026, 1, 1, tzinfo=UTC), review_on=date(2026, 4, 1))
    at = datetime(2026, 4, 1, tzinfo=UTC)
    kept = review(ladder, silver, 0, at=at, zone=ZONE)
    assert (kept.tier, kept.review_on) == ("silver", date(2026, 7, 1))
    assert review(ladder, silver, 200000, at=at, zone=ZONE).tier == "gold"
    assert review(ladder, kept, 0, at=datetime(2026, 7, 1, tzinfo=UTC), zone=ZONE).tier == "normal"
    again = review(ladder, kept, 60000, at=datetime(2026, 7, 1, tzinfo=UTC), zone=ZONE)
    assert (again.tier, again.review_on) == ("silver", date(2026, 10, 1))


def test_a_pin_lies_over_the_earned_tier_until_its_day_is_over() -> None:
    pinned = Standing(tier="normal", pinned="gold", pinned_until=date(2026, 4, 1))
    assert pinned.shown == "gold"
    assert unpin(pinned, date(2026, 4, 1)) == pinned
    assert unpin(pinned, date(2026, 4, 2)).shown == "normal"
    move = move_between(TierLadder(tiers=TIERS), Standing(), pinned, "pin")
    assert move is not None
    assert (move.before, move.after, move.cause) == ("normal", "gold", "pin")
    assert move_between(TierLadder(tiers=TIERS), Standing(), Standing(tier="normal"), "spend") is None


def test_ladders_of_points_and_visits_count_in_their_own_unit() -> None:
    points = TierLadder(basis="points_balance", tiers=(Tier(code="a"), Tier(code="b", min_points=10)))
    visits = TierLadder(basis="visits", tiers=(Tier(code="a"), Tier(code="b", min_visits=2)))
    for ladder, unit, missing in ((points, "points", 7), (visits, "visits", 0)):
        found = next_tier(ladder, current="a", spent_fen=3)
        assert found is not None
        assert (found.tier.code, found.fen, found.unit) == ("b", missing, unit)
    assert tier_after(points, current="a", spent_fen=10).code == "b"
    assert reached(points, -5).code == "a"


def test_an_account_without_a_ladder_has_no_tier_to_settle() -> None:
    account = Account(Program(), ZONE)
    assert settle(account, "spend") == ()
    advance(account, NOW)
    assert settle(account, "spend") == ()
    assert settle(Account(Program(rules=(TierLadder(tiers=TIERS),)), ZONE), "spend") == ()
    assert account.pending == 0
    assert account.window_turns() == []


def test_a_purchase_of_nothing_eligible_earns_nothing_and_shares_nothing() -> None:
    program = Program(
        rules=(
            EarnRate(per_fen=100, points=1, max_points_per_purchase=0),
            EarnRate(per_fen=100, points=1, when=None, live=False),
        )
    )
    assert earn(program, 500, EarnFacts(), NOW, ZONE) == ()
    program = Program(rules=(EarnRate(per_fen=100, points=1),))
    assert earn(program, [Line(500, eligible=False)], EarnFacts(), NOW, ZONE) == ()
    assert share(5, [0, -1]) == (0, 0)
    assert share_off(5, [9, 1, 0]) == (4, 1, 0)


def test_a_campaign_counts_from_its_least_bill_up() -> None:
    program = Program(rules=(EarnRate(per_fen=100, points=1),))
    double = Campaign(id="d", earn_multiplier=2, min_fen=1000)
    facts = EarnFacts(campaigns=(double,))
    assert [one.points for one in earn(program, 999, facts, NOW, ZONE)] == [9]
    assert [one.points for one in earn(program, 1000, facts, NOW, ZONE)] == [20]


def test_percentages_of_a_tier_cover_the_categories_that_they_name() -> None:
    benefits = (
        PercentDiscount(pay_percent=90, exclude_categories=("drug",)),
        PercentDiscount(pay_percent=50, categories=("food",)),
        NamedClinician(),
    )
    ladder = TierLadder(id="t", tiers=(Tier(code="a", benefits=benefits),))
    lines = [BillLine(fen=1000, category="drug"), BillLine(fen=1000, category="food"), BillLine(fen=1000)]
    low = Campaign(id="low", pay_percent=10, min_fen=3001)
    some = Campaign(id="some", pay_percent=70, services=("x",))
    offers = line_offers(Program(rules=(ladder,)), tier="a", lines=lines, campaigns=(low, some, Campaign(id="none")))
    assert [(one.step, one.pay_percent, one.lines) for one in offers] == [
        ("tier", 90, (1, 2)),
        ("tier", 50, (1,)),
        ("campaign", 70, ()),
    ]
    bill = explain(lines, offers=offers)
    assert not isinstance(bill, Refusal)
    assert bill.lines == (1000, 500, 900)
    assert line_offers(Program(), tier=None, lines=[BillLine(fen=5, member_fen=1)]) == ()


def test_only_the_best_percentage_on_the_whole_bill_counts_and_a_price_above_the_list_is_none() -> None:
    lines = [BillLine(fen=1000), BillLine(fen=0)]
    offers = [Offer(step="member_price", fen=2000, lines=(0,)), Offer(step="benefit", lines=(0,))]
    percents = [Offer(step="order_percent", pay_percent=one, lines=(0, 1)) for one in (95, 90)]
    bill = explain(lines, offers=offers, order_percents=percents, stored_fen=5000)
    assert not isinstance(bill, Refusal)
    assert (bill.due_fen, bill.stored_fen, bill.total_fen) == (900, 900, 0)
    assert [(one.step, one.line, one.fen) for one in bill.applied] == [
        ("order_percent", 0, 100),
        ("stored_value", None, 900),
    ]


def test_coupons_take_off_an_amount_a_percent_a_service_or_bring_a_thing() -> None:
    lines = [BillLine(fen=6000, service="bath", quantity=2), BillLine(fen=5000, service="bath"), BillLine(fen=100)]
    coupons = [
        CouponUse(coupon_id="1", terms=CouponTemplate(id="bath", service="bath", stack_group="a")),
        CouponUse(coupon_id="2", terms=CouponTemplate(id="toy", gift="toy", stack_group="b")),
        CouponUse(coupon_id="3", terms=CouponTemplate(id="tenth", pay_percent=90, services=("bath",), stack_group="c")),
    ]
    bill = explain(lines, coupons=coupons)
    assert not isinstance(bill, Refusal)
    # The dearest bath is 50.00; a tenth of the 60.00 that are left for baths comes off.
    assert [(one.rule_id, one.line, one.fen) for one in bill.applied] == [
        ("bath", 1, 5000),
        ("toy", None, 0),
        ("tenth", 0, 600),
    ]
    assert bill.due_fen == 5500
    wrong = explain(
        lines, coupons=[CouponUse(coupon_id="4", terms=CouponTemplate(id="x", amount_fen=5, services=("y",)))]
    )
    assert isinstance(wrong, Refusal)
    assert wrong.code == "coupon-not-for-this"


def test_points_pay_for_the_lines_that_their_rule_names() -> None:
    lines = [BillLine(fen=1000, category="food"), BillLine(fen=1000)]
    rule = Redeem(id="r", fen_per_point=10, categories=("food",))
    bill = explain(lines, points=PointsUse(rule=rule, balance=500))
    assert not isinstance(bill, Refusal)
    assert (bill.lines, bill.points) == ((0, 1000), Quote(100, 1000, "r"))
    refused = explain(lines, points=PointsUse(rule=rule, balance=5, points=6))
    assert refused == Refusal("not-enough-points", {"points": 6, "balance": 5})
    plain = explain(lines, points=PointsUse(rule=None, balance=5, points=5))
    assert not isinstance(plain, Refusal)
    assert plain.due_fen == 2000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (2, Fraction(2)),
        (1.5, Fraction(3, 2)),
        (" 4/3 ", Fraction(4, 3)),
        ("0.1", Fraction(1, 10)),
        (1e-05, Fraction(1, 100_000)),
    ],
)
def test_a_multiplier_is_read_as_it_is_written(text: float | str, value: Fraction) -> None:
    assert ratio(text) == value


@pytest.mark.parametrize("text", [-1, "-1/2", "1/0", "", "x", "1e999999999", "1/2/3", "１", float("nan"), "9" * 5000])
def test_what_is_no_multiplier_is_refused_at_once(text: float | str) -> None:
    with pytest.raises(ValueError, match="a multiplier is a number"):
        ratio(text)


def test_a_policy_beyond_all_measure_is_held_within_it() -> None:
    assert manual_lifetime(LedgerPolicy()) == Lifetime()
    assert manual_lifetime(LedgerPolicy(manual_months=-1)) == Lifetime(months=0)
    assert manual_lifetime(LedgerPolicy(manual_months=10**9)) == Lifetime(months=1180)


def test_an_event_that_gives_no_points_is_no_rule() -> None:
    program = Program(rules=(EarnEvent(event="x", points=0),))
    found = earn_from_event(program, "x", given={}, facts=EarnFacts(), at=NOW, zone=ZONE)
    assert found == Refusal("no-event-rule", {"event": "x"})


def test_records_of_the_engine_travel_as_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Standing(tier="a")), type=Standing) == Standing(tier="a")
