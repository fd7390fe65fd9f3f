"""A newer program of the plugin is shown beside the tenant's own, with what is new, and changes nothing by itself."""

from collections.abc import Awaitable, Callable

import pytest

from core.programs.queries import get_ladder
from tenants.plugin_settings import get_settings_page, save_plugin_settings
from tests.programs import open_clinic, publish_silver, silver
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_newer_rules_of_the_plugin_are_shown_and_not_taken_over(client: Client, clinic: TestTenant) -> None:
    await publish_silver(clinic, 600)
    director, root = await client("director"), f"/t/{clinic.slug}/programs"
    assert "The plugin brings newer rules" not in (await director.get(root)).text
    assert 'id="plugin"' not in (await director.get(f"{root}/versions")).text
    async with clinic.unit() as uow:
        host = clinic.workplace.host
        page = await get_settings_page(uow, host, "petclinic")
        data = {"referral": "first_exam"}
        await save_plugin_settings(uow, host=host, plugin_id="petclinic", data=data, expected_version=page.version)
    assert "The plugin brings newer rules" in (await director.get(root)).text
    history = (await director.get(f"{root}/versions")).text
    assert "New in the plugin since version 1" in history
    assert "Referral: 20 % off the first check" in history
    async with clinic.unit() as uow:
        assert silver(await get_ladder(uow)) == 600
