"""One of our own processes (web, worker) as a supervisor's part: started, marked, logged and ended."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.embedded.processes import Mark, end_process

LOG_LIMIT = 20 * 1024 * 1024


class Program:
    """A command that runs until it is told to end."""

    def __init__(self, name: str, command: Sequence[str], *, var: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = var / "log" / f"{name}.log"
        self._command = list(command)
        self.environment = dict(environment)
        self._mark = Mark(var / f"{name}.pid")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> "subprocess.Popen[bytes] | None":
        """The child, while there is one."""
        return self._process

    def start(self) -> None:
        """Start it; whether it does its work is asked elsewhere."""
        self.spawn()

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the process in a session of its own: Ctrl-C is for the supervisor, which ends things in order."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )
        self._mark.write(self._process.pid)
        return self._process

    def stop(self) -> None:
        """Ask it to end what it does; after 15 s it and its children are killed."""
        if self._process is None:
            return
        _end(self._process.pid)
        self._process.wait()
        self._process = None
        self._mark.clear()

    def take_over(self) -> None:
        """End the process that a killed supervisor left."""
        if (pid := self._mark.orphan()) is not None:
            _end(pid)
        self._mark.clear()

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 8000))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def _end(pid: int) -> None:
    end_process(pid, (signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
    # Its own children share its session; the leader is gone, so whoever is left there would be lost.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
