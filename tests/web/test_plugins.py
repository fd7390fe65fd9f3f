"""An administrator switches plugins on and off, changes their settings, and goes back; nobody else may."""

from collections.abc import Awaitable, Callable

import pytest

from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


async def test_the_list_says_what_a_plugin_may_do(client: Client, tenant_a: TestTenant) -> None:
    page = await (await client()).get(f"/t/{tenant_a.slug}/plugins")
    assert page.status_code == 200
    assert 'id="plugin-petclinic"' in page.text
    assert "Personal data it reads or keeps" in page.text


async def test_off_and_on_take_effect_with_the_next_request(client: Client, tenant_a: TestTenant) -> None:
    admin = await client()
    root = f"/t/{tenant_a.slug}/plugins"
    assert (await admin.send_form(f"{root}/petclinic/on")).status_code == 303
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        assert reader.plugins.is_on("petclinic")
    assert (await admin.send_form(f"{root}/petclinic/off")).status_code == 303
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        assert not reader.plugins.is_on("petclinic")
    assert "its data are kept" in (await admin.get(root)).text


async def test_settings_are_saved_as_a_version_and_taken_back(client: Client, tenant_a: TestTenant) -> None:
    admin = await client()
    root = f"/t/{tenant_a.slug}/plugins/petclinic"
    await admin.send_form(f"{root}/on")
    page = await admin.get(root)
    assert page.status_code == 200
    posted = form_fields(page.text, "plugin-settings") | {"over_estimate_percent": ["45"]}
    saved = await admin.send_form(f"{root}/settings", posted)
    assert saved.status_code == 303, saved.text
    page = await admin.get(root)
    assert 'value="45"' in page.text
    assert "saved version 1" in page.text
    assert (await admin.send_form(f"{root}/restore", {"version": "0"})).status_code == 303
    assert 'value="30"' in (await admin.get(root)).text


async def test_a_refused_setting_keeps_what_was_typed(client: Client, tenant_a: TestTenant) -> None:
    admin = await client()
    root = f"/t/{tenant_a.slug}/plugins/petclinic"
    await admin.send_form(f"{root}/on")
    posted = form_fields((await admin.get(root)).text, "plugin-settings") | {"over_estimate_percent": ["-5"]}
    answer = await admin.send_form(f"{root}/settings", posted)
    assert answer.status_code == 422
    assert 'value="-5"' in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_a_stale_page_does_not_overwrite(client: Client, tenant_a: TestTenant) -> None:
    admin = await client()
    root = f"/t/{tenant_a.slug}/plugins/petclinic"
    await admin.send_form(f"{root}/on")
    shown = form_fields((await admin.get(root)).text, "plugin-settings")
    await admin.send_form(f"{root}/settings", shown | {"over_estimate_percent": ["45"]})
    stale = await admin.send_form(f"{root}/settings", shown | {"over_estimate_percent": ["50"]})
    assert stale.status_code == 409


@pytest.mark.parametrize("role", ["front_desk", "doctor", "service_supervisor"])
async def test_only_those_who_manage_plugins_may(client: Client, tenant_a: TestTenant, role: str) -> None:
    other = await client(role)
    assert (await other.get(f"/t/{tenant_a.slug}/plugins")).status_code == 403
    assert (await other.send_form(f"/t/{tenant_a.slug}/plugins/petclinic/on")).status_code == 403


async def test_one_tenants_switch_leaves_the_other_alone(
    client: Client, tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    admin = await client()
    before = await _epoch(tenant_b)
    await admin.send_form(f"/t/{tenant_a.slug}/plugins/petclinic/on")
    assert (await admin.send_form(f"/t/{tenant_b.slug}/plugins/petclinic/off")).status_code in {303, 401, 403, 404}
    assert await _epoch(tenant_b) == before


async def _epoch(tenant: TestTenant) -> int:
    async with tenant.workplace.reading(tenant.id) as reader:
        return reader.scope.plugin_epoch
