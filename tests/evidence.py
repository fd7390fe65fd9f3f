"""A case of level 3 with evidence, as far along as a test wants it."""

from uuid import UUID

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.evidence.actions import add_evidence, add_text, seal
from core.hearings.actions import Invitation, add_staff, finish_minutes, invite_expert, plan_hearing
from core.hooks.records.events import StaffRef
from tests.rules.pictures import jpeg
from tests.workplaces import TestTenant

GRAVE = Filing(text="手术中宠物死亡，要求说明原因。电话13878106871", contact_name="周文博", contact_phone="13878106871")
PHOTO = jpeg(place=True)
SHARES = (("麻醉监护", 70), ("术前评估", 30))


async def file_grave(tenant: TestTenant) -> UUID:
    """File a case of level 3 of a known customer."""
    async with tenant.unit() as uow:
        await add_customer(
            uow, draft=CustomerDraft(full_name="周文博", phones=("+8613878106871",)), allow_duplicate=True
        )
    async with tenant.unit("front_desk") as uow:
        return (await file_complaint(uow, filing=GRAVE)).complaint_id


async def secured(tenant: TestTenant, *, sealed: bool = True) -> UUID:
    """Return a case with a record, a photo and a chat, sealed when asked."""
    complaint_id = await file_grave(tenant)
    async with tenant.unit("admin_officer") as uow:
        await add_evidence(
            uow, complaint_id=complaint_id, kind="medical_record", label="手术病历", content=PHOTO, filename="病历.jpg"
        )
        video = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x07" * 1_200_000
        await add_evidence(uow, complaint_id=complaint_id, kind="video", content=video, filename="手术室.mp4")
        await add_text(uow, complaint_id=complaint_id, kind="chat_record", label="微信记录", words="主人: 手术顺利吗？")
        if sealed:
            await seal(uow, complaint_id=complaint_id, reason="三级投诉 1 小时内固定证据")
    return complaint_id


async def planned(tenant: TestTenant, complaint_id: UUID, *, experts: int = 2) -> tuple[UUID, list[Invitation], UUID]:
    """Return a planned hearing, its experts' invitations and a member of the house."""
    person = tenant.staff["senior_doctor"]
    assert person.id is not None
    async with tenant.unit("team_leader") as uow:
        hearing_id = await plan_hearing(
            uow, complaint_id=complaint_id, starts_at=uow.now, place="二楼会议室", agenda="麻醉过程与监护记录"
        )
        invited = [
            await invite_expert(
                uow,
                hearing_id=hearing_id,
                complaint_id=complaint_id,
                full_name=f"王教授{n}",
                standing="农业大学兽医学院",
            )
            for n in range(experts)
        ]
        ref = StaffRef(staff_id=person.id, name=person.name)
        member_id = await add_staff(uow, hearing_id=hearing_id, complaint_id=complaint_id, staff=ref)
    return hearing_id, invited, member_id


async def held(tenant: TestTenant, complaint_id: UUID) -> tuple[UUID, list[Invitation], UUID]:
    """Return a hearing whose minutes are finished."""
    hearing_id, invited, member_id = await planned(tenant, complaint_id)
    async with tenant.unit("team_leader") as uow:
        await finish_minutes(
            uow,
            hearing_id=hearing_id,
            complaint_id=complaint_id,
            held_at=uow.now,
            attended=frozenset({one.member_id for one in invited} | {member_id}),
            minutes="逐项核对麻醉记录，14:32 起血氧无记录。",
            finding="监护缺失是主要原因。",
            shares=SHARES,
        )
    return hearing_id, invited, member_id
