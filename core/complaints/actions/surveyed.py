"""Writes the answer of the survey after a complaint into its case, tells people when it is unhappy, and may open it again."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.handling import reopen_case
from core.complaints.cases.case import lock_case
from core.complaints.cases.escalation import NOTICES
from core.complaints.models import Complaint, Notice
from core.complaints.ports import DutyRoster
from core.complaints.rules.filing import TEXT_LIMIT
from core.db import new_id, table_of
from core.uow import UnitOfWork

_C, _N = table_of(Complaint), table_of(Notice)
SURVEY: Final = "survey"
"""Stands where a notice names its milestone."""
_LISTENERS: Final = ("service_supervisor", "team_leader")
"""Who hears it besides the person in charge: 客服主管 keeps the contact, 组长 decides."""


async def note_survey_answer(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    submission_id: UUID,
    csat: int | None,
    words: str,
    unhappy: bool,
    reopen: bool,
    roster: DutyRoster,
) -> None:
    """Add the answer to the history; an unhappy one is told to those responsible, and opens the case when asked to."""
    case = await lock_case(uow, complaint_id)
    said = words[:TEXT_LIMIT]
    data = {"submission_id": str(submission_id), "csat": csat, "text": said}
    case.note(uow, "unhappy" if unhappy else "surveyed", data)
    await case.save(uow)
    if not unhappy:
        return
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    assignee = await uow.session.scalar(select(_C.c.assignee_id).where(*mine))
    people = {assignee: "service_supervisor"} if assignee is not None else {}
    for role in _LISTENERS:
        for staff_id in await roster.find_on_duty(uow, role=role, branch_id=case.branch_id, at=uow.now):
            people.setdefault(staff_id, role)
    for staff_id, role in people.items():
        row = {
            "tenant_id": uow.tenant_id,
            "notice_id": new_id(),
            "complaint_id": complaint_id,
            "milestone": SURVEY,
            "cycle": 1,
            "stage": f"unhappy {submission_id}",
            "policy_version": case.policy_version,
            "role": role,
            "staff_id": staff_id,
            "due_at": uow.now,
            "sent_at": uow.now,
        }
        await uow.session.execute(upsert(_N).values(row).on_conflict_do_nothing())
    if people:
        uow.publish(NOTICES, {"staff": [str(one) for one in people]})
    if reopen and case.state in {"resolved", "archived"}:
        await reopen_case(uow, complaint_id=complaint_id, reason=said or "unhappy answer in the survey")
