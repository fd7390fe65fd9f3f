"""Where written reports show themselves: on the case's page, on the start page, in the side bar."""

from typing import Any

from core.case_reports.queries import (
    ReportFacts,
    count_to_approve,
    find_report_of,
    list_deliveries,
    list_to_approve,
    list_unopened,
)
from core.case_reports.rules import approver_of
from core.complaints.queries.cases import ComplaintDetail
from core.staff_records.queries import count_records_in
from core.uow import Reader
from tenants.roles import ROLES
from web.case_sections import CaseSection, add_case_section
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.views.case_reports import ANSWER_NAMES, STATES, WAY_NAMES, receipt_text, report_number


async def _load_section(reader: Reader, case: ComplaintDetail) -> Any:
    report = await find_report_of(reader, case.complaint_id)
    wanted = any(one.proof in {"report", "approval", "delivery"} for one in case.policy.milestones)
    if report is None and not wanted:
        return None
    return {
        "case": case,
        "report": report,
        "number": report_number(report.number) if report is not None else "",
        "state": STATES[report.state] if report is not None else None,
        "deliveries": await delivery_lines(reader, report) if report is not None else [],
        "approver": gettext(ROLES[role].name) if (role := approver_of(case.policy)) in ROLES else role,
        "may_write": reader.actor.may("complaints.write") and case.state in {"open", "resolved"},
        "may_record": reader.actor.may("complaints.judge"),
        "records": await count_records_in(reader, case.complaint_id),
        "here": f"/t/{reader.scope.slug}/complaints/{case.complaint_id}",
    }


async def delivery_lines(reader: Reader, report: ReportFacts) -> list[dict[str, Any]]:
    """Return how a report was sent, newest first, in words."""
    return [
        {
            "facts": one,
            "way": gettext(WAY_NAMES[one.way]),
            "receipt": receipt_text(one),
            "answer": gettext(ANSWER_NAMES[one.answer]) if one.answer else "",
        }
        for one in await list_deliveries(reader, report.report_id)
    ]


add_case_section(
    CaseSection(
        id="case_report",
        template="pages/case_reports/_case.html",
        load=_load_section,
        permission="complaints.read",
        rank=50,
    )
)


async def _load_home(reader: Reader) -> Any:
    waiting = await list_to_approve(reader)
    unopened = await list_unopened(reader) if reader.actor.may("complaints.write") else []
    return {"waiting": waiting, "unopened": unopened, "number": report_number} if waiting or unopened else None


add_section(
    Section(
        id="case_reports",
        template="pages/case_reports/_home.html",
        load=_load_home,
        permission="complaints.read",
        rank=12,
    )
)


add_entry(
    Entry(
        id="case_reports",
        label=N_("Written reports"),
        icon="file-check",
        path="/case-reports",
        permission="complaints.approve",
        rank=47,
        badges=(count_to_approve,),
    )
)
