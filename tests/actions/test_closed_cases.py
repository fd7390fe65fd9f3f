"""A case that is over is edited by nobody: every deed on it is refused with the same words until a leader opens it again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.case_reports.actions import begin_report
from core.casework.actions import add_task, log_call, send_reply, write_note
from core.casework.board import claim_cases
from core.complaints.actions.classifying import classify, confirm_level
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import (
    ComplaintClosed,
    answer_satisfaction,
    claim_case,
    complete_step,
    judge_level,
    pause_step,
    reopen_case,
    resume_step,
)
from core.complaints.actions.joining import merge_complaints
from core.complaints.actions.parting import split_complaint
from core.complaints.actions.wishes import add_more, answer_solution, ask_call
from core.complaints.queries.cases import get_complaint
from core.complaints.rules.filing import Filing
from core.hearings.actions import finish_minutes, plan_hearing
from core.lessons.actions.closing import note_silence
from core.remedies.actions import RemedyDraft, propose_remedy
from core.remedies.queries import Terms
from core.uow import UnitOfWork
from tenants.roster import Roster
from tests.evidence import SHARES, planned, secured
from tests.lessons import close_by_hand
from tests.reports import open_clinic
from tests.workplaces import TestTenant

Deed = Callable[[UnitOfWork, UUID], Awaitable[Any]]
SLIGHT = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872")
STEP = "corrective_measure"


def _call(u: UnitOfWork, c: UUID) -> Awaitable[Any]:
    said = {"number": "13878106872", "minutes": 3, "outcome": "", "words": "已致电"}
    return log_call(u, complaint_id=c, direction="out", reached=True, **said)  # type: ignore[arg-type] # four kinds in one dict


def _task(u: UnitOfWork, c: UUID) -> Awaitable[Any]:
    assert u.actor.id is not None
    due = u.now + timedelta(hours=1)
    return add_task(u, complaint_id=c, words="回访", assignee_id=u.actor.id, due_at=due, people={u.actor.id: "院长"})


def _remedy(u: UnitOfWork, c: UUID) -> Awaitable[Any]:
    draft = RemedyDraft(kind="gift", label="礼包", cost_fen=10_00, terms=Terms(item="礼包"))
    return propose_remedy(u, complaint_id=c, draft=draft, key="礼包")


DEEDS: dict[str, Deed] = {
    "complete": lambda u, c: complete_step(u, complaint_id=c, milestone_id=STEP, facts={"measure": "改"}),
    "judge": lambda u, c: judge_level(u, complaint_id=c, severity="L3", reason="核查"),
    "confirm": lambda u, c: confirm_level(u, complaint_id=c),
    "classify": lambda u, c: classify(u, complaint_id=c, category=None, cause="service"),
    "pause": lambda u, c: pause_step(u, complaint_id=c, milestone_id=STEP, reason="customer", note="等客户"),
    "resume": lambda u, c: resume_step(u, complaint_id=c, milestone_id=STEP),
    "claim": lambda u, c: claim_case(u, complaint_id=c),
    "note": lambda u, c: write_note(u, complaint_id=c, text="补记", people={}),
    "call": _call,
    "task": _task,
    "reply": lambda u, c: send_reply(u, complaint_id=c, words="我们理解您的心情。"),
    "remedy": _remedy,
    "report": lambda u, c: begin_report(u, complaint_id=c),
    "hearing": lambda u, c: plan_hearing(u, complaint_id=c, starts_at=u.now, place="二楼", agenda="麻醉"),
    "split": lambda u, c: split_complaint(u, complaint_id=c, text="另外候诊太久"),
    "silence": lambda u, c: note_silence(u, complaint_id=c, why="no_answer", reason="三次无人接听", contacts=()),
    "added by the customer": lambda u, c: add_more(u, complaint_id=c, text="还有一件事", roster=Roster()),
    "call wished": lambda u, c: ask_call(u, complaint_id=c, when="下午", roster=Roster()),
    "answered": lambda u, c: answer_satisfaction(u, complaint_id=c, satisfied=True),
    "solution": lambda u, c: answer_solution(
        u, complaint_id=c, milestone_id=STEP, accepted=True, words="", roster=Roster()
    ),
}


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _archived(tenant: TestTenant) -> UUID:
    async with tenant.unit("front_desk") as uow:
        complaint_id = (await file_complaint(uow, filing=SLIGHT)).complaint_id
    async with tenant.unit() as uow:
        await close_by_hand(uow, complaint_id)
    return complaint_id


async def _merged(tenant: TestTenant) -> UUID:
    async with tenant.unit("front_desk") as uow:
        ids = [(await file_complaint(uow, filing=SLIGHT)).complaint_id for _ in range(2)]
    async with tenant.unit("team_leader") as uow:
        await merge_complaints(uow, survivor_id=ids[0], loser_id=ids[1])
    return ids[1]


async def _stand(tenant: TestTenant, complaint_id: UUID) -> list[Any]:
    """Everything that the case's tables hold of it."""
    async with tenant.workplace.reading(tenant.id) as reader:
        found = []
        for table in ("complaint", "complaint_clock", "clock_event", "complaint_event", "hearing", "case_report"):
            rows = await reader.session.execute(
                text(f"SELECT t::text FROM {table} t WHERE complaint_id = :c ORDER BY 1"), {"c": complaint_id}
            )
            found.append(rows.scalars().all())
        return found


@pytest.mark.parametrize("over", [_archived, _merged])
async def test_a_case_that_is_over_is_edited_by_nobody(
    clinic: TestTenant, over: Callable[[TestTenant], Awaitable[UUID]]
) -> None:
    complaint_id = await over(clinic)
    before = await _stand(clinic, complaint_id)
    taken = []
    for name, deed in DEEDS.items():
        try:
            async with clinic.unit() as uow:
                await deed(uow, complaint_id)
            taken.append(name)
        except ComplaintClosed:
            pass
    assert taken == []
    assert await _stand(clinic, complaint_id) == before


async def test_claiming_many_leaves_those_that_are_over_alone(clinic: TestTenant) -> None:
    over = await _archived(clinic)
    async with clinic.unit("front_desk") as uow:
        living = (await file_complaint(uow, filing=SLIGHT)).complaint_id
    async with clinic.unit("team_leader") as uow:
        assert await claim_cases(uow, complaint_ids=(over, living)) == 1


async def test_minutes_are_not_finished_on_a_case_that_is_over(clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    hearing_id, invited, member = await planned(clinic, complaint_id)
    async with clinic.unit() as uow:
        await uow.session.execute(text("UPDATE complaint SET state = 'archived'"))
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(ComplaintClosed):
            await finish_minutes(
                uow,
                hearing_id=hearing_id,
                complaint_id=complaint_id,
                held_at=uow.now,
                attended=frozenset({one.member_id for one in invited} | {member}),
                minutes="记录",
                finding="认定",
                shares=SHARES,
            )


async def test_a_leader_opens_it_again_and_everything_can_be_done(clinic: TestTenant) -> None:
    complaint_id = await _archived(clinic)
    async with clinic.unit("team_leader") as uow:
        await reopen_case(uow, complaint_id=complaint_id, reason="客户又来电")
    async with clinic.unit("front_desk") as uow:
        await _call(uow, complaint_id)
        await claim_case(uow, complaint_id=complaint_id)
        assert (await get_complaint(uow, complaint_id=complaint_id)).state == "open"
