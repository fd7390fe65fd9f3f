"""What a statement may be built on before anybody asks it: building one costs more than asking it, so pages build theirs once."""

from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Date, DateTime, Uuid, bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from core.scope import Scope


class Asks(Protocol):
    """Whoever may read for a tenant."""

    @property
    def session(self) -> AsyncSession:
        """Bound to the tenant."""
        ...

    @property
    def scope(self) -> Scope:
        """The tenant and who asks."""
        ...

    @property
    def now(self) -> datetime:
        """The instant of this visit."""
        ...

    @property
    def today(self) -> date:
        """The day it is for the tenant."""
        ...


class Asker(msgspec.Struct, frozen=True):
    """Whoever will ask."""

    roles: frozenset[str] = frozenset()
    id: Any = bindparam("staff_id", type_=Uuid())


class Asked(msgspec.Struct, frozen=True):
    """Stands in for a reader: the roles as they are, the rest as values that `given` has when it is asked."""

    actor: Asker = Asker()
    tenant_id: Any = bindparam("tenant_id", type_=Uuid())
    now: Any = bindparam("now", type_=DateTime(timezone=True))
    today: Any = bindparam("today", type_=Date())
    """In the tenant's zone."""


def given(reader: Asks) -> dict[str, Any]:
    """Return the values for a statement that was built on `Asked`."""
    scope = reader.scope
    return {
        "tenant_id": scope.tenant_id,
        "staff_id": scope.actor.id or UUID(int=0),
        "now": reader.now,
        "today": reader.today,
    }
