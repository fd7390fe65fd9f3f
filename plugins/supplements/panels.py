"""The supplement file beside a customer: each member's type of need with its push, the dose or the adviser, and ways on."""

from collections.abc import Mapping
from typing import Any, Literal

from plugins.api import (
    CUSTOMER_SIDE,
    CustomerFacts,
    DecideContext,
    Panel,
    PanelPlace,
    PanelRow,
    SubjectFacts,
    Text,
    both,
    hookimpl,
    localized,
)
from plugins.supplements.advice import result_words
from plugins.supplements.buyers import read_buyer
from plugins.supplements.calcium import TABLES, Sex, reckon
from plugins.supplements.forms.parts import special_of, years_of
from plugins.supplements.settings import Settings

MEMBER = "supplements.member"
Need = Literal["basic", "treatment", "situation"]
# 区分“基础补钙型”…“治疗辅助型”…“场景应急型” (intake.types_supplement) and what each is pushed (intake.type_pushes);
# for the basic type the document names 饮食建议 and 补钙科普手册 elsewhere (care.calcium_file, kb.content_push).
PUSHES: dict[Need, tuple[Text, Text]] = {
    "basic": (both("基础补钙型", "Basic supply"), both("高钙食物排行榜、补钙科普手册", "Foods rich in calcium, the guide to calcium")),
    "treatment": (both("治疗辅助型", "Beside a treatment"), both("骨密度检测合作机构", "Partners who measure bone density")),
    "situation": (both("场景应急型", "By situation"), both("运动后补钙时间建议", "When to take calcium after sport")),
}  # fmt: skip


def need_of(data: Mapping[str, Any]) -> Need:
    """Return a member's type: osteoporosis goes before a situation, as in the segments."""
    purpose = data.get("calcium_purpose")
    if purpose == "treatment" or data.get("osteoporosis"):
        return "treatment"
    if purpose in {"sport", "pregnancy"} or data.get("pregnant"):
        return "situation"
    return "basic"


@hookimpl
async def panels(ctx: DecideContext[Settings], place: PanelPlace, record: CustomerFacts) -> tuple[Panel, ...]:
    """Return 补钙健康档案 for every customer of the shop."""
    if place != CUSTOMER_SIDE:
        return ()
    members = [one for one in record.subjects if one.kind == MEMBER]
    rows: list[PanelRow] = []
    alert = False
    for member in members:
        found, special = _of_member(member, ctx.settings)
        rows += found
        alert = alert or special
    customer = record.customer_id
    rows.append(
        PanelRow(
            label=both("订单", "Orders"),
            value=both("登记订单", "Enter an order"),
            page=f"orders/new?customer={customer}",
        )
    )
    devices = both("骨密度与活动量", "Bone density and activity")
    for one in members:
        label = both(f"{one.name}：设备", f"{one.name}: devices")
        rows.append(PanelRow(label=label, value=devices, page=f"readings/{customer}?subject={one.subject_id}"))
    if not members:
        rows.append(PanelRow(label=both("设备", "Devices"), value=devices, page=f"readings/{customer}"))
    return (
        Panel(
            id="file",
            title=both("补钙健康档案", "Calcium file"),
            rows=tuple(rows),
            tone="warning" if alert else "neutral",
            note=None
            if members
            else both("还没有登记家人，请先填“售前三问”。", "Nobody is entered yet: begin with the three questions."),
            priority=20,
        ),
    )


def _of_member(member: SubjectFacts, settings: Settings) -> tuple[list[PanelRow], bool]:
    data = member.data
    need, push = PUSHES[need_of(data)]
    zh, en = (f"{localized(need, one)} → {localized(push, one)}" for one in ("zh-CN", "en"))
    rows = [PanelRow(label=member.name, value=both(zh, en))]
    told = data.get("sex")
    sex: Sex = "female" if told == "female" else "male" if told == "male" else "unknown"
    buyer = read_buyer(member.name, years_of(data), sex)
    answers = {"purpose": data.get("calcium_purpose"), **data}
    person = buyer.person(special_of(answers))
    if person is None:
        return rows, False
    advice = reckon(
        TABLES[settings.calcium_table], person, product_mg=settings.product_daily_mg, adult_age=settings.adult_age
    )
    words = localized(result_words(advice), "zh-CN"), localized(result_words(advice), "en")
    zh, en = (f"{said} ({advice.table})" for said in words)
    adviser = advice.dose is None
    label = both(f"{member.name}：用量", f"{member.name}: dose")
    rows.append(PanelRow(label=label, value=both(zh, en), tone="danger" if adviser else "neutral"))
    return rows, adviser
