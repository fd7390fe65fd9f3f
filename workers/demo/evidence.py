"""A case of level 3 with a sealed locker, a dossier and a planned hearing, so that each of their pages has a link."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.evidence.actions import add_text, seal
from core.evidence.dossiers import start_dossier
from core.evidence.queries import list_evidence
from core.hearings.actions import add_staff, invite_expert, plan_hearing, release
from core.hooks.records.events import StaffRef
from core.scope import Actor
from tenants.work import Workplace

_FILING: Final = Filing(
    text="手术中宠物死亡，要求说明原因并书面答复", contact_name="周文博", contact_phone="13878106871"
)
_PIECES: Final = (
    ("medical_record", "麻醉记录", "14:05 诱导麻醉，14:32 起血氧无记录，14:41 发现心跳停止，立即抢救。"),
    ("chat_record", "与主人的微信记录", "主人：手术顺利吗？\n医院：正在抢救，请您马上到院。"),
    ("note", "麻醉师陈述", "监护仪报警时我在隔壁手术室，约四分钟后赶到。"),
)
_EXPERTS: Final = (("王振华", "农业大学兽医学院 教授"), ("李淑敏", "市宠物诊疗行业协会 主任医师"))
_PAPER: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n"
"""The readable part is drawn by the web; the demo's is empty."""


async def seed_evidence(workplace: Workplace, tenant_id: UUID, director: Actor) -> None:
    """Make the case once; a second time does nothing."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        complaint_id = (await file_complaint(uow, filing=_FILING, key="demo:evidence")).complaint_id
        if await list_evidence(uow, complaint_id):
            return
        for kind, label, words in _PIECES:
            await add_text(uow, complaint_id=complaint_id, kind=kind, label=label, words=words)
        await seal(uow, complaint_id=complaint_id, reason="三级投诉一小时内固定证据", missing="监控录像正在导出")
        await start_dossier(uow, complaint_id=complaint_id, reason="移交法务顾问", paper=_PAPER)
        hearing_id = await plan_hearing(
            uow,
            complaint_id=complaint_id,
            starts_at=uow.now + timedelta(hours=20),
            place="二楼会议室",
            agenda="核对麻醉过程与监护记录，形成初步责任认定",
        )
        for name, standing in _EXPERTS:
            await invite_expert(
                uow, hearing_id=hearing_id, complaint_id=complaint_id, full_name=name, standing=standing
            )
        assert director.id is not None
        ref = StaffRef(staff_id=director.id, name=director.name)
        await add_staff(uow, hearing_id=hearing_id, complaint_id=complaint_id, staff=ref)
        first = next(one for one in await list_evidence(uow, complaint_id) if one.kind == "medical_record")
        await release(uow, hearing_id=hearing_id, complaint_id=complaint_id, evidence_id=first.evidence_id)
