"""One visit to one tenant: the transaction that the route's guard opened, who came, and through which door."""

from contextlib import AsyncExitStack
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from core.hooks.dispatch import TenantPlugins
from core.scope import Scope
from tenants.api_keys import KeyFacts
from tenants.sessions import SignedIn

Door = Literal["staff", "tenant", "code", "key"]
"""staff: signed in. tenant: at a tenant's address, nobody signed in. code: a customer with a public code. key: a programme
that shows the tenant's API key."""


class Visit:
    """Lives as long as one request; `close` gives the connection back and undoes what nobody committed."""

    def __init__(
        self,
        *,
        door: Door,
        session: AsyncSession,
        scope: Scope,
        plugins: TenantPlugins,
        now: datetime,
        read_only: bool,
        stack: AsyncExitStack,
        signed_in: SignedIn | None = None,
        token: str = "",
        key: KeyFacts | None = None,
    ) -> None:
        self.door = door
        self.session = session
        self.scope = scope
        self.plugins = plugins
        self.now = now
        self.read_only = read_only
        self.signed_in = signed_in
        self.token = token
        self.key = key
        self._stack = stack

    async def close(self) -> None:
        """End the transaction; harmless when it has ended already."""
        await self._stack.aclose()
