"""The register of what is kept about a person: each table says how it is found, copied, erased, or why it stays."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Table, delete, func, literal, or_, select, update
from sqlalchemy.types import ARRAY, Uuid

from core.db import Base, table_of
from core.privacy.rules import Law
from core.uow import Reader, UnitOfWork

Ids = dict[str, set[UUID]]
"""Keys of everything that belongs to the person, by what they name: customer, subject, submission, ..."""
Erase = Literal["delete", "blank", "keep"]


class Person(msgspec.Struct, frozen=True):
    """Whom an erasure is about: the keys, and the phones as lists and forms hold them."""

    ids: Ids
    phones: tuple[str, ...] = ()


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One table. Rows belong to the person when any column of `by` holds an id of the named set.

    `gives` adds the rows' own keys to sets, for tables that follow. `erase_by` narrows an erasure to another set.
    `sealed` tables are append-only: the function `app.erase_<table>` of the migrations does the deed.
    """

    area: str
    row: type[Base]
    by: Mapping[str, str]
    gives: Mapping[str, str] = {}
    export: tuple[str, ...] = ()
    erase: Erase = "delete"
    erase_by: Mapping[str, str] | None = None
    blank: Mapping[str, Any] = {}
    sealed: bool = False
    law: Law | None = None
    """Why what is left after the deed stays; with `since`, the column from which its years count."""
    since: str = ""
    shape: Callable[[Reader, list[dict[str, Any]]], Awaitable[list[dict[str, Any]]]] | None = None
    """Makes exported rows readable, e.g. answers with their questions."""
    run: Callable[[UnitOfWork, Person], Awaitable[int]] | None = None
    """Erases in a way of its own, and returns how many rows it took."""

    @property
    def table(self) -> Table:
        """The table of the rows."""
        return table_of(self.row)

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table.name)


HOLDINGS: Final[dict[str, Holding]] = {}
"""By table, parents before children: an erasure goes the other way."""
NOT_HELD: Final[dict[str, str]] = {}
"""Tables with a customer's or subject's key that need no line, each with the reason."""
_SET: Final = ARRAY(Uuid(as_uuid=True))


def add_holding(*holdings: Holding) -> None:
    """Register tables; areas call it in core/privacy/catalogue.py, plugins from their own start."""
    for holding in holdings:
        if holding.name in HOLDINGS:
            raise ValueError(f"two holdings name the table {holding.name}")
        HOLDINGS[holding.name] = holding


def whose(holding: Holding, ids: Ids, tenant_id: UUID, *, erasing: bool = False) -> ColumnElement[bool]:
    """The rows of the person in a table."""
    table = holding.table
    by = holding.erase_by if erasing and holding.erase_by is not None else holding.by
    either = [table.c[column] == func.any(array_of(ids, name)) for column, name in by.items()]
    return (table.c.tenant_id == tenant_id) & or_(*either)


def array_of(ids: Ids, name: str) -> Any:
    """A set of keys as one parameter; `person` is the customers and whom they bring along."""
    found = ids["customer"] | ids.get("subject", set()) if name == "person" else ids.get(name, set())
    return literal(sorted(found), _SET)


async def find_ids(reader: Reader, customer_ids: Sequence[UUID], *, spared: Ids | None = None) -> Ids:
    """Return the keys of everything that belongs to these customers (one person, or a merged cluster).

    `spared` ids are left out, and with them whatever is found through them.
    """
    ids: Ids = {"customer": set(customer_ids)}
    for holding in HOLDINGS.values():
        for column, name in holding.gives.items():
            query = select(holding.table.c[column]).where(
                whose(holding, ids, reader.tenant_id), holding.table.c[column].is_not(None)
            )
            ids.setdefault(name, set()).update(await reader.session.scalars(query))
            ids[name] -= (spared or {}).get(name, set())
    return ids


async def list_rows(reader: Reader, holding: Holding, ids: Ids) -> list[dict[str, Any]]:
    """Return the person's rows of a table with the columns that a copy shows."""
    table = holding.table
    query = select(*(table.c[name] for name in holding.export)).where(whose(holding, ids, reader.tenant_id))
    rows = [dict(row._mapping) for row in await reader.session.execute(query.order_by(*table.primary_key))]  # noqa: SLF001 - SQLAlchemy's public name
    return await holding.shape(reader, rows) if holding.shape else rows


async def erase_rows(uow: UnitOfWork, holding: Holding, person: Person) -> int:
    """Do the holding's deed; return how many rows it met."""
    ids = person.ids
    if holding.run is not None:
        return await holding.run(uow, person)
    if holding.erase == "keep":
        return 0
    if holding.sealed:
        ((_, name),) = (holding.erase_by or holding.by).items()
        function = getattr(func.app, f"erase_{holding.name}")
        return int(await uow.session.scalar(select(function(uow.tenant_id, array_of(ids, name)))) or 0)
    mine = whose(holding, ids, uow.tenant_id, erasing=True)
    deed = delete(holding.table) if holding.erase == "delete" else update(holding.table).values(dict(holding.blank))
    done = await uow.session.execute(deed.where(mine).returning(literal(1)))
    return len(done.all())


async def count_left(reader: Reader, holding: Holding, ids: Ids) -> tuple[int, Any]:
    """Return how many rows are there, and the newest moment from which their years count."""
    table = holding.table
    newest = func.max(table.c[holding.since]) if holding.since else literal(None)
    row = (
        await reader.session.execute(
            select(func.count(), newest).select_from(table).where(whose(holding, ids, reader.tenant_id))
        )
    ).one()
    return int(row[0]), row[1]
