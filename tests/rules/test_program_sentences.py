"""The live sentence of every kind of rule, in Chinese and in English, as people say it."""

from typing import Any, get_args

import msgspec
import pytest

from core.hooks.records.loyalty.program import AnyRule, Program
from core.hooks.records.text import both
from core.programs.rules.sentences import sentence
from core.programs.rules.wording import Names, Teller

NAMES = Names(
    services={"E1": both("体检", "check-up")},
    categories={"goods": both("商品用品", "goods"), "drug": both("药品费", "drugs")},
    roles={"director": both("院长", "the director"), "doctor": both("医生", "a doctor")},
    subject_types={"petclinic.pet": both("宠物", "each pet")},
)
SILVER: dict[str, Any] = {
    "code": "silver",
    "label": both("银卡会员", "Silver"),
    "min_fen": 50_000,
    "benefits": [{"type": "percent_discount", "pay_percent": 90}],
}
NORMAL = {"code": "normal", "label": both("普通会员", "Member")}
GOLD: dict[str, Any] = {
    "code": "gold",
    "label": both("金卡会员", "Gold"),
    "min_fen": 200_000,
    "earn_multiplier": "3/2",
    "benefits": [
        {"type": "percent_discount", "pay_percent": 80, "exclude_categories": ["drug"]},
        {"type": "percent_discount", "pay_percent": 75, "categories": ["goods"]},
        {"type": "free_service", "service": "E1", "quota": 1},
        {"type": "named_clinician"},
        {"type": "perk", "code": "card", "label": "手写感谢卡"},
    ],
}
COUPON = {"kind": "coupon_template", "id": "c", "label": both("50 元券", "50 yuan coupon"), "amount_fen": 5_000}
GIVE = [{"type": "coupon", "template": "c"}]
LADDER = {"kind": "tier_ladder", "tiers": [NORMAL, SILVER]}


def say(rule: dict[str, Any], **more: Any) -> tuple[str, str]:
    ladder = [] if rule["kind"] == "tier_ladder" else [LADDER]
    coupon = [] if rule.get("id") == "c" else [COUPON]
    program = msgspec.convert({"rules": [rule, *coupon, *ladder]}, Program)
    one = program.rules[0]
    zh, en = (sentence(one, locale, program=program, names=NAMES, **more) for locale in ("zh_CN", "en"))
    return zh, en


