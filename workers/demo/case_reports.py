"""A case of level 2 with its written report approved and sent, one that waits for approval, and a staff record."""

from uuid import UUID

from core.case_reports.actions import begin_report, decide_report, submit_report
from core.case_reports.delivering import Reception, hand_over, send_online
from core.case_reports.queries import find_report_of
from core.case_reports.rules import Content
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_step
from core.complaints.rules.filing import Filing
from core.hooks.records.events import StaffRef
from core.scope import Actor
from core.staff_records.actions import enter_record
from core.staff_records.rules import RecordDraft
from core.uow import UnitOfWork
from tenants.staff import list_people
from tenants.work import Workplace

_WORDS = Content(
    facts="09:10 入院观察。\n14:30 出现应激反应，监控可见。\n15:05 护士到场处理，15:20 通知主人。",
    shortcomings="应激反应出现后 35 分钟才有人到场，超过院内 10 分钟的巡视要求。",
    remedy="减免当日住院费 180 元。",
    plan="住院部每 10 分钟巡视一次并签字；护士长每天抽查。",
    options=("reduce_fees",),
)
_STEPS = (
    ("joint_verification_start", {"looked_at": ["records", "video"]}),
    ("propose_solution", {"solution": "免费复查，减免当日住院费"}),
    ("face_to_face_meeting", {"place": "二楼会议室", "points": ["facts", "shortcomings", "plan"]}),
)


async def seed_case_reports(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Bring three cases to three places of the report's way; once."""
    for key, title in (("given", "糯米"), ("sent", "豆包"), ("waits", "可乐")):
        async with workplace.unit(tenant_id, actor=director) as uow:
            filing = Filing(
                text=f"{title}住院期间宠物应激反应未及时干预，费用超出预估30%以上",
                contact_name="周文博",
                contact_phone="13878106871",
            )
            complaint_id = (await file_complaint(uow, filing=filing, key=f"demo:report:{key}")).complaint_id
            if await find_report_of(uow, complaint_id) is not None:
                return
            await _write(uow, complaint_id, key)


async def _write(uow: UnitOfWork, complaint_id: UUID, key: str) -> None:
    for step, facts in _STEPS:
        await complete_step(uow, complaint_id=complaint_id, milestone_id=step, facts=facts)
    report = await begin_report(uow, complaint_id=complaint_id)
    version = await submit_report(uow, complaint_id=complaint_id, revision=report.revision, content=_WORDS)
    if key == "waits":
        return
    await decide_report(uow, complaint_id=complaint_id, version=version, approved=True)
    if key == "sent":
        await send_online(uow, complaint_id=complaint_id)
        return
    await hand_over(uow, complaint_id=complaint_id, said=Reception(answer="signed", signer="周文博"))
    people = await list_people(uow)
    for person in people:
        if person.staff_id == uow.actor.id or {"head_nurse"} & set(person.roles):
            draft = RecordDraft(
                involvement="当班负责人" if person.staff_id == uow.actor.id else "住院部护士长",
                finding="当日 14:30 至 15:05 无巡视记录",
                learned="高应激宠物入院即挂提示牌，缩短巡视间隔",
                measure="coaching",
            )
            ref = StaffRef(staff_id=person.staff_id, name=person.full_name)
            await enter_record(uow, complaint_id=complaint_id, staff=ref, draft=draft)
