"""What a plugin asks for outside its own tables: done with its own name before every id, and never about another tenant's rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.customers.actions import add_customer, add_subject
from core.customers.models import CustomerEvent
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.errors import NotFound
from core.forms.models import FormLink
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.effects import CloseTask, Effect, OpenTask, RecordEvent, SendForm
from core.merges.merging import merge_customers
from core.tasks.queries import TaskLine, list_tasks
from core.uow import UnitOfWork
from core.webhooks.actions import EndpointDraft, add_endpoint
from core.webhooks.queries import LogFilter, get_delivery, list_deliveries
from tenants.plugin_effects import BadEffect, apply_effects
from tenants.plugin_settings import enable_plugin
from tests.receivers import SECRET_KEY
from tests.workplaces import TestTenant

FILING = Filing(text="包裹迟迟未到", contact_name="周文博", contact_phone="13878106871")


@pytest.fixture
def plugin_host() -> PluginHost:
    return PluginHost.load([Candidate("pageshop", "tests.plugins.page_shop:plugin")], strict=True)


@pytest.fixture
async def shop(tenant_a: TestTenant, plugin_host: PluginHost) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="pageshop")
    return tenant_a


async def do(shop: TestTenant, *effects: Effect) -> None:
    async with shop.unit() as uow:
        await apply_effects(uow, plugin="pageshop", effects=effects)


def task(uow: UnitOfWork, **more: Any) -> OpenTask:
    given: dict[str, Any] = {"key": "late:1", "title": "催单", "due": uow.now + timedelta(hours=2)}
    return OpenTask(**(given | ({} if "staff_id" in more else {"role": "front_desk"}) | more))


async def person(tenant: TestTenant, name: str = "王小明") -> UUID:
    async with tenant.unit() as uow:
        draft = CustomerDraft(full_name=name, subjects=())
        return await add_customer(uow, draft=draft, allow_duplicate=True)


async def tasks(shop: TestTenant) -> tuple[TaskLine, ...]:
    async with shop.unit() as uow:
        return (await list_tasks(uow, view="open")).lines


async def test_a_task_names_person_customer_complaint_page_and_remedies(shop: TestTenant) -> None:
    who, doctor = await person(shop), shop.staff["doctor"].id
    async with shop.unit() as uow:
        case = (await file_complaint(uow, filing=FILING)).complaint_id
        effect = task(
            uow, staff_id=doctor, customer_id=who, complaint_id=case, page="orders/1?tab=x", remedies=("parcel",)
        )
    await do(shop, effect, effect)
    (line,) = await tasks(shop)
    assert (line.plugin, line.staff_id, line.customer_id, line.complaint_id) == ("pageshop", doctor, who, case)
    assert (line.page, line.remedies, line.customer_name) == ("orders/1?tab=x", ["pageshop.parcel"], "王小明")
    await do(shop, CloseTask(key="late:1"), CloseTask(key="never-opened"))
    assert await tasks(shop) == ()


Make = Callable[[UnitOfWork], Effect]
REFUSED: dict[str, Make] = {
    "a role that nobody can have": lambda uow: task(uow, role="king"),
    "a remedy that it does not declare": lambda uow: task(uow, remedies=("gold",)),
    "a remedy of somebody else": lambda uow: task(uow, remedies=("petclinic.parcel",)),
    "a page that it does not have": lambda uow: task(uow, page="../customers"),
    "a key that is too long": lambda uow: task(uow, key="x" * 201),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_task_with_something_that_is_not_there_is_the_plugins_fault(what: str, shop: TestTenant) -> None:
    async with shop.unit() as uow:
        with pytest.raises(BadEffect) as refused:
            await apply_effects(uow, plugin="pageshop", effects=(REFUSED[what](uow),))
    assert refused.value.params["plugin"] == "pageshop"
    assert await tasks(shop) == ()


async def test_nothing_of_another_tenant_can_be_named(shop: TestTenant, tenant_b: TestTenant) -> None:
    stranger, nurse = await person(tenant_b), tenant_b.staff["head_nurse"].id
    async with tenant_b.unit() as uow:
        case = (await file_complaint(uow, filing=FILING)).complaint_id
    async with shop.unit() as uow:
        effects: tuple[Effect, ...] = (
            task(uow, customer_id=stranger),
            task(uow, complaint_id=case),
            task(uow, staff_id=nurse),
            RecordEvent(customer_id=stranger, kind="seen", text="看过"),
            SendForm(form="wishes", customer_id=stranger),
        )
        for effect in effects:
            with pytest.raises(NotFound):
                await apply_effects(uow, plugin="pageshop", effects=(effect,))
    assert await tasks(shop) == ()


async def test_a_customer_who_was_merged_is_meant_as_whom_they_are_known_now(shop: TestTenant) -> None:
    stays, goes = await person(shop), await person(shop, "王晓明")
    async with shop.unit() as uow:
        await merge_customers(uow, winner_id=stays, loser_id=goes)
        effect = task(uow, customer_id=goes)
    await do(shop, effect, RecordEvent(customer_id=goes, kind="seen", text="看过"))
    assert [line.customer_id for line in await tasks(shop)] == [stays]
    async with shop.unit() as uow:
        kind = CustomerEvent.kind == "pageshop.seen"
        (row,) = (await uow.session.execute(select(CustomerEvent.customer_id, CustomerEvent.data).where(kind))).all()
    assert (row.customer_id, row.data["label"]) == (stays, {"zh-CN": "看过", "en": "看过"})


async def test_an_entry_is_about_a_subject_of_that_customer_only(shop: TestTenant) -> None:
    who, other = await person(shop), await person(shop, "李小红")
    async with shop.unit() as uow:
        draft = SubjectDraft(name="李妈妈", kind="pageshop.buyer")
        mother = await add_subject(uow, customer_id=who, draft=draft)
    entry = RecordEvent(customer_id=who, kind="measured", text="测过", subject_id=mother)
    await do(shop, entry)
    with pytest.raises(NotFound):
        await do(shop, RecordEvent(customer_id=other, kind="measured", text="测过", subject_id=mother))
    for kind in ("x" * 60, "petclinic.seen"):
        with pytest.raises(BadEffect):
            await do(shop, RecordEvent(customer_id=who, kind=kind, text="看过"))


async def test_a_form_is_sent_once_while_the_link_is_good(shop: TestTenant) -> None:
    who = await person(shop)
    for _ in range(2):
        await do(shop, SendForm(form="wishes", customer_id=who, valid_days=3))
    async with shop.unit() as uow:
        mine = FormLink.customer_id == who
        (link,) = (await uow.session.execute(select(FormLink.code, FormLink.expires_at).where(mine))).all()
        assert link.expires_at == uow.now + timedelta(days=3)
        assert (await get_customer(uow, who)).full_name == "王小明"
    (line,) = await tasks(shop)
    assert (line.page, line.role, line.title["zh-CN"]) == (f"/q/{link.code}", "front_desk", "把表单“需求表”发给顾客")
    with pytest.raises(BadEffect):
        await do(shop, SendForm(form="nowhere", customer_id=who))


async def test_webhooks_are_told_of_what_a_plugin_records_when_it_declares_the_kind(shop: TestTenant) -> None:
    async with shop.unit("tenant_admin") as uow:
        await add_endpoint(uow, draft=EndpointDraft("数据仓库", "https://hooks.example.com/"), master=SECRET_KEY)
    who = await person(shop)
    await do(
        shop,
        RecordEvent(customer_id=who, kind="resent", text="已补发", data={"order": "7"}),
        RecordEvent(customer_id=who, kind="seen", text="看过"),
    )
    async with shop.unit() as uow:
        told = [row for row in await list_deliveries(uow, wanted=LogFilter(), limit=50) if "pageshop" in row.kind]
        bodies = [msgspec.json.decode((await get_delivery(uow, row.delivery_id)).body) for row in told]
    assert [row.kind for row in told] == ["pageshop.resent"]
    assert bodies[0]["data"] == {"customer_id": str(who), "order": "7"}
