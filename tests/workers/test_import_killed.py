"""A real worker killed with SIGKILL while it takes a list in: it goes on behind the last piece, and no row comes in twice."""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.imports.actions import map_columns, start_import, upload_file
from core.imports.queries import BatchRecord, get_batch
from core.imports.rules.plan import chunk_size
from core.migrations import upgrade
from tenants.work import Workplace
from tests.workers.test_chaos import ROOT, look, open_shops
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.program import Program
from workers.embedded.supervisor import Supervisor
from workers.embedded.valkey import EmbeddedValkey

logger = logging.getLogger(__name__)
ROWS = 6_000
KILLS = 3
SECONDS = 180.0


async def start(dsns: Dsns, redis_url: str, tenant_id: UUID) -> UUID:
    """Upload, let the worker check, and start."""
    lines = ["姓名,手机,累计消费", *(f"客户{n},1381{n:07d},{n}" for n in range(ROWS))]
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        async with workplace.unit(tenant_id) as uow:
            batch_id = await upload_file(uow, filename="x.csv", content="\n".join(lines).encode())
            await map_columns(uow, batch_id=batch_id, mapping=("name", "phone", "spent"))
        end = time.monotonic() + SECONDS
        while (await read(workplace, tenant_id, batch_id)).state != "checked":
            assert time.monotonic() < end, "the dry run did not end"
            await asyncio.sleep(0.2)
        async with workplace.unit(tenant_id) as uow:
            await start_import(uow, batch_id=batch_id)
    finally:
        await workplace.aclose()
    return batch_id


async def read(workplace: Workplace, tenant_id: UUID, batch_id: UUID) -> BatchRecord:
    async with workplace.reading(tenant_id) as reader:
        return await get_batch(reader, batch_id)


async def progress(dsns: Dsns) -> tuple[str, int]:
    (row,) = await look(dsns, "SELECT state, rows_done FROM import_batch")
    return row[0], row[1]


@pytest.mark.chaos
def test_an_import_whose_worker_is_killed_goes_on_and_takes_no_row_twice(server_folder: Path) -> None:
    var = server_folder / "var"
    with Supervisor(logger.info) as supervisor:
        postgres, valkey = EmbeddedPostgres(var), EmbeddedValkey(var)
        for server in (postgres, valkey):
            supervisor.start(server)
        tenant_id = asyncio.run(open_shops(postgres.dsns, valkey.url))[0]
        asyncio.run(upgrade(postgres.dsns.migrator))
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
        asyncio.run(start(postgres.dsns, valkey.url, tenant_id))
        killed_at: list[int] = []
        end = time.monotonic() + SECONDS
        while True:
            assert time.monotonic() < end, f"not done after kills at {killed_at}"
            supervisor.pause(0.02)
            state, done = asyncio.run(progress(postgres.dsns))
            if state == "done":
                break
            fresh = not killed_at or done > killed_at[-1]
            if (
                fresh
                and done
                and len(killed_at) < KILLS
                and worker.process is not None
                and worker.process.poll() is None
            ):
                os.kill(worker.process.pid, signal.SIGKILL)
                killed_at.append(done)
        counts = asyncio.run(
            look(
                postgres.dsns,
                "SELECT (SELECT count(*) FROM customer), (SELECT count(DISTINCT phone_e164) FROM customer_phone),"
                " (SELECT count(*) FROM customer_event WHERE kind = 'imported'),"
                " (SELECT count(*) FROM import_row WHERE state = 'done' AND outcome = 'new'),"
                " (SELECT sum(fen) FROM ledger_entry)",
            )
        )
    logger.info("killed at %s of %d rows", killed_at, ROWS)
    assert killed_at, "it was over before anything was killed"
    assert all(done % chunk_size(ROWS) == 0 for done in killed_at)
    assert tuple(counts[0]) == (ROWS, ROWS, ROWS, ROWS, 100 * ROWS * (ROWS - 1) // 2)
