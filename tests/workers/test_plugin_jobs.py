"""Plugins' work by the clock: one row ahead per job while the plugin is on, faults die alone, and effects come with it."""

from datetime import timedelta
from uuid import UUID

import pytest

from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.migrations import upgrade
from core.outbox.rules import Cron
from tenants.plugin_settings import disable_plugin, enable_plugin, pause_plugin, resume_plugin, save_plugin_settings
from tests.workers.conftest import Shop
from workers.embedded.postgres import Dsns
from workers.jobs import find_tasks
from workers.schedule import ensure_crons


@pytest.fixture(scope="module")
def plugin_host() -> PluginHost:
    return PluginHost.load([Candidate("pageshop", "tests.plugins.page_shop:plugin")], strict=True)


@pytest.fixture(autouse=True)
async def tables(shop_database: Dsns, plugin_host: PluginHost) -> None:
    await upgrade(shop_database.migrator, plugins=plugin_host.migrations())


async def open_shop(shop: Shop, host: PluginHost, *, fails: str = "", slug: str = "store") -> UUID:
    shop.tasks.update(find_tasks())
    await shop.sql("DELETE FROM x_pageshop_order")
    tenant_id = await shop.tenant(slug)
    async with shop.unit(tenant_id) as uow:
        await enable_plugin(uow, host=host, plugin_id="pageshop")
        if fails:
            await save_plugin_settings(uow, host=host, plugin_id="pageshop", data={"fails": fails}, expected_version=0)
    await shop.run_due()
    return tenant_id


async def ran(shop: Shop) -> list[str]:
    return [row[0] for row in await shop.sql("SELECT number FROM x_pageshop_order ORDER BY number")]


async def ticks(shop: Shop) -> list[str]:
    rows = await shop.sql(
        "SELECT payload->>'job' FROM outbox WHERE task = 'plugins.job' AND state = 'pending' ORDER BY 1"
    )
    return [row[0] for row in rows]


async def switching(shop: Shop) -> list[tuple[str, bool]]:
    return [tuple(row) for row in await shop.sql("SELECT state, switching FROM plugin_state")]


async def test_a_plugin_that_is_switched_on_prepares_and_has_one_row_ahead_per_job(
    shop: Shop, plugin_host: PluginHost
) -> None:
    await open_shop(shop, plugin_host)
    assert await ran(shop) == ["opened"]
    assert await ticks(shop) == ["late", "report"]
    assert await switching(shop) == [("on", False)]


async def test_a_job_runs_once_an_hour_and_its_task_is_open_once(shop: Shop, plugin_host: PluginHost) -> None:
    await open_shop(shop, plugin_host)
    for _ in range(3):
        shop.clock.advance(timedelta(hours=1))
        await shop.run_due()
    assert len([one for one in await ran(shop) if one.startswith("late")]) == 3
    assert await ticks(shop) == ["late", "report"]
    rows = await shop.sql("SELECT plugin, key, role, state FROM general_task")
    assert [tuple(row) for row in rows] == [("pageshop", "job:late", "doctor", "open")]


