"""What plugins hold about a person is in the copy and goes with the person, also when the plugin is off; a fault stops both."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from core.bus import Bus
from core.customers.actions import add_customer
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft
from core.db import Database
from core.forms.models import Submission
from core.hooks.dispatch import PluginFault
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.merges.merging import merge_customers
from core.migrations import upgrade
from core.privacy.erasing import erase_person
from core.privacy.exporting import copy_person
from core.privacy.queries import get_receipt
from core.profiles.queries import get_tags_of
from core.tasks.actions import open_task
from core.tasks.queries import list_open_keys
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.plugin_samples import TAG, plant_samples, remove_samples
from tenants.plugin_settings import disable_plugin, enable_plugin, save_plugin_settings
from tenants.work import Workplace
from tests.plugins.page_shop.upkeep import ORDER
from tests.workplaces import MovableClock, TestTenant, open_tenant
from workers.embedded.postgres import Dsns

SHOP = Candidate("pageshop", "tests.plugins.page_shop:plugin")


@pytest.fixture
def plugin_host() -> PluginHost:
    return PluginHost.load([SHOP], strict=True)


@pytest.fixture
async def shop(
    dsns: Dsns, bus: Bus, passwords: Passwords, clock: MovableClock, plugin_host: PluginHost
) -> AsyncIterator[TestTenant]:
    """A tenant with the sample shop on, worked on as the worker does, who alone may erase."""
    await upgrade(dsns.migrator, plugins=plugin_host.migrations())
    app, worker = Database(dsns.app), Database(dsns.worker)
    made = await open_tenant(Workplace(app, bus, plugin_host, clock), passwords, "shangdian", "安心商店")
    await app.dispose()
    workplace = Workplace(worker, bus, plugin_host, clock)
    tenant = TestTenant(signed_up=made.signed_up, logins=made.logins, staff=made.staff, workplace=workplace)
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="pageshop")
    yield tenant
    await worker.dispose()


async def _buyer(uow: UnitOfWork, name: str, number: str) -> UUID:
    who = await add_customer(uow, draft=CustomerDraft(full_name=name), allow_duplicate=True)
    row = {"number": number, "customer_id": who, "words": f"{name}的订单", "ordered_at": uow.now}
    await uow.session.execute(insert(ORDER).values(tenant_id=uow.tenant_id, **row))
    due = uow.now + timedelta(hours=2)
    await open_task(uow, plugin="pageshop", key=number, title="催单", due_at=due, role="doctor", customer_id=who)
    return who


async def _orders(uow: UnitOfWork) -> list[str]:
    return list(await uow.session.scalars(select(ORDER.c.number).order_by(ORDER.c.number)))


async def _fail(shop: TestTenant, host: PluginHost, hook: str) -> None:
    async with shop.unit() as uow:
        await save_plugin_settings(uow, host=host, plugin_id="pageshop", data={"fails": hook}, expected_version=0)


async def test_a_copy_has_what_plugins_hold_about_everybody_who_became_this_customer(shop: TestTenant) -> None:
    async with shop.unit() as uow:
        one, other = await _buyer(uow, "王小明", "A-1"), await _buyer(uow, "王晓明", "A-2")
        await _buyer(uow, "李小红", "A-3")
        await merge_customers(uow, winner_id=one, loser_id=other)
    async with shop.workplace.reading(shop.id) as reader:
        copy = await copy_person(reader, [one, other])
    assert copy.tables["x_pageshop_1"] == [{"number": "A-1", "words": "王小明的订单"}]
    assert copy.tables["x_pageshop_2"][0]["number"] == "A-2"
    assert copy.titles["x_pageshop_1"] == {"zh-CN": "订单", "en": "Orders"}
    assert len(copy.tables["general_task"]) == 2


@pytest.mark.parametrize("on", [True, False])
async def test_an_erasure_reaches_the_plugins_tables_and_its_tasks_also_when_it_is_off(
    on: bool, shop: TestTenant
) -> None:
    async with shop.unit() as uow:
        who = await _buyer(uow, "王小明", "A-1")
        await _buyer(uow, "李小红", "A-2")
        if not on:
            await disable_plugin(uow, plugin_id="pageshop")
    async with shop.unit() as uow:
        receipt_id = await erase_person(uow, [who])
    async with shop.unit() as uow:
        assert await _orders(uow) == ["A-2"]
        assert await list_open_keys(uow, plugin="pageshop") == {"A-2"}
        body = (await get_receipt(uow, receipt_id)).body
    assert [(line.table, line.count) for line in body.gone if line.area == "pageshop"] == [("x_pageshop_order", 1)]
    (kept,) = [line for line in body.kept if line.area == "pageshop"]
    assert kept.reason is not None
    assert kept.reason["en"].startswith("Invoices")


async def test_a_plugin_that_cannot_erase_keeps_the_person_whole(shop: TestTenant, plugin_host: PluginHost) -> None:
    async with shop.unit() as uow:
        who = await _buyer(uow, "王小明", "A-1")
    await _fail(shop, plugin_host, "erase_customer")
    async with shop.unit() as uow:
        with pytest.raises(PluginFault):
            await erase_person(uow, [who])
        await uow.session.rollback()
    async with shop.unit() as uow:
        assert await _orders(uow) == ["A-1"]
        assert (await get_customer(uow, who)).full_name == "王小明"


async def test_half_a_copy_is_none_but_a_page_says_whose_part_is_missing(
    shop: TestTenant, plugin_host: PluginHost
) -> None:
    async with shop.unit() as uow:
        who = await _buyer(uow, "王小明", "A-1")
    await _fail(shop, plugin_host, "export_customer")
    async with shop.workplace.reading(shop.id) as reader:
        page = await copy_person(reader, [who], whole=False)
        assert (page.missing, "customer" in page.tables) == (("pageshop",), True)
        with pytest.raises(PluginFault):
            await copy_person(reader, [who])


async def test_a_plugin_that_was_uninstalled_with_its_tables_left_behind_stops_both(
    shop: TestTenant, bus: Bus, clock: MovableClock
) -> None:
    async with shop.unit() as uow:
        who = await _buyer(uow, "王小明", "A-1")
    without = Workplace(shop.workplace.database, bus, PluginHost.load([]), clock)
    async with without.unit(shop.id) as uow:
        with pytest.raises(PluginFault):
            await copy_person(uow, [who])
        assert (await copy_person(uow, [who], whole=False)).missing == ("pageshop",)
        with pytest.raises(PluginFault):
            await erase_person(uow, [who])
        await uow.session.execute(text("SELECT 1"))


async def test_samples_are_planted_once_tagged_and_taken_away_as_a_whole(shop: TestTenant) -> None:
    async with shop.unit() as uow:
        assert await plant_samples(uow) == 1
        assert await plant_samples(uow) == 0
        await _buyer(uow, "王小明", "A-1")
    async with shop.unit() as uow:
        row = (await uow.session.execute(select(ORDER).where(ORDER.c.number == "D-1"))).one()
        sample = await get_customer(uow, row.customer_id)
        assert sample.full_name == "李样例"
        assert [str(one.subject_id) for one in sample.subjects] == [row.words]
        assert uow.now - row.ordered_at == timedelta(hours=3)
        assert [tag.name for tag in (await get_tags_of(uow, [row.customer_id]))[row.customer_id]] == [TAG]
        (sent,) = await uow.session.scalars(select(Submission.completed_at))
        assert uow.now - sent == timedelta(days=3)
    async with shop.unit() as uow:
        assert await remove_samples(uow, plugin="pageshop") == 1
        assert await _orders(uow) == ["A-1"]
