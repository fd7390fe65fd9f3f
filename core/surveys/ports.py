"""What surveys need from the rooms above: who is in a segment; segments stand above surveys."""

from typing import Any, Protocol

from core.errors import NotFound
from core.uow import Reader


class Segments(Protocol):
    """Names the tenant's segments and their members."""

    async def list_segments(self, reader: Reader) -> list[tuple[str, str]]:
        """Return (id, name) of each, in the reader's language."""
        ...

    async def get_members(self, reader: Reader, segment_id: str) -> Any:
        """Return a SELECT of the customer ids in it, to stand inside a statement; raise NotFound when there is none."""
        ...


class NoSegments:
    """For a process that knows no segments: there are none to choose."""

    async def list_segments(self, reader: Reader) -> list[tuple[str, str]]:
        """Return nothing."""
        del reader
        return []

    async def get_members(self, reader: Reader, segment_id: str) -> Any:
        """Know none."""
        del reader, segment_id
        raise NotFound("no such segment")
