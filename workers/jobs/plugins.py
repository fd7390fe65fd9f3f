"""Plugins' work outside requests: hearing events, jobs by the clock, preparing and winding up; each in a transaction of its own."""

from typing import Any
from uuid import UUID

import msgspec

from core.errors import NotFound
from core.hooks.records.events import Event
from core.hooks.specs.events import on_event
from core.hooks.specs.upkeep import run_job
from core.outbox.rules import ON_EVENT
from core.uow import UnitOfWork
from tenants.plugin_effects import BadEffect, apply_effects
from tenants.plugin_switching import SCHEDULE_TASK, SWITCH_TASK, finish_switch
from workers.jobs import task
from workers.plugin_jobs import JOB_TASK, add_job_ticks, find_job

HEAR: str = "plugins.hear"


@task(ON_EVENT)
async def tell_plugins(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Make one piece of work per listening plugin, so that one's fault is not another's."""
    for plugin in uow.plugins.listeners(on_event):
        await uow.enqueue(HEAR, {"plugin": plugin, "event": payload}, dedupe_key=f"event:{outbox_id}:{plugin}")


# The hook's own promise: after five tries it is a dead letter. The hook's budget (30 s) ends it before this timeout.
@task(HEAR, retries=4, timeout=45.0)
async def hear_event(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Let one plugin hear one event; a plugin that was switched off meanwhile hears nothing."""
    del outbox_id
    await uow.plugins.react(
        on_event,
        plugin=payload["plugin"],
        session=uow.session,
        now=uow.now,
        actor=uow.actor,
        event=msgspec.convert(payload["event"], Event),
    )


@task(SCHEDULE_TASK)
async def plan_jobs(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Give every job of the tenant's plugins its next tick."""
    del payload, outbox_id
    await add_job_ticks(uow)


# In order, so that no job of a tenant runs twice at once, and a chain with many jobs takes one worker at a time.
@task(JOB_TASK, retries=4, timeout=90.0, rows=1, ordered=True)
async def do_job(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Do one job and what it asks for; one of a plugin that is off, or that it no longer declares, is nothing to do."""
    del outbox_id
    if find_job(uow.plugins, payload) is None:
        return
    plugin = payload["plugin"]
    effects = await uow.plugins.react(
        run_job,
        plugin=plugin,
        session=uow.session,
        now=uow.now,
        actor=uow.actor,
        locale=uow.scope.locale,
        job=payload["job"],
    )
    try:
        await apply_effects(uow, plugin=plugin, effects=effects)
    except NotFound as error:
        raise BadEffect(plugin=plugin, hook=run_job.name, error=f"NotFound: {error.detail}", where="") from error


@task(SWITCH_TASK, retries=4, timeout=45.0)
async def switch(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Let a plugin prepare or wind up."""
    del outbox_id
    await finish_switch(uow, plugin_id=payload["plugin"], on=payload["on"])
