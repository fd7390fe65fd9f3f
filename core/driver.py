"""Transactions of one tenant each, back to back on connections of the driver's own, for a sweep whose every statement counts.

A statement costs a third of what it does through an engine's session. What runs here names its tenant and is bound to
it exactly as there; only statements over tables are taken, made once, with lists in arrays (`one_of`) and no `IN`.
"""

import collections
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import msgspec
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import encode_json, sign_tenant
from core.errors import NoTenant

_DIALECT: Final = asyncpg_dialect.dialect(json_serializer=encode_json)  # type: ignore[no-untyped-call] # SQLAlchemy's own constructor carries no types
_KINDS: "WeakKeyDictionary[Executable, _Statement]" = WeakKeyDictionary()


# Planning anew what fires a deadline costs more than running it: its statements find rows by their keys.
_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL plan_cache_mode = force_generic_plan"


class Rows(list[Any]):
    """All rows of one statement, with the few questions that are asked of an engine's result."""

    def all(self) -> "Rows":
        """Return them all."""
        return self

    def first(self) -> Any:
        """Return the first, or None."""
        return self[0] if self else None


class _Statement:
    """The text of a statement and how its values go in and its rows come out."""

    def __init__(self, statement: Executable) -> None:
        compiled: Any = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined] # every statement compiles
        self.text = str(compiled)
        self._names: Sequence[str] = compiled.positiontup
        self._given: Mapping[str, Any] = compiled.params
        self._into: Mapping[str, Callable[[Any], Any]] = compiled._bind_processors  # noqa: SLF001 - what its own cursor uses
        columns = list(compiled._result_columns)  # noqa: SLF001 - as above
        self._json = [place for place, column in enumerate(columns) if isinstance(column.type, JSONB)]
        self._row: Callable[[Any], Any] | None = None

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Return what is bound, in order."""
        into, otherwise = self._into, self._given
        values = [given[name] if name in given else otherwise[name] for name in self._names]
        if not into:
            return values
        return [into[name](value) if name in into else value for name, value in zip(self._names, values, strict=True)]

    def rows(self, records: Sequence[Any]) -> Rows:
        """Make rows that are asked by position and by name."""
        if not records:
            return Rows()
        make = self._row
        if make is None:
            kind: Any = collections.namedtuple  # noqa: PYI024 - its columns are known at run time only
            make = self._row = kind("Row", records[0].keys(), rename=True)._make
        return Rows(make(self._decoded(record) if self._json else record) for record in records)

    def _decoded(self, record: Any) -> list[Any]:
        values = list(record)
        for place in self._json:
            if values[place] is not None:
                values[place] = msgspec.json.decode(values[place])
        return values


class DriverSession:
    """One transaction of one tenant: what `uow.session` is where the unit was opened on a driver's connection."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: UUID | None) -> None:
        self._connection = connection
        self.info = {"tenant_id": tenant_id}

    @property
    def plain(self) -> AsyncSession:
        """Itself, for units and readers: what they are given to do here asks for no more than this class has."""
        return cast("AsyncSession", self)

    async def execute(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Rows:
        """Run one statement."""
        known = _KINDS.get(statement)
        if known is None:
            known = _KINDS[statement] = _Statement(statement)
        return known.rows(await self._connection.fetch(known.text, *known.values(values or {})))

    async def scalar(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        """Run one statement and return the first column of its first row, or None."""
        row = (await self.execute(statement, values)).first()
        return None if row is None else row[0]

    async def commit(self) -> None:
        """End the transaction; the unit of work calls it."""
        await self._connection.execute("COMMIT")


class DriverPool:
    """The connections of one role; each serves one transaction after the other."""

    def __init__(self, url: str, *, context_key: str = "") -> None:
        self._dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._key = context_key
        self._idle: list[asyncpg.Connection] = []

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = self._idle.pop() if self._idle else await asyncpg.connect(self._dsn)
        try:
            yield connection
            if connection.is_in_transaction():
                await connection.execute("ROLLBACK")
        except BaseException:
            # Whatever state it is in: the server undoes what it began.
            connection.terminate()
            raise
        self._idle.append(connection)

    @contextlib.asynccontextmanager
    async def session(self, tenant_id: UUID) -> AsyncIterator[DriverSession]:
        """Open a transaction that sees one instant of one tenant; it is undone unless its unit of work commits.

        A row that changed since cannot be locked or written in it: SerializationError, and it is tried again later.
        """
        if not isinstance(tenant_id, UUID):
            raise NoTenant("a session was opened without a tenant")
        async with self._connection() as connection:
            # Two texts that can hold no quote, so both go in one trip; and a cluster carries SET LOCAL to its workers.
            signed = f"; SET LOCAL app.tenant_signature = '{sign_tenant(self._key, tenant_id)}'" if self._key else ""
            await connection.execute(f"{_BEGIN}; SET LOCAL app.tenant_id = '{tenant_id}'{signed}")
            yield DriverSession(connection, tenant_id)

    @contextlib.asynccontextmanager
    async def platform(self) -> AsyncIterator[DriverSession]:
        """Open a session without a tenant: row security shows it the worker's keys and nothing else."""
        async with self._connection() as connection:
            yield DriverSession(connection, None)

    async def aclose(self) -> None:
        """Close what is idle."""
        while self._idle:
            await self._idle.pop().close()
