"""What a clinic may set: the over-estimate threshold, counsel, hearing experts, extra steps, segments, members."""

from typing import Annotated, Literal

from plugins.api import Meta, SettingProblem, both, hookimpl, words
from plugins.petclinic.loyalty_settings import LoyaltySettings

ExtraStep = Literal["contact", "solution", "review"]


class Settings(LoyaltySettings, frozen=True, forbid_unknown_fields=True):
    """Defaults are the numbers of the documents."""

    # 宠物医院客户投诉应急预案 §3.2: 费用超出预估30%以上 (30 included)
    over_estimate_percent: Annotated[
        int,
        Meta(
            ge=1,
            le=300,
            extra_json_schema=words(
                "费用超出预估多少算二级投诉",
                "Bill over estimate that makes a level 2",
                help_zh="达到这个百分比即升为二级；应急预案写的是 30%。",
                help_en="From this percentage on it is level 2; the emergency plan says 30 %.",
                unit="%",
            ),
        ),
    ] = 30
    # 宠物医院客户投诉应急预案 §3.3: 同时上报院长及法律顾问(如有必要)
    counsel: Annotated[
        Literal["needed", "always"],
        Meta(
            extra_json_schema=words(
                "三级投诉上报法律顾问",
                "Tell legal counsel of a level 3",
                help_zh="预案原文为“如有必要”。",
                help_en='The plan says "if necessary".',
                options={
                    "needed": both("必要时", "When needed"),
                    "always": both("每次都上报", "Always"),
                },
            )
        ),
    ] = "needed"
    # 宠物医院客户投诉应急预案 §3.3: 邀请2-3名外部行业专家参与
    hearing_experts_min: Annotated[
        int,
        Meta(
            ge=2,
            le=3,
            extra_json_schema=words(
                "听证会外部专家至少几名",
                "External experts at a hearing, at least",
                help_zh="预案要求 2 至 3 名。",
                help_en="The plan asks for 2 to 3.",
                unit=both("名", "people"),
            ),
        ),
    ] = 2
    # 2025东营宠物诊所客户服务策略 §3.5.1: 30分钟内联系客户, 24小时内给出解决方案, 事后复盘
    extra_steps: Annotated[
        tuple[ExtraStep, ...],
        Meta(
            extra_json_schema=words(
                "另加的处理步骤",
                "Extra steps",
                help_zh="来自客户服务策略 §3.5.1，可与应急预案并用。",
                help_en="From the service strategy, section 3.5.1; they work beside the emergency plan.",
                options={
                    "contact": both(
                        "二、三级也在 30 分钟内联系客户", "Contact within 30 minutes on levels 2 and 3 too"
                    ),
                    "solution": both("二级在 24 小时内给出解决方案", "A solution within 24 hours on level 2"),
                    "review": both("结案后复盘", "A review after closing"),
                },
            )
        ),
    ] = ("solution",)
    # Own reading of §3.3 外部风险: who announces a post or a report is as urgent as who has done it.
    announced_external: Annotated[
        Literal["L2", "L3"],
        Meta(
            extra_json_schema=words(
                "客户扬言发帖或举报时",
                "When a customer announces a post or a report",
                help_zh="已经发布或举报的始终是三级。",
                help_en="What has been posted or reported is always level 3.",
                options={"L2": both("按二级处理", "Level 2"), "L3": both("按三级处理", "Level 3")},
            )
        ),
    ] = "L3"
    # 2025东营宠物诊所客户服务策略 §3.1.1: 高端层客户(多宠家庭、追求品质服务); how many pets and how much money is left open, both defaults are ours.
    premium_pets: Annotated[
        int,
        Meta(
            ge=2,
            le=20,
            extra_json_schema=words(
                "高端层：宠物至少几只", "Premium layer: so many pets at least", unit=both("只", "pets")
            ),
        ),
    ] = 2
    premium_spent_yuan: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            extra_json_schema=words(
                "高端层：近一年消费达到", "Premium layer: spent in a year, at least", unit=both("元", "yuan")
            ),
        ),
    ] = 5000
    # §3.1.1: 基础层客户(首次养宠、预算有限); what counts as limited is left open, the default is ours.
    budget_spent_yuan: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            extra_json_schema=words(
                "基础层：近一年消费低于", "Basic layer: spent in a year, less than", unit=both("元", "yuan")
            ),
        ),
    ] = 500


@hookimpl
def check_settings(settings: Settings) -> tuple[SettingProblem, ...]:
    """Refuse a step that is named twice."""
    if len(set(settings.extra_steps)) == len(settings.extra_steps):
        return ()
    text = both("同一步骤只能选一次", "Choose each step once")
    return (SettingProblem(path="extra_steps", code="duplicate", text=text),)
