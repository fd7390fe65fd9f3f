"""What a retailer may set: who is advised by a person only, limits, waits, promotions and members; defaults are the facts'."""

from typing import Annotated, Any, Literal

import msgspec

from plugins.api import Meta, SettingProblem, both, hookimpl, words

_YUAN, _DAYS, _HOURS = both("元", "yuan"), both("天", "days"), both("小时", "hours")


def _number(low: int, high: int, zh: str, en: str, **more: Any) -> Meta:
    return Meta(ge=low, le=high, extra_json_schema=words(zh, en, **more))


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults are the numbers of the facts; where a document leaves one open, the default is ours."""

    # facts/calcium: "under 18 -> a human adviser"; the industry document names children without an age. The calculator
    # never goes below 18, whatever stands here.
    adult_age: Annotated[
        int,
        Meta(
            ge=14,
            le=21,
            extra_json_schema=words(
                "未满多少岁须由顾问接待",
                "Below this age an adviser takes over",
                help_zh="儿童补钙不由店员单独建议；18 岁以下计算器一律不给剂量。",
                help_en="The shop does not advise children by itself; the calculator never gives a dose below 18.",
                unit=both("岁", "years"),
            ),
        ),
    ] = 18
    # The edition of the reference; a newer one is added beside the old one when its numbers are verified.
    calcium_table: Annotated[
        Literal["IOM-2011"],
        Meta(
            extra_json_schema=words(
                "钙摄入量参考表",
                "Reference table of calcium",
                help_zh="答案会写明表名和出处。",
                help_en="Every answer names table and source.",
                options={"IOM-2011": both("IOM 2011（钙与维生素D）", "IOM 2011 (calcium and vitamin D)")},
            )
        ),
    ] = "IOM-2011"
    # facts/calcium advice: "inside the product's daily dose"; no document names a product, so 0: not known.
    product_daily_mg: Annotated[
        int,
        _number(
            0,
            2000,
            "产品标签每日用量（钙元素）",
            "Daily dose on the product's label (elemental calcium)",
            help_zh="0 表示未填写：计算器只给上限并提示看标签。",
            help_en="0 is not set: the calculator then gives a ceiling and points to the label.",
            unit=both("毫克", "mg"),
        ),
    ] = 0
    # 快递滞留3天 (order.exceptions): 72 hours without a carrier's event
    stuck_hours: Annotated[
        int, _number(1, 240, "快递多久没有动静算滞留", "Hours without news until a parcel is stuck", unit=_HOURS)
    ] = 72
    # Source of the two hours: 订单异常2小时内解决, facts order.exception_2h.
    anomaly_hours: Annotated[
        int, _number(1, 24, "物流异常多久内处理", "Hours to settle trouble with a parcel", unit=_HOURS)
    ] = 2
    # R25: 简单问题客服可直接退款/补发; facts complaints: limits_stated_in_any_seed: none, so the sums are ours.
    agent_limit_yuan: Annotated[
        int,
        _number(
            0,
            10_000,
            "客服可直接退款或补发的金额",
            "An agent may refund or resend up to",
            help_zh="超过时由主管批准。",
            help_en="Above it the supervisor approves.",
            unit=_YUAN,
        ),
    ] = 200
    supervisor_limit_yuan: Annotated[
        int, _number(0, 100_000, "主管单次补偿上限", "The supervisor may give back up to", unit=_YUAN)
    ] = 1_000
    director_limit_yuan: Annotated[
        int, _number(0, 1_000_000, "负责人单次补偿上限", "Management may give back up to", unit=_YUAN)
    ] = 10_000
    # 定期推送“效果跟踪问卷” (care.calcium_file): no rhythm is told; days after delivery are ours.
    effect_days: Annotated[
        tuple[Literal["14", "30", "60", "90", "180"], ...],
        Meta(
            min_length=1,
            extra_json_schema=words(
                "签收后第几天发效果问卷",
                "Days after delivery on which the effect is asked",
                options={day: both(f"第 {day} 天", f"Day {day}") for day in ("14", "30", "60", "90", "180")},
            ),
        ),
    ] = ("30", "60", "90")
    # supp.offer.auto_eligibility: 买二送一 by questionnaire; for whom is left open, parents (50 and over) is our reading.
    promo_min_age: Annotated[
        int,
        _number(0, 100, "买二送一：使用者年龄至少", "Buy two get one: the user is at least", unit=both("岁", "years")),
    ] = 50
    # supp.tier.levels: no thresholds given, all ours.
    silver_yuan: Annotated[int, _number(1, 1_000_000, "银卡会员累计消费", "Silver members have spent", unit=_YUAN)] = (
        500
    )
    gold_yuan: Annotated[int, _number(2, 1_000_000, "金卡会员累计消费", "Gold members have spent", unit=_YUAN)] = 2_000
    quota_carries_over: Annotated[
        bool,
        Meta(
            extra_json_schema=words(
                "当月未用的营养师指导可顺延", "An unused session with the nutritionist carries over"
            )
        ),
    ] = False
    # 金卡会员享“年度骨密度检测优惠”: how much is left open.
    bone_density_percent: Annotated[
        int,
        _number(
            1,
            99,
            "金卡骨密度检测付原价的",
            "Gold members pay this part for bone density",
            help_zh="50 即 5 折。",
            help_en="50 is half the price.",
            unit="%",
        ),
    ] = 50
    # 在“体检季”，向用户提供“体检报告解读”服务: when that is left open.
    checkup_season_months: Annotated[
        tuple[Literal["3-4", "5-6", "9-10"], ...],
        Meta(
            extra_json_schema=words(
                "体检季",
                "Check-up season",
                options={
                    "3-4": both("3–4 月", "March and April"),
                    "5-6": both("5–6 月", "May and June"),
                    "9-10": both("9–10 月", "September and October"),
                },
            )
        ),
    ] = ("9-10",)
    item_nutritionist: Annotated[
        str, Meta(min_length=1, max_length=30, extra_json_schema=words("营养师指导的项目编号", "Item: nutritionist"))
    ] = "S-NUTRITION"
    item_bone_density: Annotated[
        str, Meta(min_length=1, max_length=30, extra_json_schema=words("骨密度检测的项目编号", "Item: bone density"))
    ] = "S-BONE"
    item_consultation: Annotated[
        str, Meta(min_length=1, max_length=30, extra_json_schema=words("咨询的项目编号", "Item: consultation"))
    ] = "S-CONSULT"


@hookimpl
def check_settings(settings: Settings) -> tuple[SettingProblem, ...]:
    """Refuse a gold tier that is not above silver, limits that fall, and a day that is named twice."""
    problems: list[SettingProblem] = []
    if settings.gold_yuan <= settings.silver_yuan:
        text = both("金卡门槛要高于银卡", "Gold has to ask for more than silver")
        problems.append(SettingProblem(path="gold_yuan", code="min", text=text))
    limits = (settings.agent_limit_yuan, settings.supervisor_limit_yuan, settings.director_limit_yuan)
    if list(limits) != sorted(limits):
        text = both("上级的额度不能低于下级", "Who stands higher may not give less")
        problems.append(SettingProblem(path="supervisor_limit_yuan", code="min", text=text))
    if len(set(settings.effect_days)) != len(settings.effect_days):
        text = both("同一天只能选一次", "Each day once")
        problems.append(SettingProblem(path="effect_days", code="duplicate", text=text))
    return tuple(problems)
