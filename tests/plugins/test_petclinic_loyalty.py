"""The clinic's program says what its two documents say, and has a setting for what they leave open."""

import itertools
from datetime import date
from typing import Any

import msgspec
import pytest

from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.loyalty.care import Churn, Winback
from core.hooks.records.loyalty.offers import (
    Birthday,
    Campaign,
    CouponTemplate,
    Goodwill,
    Referral,
    ReviewReward,
    ServiceQuota,
)
from core.hooks.records.loyalty.parts import CouponReward, FreeService, GiftReward, PercentDiscount, ServiceReward
from core.hooks.records.loyalty.points import EarnRate, Redeem
from core.hooks.records.loyalty.program import AnyRule, Program
from core.hooks.records.text import localized
from core.hooks.specs.loyalty import loyalty_programs
from core.programs.rules.checks import check
from core.programs.rules.facts import Facts, Service
from core.programs.rules.sentences import sentence
from core.visits.rules.prices import CATEGORIES
from tenants.roles import ROLES
from tests.plugins.conftest import A
from workers.demo.visits import ITEMS

EPOCHS = itertools.count(1)
FACTS = Facts(
    today=date(2026, 11, 23),
    services=tuple(Service(code=one.code, label=one.name_zh, price_fen=one.price_fen) for one in ITEMS),
    categories=tuple((code, code) for code in CATEGORIES),
    roles=tuple((code, code) for code in ROLES),
    subject_types=(("petclinic.pet", "宠物"),),
)


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([Candidate("petclinic", "plugins.petclinic:plugin")], strict=True)


def program(host: PluginHost, **settings: Any) -> Program:
    plugins = host.for_tenant(A, next(EPOCHS), {"petclinic": settings})
    return plugins.declared(loyalty_programs)[0].value


def one(found: Program, kind: type[Any]) -> Any:
    (rule,) = found.live(kind)
    return rule


def test_every_rule_names_its_document_and_section_and_is_called_something_in_both_languages(host: PluginHost) -> None:
    for rule in program(host).rules:
        assert "§" in rule.source or not rule.live, rule.id
        assert isinstance(rule.label, dict)
        assert set(rule.label) == {"zh-CN", "en"}
        assert localized(rule.label, "zh-CN") != localized(rule.label, "en")


@pytest.mark.parametrize(
    "settings",
    [{}, {"referral": "first_exam", "annual_checkup_for": "card", "tier_downgrade": "review"}],
    ids=["as shipped", "otherwise"],
)
def test_the_program_has_no_mistake_for_a_clinic_with_the_items_on_its_price_list(
    host: PluginHost, settings: dict[str, Any]
) -> None:
    assert [(one.rule_id, one.code) for one in check(program(host, **settings), FACTS) if one.severity == "error"] == []


def test_switching_the_ready_made_rules_on_makes_no_mistake_either(host: PluginHost) -> None:
    found = program(host)
    live = [msgspec.structs.replace(rule, live=True) for rule in found.rules if not isinstance(rule, Referral)]
    everything = msgspec.structs.replace(found, rules=tuple(live))
    assert [(one.rule_id, one.code) for one in check(everything, FACTS) if one.severity == "error"] == []


def test_the_tiers_read_as_the_document_writes_them(host: PluginHost) -> None:
    ladder = program(host).ladder
    assert ladder is not None
    said = sentence(ladder, "zh-CN", program=program(host))
    assert "累计消费满 500 元升银卡，享 9 折" in said
    assert "满 2000 元升金卡，享 8 折，免费体检（每只宠物（或每位就诊人）每年 1 次），专属医生" in said
    assert ladder.downgrade == "never"


def test_what_the_document_leaves_open_about_tiers_is_a_setting(host: PluginHost) -> None:
    ladder = program(
        host,
        gold_checkups_per_year=2,
        gold_checkups_for="household",
        tier_downgrade="now",
        discount_excludes=["drug"],
        item_checkup="E10",
    ).ladder
    assert ladder is not None
    assert ladder.downgrade == "now"
    assert ladder.tiers[1].benefits == (PercentDiscount(pay_percent=90, exclude_categories=("drug",)),)
    (checkup,) = [benefit for benefit in ladder.tiers[2].benefits if isinstance(benefit, FreeService)]
    assert (checkup.service, checkup.quota, checkup.holder) == ("E10", 2, "household")


