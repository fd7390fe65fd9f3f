"""One transaction of one tenant: return commits, raise rolls back; this is the only file that commits."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.audit.actions import append_acts
from core.audit.rules import Act
from core.bus import Bus, Message
from core.counters.actions import take_number
from core.days import local_date
from core.hooks.context import Reader as PluginReader
from core.hooks.dispatch import TenantPlugins
from core.hooks.records.conditions import Tree
from core.outbox.actions import add_work
from core.scope import Actor, Scope


class Matcher(Protocol):
    """Says which of these conditions hold for one customer; areas that know no segments ask through it."""

    async def __call__(self, reader: "Reader", customer_id: UUID, trees: Mapping[str, Tree]) -> frozenset[str]:
        """Return the keys of the trees that hold."""
        ...


class Reader:
    """What a query gets: a session bound to the tenant, who asks, one instant, and the tenant's plugins."""

    def __init__(
        self,
        session: AsyncSession,
        scope: Scope,
        now: datetime,
        plugins: TenantPlugins,
        *,
        matcher: Matcher | None = None,
    ) -> None:
        self.session = session
        self.scope = scope
        self.now = now
        self.plugins = plugins
        self.matcher = matcher
        self.plugin_reader: PluginReader | None = None
        """Opens what a plugin's decide hook reads through, where the caller has one to give."""

    async def match(self, customer_id: UUID, trees: Mapping[str, Tree]) -> frozenset[str]:
        """Return the keys of the conditions that hold for a customer; none where nobody can judge them."""
        if self.matcher is None or not trees:
            return frozenset()
        return await self.matcher(self, customer_id, trees)

    @property
    def tenant_id(self) -> UUID:
        """The tenant that every statement of this unit is bound to."""
        return self.scope.tenant_id

    @property
    def today(self) -> date:
        """The day it is for the tenant."""
        return local_date(self.now, self.scope.timezone)

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.scope.actor


class UnitOfWork(Reader):
    """What an action gets: a reader that may also write, schedule work, audit, and speak after the commit."""

    def __init__(
        self,
        session: AsyncSession,
        scope: Scope,
        now: datetime,
        plugins: TenantPlugins,
        *,
        matcher: Matcher | None = None,
    ) -> None:
        super().__init__(session, scope, now, plugins, matcher=matcher)
        self.messages: list[Message] = []
        self.wake = False
        self._acts: list[Act] = []

    async def enqueue(
        self,
        task: str,
        payload: dict[str, Any],
        *,
        run_at: datetime | None = None,
        dedupe_key: str | None = None,
    ) -> UUID | None:
        """Schedule work, now or at `run_at`, in this transaction; None when the dedupe key is already there."""
        outbox_id = await add_work(
            self.session,
            tenant_id=self.tenant_id,
            task=task,
            payload=payload,
            now=self.now,
            run_at=run_at,
            dedupe_key=dedupe_key,
        )
        if run_at is None or run_at <= self.now:
            self.wake = True
        return outbox_id

    def audit(
        self, action: str, entity: str, entity_id: UUID | None = None, details: dict[str, Any] | None = None
    ) -> None:
        """Note an act; it is chained and written when the unit ends."""
        actor = self.actor
        act = Act(
            at=self.now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            entity=entity,
            entity_id=entity_id,
            details=details or {},
        )
        self._acts.append(act)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        """Tell live pages of this tenant something, once it has been committed."""
        self.messages.append(Message(tenant_id=self.tenant_id, topic=topic, data=data))

    async def next_number(self, counter: str, *, count: int = 1) -> int:
        """Return the tenant's next display number of this kind, the first of `count` that are taken.

        Numbers of rolled-back units are given again.
        """
        return await take_number(self.session, tenant_id=self.tenant_id, name=counter, count=count)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Run a block that may be refused: when it raises, its rows, acts, messages and work are undone.

        What came before it in the unit stays, so a form can be shown again with the files that were sent.
        """
        acts, messages, wake = len(self._acts), len(self.messages), self.wake
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            del self._acts[acts:], self.messages[messages:]
            self.wake = wake
            raise

    async def finish(self) -> None:
        """Write the acts and commit."""
        if self._acts:
            await append_acts(self.session, tenant_id=self.tenant_id, acts=self._acts)
            self._acts.clear()
        await self.session.commit()


@asynccontextmanager
async def unit_of_work(
    session: AsyncSession,
    *,
    scope: Scope,
    plugins: TenantPlugins,
    now: datetime,
    bus: Bus,
    matcher: Matcher | None = None,
) -> AsyncIterator[UnitOfWork]:
    """Run a block as one transaction on a session bound to the scope's tenant; after the commit, tell who waits."""
    uow = UnitOfWork(session, scope, now, plugins, matcher=matcher)
    yield uow
    await uow.finish()
    await bus.send(uow.messages, wake=uow.wake)
