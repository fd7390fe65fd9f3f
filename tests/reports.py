"""A case of level 2 with a written report, as far along as a test wants it."""

from uuid import UUID

from core.case_reports.actions import begin_report, decide_report, submit_report
from core.case_reports.queries import get_report_of
from core.case_reports.rules import Content
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_step
from core.complaints.rules.filing import Filing
from core.hooks.records.events import StaffRef
from core.staff_records.actions import enter_record
from core.staff_records.rules import RecordDraft
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

SERIOUS = Filing(
    text="住院期间宠物应激反应未及时干预，费用超出预估30%以上", contact_name="周文博", contact_phone="13878106871"
)
WORDS = Content(
    facts="11月20日 09:10 入院，14:30 出现应激反应，15:05 护士到场处理。",
    shortcomings="应激反应出现后 35 分钟才有人到场，超过院内 10 分钟的巡视要求。",
    remedy="减免当日住院费 180 元。",
    plan="住院部每 10 分钟巡视一次并签字；护士长每天抽查。",
    options=("reduce_fees",),
)
DRAFT = RecordDraft(
    involvement="当班护士", finding="巡视间隔超过要求", learned="高应激宠物入院即挂提示牌", measure="coaching"
)


async def open_clinic(tenant: TestTenant) -> TestTenant:
    """Switch the pet clinic on."""
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    return tenant


async def file_serious(tenant: TestTenant, *, met: bool = True) -> UUID:
    """File a case of level 2 and, when asked, meet the customer, after which the report is due."""
    async with tenant.unit("front_desk") as uow:
        complaint_id = (await file_complaint(uow, filing=SERIOUS)).complaint_id
    if met:
        async with tenant.unit("team_leader") as uow:
            for step, facts in (
                ("joint_verification_start", {"looked_at": ["records", "video"]}),
                ("propose_solution", {"solution": "免费复查并减免住院费"}),
                ("face_to_face_meeting", {"place": "二楼会议室", "points": ["facts", "shortcomings", "plan"]}),
            ):
                await complete_step(uow, complaint_id=complaint_id, milestone_id=step, facts=facts)
    return complaint_id


async def submitted(tenant: TestTenant, *, words: Content = WORDS) -> UUID:
    """Return a case whose report waits for the director."""
    complaint_id = await file_serious(tenant)
    async with tenant.unit("team_leader") as uow:
        report = await begin_report(uow, complaint_id=complaint_id)
        await submit_report(uow, complaint_id=complaint_id, revision=report.revision, content=words)
    return complaint_id


async def approved(tenant: TestTenant) -> UUID:
    """Return a case whose report the director approved."""
    complaint_id = await submitted(tenant)
    async with tenant.unit() as uow:
        await decide_report(uow, complaint_id=complaint_id, version=1, approved=True)
    return complaint_id


async def submit_again(tenant: TestTenant, complaint_id: UUID, words: Content) -> int:
    """Submit the next version."""
    async with tenant.unit("team_leader") as uow:
        report = await get_report_of(uow, complaint_id)
        return await submit_report(uow, complaint_id=complaint_id, revision=report.revision, content=words)


async def recorded(tenant: TestTenant, complaint_id: UUID, *, role: str = "doctor") -> UUID:
    """Enter a case in somebody's file."""
    person = tenant.staff[role]
    assert person.id is not None
    async with tenant.unit("team_leader") as uow:
        ref = StaffRef(staff_id=person.id, name=person.name)
        return await enter_record(uow, complaint_id=complaint_id, staff=ref, draft=DRAFT)
