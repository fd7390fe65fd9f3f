"""Who acts, for which tenant, in which language: what every unit of work is bound to."""

from typing import Literal
from uuid import UUID

import msgspec

ActorKind = Literal["staff", "customer", "system", "program"]


class Actor(msgspec.Struct, frozen=True):
    """Somebody who changes things; `system` is our own worker, `program` a chain's own software with its key."""

    kind: ActorKind
    name: str
    id: UUID | None = None
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    branch_id: UUID | None = None

    def may(self, permission: str) -> bool:
        """Tell whether this actor holds the permission; the system holds all."""
        return self.kind == "system" or permission in self.permissions


SYSTEM = Actor(kind="system", name="Anxin")
CUSTOMER = Actor(kind="customer", name="")


class Scope(msgspec.Struct, frozen=True):
    """The tenant and the actor of one request or job; `plugin_epoch` names the plugin plan that is in force."""

    tenant_id: UUID
    slug: str
    tenant_name: str
    actor: Actor
    locale: str = "zh_CN"
    timezone: str = "Asia/Shanghai"
    plugin_epoch: int = 0
    has_webhooks: bool = False
    """Somebody may want to be told what happens; without, nothing is asked or written about it."""
