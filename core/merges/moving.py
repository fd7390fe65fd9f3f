"""Lets the rows of one customer or subject follow to another, and back: every table is found by walking the metadata."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, UniqueConstraint, and_, exists, func, select, text, true, tuple_, update

from core.customers.models import CustomerPhone, CustomValue
from core.db import Base, table_of
from core.merges.rules import KEPT
from core.uow import Reader, UnitOfWork

_P, _V = table_of(CustomerPhone), table_of(CustomValue)
_PIECE = 500
_MAY_UPDATE = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS asked (name) WHERE has_table_privilege(name, 'UPDATE')"
)


class Place(msgspec.Struct, frozen=True):
    """A column that names a customer or subject; in some tables another column says which of the two it is."""

    table: str
    column: str
    entity: str
    kind_column: str = ""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that followed: the rest of their primary keys as text, in the order of the key's columns."""

    table: str
    column: str
    entity: str
    source: UUID
    into: UUID
    keys: list[list[str]]


def list_places(entity: str) -> tuple[Place, ...]:
    """Every column through which rows follow a `customer` or a `subject`, but those left alone for a reason."""
    return tuple(place for table in Base.metadata.sorted_tables for place in _places(table, entity))


def _places(table: Table, entity: str) -> Iterator[Place]:
    own, name = f"{entity}_id", str(table.name)
    if name in {"customer", "subject"}:
        if name == entity:
            yield Place(name, "merged_into", entity)
        elif entity == "customer":
            yield Place(name, own, entity)
        return
    if name in KEPT or "tenant_id" not in table.c:
        return
    for one in table.c:
        named = one.name == own or any(key.column.table.name == entity for key in one.foreign_keys)
        if named and one.name != "tenant_id":
            yield Place(name, str(one.name), entity)
    for kind, ident in (("entity_type", "entity_id"), ("owner_kind", "owner_id")):
        if kind in table.c and ident in table.c:
            yield Place(name, ident, entity, kind)


async def count_rows(reader: Reader, entity: str, one: UUID) -> dict[str, int]:
    """How many rows of each table would follow."""
    counts: dict[str, int] = {}
    for place in list_places(entity):
        table = Base.metadata.tables[place.table]
        found = await reader.session.scalar(
            select(func.count()).select_from(table).where(*_mine(reader, table, place, one))
        )
        if found:
            counts[place.table] = counts.get(place.table, 0) + found
    return counts


async def move_rows(uow: UnitOfWork, *, entity: str, source: UUID, into: UUID, but: Sequence[UUID] = ()) -> list[Moved]:
    """Let everything of `source` follow to `into`; a row that `into` has already stays where it is.

    `but` are subjects that stay with their customer, for they become one with another pet.
    """
    moved = []
    places = list_places(entity)
    # A table that is append-only by privilege stays, whoever adds it; a test asks for its reason in KEPT.
    told = await uow.session.scalars(_MAY_UPDATE, {"names": sorted({place.table for place in places})})
    allowed = set(told)
    for place in places:
        table = Base.metadata.tables[place.table]
        if place.table not in allowed:
            continue
        rest = _rest_of_key(table, place)
        statement = update(table).where(*_mine(uow, table, place, source), *_free(table, place, into))
        if place.table == "subject" and place.column == "customer_id":
            statement = statement.where(table.c.merged_into.is_(None), table.c.subject_id.not_in(but))
        rows = await uow.session.execute(
            statement.values({place.column: into}).returning(*(rest or [table.c.tenant_id]))
        )
        keys = [[str(value) for value in row] if rest else [] for row in rows]
        if keys:
            moved.append(
                Moved(table=place.table, column=place.column, entity=entity, source=source, into=into, keys=keys)
            )
    return moved


async def list_own_values(reader: Reader, customer_id: UUID) -> dict[str, Any]:
    """Return a customer's own fields that have a value."""
    rows = await reader.session.execute(
        select(_V.c.field_key, _V.c.v_text, _V.c.v_int, _V.c.v_date).where(*_own(reader, customer_id))
    )
    return {key: next(value for value in values if value is not None) for key, *values in rows}


