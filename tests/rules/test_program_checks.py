"""Checks of a program: each code once where it holds and once where it does not, errors apart from warnings."""

from datetime import date
from typing import Any

import msgspec
import pytest

from core.conditions.rules.catalogue import make_catalogue
from core.hooks.records.conditions import Cmp, FieldFacts
from core.hooks.records.loyalty.program import AnyRule, Program
from core.hooks.records.text import both
from core.programs.rules.checks import check
from core.programs.rules.facts import Facts, Service

FACTS = Facts(
    today=date(2026, 11, 23),
    services=(
        Service(code="E1", label="体检", price_fen=20_000, category="examination"),
        Service(code="E2", label="未定价", price_fen=0),
    ),
    categories=(("examination", "检查费"), ("goods", "商品")),
    catalogue=make_catalogue((FieldFacts(name="spent_all", label="累计消费", kind="money"),)),
    roles=(("director", "院长"), ("doctor", "医生")),
    subject_types=(("petclinic.pet", "宠物"),),
)
TIERS: dict[str, Any] = {
    "kind": "tier_ladder",
    "tiers": [{"code": "a", "label": "普通"}, {"code": "b", "label": "银卡", "min_fen": 50_000}],
}
CHURN: dict[str, Any] = {"kind": "churn", "roles": ["director"]}
RATE: dict[str, Any] = {"kind": "earn_rate", "per_fen": 100, "points": 1}
PAY: dict[str, Any] = {"kind": "redeem", "fen_per_point": 1}
COUPON: dict[str, Any] = {
    "kind": "coupon_template",
    "id": "c",
    "label": "优惠券",
    "amount_fen": 5_000,
    "valid_days": 30,
}
GOOD: list[dict[str, Any]] = [TIERS, CHURN, RATE, PAY, COUPON]


def program(*rules: dict[str, Any]) -> Program:
    return msgspec.convert({"rules": list(rules)}, Program)


def found(*rules: dict[str, Any], facts: Facts = FACTS) -> set[tuple[str, str, str]]:
    return {(one.severity, one.code, one.path) for one in check(program(*rules), facts)}


def of(rule: dict[str, Any], *others: dict[str, Any]) -> set[tuple[str, str, str]]:
    """What is said about one rule beside the good ones."""
    rules = program({"id": "it"} | rule, *(others or GOOD))
    return {(one.severity, one.code, one.path) for one in check(rules, FACTS) if one.rule_id == "it"}


def test_a_sound_program_has_no_problem() -> None:
    assert found(*GOOD) == set()


