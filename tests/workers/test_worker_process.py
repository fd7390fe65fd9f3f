"""The worker as a process: it works, ends what it does when asked, refuses a wrong login, and tells the operator."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.workers.chaos_worker import TASK
from tests.workers.conftest import Shop
from workers.cli.jobs import command
from workers.embedded.postgres import Dsns

ROOT = Path(__file__).parents[2]


def environment(dsns: Dsns, redis_url: str, marks: Path, **more: str) -> dict[str, str]:
    return {
        "DATABASE_URL": dsns.app,
        "WORKER_DATABASE_URL": dsns.worker,
        "REDIS_URL": redis_url,
        "ANXIN_SECRET_KEY": "a-secret-of-the-tests-that-is-long-enough",
        "CHAOS_MARKS": str(marks),
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
    } | more


@contextmanager
def worker(env: dict[str, str], module: str = "tests.workers.chaos_worker") -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen([sys.executable, "-m", module], env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


async def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.05)


async def test_sigterm_lets_running_work_end_and_gives_the_rest_back(shop: Shop, tmp_path: Path) -> None:
    shop.clock.instant = (await shop.sql("SELECT now()"))[0][0]
    tenant_id = await shop.tenant("graceful")
    await shop.enqueue(tenant_id, TASK, 400)
    marks = tmp_path / "marks"
    with worker(environment(shop.dsns, shop.redis_url, marks)) as process:
        await wait_for(marks.exists)
        process.send_signal(signal.SIGTERM)
        _, log = await asyncio.to_thread(process.communicate, timeout=30)
        assert process.returncode == 0, log
    done = await shop.count("state = 'done'")
    assert 0 < done < 400
    assert len(marks.read_text().split()) == done, "nothing was cut off in the middle"
    assert await shop.count("state = 'dead'") == 0
    assert await shop.count("state <> 'done' AND attempts > 0") == 0, "what was not begun is as it was"


def test_a_login_that_cannot_see_due_work_is_refused_with_the_remedy(
    postgres: Dsns, valkey: str, tmp_path: Path
) -> None:
    env = environment(postgres, valkey, tmp_path, WORKER_DATABASE_URL=postgres.app)
    with worker(env, "workers.main") as process:
        _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "WORKER_DATABASE_URL must sign in as anxin_worker" in log


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    with worker({"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}, "workers.main") as process:
        _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "DATABASE_URL is not set" in log


@pytest.fixture
def operate(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., "asyncio.Future[object]"]:
    for name, value in environment(shop.dsns, shop.redis_url, tmp_path).items():
        monkeypatch.setenv(name, value)

    async def run(*arguments: str) -> object:
        # In a thread: the command runs a loop of its own.
        options = ["--var", str(tmp_path / "var")]
        return await asyncio.to_thread(CliRunner().invoke, command, [arguments[0], *options, *arguments[1:]])

    return run  # type: ignore[return-value]


async def test_the_operator_sees_what_died_and_runs_it_again(shop: Shop, operate: Callable[..., object]) -> None:
    tenant_id = await shop.tenant("operated")
    ids = await shop.enqueue(tenant_id, "test.count", 2)
    await shop.sql("UPDATE outbox SET state = 'dead', attempts = 10, last_error = 'ValueError: no'")
    listed = await operate("dead")
    assert listed.exit_code == 1
    assert f"{ids[0]}  operated  test.count  10 attempts" in listed.output
    counted = await operate("stats", "--tenant", "operated")
    assert "2 rows" in counted.output
    retried = await operate("retry", "--tenant", "operated", str(ids[0]))
    assert "1 run again." in retried.output
    assert (await operate("retry", "--tenant", "operated", str(ids[0]))).exit_code == 1
    assert (await operate("retry", "--tenant", "nobody", "--all")).exit_code == 1
    assert "1 run again." in (await operate("retry", "--tenant", "operated", "--all")).output
    assert "Nothing is dead." in (await operate("dead")).output
    assert await shop.count("state = 'pending' AND attempts = 0") == 2
