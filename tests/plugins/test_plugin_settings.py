"""A tenant switches plugins on and off and sets them: every change is a version, in force from the next unit of work."""

import pytest

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.hooks.host import PluginHost
from core.hooks.specs.complaints import complaint_policies
from tenants.plugin_settings import (
    disable_plugin,
    enable_plugin,
    get_settings_page,
    list_plugins,
    list_setting_changes,
    restore_plugin_settings,
    save_plugin_settings,
    save_posted_settings,
)
from tests.workplaces import TestTenant


async def enable(tenant: TestTenant, host: PluginHost) -> None:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=host, plugin_id="petclinic")


async def save(tenant: TestTenant, host: PluginHost, version: int, **data: object) -> int:
    async with tenant.unit() as uow:
        return await save_plugin_settings(uow, host=host, plugin_id="petclinic", data=data, expected_version=version)


async def threshold(tenant: TestTenant) -> int:
    async with tenant.unit() as uow:
        return int(getattr(uow.plugins.settings_of("petclinic"), "over_estimate_percent"))  # noqa: B009 - a plugin's own struct


async def test_on_and_off_hold_from_the_next_unit_and_for_this_tenant_only(
    tenant_a: TestTenant, tenant_b: TestTenant, plugin_host: PluginHost
) -> None:
    await enable(tenant_a, plugin_host)
    async with tenant_a.unit() as ours, tenant_b.unit() as theirs:
        assert len(ours.plugins.declared(complaint_policies)) == 3
        assert theirs.plugins.declared(complaint_policies) == ()
    async with tenant_a.unit() as uow:
        await disable_plugin(uow, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        assert not uow.plugins.is_on("petclinic")


async def test_every_change_bumps_the_epoch_in_the_same_transaction(
    tenant_a: TestTenant, plugin_host: PluginHost
) -> None:
    epochs = []
    for change in (enable(tenant_a, plugin_host), save(tenant_a, plugin_host, 0, over_estimate_percent=40)):
        await change
        async with tenant_a.unit() as uow:
            epochs.append(uow.scope.plugin_epoch)
    assert epochs[1] == epochs[0] + 1


async def test_a_change_keeps_who_when_before_and_after_and_goes_back_in_one_step(
    tenant_a: TestTenant, plugin_host: PluginHost
) -> None:
    await enable(tenant_a, plugin_host)
    assert await save(tenant_a, plugin_host, 0, over_estimate_percent=40) == 1
    assert await save(tenant_a, plugin_host, 1, over_estimate_percent=50) == 2
    assert await threshold(tenant_a) == 50
    async with tenant_a.unit() as uow:
        assert await restore_plugin_settings(uow, host=plugin_host, plugin_id="petclinic", version=1) == 3
    assert await threshold(tenant_a) == 40
    async with tenant_a.unit() as uow:
        assert await restore_plugin_settings(uow, host=plugin_host, plugin_id="petclinic", version=0) == 4
        changes = await list_setting_changes(uow, "petclinic")
    assert await threshold(tenant_a) == 30
    assert [change.version for change in changes] == [4, 3, 2, 1]
    assert [change.after.get("over_estimate_percent") for change in changes] == [None, 40, 50, 40]
    assert changes[0].before["over_estimate_percent"] == 40
    assert changes[0].changed_by_name == tenant_a.staff["director"].name


async def test_a_version_that_never_was_cannot_come_back(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    await enable(tenant_a, plugin_host)
    with pytest.raises(NotFound):
        async with tenant_a.unit() as uow:
            await restore_plugin_settings(uow, host=plugin_host, plugin_id="petclinic", version=7)


async def test_the_same_settings_again_make_no_version(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    await enable(tenant_a, plugin_host)
    assert await save(tenant_a, plugin_host, 0, over_estimate_percent=40) == 1
    assert await save(tenant_a, plugin_host, 1, over_estimate_percent=40) == 1


async def test_two_people_cannot_overwrite_each_other(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    await enable(tenant_a, plugin_host)
    await save(tenant_a, plugin_host, 0, over_estimate_percent=40)
    with pytest.raises(Conflict):
        await save(tenant_a, plugin_host, 0, over_estimate_percent=60)
    assert await threshold(tenant_a) == 40


async def test_bad_settings_are_refused_with_their_path_and_nothing_changes(
    tenant_a: TestTenant, plugin_host: PluginHost
) -> None:
    await enable(tenant_a, plugin_host)
    with pytest.raises(InvalidInput) as refused:
        await save(tenant_a, plugin_host, 0, over_estimate_percent=-1, colour="red")
    assert [problem.path for problem in refused.value.problems] == ["colour", "over_estimate_percent"]
    assert await threshold(tenant_a) == 30


async def test_a_posted_page_is_saved_as_typed_settings(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    await enable(tenant_a, plugin_host)
    async with tenant_a.unit() as uow:
        page = await get_settings_page(uow, plugin_host, "petclinic")
    posted = {one.path: [str(one.value)] if one.widget != "checkboxes" else list(one.value) for one in page.inputs}
    posted["over_estimate_percent"] = ["45"]
    async with tenant_a.unit() as uow:
        await save_posted_settings(
            uow, host=plugin_host, plugin_id="petclinic", posted=posted, expected_version=page.version
        )
    assert await threshold(tenant_a) == 45


async def test_only_who_manages_plugins_may(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    for role in ("doctor", "front_desk", "team_leader"):
        with pytest.raises(Forbidden):
            async with tenant_a.unit(role) as uow:
                await enable_plugin(uow, host=plugin_host, plugin_id="petclinic")


async def test_what_is_not_loaded_or_not_on_is_not_found(tenant_a: TestTenant, plugin_host: PluginHost) -> None:
    with pytest.raises(NotFound):
        async with tenant_a.unit() as uow:
            await enable_plugin(uow, host=plugin_host, plugin_id="ghost")
    with pytest.raises(NotFound):
        async with tenant_a.unit() as uow:
            await disable_plugin(uow, plugin_id="petclinic")
    with pytest.raises(NotFound):
        await save(tenant_a, plugin_host, 0, over_estimate_percent=40)


async def test_the_list_shows_every_loaded_plugin_with_this_tenants_state(
    tenant_a: TestTenant, plugin_host: PluginHost
) -> None:
    async with tenant_a.unit() as uow:
        assert [(card.plugin.id, card.state) for card in await list_plugins(uow, plugin_host)] == [
            ("aesthetics", "installed"),
            ("petclinic", "installed"),
            ("supplements", "installed"),
        ]
    await enable(tenant_a, plugin_host)
    async with tenant_a.unit() as uow:
        _, card, _ = await list_plugins(uow, plugin_host)
    assert (card.state, card.reason) == ("on", "")