async def swap_own_values(uow: UnitOfWork, one: UUID, other: UUID, keys: Sequence[str]) -> None:
    """Exchange own fields that both have: the one who stays shows the other's, and done again it is undone."""
    columns = (_V.c.v_text, _V.c.v_int, _V.c.v_date)
    for key in keys:
        found = {}
        for customer_id in (one, other):
            mine = (*_own(uow, customer_id), _V.c.field_key == key)
            found[customer_id] = (await uow.session.execute(select(*columns).where(*mine).with_for_update())).first()
        first, second = found[one], found[other]
        if first is None or second is None:
            continue
        for into, row in ((one, second), (other, first)):
            mine = (*_own(uow, into), _V.c.field_key == key)
            values = dict(zip((column.name for column in columns), row, strict=True))
            await uow.session.execute(update(_V).where(*mine).values(**values))


def _own(reader: Reader, customer_id: UUID) -> tuple[Any, ...]:
    return (_V.c.tenant_id == reader.tenant_id, _V.c.entity_type == "customer", _V.c.entity_id == customer_id)


async def find_gone_elsewhere(uow: UnitOfWork, moved: Moved) -> int:
    """How many of these rows belong to somebody else by now; rows that are gone altogether do not count."""
    table = Base.metadata.tables[moved.table]
    if table.c[moved.column].primary_key:
        return 0
    found = 0
    for piece in _pieces(moved.keys):
        found += (
            await uow.session.scalar(
                select(func.count())
                .select_from(table)
                .where(
                    table.c.tenant_id == uow.tenant_id, table.c[moved.column] != moved.into, _these(table, moved, piece)
                )
            )
            or 0
        )
    return found


async def move_back(uow: UnitOfWork, moved: Moved) -> None:
    """Give these rows back to whom they came from."""
    table = Base.metadata.tables[moved.table]
    for piece in _pieces(moved.keys):
        await uow.session.execute(
            update(table)
            .where(table.c.tenant_id == uow.tenant_id, table.c[moved.column] == moved.into, _these(table, moved, piece))
            .values({moved.column: moved.source})
        )


async def number_phones(uow: UnitOfWork, *, customer_id: UUID, first: str | None) -> None:
    """Put a customer's numbers in order again, the one to call first."""
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id)
    rows = await uow.session.scalars(select(_P.c.phone_e164).where(*mine).order_by(_P.c.position, _P.c.phone_e164))
    ordered = sorted(rows, key=lambda phone: phone != first)
    for position, phone in enumerate(ordered):
        await uow.session.execute(update(_P).where(*mine, _P.c.phone_e164 == phone).values(position=position))


def _pieces(keys: list[list[str]]) -> Iterator[list[list[str]]]:
    for start in range(0, len(keys), _PIECE):
        yield keys[start : start + _PIECE]


def _rest_of_key(table: Table, place: Place) -> list[Any]:
    return [one for one in table.primary_key.columns if one.name not in {"tenant_id", place.column}]


def _mine(reader: Reader, table: Table, place: Place, one: UUID) -> list[Any]:
    mine = [table.c.tenant_id == reader.tenant_id, table.c[place.column] == one]
    return [*mine, table.c[place.kind_column] == place.entity] if place.kind_column else mine


def _free(table: Table, place: Place, into: UUID) -> list[Any]:
    """Nothing unique stands in the way: `into` has no row yet that differs in nothing but the owner."""
    free = []
    for columns in _unique_sets(table):
        if place.column not in columns:
            continue
        other = table.alias()
        same = [other.c[name] == table.c[name] for name in columns if name != place.column]
        free.append(~exists().where(and_(other.c[place.column] == into, *same)))
    return free


def _unique_sets(table: Table) -> Iterator[list[str]]:
    yield [one.name for one in table.primary_key.columns]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [one.name for one in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield [one.name for one in index.columns]


def _these(table: Table, moved: Moved, keys: list[list[str]]) -> Any:
    """The rows with these keys; a key of one column is the usual case and uses the index."""
    rest = _rest_of_key(table, Place(moved.table, moved.column, moved.entity))
    if not rest:
        return true()
    typed = [[_typed(one, value) for one, value in zip(rest, key, strict=True)] for key in keys]
    if len(rest) == 1:
        return rest[0].in_([key[0] for key in typed])
    return tuple_(*rest).in_([tuple(key) for key in typed])


def _typed(one: Any, value: str) -> Any:
    kind = one.type.python_type
    return kind.fromisoformat(value) if kind in {date, datetime} else value if kind is str else kind(value)
