"""The box beside a customer: contraindications first, then ways to a consult, a procedure and the consent to pictures."""

from datetime import timedelta
from typing import Final

from plugins.aesthetics.customers import CAUTIONS
from plugins.aesthetics.forms.consult import CONSULT
from plugins.aesthetics.settings import Settings
from plugins.api import CUSTOMER_SIDE, CustomerFacts, DecideContext, Panel, PanelPlace, PanelRow, both, hookimpl

PATIENT = "aesthetics.patient"
RECENT: Final = timedelta(days=1)


@hookimpl
async def panels(ctx: DecideContext[Settings], place: PanelPlace, record: CustomerFacts) -> tuple[Panel, ...]:
    """Return 医美档案 for every customer; a consult form that was sent starts the clock from when it was sent."""
    if place != CUSTOMER_SIDE:
        return ()
    alerts: list[PanelRow] = []
    for one in record.subjects:
        if one.kind == PATIENT:
            alerts += [
                PanelRow(label=one.name, value=label, tone="danger")
                for key, label in CAUTIONS
                if one.data.get(key)  # core keeps a tick as 1
            ]
            if one.data.get("minor"):
                alerts.append(
                    PanelRow(
                        label=one.name,
                        value=both("未成年，须监护人签字", "Under age: the guardian signs"),
                        tone="danger",
                    )
                )
            if allergy := one.data.get("drug_allergy"):
                alerts.append(PanelRow(label=both("过敏", "Allergy"), value=str(allergy), tone="danger"))
    customer = record.customer_id
    sent = next((one.completed_at for one in record.intakes if one.form == CONSULT), None)
    # An older form was looked after long ago, or by telephone: its clock would be late from the start.
    asked = f"&asked={sent:%Y-%m-%dT%H:%M:%SZ}" if sent is not None and ctx.now - sent < RECENT else ""
    rows = (
        *alerts,
        PanelRow(label=both("咨询", "Consult"), value=both("登记咨询", "Enter a consult"), page=f"consults/new?customer={customer}{asked}"),
        PanelRow(label=both("治疗", "Procedure"), value=both("登记治疗", "Enter a procedure"), page=f"procedures/new?customer={customer}"),
        PanelRow(label=both("照片", "Pictures"), value=both("照片使用同意", "Consent to pictures"), page=f"photos/{customer}"),
    )  # fmt: skip
    return (
        Panel(
            id="file",
            title=both("医美档案", "Aesthetics file"),
            rows=rows,
            tone="danger" if alerts else "neutral",
            priority=15,
        ),
    )
