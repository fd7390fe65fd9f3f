"""What the outbox needs of an open unit of work; the unit itself imports the outbox, so it is named by its shape."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


class OpenReader(Protocol):
    """A transaction of one tenant at one instant."""

    session: AsyncSession
    now: datetime

    @property
    def tenant_id(self) -> UUID: ...


class OpenUnit(OpenReader, Protocol):
    """A transaction that may write, wake the relay, audit, and speak after its commit."""

    wake: bool

    def audit(
        self, action: str, entity: str, entity_id: UUID | None = None, details: dict[str, Any] | None = None
    ) -> None: ...

    def publish(self, topic: str, data: dict[str, Any]) -> None: ...