CASES: list[tuple[dict[str, Any], str, str]] = [
    (
        {"kind": "tier_ladder", "tiers": [NORMAL, SILVER]},
        "人人都是普通会员；累计消费满 500 元升银卡，享 9 折。升级后不降级",
        "everybody is Member; 500 yuan spent in all makes Silver, with 10 % off. Nobody falls to a lower tier",
    ),
    (
        {"kind": "tier_ladder", "downgrade": "now", "tiers": [NORMAL, SILVER, GOLD]},
        ("人人都是普通会员；累计消费满 500 元升银卡，享 9 折；满 2000 元升金卡，除药品费外享 8 折，商品用品享 7.5 折，"
        "免费体检（每只宠物（或每位就诊人）每年 1 次），专属医生，手写感谢卡，积分 1.5 倍。低于门槛立即降级"),
        ("everybody is Member; 500 yuan spent in all makes Silver, with 10 % off; 2,000 yuan spent in all makes Gold, "
        "20 % off all but drugs, 25 % off goods, free check-up (once a year per pet or patient), a named clinician, "
        "手写感谢卡, 1.5 times the points. Whoever is below the threshold falls at once"),
    ),
    (
        {
            "kind": "tier_ladder",
            "basis": "period_spend",
            "period_months": 6,
            "upgrade": "next_period",
            "downgrade": "review",
            "grace_days": 30,
            "tiers": [NORMAL, SILVER],
        },
        ("人人都是普通会员；消费满 500 元升银卡，享 9 折。按近 6 个月的消费计算，下个周期起升级，"
        "每 12 个月复核一次，未达标则降级，宽限 30 天"),
        ("everybody is Member; 500 yuan spent makes Silver, with 10 % off. Counting the last 6 months, rising at the "
        "start of the next period, reviewed every 12 months, whoever is below the threshold falls after 30 days of grace"),
    ),
    (
        {
            "kind": "tier_ladder",
            "basis": "period_spend",
            "period": "calendar_year",
            "downgrade": "review",
            "tiers": [NORMAL | {"benefits": [{"type": "named_clinician", "label": "专属顾问"}]}],
        },
        "人人都是普通会员，专属顾问。按本年度的消费计算，每 12 个月复核一次，未达标则降级",
        ("everybody is Member, 专属顾问. Counting the calendar year, reviewed every 12 months, whoever is below the "
        "threshold falls"),
    ),
    (
        {"kind": "tier_ladder", "basis": "visits", "tiers": [{"code": "a"}, {"code": "b", "min_visits": 5}]},
        "人人都是a；累计到店 5 次升b。升级后不降级",
        "everybody is a; coming 5 times makes b. Nobody falls to a lower tier",
    ),
    (
        {"kind": "tier_ladder", "basis": "points_balance", "tiers": [{"code": "a"}, {"code": "b", "min_points": 1}]},
        "人人都是a；持有 1 积分升b。升级后不降级",
        "everybody is a; holding 1 point makes b. Nobody falls to a lower tier",
    ),
    (
        {"kind": "tier_ladder", "basis": "points_earned", "tiers": [{"code": "a"}, {"code": "b", "min_points": 2000}]},
        "人人都是a；累计获得 2000 积分升b。升级后不降级",
        "everybody is a; earning 2,000 points makes b. Nobody falls to a lower tier",
    ),
    (
        {
            "kind": "earn_rate",
            "per_fen": 100,
            "points": 1,
            "multiplier": 2,
            "tiers": ["silver"],
            "categories": ["goods"],
            "exclude_services": ["E1"],
            "min_fen": 1050,
            "max_points_per_day": 500,
            "lifetime": {"months": 12, "pending_days": 7, "until": "year_end"},
        },
        ("银卡会员商品用品每消费 1 元得 1 积分，体检除外，按 2 倍计，单笔满 10.5 元起，每天最多 500 积分，7 天后生效，"
        "有效期 12 个月（到当年年底）"),
        ("Silver: 1 point for every 1 yuan spent on goods, but not on check-up, 2 times over, from bills of 10.5 yuan, "
        "at most 500 points a day, counting after 7 days, valid for 12 months (to the end of that year)"),
    ),
    (
        {"kind": "earn_rate", "per_quantity": 2, "points": 5, "services": ["E1"], "lifetime": {"days": 90}},
        "每购买 2 件体检得 5 积分，有效期 90 天",
        "5 points for every 2 check-up bought, valid for 90 days",
    ),
    (
        {"kind": "earn_rate", "per_quantity": 1, "points": 5, "lifetime": {"until": "month_end"}},
        "每购买 1 件得 5 积分，有效期到当月月底",
        "5 points for every piece bought, valid to the end of that month",
    ),
    (
        {"kind": "earn_event", "event": "registered", "points": 50},
        "注册成为会员得 50 积分，一共最多 1 次",
        "50 points for becoming a member, at most once in all",
    ),
    (
        {"kind": "earn_event", "event": "shop.dance", "points": 1, "limit": None, "tiers": ["silver"]},
        "银卡会员shop.dance得 1 积分",
        "Silver: 1 point for shop.dance",
    ),
    (
        {
            "kind": "redeem",
            "fen_per_point": 1,
            "step": 100,
            "min_points": 200,
            "max_points": 5000,
            "max_percent": 50,
            "min_bill_fen": 5_000,
            "tiers": ["silver"],
            "categories": ["goods"],
        },
        ("100 积分抵 1 元，每次以 100 积分为单位，至少 200 积分，一次最多 5000 积分，最多抵账单的 50%，账单满 50 元可用，"
        "仅限银卡会员，仅限商品用品"),
        ("100 points pay 1 yuan, in steps of 100 points, 200 points at least, 5,000 points at most, at most 50 % of the "
        "bill, for bills from 50 yuan, for Silver only, for goods only"),
    ),
    ({"kind": "redeem", "fen_per_point": 3}, "100 积分抵 3 元", "100 points pay 3 yuan"),
    (
        COUPON
        | {
            "min_spend_fen": 20_000,
            "valid_months": 3,
            "uses": 2,
            "total_limit": 1000,
            "per_customer_limit": 1,
            "transferable": True,
            "categories": ["goods"],
        },
        "减 50 元，满 200 元可用，仅限商品用品，发放后 3 个月内有效，可用 2 次，共 1000 张，每人限 1 张，可转赠",
        ("50 yuan off, for bills from 200 yuan, for goods only, valid for 3 months of its issue, good twice, "
        "1,000 in all, 1 per customer, may be given away"),
    ),
    (
        {"kind": "coupon_template", "pay_percent": 85, "max_discount_fen": 10_000},
        "享 8.5 折，最多减 100 元",
        "15 % off, 100 yuan off at most",
    ),
    ({"kind": "coupon_template", "service": "E1"}, "免费体检", "check-up: free"),
    ({"kind": "coupon_template", "service": "E1", "pay_percent": 80}, "体检享 8 折", "check-up: 20 % off"),
    ({"kind": "coupon_template", "gift": "猫窝"}, "兑换猫窝", "good for: 猫窝"),
    (
        {"kind": "referral", "referrer": GIVE, "referee": GIVE, "referee_when": "registered", "min_fen": 10_000,
         "checks": ["household", "staff"]},
        ("推荐新客户首次到店消费满 100 元且 7 天内未退款，老客户得50 元券，新客户得50 元券（注册时），"
        "每位老客户每月最多 10 次，遇同一家庭或员工由店长审核"),
        ("Once a newcomer pays a first visit of 100 yuan at least and keeps it for 7 days, who brought them gets "
        "50 yuan coupon, the newcomer gets 50 yuan coupon (on registering), 10 a month at most for each member, "
        "held for the manager on the same household or staff"),
    ),
    (
        {"kind": "referral", "event": "registered", "referee": GIVE, "hold_days": 0, "checks": []},
        "推荐新客户注册，新客户得50 元券，每位老客户每月最多 10 次",
        "Once a newcomer registers, the newcomer gets 50 yuan coupon, 10 a month at most for each member",
    ),
    (
        {"kind": "birthday", "subject_type": "petclinic.pet", "once_per": "household", "tiers": ["silver"],
         "choose_one_of": [{"type": "gift", "item": "cake", "label": "宠物蛋糕"}, {"type": "gift", "item": "零食"}]},
        "宠物生日送宠物蛋糕或零食，生日前 7 天到后 7 天领取，每个家庭每年一次，仅限银卡会员",
        ("On the birthday of each pet: 宠物蛋糕 or 零食, to be picked up from 7 days before to 7 days after, "
        "once a year per household, for Silver only"),
    ),
    (
        {"kind": "referral", "referrer": GIVE, "event": "registered", "hold_days": 0, "checks": ["staff"]},
        "推荐新客户注册，老客户得50 元券，每位老客户每月最多 10 次，遇员工由店长审核",
        ("Once a newcomer registers, who brought them gets 50 yuan coupon, 10 a month at most for each member, held for "
        "the manager on staff"),
    ),
    (
        {"kind": "birthday", "subject": "person", "choose_one_of": [{"type": "points", "points": 100}]},
        "会员本人生日送100 积分，生日前 7 天到后 7 天领取",
        "On the birthday of the member: 100 points, to be picked up from 7 days before to 7 days after",
    ),
    (
        {"kind": "review_reward", "platforms": [["a", "大众点评"], ["b", "美团"]],
         "choose_one_of": [{"type": "service", "service": "E1", "uses": 2},
                           {"type": "service", "service": "E1", "pay_percent": 50}]},
        ("在大众点评或美团发表附图片的真实评价（不论好坏），经审核得免费体检（2 次）或体检5 折，每次就诊一次，"
        "每个平台 90 天内一次"),
        ("a genuine review, good or bad, with a picture on 大众点评 or 美团 earns free check-up (2 times) or check-up: "
        "50 % off after a look at the proof, once per visit, and once per platform in 90 days"),
    ),
    (
        {"kind": "review_reward", "platforms": [["a", "美团"]], "positive_only": True, "needs_picture": False,
         "choose_one_of": [{"type": "coupon", "template": "gone"},
                           {"type": "service", "service": "E1", "label": both("免费体检", "Free check-up")}]},
        ("在美团发表好评，经审核得优惠券“gone”或免费体检，每次就诊一次，每个平台 90 天内一次，"
        "只奖励好评可能违反《反不正当竞争法》"),
        ("a positive review on 美团 earns the coupon “gone” or Free check-up after a look at the proof, once per visit, "
        "and once per platform in 90 days, paying only for praise may break China's law against unfair competition"),
    ),
    (
        {"kind": "service_quota", "service": "E1", "pay_percent": 80, "quota": None, "holder": "household",
         "tiers": ["silver"], "carry_over": True},
        "银卡会员：体检享 8 折（每个家庭每年不限次），未用完可结转",
        "Silver: check-up: 20 % off (any number of times a year per household), what is left may be used later",
    ),
    (
        {"kind": "service_quota", "service": "免费洗澡"},
        "全体会员：免费洗澡（每只宠物（或每位就诊人）每年 1 次）",
        "every member: free 免费洗澡 (once a year per pet or patient)",
    ),
    (
        {"kind": "campaign", "earn_multiplier": 2, "pay_percent": 90, "categories": ["goods"], "min_fen": 10_000,
         "rewards": GIVE, "per_customer_limit": 1, "budget_fen": 1_000_000, "budget_points": 5,
         "windows": [{"type": "festival", "festival": "qixi", "before_days": 3, "after_days": 1},
                     {"type": "days", "first": "11-01", "last": "11-11"}]},
        ("七夕前 3 天至后 1 天或每年11月1日至11月11日：积分 2 倍，商品用品享 9 折，送50 元券，单笔满 100 元，每人最多 1 次，"
        "预算 10000 元、5 积分，用完即止"),
        ("Qixi (from 3 days before to 1 day after) or every year 1 November to 11 November: 2 times the points, "
        "10 % off goods, 50 yuan coupon given, for bills from 100 yuan, once per customer, ending when the budget of "
        "10,000 yuan and 5 points is spent"),
    ),
    (
        {"kind": "campaign", "pay_percent": 95, "windows": [{"type": "weekday", "days": [6, 7]}]},
        "每周六、日：享 9.5 折",
        "on Saturday or Sunday: 5 % off",
    ),
    (
        {"kind": "campaign", "windows": [{"type": "festival", "festival": "spring"},
                                         {"type": "days", "first": "2026-11-11", "last": "2026-11-11"}]},
        "春节或2026年11月11日：发送问候",
        "Spring Festival or 11 November 2026: a greeting",
    ),
    (
        {"kind": "goodwill", "limits": [{"role": "director", "max_fen": 500_000}], "max_fen_per_complaint": 1_000_000},
        "因投诉补偿：院长最多 5000 元，超出须上级审批，每起投诉最多 10000 元，发放后 12 个月内有效",
        ("A credit because of a complaint: the director up to 5,000 yuan, above that somebody with a higher limit "
        "approves, 10,000 yuan per complaint at most, valid for 12 months of its issue"),
    ),
    (
        {"kind": "goodwill", "valid_months": None},
        "因投诉补偿：一律审批",
        "A credit because of a complaint: always approved by another",
    ),
    (
        {"kind": "churn", "signals": ["no_spend", "negative_review"], "gap_factor": 0, "quiet_days": 0},
        "出现3 个月未消费或负面评价即为流失预警，由院长或医生在 3 天内联系",
        "At risk: nothing spent for 3 months or a bad review, called by the director or a doctor within 3 days",
    ),
    (
        {"kind": "churn", "signals": ["no_spend", "planned_date", "over_estimate"], "roles": ["director"]},
        ("出现3 个月未消费（或自己平均间隔的 2 倍，取较长者）、超过约定日期 14 天、费用超出预估 30% 以上即为流失预警，"
        "由院长在 3 天内联系，结案后同一信号 90 天内不再提醒"),
        ("At risk: nothing spent for 3 months (or 2 times their own usual gap, the longer of the two), 14 days past a "
        "planned date or a bill 30 % or more over the estimate, called by the director within 3 days, not told again "
        "of the same sign for 90 days"),
    ),
    (
        {"kind": "winback", "choose_one_of": GIVE, "invite": both("体验活动", "a trial"), "live": False},
        "针对流失客户，送50 元券，邀请参与体验活动，每次流失只送一次，留出 10% 不送以衡量效果，60 天内回来算挽回，未启用",
        ("Who has left is offered 50 yuan coupon, invited to: a trial, once for each time they leave, not offered to "
        "10 %, to measure what it does, back within 60 days counts as won, switched off"),
    ),
    (
        {"kind": "winback", "choose_one_of": GIVE, "hold_out_percent": 0},
        "针对流失客户，送50 元券，每次流失只送一次，60 天内回来算挽回",
        "Who has left is offered 50 yuan coupon, once for each time they leave, back within 60 days counts as won",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "zh", "en"), CASES, ids=[f"{one[0]['kind']} {at}" for at, one in enumerate(CASES)])
