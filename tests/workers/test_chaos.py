"""Six hundred jobs while worker, Valkey and PostgreSQL are killed again and again: six hundred effects, once each."""

import asyncio
import logging
import os
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import SQLAlchemyError

from core.audit.queries import find_first_break
from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import driver_dsn
from tenants.passwords import Passwords
from tenants.signup import sign_up
from tenants.work import Workplace
from tests.workers.chaos_worker import TASK
from tests.workplaces import PASSWORD
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.program import Program
from workers.embedded.supervisor import Part, Supervisor
from workers.embedded.valkey import EmbeddedValkey

logger = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
SHOPS = 3
EACH = 200
LATE = 60
ROUNDS = 9
BETWEEN = 45
"""Attempts between two kills, so that each hits a busy house."""
SECONDS = 150.0


async def open_shops(dsns: Dsns, redis_url: str) -> list[UUID]:
    """Migrate, and sign the chains up."""
    await upgrade(dsns.migrator)
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    passwords = Passwords(memory_kib=8, rounds=1)
    try:
        return [
            (
                await sign_up(
                    workplace,
                    passwords,
                    slug=f"chaos-{number}",
                    name="Chaos",
                    branch_name="总店",
                    admin_name="管理员",
                    login=f"admin@{number}.example",
                    password=PASSWORD,
                )
            ).tenant_id
            for number in range(SHOPS)
        ]
    finally:
        await workplace.aclose()


async def ask(dsns: Dsns, redis_url: str, tenants: list[UUID], numbers: range, *, at_once: int) -> None:
    """Ask for work as a web process does; a client that heard no answer asks again under the same key."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        for start in numbers[::at_once]:
            for tenant_id in tenants:
                while True:
                    try:
                        async with workplace.unit(tenant_id) as uow:
                            for number in range(start, min(start + at_once, numbers.stop)):
                                await uow.enqueue(TASK, {"n": number}, dedupe_key=f"chaos:{number}")
                        break
                    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        await asyncio.sleep(0.1)
    finally:
        await workplace.aclose()


async def look(dsns: Dsns, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(driver_dsn(dsns.admin))
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def count_open(dsns: Dsns) -> int:
    rows = await look(dsns, f"SELECT count(*) FROM outbox WHERE task = '{TASK}' AND state IN ('pending', 'sent')")
    return int(rows[0][0])


def wait_until_done(supervisor: Supervisor, dsns: Dsns, end: float) -> None:
    while time.monotonic() < end:
        supervisor.pause(0.3)
        try:
            if asyncio.run(count_open(dsns)) == 0:
                return
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            continue
    raise AssertionError(f"not done within {SECONDS:.0f} s: {asyncio.run(count_open(dsns))} jobs are left")


def attempts(marks: Path) -> int:
    return marks.read_bytes().count(b"\n") if marks.exists() else 0


def wait_for_attempts(supervisor: Supervisor, marks: Path, more: int) -> None:
    """Let the worker get on with it; when something just died, do not wait for its coming back for ever."""
    wanted, end = attempts(marks) + more, time.monotonic() + 5
    while attempts(marks) < wanted and time.monotonic() < end:
        supervisor.pause(0.02)


async def check_chains(dsns: Dsns, redis_url: str, tenants: list[UUID]) -> None:
    """The audit chain took an entry from every effect, through every crash: it is whole."""
    workplace = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    try:
        for tenant_id in tenants:
            async with workplace.reading(tenant_id) as reader:
                assert await find_first_break(reader.session) is None
    finally:
        await workplace.aclose()


@pytest.mark.chaos
def test_no_job_is_lost_and_none_works_twice_whatever_is_killed(server_folder: Path) -> None:
    var, marks = server_folder / "var", server_folder / "marks"
    killed: list[str] = []
    with Supervisor(logger.info) as supervisor, ThreadPoolExecutor(1) as client:
        postgres, valkey = EmbeddedPostgres(var), EmbeddedValkey(var)
        servers: tuple[Part, ...] = (postgres, valkey)
        for server in servers:
            supervisor.start(server)
        tenants = asyncio.run(open_shops(postgres.dsns, valkey.url))
        asyncio.run(ask(postgres.dsns, valkey.url, tenants, range(EACH - LATE), at_once=50))
        environment = {
            "DATABASE_URL": postgres.dsns.app,
            "WORKER_DATABASE_URL": postgres.dsns.worker,
            "REDIS_URL": valkey.url,
            "ANXIN_SECRET_KEY": "a-secret-of-the-tests-that-is-long-enough",
            "ANXIN_JOB_LEASE": "5",
            "CHAOS_MARKS": str(marks),
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
        }
        command = [sys.executable, "-m", "tests.workers.chaos_worker"]
        worker = Program("worker", command, var=var, environment=environment)
        supervisor.start(worker)
        end = time.monotonic() + SECONDS
        late = ask(postgres.dsns, valkey.url, tenants, range(EACH - LATE, EACH), at_once=1)
        asking: Future[None] = client.submit(asyncio.run, late)
        victims: list[Part] = [worker, valkey, postgres]
        for number in range(ROUNDS):
            wait_for_attempts(supervisor, marks, BETWEEN)
            victim = victims[number % len(victims)]
            if victim.process is not None and victim.process.poll() is None:
                os.kill(victim.process.pid, signal.SIGKILL)
                killed.append(victim.name)
        while not asking.done():
            supervisor.pause(0.2)
        asking.result()
        wait_until_done(supervisor, postgres.dsns, end)
        states = asyncio.run(
            look(postgres.dsns, f"SELECT state, count(*) FROM outbox WHERE task = '{TASK}' GROUP BY 1")
        )
        effects = asyncio.run(look(postgres.dsns, "SELECT value FROM counter WHERE name = 'effects'"))
        once = "SELECT entity_id, count(*) FROM audit_entry WHERE action = 'chaos.effect' GROUP BY 1"
        entries = asyncio.run(look(postgres.dsns, once))
        asyncio.run(check_chains(postgres.dsns, valkey.url, tenants))
    tried = marks.read_text().split()
    logger.info("killed %s; %d attempts for %d jobs", killed, len(tried), SHOPS * EACH)
    assert set(killed) == {"worker", "valkey", "postgres"}
    assert {row[0]: row[1] for row in states} == {"done": SHOPS * EACH}
    assert [row[0] for row in effects] == [EACH] * SHOPS
    assert [row[1] for row in entries] == [1] * (SHOPS * EACH)
    assert len(set(tried)) == SHOPS * EACH
    assert len(tried) > SHOPS * EACH, "the kills hit nothing that ran"
