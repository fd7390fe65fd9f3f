"""What cases are about, as far as it decides which promises hold: each one's category with all above it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from core.complaints.models import Complaint
from core.db import one_of, table_of
from core.policies.queries import get_line
from core.uow import Reader

_C = table_of(Complaint)


async def get_lines(reader: Reader, ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the line of categories of each case."""
    mine = (_C.c.tenant_id == reader.tenant_id, one_of(_C.c.complaint_id, list(ids)))
    rows = await reader.session.execute(select(_C.c.complaint_id, _C.c.category).where(*mine))
    return {row.complaint_id: get_line(reader, row.category) for row in rows}
