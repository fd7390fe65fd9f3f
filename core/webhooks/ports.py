"""What webhooks need of an open unit of work; the unit itself imports them, so it is named by its shape."""

from datetime import datetime
from typing import Any, Protocol

from core.hooks.dispatch import TenantPlugins
from core.outbox import ports
from core.scope import Actor, Scope


class OpenReader(ports.OpenReader, Protocol):
    """A transaction of one tenant at one instant, and the plugins whose events it may name."""

    plugins: TenantPlugins
    scope: Scope

    @property
    def actor(self) -> Actor: ...


class OpenUnit(OpenReader, ports.OpenUnit, Protocol):
    """One that may write too, and tell."""

    def announce(self, kind: str, data: dict[str, Any], *, at: datetime | None = None) -> None: ...