CASES: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (COUPON | {"valid_days": 0}, ("error", "number-limits", "valid_days")),
    (COUPON | {"id": "it", "uses": 0}, ("error", "number-limits", "uses")),
    (
        {"kind": "service_quota", "service": "E1", "pay_percent": 120},
        ("error", "percent-limits", "pay_percent"),
    ),
    ({"kind": "service_quota", "service": "E9"}, ("error", "service-unknown", "service")),
    ({"kind": "service_quota", "service": "E2"}, ("error", "service-unpriced", "service")),
    (
        {"kind": "birthday", "choose_one_of": [{"type": "service", "service": ""}]},
        ("error", "service-missing", "choose_one_of[0].service"),
    ),
    (RATE | {"categories": ["candy"]}, ("error", "category-unknown", "categories[0]")),
    (RATE | {"services": ["E9"]}, ("error", "service-unknown", "services[0]")),
    (RATE | {"tiers": ["z"]}, ("error", "tier-unknown", "tiers[0]")),
    ({"kind": "churn", "roles": ["cook"]}, ("error", "role-unknown", "roles[0]")),
    (
        {"kind": "goodwill", "limits": [{"role": "cook", "max_fen": 1}]},
        ("error", "role-unknown", "limits[0].role"),
    ),
    (
        {"kind": "birthday", "subject_type": "car", "choose_one_of": [{"type": "gift", "item": "x"}]},
        ("error", "subject-type-unknown", "subject_type"),
    ),
    (
        RATE | {"when": {"kind": "cmp", "field": "mood", "op": "eq", "value": "好"}},
        ("error", "unknown-condition-field", "when"),
    ),
    (
        RATE | {"when": {"kind": "all", "of": [{"kind": "cmp", "field": "spent_all", "op": "gt", "value": "many"}]}},
        ("error", "bad-value", "when.of[0]"),
    ),
    (
        RATE | {"starts_on": "2026-12-02", "ends_on": "2026-12-01"},
        ("error", "ends-before-it-starts", "ends_on"),
    ),
    (RATE | {"ends_on": "2026-11-22"}, ("warning", "rule-over", "ends_on")),
    (
        {"kind": "referral", "referrer": [{"type": "coupon", "template": "none"}]},
        ("error", "template-unknown", "referrer[0].template"),
    ),
    ({"kind": "referral"}, ("error", "gives-nothing", "referrer")),
    (
        {"kind": "referral", "referrer": [{"type": "coupon", "template": "c"}], "checks": []},
        ("warning", "no-checks", "checks"),
    ),
    (
        {"kind": "referral", "referrer": [{"type": "coupon", "template": "c"}], "event": "registered"},
        ("warning", "pays-for-registering", "event"),
    ),
    ({"kind": "birthday"}, ("error", "gives-nothing", "choose_one_of")),
    ({"kind": "review_reward"}, ("error", "no-platform", "platforms")),
    (
        {"kind": "review_reward", "positive_only": True},
        ("warning", "positive-only-is-fined", "positive_only"),
    ),
    ({"kind": "review_reward", "needs_picture": False}, ("warning", "no-proof", "needs_picture")),
    (RATE | {"points": 10, "max_points_per_day": 5}, ("warning", "never-reached", "max_points_per_day")),
    (RATE | {"points": 100}, ("error", "gives-back-more-than-paid", "points")),
    (RATE | {"points": 25}, ("warning", "gives-back-much", "points")),
    ({"kind": "earn_event", "event": "", "points": 1}, ("error", "event-missing", "event")),
    ({"kind": "earn_event", "event": "dance", "points": 1}, ("warning", "event-unknown", "event")),
    (PAY | {"min_points": 100, "max_points": 50}, ("error", "unreachable-most", "max_points")),
    (COUPON | {"id": "it", "min_spend_fen": 4_000}, ("warning", "coupon-above-least-bill", "min_spend_fen")),
    (
        COUPON | {"id": "it", "total_limit": 5, "per_customer_limit": 6},
        ("warning", "limit-above-total", "per_customer_limit"),
    ),
    (COUPON | {"id": "it", "valid_months": 3}, ("error", "two-validities", "valid_days")),
    (COUPON | {"id": "it", "valid_days": None}, ("warning", "never-expires", "valid_days")),
    (
        {"kind": "campaign", "windows": [{"type": "weekday", "days": [8]}]},
        ("error", "bad-weekday", "windows[0].days"),
    ),
    (
        {"kind": "campaign", "windows": [{"type": "festival", "festival": "pancakes"}]},
        ("error", "unknown-festival", "windows[0].festival"),
    ),
    (
        {"kind": "campaign", "windows": [{"type": "days", "first": "2020-01-01", "last": "2020-01-02"}]},
        ("warning", "no-window-left", "windows"),
    ),
    ({"kind": "campaign", "starts_on": "2026-12-01"}, ("error", "gives-nothing", "rewards")),
    (
        {"kind": "campaign", "rewards": [{"type": "coupon", "template": "c"}], "budget_fen": 4_999},
        ("error", "budget-below-reward", "budget_fen"),
    ),
    (
        {"kind": "campaign", "rewards": [{"type": "service", "service": "E1"}], "budget_fen": 19_999},
        ("error", "budget-below-reward", "budget_fen"),
    ),
    (
        {"kind": "campaign", "rewards": [{"type": "points", "points": 500}], "budget_points": 499},
        ("error", "budget-below-reward", "budget_points"),
    ),
    ({"kind": "campaign", "pay_percent": 90}, ("warning", "no-budget", "budget_fen")),
    (
        {"kind": "campaign", "rewards": [{"type": "gift", "item": "x"}, {"type": "coupon", "template": "z"}]},
        ("error", "template-unknown", "rewards[1].template"),
    ),
    ({"kind": "churn", "signals": []}, ("error", "no-signals", "signals")),
    ({"kind": "churn", "roles": []}, ("error", "no-roles", "roles")),
    (
        {"kind": "winback", "choose_one_of": [{"type": "gift", "item": "x"}], "hold_out_percent": 0},
        ("warning", "no-hold-out", "hold_out_percent"),
    ),
    ({"kind": "goodwill"}, ("warning", "no-limits", "limits")),
    (
        {"kind": "goodwill", "limits": [{"role": "director", "max_fen": 200}], "max_fen_per_complaint": 100},
        ("warning", "limit-above-total", "limits[0].max_fen"),
    ),
]


