"""A tenant pauses, resumes and ends a plugin: each step is kept with its reason, holds at once, and is this tenant's only."""

import pytest

from core.errors import Conflict, Forbidden, NotFound
from core.hooks.host import PluginHost
from core.hooks.specs.complaints import complaint_policies
from tenants.plugin_lifecycle import KEPT
from tenants.plugin_settings import (
    disable_plugin,
    enable_plugin,
    list_plugin_moves,
    list_plugins,
    pause_plugin,
    resume_plugin,
)
from tests.workplaces import TestTenant

PLUGIN = "petclinic"


async def switched_on(tenant: TestTenant, host: PluginHost) -> None:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=host, plugin_id=PLUGIN)


async def state_of(tenant: TestTenant, host: PluginHost) -> str:
    async with tenant.unit() as uow:
        return next(card.state for card in await list_plugins(uow, host) if card.plugin.id == PLUGIN)


async def test_a_paused_plugin_reaches_nothing_until_it_is_resumed_as_it_was(
    tenant_a: TestTenant, tenant_b: TestTenant, plugin_host: PluginHost
) -> None:
    for tenant in (tenant_a, tenant_b):
        await switched_on(tenant, plugin_host)
    async with tenant_a.unit() as uow:
        await pause_plugin(uow, plugin_id=PLUGIN, why="复查阈值")
    async with tenant_a.unit() as ours, tenant_b.unit() as theirs:
        assert not ours.plugins.is_on(PLUGIN)
        assert ours.plugins.declared(complaint_policies) == ()
        assert theirs.plugins.is_on(PLUGIN)
    async with tenant_a.unit() as uow:
        await resume_plugin(uow, host=plugin_host, plugin_id=PLUGIN)
    async with tenant_a.unit() as uow:
        assert len(uow.plugins.declared(complaint_policies)) == 3


async def test_each_step_is_kept_with_who_when_and_why_and_seen_by_its_tenant_only(
    tenant_a: TestTenant, tenant_b: TestTenant, plugin_host: PluginHost
) -> None:
    await switched_on(tenant_a, plugin_host)
    await switched_on(tenant_a, plugin_host)
    async with tenant_a.unit() as uow:
        await pause_plugin(uow, plugin_id=PLUGIN, why="复查阈值")
    async with tenant_a.unit() as uow:
        await disable_plugin(uow, plugin_id=PLUGIN, why="不再使用")
    async with tenant_b.unit() as theirs:
        assert await list_plugin_moves(theirs, PLUGIN) == []
    async with tenant_a.unit() as ours:
        moves = await list_plugin_moves(ours, PLUGIN)
        assert {move.changed_by_name for move in moves} == {ours.actor.name}
    assert [(move.verb, move.before, move.after, move.why) for move in moves] == [
        ("disable", "paused", "off", "不再使用"),
        ("pause", "on", "paused", "复查阈值"),
        ("enable", "installed", "on", ""),
    ]


async def test_what_the_operator_paused_the_tenant_cannot_resume_but_may_switch_off(
    tenant_a: TestTenant, plugin_host: PluginHost
) -> None:
    await switched_on(tenant_a, plugin_host)
    async with tenant_a.unit() as uow:
        await pause_plugin(uow, plugin_id=PLUGIN, why="供应商召回", by="operator")
    with pytest.raises(Conflict):
        async with tenant_a.unit() as uow:
            await resume_plugin(uow, host=plugin_host, plugin_id=PLUGIN)
    with pytest.raises(Conflict):
        await switched_on(tenant_a, plugin_host)
    assert await state_of(tenant_a, plugin_host) == "paused"
    async with tenant_a.unit() as uow:
        await resume_plugin(uow, host=plugin_host, plugin_id=PLUGIN, by="operator")
    assert await state_of(tenant_a, plugin_host) == "on"


async def test_a_step_that_does_not_fit_the_state_is_refused(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    with pytest.raises(Conflict):
        async with tenant_a.unit() as uow:
            await pause_plugin(uow, plugin_id=PLUGIN, why="")
    with pytest.raises(Conflict):
        async with tenant_a.unit() as uow:
            await resume_plugin(uow, host=plugin_host, plugin_id=PLUGIN)
    with pytest.raises(NotFound):
        async with tenant_a.unit() as uow:
            await disable_plugin(uow, plugin_id=PLUGIN)


async def test_a_plugin_that_is_off_says_until_when_its_data_are_kept(
    tenant_a: TestTenant, plugin_host: PluginHost
) -> None:
    await switched_on(tenant_a, plugin_host)
    async with tenant_a.unit() as uow:
        await disable_plugin(uow, plugin_id=PLUGIN)
        ended = uow.now
    async with tenant_a.unit() as uow:
        (card,) = [card for card in await list_plugins(uow, plugin_host) if card.plugin.id == PLUGIN]
    assert card.kept_until == ended + KEPT


async def test_only_who_manages_plugins_moves_them(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    await switched_on(tenant_a, plugin_host)
    with pytest.raises(Forbidden):
        async with tenant_a.unit("front_desk") as uow:
            await pause_plugin(uow, plugin_id=PLUGIN, why="")
