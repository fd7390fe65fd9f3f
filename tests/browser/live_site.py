"""`live_site`: web and worker as processes of their own on a database of their own, with the demo chains in it."""

import asyncio
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.migrations.roles import driver_dsn
from core.webhooks.outward import Outward
from tenants.work import Workplace
from tests.browser.chromium import find_chromium
from tests.browser.live_program import AHEAD
from tests.services import _new_database as new_migrated_database
from tests.services import _wait as wait_for
from workers.demo.seeding import TimeMachine, Welcome, seed
from workers.embedded.postgres import Dsns

ROOT = Path(__file__).parents[2]
PASSWORD = "a-password-of-the-demo"
SECRET = "a-secret-of-the-tests-that-is-long-enough"
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0


class LiveSite:
    """Where the site answers, how to get in, and its clock."""

    def __init__(self, folder: Path, port: int, dsns: Dsns, redis_url: str) -> None:
        self.folder = folder
        self.port = port
        self.dsns = dsns
        self.url = f"http://localhost:{port}"
        self.password = PASSWORD
        self.welcome: Welcome
        self._ahead = folder / "ahead"
        self._ahead.write_text("0")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._redis_url = redis_url

    def login(self, role: str, chain: str = "dongying") -> str:
        return f"{role}@{chain}.example"

    def move_clock(self, step: timedelta) -> None:
        """Let time pass for web and worker; it never runs back."""
        assert step >= timedelta(0)
        new = self._ahead.with_suffix(".new")
        new.write_text(str(float(self._ahead.read_text()) + step.total_seconds()))
        new.replace(self._ahead)

    def now(self) -> datetime:
        """What time it is for web and worker."""
        return now() + timedelta(seconds=float(self._ahead.read_text()))

    def start(self) -> None:
        """Seed the chains, start both processes, wait until pages are answered and the worker has nothing left to do."""
        wait_for(self._seed())
        for name in ("web", "worker"):
            log = (self.folder / f"{name}.log").open("wb")
            with log:
                self._processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.browser.live_program", name],
                        cwd=ROOT,
                        env=self.environment(),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                )
        end = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            assert time.monotonic() < end, f"the site did not start:\n{self.logs()}"
            assert all(process.poll() is None for process in self._processes), self.logs()
            time.sleep(0.1)
        wait_for(self._settle(end))

    async def _settle(self, end: float) -> None:
        """Let the worker do what the seeding asked for: a customer whose erasure waits would vanish under a test."""
        connection = await asyncpg.connect(driver_dsn(self.dsns.admin))
        due = "SELECT EXISTS (SELECT FROM outbox WHERE state IN ('pending', 'sent') AND run_at <= now())"
        while await connection.fetchval(due) and time.monotonic() < end:  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.2)
        await connection.close()

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self) -> str:
        """The end of what both processes said."""
        return "\n".join(f"{log.name}:\n{log.read_text()[-2000:]}" for log in sorted(self.folder.glob("*.log")))

    def workplace(self) -> Workplace:
        """The chains from inside, to make in a moment what a test does not want to click together."""
        return Workplace(Database(self.dsns.app, pool_size=1), Bus(self._redis_url), PluginHost.load(), TimeMachine())

    async def tenant_id(self, chain: str = "dongying") -> UUID:
        workplace = self.workplace()
        try:
            found = await workplace.find_tenant_id("slug", chain)
        finally:
            await workplace.aclose()
        assert found is not None
        return found

    async def _seed(self) -> None:
        clock = TimeMachine()
        database, outward = Database(self.dsns.app, pool_size=2), Outward(SECRET)
        workplace = Workplace(database, Bus(self._redis_url), PluginHost.load(), clock, outward=outward)
        try:
            self.welcome = await seed(workplace, clock, self.password)
        finally:
            await workplace.aclose()

    def environment(self) -> dict[str, str]:
        """What a process of this site is started with."""
        return os.environ | {
            "DATABASE_URL": self.dsns.app,
            "WORKER_DATABASE_URL": self.dsns.worker,
            "REDIS_URL": self._redis_url,
            "ANXIN_SECRET_KEY": SECRET,
            "ANXIN_PUBLIC_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "VAR": str(self.folder),
            AHEAD: str(self._ahead),
        }

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def open_site(valkey: str, *, place: int = 0) -> Iterator[LiveSite]:
    """A running site with the demo in it; each `place` has a database of Valkey's own."""
    if find_chromium() is None:
        pytest.skip(
            "NO BROWSER FOUND: nothing was looked at in a browser. Install Chromium (apt-get install chromium)."
        )
    server, name = new_migrated_database()
    address, _, number = valkey.partition("?db=")
    folder = Path(tempfile.mkdtemp(prefix="anxin-live-"))
    # Worker tests of the same run empty the database of their number.
    site = LiveSite(folder, _free_port(), server.dsns_for(name), f"{address}?db={15 - 4 * place - int(number)}")
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def live_site(valkey: str) -> Iterator[LiveSite]:
    """One running site per xdist worker; it stops with the run."""
    with open_site(valkey) as site:
        yield site
