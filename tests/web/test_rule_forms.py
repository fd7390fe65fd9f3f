"""The forms of rules: what is written into a form reads back as the same rule, and each slip has its own sentence."""

from datetime import date
from typing import Any

import pytest

from core.conditions.rules.catalogue import make_catalogue
from core.hooks.records.conditions import All, Cmp, FieldFacts, In
from core.hooks.records.loyalty.care import Churn, Winback
from core.hooks.records.loyalty.offers import (
    Birthday,
    Campaign,
    CouponTemplate,
    DayWindow,
    FestivalWindow,
    Goodwill,
    Referral,
    ReviewReward,
    RoleLimit,
    ServiceQuota,
    WeekdayWindow,
)
from core.hooks.records.loyalty.parts import (
    CouponReward,
    FreeService,
    GiftReward,
    NamedClinician,
    PercentDiscount,
    Perk,
    PointsReward,
    ServiceReward,
)
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, LedgerPolicy, Lifetime, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of
from core.hooks.records.text import both
from web.rule_forms.changing import change_rows
from web.rule_forms.fields import Choices, Values
from web.rule_forms.kinds import KINDS, program_values, read_program, read_rule
from web.rule_forms.reading import unknown_names
from web.rule_forms.showing import show_sections
from web.rule_forms.writing import values_of

FIELDS = make_catalogue(
    (
        FieldFacts(name="spent_365d", label="一年消费", kind="money"),
        FieldFacts(name="city", label="城市", kind="choice", options=(("dy", "东营"), ("jn", "济南"))),
        FieldFacts(name="joined_on", label="入会日", kind="date"),
    )
)
CHOICES = Choices(
    lists={
        "tiers": (("normal", "普通会员"), ("silver", "银卡会员"), ("gold", "金卡会员")),
        "services": (("CHK01", "体检"),),
        "categories": (("drug", "药品费"), ("examination", "检查费")),
        "coupons": (("welcome", "新人券"),),
        "roles": (("director", "店长"), ("doctor", "医生")),
        "subject_types": (("petclinic.pet", "宠物"),),
        "events": (("registered", "入会"), ("birthday", "生日")),
    },
    catalogue=FIELDS,
)
RICH = All(of=(Cmp(field="spent_365d", op="gte", value=500_050), In(field="city", values=("dy", "jn"))))
REWARDS = (
    PointsReward(points=100),
    CouponReward(template="welcome"),
    ServiceReward(service="CHK01", label=both("体检", "Check-up"), pay_percent=80, uses=2, valid_days=30),
    GiftReward(item="宠物蛋糕", label="宠物蛋糕", valid_days=14),
)
RULES: tuple[AnyRule, ...] = (
    TierLadder(
        label=both("会员等级", "Tiers"),
        source="§3.4.1",
        basis="period_spend",
        period="calendar_year",
        period_months=6,
        upgrade="next_period",
        downgrade="review",
        review_months=6,
        grace_days=30,
        refunds_lower_spend=False,
        tiers=(
            Tier(code="normal", label="普通会员"),
            Tier(
                code="silver",
                label=both("银卡会员", "Silver"),
                min_fen=500_00,
                earn_multiplier=1.5,
                when=RICH,
                benefits=(PercentDiscount(pay_percent=90, exclude_categories=("drug",)),),
            ),
            Tier(
                code="gold",
                label="金卡会员",
                min_fen=2000_00,
                earn_multiplier="3/2",
                benefits=(
                    PercentDiscount(pay_percent=5),
                    FreeService(service="CHK01", label="免费体检", quota=2, period="membership_year", carry_over=True),
                    FreeService(service="CHK01", pay_percent=80, holder="household"),
                    NamedClinician(label=both("专属医生", "Named doctor")),
                    Perk(code="card", label="手写感谢卡"),
                ),
            ),
        ),
    ),
    TierLadder(basis="visits", tiers=(Tier(code="a", label="甲"), Tier(code="b", label="乙", min_visits=5))),
    EarnRate(
        per_fen=150,
        points=2,
        multiplier=2,
        tiers=("silver", "gold"),
        categories=("drug",),
        exclude_categories=("examination",),
        min_fen=10_00,
        max_points_per_purchase=100,
        max_points_per_day=200,
        max_points_per_month=300,
        lifetime=Lifetime(pending_days=7, months=12, until="year_end"),
        when=Cmp(field="city", op="eq", value="dy"),
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        group="base",
        live=False,
    ),
    EarnRate(per_fen=100, points=1, lifetime=Lifetime(days=90)),
    EarnEvent(event="birthday", points=50, limit=None, period="year", tiers=("gold",)),
    EarnEvent(event="petclinic.vaccinated", points=5),
    Redeem(fen_per_point=1, step=100, min_points=500, max_points=5000, max_percent=50, min_bill_fen=20_00),
    CouponTemplate(
        label="50元券", amount_fen=50_00, valid_months=3, min_spend_fen=200_00, terms=both("限一次", "Once")
    ),
    CouponTemplate(label="8折券", pay_percent=80, max_discount_fen=100_00, valid_days=30, categories=("drug",)),
    CouponTemplate(service="CHK01", pay_percent=80, uses=2, total_limit=100, per_customer_limit=1),
    CouponTemplate(service="CHK01", transferable=True, services=("CHK01",), stack_group="gift"),
    CouponTemplate(gift="宠物用品礼包"),
    Referral(referrer=REWARDS[:2], referee=REWARDS[1:2], referee_when="registered", min_fen=100_00, checks=("phone",)),
    Birthday(subject_type="petclinic.pet", choose_one_of=REWARDS, once_per="household", tiers=("gold",), lead_days=3),
    ReviewReward(platforms=(("dianping", "大众点评"), ("own", both("官网", "Site"))), choose_one_of=REWARDS[3:]),
    ServiceQuota(service="CHK01", pay_percent=80, tiers=("silver",), quota=None, period="quarter", holder="person"),
    Winback(choose_one_of=REWARDS[:1], hold_out_percent=20, invite=both("欢迎回来", "Welcome back")),
    Churn(months=6, signals=("no_spend", "staff_left"), roles=("doctor",), due_days=2),
    Campaign(
        windows=(
            DayWindow(first="11-01", last="11-11"),
            DayWindow(first="2026-12-20", last="2027-01-03"),
            FestivalWindow(festival="spring", before_days=3, after_days=7),
            WeekdayWindow(days=(6, 7)),
        ),
        earn_multiplier=2,
        pay_percent=95,
        rewards=REWARDS[:1],
        budget_fen=10_000_00,
        budget_points=5000,
        per_customer_limit=1,
        message="双十一宠物用品节",
    ),
    Goodwill(limits=(RoleLimit(role="doctor", max_fen=100_00),), max_fen_per_complaint=500_00, valid_months=None),
)


