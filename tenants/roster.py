"""Who answers for a role right now: shift patterns and single shifts, else everybody who holds the role."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from core.complaints.ports import Duties
from core.days import local_date
from core.uow import Reader
from tenants.shifts.queries import get_plan
from tenants.shifts.rules.plans import Plan

LAST: Final = ("director", "tenant_admin")
"""Who hears of it when the roster has nobody for any role of a chain."""


class PlannedDuties:
    """The plan at one instant."""

    def __init__(self, plan: Plan, at: datetime) -> None:
        self._plan = plan
        self._at = at
        self._known: dict[tuple[str, UUID | None], tuple[UUID, ...]] = {}

    def find(self, *, role: str, branch_id: UUID | None) -> tuple[UUID, ...]:
        """Return who is on duty; asked again, it is not counted again."""
        key = role, branch_id
        if key not in self._known:
            self._known[key] = self._plan.on_duty(role, branch_id, self._at)
        return self._known[key]

    def last_resort(self) -> tuple[str, tuple[UUID, ...]]:
        """Return every director, else every administrator: on duty or not, for somebody must know."""
        for role in LAST:
            people = tuple(sorted({one.staff_id for one in self._plan.holders if one.role == role}))
            if people:
                return role, people
        return LAST[0], ()


class Roster:
    """Reads the roster; it holds nothing, so one serves all tenants."""

    async def find_on_duty(
        self, reader: Reader, *, role: str, branch_id: UUID | None, at: datetime
    ) -> tuple[UUID, ...]:
        """Return the people to tell, in a stable order; empty when the roster has a gap there, or nobody holds the role."""
        duties = await self.read_duties(reader, roles=(role,), at=at)
        return duties.find(role=role, branch_id=branch_id)

    async def read_duties(self, reader: Reader, *, roles: Collection[str], at: datetime) -> Duties:
        """Read the roster of the tenant once for many roles and all branches."""
        day = local_date(at, reader.scope.timezone)
        plan = await get_plan(reader, first=day, last=day, roles={*roles, *LAST})
        return PlannedDuties(plan, at)
