"""A real worker killed with SIGKILL in the middle of the night's sweep: every lot ends once, and none is forgotten."""

import asyncio
import logging
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from core.bus import Bus
from core.clock import now
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import Database
from core.hooks.host import PluginHost
from core.hooks.records.loyalty.points import Lifetime
from core.loyalty.actions import grant_points
from core.loyalty.verifying import find_wrong
from core.uow import UnitOfWork
from tenants.work import Workplace
from tests.workers.test_chaos import ROOT, look, open_shops
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.program import Program
from workers.embedded.supervisor import Supervisor
from workers.embedded.valkey import EmbeddedValkey

logger = logging.getLogger(__name__)
MEMBERS, KILLS, SECONDS = 800, 2, 180.0
POINTS = 30


async def fill(dsns: Dsns, redis_url: str, tenant_id: UUID) -> None:
    """Points that were given last month and ended today, and the sweep's row."""
    today = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    before = Workplace(today.database, today.bus, today.host, lambda: now() - timedelta(days=40))
    try:
        for start in range(0, MEMBERS, 100):
            async with before.unit(tenant_id) as uow:
                for number in range(start, start + 100):
                    await give(uow, number)
        async with today.unit(tenant_id) as uow:
            await uow.enqueue("loyalty.night", {"batch": 20})
    finally:
        await today.aclose()


async def give(uow: UnitOfWork, number: int) -> None:
    draft = CustomerDraft(full_name=f"客户{number}")
    customer_id = await add_customer(uow, draft=draft, allow_duplicate=True)
    life = Lifetime(days=7)
    await grant_points(
        uow, customer_id=customer_id, points=POINTS, key=f"g{number}", reason="活动", rule="event", lifetime=life
    )


async def count_wrong(dsns: Dsns, redis_url: str, tenant_id: UUID) -> int:
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        async with workplace.reading(tenant_id) as reader:
            return len(await find_wrong(reader))
    finally:
        await workplace.aclose()


@pytest.mark.chaos
def test_a_worker_killed_in_the_night_expires_every_lot_once(server_folder: Path) -> None:
    var = server_folder / "var"
    with Supervisor(logger.info) as supervisor:
        postgres, valkey = EmbeddedPostgres(var), EmbeddedValkey(var)
        for server in (postgres, valkey):
            supervisor.start(server)
        tenant_id = asyncio.run(open_shops(postgres.dsns, valkey.url))[0]
        asyncio.run(fill(postgres.dsns, valkey.url, tenant_id))
        environment = {
            "DATABASE_URL": postgres.dsns.app,
            "WORKER_DATABASE_URL": postgres.dsns.worker,
            "REDIS_URL": valkey.url,
            "ANXIN_SECRET_KEY": "a-secret-of-the-tests-that-is-long-enough",
            "ANXIN_JOB_LEASE": "2",
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
        }
        worker = Program("worker", [sys.executable, "-m", "workers.main"], var=var, environment=environment)
        supervisor.start(worker)
        killed_at: list[int] = []
        end = time.monotonic() + SECONDS
        while True:
            assert time.monotonic() < end, f"not done after kills at {killed_at}"
            supervisor.pause(0.02)
            expired = asyncio.run(look(postgres.dsns, "SELECT count(*) FROM ledger_entry WHERE kind = 'expire'"))[0][0]
            if expired == MEMBERS:
                break
            fresh = not killed_at or expired > killed_at[-1]
            alive = worker.process is not None and worker.process.poll() is None
            if fresh and expired and len(killed_at) < KILLS and alive and worker.process is not None:
                os.kill(worker.process.pid, signal.SIGKILL)
                killed_at.append(expired)
        sums = asyncio.run(
            look(
                postgres.dsns,
                "SELECT (SELECT sum(points) FROM ledger_entry), (SELECT sum(points) FROM loyalty_account),"
                " (SELECT count(*) FROM lot WHERE state <> 'closed' OR expired <> earned)",
            )
        )
        assert tuple(sums[0]) == (0, 0, 0)
        assert asyncio.run(count_wrong(postgres.dsns, valkey.url, tenant_id)) == 0
    logger.info("killed at %s of %d lots", killed_at, MEMBERS)
    assert killed_at, "it was over before anything was killed"