def written(rule: AnyRule) -> Values:
    return values_of(KINDS[kind_of(rule)], rule, FIELDS)


@pytest.mark.parametrize("rule", RULES, ids=kind_of)
def test_a_rule_reads_back_from_its_form_as_it_was(rule: AnyRule) -> None:
    form = KINDS[kind_of(rule)]
    values = written(rule)
    assert unknown_names(form, values) == []
    read = read_rule(form, values, CHOICES, rule_id=rule.id)
    assert read.errors == {}
    assert read.rule == rule


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_a_new_rule_can_be_shown_and_saying_it_twice_changes_nothing(kind: str) -> None:
    form = KINDS[kind]
    values = values_of(form, form.sample, FIELDS)
    blocks = show_sections(form.sections, values, CHOICES, {})
    assert blocks[0].inputs
    again = read_rule(form, values, CHOICES, rule_id="x")
    if again.rule is not None:
        assert written(again.rule) == values


def test_the_policy_of_the_ledger_reads_back_as_it_was() -> None:
    policy = LedgerPolicy(reversal="deficit", deficit_limit=500, give_back_days=14, pool="person", manual_months=6)
    program = Program(label=both("会员", "Members"), source="§3.4", ledger=policy)
    values = program_values(program, FIELDS)
    assert read_program(Program(), values, CHOICES) == (program, {})
    assert read_program(Program(), values | {"give_back_days": ["-1"]}, CHOICES)[0] is None