@pytest.mark.parametrize(("rule", "problem"), CASES, ids=[f"{one[1][1]} {one[0]['kind']} {one[1][2]}" for one in CASES])
def test_each_mistake_is_named_at_its_field(rule: dict[str, Any], problem: tuple[str, str, str]) -> None:
    assert problem in of(rule | {"id": "it"})


@pytest.mark.parametrize(
    "rule", [one for one, problem in CASES if problem[1] not in ("number-limits", "percent-limits", "bad-value",
                                                                 "unknown-condition-field")],
    ids=lambda rule: str(rule["kind"]),
)  # fmt: skip
def test_a_rule_that_is_switched_off_is_not_blamed_for_what_it_would_do(rule: dict[str, Any]) -> None:
    assert of(rule | {"id": "it", "live": False}) == set()


def test_without_knowledge_of_the_tenant_names_are_not_checked() -> None:
    nobody = Facts(today=FACTS.today)
    rules = (
        RATE | {"categories": ["candy"]},
        PAY,
        {"kind": "service_quota", "service": "E9"},
        CHURN | {"roles": ["cook"]},
    )
    assert found(*rules, facts=nobody) == set()


def test_two_live_rules_of_one_group_are_refused_with_both_names() -> None:
    one = {
        "kind": "referral",
        "id": "x",
        "label": "双方50",
        "group": "r",
        "referee": [{"type": "coupon", "template": "c"}],
    }
    rules = program(*GOOD, one, one | {"id": "y", "label": "首检8折"})
    (problem,) = check(rules, FACTS)
    assert (problem.rule_id, problem.code, problem.severity) == ("y", "two-of-a-group", "error")
    assert problem.params == {"first": "双方50", "second": "首检8折"}
    assert found(*GOOD, one, one | {"id": "y", "live": False}) == set()


def test_rates_of_one_group_may_stand_together_unless_one_is_never_the_best() -> None:
    weak = RATE | {"id": "weak", "group": "g", "per_fen": 200}
    strong = RATE | {"id": "strong", "group": "g", "label": "一元一分"}
    problems = check(program(TIERS, PAY, weak, strong), FACTS)
    assert [(one.rule_id, one.code, one.params) for one in problems] == [("weak", "unreachable", {"other": "一元一分"})]
    for change in (
        {"tiers": ["b"]},
        {"categories": ["goods"]},
        {"min_fen": 1},
        {"max_points_per_day": 10},
        {"per_fen": 0, "per_quantity": 1},
        {"when": {"kind": "cmp", "field": "spent_all", "op": "gt", "value": 1}},
    ):
        assert found(TIERS, PAY, weak, strong | change) == set()


def test_a_second_way_of_paying_behind_one_that_takes_everything_is_never_reached() -> None:
    second = PAY | {"id": "second", "fen_per_point": 2}
    assert ("warning", "unreachable", "") in found(TIERS, RATE, PAY, second)
    assert found(TIERS, RATE, PAY | {"tiers": ["b"]}, second) == set()


