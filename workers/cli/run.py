"""`anxin run`: the whole product under one supervisor, from an empty folder to a page on a phone."""

import asyncio
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import asyncpg
import click
import segno
from sqlalchemy.exc import SQLAlchemyError

from core.bus import connect
from core.hooks.host import PluginHost
from core.isolation import find_violations_at
from core.migrations import sign_contexts, upgrade
from workers.cli.db import VAR, unreachable
from workers.embedded import network
from workers.embedded.faults import AlreadyRunningError, OpenWallError, ServerDownError
from workers.embedded.installation import Installation, require_worker
from workers.embedded.processes import FolderLock
from workers.embedded.program import Program
from workers.embedded.supervisor import Part, Supervisor

HEALTH_SECONDS = 60.0


def say(text: str) -> None:
    """Tell the person at the terminal."""
    click.echo(text)
    sys.stdout.flush()


@click.command()
@VAR
@click.option("--host", envvar="HOST", default="0.0.0.0", show_default=True, help="0.0.0.0 lets a phone in.")  # noqa: S104 - meant: a phone on the same network opens the page
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--demo/--no-demo", envvar="DEMO", default=None, help="Demo tenants; on while the database is embedded.")
def command(var: Path, host: str, port: int, demo: bool | None) -> None:  # noqa: FBT001 - click passes it by name
    """Start database, queue, web and worker; Ctrl-C stops them, the data stays."""
    installation = Installation(var)
    lock = FolderLock(installation.var / "anxin.lock")
    try:
        lock.take("Anxin")
    except AlreadyRunningError as error:
        address = _address_file(installation.var)
        at = f" It answers at {address.read_text().strip()}" if address.exists() else ""
        raise AlreadyRunningError(error.problem + at, error.next_step) from None
    try:
        with Supervisor(say) as supervisor:
            wanted = installation.postgres is not None if demo is None else demo
            _run(supervisor, installation, host, port, demo=wanted)
        say("Stopped. The data stays in " + str(installation.var))
    finally:
        _address_file(installation.var).unlink(missing_ok=True)
        lock.release()


def _run(supervisor: Supervisor, installation: Installation, host: str, port: int, *, demo: bool) -> None:
    started = time.monotonic()
    servers: list[Part] = [server for server in (installation.postgres, installation.valkey) if server is not None]
    web, worker = _programs(installation, host, port)
    supervisor.clear([*servers, web, worker])
    network.require_port(host, port)
    if installation.note:
        say(installation.note)
    if os.geteuid() == 0:
        say("This is root: fine in a container of its own; elsewhere use an account of your own.")
    for server in servers:
        say(f"Starting {server.name} ...")
        supervisor.start(server)
    require_worker(installation)
    _require_queue(installation)
    _migrate(installation)
    _require_walls(installation)
    supervisor.pause(0)
    welcome = ""
    with _seeding(installation, web) if demo else nullcontext() as seeding:
        say("Starting web ...")
        supervisor.start(web)
        if seeding is not None:
            say("Looking after the demo tenants ...")
            welcome = _welcome(supervisor, installation, seeding)
    say("Starting worker ...")  # last: it finds the demo's deadlines complete
    supervisor.start(worker)
    _wait_for_health(supervisor, web, host, port)
    _address_file(installation.var).write_text(f"http://{network.local_address(host)}:{port}/\n")
    _greet(installation, host, port, welcome, time.monotonic() - started)
    supervisor.watch()


def _programs(installation: Installation, host: str, port: int) -> tuple[Program, Program]:
    public = installation.environment.get("ANXIN_PUBLIC_URL") or f"http://{network.network_address(host)}:{port}"
    environment = installation.child_environment(HOST=host, PORT=str(port), ANXIN_PUBLIC_URL=public)
    web, worker = (
        Program(name, [sys.executable, "-m", f"{module}.main"], var=installation.var, environment=environment)
        for name, module in (("web", "web"), ("worker", "workers"))
    )
    return web, worker


