"""What churn needs from the room above: who of the staff left, and who is to call."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from core.uow import Reader


class Owner(msgspec.Struct, frozen=True):
    """Somebody who may be given a case."""

    staff_id: UUID
    name: str


class Team(Protocol):
    """The tenant's people, as far as cases need them."""

    async def list_left(self, reader: Reader) -> dict[UUID, str]:
        """Return the names of those who left, by id."""
        ...

    async def find_owner(
        self, reader: Reader, *, roles: Sequence[str], branch_id: UUID | None, clinician_id: UUID | None
    ) -> Owner | None:
        """Return who calls: the customer's own clinician while they are here, else who is on duty for the first role."""
        ...

    async def list_owners(self, reader: Reader) -> list[Owner]:
        """Return everybody who may be given a case, by name."""
        ...
