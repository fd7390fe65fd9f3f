"""Makes the copy of everything that is kept about a person, by the register of holdings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.privacy.catalogue import catalogue
from core.privacy.deeds import split_papers
from core.privacy.holdings import find_ids, list_rows
from core.uow import Reader


class PersonCopy(msgspec.Struct, frozen=True, kw_only=True):
    """The copy: per table, in the order of the register, the rows as plain values."""

    tenant: str
    made_at: datetime
    tables: dict[str, list[dict[str, Any]]]
    areas: dict[str, str]
    """The area of each table."""


async def copy_person(reader: Reader, customer_ids: Sequence[UUID]) -> PersonCopy:
    """Copy what is kept about one person (a record, or a merged cluster): one statement a table."""
    register = catalogue()
    ids = await find_ids(reader, customer_ids)
    await split_papers(reader, ids)
    tables: dict[str, list[dict[str, Any]]] = {}
    for holding in register.values():
        if holding.export:
            rows = await list_rows(reader, holding, ids)
            if rows:
                tables[holding.name] = [msgspec.to_builtins(row) for row in rows]
    areas = {name: register[name].area for name in tables}
    return PersonCopy(tenant=reader.scope.tenant_name, made_at=reader.now, tables=tables, areas=areas)
