"""A real worker killed with SIGKILL between telling and its commit: nobody is told twice, none is forgotten."""

import asyncio
import logging
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core.bus import Bus
from core.clock import now
from core.clocks.rules import stages
from core.complaints.actions.filing import file_complaint
from core.complaints.cases.case import lock_cases
from core.complaints.rules.filing import Filing
from core.db import Database
from core.hooks.host import PluginHost
from tenants.plugin_settings import enable_plugin
from tenants.work import Workplace
from tests.workers.test_chaos import ROOT, look, open_shops
from workers.embedded.postgres import Dsns, EmbeddedPostgres
from workers.embedded.program import Program
from workers.embedded.supervisor import Supervisor
from workers.embedded.valkey import EmbeddedValkey

logger = logging.getLogger(__name__)
EACH, SECONDS = 6, 150.0
BEGUN = timedelta(minutes=20)
Key = tuple[Any, ...]


async def fill(dsns: Dsns, redis_url: str, tenants: list[UUID]) -> set[Key]:
    """File complaints twenty minutes ago; return all that has to be told of them by a quarter of an hour after."""
    today = Workplace(Database(dsns.app), Bus(redis_url), PluginHost.load(), now)
    then = now() - BEGUN
    before = Workplace(today.database, today.bus, today.host, lambda: then)
    try:
        wanted: set[Key] = set()
        for tenant_id in tenants:
            async with before.unit(tenant_id) as uow:
                await enable_plugin(uow, host=before.host, plugin_id="petclinic")
            ids = []
            for _ in range(EACH):
                async with before.unit(tenant_id) as uow:
                    filing = Filing(text="手术中宠物死亡", contact_phone="13878106871")
                    ids.append((await file_complaint(uow, filing=filing)).complaint_id)
            async with before.unit(tenant_id) as uow:
                for case in await lock_cases(uow, ids, locked=False):
                    wanted |= due_of(tenant_id, case, then + timedelta(minutes=15))
        return wanted
    finally:
        await today.aclose()


def due_of(tenant_id: UUID, case: Any, until: datetime) -> set[Key]:
    return {
        (tenant_id, case.complaint_id, clock.milestone.id, stage.name)
        for clock in case.clocks.values()
        if clock.state is not None
        for stage in stages(clock.state, case.timetable.calendars)
        if stage.at <= until
    }


def marks_in(marks: Path) -> int:
    return marks.read_bytes().count(b"\n") if marks.exists() else 0


@pytest.mark.chaos
def test_a_worker_killed_between_telling_and_commit_tells_each_stage_once(server_folder: Path) -> None:
    var, marks = server_folder / "var", server_folder / "marks"
    with Supervisor(logger.info) as supervisor:
        postgres, valkey = EmbeddedPostgres(var), EmbeddedValkey(var)
        for server in (postgres, valkey):
            supervisor.start(server)
        tenants = asyncio.run(open_shops(postgres.dsns, valkey.url))
        wanted = asyncio.run(fill(postgres.dsns, valkey.url, tenants))
        environment = {
            "DATABASE_URL": postgres.dsns.app,
            "WORKER_DATABASE_URL": postgres.dsns.worker,
            "REDIS_URL": valkey.url,
            "ANXIN_SECRET_KEY": "a-secret-of-the-tests-that-is-long-enough",
            "ANXIN_JOB_LEASE": "2",
            "CHAOS_MARKS": str(marks),
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
        }
        command = [sys.executable, "-m", "tests.workers.deadline_worker"]
        worker = Program("worker", command, var=var, environment=environment)
        supervisor.start(worker)
        killed, end = 0, time.monotonic() + SECONDS
        told: list[Key] = []
        while not wanted <= set(told):
            assert time.monotonic() < end, f"{len(wanted - set(told))} of {len(wanted)} were not told; killed {killed}"
            supervisor.pause(0.02)
            alive = worker.process is not None and worker.process.poll() is None
            if not killed and alive and worker.process is not None and marks_in(marks):
                os.kill(worker.process.pid, signal.SIGKILL)
                killed += 1
            told = [
                tuple(row)
                for row in asyncio.run(
                    look(postgres.dsns, "SELECT tenant_id, complaint_id, milestone, stage FROM told_stage")
                )
            ]
        notices = asyncio.run(
            look(postgres.dsns, "SELECT tenant_id, complaint_id, milestone, stage, staff_id FROM notice")
        )
        history = asyncio.run(
            look(
                postgres.dsns,
                "SELECT tenant_id, complaint_id, data ->> 'milestone', data ->> 'stage' FROM complaint_event"
                " WHERE data ? 'stage'",
            )
        )
    logger.info("killed %d times, %d commits begun for %d stages", killed, marks_in(marks), len(wanted))
    assert killed == 1
    assert len(told) == len(set(told))
    assert len(notices) == len({tuple(row) for row in notices})
    assert {tuple(row)[:4] for row in notices} == set(told)
    assert sorted(tuple(row) for row in history) == sorted(told)