def test_points_that_buy_nothing_are_told() -> None:
    assert ("warning", "points-buy-nothing", "") in found(RATE)
    gift = {"kind": "birthday", "choose_one_of": [{"type": "points", "points": 5}]}
    assert ("warning", "points-buy-nothing", "choose_one_of[0]") in found(gift)
    campaign = {"kind": "campaign", "earn_multiplier": 2, "budget_points": 10}
    assert ("warning", "multiplies-nothing", "earn_multiplier") in found(campaign)


def test_a_coupon_that_is_switched_off_is_given_by_nobody() -> None:
    rule = {"kind": "referral", "referee": [{"type": "coupon", "template": "c"}]}
    assert ("error", "template-off", "referee[0].template") in found(COUPON | {"live": False}, rule)
    assert ("error", "template-unknown", "referee[0].template") in found(RATE | {"id": "c"}, PAY, rule)


def test_a_higher_tier_that_gives_less_and_other_odd_ladders_are_told() -> None:
    percent = [{"type": "percent_discount", "pay_percent": 80}]
    part = [{"type": "percent_discount", "pay_percent": 90, "categories": ["goods"], "exclude_categories": ["x"]}]
    ladder = {
        "kind": "tier_ladder",
        "downgrade": "review",
        "refunds_lower_spend": False,
        "tiers": [
            {"code": "a", "when": {"kind": "cmp", "field": "spent_all", "op": "gt", "value": 1}, "benefits": percent},
            {"code": "b", "min_fen": 1, "benefits": [*part, {"type": "free_service", "service": "E9"}]},
        ],
    }
    assert found(ladder) == {
        ("warning", "tier-gives-less", "tiers[1].benefits"),
        ("warning", "first-tier-conditional", "tiers[0].when"),
        ("warning", "never-reviewed-down", "downgrade"),
        ("error", "category-unknown", "tiers[1].benefits[0].exclude_categories[0]"),
        ("error", "service-unknown", "tiers[1].benefits[1].service"),
    }


def test_a_win_back_needs_somebody_who_counts_as_leaving_and_one_of_a_kind_is_enough() -> None:
    winback = {"kind": "winback", "choose_one_of": [{"type": "gift", "item": "x"}]}
    assert ("warning", "winback-without-churn", "") in found(winback)
    assert found(CHURN, winback) == set()
    assert ("warning", "one-is-enough", "") in found(CHURN, CHURN, winback)


def test_a_tree_with_too_many_conditions_or_too_deep_is_refused() -> None:
    leaf: dict[str, Any] = {"kind": "cmp", "field": "spent_all", "op": "gt", "value": 1}
    wide = RATE | {"when": {"kind": "all", "of": [leaf] * 50}}
    deep = leaf
    for _ in range(5):
        deep = {"kind": "not", "of": deep}
    assert ("error", "too-many-conditions", "when") in found(wide, PAY)
    assert ("error", "too-deep", "when") in found(RATE | {"when": deep}, PAY)
    rule: AnyRule = msgspec.convert(RATE | {"when": leaf}, AnyRule)
    assert isinstance(rule.when, Cmp)


def test_a_good_review_rule_and_an_event_of_a_plugin_have_no_problem() -> None:
    gift = [{"type": "gift", "item": "x"}]
    review = {"kind": "review_reward", "platforms": [["a", "美团"]], "choose_one_of": gift}
    assert of(review) == of({"kind": "earn_event", "event": "shop.dance", "points": 1}) == set()
    assert of({"kind": "earn_event", "event": "review", "points": 1}) == set()


def test_errors_of_a_rule_come_before_its_warnings() -> None:
    problems = check(program({"kind": "review_reward", "positive_only": True, "label": both("评价", "Review")}), FACTS)
    assert [one.severity for one in problems] == ["error", "error", "warning"]
