"""The first form at a dentist's, what it warns of, and the box beside the customer."""

from plugins.api import (
    CUSTOMER_SIDE,
    BoolField,
    ChoiceField,
    Condition,
    CustomerFacts,
    FlagRule,
    Form,
    Option,
    Panel,
    PanelPlace,
    PanelRow,
    TextField,
    both,
    hookimpl,
)

FORM = Form(
    id="intake",
    title=both("口腔初诊登记", "Dental intake"),
    fields=(
        TextField(
            key="full_name", label=both("姓名", "Name"), required=True, max_length=60, profile="customer.full_name"
        ),
        TextField(key="phone", label=both("手机", "Phone"), required=True, input="tel", profile="customer.phone"),
        ChoiceField(
            key="reason",
            label=both("就诊原因", "Reason"),
            required=True,
            options=(
                Option("pain", both("牙痛", "Toothache")),
                Option("check", both("检查", "Check-up")),
                Option("implant", both("种植", "Implant")),
            ),
        ),
        BoolField(key="thinner", label=both("正在服用抗凝药", "Takes anticoagulants")),
        TextField(key="allergy", label=both("药物过敏", "Allergies to medicine"), max_length=200),
    ),
    flags=(
        FlagRule(
            id="thinner",
            title=both("抗凝药", "Anticoagulants"),
            reason=both("拔牙或种植前先问医生", "Ask the doctor before an extraction or implant"),
            when=Condition(field="thinner", op="eq", value=True),
            source="own design",
        ),
    ),
)


@hookimpl
def intake_forms() -> tuple[Form, ...]:
    return (FORM,)


@hookimpl
async def panels(place: PanelPlace, record: CustomerFacts) -> tuple[Panel, ...]:
    """What the dentist must know before anything else; nothing for a customer without an intake."""
    latest = next((intake for intake in record.intakes if intake.form == "dental.intake"), None)
    if place != CUSTOMER_SIDE or latest is None:
        return ()
    thinner = bool(latest.answers.get("thinner"))
    allergy = str(latest.answers.get("allergy") or "")
    rows = (
        PanelRow(
            label=both("抗凝药", "Anticoagulants"),
            value=both("是", "Yes") if thinner else both("否", "No"),
            tone="danger" if thinner else "neutral",
        ),
        PanelRow(
            label=both("过敏", "Allergies"),
            value=allergy or both("未填写", "Not answered"),
            tone="danger" if allergy else "neutral",
        ),
    )
    tone = "danger" if thinner or allergy else "neutral"
    return (Panel(id="intake", title=both("口腔初诊", "Dental intake"), rows=rows, tone=tone),)
