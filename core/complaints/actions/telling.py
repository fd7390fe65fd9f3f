"""Puts something about a case into people's inboxes, once each, beside the notices that clocks send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.cases.case import Case
from core.complaints.cases.escalation import NOTICES
from core.complaints.models import Complaint, Notice
from core.complaints.ports import DutyRoster
from core.db import new_id, table_of
from core.uow import UnitOfWork

_C, _N = table_of(Complaint), table_of(Notice)
ADDED: Final = "customer_added"
CALL_ME: Final = "call_me"
SOLUTION: Final = "solution"
ACTION: Final = "action"
"""What stands where a notice names its milestone, for what is no milestone."""


async def tell_people(
    uow: UnitOfWork, case: Case, *, about: str, stage: str, people: Mapping[UUID, str], due_at: datetime
) -> int:
    """Tell each person (with the role they are told as); the same stage tells nobody twice. Return how many were told."""
    told = 0
    for staff_id, role in people.items():
        row = {
            "tenant_id": uow.tenant_id,
            "notice_id": new_id(),
            "complaint_id": case.complaint_id,
            "milestone": about,
            "cycle": 1,
            "stage": stage,
            "policy_version": case.policy_version,
            "role": role,
            "staff_id": staff_id,
            "due_at": due_at,
            "sent_at": uow.now,
        }
        fresh = upsert(_N).values(row).on_conflict_do_nothing().returning(_N.c.notice_id)
        told += await uow.session.scalar(fresh) is not None
    if told:
        uow.publish(NOTICES, {"staff": [str(one) for one in people]})
    return told


async def find_responsible(uow: UnitOfWork, case: Case, roster: DutyRoster, *roles: str) -> dict[UUID, str]:
    """Return the person in charge and who is on duty in these roles; with nobody there, the director."""
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == case.complaint_id)
    assignee = await uow.session.scalar(select(_C.c.assignee_id).where(*mine))
    people: dict[UUID, str] = {assignee: roles[0]} if assignee is not None else {}
    for role in (*roles, *(() if people else ("director",))):
        for staff_id in await roster.find_on_duty(uow, role=role, branch_id=case.branch_id, at=uow.now):
            people.setdefault(staff_id, role)
    return people
