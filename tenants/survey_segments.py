"""Lets surveys ask about segments, which stand above them in core: one place for web and worker."""

from typing import Any, Final

from sqlalchemy import select

from core.conditions.statements import select_matching
from core.errors import NotFound
from core.hooks.records.text import localized
from core.segments.fields import get_fields
from core.segments.queries import get_segment, list_segments
from core.surveys.ports import Segments
from core.uow import Reader


class TenantSegments:
    """The segments of the tenant and of its plugins, as far as they can be used."""

    async def list_segments(self, reader: Reader) -> list[tuple[str, str]]:
        """Return (id, name) of each, in the reader's language."""
        known = await list_segments(reader)
        return [(one.id, localized(one.label, reader.scope.locale)) for one in known if one.usable]

    async def get_members(self, reader: Reader, segment_id: str) -> Any:
        """Return a SELECT of the customer ids in it; raise NotFound when there is none, or it cannot be used."""
        segment = await get_segment(reader, segment_id)
        if not segment.usable:
            raise NotFound("the segment names a field that is not there any more")
        catalogue, bindings = await get_fields(reader)
        today = reader.today
        # A table of its own: inside a statement over customers the bare SELECT would lose its FROM.
        members = select_matching(segment.tree, catalogue=catalogue, bindings=bindings, today=today).subquery()
        return select(members.c[0])


SEGMENTS: Final[Segments] = TenantSegments()