async def test_a_daily_job_runs_on_the_tenants_clock(shop: Shop, plugin_host: PluginHost) -> None:
    await open_shop(shop, plugin_host)
    shop.clock.advance(timedelta(hours=24))
    await shop.run_due()
    (due,) = await shop.sql("SELECT run_at FROM outbox WHERE state = 'done' AND payload->>'job' = 'report'")
    assert (due[0].hour, due[0].minute // 6) == (0, 5), "08:30 in Shanghai, and at most five minutes later"


@pytest.mark.parametrize("fails", ["late", "effect", "stranger"])
async def test_a_job_that_fails_writes_nothing_dies_after_five_tries_and_comes_again(
    fails: str, shop: Shop, plugin_host: PluginHost
) -> None:
    await open_shop(shop, plugin_host, fails=fails)
    shop.clock.advance(timedelta(hours=1))
    for _ in range(5):
        await shop.run_due()
        shop.clock.advance(timedelta(minutes=1))
    (dead,) = await shop.sql("SELECT attempts, last_error FROM outbox WHERE state = 'dead'")
    assert dead.attempts == 5
    assert "pageshop" in dead.last_error
    assert "customer's words" not in dead.last_error
    assert await ran(shop) == ["opened"]
    assert await shop.sql("SELECT 1 FROM general_task") == []
    assert await ticks(shop) == ["late", "report"]


async def test_a_job_of_a_plugin_that_is_off_does_not_run_and_is_not_planned_again(
    shop: Shop, plugin_host: PluginHost
) -> None:
    tenant_id = await open_shop(shop, plugin_host)
    async with shop.unit(tenant_id) as uow:
        await pause_plugin(uow, plugin_id="pageshop", why="盘点")
    shop.clock.advance(timedelta(hours=25))
    await shop.run_due()
    assert (await ran(shop), await ticks(shop)) == (["opened"], [])
    async with shop.unit(tenant_id) as uow:
        await resume_plugin(uow, host=plugin_host, plugin_id="pageshop")
    await shop.run_due()
    assert await ticks(shop) == ["late", "report"]


async def test_off_is_off_at_once_and_the_plugin_winds_up_in_the_worker(shop: Shop, plugin_host: PluginHost) -> None:
    tenant_id = await open_shop(shop, plugin_host)
    async with shop.unit(tenant_id) as uow:
        await disable_plugin(uow, plugin_id="pageshop")
    assert await switching(shop) == [("off", True)]
    await shop.run_due()
    assert await switching(shop) == [("off", False)]
    assert await ran(shop) == ["closed", "opened"]


async def test_a_plugin_that_cannot_prepare_stays_switching_and_is_dead_work(
    shop: Shop, plugin_host: PluginHost
) -> None:
    await open_shop(shop, plugin_host, fails="tenant_enabled")
    for _ in range(4):
        shop.clock.advance(timedelta(minutes=5))
        await shop.run_due()
    assert await switching(shop) == [("on", True)]
    assert await shop.count("state = 'dead' AND task = 'plugins.switch'") == 1
    assert [one for one in await ran(shop) if one == "opened"] == []


async def test_work_of_a_switch_that_was_overtaken_does_nothing(shop: Shop, plugin_host: PluginHost) -> None:
    shop.tasks.update(find_tasks())
    await shop.sql("DELETE FROM x_pageshop_order")
    tenant_id = await shop.tenant("fickle")
    async with shop.unit(tenant_id) as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="pageshop")
    async with shop.unit(tenant_id) as uow:
        await disable_plugin(uow, plugin_id="pageshop")
    await shop.run_due()
    assert await ran(shop) == ["closed"]
    assert await switching(shop) == [("off", False)]


async def test_two_tenants_have_their_own_rows_and_their_own_minute(shop: Shop, plugin_host: PluginHost) -> None:
    one = await open_shop(shop, plugin_host)
    other = await open_shop(shop, plugin_host, slug="second")
    rows = await shop.sql("SELECT tenant_id, run_at FROM outbox WHERE payload->>'job' = 'late' AND state = 'pending'")
    assert {row.tenant_id for row in rows} == {one, other}
    assert len({row.run_at for row in rows}) == 2
    shop.clock.advance(timedelta(hours=1))
    await shop.run_due()
    found = await shop.sql("SELECT tenant_id, count(*) FROM general_task GROUP BY 1")
    assert {tuple(row) for row in found} == {(one, 1), (other, 1)}


async def test_a_job_that_a_release_added_is_planned_in_the_night(shop: Shop, plugin_host: PluginHost) -> None:
    await open_shop(shop, plugin_host)
    await shop.sql("DELETE FROM outbox")
    shop.crons["plugin-jobs"] = Cron(name="plugin-jobs", task="plugins.schedule", at=(3, 0))
    await ensure_crons(shop.worker, shop.crons)
    shop.clock.advance(timedelta(hours=24))
    await shop.run_due()
    assert await ticks(shop) == ["late", "report"]
