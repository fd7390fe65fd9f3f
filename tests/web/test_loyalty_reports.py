"""The pages of loyalty reports: each shows figures, a chart with its table, and gives a file; nobody else sees them."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.loyalty.actions import grant_points, record_purchase
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
PAGES = ("", "/retention", "/groups", "/tiers", "/lift")


async def _bought(tenant: TestTenant) -> UUID:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="王小美"))
        for months in (3, 1, 0):
            await record_purchase(
                uow,
                customer_id=customer_id,
                fen=800_00,
                key=f"p{months}",
                occurred_at=uow.now - timedelta(days=30 * months),
            )
        await grant_points(uow, customer_id=customer_id, points=120, key="g", reason="开业")
    return customer_id


async def test_every_report_has_an_empty_state_that_says_what_will_appear(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("director")
    for page in PAGES:
        found = await browser.get(f"/t/{tenant_a.slug}/loyalty/reports{page}")
        assert found.status_code == 200, page
        assert "empty" in found.text or "<dt" in found.text or "tiles" in found.text


async def test_every_report_shows_figures_a_chart_and_its_table(client: Client, tenant_a: TestTenant) -> None:
    await _bought(tenant_a)
    browser = await client("director")
    root = f"/t/{tenant_a.slug}/loyalty/reports"
    assert f'href="{root}"' in (await browser.get(f"/t/{tenant_a.slug}/")).text
    for page in PAGES:
        found = await browser.get(f"{root}{page}")
        assert found.status_code == 200
        assert "<chart-view" in found.text, page
        assert f'action="{root}/export"' in found.text
    assert ">120<" in (await browser.get(root)).text
    heat = (await browser.get(f"{root}/retention?period=half&what=purchases")).text
    assert 'data-heat="5"' in heat
    assert "<chart-view" not in (await browser.get(f"{root}/retention?what=visits")).text


async def test_the_filters_change_a_part_of_the_page(client: Client, tenant_a: TestTenant) -> None:
    await _bought(tenant_a)
    browser = await client("director")
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    found = await browser.get(f"/t/{tenant_a.slug}/loyalty/reports/retention?period=quarter&branch=x", headers=part)
    assert found.text.lstrip().startswith('<div class="stack" id="loyalty-report"')


async def test_a_field_of_the_grid_leads_to_its_people_and_to_a_segment(client: Client, tenant_a: TestTenant) -> None:
    customer_id = await _bought(tenant_a)
    browser = await client("director")
    root = f"/t/{tenant_a.slug}/loyalty/reports"
    page = (await browser.get(f"{root}/groups")).text
    link = re.search(r'href="([^"]*groups/members[^"]*)"', page)
    assert link is not None
    people = (await browser.get(link[1].replace("&amp;", "&"))).text
    assert "王小美" in people
    assert str(customer_id) in people
    made = await browser.send_form(f"{root}/groups/segment", {"recency": "5", "frequency": "3"})
    assert made.status_code == 303
    shown = await browser.get(made.headers["location"])
    assert "王小美" in shown.text
    assert (await browser.send_form(f"{root}/groups/segment", {"recency": "9", "frequency": "3"})).status_code == 422
    nobody = await browser.get(f"{root}/groups/members?recency=1&frequency=5")
    assert nobody.status_code == 200
    assert "王小美" not in nobody.text


@pytest.mark.parametrize("report", ["liability", "retention", "rfm", "movement", "lift"])
async def test_every_report_goes_into_a_file(client: Client, tenant_a: TestTenant, report: str) -> None:
    await _bought(tenant_a)
    browser = await client("director")
    path = f"/t/{tenant_a.slug}/loyalty/reports/export"
    book = await browser.send_form(path, {"report": report, "kind": "xlsx"})
    assert book.content[:2] == b"PK"
    assert "attachment" in book.headers["content-disposition"]
    text = await browser.send_form(path, {"report": report, "kind": "csv", "period": "half"})
    assert text.content.startswith(b"\xef\xbb\xbf")
    assert "王小美" not in text.text


async def test_an_unknown_report_or_kind_of_file_is_refused(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("director")
    path = f"/t/{tenant_a.slug}/loyalty/reports/export"
    for body in ({"report": "salaries"}, {"kind": "exe"}, {"x": "1"}):
        assert (await browser.send_form(path, body)).status_code == 422


async def test_the_front_desk_sees_no_reports(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("front_desk")
    root = f"/t/{tenant_a.slug}/loyalty/reports"
    for page in PAGES:
        assert (await browser.get(f"{root}{page}")).status_code in {403, 404}
    assert (await browser.send_form(f"{root}/export", {})).status_code in {403, 404}
