"""When the jobs of a tenant's plugins tick: one row ahead per job of a plugin that is on, so what is off costs nothing."""

from datetime import timedelta
from typing import Any, Final

from core.hooks.dispatch import TenantPlugins
from core.hooks.records.upkeep import Job
from core.hooks.specs.upkeep import jobs
from core.outbox.actions import add_tick
from core.outbox.rules import Cron, Work
from core.uow import UnitOfWork

JOB_TASK: Final = "plugins.job"
DAILY_SPREAD: Final = timedelta(minutes=5)
"""Own design: not all chains of a time zone at the same second."""


def job_cron(job: Job) -> Cron:
    """Return a job's ticks; each tenant has its own minute within them."""
    name = f"plugin.{job.id}"
    if job.every_minutes:
        every = timedelta(minutes=job.every_minutes)
        return Cron(name=name, task=JOB_TASK, every=every, spread=every)
    hour, _, minute = job.at.partition(":")
    return Cron(name=name, task=JOB_TASK, at=(int(hour), int(minute)), spread=DAILY_SPREAD)


def find_job(plugins: TenantPlugins, payload: dict[str, Any]) -> Job | None:
    """Return the job that a row is about, while its plugin is on and declares it."""
    for one in plugins.declared(jobs):
        if one.plugin == payload.get("plugin") and one.value.id == f"{one.plugin}.{payload.get('job')}":
            return one.value
    return None


async def add_job_ticks(uow: UnitOfWork) -> int:
    """Give the tenant the next tick of every job; those that are there stay. Return how many jobs there are."""
    declared = uow.plugins.declared(jobs)
    for one in declared:
        await _add(uow, one.plugin, one.value)
    return len(declared)


async def job_again(uow: UnitOfWork, work: Work) -> None:
    """When a row of a job is done or dead, plan the next one; none when the plugin is off or the job is no more."""
    job = find_job(uow.plugins, work.payload)
    if job is not None:
        await _add(uow, str(work.payload["plugin"]), job)


async def _add(uow: UnitOfWork, plugin: str, job: Job) -> None:
    payload = {"plugin": plugin, "job": job.id.removeprefix(f"{plugin}.")}
    await add_tick(uow, job_cron(job), timezone=uow.scope.timezone, payload=payload)