def test_a_rule_is_said_in_both_languages(rule: dict[str, Any], zh: str, en: str) -> None:
    assert say(rule) == (zh, en)


def test_every_kind_has_a_sentence() -> None:
    kinds = {one.__struct_config__.tag for one in get_args(AnyRule)}
    assert kinds == {rule["kind"] for rule, _, _ in CASES}


def test_what_all_kinds_share_is_said_at_the_end() -> None:
    rule = {"kind": "redeem", "fen_per_point": 100}
    when = {"kind": "cmp", "field": "spent_all", "op": "gt", "value": 1}
    assert say(rule | {"starts_on": "2026-01-01", "ends_on": "2026-02-01"}) == (
        "1 积分抵 1 元，2026年1月1日至2026年2月1日",
        "1 point pay 1 yuan, from 1 January 2026 to 1 February 2026",
    )
    assert say(rule | {"starts_on": "2026-01-01"})[0] == "1 积分抵 1 元，2026年1月1日起"
    assert say(rule | {"ends_on": "2026-01-01"})[1] == "1 point pay 1 yuan, until 1 January 2026"
    assert say(rule | {"when": when})[0] == "1 积分抵 1 元，仅限：满足所设条件"
    assert say(rule | {"when": when}, tell=lambda _: "养两只以上")[0] == "1 积分抵 1 元，仅限：养两只以上"


