"""The box beside a customer: what the owner said at intake, the allergy first, for the doctor."""

from typing import Any

from plugins.api import (
    CUSTOMER_SIDE,
    CustomerFacts,
    Field,
    IntakeFacts,
    Panel,
    PanelPlace,
    PanelRow,
    Text,
    both,
    hookimpl,
)
from plugins.petclinic.forms.intake import FORM, INTAKE, URGENT_SIGNS, allergens_of

_FIELDS: dict[str, Field] = {field.key: field for field in FORM.fields}
_MISSING = both("未填写", "Not answered")


@hookimpl
async def panels(place: PanelPlace, record: CustomerFacts) -> tuple[Panel, ...]:
    """Return one box for the latest intake, none for a customer without one."""
    latest = next((intake for intake in record.intakes if intake.form == INTAKE), None)
    if place != CUSTOMER_SIDE or latest is None:
        return ()
    alerts = _alerts(latest)
    answered, missing = _completeness(latest.answers)
    zh_missing = "、".join(_zh(item) for item in missing)
    en_missing = ", ".join(_en(item) for item in missing)
    note = both(f"缺：{zh_missing}", f"Missing: {en_missing}") if missing else None
    rows = (
        *alerts,
        PanelRow(
            label=both("四要素", "Four elements"),
            # 2025东营宠物诊所客户服务策略 §3.2.2: 四要素,确保信息无遗漏 (eight sub-fields)
            value=f"{answered} / {len(FORM.completeness)}",
            tone="success" if not missing else "warning",
        ),
        *_summary(latest.answers),
    )
    return (
        Panel(
            id="intake",
            title=both("就诊登记摘要", "Intake summary"),
            rows=rows,
            tone="danger" if alerts else "neutral",
            note=note,
            priority=10,
        ),
    )


def _alerts(intake: IntakeFacts) -> tuple[PanelRow, ...]:
    rows = []
    if allergens := allergens_of(intake.answers):
        rows.append(PanelRow(label=both("过敏", "Allergy"), value=allergens, tone="danger"))
    ticked = intake.answers.get("urgent_signs") or ()
    signs = [option.label for option in URGENT_SIGNS if option.value in ticked]
    if signs:
        value = both("、".join(_zh(sign) for sign in signs), ", ".join(_en(sign) for sign in signs))
        rows.append(PanelRow(label=both("紧急情况", "Urgent signs"), value=value, tone="danger"))
    return tuple(rows)


def _completeness(answers: dict[str, Any]) -> tuple[int, list[Text]]:
    missing = [
        item.label for item in FORM.completeness if all(answers.get(field) in (None, "", []) for field in item.fields)
    ]
    return len(FORM.completeness) - len(missing), missing


def _summary(answers: dict[str, Any]) -> list[PanelRow]:
    return [
        PanelRow(label=_FIELDS[key].label, value=_shown(key, answers.get(key)))
        for key in ("chief_complaint", "onset", "course", "illness", "medication")
    ]


def _shown(key: str, value: Any) -> Text:
    if value in (None, "", []):
        return _MISSING
    options = getattr(_FIELDS[key], "options", ())
    return next((option.label for option in options if option.value == value), str(value))


def _zh(text: Text) -> str:
    return text if isinstance(text, str) else text["zh-CN"]


def _en(text: Text) -> str:
    return text if isinstance(text, str) else text["en"]
