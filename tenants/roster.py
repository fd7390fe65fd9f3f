"""Who answers for a role right now: planned duty first, then everybody of the branch who holds the role, then the chain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select

from core.uow import Reader
from tenants.models import DutyShift, Staff, StaffRole


class Roster:
    """Reads the duty plan; it holds nothing, so one serves all tenants."""

    async def find_on_duty(
        self, reader: Reader, *, role: str, branch_id: UUID | None, at: datetime
    ) -> tuple[UUID, ...]:
        """Return the people to tell, in a stable order; empty when nobody holds the role."""
        planned = await self._planned(reader, role, branch_id, at)
        return planned or await self._holders(reader, role, branch_id)

    async def _planned(self, reader: Reader, role: str, branch_id: UUID | None, at: datetime) -> tuple[UUID, ...]:
        here = (
            DutyShift.branch_id.is_(None)
            if branch_id is None
            else or_(DutyShift.branch_id.is_(None), DutyShift.branch_id == branch_id)
        )
        query = (
            select(DutyShift.staff_id)
            .join(Staff, and_(Staff.tenant_id == DutyShift.tenant_id, Staff.staff_id == DutyShift.staff_id))
            .where(DutyShift.role == role, DutyShift.starts_at <= at, DutyShift.ends_at > at, here)
            .where(Staff.state == "active")
            .order_by(DutyShift.staff_id)
            .distinct()
        )
        return tuple(await reader.session.scalars(query))

    async def _holders(self, reader: Reader, role: str, branch_id: UUID | None) -> tuple[UUID, ...]:
        query = (
            select(StaffRole.staff_id, Staff.branch_id)
            .join(Staff, and_(Staff.tenant_id == StaffRole.tenant_id, Staff.staff_id == StaffRole.staff_id))
            .where(StaffRole.role == role, Staff.state == "active")
            .order_by(StaffRole.staff_id)
        )
        holders = list(await reader.session.execute(query))
        near = tuple(staff for staff, branch in holders if branch in {None, branch_id} or branch_id is None)
        return near or tuple(staff for staff, _ in holders)