def test_a_tier_with_a_condition_says_it() -> None:
    when = {"kind": "cmp", "field": "spent_all", "op": "gt", "value": 1}
    zh, en = say({"kind": "tier_ladder", "tiers": [NORMAL, SILVER | {"when": when}]}, tell=lambda _: "X")
    assert "升银卡，还须X，享 9 折" in zh
    assert "if also X" in en


@pytest.mark.parametrize(
    ("percent", "zh", "en"),
    [(85, "8.5 折", "15 % off"), (90, "9 折", "10 % off"), (5, "0.5 折", "95 % off"), (0, "免费", "free"),
     (100, "原价", "the full price")],
)  # fmt: skip
def test_a_discount_is_said_as_people_say_it(percent: int, zh: str, en: str) -> None:
    assert (Teller("zh-CN").pays(percent), Teller("en").pays(percent)) == (zh, en)


def test_amounts_multipliers_and_lists_are_said_as_people_say_them() -> None:
    zh, en = Teller("zh-CN"), Teller("en")
    assert (zh.yuan(-1_050), en.yuan(123_456_78)) == ("-10.5 元", "123,456.78 yuan")
    assert (zh.times("1/3"), en.times(1.25)) == ("1/3 倍", "1.25 times")
    assert en.listed(["a", "", "b", "c"]) == "a, b and c"
    assert zh.listed(["甲", "乙", "丙"], either=True) == "甲、乙、丙"
    assert en.tier("x") == "x"
