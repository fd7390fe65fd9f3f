"""Gives churn the tenant's people: who left, and who is to call a customer who stays away."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.churn.ports import Owner, Team
from core.uow import Reader
from tenants.models import Staff, StaffRole
from tenants.roles import ROLES
from tenants.roster import Roster

_ROSTER: Final = Roster()
_CALLERS: Final = sorted(code for code, role in ROLES.items() if "churn.read" in role.permissions)


class TenantTeam:
    """Reads staff and duty plan; it holds nothing, so one serves all tenants."""

    async def list_left(self, reader: Reader) -> dict[UUID, str]:
        """Return the names of those who left, by id."""
        query = select(Staff.staff_id, Staff.full_name).where(
            Staff.tenant_id == reader.tenant_id, Staff.state == "left"
        )
        return {row.staff_id: row.full_name for row in await reader.session.execute(query)}

    async def find_owner(
        self, reader: Reader, *, roles: Sequence[str], branch_id: UUID | None, clinician_id: UUID | None
    ) -> Owner | None:
        """Return who calls: the customer's own clinician while they are here, else who is on duty for the first role."""
        if clinician_id is not None and (owner := await self._active(reader, clinician_id)):
            return owner
        for role in roles:
            found = await _ROSTER.find_on_duty(reader, role=role, branch_id=branch_id, at=reader.now)
            if found:
                return await self._active(reader, found[0])
        return None

    async def list_owners(self, reader: Reader) -> list[Owner]:
        """Return everybody who may be given a case, by name."""
        may = select(StaffRole.staff_id).where(StaffRole.tenant_id == reader.tenant_id, StaffRole.role.in_(_CALLERS))
        query = (
            select(Staff.staff_id, Staff.full_name)
            .where(Staff.tenant_id == reader.tenant_id, Staff.state == "active", Staff.staff_id.in_(may))
            .order_by(Staff.full_name, Staff.staff_id)
        )
        return [Owner(row.staff_id, row.full_name) for row in await reader.session.execute(query)]

    async def _active(self, reader: Reader, staff_id: UUID) -> Owner | None:
        query = select(Staff.staff_id, Staff.full_name).where(
            Staff.tenant_id == reader.tenant_id, Staff.staff_id == staff_id, Staff.state == "active"
        )
        row = (await reader.session.execute(query)).first()
        return Owner(row.staff_id, row.full_name) if row else None


TEAM: Final[Team] = TenantTeam()
