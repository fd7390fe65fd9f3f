"""A case in the middle of its work: a call missed and one answered, a message, tasks, a mention, and the chain's own macro."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.casework.actions import add_task, complete_task, log_call, send_reply, write_note
from core.casework.applying import save_macro
from core.casework.queries import list_macros
from core.casework.rules.macros import MacroDraft
from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.scope import Actor
from core.tenancy.queries import list_branches
from core.uow import UnitOfWork
from tenants.staff import list_people
from tenants.work import Workplace
from workers.demo.people import GUESTS

MACRO: Final = MacroDraft(
    name="已受理，当天回电",
    words="您好，您的意见已由院办专人跟进，今天下班前给您回电说明进展。给您添麻烦了，抱歉。",
    note="已告知当天回电",
    task="下班前给客户回电",
    task_hours=4,
)
NUMBER: Final = "139****0007"
"""As it stands in the log, the number in full is on the customer's page."""


async def seed_casework(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Work on one case as a desk would on its first afternoon; a second time does nothing."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        if any(one.name == MACRO.name for one in await list_macros(uow)):
            return
        await save_macro(uow, draft=MACRO)
        await _work(uow)


async def _work(uow: UnitOfWork) -> None:
    guest = GUESTS[6]
    filing = Filing(
        text="洗澡后皮肤发红，怀疑操作不当，要求查看当天的操作记录",
        desired="看到操作记录，并承担复查费用",
        contact_name=guest.full_name,
        contact_phone=guest.phone,
        channel="online_chat",
        branch_id=(await list_branches(uow))[0].branch_id,
    )
    case = (await file_complaint(uow, filing=filing)).complaint_id
    people = {one.staff_id: one.full_name for one in await list_people(uow) if one.state == "active"}
    by_name = {name: staff_id for staff_id, name in people.items()}
    nurse, supervisor = by_name["马护士长"], by_name["孙主管"]
    me = uow.actor.id or supervisor
    told = "已致歉；客户希望今天看到操作记录，同意明天上午带布丁复查"
    for minutes, outcome, words in ((0, "无人接听", ""), (6, "约定复查", told)):
        await log_call(
            uow,
            complaint_id=case,
            direction="out",
            number=NUMBER,
            minutes=minutes,
            outcome=outcome,
            words=words,
            reached=minutes > 0,
        )
    await send_reply(
        uow,
        complaint_id=case,
        words="欧阳先生您好，能理解您心疼布丁，我们很抱歉。明天上午 10 点在东营总院为布丁复查，届时一并请您看当天的操作记录。",
    )
    await write_note(uow, complaint_id=case, text="@孙主管 请把当天美容区的监控调出来，晚上前发我", people=people)
    for words, who, hours in (
        ("调出布丁当天的洗护操作记录", nurse, 6),
        ("预约明天上午 10 点的复查", me, 3),
        ("复查前再核对一次过敏史", me, 20),
    ):
        due_at = uow.now + timedelta(hours=hours)
        task_id = await add_task(uow, complaint_id=case, words=words, assignee_id=who, due_at=due_at, people=people)
        if who == nurse:
            await complete_task(uow, task_id=task_id)
