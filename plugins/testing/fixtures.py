"""A pytest plugin for vendors: `pytest_plugins = ["plugins.testing.fixtures"]` in conftest.py; real PostgreSQL, no network."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.db import Database
from core.hooks.dispatch import Decision, Run, TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.kinds import Spec
from core.hooks.records.complaints import ComplaintFacts
from core.hooks.records.customers import CustomerFacts
from core.hooks.specs import SPECS
from core.migrations import upgrade
from core.scope import SYSTEM
from plugins.testing.conformance import check_project
from plugins.testing.findings import Finding
from plugins.testing.probing import check_at_work
from plugins.testing.project import Project, make_importable, read_project
from plugins.testing.subject import load
from workers.embedded.postgres import Dsns, EmbeddedPostgres

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai


class Clock:
    """Stands until the test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        """Move by hours=, days= and so on."""
        self.now += timedelta(**parts)


class Tenant:
    """A tenant that has the plugin on: asks its hooks as core does, and keeps what they asked core to do in `outbox`."""

    def __init__(self, plugin: str, tenant_id: UUID, plugins: TenantPlugins, clock: Clock) -> None:
        self.plugin = plugin
        self.id = tenant_id
        self.plugins = plugins
        self.clock = clock
        self.outbox: list[Any] = []

    def declared(self, hook: str) -> tuple[Any, ...]:
        """What the plugin declares here, ids prefixed."""
        return tuple(one.value for one in self.plugins.declared(_spec(hook)))

    async def decide(self, hook: str, *, database: Database | None = None, **arguments: Any) -> Decision[Any]:
        """Ask a decide hook; with `database` it may read."""
        reader = partial(database.session, self.id, read_only=True) if database is not None else None
        return await self.plugins.decide(
            _spec(hook), now=self.clock.now, locale="zh-CN", actor=SYSTEM, reader=reader, **arguments
        )

    async def react(self, hook: str, *, database: Database, **arguments: Any) -> tuple[Any, ...]:
        """Let a react hook work in a transaction of its own and keep it; effects go to `outbox`."""
        async with database.session(self.id) as session, session.begin():
            answer = await self.plugins.react(
                _spec(hook), plugin=self.plugin, session=session, now=self.clock.now, actor=SYSTEM, **arguments
            )
        for one in answer:
            self.outbox += getattr(one, "effects", (one,))
        return answer


def _spec(hook: str) -> Spec[Any]:
    return next(spec for spec in SPECS if spec.name == hook)


class Factories:
    """Records as core would pass them, with sensible values for what a test does not name."""

    @staticmethod
    def complaint(text: str, **more: Any) -> ComplaintFacts:
        """A complaint."""
        return ComplaintFacts(**{"text": text, "received_at": START, **more})

    @staticmethod
    def customer(**more: Any) -> CustomerFacts:
        """A customer's record beside which a panel stands."""
        return CustomerFacts(**{"customer_id": uuid4(), "full_name": "王芳", **more})


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session")
def project(pytestconfig: pytest.Config) -> Project:
    """The vendor's folder: where pytest found pyproject.toml."""
    found = read_project(pytestconfig.rootpath)
    make_importable(found)
    return found


@pytest.fixture(scope="session")
def faults() -> list[Run]:
    """Every call of a hook that went wrong or took too long, newest last."""
    return []


@pytest.fixture(scope="session")
def host(project: Project, faults: list[Run]) -> PluginHost:
    """The host with this plugin alone; a plugin that does not load stops the tests."""
    return load(project.candidate, strict=True, observer=lambda run: faults.append(run) if run.code != "ok" else None)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def make_tenant(host: PluginHost, project: Project, clock: Clock) -> Callable[..., Tenant]:
    """Make a tenant with these settings."""

    def make(**settings: Any) -> Tenant:
        tenant = uuid4()
        name = project.candidate.name
        host.check_settings(name, settings)
        return Tenant(name, tenant, host.for_tenant(tenant, 1, {name: settings}), clock)

    return make


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    """A tenant with the plugin on."""
    return make_tenant()


@pytest.fixture
def other_tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    """Another tenant with the plugin on."""
    return make_tenant()


@pytest.fixture
def factories() -> Factories:
    """Records as core would pass them."""
    return Factories()


def _apart(work: Callable[[], Any]) -> Any:
    """Run in a thread, where no loop runs yet."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@pytest.fixture(scope="session")
def dsns(host: PluginHost) -> Iterator[Dsns]:
    """A PostgreSQL of this run's own with the product's tables and the plugin's."""
    folder = Path(tempfile.mkdtemp(prefix="anxin-kit-"))
    if os.geteuid() == 0:
        folder.chmod(0o755)  # the server runs as another account
    server = EmbeddedPostgres(folder / "var", fast=True, connections=20)
    try:
        _apart(server.start)
        _apart(lambda: asyncio.run(upgrade(server.dsns.migrator, plugins=host.migrations())))
        yield server.dsns
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database(dsns: Dsns) -> Any:
    """The database as the product's worker sees it: row security on."""
    made = Database(dsns.worker)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
def findings(project: Project, request: pytest.FixtureRequest) -> tuple[Finding, ...]:
    """What the kit finds, up to the level of conformance.toml; bronze needs no database."""
    static = check_project(project)
    if project.level == "bronze" or any(one.rule == "L1" for one in static):
        return static
    dsns: Dsns = request.getfixturevalue("dsns")

    async def look() -> tuple[Finding, ...]:
        database = Database(dsns.worker)
        try:
            return await check_at_work(project, database)
        finally:
            await database.dispose()

    found: tuple[Finding, ...] = _apart(lambda: asyncio.run(look()))
    return found
