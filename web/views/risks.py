"""How likely an open promise is to be broken, in words: `23 % of 41 alike`; nothing where too few are alike."""

from collections.abc import Sequence

from msgspec.structs import replace

from core.complaint_reports.queries.risks import get_risks
from core.complaint_reports.rules.survival import Risk
from core.complaints.queries.cases import ComplaintDetail, ComplaintRow
from core.uow import Reader
from web.i18n import gettext
from web.page import Step
from web.views.complaints import Line


def risk_text(risk: Risk | None) -> str:
    """The chance with how many like it that rests on."""
    if risk is None:
        return ""
    return gettext("Breaks in %(percent)s %% of %(n)s alike") % {"percent": risk.percent, "n": risk.n}


async def add_risks(reader: Reader, rows: Sequence[ComplaintRow], lines: Sequence[Line]) -> list[Line]:
    """Return a board's lines with the risk of each case's next promise."""
    places = [(row.complaint_id, row.next_milestone or "") for row in rows]
    running = [place for place, row in zip(places, rows, strict=True) if row.next_due_at is not None]
    risks = await get_risks(reader, running)
    return [
        replace(line, risk=risk_text(risks.get(place))) if place in risks else line
        for place, line in zip(places, lines, strict=True)
    ]


async def add_step_risks(reader: Reader, detail: ComplaintDetail, steps: Sequence[Step]) -> list[Step]:
    """Return a case's steps, those that run with their risk in the note; they stand in the policy's order."""
    places = [(detail.complaint_id, milestone.id) for milestone in detail.policy.milestones]
    running = [place for place, step in zip(places, steps, strict=True) if step.due is not None]
    risks = await get_risks(reader, running)
    return [
        replace(step, note=" · ".join(filter(None, (step.note, risk_text(risks[place]))))) if place in risks else step
        for place, step in zip(places, steps, strict=True)
    ]
