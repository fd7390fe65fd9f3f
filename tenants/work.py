"""Opens the door to a tenant: finds it by its address, reads who it is, and runs units of work in its scope."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.bus import Bus
from core.clock import Clock
from core.db import Database
from core.errors import NotFound
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.scope import SYSTEM, Actor, Scope
from core.segments.matching import match_customer
from core.tenancy.queries import TenantFacts, find_tenant, find_tenant_id
from core.uow import Reader, UnitOfWork, unit_of_work
from core.webhooks.outward import NOWHERE, Outward
from tenants.plugin_permissions import with_plugin_permissions
from tenants.plugin_settings import get_enabled_settings, get_kept_settings

CODE_PREFIX_LENGTH = 6
"""The head of every public code: it names the tenant, the rest is the secret."""


class Workplace:
    """One per process: the database of its role, the bus, the loaded plugins and the clock."""

    def __init__(
        self, database: Database, bus: Bus, host: PluginHost, clock: Clock, *, outward: Outward = NOWHERE
    ) -> None:
        self.database = database
        self.bus = bus
        self.host = host
        self.clock = clock
        self.outward = outward
        """How this process speaks to addresses of tenants."""
        self._addresses: dict[tuple[str, str], UUID] = {}

    async def find_tenant_id(self, kind: str, address: str) -> UUID | None:
        """Return the tenant behind an address; found ones are remembered, since an address never moves."""
        known = self._addresses.get((kind, address))
        if known is None:
            async with self.database.platform() as session:
                known = await find_tenant_id(session, kind=kind, address=address)
            if known is not None:
                self._addresses[kind, address] = known
        return known

    async def plugins_for(self, session: AsyncSession, tenant: TenantFacts) -> TenantPlugins:
        """Return the tenant's plugins for the epoch that stands in its row, so no replica is ever stale."""
        cached = self.host.cached(tenant.tenant_id, tenant.plugin_epoch)
        if cached is not None:
            return cached
        enabled = await get_enabled_settings(session)
        kept = await get_kept_settings(session)
        return self.host.for_tenant(tenant.tenant_id, tenant.plugin_epoch, enabled, kept)

    async def enter(
        self, session: AsyncSession, actor: Actor, locale: str | None = None, *, tenant: TenantFacts | None = None
    ) -> tuple[Scope, TenantPlugins]:
        """Make the scope of the session's tenant, read now or just before; raise NotFound when it is gone."""
        tenant = tenant or await find_tenant(session)
        if tenant is None:
            raise NotFound("no such tenant")
        plugins = await self.plugins_for(session, tenant)
        scope = Scope(
            tenant_id=tenant.tenant_id,
            slug=tenant.slug,
            tenant_name=tenant.name,
            actor=with_plugin_permissions(actor, plugins),
            locale=locale or tenant.locale,
            timezone=tenant.timezone,
            plugin_epoch=tenant.plugin_epoch,
            has_webhooks=tenant.has_webhooks,
        )
        return scope, plugins

    def reader_session(self, tenant_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a read-only session of its own for a plugin's decide hook."""
        return self.database.session(tenant_id, read_only=True)

    @asynccontextmanager
    async def reading(self, tenant_id: UUID, *, actor: Actor = SYSTEM) -> AsyncIterator[Reader]:
        """Read inside one tenant."""
        async with self.database.session(tenant_id, read_only=True) as session:
            scope, plugins = await self.enter(session, actor)
            yield Reader(session, scope, self.clock(), plugins, matcher=match_customer)

    @asynccontextmanager
    async def unit(self, tenant_id: UUID, *, actor: Actor = SYSTEM) -> AsyncIterator[UnitOfWork]:
        """Work inside one tenant: commits when the block returns."""
        async with self.database.session(tenant_id) as session:
            scope, plugins = await self.enter(session, actor)
            opened = unit_of_work(
                session, scope=scope, plugins=plugins, now=self.clock(), bus=self.bus, matcher=match_customer
            )
            async with opened as uow:
                yield uow

    async def aclose(self) -> None:
        """Close the pools."""
        await self.database.dispose()
        await self.bus.aclose()