def test_a_birthday_gives_a_cake_or_a_snack_for_each_pet(host: PluginHost) -> None:
    rule: Birthday = one(program(host), Birthday)
    gifts = [localized(gift.label, "zh-CN") for gift in rule.choose_one_of if isinstance(gift, GiftReward)]
    assert gifts == ["宠物蛋糕", "零食"]
    assert (rule.subject, rule.once_per, rule.lead_days, rule.grace_days) == ("subject", "subject", 7, 7)
    other: Birthday = one(program(host, birthday_of="person", birthday_once_per="household"), Birthday)
    assert (other.subject, other.once_per) == ("person", "household")


def test_the_annual_check_up_is_8_zhe_once_a_year(host: PluginHost) -> None:
    rule: ServiceQuota = one(program(host), ServiceQuota)
    assert (rule.pay_percent, rule.quota, rule.period, rule.tiers) == (80, 1, "year", ())
    other: ServiceQuota = one(
        program(host, annual_checkup_for="card", annual_checkup_year="membership_year"), ServiceQuota
    )
    assert (other.period, other.tiers) == ("membership_year", ("silver", "gold"))


def test_of_the_two_referral_rules_one_is_live_and_a_setting_says_which(host: PluginHost) -> None:
    both: Referral = one(program(host), Referral)
    assert both.referrer == both.referee == (CouponReward(template="coupon_50"),)
    first: Referral = one(program(host, referral="first_exam"), Referral)
    assert (first.referrer, first.referee) == (
        (CouponReward(template="coupon_100"),),
        (CouponReward(template="first_exam"),),
    )
    rules = [rule for rule in program(host).rules if isinstance(rule, Referral)]
    assert [rule.group for rule in rules] == ["referral", "referral"]
    amounts = {rule.id: rule.amount_fen or rule.pay_percent for rule in program(host).live(CouponTemplate)}
    assert (amounts["coupon_50"], amounts["coupon_100"], amounts["first_exam"]) == (5_000, 10_000, 80)


def test_any_genuine_review_is_rewarded_never_only_a_good_one(host: PluginHost) -> None:
    rule: ReviewReward = one(program(host), ReviewReward)
    assert [code for code, _ in rule.platforms] == ["dianping", "meituan"]
    assert not rule.positive_only
    assert rule.needs_picture
    assert rule.cooldown_days == 90
    deworming, discount = rule.choose_one_of
    assert isinstance(deworming, ServiceReward)
    assert (deworming.pay_percent, localized(deworming.label, "zh-CN")) == (0, "免费驱虫")
    assert discount == CouponReward(template="goods_discount")


def test_three_months_without_spending_and_a_bad_review_are_signs_of_leaving(host: PluginHost) -> None:
    rule: Churn = one(program(host), Churn)
    assert (rule.months, rule.over_estimate_percent, rule.roles) == (3, 30, ("director", "doctor"))
    assert {"no_spend", "negative_review"} <= set(rule.signals)
    back: Winback = one(program(host), Winback)
    assert [type(reward) for reward in back.choose_one_of] == [CouponReward, GiftReward]
    assert back.hold_out_percent == 10
    assert localized(back.invite, "zh-CN") == "新服务体验活动"


def test_each_role_may_give_back_so_much_and_the_settings_say_how_much(host: PluginHost) -> None:
    rule: Goodwill = one(program(host, goodwill_desk_yuan=30), Goodwill)
    assert [(limit.role, limit.max_fen) for limit in rule.limits] == [
        ("front_desk", 3_000),
        ("service_supervisor", 20_000),
        ("team_leader", 50_000),
        ("director", 500_000),
    ]
    assert {limit.role for limit in rule.limits} <= set(ROLES)


def test_what_the_documents_do_not_name_is_ready_but_not_live(host: PluginHost) -> None:
    found = program(host)
    off: list[AnyRule] = [rule for rule in found.rules if not rule.live and not isinstance(rule, Referral)]
    assert [type(rule) for rule in off] == [Campaign, Campaign, EarnRate, Redeem]
    rate, pay = (found.find(code) for code in ("points", "points_pay"))
    assert isinstance(rate, EarnRate)
    assert isinstance(pay, Redeem)
    assert (rate.per_fen, rate.points, rate.lifetime.months) == (100, 1, 12)
    assert (pay.fen_per_point, pay.step) == (1, 100)
    assert [localized(rule.label, "zh-CN") for rule in off[:2]] == ["宠物情人节", "双十一宠物用品节"]
