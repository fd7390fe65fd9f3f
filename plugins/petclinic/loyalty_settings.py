"""What the documents leave open about members, each with a default; the numbers that they state are no settings."""

from typing import Annotated, Any, Literal

import msgspec

from plugins.api import Meta, both, words

FeeCategory = Literal["consultation", "examination", "drug", "surgery", "goods"]
_YUAN = both("元", "yuan")
_DAYS = both("天", "days")


def _number(low: int, high: int, zh: str, en: str, **more: Any) -> Meta:
    return Meta(ge=low, le=high, extra_json_schema=words(zh, en, **more))


def _item(zh: str, en: str) -> Meta:
    return Meta(
        min_length=1,
        max_length=30,
        extra_json_schema=words(
            zh, en, help_zh="价目表中的项目编号。", help_en="The code of the item in your price list."
        ),
    )


class LoyaltySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults are those of the product where the strategy is silent."""

    # 2025东营宠物诊所客户服务策略 §3.4.1: 金卡会员…免费体检; how often is left open, once a year per pet is ours.
    gold_checkups_per_year: Annotated[
        int,
        _number(
            1,
            12,
            "金卡会员每年免费体检次数",
            "Free check-ups a year for gold members",
            unit=both("次", "times"),
        ),
    ] = 1
    gold_checkups_for: Annotated[
        Literal["subject", "household"],
        Meta(
            extra_json_schema=words(
                "免费体检按谁计",
                "Free check-ups are counted",
                options={"subject": both("每只宠物", "Per pet"), "household": both("每个家庭", "Per household")},
            )
        ),
    ] = "subject"
    # §3.4.1 names no way down; the tier is kept once it was reached.
    tier_downgrade: Annotated[
        Literal["never", "review", "now"],
        Meta(
            extra_json_schema=words(
                "会员降级",
                "Losing a tier",
                options={
                    "never": both("不降级", "Never"),
                    "review": both("每年复核", "At a yearly review"),
                    "now": both("立即", "At once"),
                },
            )
        ),
    ] = "never"
    # §3.4.1: 享9折优惠 names no kind of fee; all of them is ours.
    discount_excludes: Annotated[
        tuple[FeeCategory, ...],
        Meta(
            extra_json_schema=words(
                "会员折扣不含",
                "Members' discounts leave out",
                options={
                    "consultation": both("诊疗费", "Consultation fees"),
                    "examination": both("检查费", "Examination fees"),
                    "drug": both("药品费", "Drugs"),
                    "surgery": both("手术费", "Surgery"),
                    "goods": both("商品用品", "Goods"),
                },
            )
        ),
    ] = ()
    # §3.4.1: 年度体检享8折; for whom and by which year is left open.
    annual_checkup_for: Annotated[
        Literal["everybody", "card"],
        Meta(
            extra_json_schema=words(
                "年度体检 8 折适用",
                "The annual check-up at 20 % off is for",
                options={
                    "everybody": both("全体会员", "Every member"),
                    "card": both("银卡和金卡会员", "Silver and gold members"),
                },
            )
        ),
    ] = "everybody"
    annual_checkup_year: Annotated[
        Literal["year", "membership_year"],
        Meta(
            extra_json_schema=words(
                "年度体检的年度",
                "The year of the annual check-up",
                options={
                    "year": both("自然年", "Calendar year"),
                    "membership_year": both("会员年度", "Membership year"),
                },
            )
        ),
    ] = "year"
    # §3.4.1: 生日赠送“宠物蛋糕/零食”; whose birthday and how long it may be fetched is left open.
    birthday_of: Annotated[
        Literal["subject", "person"],
        Meta(
            extra_json_schema=words(
                "生日礼的生日",
                "Birthday gifts are for",
                options={"subject": both("宠物生日", "The pet's birthday"), "person": both("主人生日", "The owner's")},
            )
        ),
    ] = "subject"
    birthday_once_per: Annotated[
        Literal["subject", "household"],
        Meta(
            extra_json_schema=words(
                "生日礼每年",
                "Birthday gifts a year",
                options={
                    "subject": both("每只宠物一份", "One per pet"),
                    "household": both("每个家庭一份", "One per household"),
                },
            )
        ),
    ] = "subject"
    birthday_lead_days: Annotated[
        int, _number(0, 60, "生日前可领取", "Birthday gifts may be fetched before", unit=_DAYS)
    ] = 7
    birthday_grace_days: Annotated[
        int, _number(0, 60, "生日后可领取", "Birthday gifts may be fetched after", unit=_DAYS)
    ] = 7
    # §3.4.1 and §3.4.3 contain two referral rules; only one of them may be live.
    referral: Annotated[
        Literal["both_50", "first_exam"],
        Meta(
            extra_json_schema=words(
                "推荐奖励方案",
                "The reward for bringing a customer",
                help_zh="文件中有两套方案，只能启用一套。",
                help_en="The documents contain two; only one may be used.",
                options={
                    "both_50": both("双方各得 50 元券（§3.4.1）", "A 50 yuan coupon for both (§3.4.1)"),
                    "first_exam": both(
                        "新客户首次检查 8 折，老客户 100 元券（§3.4.3）",
                        "20 % off the newcomer's first check, 100 yuan for the member (§3.4.3)",
                    ),
                },
            )
        ),
    ] = "both_50"
    referral_min_yuan: Annotated[
        int, _number(0, 100_000, "推荐达标：首次消费至少", "A referral counts from a first visit of", unit=_YUAN)
    ] = 0
    referral_hold_days: Annotated[
        int, _number(0, 90, "推荐奖励等待（未退款）", "Days to wait for refunds before rewarding", unit=_DAYS)
    ] = 7
    referral_monthly_limit: Annotated[
        int,
        _number(
            1, 1_000, "每位老客户每月最多推荐", "Referrals a month for each member, at most", unit=both("次", "times")
        ),
    ] = 10
    coupon_valid_months: Annotated[
        int, _number(1, 60, "代金券有效期", "Coupons are valid for", unit=both("个月", "months"))
    ] = 6
    coupon_min_yuan: Annotated[
        int, _number(0, 100_000, "代金券满多少可用", "Coupons count for bills from", unit=_YUAN)
    ] = 0
    # §3.4.3: 可兑换“免费驱虫”或“宠物用品折扣”; the size of the discount and how often is left open.
    review_goods_percent: Annotated[
        int,
        _number(
            50,
            99,
            "评价奖励：宠物用品付原价的",
            "Review reward: goods at this part of the price",
            help_zh="90 即 9 折。",
            help_en="90 is 10 % off.",
            unit="%",
        ),
    ] = 90
    review_cooldown_days: Annotated[
        int, _number(0, 366, "同一平台评价奖励间隔", "Days between rewards on one platform", unit=_DAYS)
    ] = 90
    # §3.5.3: “3个月未消费”“负面评价”; who is not seen often anyway is not missed after three months.
    churn_due_days: Annotated[
        int, _number(0, 30, "流失预警多少天内联系", "Somebody at risk is called within", unit=_DAYS)
    ] = 3
    churn_quiet_days: Annotated[
        int, _number(0, 366, "结案后多少天不重复预警", "No new case of the same sign within", unit=_DAYS)
    ] = 90
    winback_valid_days: Annotated[
        int, _number(7, 366, "挽回礼券有效期", "What is offered to win back is valid for", unit=_DAYS)
    ] = 60
    winback_hold_out_percent: Annotated[
        int,
        _number(
            0,
            50,
            "挽回时留出不送的比例",
            "Left without an offer, to measure what it does",
            unit="%",
        ),
    ] = 10
    # §3.5.1 and 应急预案 §3.2: 补偿检查费用, 减免部分费用; how much without asking somebody is left open.
    goodwill_desk_yuan: Annotated[
        int, _number(0, 10_000, "前台单次补偿上限", "The front desk may give back up to", unit=_YUAN)
    ] = 50
    goodwill_supervisor_yuan: Annotated[
        int, _number(0, 50_000, "客服主管单次补偿上限", "The supervisor may give back up to", unit=_YUAN)
    ] = 200
    goodwill_leader_yuan: Annotated[
        int, _number(0, 100_000, "投诉组长单次补偿上限", "The complaint leader may give back up to", unit=_YUAN)
    ] = 500
    goodwill_director_yuan: Annotated[
        int, _number(0, 1_000_000, "院长单次补偿上限", "The director may give back up to", unit=_YUAN)
    ] = 5_000
    item_checkup: Annotated[str, _item("体检的项目编号", "Item: check-up")] = "E-CHECKUP"
    item_annual_checkup: Annotated[str, _item("年度体检的项目编号", "Item: annual check-up")] = "E-CHECKUP-YEAR"
    item_deworming: Annotated[str, _item("驱虫的项目编号", "Item: deworming")] = "D-DEWORM"
    item_recheck: Annotated[str, _item("复查的项目编号", "Item: repeated examination")] = "E-RECHECK"
