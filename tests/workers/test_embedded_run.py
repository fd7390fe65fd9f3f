"""`anxin run` as a person meets it: up from an empty folder, alive after kill -9 of any part, gone after Ctrl-C."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from workers.embedded.processes import alive

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0
PARTS = ("web", "worker", "valkey", "postgres")


class Running:
    """One `anxin run` without demo tenants, on a port and a folder of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        unwanted = ("DATABASE_URL", "WORKER_DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL", "ANXIN_PUBLIC_URL")
        self._environment = {key: value for key, value in os.environ.items() if key not in unwanted}

    def command(self) -> list[str]:
        options = ["--var", str(self.var), "--host", "127.0.0.1", "--port", str(self.port), "--no-demo"]
        return [sys.executable, "-m", "workers.cli.main", "run", *options]

    @contextmanager
    def up(self) -> Iterator["subprocess.Popen[str]"]:
        with subprocess.Popen(
            self.command(),
            cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                said = []
                for line in iter(process.stdout.readline, ""):
                    said.append(line)
                    if line.startswith("Anxin is up"):
                        break
                else:
                    pytest.fail("".join(said))
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                process.communicate(timeout=PATIENCE)

    def again(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(), cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )

    def pid(self, part: str) -> int:
        if part == "postgres":
            return int((self.var / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])
        return int((self.var / f"{part}.pid").read_text().split()[0])

    def is_well(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status == 200 and json.loads(answer.read())["status"] == "ok"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def replaced(self, part: str, before: int) -> bool:
        try:
            return self.pid(part) != before and alive(self.pid(part))
        except OSError:  # between the death of the old one and the mark of the new one
            return False


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"in {PATIENCE:.0f} s it did not happen: {what}"
        time.sleep(0.1)


@pytest.mark.chaos
def test_every_part_may_be_killed_the_supervisor_too_and_ctrl_c_ends_all(server_folder: Path) -> None:
    running = Running(server_folder / "var")
    with running.up() as first:
        wait_for(running.is_well, "healthy")
        second = running.again()
        assert second.returncode == 1
        assert "already running on this data folder" in second.stderr
        assert f":{running.port}/" in second.stderr
        for part in PARTS:
            before = running.pid(part)
            os.kill(before, signal.SIGKILL)
            wait_for(partial(running.replaced, part, before), f"{part} came back")
            wait_for(running.is_well, f"healthy after the death of {part}")
        orphans = [running.pid(part) for part in PARTS]
        first.kill()
        first.wait()
        assert all(map(alive, orphans)), "nothing of it dies with the supervisor"
        with running.up() as third:
            assert not any(map(alive, orphans)), "the next start ends what was left"
            wait_for(running.is_well, "healthy after the death of the supervisor")
            numbers = [running.pid(part) for part in PARTS]
            third.send_signal(signal.SIGINT)
            output, _ = third.communicate(timeout=PATIENCE)
    assert third.returncode == 0
    stopped = [line.split()[-1] for line in output.splitlines() if "stopping" in line]
    assert stopped == ["worker", "web", "valkey", "postgres"]
    assert not any(map(alive, numbers))


def test_a_taken_port_ends_the_start_before_anything_else_starts(server_folder: Path) -> None:
    running = Running(server_folder / "var")
    with socket.socket() as other:
        other.bind(("127.0.0.1", running.port))
        other.listen()
        done = running.again()
    assert done.returncode == 1
    assert f"Port {running.port} on 127.0.0.1 is taken" in done.stderr
    assert not (running.var / "postgres" / "data").exists()
