"""A chain that makes good and learns: remedies in every state, an action with its owner, and entries of the library."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import after_step, archive_case, complete_in
from core.complaints.cases.case import lock_case
from core.complaints.rules.filing import Filing, blocked_by
from core.lessons.actions.causes import name_cause
from core.lessons.actions.corrective import add_corrective
from core.lessons.actions.library import draft_entry, publish_entry
from core.lessons.queries.library import EntryFilter, list_entries
from core.remedies.actions import RemedyDraft, accept_remedy, propose_remedy
from core.remedies.giving import give_remedy
from core.remedies.queries import Terms
from core.scope import Actor
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from tenants.staff import list_people
from tenants.work import Workplace

CAUSE: Final = "petclinic.cause_communication_late_information"
# (what was said, what is learnt)
CLOSED: Final = (
    ("结账时没有解释费用明细，张女士很不满意", "结账前由前台逐项讲解，并打印明细单"),
    ("收费项目没有提前说明，结账才知道", "加做项目前先口头确认，再开单"),
)
ANSWERS: Final = {
    "how": "phone",
    "said": "已致歉并说明情况",
    "measure": "前台改为逐项讲解费用，并打印明细单",
    "channel": "wechat",
    "result": "已向客户发送明细说明",
    "satisfied": "yes",
}


async def seed_remedies(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Make cases that ended with what was learnt, and one with offers; a second time does nothing."""
    async with workplace.reading(tenant_id, actor=director) as reader:
        if await list_entries(reader, wanted=EntryFilter(), limit=1):
            return
    for number, (text, lesson) in enumerate(CLOSED):
        async with workplace.unit(tenant_id, actor=director) as uow:
            await _close(uow, text, lesson, publish=number == 0)
    async with workplace.unit(tenant_id, actor=director) as uow:
        await _offer(uow)


async def _close(uow: UnitOfWork, text: str, lesson: str, *, publish: bool) -> None:
    complaint_id = await _file(uow, text)
    people = await list_people(uow)
    staff = [person.full_name for person in people]
    await name_cause(uow, complaint_id=complaint_id, cause=CAUSE, words=lesson)
    owner = next(person for person in people if person.state == "active")
    due_on = uow.today + timedelta(days=14)
    await add_corrective(uow, complaint_id=complaint_id, words=lesson, owner_id=owner.staff_id, due_on=due_on)
    await _work_through(uow, complaint_id)
    await archive_case(uow, complaint_id=complaint_id)
    entry = await draft_entry(uow, complaint_id=complaint_id, staff=staff)
    if publish:
        await publish_entry(uow, entry_id=entry.entry_id, texts={}, seen=True, staff=staff)


async def _offer(uow: UnitOfWork) -> None:
    complaint_id = await _file(uow, "候诊时间过长，等了两个多小时")
    bag = RemedyDraft(kind="gift", label="宠物用品礼包", cost_fen=80_00, terms=Terms(item="宠物用品礼包"))
    given = await propose_remedy(uow, complaint_id=complaint_id, draft=bag, key="demo:remedy:bag")
    await accept_remedy(uow, remedy_id=given.remedy_id)
    await give_remedy(uow, remedy_id=given.remedy_id)
    worm = RemedyDraft(kind="gift", label="免费驱虫", cost_fen=60_00, terms=Terms(item="免费驱虫"))
    await propose_remedy(uow, complaint_id=complaint_id, draft=worm, key="demo:remedy:worm")


async def _file(uow: UnitOfWork, text: str) -> UUID:
    branch = (await list_branches(uow))[0]
    filing = Filing(
        text=text,
        desired="希望说明并改进",
        contact_name="张女士",
        contact_phone="13905460333",
        branch_id=branch.branch_id,
        category="petclinic.service_fees",
    )
    return (await file_complaint(uow, filing=filing)).complaint_id


async def _work_through(uow: UnitOfWork, complaint_id: UUID) -> None:
    """Complete every step with what the desk would write."""
    case = await lock_case(uow, complaint_id)
    for name, clock in case.newest().items():
        if clock.done or blocked_by(case.policy, name, case.done):
            continue
        facts = {field.key: ANSWERS[field.key] for field in clock.milestone.facts if field.key in ANSWERS}
        complete_in(uow, case, name, facts, proven=True)
    await after_step(uow, case)
