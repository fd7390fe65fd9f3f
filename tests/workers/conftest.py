"""A worker without a process: relay, runner and both lanes on a database of the test's own, under a movable clock."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from arq.worker import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from core.bus import Bus
from core.db import Database
from core.hooks.host import PluginHost
from core.outbox.rules import Cron
from core.settings import Settings
from tenants.passwords import Passwords
from tenants.signup import sign_up
from tenants.work import Workplace
from tests.services import _new_database as new_migrated_database
from tests.workplaces import PASSWORD, MovableClock
from workers.embedded.postgres import Dsns
from workers.jobs import Task
from workers.main import make_lane
from workers.queue import NORMAL, URGENT, Pace, connect_queue
from workers.relay import Relay
from workers.runner import Runner

SECRET = "a-secret-of-the-tests-that-is-long-enough"


class Shop:
    """Everything a worker process has, in pieces that a test can run one by one."""

    def __init__(self, dsns: Dsns, redis_url: str, host: PluginHost, clock: MovableClock) -> None:
        self.dsns = dsns
        self.redis_url = redis_url
        self.clock = clock
        self.bus = Bus(redis_url)
        self.app = Workplace(Database(dsns.app), self.bus, host, clock)
        self.worker = Workplace(Database(dsns.worker), self.bus, host, clock)
        self.queue = connect_queue(redis_url)
        self.pace = Pace(poll=0.05)
        self.tasks: dict[str, Task] = {}
        self.crons: dict[str, Cron] = {}
        self.admin = create_async_engine(dsns.admin)

    def offer(self, *tasks: Task) -> None:
        self.tasks.update((task.name, task) for task in tasks)

    def relay(self) -> Relay:
        return Relay(self.worker, self.queue, tasks=self.tasks, crons=self.crons, pace=self.pace)

    def runner(self) -> Runner:
        return Runner(self.worker, self.tasks, self.crons, self.pace)

    async def run_lanes(self, runner: Runner | None = None) -> None:
        """Run what waits in both lanes, deadlines first, as arq runs it."""
        settings = Settings(self.dsns.app, self.dsns.worker, self.redis_url, SECRET)
        for name in (URGENT, NORMAL):
            lane: Worker = make_lane(settings, runner or self.runner(), self.pace, name=name, jobs=5, delay=0.01)
            lane.burst = True
            await lane.async_run()
            await lane.pool.aclose(close_connection_pool=True)

    async def run_due(self, rounds: int = 20) -> int:
        """Sweep and run until nothing is due, and return how many sweeps it took."""
        for count in range(rounds):
            before = await self.count("state = 'sent' OR (state = 'pending' AND run_at <= :now)", now=self.clock())
            if not before:
                return count
            await self.relay().sweep()
            await self.run_lanes()
        left = await self.sql(
            "SELECT tenant_id, task, state, attempts, run_at, lease_until, last_error, count(*) FROM outbox"
            " WHERE state <> 'done' GROUP BY 1, 2, 3, 4, 5, 6, 7 LIMIT 5"
        )
        waiting = [await self.queue.zcard(name) for name in (URGENT, NORMAL)]
        raise AssertionError(f"work is still due after {rounds} rounds: {left}, in the lanes {waiting}")

    async def tenant(self, slug: str, *, crons: bool = False) -> UUID:
        signed_up = await sign_up(
            self.app,
            Passwords(memory_kib=8, rounds=1),
            slug=slug,
            name=slug,
            branch_name="总店",
            admin_name="管理员",
            login=f"admin@{slug}.example",
            password=PASSWORD,
        )
        if not crons:
            await self.sql("DELETE FROM outbox WHERE tenant_id = :tenant", tenant=signed_up.tenant_id)
        return signed_up.tenant_id

    def unit(self, tenant_id: UUID) -> Any:
        return self.app.unit(tenant_id)

    async def enqueue(
        self, tenant_id: UUID, task: str, count: int = 1, *, run_at: datetime | None = None, **payload: object
    ) -> list[UUID]:
        async with self.app.unit(tenant_id) as uow:
            ids = [await uow.enqueue(task, {"n": number} | payload, run_at=run_at) for number in range(count)]
        return [outbox_id for outbox_id in ids if outbox_id is not None]

    async def sql(self, statement: str, **values: object) -> list[Any]:
        """Ask or change the database past row security, as nothing in the product can."""
        async with self.admin.begin() as connection:
            result = await connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    async def count(self, condition: str, **values: object) -> int:
        rows = await self.sql(f"SELECT count(*) FROM outbox WHERE {condition}", **values)
        return int(rows[0][0])

    async def row(self, outbox_id: UUID) -> Mapping[str, Any]:
        return (await self.sql("SELECT * FROM outbox WHERE outbox_id = :id", id=outbox_id))[0]._mapping

    async def aclose(self) -> None:
        await self.queue.aclose(close_connection_pool=True)
        await self.app.database.dispose()
        await self.worker.aclose()
        await self.admin.dispose()


@pytest.fixture(scope="session")
def shop_database() -> Dsns:
    """Locks and claims do not show inside one transaction: these tests commit, into a database that they share."""
    server, name = new_migrated_database()
    return server.dsns_for(name)


@pytest.fixture
async def shop(shop_database: Dsns, valkey: str, plugin_host: PluginHost, clock: MovableClock) -> AsyncIterator[Shop]:
    made = Shop(shop_database, valkey, plugin_host, clock)
    await made.queue.flushdb()
    await made.sql("TRUNCATE tenant, tenant_address, counter, audit_head, sign_in_attempt CASCADE")
    try:
        yield made
    finally:
        await made.aclose()
