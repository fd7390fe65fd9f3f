"""Makes the copy of everything that is kept about a person, by the register of holdings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.hooks.records.text import Text
from core.privacy.catalogue import catalogue
from core.privacy.deeds import split_papers
from core.privacy.holdings import find_ids, list_rows
from core.privacy.plugin_data import ask_for_copies
from core.uow import Reader


class PersonCopy(msgspec.Struct, frozen=True, kw_only=True):
    """The copy: per table, in the order of the register, the rows as plain values."""

    tenant: str
    made_at: datetime
    tables: dict[str, list[dict[str, Any]]]
    areas: dict[str, str]
    """The area of each table."""
    titles: dict[str, Text] = {}
    """Of what plugins hold: words in both languages for each table."""
    missing: tuple[str, ...] = ()
    """Plugins that did not hand out what they hold."""


async def copy_person(reader: Reader, customer_ids: Sequence[UUID], *, whole: bool = True) -> PersonCopy:
    """Copy what is kept about one person (a record, or a merged cluster): one statement a table, and what plugins hold.

    With `whole` false, as on a page, a plugin that fails is named in `missing`.

    Raises:
        PluginFault: a plugin that holds data did not hand them out; half a copy is none.
    """
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
    titles: dict[str, Text] = {}
    parts, missing = await ask_for_copies(reader, customer_ids, whole=whole)
    for plugin, part in parts:
        name = f"x_{plugin}_{sum(1 for one in titles if areas[one] == plugin) + 1}"
        tables[name], areas[name], titles[name] = list(part.rows), plugin, part.title
    return PersonCopy(
        tenant=reader.scope.tenant_name, made_at=reader.now, tables=tables, areas=areas, titles=titles, missing=missing
    )
