"""Rows and bodies of the roster for the attack tests."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.telling import tell_people
from core.complaints.cases.case import lock_case
from core.complaints.models import Notice
from core.complaints.rules.filing import Filing
from core.db import table_of
from tenants.shifts.actions import add_pattern, record_absence
from tenants.shifts.rules.checks import PatternDraft
from tenants.shifts.swapping import ask_swap
from tests.workplaces import TestTenant

MONDAY: Final = date(2026, 11, 23)
ROLE: Final = "senior_doctor"


async def make_pattern(tenant: TestTenant) -> UUID:
    """The director's own shift, every day of the week."""
    me = tenant.staff["director"].id
    assert me is not None
    draft = PatternDraft(
        name="白班",
        role=ROLE,
        branch_id=None,
        weekdays=tuple(range(7)),
        starts=480,
        ends=1200,
        holidays="same",
        teams=((me,),),
        turn_days=7,
        anchor=MONDAY,
        effective_from=MONDAY,
    )
    async with tenant.unit() as uow:
        return await add_pattern(uow, draft=draft)


async def make_change(tenant: TestTenant) -> UUID:
    """An absence."""
    doctor = tenant.staff["doctor"].id
    assert doctor is not None
    async with tenant.unit() as uow:
        return await record_absence(uow, staff_id=doctor, first=MONDAY, last=MONDAY + timedelta(days=1))


async def make_swap(tenant: TestTenant) -> UUID:
    """An open request of the director's."""
    pattern = await make_pattern(tenant)
    async with tenant.unit() as uow:
        return await ask_swap(uow, pattern_id=pattern, on=MONDAY)


async def make_notice(tenant: TestTenant) -> UUID:
    """A notice of the director's."""
    me = tenant.staff["director"].id
    assert me is not None
    async with tenant.unit() as uow:
        filing = Filing(text="候诊时间过长", contact_name="周文博", contact_phone="13878106871")
        case = await lock_case(uow, (await file_complaint(uow, filing=filing)).complaint_id)
        about = case.policy.milestones[0].id
        await tell_people(uow, case, about=about, stage="step 1", people={me: "director"}, due_at=uow.now)
        table = table_of(Notice)
        query = select(table.c.notice_id).where(table.c.tenant_id == uow.tenant_id, table.c.staff_id == me)
        found = await uow.session.scalar(query.order_by(table.c.notice_id.desc()).limit(1))
        assert isinstance(found, UUID)
        return found


ROSTER_FACTORIES = {
    "pattern_id": make_pattern,
    "change_id": make_change,
    "swap_id": make_swap,
    "notice_id": make_notice,
}
_PATTERN: Final[dict[str, object]] = {
    "name": "夜班",
    "role": ROLE,
    "weekdays": ["0", "6"],
    "starts": "20:00",
    "ends": "08:00",
    "effective_from": "2026-11-24",
    "number": "1",
}
_ONE: Final = "POST /t/{slug:str}/roster/patterns/{pattern_id:uuid}"
ROSTER_BODIES: Final[dict[str, dict[str, object]]] = {
    "POST /t/{slug:str}/roster/patterns": _PATTERN,
    _ONE: _PATTERN,
    f"{_ONE}/end": {"number": "1", "from_day": "2026-11-24"},
    f"{_ONE}/undo": {"number": "1"},
}
