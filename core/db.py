"""Engines, the mapped base and sessions that cannot send SQL without a tenant."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
import uuid_utils
from asyncpg.pgproto.pgproto import UUID as RowUUID  # noqa: N811 - beside the standard one
from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, MetaData, Table, Text, any_, event, literal, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.types import Uuid

from core.errors import NoTenant

NAMING = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}


def new_id() -> UUID:
    """Return a UUIDv7: unique without a sequence, and in order of time.

    Of the class that rows bring: made, written and sent in a quarter of the standard one's time.
    """
    fresh: UUID = RowUUID(uuid_utils.uuid7().bytes)
    return fresh


class Base(DeclarativeBase):
    """The root of every mapped class."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: Uuid(as_uuid=True),
        str: Text,
        int: BigInteger,
        dict[str, Any]: JSONB(none_as_null=True),
        list[dict[str, Any]]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        datetime: DateTime(timezone=True),
    }


def table_of(row: type[Base]) -> Table:
    """Return the table of a mapped class, for Core statements on hot paths: they skip the ORM and its filter."""
    table = row.__table__
    assert isinstance(table, Table)
    return table


def one_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column = ANY(array)`: one text of a statement for any number of values, where IN makes a new one for each."""
    return column == any_(literal(list(values), ARRAY(column.type)))


class TenantRow:
    """A row that belongs to a tenant: `tenant_id` comes first in its key and in everything that refers to it."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-100)


class TenantSession(Session):
    """A session for one tenant, named in `info["tenant_id"]` before the first statement."""


class PlatformSession(Session):
    """A session for the directory of addresses only; row security shows it no tenant's rows."""


def bind_tenant(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Tell PostgreSQL the tenant of this transaction; raise NoTenant before any other SQL when there is none."""
    if transaction.nested:
        return
    tenant_id = session.info.get("tenant_id")
    if not isinstance(tenant_id, UUID):
        raise NoTenant("a session was opened without a tenant")
    key = session.info.get("context_key", "")
    signature = sign_tenant(key, tenant_id) if key else ""
    if session.info.get("citus"):
        # Citus carries SET LOCAL to its workers, but not set_config(); neither text can hold a quote.
        connection.exec_driver_sql(f"SET LOCAL app.tenant_id = '{tenant_id}'")
        if key:
            connection.exec_driver_sql(f"SET LOCAL app.tenant_signature = '{signature}'")
    elif key:
        connection.exec_driver_sql(_BIND_SIGNED, (str(tenant_id), signature))
    else:
        connection.exec_driver_sql(_BIND, (str(tenant_id),))


# In the driver's own form: every transaction begins with one of them.
_BIND = "SELECT set_config('app.tenant_id', $1, true)"
_BIND_SIGNED = "SELECT set_config('app.tenant_id', $1, true), set_config('app.tenant_signature', $2, true)"


def sign_tenant(key: str, tenant_id: UUID) -> str:
    """Return the keyed hash that makes a tenant's id count where contexts are signed; migration 0001 checks it."""
    secret = key.encode()
    return hashlib.sha256(secret + hashlib.sha256(secret + str(tenant_id).encode()).digest()).hexdigest()


def filter_tenant(state: ORMExecuteState) -> None:
    """Add the tenant to every ORM statement: the second wall, which also lets the planner use tenant indexes.

    A statement over tables alone has no class to add it to: it names the tenant itself, and row security stands behind it.
    """
    if not state.is_orm_statement or state.is_column_load or state.is_relationship_load:
        return
    if state.is_select or state.is_update or state.is_delete:
        tenant_id = state.session.info["tenant_id"]
        state.statement = state.statement.options(
            with_loader_criteria(TenantRow, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)
        )


HELD: Final = "held_by"
"""In a session's `info` while somebody works in it who must not commit: a plugin."""


def refuse_commit(session: Session) -> None:
    """A commit is ours alone: within a plugin's call a whole one is refused, a savepoint of its own is not."""
    if HELD in session.info and session.get_nested_transaction() is None:
        raise RuntimeError(f"{session.info[HELD]} may not commit")


event.listen(TenantSession, "before_commit", refuse_commit)
event.listen(TenantSession, "after_begin", bind_tenant)
event.listen(TenantSession, "do_orm_execute", filter_tenant)


def encode_json(value: object) -> str:
    """Encode for a jsonb column."""
    return msgspec.json.encode(value).decode()


class Database:
    """One engine for one role; sessions that write and sessions that only read share its pool."""

    def __init__(self, url: str, *, pool_size: int = 10, context_key: str = "") -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            json_serializer=encode_json,
            json_deserializer=msgspec.json.decode,
        )
        self._reader = self.engine.execution_options(postgresql_readonly=True)
        self._citus: bool | None = None
        self._context_key = context_key

    async def _has_citus(self) -> bool:
        if self._citus is None:
            async with self.engine.connect() as connection:
                found = await connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'citus'"))
                self._citus = found.first() is not None
        return self._citus

    @asynccontextmanager
    async def session(self, tenant_id: UUID, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a session bound to the tenant; it rolls back unless its unit of work commits."""
        session = AsyncSession(
            bind=self._reader if read_only else self.engine,
            sync_session_class=TenantSession,
            expire_on_commit=False,
            autoflush=False,
            info={"tenant_id": tenant_id, "citus": await self._has_citus(), "context_key": self._context_key},
        )
        async with session:
            yield session

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[AsyncSession]:
        """Open a read-only session for the directory of addresses and the worker's sweep."""
        session = AsyncSession(bind=self._reader, sync_session_class=PlatformSession, autoflush=False)
        async with session:
            yield session

    async def dispose(self) -> None:
        """Close the pool."""
        await self.engine.dispose()
