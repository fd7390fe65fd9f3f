"""The embedded servers: private, durable, and alive again after every kind of death."""

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import pytest
import redis

from core.migrations.roles import Passwords, driver_dsn, ensure_roles
from workers.embedded import places
from workers.embedded.faults import AlreadyRunningError, CorruptDataError, FolderError, ServerDownError
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.processes import alive, wait_gone
from workers.embedded.valkey import EmbeddedValkey

# Starts a server as its parent and sleeps: the test kills it, as the kernel kills a supervisor that ate all memory.
PARENT = """
import sys, time
from pathlib import Path
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey
server = {"postgres": EmbeddedPostgres, "valkey": EmbeddedValkey}[sys.argv[1]](Path(sys.argv[2]))
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""


def fetch(dsn: str, *statements: str) -> object:
    """Run statements; the first value of the last one."""

    async def run() -> object:
        connection = await asyncpg.connect(driver_dsn(dsn))
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def start(server_folder: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Starts PostgreSQL on the test's folder; stopped at the end."""
    with ExitStack() as stack:

        def make(var: Path = server_folder / "var") -> EmbeddedPostgres:
            server = EmbeddedPostgres(var, fast=True)
            stack.callback(server.stop)
            server.start()
            return server

        yield make


@contextmanager
def parent_of(name: str, var: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A process that started the server `name`; with the server's number."""
    with subprocess.Popen([sys.executable, "-c", PARENT, name, str(var)], stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            yield parent, int(parent.stdout.readline())
        finally:
            parent.kill()


async def test_the_app_role_bypasses_nothing_and_the_owner_owns_every_table(postgres: Dsns) -> None:
    connection = await asyncpg.connect(driver_dsn(postgres.app))
    try:
        row = await connection.fetchrow(
            "SELECT current_user::text AS me, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname = current_user"
        )
        assert tuple(row) == ("anxin_app", False, False, False, False)
        owners = await connection.fetch("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert [owner["tableowner"] for owner in owners] == ["anxin_owner"]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TEMPORARY TABLE mine (i int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE public.mine (i int)")
    finally:
        await connection.close()


async def test_the_migrator_owns_nothing_until_it_takes_the_owner_s_role(postgres: Dsns) -> None:
    connection = await asyncpg.connect(driver_dsn(postgres.migrator))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE public.mine (i int)")
        await connection.execute("SET ROLE anxin_owner")
        await connection.execute("CREATE TABLE public.mine (i int); DROP TABLE public.mine")
    finally:
        await connection.close()


async def test_each_login_has_its_time_limits(postgres: Dsns) -> None:
    for dsn, limit in ((postgres.app, "15s"), (postgres.worker, "2min")):
        connection = await asyncpg.connect(driver_dsn(dsn))
        try:
            assert await connection.fetchval("SHOW statement_timeout") == limit
            assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") != "0"
        finally:
            await connection.close()


def test_an_administrator_who_is_no_superuser_makes_the_same_roles(start: Callable[..., EmbeddedPostgres]) -> None:
    dsns = start().dsns_for("postgres")
    fetch(
        dsns.admin,
        "DROP DATABASE anxin",
        "DROP ROLE anxin_app, anxin_worker, anxin_migrator, anxin_owner",
        "CREATE ROLE hosted LOGIN CREATEROLE CREATEDB PASSWORD 'x'",
        "SELECT 1",
    )
    hosted = re.sub(r"//[^@]*@", "//hosted:x@", dsns.admin)
    for _ in range(2):  # safe to repeat
        asyncio.run(ensure_roles(hosted, Passwords("m", "a", "w")))
    app = re.sub(r"//[^@]*@/postgres", "//anxin_app:a@/anxin", dsns.admin)
    assert fetch(app, "SELECT current_user::text") == "anxin_app"
    facts = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'anxin%' AND (rolsuper OR rolbypassrls OR rolcreatedb)"
    assert fetch(dsns.admin, facts) == 0


def test_postgres_is_private_and_needs_a_password(start: Callable[..., EmbeddedPostgres], server_folder: Path) -> None:
    dsns = start().dsns
    assert fetch(dsns.admin, "SHOW listen_addresses") == ""
    assert fetch(dsns.admin, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0
    socket_folder = Path(str(fetch(dsns.admin, "SHOW unix_socket_directories")))
    for folder in (socket_folder, server_folder / "var" / "postgres", server_folder / "var" / "secrets"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for secret in (server_folder / "var" / "secrets").iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(asyncpg.InvalidPasswordError):
        fetch(dsns.app.replace("anxin_app:", "anxin_app:x"), "SELECT 1")


def test_data_outlives_a_stop_and_a_kill(start: Callable[..., EmbeddedPostgres]) -> None:
    server = start()
    fetch(server.dsns.admin, "CREATE TABLE kept (i int)", "INSERT INTO kept VALUES (1) RETURNING i")
    server.stop()
    server = start()
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    end = time.monotonic() + 15  # old backends take a moment to leave the shared memory
    while True:
        server.take_over()
        server.spawn()
        try:
            server.wait_ready()
            break
        except ServerDownError:
            assert time.monotonic() < end
            time.sleep(0.5)
    assert fetch(server.dsns.admin, "SELECT count(*) FROM kept") == 1


def test_a_second_start_on_the_same_folder_is_refused(start: Callable[..., EmbeddedPostgres]) -> None:
    start()
    with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
        start()


def test_a_server_whose_parent_was_killed_is_taken_over(
    start: Callable[..., EmbeddedPostgres], server_folder: Path
) -> None:
    with parent_of("postgres", server_folder / "var") as (parent, orphan):
        parent.kill()
        parent.wait()
        assert alive(orphan)
        server = start()
        assert not alive(orphan)
        assert fetch(server.dsns.app, "SELECT 1") == 1


def test_a_mark_with_the_number_of_another_process_does_not_stop_a_start(
    start: Callable[..., EmbeddedPostgres], server_folder: Path
) -> None:
    start().stop()
    mark = server_folder / "var" / "postgres" / "data" / "postmaster.pid"
    mark.write_text(f"{os.getpid()}\n/elsewhere\n0\n5432\n\n\n0 0\nready   \n")
    assert fetch(start().dsns.app, "SELECT 1") == 1


def test_an_interrupted_first_start_begins_again(start: Callable[..., EmbeddedPostgres], server_folder: Path) -> None:
    half = server_folder / "var" / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    places.find_places(server_folder / "var")
    if os.geteuid() == 0:
        (server_folder / "var").chmod(0o755)
    assert fetch(start().dsns.app, "SELECT 1") == 1


@pytest.mark.parametrize("damage", ["no version", "other version", "no control file", "torn control file", "no secret"])
def test_damaged_data_is_refused_and_nothing_is_changed(
    damage: str, start: Callable[..., EmbeddedPostgres], server_folder: Path
) -> None:
    start().stop()
    data = server_folder / "var" / "postgres" / "data"
    match damage:
        case "no version":
            (data / "PG_VERSION").unlink()
        case "other version":
            (data / "PG_VERSION").write_text("17\n")
        case "no control file":
            (data / "global" / "pg_control").unlink()
        case "torn control file":
            content = bytearray((data / "global" / "pg_control").read_bytes())
            content[8:40] = bytes(32)
            (data / "global" / "pg_control").write_bytes(content)
        case "no secret":
            (server_folder / "var" / "secrets" / "postgres-superuser").unlink()
    before = {path.relative_to(data) for path in data.rglob("*")}
    with pytest.raises(CorruptDataError) as caught:
        start()
    assert caught.value.next_step
    assert before <= {path.relative_to(data) for path in data.rglob("*")} | {Path("postmaster.pid")}


def test_a_long_folder_name_still_gets_a_short_socket(
    start: Callable[..., EmbeddedPostgres], server_folder: Path
) -> None:
    var = server_folder / ("long" * 15) / ("name" * 15)
    server = start(var)
    try:
        assert fetch(server.dsns.app, "SELECT 1") == 1
        folder = Path(str(fetch(server.dsns.admin, "SHOW unix_socket_directories")))
        assert len(str(folder / ".s.PGSQL.5432.lock")) <= places.SOCKET_PATH_LIMIT
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", str(places.find_places(var).run)], check=True)


def test_somebody_else_s_socket_folder_is_not_trusted(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("s")  # short: below a long path sockets lie elsewhere
    (home / "run").mkdir()
    (home / "elsewhere").mkdir()
    (home / "run" / "postgres").symlink_to(home / "elsewhere")
    with pytest.raises(FolderError, match="belongs to somebody else"):
        places.Places(home, home, None).sockets_for("postgres")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another account")
def test_as_root_below_a_closed_folder_data_moves_and_says_so_and_no_parent_is_opened(
    start: Callable[..., EmbeddedPostgres], server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = server_folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(places, "SHARED_HOME", server_folder / "shared")
    first = start(closed / "var")
    assert "may not enter" in first.note
    assert str(closed) in first.note
    assert fetch(first.dsns.app, "SELECT 1") == 1
    first.stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    closed.chmod(0o755)  # the way is open now, but the data stays where it is
    again = start(closed / "var")
    assert "servers keep their files in" in again.note
    assert (server_folder / "shared").is_dir()


def test_a_folder_that_cannot_be_made_is_a_plain_sentence() -> None:
    with pytest.raises(FolderError, match="cannot be made") as caught:
        EmbeddedPostgres(Path("/proc/anxin"))
    assert "VAR=" in caught.value.next_step


def test_valkey_keeps_every_key_and_listens_on_no_port(valkey: str) -> None:
    with redis.Redis.from_url(valkey) as client:
        for name, value in (("maxmemory-policy", "noeviction"), ("appendonly", "yes"), ("appendfsync", "everysec")):
            assert client.config_get(name) == {name: value}
        assert client.config_get("port") == {"port": "0"}


def test_valkey_outlives_the_death_of_its_parent(server_folder: Path) -> None:
    with parent_of("valkey", server_folder / "var") as (parent, orphan):
        parent.kill()
        parent.wait()
        server = EmbeddedValkey(server_folder / "var")
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", "1")
        server.start()
        try:
            assert not alive(orphan)
            with redis.Redis.from_url(server.url) as client:
                assert client.get("kept") == b"1"
        finally:
            server.stop()


def test_a_damaged_queue_file_is_set_aside_because_the_database_holds_every_job(server_folder: Path) -> None:
    server = EmbeddedValkey(server_folder / "var")
    server.start()
    server.stop()
    folder = server_folder / "var" / "valkey" / "appendonlydir"
    for part in folder.glob("*.incr.aof"):
        part.write_bytes(b"nonsense that no server can read\r\n" * 20)
    server.start()
    server.stop()
    assert list((server_folder / "var" / "valkey").glob("appendonlydir.damaged-*"))


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    try:
        assert wait_gone(child.pid, 10)
        os.kill(child.pid, signal.SIGCONT)  # the number is still taken: nobody has asked for the exit code yet
    finally:
        child.wait()
