"""The profile in the browser, without script: tags, wishes, own fields, contacts, permissions, household, notes."""

import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from core.contacts.permission import may_contact
from core.contacts.queries import list_contacts
from core.customers.actions import add_customer, add_note
from core.customers.queries import get_customer, list_household
from core.customers.rules.profile import CustomerDraft
from core.profiles.actions import change_note, tag_customer
from core.profiles.fields import define_field, set_own_values
from core.profiles.queries import get_note_states, get_preference, get_tags_of
from tenants.plugin_settings import enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


async def _wang(tenant: TestTenant, name: str = "王小美", phone: str = "+8613812346871") -> UUID:
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name=name, phones=(phone,)))


def _where(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[:3000]
    return str(answer.headers["location"])


def _undo(page: httpx.Response) -> str:
    found = re.search(r'<form method="post" action="([^"]+)" hx-post="[^"]+" hx-target="closest .toast"', page.text)
    assert found is not None, "no undo offered"
    return found[1]


async def test_a_tag_is_put_on_taken_off_and_comes_back_by_undo(client: Client, tenant_a: TestTenant) -> None:
    one = await _wang(tenant_a)
    browser = await client("director")
    here = f"/t/{tenant_a.slug}/customers/{one}"
    page = await browser.get(_where(await browser.send_form(f"{here}/tags", {"name": "怕打针"})).partition("#")[0])
    assert "怕打针" in page.text
    page = await browser.get(_where(await browser.send_form(_undo(page), {})).partition("#")[0])
    async with tenant_a.unit() as uow:
        assert await get_tags_of(uow, [one]) == {}
    await browser.send_form(_undo(page), {})
    async with tenant_a.unit() as uow:
        assert [tag.name for tag in (await get_tags_of(uow, [one]))[one]] == ["怕打针"]
    assert (await browser.get(f"/t/{tenant_a.slug}/customers/tags.json?q=怕")).json() == ["怕打针"]


async def test_the_front_desk_uses_the_chains_tags_and_makes_none(client: Client, tenant_a: TestTenant) -> None:
    one = await _wang(tenant_a)
    browser = await client("front_desk")
    refused = await browser.send_form(f"/t/{tenant_a.slug}/customers/{one}/tags", {"name": "新词"})
    assert refused.status_code == 422
    assert "There is no such tag" in refused.text
    assert (await browser.get(f"/t/{tenant_a.slug}/customers/tags")).status_code == 403


async def test_an_own_field_of_another_chain_is_not_there(
    client: Client, tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    async with tenant_b.unit() as uow:
        key = await define_field(uow, entity_type="customer", label={"en": "Theirs"}, kind="text")
    browser = await client("director")
    place = f"/t/{tenant_a.slug}/customers/fields/customer/{key}"
    assert (await browser.get(place)).status_code == 404
    for path in (place, f"{place}/remove", f"{place}/up"):
        assert (await browser.send_form(path, {"label_en": "Mine"} if path == place else {})).status_code == 404


async def test_the_chain_defines_orders_and_archives_tags_and_fields(client: Client, tenant_a: TestTenant) -> None:
    browser = await client("director")
    root = f"/t/{tenant_a.slug}/customers"
    assert "No tags yet" in (await browser.get(f"{root}/tags")).text
    _where(await browser.send_form(f"{root}/tags", {"name": "老客户", "colour": "green"}))
    assert (await browser.send_form(f"{root}/tags", {"name": "老 客户", "colour": "green"})).status_code == 422
    tag = re.search(rf"{root}/tags/([0-9a-f-]{{36}})", (await browser.get(f"{root}/tags")).text)
    assert tag is not None
    _where(await browser.send_form(tag[0], {"name": "老朋友", "colour": "red"}))
    assert (await browser.send_form(tag[0], {"name": "", "colour": "red"})).status_code == 422
    page = await browser.get(_where(await browser.send_form(f"{tag[0]}/remove", {})))
    page = await browser.get(_where(await browser.send_form(_undo(page), {})))
    assert "老朋友" in (await browser.get(tag[0])).text
    field: dict[str, object] = {"entity": "customer", "label_zh": "居住环境", "kind": "choice", "options": "院子\n公寓"}
    assert (await browser.send_form(f"{root}/fields", field | {"options": ""})).status_code == 422
    _where(await browser.send_form(f"{root}/fields", field))
    place = f"{root}/fields/customer/x_ju_zhu_huan_jing"
    assert "院子" in (await browser.get(place)).text
    assert (await browser.send_form(place, {"label_zh": ""})).status_code == 422
    _where(await browser.send_form(place, {"label_zh": "住处", "options": "院子\n公寓\n船"}))
    _where(await browser.send_form(f"{place}/up", {}))
    page = await browser.get(_where(await browser.send_form(f"{place}/remove", {})))
    _where(await browser.send_form(_undo(page), {}))
    assert (await browser.send_form(f"{place}/burn", {})).status_code == 404


async def test_a_pets_own_field_is_read_shown_and_refused_when_it_does_not_fit(
    client: Client, tenant_a: TestTenant
) -> None:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
        await define_field(uow, entity_type="subject", label={"en": "Walks a day"}, kind="number", key="x_walks")
    one = await _wang(tenant_a)
    browser = await client("front_desk")
    here = f"/t/{tenant_a.slug}/customers/{one}"
    pet: dict[str, object] = {"name": "豆豆", "kind": "petclinic.pet", "species": "dog", "x_x_walks": "many"}
    assert "Walks a day" in (await browser.get(f"{here}/subjects/new")).text
    assert (await browser.send_form(f"{here}/subjects", pet)).status_code == 422
    _where(await browser.send_form(f"{here}/subjects", pet | {"x_x_walks": "3"}))
    assert "Walks a day 3" in (await browser.get(here)).text


async def test_the_list_is_narrowed_by_tag_and_by_an_own_field(client: Client, tenant_a: TestTenant) -> None:
    one, two = await _wang(tenant_a), await _wang(tenant_a, "李雷雷", "+8613911112222")
    async with tenant_a.unit() as uow:
        tag = await tag_customer(uow, customer_id=one, name="老客户", may_make=True)
        await set_own_values(uow, entity_type="customer", entity_id=two, typed={"spending": "quality"})
    browser = await client("front_desk")
    root = f"/t/{tenant_a.slug}/customers"
    tagged = (await browser.get(f"{root}?tag={tag.tag_id}")).text
    assert "王小美" in tagged
    assert "李雷雷" not in tagged
    choosy = (await browser.get(root, params={"own": "spending", "value": "品质优先"})).text
    assert "李雷雷" in choosy
    assert "王小美" not in choosy
    both = (await browser.get(root, params={"q": "王", "tag": str(tag.tag_id)})).text
    assert "王小美" in both
    assert "Nobody found" in (await browser.get(root, params={"own": "spending", "value": "castle"})).text


async def test_wishes_and_own_fields_are_saved_together_and_wrong_values_are_shown(
    client: Client, tenant_a: TestTenant
) -> None:
    one = await _wang(tenant_a)
    async with tenant_a.unit() as uow:
        key = await define_field(uow, entity_type="customer", label={"en": "Bought on"}, kind="date")
    browser = await client("front_desk")
    path = f"/t/{tenant_a.slug}/customers/{one}/profile"
    assert "Bought on" in (await browser.get(path)).text
    wished = {"clinician_id": str(tenant_a.staff["doctor"].id), "channel": "wechat", "contact_time": "evening"}
    fields: dict[str, object] = {
        **wished,
        "branch_id": "",
        "locale": "",
        "children_at_home": "yes",
        "spending": "",
        key: "2026-02-01",
    }
    wrong = await browser.send_form(path, fields | {key: "2026-02-31", "channel": "pigeon"})
    assert wrong.status_code == 422
    page = await browser.get(_where(await browser.send_form(path, fields)).partition("#")[0])
    assert "2026-02-01" in page.text
    assert "Children at home" in page.text
    assert "Who said what" in page.text
    async with tenant_a.unit() as uow:
        assert (await get_preference(uow, one)).channel == "wechat"
    assert (await browser.send_form(path, {"clinician_id": "not-an-id"})).status_code == 422
    assert (await browser.send_form(path, {"owner": "x"})).status_code == 422


async def test_a_contact_and_a_permission_are_written_down_and_taken_back(client: Client, tenant_a: TestTenant) -> None:
    one = await _wang(tenant_a)
    browser = await client("front_desk")
    here = f"/t/{tenant_a.slug}/customers/{one}"
    assert (await browser.send_form(f"{here}/contacts", {"kind": "email", "value": "nonsense"})).status_code == 422
    _where(await browser.send_form(f"{here}/contacts", {"kind": "email", "value": "wang@example.cn"}))
    async with tenant_a.unit() as uow:
        contact = (await list_contacts(uow, one))[0]
    assert "wang@example.cn" in (await browser.get(here)).text
    _where(await browser.send_form(f"{here}/contacts/{contact.contact_id}/remove", {}))
    _where(await browser.send_form(f"{here}/consents", {"purpose": "survey", "decision": "withdrawn"}))
    async with tenant_a.unit() as uow:
        assert not await may_contact(uow, one, purpose="survey", channel="phone")
    assert "Withdrawn: Surveys" in (await browser.get(f"{here}?kind=permissions")).text
    _where(await browser.send_form(f"{here}/consents", {"purpose": "survey", "decision": "granted", "channel": "sms"}))
    async with tenant_a.unit() as uow:
        assert await may_contact(uow, one, purpose="survey", channel="sms")
    assert (await browser.send_form(f"{here}/consents", {"purpose": "ads", "decision": "granted"})).status_code == 422


async def test_somebody_joins_the_household_by_phone_and_leaves_with_undo(client: Client, tenant_a: TestTenant) -> None:
    one = await _wang(tenant_a)
    two = await _wang(tenant_a, "李雷雷", "+8613911112222")
    browser = await client("front_desk")
    here = f"/t/{tenant_a.slug}/customers/{one}"
    assert (await browser.send_form(f"{here}/household", {"who": "没有人"})).status_code == 422
    assert (await browser.send_form(f"{here}/household", {"who": ""})).status_code == 422
    page = await browser.get(_where(await browser.send_form(f"{here}/household", {"who": "2222"})).partition("#")[0])
    assert "李雷雷" in page.text
    page = await browser.get(_where(await browser.send_form(f"{here}/household/leave", {})).partition("#")[0])
    async with tenant_a.unit() as uow:
        assert await list_household(uow, await get_customer(uow, two)) == []
    _where(await browser.send_form(_undo(page), {}))
    async with tenant_a.unit() as uow:
        assert [row.customer_id for row in await list_household(uow, await get_customer(uow, two))] == [one]


async def test_the_page_asks_the_database_the_same_few_questions_however_much_there_is(
    client: Client, tenant_a: TestTenant, engine: AsyncEngine
) -> None:
    async def count(customer_id: UUID) -> int:
        seen: list[str] = []
        listen = lambda *told: seen.append(told[2])  # noqa: E731 - removed again by its identity
        event.listen(engine.sync_engine, "before_cursor_execute", listen)
        try:
            assert (await browser.get(f"/t/{tenant_a.slug}/customers/{customer_id}")).status_code == 200
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", listen)
        return len(seen)

    little, much = await _wang(tenant_a), await _wang(tenant_a, "李雷雷", "+8613911112222")
    async with tenant_a.unit() as uow:
        for number in range(15):
            note = await add_note(uow, customer_id=much, body=f"备注 {number}")
            await change_note(uow, customer_id=much, note_id=note, body=f"改过的备注 {number}")
            await tag_customer(uow, customer_id=much, name=f"标签{number}", may_make=True)
    browser = await client("director")
    await count(little)
    few, many = await count(little), await count(much)
    assert many - few <= 3, f"{few} statements became {many}"
    assert many <= 66


async def test_a_note_is_changed_removed_and_put_back(client: Client, tenant_a: TestTenant) -> None:
    one = await _wang(tenant_a)
    async with tenant_a.unit() as uow:
        note = await add_note(uow, customer_id=one, body="怕大狗")
    browser = await client("doctor")
    here = f"/t/{tenant_a.slug}/customers/{one}"
    _where(await browser.send_form(f"{here}/notes/{note}", {"body": "怕所有的狗"}))
    page = await browser.get(here)
    assert "怕所有的狗" in page.text
    assert "怕大狗" in page.text, "the words before stay readable"
    page = await browser.get(_where(await browser.send_form(f"{here}/notes/{note}/remove", {})).partition("#")[0])
    async with tenant_a.unit() as uow:
        assert (await get_note_states(uow, [note]))[note].removed
    _where(await browser.send_form(_undo(page), {}))
    async with tenant_a.unit() as uow:
        assert not (await get_note_states(uow, [note]))[note].removed
    assert (await browser.send_form(f"{here}/notes/{note}/burn", {})).status_code == 404
    assert (await browser.send_form(f"{here}/notes/{note}", {"body": ""})).status_code == 422
