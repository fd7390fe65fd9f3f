"""What complaints need from the room above: who answers for a role right now."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.uow import Reader


class Duties(Protocol):
    """The roster as it stands at one instant, read once: any number of branches may be asked, for the roles it was read for."""

    def find(self, *, role: str, branch_id: UUID | None) -> tuple[UUID, ...]:
        """Return the same as `find_on_duty` for one of the roles."""
        ...

    def last_resort(self) -> tuple[str, tuple[UUID, ...]]:
        """Return who hears of it when no role has anybody: directors, else administrators, whatever the roster says."""
        ...


class DutyRoster(Protocol):
    """Resolves a role when a step fires, not when the clock starts."""

    async def find_on_duty(
        self, reader: Reader, *, role: str, branch_id: UUID | None, at: datetime
    ) -> tuple[UUID, ...]:
        """Return who is on duty in the role; when no duty is planned, everybody active who holds it; else nobody."""
        ...

    async def read_duties(self, reader: Reader, *, roles: Collection[str], at: datetime) -> Duties:
        """Return all of that for many roles and every branch of the tenant, with one read."""
        ...
