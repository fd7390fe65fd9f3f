"""What referrals need from the rooms above: who of the people on a case works here."""

from collections.abc import Collection
from typing import Protocol

from core.uow import Reader


class StaffList(Protocol):
    """Knows the people who work for the tenant."""

    async def find_among(self, reader: Reader, *, phones: Collection[str], names: Collection[str]) -> str | None:
        """Return the name of a member of staff with one of these phones or exactly one of these names."""
        ...


class NobodyKnown:
    """For a process that knows no staff."""

    async def find_among(self, reader: Reader, *, phones: Collection[str], names: Collection[str]) -> str | None:
        """Find nobody."""
        del reader, phones, names
        return None
