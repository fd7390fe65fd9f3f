"""What complaints need from the room above: who answers for a role right now."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.uow import Reader


class DutyRoster(Protocol):
    """Resolves a role when a step fires, not when the clock starts."""

    async def find_on_duty(
        self, reader: Reader, *, role: str, branch_id: UUID | None, at: datetime
    ) -> tuple[UUID, ...]:
        """Return who is on duty in the role; when no duty is planned, everybody active who holds it; else nobody."""
        ...
