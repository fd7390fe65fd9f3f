"""Measures outbox, relay and no-op jobs beside bare arq in one run: `python -m tests.bench.jobs`; nothing here decides.

Both run in this process, alternating; CPU is this process, the database's backends and Valkey, from /proc.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import click
from arq.worker import Worker, func

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.outbox.rules import Work
from core.settings import Settings
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.signup import sign_up
from tenants.work import Workplace
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey
from workers.jobs import Task, batch_task, task
from workers.main import make_lane
from workers.queue import NORMAL, URGENT, Pace, connect_queue, deserialize, serialize
from workers.relay import Relay
from workers.runner import Runner

JOBS = 1000
ROUNDS = 3
TICKS = os.sysconf("SC_CLK_TCK")


@task("bench.single", tenant_limit=2000)
async def single(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Nothing, in a transaction of its own."""


@task("bench.together", tenant_limit=2000, together=25)
async def together(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Nothing, with 24 others in a transaction."""


@batch_task("bench.batch", tenant_limit=2000)
async def batch(uow: UnitOfWork, works: Sequence[Work]) -> None:
    """Nothing, for up to a hundred rows in one transaction."""


def cpu_ms(roots: Sequence[int]) -> float:
    """CPU of the processes and all their children, those that ended and were waited for included."""
    ticks, wanted = 0, set(roots)
    stats = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            stats.append((int(entry.name), int(fields[1]), [int(field) for field in fields[11:15]]))
    for pid, parent, times in sorted(stats):
        if pid in wanted or parent in wanted:
            wanted.add(pid)
            ticks += sum(times[:4] if pid in roots and pid != os.getpid() else times[:2])
    return ticks * 1000 / TICKS


class House:
    """The servers, a tenant or several, and one process that is web and worker at once."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "var")
        self.valkey = EmbeddedValkey(folder / "var")
        self.pace = Pace(poll=0.2)
        self.tasks: dict[str, Task] = {one.name: one for one in (single, together, batch)}

    def start(self) -> tuple[Dsns, str, list[int]]:
        self.postgres.start()
        self.valkey.start()
        servers = [part.process for part in (self.postgres, self.valkey)]
        return self.postgres.dsns, self.valkey.url, [process.pid for process in servers if process is not None]

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()


async def open_tenants(dsns: Dsns, redis_url: str, count: int) -> list[UUID]:
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    names = {"name": "Bench", "branch_name": "Bench", "admin_name": "Bench", "password": "correct-horse-battery"}
    try:
        return [
            (
                await sign_up(
                    workplace, Passwords(memory_kib=8, rounds=1), slug=f"bench-{n}", login=f"a@{n}.example", **names
                )
            ).tenant_id
            for n in range(count)
        ]
    finally:
        await workplace.aclose()


async def forget(dsns: Dsns) -> None:
    """Take the new tenants' own first work out of the way."""
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    await connection.execute("DELETE FROM outbox")
    await connection.close()


async def bare_arq(redis_url: str) -> float:
    """Enqueue and run no-op jobs with arq alone, tuned like our lanes; return the seconds of the running part."""
    queue = connect_queue(redis_url)
    done = 0

    async def nothing(ctx: dict[str, Any]) -> None:
        nonlocal done
        done += 1

    for _ in range(JOBS):
        await queue.enqueue_job("nothing", _queue_name="bench:arq")
    worker = Worker(
        functions=[func(nothing, name="nothing")],
        queue_name="bench:arq",
        redis_pool=queue,
        burst=True,
        max_jobs=100,
        poll_delay=0.01,
        keep_result=0,
        log_results=False,
        handle_signals=False,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    started = time.perf_counter()
    await worker.async_run()
    seconds = time.perf_counter() - started
    assert done == JOBS
    await queue.aclose(close_connection_pool=True)
    return seconds


async def outbox(house: House, dsns: Dsns, redis_url: str, tenants: Sequence[UUID], name: str) -> float:
    """Enqueue in units of 100, then run relay and both lanes until all is done; return the seconds of that part."""
    host = PluginHost.load()
    app = Workplace(Database(dsns.app), Bus(redis_url), host, now)
    worker = Workplace(Database(dsns.worker), Bus(redis_url), host, now)
    each = JOBS // len(tenants)
    for tenant_id in tenants:
        for start in range(0, each, 100):
            async with app.unit(tenant_id) as uow:
                for number in range(start, min(start + 100, each)):
                    await uow.enqueue(name, {"n": number})
    settings = Settings(dsns.app, dsns.worker, redis_url, "a-secret-of-the-bench-that-is-long-enough")
    queue = connect_queue(redis_url)
    relay = Relay(worker, queue, tasks=house.tasks, crons={}, pace=house.pace)
    runner = Runner(worker, house.tasks, {}, house.pace)
    lanes = [make_lane(settings, runner, house.pace, name=lane, jobs=10, delay=0.02) for lane in (URGENT, NORMAL)]
    watcher = await asyncpg.connect(driver_dsn(dsns.admin))
    started = time.perf_counter()
    parts = [asyncio.create_task(relay.run()), *(asyncio.create_task(lane.async_run()) for lane in lanes)]
    count = "SELECT count(*) FROM outbox WHERE task = $1 AND state <> 'done'"
    while await watcher.fetchval(count, name):  # noqa: ASYNC110 - it is the database that tells
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - started
    relay.stop()
    for part in parts[1:]:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)
    for lane in lanes:
        await lane.pool.aclose(close_connection_pool=True)
    await queue.aclose(close_connection_pool=True)
    await watcher.execute("DELETE FROM outbox WHERE task = $1", name)
    await watcher.close()
    await app.aclose()
    await worker.aclose()
    return seconds


def measure(work: Callable[[], Awaitable[float]], roots: Sequence[int]) -> tuple[float, float]:
    """Return jobs a second of the running part, and CPU milliseconds a job of all of it."""
    before = cpu_ms([os.getpid(), *roots])
    seconds = asyncio.run(_awaited(work))
    return JOBS / seconds, (cpu_ms([os.getpid(), *roots]) - before) / JOBS


async def _awaited(work: Callable[[], Awaitable[float]]) -> float:
    return await work()


def main() -> None:
    """Print a table: medians over the rounds."""
    folder = Path(tempfile.mkdtemp(prefix="anxin-bench-"))
    folder.chmod(0o755)
    house = House(folder)
    dsns, redis_url, roots = house.start()
    try:
        asyncio.run(upgrade(dsns.migrator))
        tenants = asyncio.run(open_tenants(dsns, redis_url, 50))
        asyncio.run(forget(dsns))
        one = tenants[:1]
        rows: dict[str, Callable[[], Awaitable[float]]] = {
            "arq alone": lambda: bare_arq(redis_url),
            "outbox, a transaction a row, 1 tenant": lambda: outbox(house, dsns, redis_url, one, "bench.single"),
            "outbox, a transaction a row, 50 tenants": lambda: outbox(house, dsns, redis_url, tenants, "bench.single"),
            "outbox, 25 rows together, 1 tenant": lambda: outbox(house, dsns, redis_url, one, "bench.together"),
            "outbox, 25 rows together, 50 tenants": lambda: outbox(house, dsns, redis_url, tenants, "bench.together"),
            "outbox, batches, 1 tenant": lambda: outbox(house, dsns, redis_url, one, "bench.batch"),
            "outbox, batches, 50 tenants": lambda: outbox(house, dsns, redis_url, tenants, "bench.batch"),
        }
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in rows}
        for _ in range(ROUNDS):
            for name, work in rows.items():
                measured[name].append(measure(work, roots))
    finally:
        house.stop()
    limit = statistics.median(rate for rate, _ in measured["arq alone"])
    click.echo(f"{JOBS} no-op jobs, median of {ROUNDS} alternating rounds; CPU includes enqueueing and watching")
    for name, results in measured.items():
        rate = statistics.median(rate for rate, _ in results)
        cost = statistics.median(cost for _, cost in results)
        click.echo(f"{name:42} {rate:7.0f} jobs/s  {cost:5.2f} CPU ms/job  {rate / limit:5.2f} of arq alone")


if __name__ == "__main__":
    main()
