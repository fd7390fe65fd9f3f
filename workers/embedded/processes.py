"""Facts about processes of this machine: who lives, what they run, who holds a folder."""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

from workers.embedded.faults import AlreadyRunningError


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie is dead (it holds nothing and only waits for its parent)."""
    if pid <= 0:
        return False
    status = Path(f"/proc/{pid}/stat")
    if status.exists():
        try:
            # The name in parentheses may itself hold spaces and parentheses: the state follows the last one.
            return status.read_text(errors="replace").rpartition(")")[2].split()[0] not in {"Z", "X"}
        except (OSError, IndexError):
            return False
    if Path("/proc/self").exists():
        return False
    answer = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(answer.stdout.strip()) and not answer.stdout.strip().startswith("Z")


def exists(pid: int) -> bool:
    """Whether the number is taken, be it by a zombie: what kill(pid, 0) tells everybody else."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_line(pid: int) -> list[str]:
    """The arguments the process was started with; empty when it is gone or not ours to see."""
    source = Path(f"/proc/{pid}/cmdline")
    try:
        if source.exists():
            return source.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []
    answer = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.split()


def birth(pid: int) -> str:
    """When the process began, in the kernel's own count: a number used again has another birth."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        answer = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip()


class Mark:
    """A file that names a child we started, by which a later start finds it when its supervisor was killed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, pid: int) -> None:
        """Remember the child."""
        self._path.write_text(f"{pid} {birth(pid)}\n")

    def orphan(self) -> int | None:
        """The process number, when that very child still lives."""
        try:
            number, _, born = self._path.read_text().strip().partition(" ")
            pid = int(number)
        except (OSError, ValueError):
            return None
        return pid if alive(pid) and birth(pid) == born else None

    def clear(self) -> None:
        """Forget the child."""
        self._path.unlink(missing_ok=True)


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait until the process is gone; False when it still lives after `seconds`."""
    end = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def end_process(pid: int, *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn until the process is gone, waiting the given seconds after each."""
    for number, seconds in steps:
        if not alive(pid):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_gone(pid, seconds):
            return


class FolderLock:
    """One holder per folder, kept by the kernel: it is free again however its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, what: str) -> None:
        """Take the lock or tell who holds it.

        Raises:
            AlreadyRunningError: another live process holds it.
        """
        if self._handle is not None:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 200).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise AlreadyRunningError(
                f"{what} is already running on this data folder (process {holder}).",
                "Use that one, stop it first, or start a second one with VAR=/another/folder PORT=9000.",
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
