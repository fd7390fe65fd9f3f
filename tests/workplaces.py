"""Fixtures of the domain: a workplace in one transaction per test, two tenants with staff of every role, units of work."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.bus import Bus
from core.clock import Clock
from core.db import Database, encode_json
from core.hooks.host import PluginHost
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.roles import ROLES, permissions_of
from tenants.signup import SignedUp, sign_up
from tenants.staff import add_person
from tenants.work import Workplace
from tests.database import SavepointDatabase
from workers.embedded.postgres import Dsns

PASSWORD = "correct-horse-battery"
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai


class MovableClock:
    """A clock that stands until the test moves it."""

    def __init__(self, start: datetime = START) -> None:
        self.instant = start

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, step: timedelta | None = None, **parts: float) -> None:
        self.instant += step or timedelta(**parts)


class TestTenant(msgspec.Struct, frozen=True):
    """A tenant with one person per role."""

    __test__ = False

    signed_up: SignedUp
    logins: dict[str, str]
    staff: dict[str, Actor]
    workplace: Workplace

    @property
    def id(self) -> UUID:
        return self.signed_up.tenant_id

    @property
    def slug(self) -> str:
        return self.signed_up.slug

    def unit(self, role: str = "director") -> AbstractAsyncContextManager[UnitOfWork]:
        """Work here as the person with this role."""
        return self.workplace.unit(self.id, actor=self.staff[role])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the run, so that engines may live longer than a test."""
    return "asyncio"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """The same hashing with small numbers: one sign-in costs 1 ms instead of 30."""
    return Passwords(memory_kib=8, rounds=1)


@pytest.fixture
def plugin_host() -> PluginHost:
    """Loaded for each test: it remembers tenants by epoch, and epochs come again when a test is undone."""
    return PluginHost.load()


@pytest.fixture(scope="session")
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(postgres.app, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
async def bus(valkey: str) -> AsyncIterator[Bus]:
    made = Bus(valkey)
    yield made
    await made.aclose()


@pytest.fixture
async def workplace(engine: AsyncEngine, bus: Bus, plugin_host: PluginHost, clock: Clock) -> AsyncIterator[Workplace]:
    """Everything done through it is gone after the test."""
    async with engine.connect() as connection:
        outer = await connection.begin()
        yield Workplace(SavepointDatabase(engine, connection), bus, plugin_host, clock)
        await outer.rollback()


async def open_tenant(workplace: Workplace, passwords: Passwords, slug: str, name: str) -> TestTenant:
    """Sign a chain up and add one person per role, each signing in as `<role>@<slug>.example`."""
    signed_up = await sign_up(
        workplace,
        passwords,
        slug=slug,
        name=name,
        branch_name="总店",
        emergency_phone="+8602112345678",
        admin_name="管理员",
        login=f"tenant_admin@{slug}.example",
        password=PASSWORD,
    )
    logins = {"tenant_admin": f"tenant_admin@{slug}.example"}
    ids = {"tenant_admin": signed_up.staff_id}
    async with workplace.unit(signed_up.tenant_id) as uow:
        for role in ROLES:
            if role != "tenant_admin":
                logins[role] = f"{role}@{slug}.example"
                ids[role] = await add_person(
                    uow,
                    passwords,
                    full_name=role,
                    login=logins[role],
                    password=PASSWORD,
                    roles=(role,),
                    branch_id=signed_up.branch_id,
                )
    staff = {
        role: Actor(
            kind="staff",
            name=role,
            id=ids[role],
            roles=frozenset({role}),
            permissions=permissions_of((role,)),
            branch_id=signed_up.branch_id,
        )
        for role in ROLES
    }
    return TestTenant(signed_up=signed_up, logins=logins, staff=staff, workplace=workplace)


@pytest.fixture(scope="session")
async def opened_tenants(postgres: Dsns, bus: Bus) -> dict[str, TestTenant]:
    """Both tenants, committed once per run; what a test does to them is undone with its transaction."""
    database = Database(postgres.app, pool_size=1)
    workplace = Workplace(database, bus, PluginHost.load(), MovableClock())
    desk = Passwords(memory_kib=8, rounds=1)
    try:
        return {
            slug: await open_tenant(workplace, desk, slug, name)
            for slug, name in (("ankang", "安康宠物医院"), ("bolan", "博澜动物诊所"))
        }
    finally:
        await database.dispose()


@pytest.fixture
async def tenant_a(opened_tenants: dict[str, TestTenant], workplace: Workplace) -> TestTenant:
    return msgspec.structs.replace(opened_tenants["ankang"], workplace=workplace)


@pytest.fixture
async def tenant_b(opened_tenants: dict[str, TestTenant], workplace: Workplace) -> TestTenant:
    return msgspec.structs.replace(opened_tenants["bolan"], workplace=workplace)


@pytest.fixture
def dsns(new_database: Callable[[], Dsns]) -> Dsns:
    """A database of the test's own, made outside the event loop."""
    return new_database()


@pytest.fixture
async def busy_tenant(dsns: Dsns, bus: Bus, passwords: Passwords, clock: Clock) -> AsyncIterator[TestTenant]:
    """A tenant whose units of work commit, each on a connection of its own: only there things happen at once."""
    database = Database(dsns.app, pool_size=16)
    yield await open_tenant(Workplace(database, bus, PluginHost.load(), clock), passwords, "tongshi", "同时动物医院")
    await database.dispose()


@pytest.fixture
async def uow(tenant_a: TestTenant) -> AsyncIterator[UnitOfWork]:
    """A unit of work of tenant A as its director."""
    async with tenant_a.unit() as opened:
        yield opened
