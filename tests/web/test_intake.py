"""The owner fills the form behind a code, nothing typed is lost, and the doctor reads it."""

from collections.abc import Awaitable, Callable

import pytest

from core.forms.actions import create_link, revoke_link
from core.forms.queries import LinkFacts, list_forms, list_submissions
from tenants.plugin_settings import enable_plugin
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
ANSWERS = {
    "owner_name": ["陈静怡"],
    "owner_phone": ["138 1234 5678"],
}


@pytest.fixture
async def link(tenant_a: TestTenant) -> LinkFacts:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        return await create_link(uow, form_id=(await list_forms(uow))[0].id)


async def test_the_form_opens_without_an_account(browser: Callable[[], Browser], link: LinkFacts) -> None:
    page = await browser().get(f"/q/{link.code}")
    assert page.status_code == 200, page.text
    assert "set-cookie" not in page.headers


async def test_a_refused_form_keeps_what_was_typed(browser: Callable[[], Browser], link: LinkFacts) -> None:
    visitor = browser()
    fields = form_fields((await visitor.get(f"/q/{link.code}")).text, "intake")
    name = next(key for key in fields if "name" in key)
    answer = await visitor.post(f"/q/{link.code}", data=fields | {name: ["陈静怡"]})
    assert answer.status_code == 422
    assert "陈静怡" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_a_link_that_was_taken_back_says_what_to_do(
    browser: Callable[[], Browser], tenant_a: TestTenant, link: LinkFacts
) -> None:
    async with tenant_a.unit() as uow:
        await revoke_link(uow, link_id=link.link_id)
    page = await browser().get(f"/q/{link.code}")
    assert page.status_code == 410


async def test_a_code_of_nobody_is_not_found(browser: Callable[[], Browser], link: LinkFacts) -> None:
    assert (await browser().get(f"/q/{link.code[:6]}{'x' * 16}")).status_code == 404
    assert (await browser().get("/q/zzzzzzzzzzzzzzzzzzzzzz")).status_code == 404


async def test_the_link_is_handed_over_as_a_qr_code(client: Client, tenant_a: TestTenant, link: LinkFacts) -> None:
    page = await (await client("front_desk")).get(f"/t/{tenant_a.slug}/forms/links")
    assert page.status_code == 200
    assert link.code in page.text
    assert "<svg" in page.text


async def test_the_list_is_empty_before_anybody_sent_one(client: Client, tenant_a: TestTenant, link: LinkFacts) -> None:
    page = await (await client("doctor")).get(f"/t/{tenant_a.slug}/forms")
    assert page.status_code == 200
    assert "Nothing filled in yet" in page.text
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        assert await list_submissions(reader) == []
