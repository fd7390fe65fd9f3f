"""The list of customers at risk in the browser: calls, notes, owners, offers, the end, what offers are worth, campaigns."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from core.churn.actions.cases import open_by_hand
from core.churn.actions.sweep import sweep
from core.churn.models import Winback
from core.churn.queries.cases import find_open_case, list_steps
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.db import table_of
from core.loyalty.actions import record_purchase
from tenants.churn_team import TEAM
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def gone(tenant_a: TestTenant) -> UUID:
    """A customer who was last there a hundred days ago, and is to be offered something."""
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        draft = CustomerDraft(full_name="邹丽萍", phones=("+8613905460101",))
        customer_id = await add_customer(uow, draft=draft)
        at = uow.now - timedelta(days=100)
        await record_purchase(uow, customer_id=customer_id, fen=180_00, key="a", occurred_at=at)
    async with tenant_a.unit() as uow:
        await sweep(uow, team=TEAM)
        found = await find_open_case(uow, customer_id)
        assert found is not None
        await uow.session.execute(
            update(table_of(Winback)).where(Winback.tenant_id == uow.tenant_id).values(arm="offer")
        )
        return found.case_id


async def test_the_list_says_why_whose_and_until_when(client: Client, tenant_a: TestTenant, gone: UUID) -> None:
    browser = await client("director")
    root = f"/t/{tenant_a.slug}/at-risk"
    page = await browser.get(root)
    for words in ("邹丽萍", "Stays away", "director", "Last visit"):
        assert words in page.text, words
    assert f"{root}/{gone}" in page.text
    assert "邹丽萍" not in (await browser.get(f"{root}?which=late")).text
    assert "邹丽萍" in (await browser.get(f"{root}?which=mine&signal=no_spend")).text
    assert "邹丽萍" not in (await browser.get(f"{root}?signal=staff_left")).text
    exported = await browser.get(f"{root}/list.csv")
    assert "邹丽萍" in exported.content.decode("utf-8-sig")


async def test_a_call_is_written_down_and_what_was_typed_stays_when_something_is_missing(
    client: Client, tenant_a: TestTenant, gone: UUID
) -> None:
    browser = await client("front_desk")
    here = f"/t/{tenant_a.slug}/at-risk/{gone}"
    page = await browser.get(here)
    assert "overdue since" in page.text
    assert "13905460101" not in page.text
    assert "13905460101" in (await browser.send_form(f"{here}/reveal", {})).text
    refused = await browser.send_form(f"{here}/call", {"reached": "", "words": "下周来"})
    assert refused.status_code == 422
    assert "下周来" in refused.text
    bad_day = await browser.send_form(f"{here}/call", {"reached": "no", "again_on": "2020-01-01"})
    assert bad_day.status_code == 422
    await browser.send_form(f"{here}/call", {"reached": "yes", "words": "下周来"})
    assert (await browser.send_form(f"{here}/note", {"words": ""})).status_code == 422
    await browser.send_form(f"{here}/note", {"words": "晚上打"})
    doctor = tenant_a.staff["doctor"].id
    await browser.send_form(f"{here}/owner", {"owner_id": str(doctor)})
    assert (await browser.send_form(f"{here}/owner", {"owner_id": "nobody"})).status_code == 422
    shown = (await browser.get(here)).text
    for words in ("下周来", "晚上打", "Talked on the phone", "director → doctor"):
        assert words in shown, words


async def test_an_offer_is_given_once_and_a_case_ends_with_an_outcome(
    client: Client, tenant_a: TestTenant, gone: UUID
) -> None:
    browser = await client("front_desk")
    here = f"/t/{tenant_a.slug}/at-risk/{gone}"
    assert (await browser.send_form(f"{here}/offer", {"choice": "x"})).status_code == 422
    await browser.send_form(f"{here}/offer", {"choice": "0"})
    assert "Given on" in (await browser.get(here)).text
    assert (await browser.send_form(f"{here}/offer", {"choice": "0"})).status_code == 409
    assert (await browser.send_form(f"{here}/close", {"outcome": "other"})).status_code == 422
    await browser.send_form(f"{here}/close", {"outcome": "price"})
    assert "Too expensive" in (await browser.get(f"/t/{tenant_a.slug}/at-risk?which=closed")).text
    assert (await browser.send_form(f"{here}/note", {"words": "再见"})).status_code == 409
    async with tenant_a.unit() as uow:
        assert [step.kind for step in await list_steps(uow, gone)] == ["closed", "offer", "opened"]


async def test_a_doctor_gives_no_offers_and_sees_no_reports(client: Client, tenant_a: TestTenant, gone: UUID) -> None:
    browser = await client("doctor")
    root = f"/t/{tenant_a.slug}/at-risk"
    assert (await browser.send_form(f"{root}/{gone}/offer", {"choice": "0"})).status_code == 403
    assert (await browser.get(f"{root}/lift")).status_code == 403
    assert (await browser.get(f"{root}/list.csv")).status_code == 403


async def test_what_offers_are_worth_is_shown_with_its_sureness(
    client: Client, tenant_a: TestTenant, gone: UUID, clock: object
) -> None:
    browser = await client("director")
    page = await browser.get(f"/t/{tenant_a.slug}/at-risk/lift")
    assert "1 episode is still running" in page.text
    assert "Nothing to compare yet" in page.text
    exported = await browser.get(f"/t/{tenant_a.slug}/at-risk/lift.csv")
    assert "Households" in exported.content.decode("utf-8-sig")
    assert (await browser.send_form(f"/t/{tenant_a.slug}/at-risk/look", {})).status_code == 303


async def test_on_the_customers_page_somebody_opens_a_case_and_plans_a_visit(
    client: Client, tenant_a: TestTenant, gone: UUID
) -> None:
    browser = await client("front_desk")
    async with tenant_a.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name="熊建国"))
        day = (uow.now + timedelta(days=10)).date().isoformat()
    here = f"/t/{tenant_a.slug}/customers/{customer_id}"
    await browser.send_form(f"{here}/at-risk", {"words": "在点评上写了差评"})
    await browser.send_form(f"{here}/at-risk", {"words": "又打电话来抱怨"})
    await browser.send_form(f"{here}/planned-visit", {"planned_on": day, "reason": "疫苗"})
    page = (await browser.get(here)).text
    assert "Noticed by the team" in page
    assert "疫苗" in page
    async with tenant_a.unit() as uow:
        found = await find_open_case(uow, customer_id)
        assert found is not None
        assert [step.words for step in await list_steps(uow, found.case_id)] == [
            "又打电话来抱怨",
            "在点评上写了差评",
            "",
        ]
    assert (await browser.send_form(f"{here}/planned-visit", {"planned_on": "morgen"})).status_code == 422
    await browser.send_form(f"{here}/planned-visit", {"planned_on": ""})


async def test_the_other_chain_sees_none_of_it(client: Client, tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    async with tenant_b.unit() as uow:
        theirs = await add_customer(uow, draft=CustomerDraft(full_name="邻店客"))
        case_id = await open_by_hand(uow, customer_id=theirs, words="要走", team=TEAM)
    browser = await client("director")
    assert (await browser.get(f"/t/{tenant_a.slug}/at-risk/{case_id}")).status_code == 404
    assert "邻店客" not in (await browser.get(f"/t/{tenant_a.slug}/at-risk")).text


async def test_campaigns_are_shown_with_their_next_days(client: Client, tenant_a: TestTenant, gone: UUID) -> None:
    browser = await client("front_desk")
    page = await browser.get(f"/t/{tenant_a.slug}/campaigns")
    assert page.status_code == 200
