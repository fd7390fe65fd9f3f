"""Inserts many rows of one table in one statement: columns travel whole and unnest, a fifth of what single rows cost."""

import functools
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Table, Text, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB, dialect
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import encode_json

_DIALECT = dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own constructor carries no types
# A column travels as one text: the driver looks at every element of an array, PostgreSQL cuts a text in no time.
# No field may hold these two; where one does all the same, the column travels as an array.
_BETWEEN: Final = "\x1f"
_NULL: Final = "\x1e"
_ALIKE: Final = "one"
_CUT: Final = "cut"
_ARRAY: Final = "array"


async def insert_many(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; the tenant of each is judged by row security as ever."""
    if rows:
        await insert_columns(session, table, {name: [row[name] for row in rows] for name in rows[0]})


async def insert_new(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows as `insert_many` does; one that a key of the table has already is left as it is."""
    if rows:
        await insert_columns(session, table, {name: [row[name] for row in rows] for name in rows[0]}, or_leave=True)


async def insert_columns(
    session: AsyncSession, table: Table, columns: Mapping[str, Any], *, or_leave: bool = False
) -> None:
    """Insert rows column by column: lists of one length, or a single value that all rows share."""
    forms, values = [], {}
    for name, given in columns.items():
        form, value = _packed(table, name, given)
        forms.append((name, form))
        values[name] = value
    if all(form == _ALIKE for _, form in forms):
        name = forms[0][0]
        forms[0] = (name, _ARRAY)
        values[name] = _as_array(table, name, columns[name])
    if any(isinstance(given, list) and not given for given in columns.values()):
        return
    await session.execute(_statement(table, tuple(forms), or_leave=or_leave), values)


def _packed(table: Table, name: str, given: Any) -> tuple[str, Any]:
    if not isinstance(given, list):
        return _ALIKE, given
    first = given[0] if given else None
    if all(value is first for value in given):
        return _ALIKE, first
    kind = table.c[name].type
    if isinstance(kind, JSONB):
        texts = [_NULL if value is None else encode_json(value) for value in given]
    elif isinstance(kind, Text):
        texts = [_NULL if value is None else value for value in given]
    elif isinstance(first, date | datetime):
        texts = [_NULL if value is None else value.isoformat() for value in given]
    else:
        texts = [_NULL if value is None else str(value) for value in given]
    packed = _BETWEEN.join(texts)
    if packed.count(_BETWEEN) != len(texts) - 1 or packed.count(_NULL) != given.count(None):
        return _ARRAY, _as_array(table, name, given)
    return _CUT, packed


def _as_array(table: Table, name: str, given: Any) -> list[Any]:
    values = given if isinstance(given, list) else [given]
    if isinstance(table.c[name].type, JSONB):
        return [None if value is None else encode_json(value) for value in values]
    return values


@functools.lru_cache(maxsize=256)
def _statement(table: Table, forms: tuple[tuple[str, str], ...], *, or_leave: bool) -> TextClause:
    arrays, named, chosen, typed = [], [], [], []
    for name, form in forms:
        kind = table.c[name].type
        sql = "text" if isinstance(kind, Text) else kind.compile(_DIALECT)  # a collation is no part of a type
        if form == _ALIKE:
            chosen.append(f"CAST(:{name} AS {sql})")
            typed.append(bindparam(name, type_=kind))
            continue
        named.append(name)
        chosen.append(f"CAST(r.{name} AS jsonb)" if isinstance(kind, JSONB) else f"r.{name}")
        sql = "text" if isinstance(kind, JSONB) else sql
        whole = f"string_to_array(:{name}, E'\\x1f', E'\\x1e')" if form == _CUT else f":{name}"
        if form == _CUT:
            typed.append(bindparam(name, type_=Text()))
        arrays.append(f"CAST({whole} AS {sql}[])")
    columns = ", ".join(name for name, _ in forms)
    return text(
        f"INSERT INTO {table.name} ({columns}) SELECT {', '.join(chosen)}"  # noqa: S608 - names of our own metadata
        f" FROM unnest({', '.join(arrays)}) AS r ({', '.join(named)})"
        f"{' ON CONFLICT DO NOTHING' if or_leave else ''}"
    ).bindparams(*typed)
