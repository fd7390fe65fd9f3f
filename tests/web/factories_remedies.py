"""Rows of remedies, corrective actions, silence and the library for the attack tests."""

from datetime import timedelta
from uuid import UUID

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.lessons.actions.closing import note_silence
from core.lessons.actions.corrective import add_corrective
from core.lessons.actions.library import draft_entry
from core.lessons.rules.closing import Contact
from core.remedies.actions import RemedyDraft, propose_remedy
from core.uow import UnitOfWork
from tests.lessons import close_by_hand, work_through
from tests.workplaces import TestTenant

FILING = Filing(text="结账时未解释费用明细", contact_name="周文博", contact_phone="13878106871")


async def _filed(uow: UnitOfWork) -> UUID:
    return (await file_complaint(uow, filing=FILING)).complaint_id


async def make_remedy(tenant: TestTenant) -> UUID:
    """A gift that is offered."""
    async with tenant.unit() as uow:
        draft = RemedyDraft(kind="gift", label="宠物用品礼包", cost_fen=80_00)
        return (await propose_remedy(uow, complaint_id=await _filed(uow), draft=draft, key="attack")).remedy_id


async def make_action(tenant: TestTenant) -> UUID:
    """A corrective action that is open."""
    async with tenant.unit() as uow:
        owner = tenant.staff["doctor"].id
        assert owner is not None
        due = uow.today + timedelta(days=7)
        return await add_corrective(
            uow, complaint_id=await _filed(uow), words="每周例会讲解费用", owner_id=owner, due_on=due
        )


async def make_silence(tenant: TestTenant) -> UUID:
    """A customer who does not want to say, on a resolved case."""
    async with tenant.unit() as uow:
        case = await _filed(uow)
        await work_through(uow, case)
        contact = Contact(at=uow.now - timedelta(hours=1), how="电话")
        return await note_silence(uow, complaint_id=case, why="refuses", reason="不愿评价", contacts=[contact])


async def make_entry(tenant: TestTenant) -> UUID:
    """A draft of the library."""
    async with tenant.unit() as uow:
        case = await _filed(uow)
        await close_by_hand(uow, case)
        return (await draft_entry(uow, complaint_id=case, staff=())).entry_id


REMEDY_FACTORIES = {
    "remedy_id": make_remedy,
    "action_id": make_action,
    "silence_id": make_silence,
    "entry_id": make_entry,
}
REMEDY_WORDS = {"answer": "confirm"}
_ONE = "POST /t/{slug:str}/complaints/remedies/{remedy_id:uuid}"
_CLOSING = "POST /t/{slug:str}/complaints/{complaint_id:uuid}/closing"
_ACTION = "POST /t/{slug:str}/complaints/actions/{action_id:uuid}"
REMEDY_BODIES: dict[str, dict[str, object]] = {
    f"{_ONE}/refuse": {"words": "no"},
    f"{_ONE}/decline": {"words": "no"},
    f"{_ONE}/take-back": {"words": "no"},
    "POST /t/{slug:str}/complaints/{complaint_id:uuid}/remedies": {
        "kind": "gift",
        "label": "bag",
        "cost": "10",
        "key": "once",
    },
    f"{_CLOSING}/cause": {"cause": "petclinic.cause_quality", "words": "seen"},
    f"{_CLOSING}/actions": {"words": "seen", "due_on": "2026-12-24"},
    f"{_CLOSING}/silence": {"why": "refuses", "reason": "seen", "at": "2026-11-20T10:00", "how": "phone"},
    f"{_ACTION}/done": {"words": "seen"},
    f"{_ACTION}/check": {"effective": "yes", "words": "seen"},
    "POST /t/{slug:str}/library/{entry_id:uuid}/publish": {"situation": "x", "lesson": "y", "seen": "true"},
    "POST /t/{slug:str}/library/{entry_id:uuid}/withdraw": {"reason": "seen"},
}
