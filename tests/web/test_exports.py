"""The pages of exports: asked for, shown, taken and thrown away; without the right nobody sees them."""

import re
from collections.abc import Awaitable, Callable

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


async def _add(tenant: TestTenant) -> None:
    async with tenant.unit() as uow:
        await add_customer(uow, draft=CustomerDraft(full_name="王小美", phones=("+8613812346871",)))


async def test_a_file_is_asked_for_shown_and_taken(client: Client, tenant_a: TestTenant) -> None:
    await _add(tenant_a)
    browser = await client("director")
    root = f"/t/{tenant_a.slug}/customers"
    listed = await browser.get(root)
    assert f"{root}/exports?q=" in listed.text
    page = await browser.get(f"{root}/exports?q=王小美&tier=nonsense&segment=x&tag=y")
    assert page.status_code == 200
    assert 'value="王小美"' in page.text
    refused = await browser.send_form(f"{root}/exports", {"kind": "csv", "columns": "name", "whole_phones": "true"})
    assert refused.status_code == 422
    made = await browser.send_form(f"{root}/exports", {"kind": "csv", "columns": ["name", "phone"]})
    assert made.status_code == 303
    here = made.headers["location"]
    shown = await browser.get(here)
    assert f'action="{here}/file"' in shown.text
    taken = await browser.send_form(f"{here}/file", {})
    assert taken.content == "\ufeffname,phone\r\n王小美,138****6871\r\n".encode()
    assert re.fullmatch(r'attachment; filename="customers-\d+\.csv"', taken.headers["content-disposition"])
    assert taken.headers["cache-control"] == "no-store"
    assert (await browser.get(f"{here}/progress")).status_code == 200
    gone = await browser.send_form(f"{here}/cancel", {})
    assert gone.headers["location"] == f"{root}/exports"
    assert (await browser.send_form(f"{here}/file", {})).status_code == 409


async def test_unknown_fields_and_columns_and_an_empty_choice_are_refused(client: Client, tenant_a: TestTenant) -> None:
    await _add(tenant_a)
    browser = await client("director")
    root = f"/t/{tenant_a.slug}/customers/exports"
    for body in ({"kind": "csv"}, {"kind": "csv", "columns": "salary"}, {"kind": "exe", "columns": "name"}, {"x": "1"}):
        assert (await browser.send_form(root, body)).status_code == 422, body
    nobody = await browser.send_form(root, {"kind": "csv", "columns": "name", "q": "没有这个人"})
    assert nobody.status_code == 422


async def test_the_front_desk_exports_nothing(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("front_desk")
    root = f"/t/{tenant_a.slug}/customers"
    assert "/exports" not in (await browser.get(root)).text
    assert (await browser.get(f"{root}/exports")).status_code in {403, 404}
    assert (await browser.send_form(f"{root}/exports", {"kind": "csv", "columns": "name"})).status_code in {403, 404}
