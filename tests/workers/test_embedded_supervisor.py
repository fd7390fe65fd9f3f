"""The supervisor: parts come back when they are killed, end in order, and survive the supervisor's own death."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from workers.embedded.processes import FolderLock, alive
from workers.embedded.valkey import EmbeddedValkey

# A small installation: the queue, and two programs of which one writes a line when it is asked to end.
INSTALLATION = """
import sys
from pathlib import Path
from workers.embedded.program import Program
from workers.embedded.supervisor import Supervisor
from workers.embedded.valkey import EmbeddedValkey

var = Path(sys.argv[1])
polite = "import signal, sys, time\\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))"
valkey = EmbeddedValkey(var)
programs = [
    Program(name, [sys.executable, "-uc", polite + "\\nprint('hello', flush=True)\\ntime.sleep(600)"],
            var=var, environment={})
    for name in ("first", "second")
]
parts = [valkey, *programs]
with Supervisor(lambda text: print(text, flush=True)) as supervisor:
    supervisor.clear(parts)
    for part in parts:
        supervisor.start(part)
    print("up", flush=True)
    supervisor.watch()
print("ended", flush=True)
"""


@contextmanager
def installation(var: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", INSTALLATION, str(var)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            assert "up\n" in iter(process.stdout.readline, "")
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def pid_of(var: Path, name: str) -> int:
    try:
        return int((var / f"{name}.pid").read_text().split()[0])
    except (OSError, IndexError):  # between the death of the old one and the mark of the new one
        return 0


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def pong(var: Path) -> bool:
    try:
        with redis.Redis.from_url(EmbeddedValkey(var).url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.mark.parametrize("name", ["valkey", "first", "second"])
def test_a_killed_part_comes_back(name: str, server_folder: Path) -> None:
    with installation(server_folder):
        before = pid_of(server_folder, name)
        assert before
        others = {other: pid_of(server_folder, other) for other in {"valkey", "first", "second"} - {name}}
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: pid_of(server_folder, name) not in {0, before} and alive(pid_of(server_folder, name)))
        wait_for(lambda: pong(server_folder))
        assert {other: pid_of(server_folder, other) for other in others} == others


def test_sigterm_ends_everything_the_last_started_first(server_folder: Path) -> None:
    with installation(server_folder) as process:
        numbers = [pid_of(server_folder, name) for name in ("valkey", "first", "second")]
        wait_for(lambda: (server_folder / "log" / "first.log").read_text() == "hello\n")
        process.terminate()
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [line.split()[-1] for line in output.splitlines() if "stopping" in line] == ["second", "first", "valkey"]
    assert output.endswith("ended\n")
    assert not any(map(alive, numbers))
    assert (server_folder / "log" / "first.log").read_text() == "hello\nbye\n"


def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(server_folder: Path) -> None:
    with installation(server_folder) as process:
        orphans = [pid_of(server_folder, name) for name in ("valkey", "first", "second")]
        process.kill()
        process.wait()
        assert all(map(alive, orphans))
        with installation(server_folder):
            assert not any(map(alive, orphans))
            assert pong(server_folder)


def test_a_lock_is_free_again_when_its_holder_is_killed(server_folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from workers.embedded.processes import FolderLock; "
        "lock = FolderLock(Path(sys.argv[1])); lock.take('x'); print('held', flush=True); time.sleep(600)"
    )
    path = server_folder / "lock"
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    lock = FolderLock(path)
    lock.take("x")
    lock.release()
