"""What a clinic of medical aesthetics may set; the defaults are the facts', and no setting makes them weaker."""

from typing import Annotated, Any

import msgspec

from plugins.api import Meta, SettingProblem, both, hookimpl, words


def _number(low: int, high: int, zh: str, en: str, **more: Any) -> Meta:
    return Meta(ge=low, le=high, extra_json_schema=words(zh, en, **more))


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers of 服务体系建设7大维度 stand as the bound that a tenant may only tighten; what it leaves open is ours."""

    # 服务体系建设7大维度 (facts kb.consult_5min): 咨询响应≤5分钟
    response_minutes: Annotated[
        int,
        _number(
            1, 5, "咨询首次响应（最多 5 分钟）", "First answer to a consult (5 at most)", unit=both("分钟", "minutes")
        ),
    ] = 5
    # 服务体系建设7大维度 (facts kb.consult_5min): 方案呈现包含3种对比案例
    comparison_cases: Annotated[
        int,
        _number(
            3,
            10,
            "方案发送前至少要有几种对比案例",
            "Comparison cases before a plan is sent",
            help_zh="少于 3 种不能发送方案。",
            help_en="With fewer than 3 no plan is sent.",
            unit=both("种", "cases"),
        ),
    ] = 3
    # 服务体系建设7大维度 (facts care.followup_48h): 术后48小时必回访
    followup_hours: Annotated[
        int,
        _number(1, 48, "术后多久内必须回访", "Follow-up after a procedure, at the latest", unit=both("小时", "hours")),
    ] = 48
    # 服务体系建设7大维度 (facts booking.vip_room): 允许10%的定制化服务
    custom_percent: Annotated[
        int,
        _number(
            0,
            10,
            "每月定制化服务占比上限",
            "Custom service, share of a month's consults at most",
            help_zh="超过时提醒主管，不会拦住咨询师。",
            help_en="Above it the supervisor is told; nobody is stopped.",
            unit="%",
        ),
    ] = 10
    # 允许10%的定制化服务(如VIP客户专属咨询室): its name is the house's
    vip_room: Annotated[
        str, Meta(min_length=1, max_length=40, extra_json_schema=words("VIP 专属咨询室名称", "Name of the VIP room"))
    ] = "VIP 专属咨询室"
    # 服务体系建设7大维度 (facts journey.dropoff): 40%客户流失在方案确认环节; the document warns at 40 %, from how many consults on is ours
    drop_percent: Annotated[
        int,
        _number(1, 100, "环节流失率达到多少时提醒", "Tell when so many are lost at one stage", unit="%"),
    ] = 40
    drop_least: Annotated[
        int,
        _number(1, 1000, "至少有多少次咨询才判断流失", "Consults before a loss is judged", unit=both("次", "consults")),
    ] = 10
    funnel_days: Annotated[
        int, _number(7, 366, "漏斗统计最近多少天", "Days that the funnel looks back", unit=both("天", "days"))
    ] = 90


@hookimpl
def check_settings(settings: Settings) -> tuple[SettingProblem, ...]:
    """Refuse a room whose name is blank."""
    if settings.vip_room.strip():
        return ()
    text = both("请填写名称", "Give it a name")
    return (SettingProblem(path="vip_room", code="required", text=text),)
