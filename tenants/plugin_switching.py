"""Lets a plugin prepare after being switched on and wind up after being switched off; until it has, it is `switching`."""

from typing import Final

from sqlalchemy import select, update

from core.db import table_of
from core.hooks.specs.upkeep import tenant_disabled, tenant_enabled
from core.uow import UnitOfWork
from tenants.models import PluginState

SWITCH_TASK: Final = "plugins.switch"
"""The task that lets a plugin prepare or wind up."""
SCHEDULE_TASK: Final = "plugins.schedule"
"""The task that gives a tenant the next tick of every job of its plugins."""
_S = table_of(PluginState)


async def begin_switch(uow: UnitOfWork, *, plugin_id: str, on: bool, needed: bool) -> None:
    """Ask the worker to let a plugin prepare (or wind up), where it has something to do, and to plan its jobs."""
    await uow.session.execute(
        update(_S).where(_S.c.tenant_id == uow.tenant_id, _S.c.plugin == plugin_id).values(switching=needed)
    )
    if needed:
        await uow.enqueue(SWITCH_TASK, {"plugin": plugin_id, "on": on})
    if on:
        await uow.enqueue(SCHEDULE_TASK, {})


async def finish_switch(uow: UnitOfWork, *, plugin_id: str, on: bool) -> bool:
    """Call the plugin and take the mark away; False when it was switched again meanwhile, which has work of its own.

    Raises:
        PluginFault: it failed; the mark stays, and the work comes again.
    """
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.plugin == plugin_id)
    state = await uow.session.scalar(select(_S.c.state).where(*mine))
    if (state == "on") is not on:
        return False
    # Off means off from the next request; winding up is asked of a plugin that nothing else reaches any more.
    await uow.plugins.holding.react(
        tenant_enabled if on else tenant_disabled,
        plugin=plugin_id,
        session=uow.session,
        now=uow.now,
        actor=uow.actor,
        locale=uow.scope.locale,
    )
    await uow.session.execute(update(_S).where(*mine, _S.c.state == state).values(switching=False))
    return True
