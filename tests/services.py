"""Real PostgreSQL and Valkey for the tests: one server of each per run, one database per xdist worker."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import redis

from core.hooks.host import PluginHost
from core.migrations import upgrade
from core.migrations.roles import close_database, driver_dsn
from workers.embedded.postgres import DATABASE, Dsns, EmbeddedPostgres
from workers.embedded.processes import alive
from workers.embedded.valkey import EmbeddedValkey

FOLDER = "ANXIN_TEST_SERVERS"
PREFIX = "anxin-tests-"
_started: dict[str, EmbeddedPostgres | EmbeddedValkey] = {}


def pytest_configure(config: pytest.Config) -> None:
    """The controller names the folder; xdist's workers inherit it through the environment."""
    if hasattr(config, "workerinput"):
        return
    _clean_after_killed_runs()
    os.environ[FOLDER] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
    if os.geteuid() == 0:
        Path(os.environ[FOLDER]).chmod(0o755)  # the servers run as another account, which must be able to enter


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller comes last: it ends the servers, whoever started them, and throws their data away."""
    if not hasattr(config, "workerinput") and (folder := os.environ.pop(FOLDER, None)):
        _stop_and_remove(Path(folder))


def _stop_and_remove(folder: Path) -> None:
    for server in _started.values():
        server.stop()
    for name, make in (("postgres", EmbeddedPostgres), ("valkey", EmbeddedValkey)):
        if (folder / "var" / name).exists():
            make(folder / "var").take_over()
    shutil.rmtree(folder, ignore_errors=True)


def _clean_after_killed_runs() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not alive(int(pid)) and folder.stat().st_uid == os.geteuid():
            _stop_and_remove(folder)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder for servers of a test's own: short, and open to the account they run as (tmp_path is not)."""
    folder = Path(tempfile.mkdtemp(prefix="anxin-"))
    if os.geteuid() == 0:
        folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _apart(work: Callable[[], None]) -> None:
    """Run in a thread of its own, where no loop runs yet: the first test to ask for a server may be asynchronous."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def _wait(work: Coroutine[Any, Any, None]) -> None:
    _apart(lambda: asyncio.run(work))


def _template() -> EmbeddedPostgres:
    """The server, with the database `anxin` migrated and free of connections: what the clones are made of."""
    folder = Path(os.environ[FOLDER])
    with _one_at_a_time(folder):
        server = EmbeddedPostgres(folder / "var", fast=True, connections=200)
        if not (folder / "postgres-is-ready").exists():
            _started["postgres"] = server
            _apart(server.start)
            _wait(upgrade(server.dsns.migrator, plugins=PluginHost.load().migrations()))
            (folder / "postgres-is-ready").touch()
    return server


async def _clone(server: EmbeddedPostgres, name: str) -> None:
    connection = await asyncpg.connect(driver_dsn(server.dsns_for("postgres").admin))
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{DATABASE}" OWNER anxin_owner')
    finally:
        await connection.close()
    await close_database(server.dsns_for("postgres").admin, name)


async def _drop(server: EmbeddedPostgres, name: str) -> None:
    connection = await asyncpg.connect(driver_dsn(server.dsns_for("postgres").admin))
    try:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


def _new_database() -> tuple[EmbeddedPostgres, str]:
    server = _template()
    name = f"test_{uuid4().hex[:12]}"
    with _one_at_a_time(Path(os.environ[FOLDER])):  # a template may be copied by one session at a time
        _wait(_clone(server, name))
    return server, name


@pytest.fixture(scope="session")
def postgres() -> Dsns:
    """Addresses of this xdist worker's own migrated database, per role."""
    server, name = _new_database()
    return server.dsns_for(name)


@pytest.fixture
def new_database() -> Iterator[Callable[[], Dsns]]:
    """Makes migrated databases for one test alone: tests that commit, or break the schema on purpose."""
    made: list[tuple[EmbeddedPostgres, str]] = []

    def make() -> Dsns:
        server, name = _new_database()
        made.append((server, name))
        return server.dsns_for(name)

    yield make
    for server, name in made:
        _wait(_drop(server, name))


@pytest.fixture(scope="session")
def valkey() -> str:
    """REDIS_URL of this xdist worker's own, empty database number."""
    folder = Path(os.environ[FOLDER])
    with _one_at_a_time(folder):
        server = EmbeddedValkey(folder / "var")
        if not (folder / "valkey-is-ready").exists():
            _started["valkey"] = server
            server.start()
            (folder / "valkey-is-ready").touch()
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
    url = f"{server.url}?db={number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