def _errors(rule: AnyRule, **typed: str) -> dict[str, str]:
    values = written(rule) | {name.replace("__", "-").replace("_o_", "."): [text] for name, text in typed.items()}
    read = read_rule(KINDS[kind_of(rule)], values, CHOICES, rule_id="r")
    assert (read.rule is None) == bool(read.errors)
    return read.errors


LADDER = TierLadder(
    tiers=(
        Tier(code="normal", label="普通会员"),
        Tier(code="silver", label="银卡", min_fen=500_00, benefits=(PercentDiscount(pay_percent=90),)),
    )
)


def read_ladder(**typed: str) -> Any:
    values = written(LADDER) | {name.replace("__", "-", 1).replace("__", "."): [text] for name, text in typed.items()}
    return read_rule(KINDS["tier_ladder"], values, CHOICES, rule_id="r")


@pytest.mark.parametrize(
    ("typed", "fen"), [("600", 600_00), ("¥1,000.50", 1000_50), ("６００元", 600_00), (" 49.9 ", 49_90)]
)
def test_money_is_typed_in_yuan_as_people_write_it(typed: str, fen: int) -> None:
    assert read_ladder(tiers__1__min_fen=typed).rule.tiers[1].min_fen == fen


@pytest.mark.parametrize("typed", ["五百", "1.234", "-5", "nan", "1e400", "100000001"])
def test_what_is_no_amount_is_asked_back(typed: str) -> None:
    assert set(read_ladder(tiers__1__min_fen=typed).errors) == {"tiers-1.min_fen"}


@pytest.mark.parametrize(("typed", "share"), [("90", 90), ("9折", 90), ("8.5折", 85), ("85%", 85), ("9%", 9)])
def test_a_discount_is_the_percent_paid_and_takes_the_chinese_way_too(typed: str, share: int) -> None:
    values = written(LADDER) | {"tiers-1.benefits-0.pay_percent": [typed]}
    read = read_rule(KINDS["tier_ladder"], values, CHOICES, rule_id="r")
    assert isinstance(read.rule, TierLadder)
    assert read.rule.tiers[1].benefits == (PercentDiscount(pay_percent=share),)


@pytest.mark.parametrize("typed", ["9", "100", "0", "85.5", "x"])
def test_a_bare_nine_is_asked_back(typed: str) -> None:
    values = written(LADDER) | {"tiers-1.benefits-0.pay_percent": [typed]}
    read = read_rule(KINDS["tier_ladder"], values, CHOICES, rule_id="r")
    assert set(read.errors) == {"tiers-1.benefits-0.pay_percent"}
    if typed == "9":
        assert "90" in read.errors["tiers-1.benefits-0.pay_percent"]


def test_tiers_rise_and_begin_at_nothing() -> None:
    assert set(read_ladder(tiers__0__min_fen="10").errors) == {"tiers-0.min_fen"}
    assert set(read_ladder(tiers__1__min_fen="0").errors) == {"tiers-1.min_fen"}


def test_every_slip_of_a_form_is_named_at_once() -> None:
    rate = EarnRate(per_fen=100, points=1)
    wrong = _errors(rate, per_fen="", points="1.5", multiplier="two", starts_on="morgen", lifetime_o_live_n="0")
    assert set(wrong) == {"per_fen", "points", "multiplier", "starts_on", "lifetime.live_n"}
    assert set(_errors(rate, starts_on="2026-02-01", ends_on="2026-01-01")) == {"ends_on"}
    assert set(_errors(EarnEvent(event="registered", points=1), period="century")) == {"period"}
    assert set(_errors(CouponTemplate(pay_percent=80), pay_percent="")) == {"pay_percent"}
    assert set(_errors(CouponTemplate(amount_fen=1), gives="gift")) == {"gift"}
    assert set(_errors(Birthday())) == {"choose_one_of"}
    window = Campaign(windows=(DayWindow(first="11-01", last="11-11"),))
    assert set(_errors(window, windows__0_o_last="2026-11-11")) == {"windows-0.last"}
    assert set(_errors(window, windows__0_o_first="11-31")) == {"windows-0.first"}
    assert set(_errors(window, windows__0_o_first="2026-11-12", windows__0_o_last="2026-11-11")) == {"windows-0.last"}


