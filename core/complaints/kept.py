"""Policies by version: a version is the hash of its content, so what was read once serves whoever has it."""

from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.complaints.models import ComplaintPolicy
from core.db import one_of, table_of
from core.hooks.records.complaints import Policy

_P = table_of(ComplaintPolicy)
_READ: Final = msgspec.json.Decoder(Policy)
_KEPT: Final[dict[str, Policy]] = {}
MOST: Final = 2000
"""Policies kept by a process: some kilobytes each."""


async def read_policies(session: AsyncSession, versions: Collection[str]) -> dict[str, Policy]:
    """Return those of the tenant's policies, by version; a version that it does not have is left out."""
    found = {version: _KEPT[version] for version in versions if version in _KEPT}
    missing = sorted(set(versions) - found.keys())
    if missing:
        query = select(_P.c.version, cast(_P.c.definition, Text).label("definition")).where(
            _P.c.tenant_id == session.info["tenant_id"], one_of(_P.c.version, missing)
        )
        read = {row.version: _READ.decode(row.definition) for row in await session.execute(query)}
        if len(_KEPT) > MOST:
            _KEPT.clear()
        _KEPT.update(read)
        found |= read
    return found