def _require_queue(installation: Installation) -> None:
    async def ping() -> None:
        client = connect(installation.addresses.redis)
        try:
            await asyncio.wait_for(client.ping(), 10)
        finally:
            await client.aclose()

    try:
        asyncio.run(ping())
    except Exception as error:
        raise ServerDownError(
            f"The queue behind REDIS_URL did not answer: {str(error) or type(error).__name__}",
            "Check host, port and password; then: anxin doctor",
        ) from error


def _migrate(installation: Installation) -> None:
    migrator = installation.addresses.migrator
    if not migrator:
        say("The tables stay as they are: MIGRATE_DATABASE_URL is not set.")
        return
    say("Bringing the tables up to date ...")
    try:
        asyncio.run(upgrade(migrator, plugins=PluginHost.load().migrations()))
        if installation.context_key:
            asyncio.run(sign_contexts(migrator, installation.context_key))
    except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
        raise unreachable("MIGRATE_DATABASE_URL", error) from error


def _require_walls(installation: Installation) -> None:
    try:
        violations = asyncio.run(find_violations_at(installation.addresses.app))
    except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
        raise unreachable("DATABASE_URL", error) from error
    if violations:
        named = "\n".join(f"    {violation.rule}: {violation.where}" for violation in violations)
        raise OpenWallError(
            f"Anxin does not start while one tenant could see another:\n{named}",
            "Undo the change to the tables or policies named above (a migration must call app.protect); "
            "then: anxin db check",
        )


@contextmanager
def _seeding(installation: Installation, web: Program) -> Iterator["subprocess.Popen[str]"]:
    """Make or renew the demo tenants in a process of its own, while the web starts beside it."""
    with (
        (installation.places.log / "demo.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "workers.cli.main", "demo", "seed"],
            env=web.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()  # does nothing when it has ended


def _welcome(supervisor: Supervisor, installation: Installation, seeding: "subprocess.Popen[str]") -> str:
    while seeding.poll() is None:
        supervisor.pause(0.1)
    assert seeding.stdout is not None
    if seeding.returncode == 0:
        return seeding.stdout.read().strip("\n")
    say(f"The demo tenants could not be made; the rest starts without them. Why: {installation.places.log}/demo.log")
    return ""


def _wait_for_health(supervisor: Supervisor, web: Program, host: str, port: int) -> None:
    end = time.monotonic() + HEALTH_SECONDS
    while not network.answers(host, port):
        process = web.process
        if process is not None and process.poll() is not None:
            raise ServerDownError(
                f"The web ended while starting. The end of {web.log}:\n{web.tail()}",
                "Read that log, then: anxin doctor",
            )
        if time.monotonic() > end:
            raise ServerDownError(
                f"The web did not answer within {HEALTH_SECONDS:.0f} seconds. The end of {web.log}:\n{web.tail()}",
                "Read that log, then run: anxin doctor",
            )
        supervisor.pause(0.1)


def _greet(installation: Installation, host: str, port: int, welcome: str, seconds: float) -> None:
    here = f"http://{network.local_address(host)}:{port}"
    address = network.network_address(host)
    say(f"\nAnxin is up after {seconds:.1f} s. Ctrl-C stops it; the data stays in {installation.var}\n")
    say(f"  Here        {here}/")
    page = re.search(r"/q/[\w-]+", welcome)
    phone = f"http://{address}:{port}{page.group() if page else '/'}"
    reachable = address not in {"localhost", "127.0.0.1", "::1"}
    if reachable:
        say(f"  Phone       {phone}   (same network; scan the code)\n")
    else:
        say("  Phone       out of reach: HOST keeps it out, or this machine is on no network\n")
    if welcome:
        say(welcome + "\n")
    if reachable:
        picture = io.StringIO()
        segno.make(phone, micro=False).terminal(picture, compact=True)
        say(picture.getvalue())


def _address_file(var: Path) -> Path:
    return var / "address"
