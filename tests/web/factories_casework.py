"""Rows and bodies of the work on a case, for the attack tests."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.casework.actions import add_task, send_reply
from core.casework.applying import apply_macro, save_macro
from core.casework.rules.macros import Filled, MacroDraft
from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from tests.workplaces import TestTenant

KIND: Final = "能理解您的心情，我们马上核实。"


async def _case(tenant: TestTenant) -> UUID:
    async with tenant.unit() as uow:
        filing = Filing(text="候诊时间过长", contact_name="周文博", contact_phone="13878106871")
        return (await file_complaint(uow, filing=filing)).complaint_id


async def _task(tenant: TestTenant) -> object:
    case, doctor = await _case(tenant), tenant.staff["doctor"]
    assert doctor.id is not None
    async with tenant.unit() as uow:
        due = uow.now + timedelta(hours=1)
        people = {doctor.id: doctor.name}
        return await add_task(uow, complaint_id=case, words="回电", assignee_id=doctor.id, due_at=due, people=people)


async def _reply(tenant: TestTenant) -> object:
    case = await _case(tenant)
    async with tenant.unit() as uow:
        return (await send_reply(uow, complaint_id=case, words=KIND)).reply_id


async def _macro(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await save_macro(uow, draft=MacroDraft(name="回电", note="已回电"))


async def _use(tenant: TestTenant) -> object:
    case = await _case(tenant)
    macro = Filled(id="x", label="回电", text=KIND, note="", task="", task_hours=1, pause="", source="")
    async with tenant.unit() as uow:
        return await apply_macro(uow, complaint_id=case, macro=macro, people={})


CASEWORK_FACTORIES: Final[dict[str, Callable[[TestTenant], Awaitable[object]]]] = {
    "task_id": _task,
    "reply_id": _reply,
    "macro_id": _macro,
    "use_id": _use,
}
_AT: Final = "POST /t/{slug:str}/complaints/{complaint_id:uuid}"
CASEWORK_BODIES: Final[dict[str, Mapping[str, object]]] = {
    f"{_AT}/calls": {"words": "已致歉"},
    f"{_AT}/replies": {"words": KIND},
    f"{_AT}/tasks": {
        "words": "回电",
        "assignee_id": "00000000-0000-7000-8000-000000000001",
        "due_at": "2099-01-01T10:00",
    },
    "POST /t/{slug:str}/complaints/claim": {"case": "00000000-0000-7000-8000-000000000001"},
    "POST /t/{slug:str}/macros": {"name": "回电", "note": "已回电"},
}