def test_what_a_coupon_no_longer_gives_is_forgotten() -> None:
    values = written(CouponTemplate(amount_fen=50_00)) | {"gives": ["percent"], "pay_percent": ["80"]}
    read = read_rule(KINDS["coupon_template"], values, CHOICES, rule_id="")
    assert read.rule == CouponTemplate(pay_percent=80)


def test_rows_are_added_moved_and_removed_by_buttons() -> None:
    form, values = KINDS["tier_ladder"], written(LADDER)
    change_rows(form, values, "add|tiers|", CHOICES)
    change_rows(form, values, "add|tiers-2.benefits|perk", CHOICES)
    values |= {"tiers-2.label_zh": ["金卡"], "tiers-2.min_fen": ["2000"], "tiers-2.benefits-0.label_zh": ["茶水"]}
    read = read_rule(form, values, CHOICES, rule_id="")
    assert isinstance(read.rule, TierLadder)
    gold = read.rule.tiers[2]
    assert (gold.code, gold.min_fen, gold.benefits) == ("tier_1", 2000_00, (Perk(code="perk_1", label="茶水"),))
    change_rows(form, values, "up|tiers|2", CHOICES)
    assert values["tiers"] == ["0", "2", "1"]
    assert set(read_rule(form, values, CHOICES, rule_id="").errors) == {"tiers-1.min_fen"}
    change_rows(form, values, "drop|tiers|1", CHOICES)
    assert values["tiers"] == ["0", "2"]
    assert not any(name.startswith("tiers-1.") for name in values)
    for nonsense in ("drop|tiers|9", "add|nothing|", "add|label|", "up|tiers|0", "x", "add|tiers-9.nothing|", "..|a|b"):
        change_rows(form, values, nonsense, CHOICES)
    assert values["tiers"] == ["0", "2"]


def test_conditions_are_made_by_buttons_and_never_dropped_in_silence() -> None:
    form, values = KINDS["earn_rate"], written(EarnRate(per_fen=100, points=1))
    change_rows(form, values, "when/add:0", CHOICES)
    assert set(read_rule(form, values, CHOICES, rule_id="").errors) == {"when"}
    values["when/field_0-0"] = ["spent_365d"]
    change_rows(form, values, "look", CHOICES)
    values |= {"when/op_0-0": ["gte"], "when/value_0-0": ["500"]}
    read = read_rule(form, values, CHOICES, rule_id="")
    assert read.rule is not None
    assert read.rule.when == Cmp(field="spent_365d", op="gte", value=500_00)
    gone = EarnRate(per_fen=100, points=1, when=Cmp(field="gone", op="eq", value="x"))
    assert set(read_rule(form, written(gone), CHOICES, rule_id="").errors) == {"when"}


def test_inputs_that_no_field_has_are_named() -> None:
    form, values = KINDS["tier_ladder"], written(LADDER)
    values |= {"tiers-1.hack": ["x"], "kind": ["x"], "when/evil_0": ["x"], "tiers-0.when/field_0-0": ["city"]}
    assert unknown_names(form, values) == ["tiers-1.hack", "kind", "when/evil_0"]


def test_what_is_typed_stays_in_the_form_with_its_sentence() -> None:
    form = KINDS["tier_ladder"]
    values = written(LADDER) | {"tiers-1.min_fen": ["五百"], "tiers-1.benefits-0.pay_percent": ["85"]}
    read = read_rule(form, values, CHOICES, rule_id="")
    blocks = show_sections(form.sections, values, CHOICES, read.errors)
    tiers = next(one for block in blocks for one in block.inputs if one.name == "tiers")
    inputs = {one.name: one for one in tiers.rows[1].inputs}
    assert inputs["tiers-1.min_fen"].value == "五百"
    assert inputs["tiers-1.min_fen"].error
    assert not inputs["tiers-1.min_points"].shown
    assert inputs["tiers-1.benefits"].rows[0].inputs[0].note == "8.5折"


def test_what_is_no_longer_offered_stays_and_says_so() -> None:
    form = KINDS["service_quota"]
    blocks = show_sections(form.sections, written(ServiceQuota(service="GONE")), CHOICES, {})
    service = next(one for block in blocks for one in block.inputs if one.name == "service")
    assert ("GONE", "GONE (not in the list)") in service.options or service.options[-1][0] == "GONE"
