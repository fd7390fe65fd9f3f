"""Hands committed events to the plugins that listen, each in a transaction of its own."""

from typing import Any
from uuid import UUID

import msgspec

from core.hooks.records.events import Event
from core.hooks.specs.events import on_event
from core.outbox.rules import ON_EVENT
from core.uow import UnitOfWork
from workers.jobs import task

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
