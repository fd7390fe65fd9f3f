"""A database whose every session is a savepoint of one outer transaction, so that a test costs milliseconds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from core.db import Database, PlatformSession, TenantSession


class SavepointDatabase(Database):
    """Stands on one connection; what its sessions commit is seen by the next ones and gone after the test."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        self.engine = engine
        self.connection = connection
        self._citus = False

    @asynccontextmanager
    async def session(self, tenant_id: UUID, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(
            bind=self.connection,
            sync_session_class=TenantSession,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
            autoflush=False,
            info={"tenant_id": tenant_id, "citus": False},
        )
        async with session:
            if read_only:
                # Undone with the savepoint when the session closes, like the transaction of a real reader.
                await session.execute(text("SET LOCAL transaction_read_only = on"))
            yield session

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(
            bind=self.connection,
            sync_session_class=PlatformSession,
            join_transaction_mode="create_savepoint",
            autoflush=False,
        )
        async with session:
            yield session

    async def dispose(self) -> None:
        """The connection belongs to the test."""
