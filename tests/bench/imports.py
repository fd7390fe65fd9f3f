"""Import of a large list, end to end through a real worker process, beside COPY of the same rows: `python -m tests.bench.imports`."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import asyncpg
import click

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.imports.actions import map_columns, start_import, upload_file
from core.imports.queries import BatchRecord, get_batch
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from core.scope import Actor
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.roles import permissions_of
from tenants.signup import sign_up
from tenants.work import Workplace
from tests.bench.jobs import cpu_ms
from tests.bench.people import csv_of
from tests.bench.servers import own_servers
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey

ROWS = int(os.environ.get("ANXIN_BENCH_ROWS", "100000"))
TABLES = ("customer", "customer_phone", "subject", "customer_word", "customer_event")
SECRET = "a-secret-of-the-bench-that-is-long-enough"
ROOT = Path(__file__).parents[2]


def resident_mb(pid: int) -> float:
    """Memory of a process that is its own or that it wrote to."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """Wall time, CPU of worker and database, and the worker's memory, from one step to the next."""

    def __init__(self, roots: list[int], worker: int) -> None:
        self.roots, self.worker = roots, worker
        self.wall = self.cpu = self.cpu_worker = 0.0
        self.highest = 0.0
        self.start()

    def start(self) -> None:
        self.wall, self.cpu, self.cpu_worker = time.perf_counter(), cpu_ms(self.roots), cpu_ms([self.worker])

    def look(self) -> None:
        self.highest = max(self.highest, resident_mb(self.worker))

    def lives(self) -> bool:
        """A child that ended and was not waited for holds no memory."""
        return resident_mb(self.worker) > 0

    def say(self, name: str) -> float:
        wall = time.perf_counter() - self.wall
        cpu, mine = (cpu_ms(self.roots) - self.cpu) / 1000, (cpu_ms([self.worker]) - self.cpu_worker) / 1000
        click.echo(
            f"{name:42} {wall:7.1f} s  CPU s: worker {mine:5.1f}, servers {cpu - mine:5.1f}; worker {self.highest:4.0f} MB"
        )
        self.start()
        return wall


async def open_clinic(workplace: Workplace) -> tuple[UUID, Actor]:
    """Sign a pet clinic up; return it with its director."""
    signed_up = await sign_up(
        workplace,
        Passwords(memory_kib=8, rounds=1),
        slug="bench",
        name="Bench",
        branch_name="总院",
        admin_name="Bench",
        login="a@bench.example",
        password="correct-horse-battery",
    )
    permissions = permissions_of(("director",))
    actor = Actor(
        kind="staff", id=signed_up.staff_id, name="Bench", roles=frozenset({"director"}), permissions=permissions
    )
    async with workplace.unit(signed_up.tenant_id, actor=actor) as uow:
        await enable_plugin(uow, host=workplace.host, plugin_id="petclinic")
    return signed_up.tenant_id, actor


async def wait_for(workplace: Workplace, tenant_id: UUID, batch_id: UUID, state: str, watch: Watch) -> BatchRecord:
    """Look at the batch until it is there."""
    while True:
        async with workplace.reading(tenant_id) as reader:
            batch = await get_batch(reader, batch_id)
        watch.look()
        if batch.state == state:
            return batch
        if batch.state == "failed" or not watch.lives():
            raise SystemExit(f"the import failed: {batch.fault or 'the worker ended'}")
        await asyncio.sleep(0.25)


async def run(dsns: Dsns, redis_url: str, watch: Watch, content: bytes) -> tuple[float, UUID]:
    """Upload, dry run, run; return the seconds of all three."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        tenant_id, actor = await open_clinic(workplace)
        watch.start()
        async with workplace.unit(tenant_id, actor=actor) as uow:
            batch_id = await upload_file(uow, filename="members.csv", content=content)
            plan = (await get_batch(uow, batch_id)).plan
            await map_columns(uow, batch_id=batch_id, mapping=plan.mapping)
        spent = watch.say("upload, columns")
        batch = await wait_for(workplace, tenant_id, batch_id, "checked", watch)
        spent += watch.say("dry run")
        async with workplace.unit(tenant_id, actor=actor) as uow:
            await start_import(uow, batch_id=batch_id)
        batch = await wait_for(workplace, tenant_id, batch_id, "done", watch)
        spent += watch.say("run")
    finally:
        await workplace.aclose()
    click.echo(
        f"{batch.rows_total} rows: {batch.counts.new} new, {batch.counts.pet} pets, {batch.counts.duplicate} repeats"
    )
    return spent, tenant_id


async def copy_again(dsns: Dsns) -> float:
    """COPY the very rows that we wrote into tables with the same indexes; return the seconds."""
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    files: dict[str, tuple[list[str], Path]] = {}
    folder = Path(tempfile.mkdtemp(prefix="anxin-bench-copy-"))
    for table in TABLES:
        names = await connection.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = ''", table
        )
        columns = [row["attname"] for row in names]
        files[table] = (columns, folder / table)
        await connection.copy_from_table(table, columns=columns, output=str(files[table][1]))
        await connection.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
    started = time.perf_counter()
    for table, (columns, file) in files.items():
        await connection.copy_to_table(f"bench_{table}", columns=columns, source=str(file))
    spent = time.perf_counter() - started
    await connection.close()
    shutil.rmtree(folder)
    return spent


def main() -> None:
    """Print what each step costs, and the share of COPY's speed."""
    with own_servers() as (postgres, valkey):
        _measure(postgres, valkey)


def _measure(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
    content = csv_of(ROWS)
    environment = os.environ | {
        "DATABASE_URL": postgres.dsns.app,
        "WORKER_DATABASE_URL": postgres.dsns.worker,
        "REDIS_URL": valkey.url,
        "ANXIN_SECRET_KEY": SECRET,
        "ANXIN_LOG_LEVEL": "WARNING",
    }
    asyncio.run(upgrade(postgres.dsns.migrator))
    command = os.environ.get("ANXIN_BENCH_WORKER", "-m workers.main").split()
    worker = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
    try:
        servers = [part.process.pid for part in (postgres, valkey) if part.process is not None]
        watch = Watch([worker.pid, *servers], worker.pid)
        click.echo(f"{ROWS} rows, {len(content) / 1e6:.1f} MB, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        ours, _ = asyncio.run(run(postgres.dsns, valkey.url, watch, content))
        copied = asyncio.run(copy_again(postgres.dsns))
        watch.say("COPY of the same rows, all tables")
        click.echo(f"{'import, end to end':42} {ours:7.1f} s  {ROWS / ours:6.0f} rows/s  {copied / ours:5.2f} of bare")
    finally:
        worker.terminate()
        worker.wait(20)


if __name__ == "__main__":
    main()
