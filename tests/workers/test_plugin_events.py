"""A committed event reaches every listening plugin once, each in its own transaction; one's fault is not another's."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.db import new_id
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.events import ComplaintResolved, StaffRef
from core.outbox.actions import emit_event
from tenants.plugin_settings import disable_plugin, enable_plugin
from tests.workers.conftest import Shop
from workers.jobs import find_tasks

_LENGTH = len(str(UUID(int=0)))


@pytest.fixture(scope="module")
def plugin_host() -> PluginHost:
    """A plugin that hears, and one that fails."""
    candidates = [
        Candidate("hearing", "tests.workers.hearing_clinic:plugin"),
        Candidate("deaf", "tests.workers.deaf_clinic:plugin"),
    ]
    return PluginHost.load(candidates, strict=True)


async def resolve_complaint(shop: Shop, tenant_id: UUID) -> UUID:
    async with shop.unit(tenant_id) as uow:
        event = ComplaintResolved(
            event_id=new_id(),
            occurred_at=uow.now,
            complaint_id=uuid4(),
            number="C-1",
            severity="L3",
            staff=(StaffRef(staff_id=uuid4(), name="王医生"),),
        )
        await emit_event(uow, event)
    return event.event_id


async def open_clinic(shop: Shop, plugin_host: PluginHost, *plugins: str) -> UUID:
    shop.tasks.update(find_tasks())
    tenant_id = await shop.tenant("clinic")
    for plugin in plugins:
        async with shop.unit(tenant_id) as uow:
            await enable_plugin(uow, host=plugin_host, plugin_id=plugin)
    return tenant_id


async def records(shop: Shop) -> list[UUID]:
    heard = " ".join(row[0] for row in await shop.sql("SELECT emergency_phone FROM branch"))
    return [UUID(word) for word in heard.split() if len(word) == _LENGTH]


async def test_a_listening_plugin_hears_an_event_once(shop: Shop, plugin_host: PluginHost) -> None:
    tenant_id = await open_clinic(shop, plugin_host, "hearing")
    event_id = await resolve_complaint(shop, tenant_id)
    await shop.run_due()
    assert await records(shop) == [event_id]
    assert (await shop.row(event_id))["task"] == "plugins.on_event", "the event's id is its row's"


async def test_a_tenant_without_the_plugin_is_not_heard(shop: Shop, plugin_host: PluginHost) -> None:
    tenant_id = await open_clinic(shop, plugin_host)
    await resolve_complaint(shop, tenant_id)
    await shop.run_due()
    assert await records(shop) == []
    assert await shop.count("task = 'plugins.hear'") == 0


async def test_a_plugin_that_fails_is_tried_five_times_and_holds_nobody_up(shop: Shop, plugin_host: PluginHost) -> None:
    tenant_id = await open_clinic(shop, plugin_host, "deaf", "hearing")
    event_id = await resolve_complaint(shop, tenant_id)
    await shop.run_due()
    assert await records(shop) == [event_id]
    for _ in range(4):
        shop.clock.advance(timedelta(minutes=5))
        await shop.run_due()
    (dead,) = await shop.sql("SELECT attempts, last_error FROM outbox WHERE state = 'dead'")
    assert dead.attempts == 5
    assert "plugin=deaf" in dead.last_error
    assert "C-1" not in dead.last_error, "what a plugin says may hold a customer's words"
    assert await shop.sql("SELECT 1 FROM branch WHERE name LIKE 'written%'") == []


async def test_a_plugin_that_was_switched_off_meanwhile_hears_nothing(shop: Shop, plugin_host: PluginHost) -> None:
    tenant_id = await open_clinic(shop, plugin_host, "hearing")
    event_id = await resolve_complaint(shop, tenant_id)
    await shop.relay().sweep()
    await shop.run_lanes()
    async with shop.unit(tenant_id) as uow:
        await disable_plugin(uow, plugin_id="hearing")
    await shop.run_due()
    assert await records(shop) == []
    assert await shop.count("task = 'plugins.hear' AND state = 'done'") == 1
    assert event_id
