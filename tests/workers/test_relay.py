"""The relay: fair between tenants, first come first served, never twice, and back when a worker or Valkey is gone."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.exceptions import RedisError
from sqlalchemy import text

from core.db import Database
from core.migrations import sign_contexts
from core.outbox.rules import DueKey
from core.uow import UnitOfWork
from tests.workers.conftest import Shop
from tests.workers.test_jobs import count_once, effects
from tests.workplaces import START
from workers.fairness import share_out
from workers.jobs import Task, task
from workers.queue import NORMAL, URGENT

OLD, NEW = uuid4(), uuid4()


async def nothing(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """The rules of sharing look at a task's numbers only."""


def made(name: str, **options: Any) -> dict[str, Task]:
    return {name: Task(name=name, handle=nothing, **options)}


def due(tenant_id: UUID, task_name: str, count: int, *, since: datetime = START, attempts: int = 0) -> list[DueKey]:
    return [
        DueKey(tenant_id, uuid4(), task_name, attempts, since + timedelta(milliseconds=number))
        for number in range(count)
    ]


def test_tenants_take_turns_though_one_came_first_with_everything() -> None:
    keys = due(OLD, "import", 500) + due(NEW, "import", 1, since=START + timedelta(hours=1))
    batches = share_out(keys, tasks=made("import", rows=100, tenant_limit=400), in_flight={}, room=10)
    assert [(batch.tenant_id, len(batch.keys)) for batch in batches[:3]] == [(OLD, 100), (NEW, 1), (OLD, 100)]


def test_no_tenant_has_more_on_its_way_than_the_limit() -> None:
    keys = due(OLD, "import", 50)
    tasks = made("import", rows=1, tenant_limit=3)
    assert len(share_out(keys, tasks=tasks, in_flight={(OLD, "import"): 1}, room=100)) == 2
    assert share_out(keys, tasks=tasks, in_flight={(OLD, "import"): 3}, room=100) == []


def test_an_ordered_task_sends_its_next_rows_when_the_last_are_done() -> None:
    keys = due(OLD, "clock", 150)
    tasks = made("clock", ordered=True)
    (batch,) = share_out(keys, tasks=tasks, in_flight={}, room=100)
    assert batch.keys == tuple(keys[:100])
    assert share_out(keys, tasks=tasks, in_flight={(OLD, "clock"): 1}, room=100) == []


def test_what_failed_before_travels_in_smaller_company_until_it_is_alone() -> None:
    tasks = made("import", rows=100)
    for attempts, size in ((0, 100), (1, 25), (2, 6), (3, 1), (9, 1)):
        keys = due(OLD, "import", 200, attempts=attempts)
        assert len(share_out(keys, tasks=tasks, in_flight={}, room=1)[0].keys) == size


def test_a_full_lane_takes_nothing_more() -> None:
    assert share_out(due(OLD, "import", 5), tasks=made("import"), in_flight={}, room=-3) == []


async def test_two_relays_send_no_row_twice(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("rivals")
    await shop.enqueue(tenant_id, "test.count", 300)
    await asyncio.gather(*(shop.relay().sweep() for _ in range(4)))
    jobs = await shop.queue.queued_jobs(queue_name=NORMAL)
    sent = [outbox_id for job in jobs for outbox_id in job.args[2]]
    assert len(sent) == len(set(sent)) == await shop.count("state = 'sent'")
    await shop.run_due()
    assert await effects(shop, tenant_id) == 300


async def test_a_noisy_tenant_does_not_hold_up_anothers_work_nor_its_deadlines(shop: Shop) -> None:
    @task("test.deadline", urgent=True)
    async def warn(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
        await uow.next_number("warnings")

    shop.offer(count_once, warn)
    noisy, quiet = await shop.tenant("noisy"), await shop.tenant("quiet")
    await shop.sql(
        "INSERT INTO outbox (tenant_id, outbox_id, task, payload, run_at, state, attempts, created_at)"
        " SELECT :t, gen_random_uuid(), 'test.count', '{}', :at, 'pending', 0, :at FROM generate_series(1, 5000)",
        t=noisy,
        at=shop.clock() - timedelta(hours=1),
    )
    await shop.enqueue(noisy, "test.deadline")
    await shop.enqueue(quiet, "test.count")
    await shop.enqueue(quiet, "test.deadline")
    await shop.relay().sweep()
    assert await shop.count("tenant_id = :t AND state = 'sent'", t=quiet) == 2
    deadlines = await shop.queue.queued_jobs(queue_name=URGENT)
    assert {job.args[0] for job in deadlines} == {str(noisy), str(quiet)}
    assert await shop.count("tenant_id = :t AND state = 'sent' AND task = 'test.count'", t=noisy) == 400


async def test_a_worker_that_was_down_for_an_hour_loses_nothing_and_works_in_due_order(shop: Shop) -> None:
    fired: list[int] = []

    @task("test.clock", ordered=True)
    async def fire(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
        await uow.next_number("fired")
        fired.append(payload["minute"])

    shop.offer(fire)
    tenant_id = await shop.tenant("hour")
    for minute in (*range(1, 60, 2), *range(0, 60, 2)):
        await shop.enqueue(tenant_id, "test.clock", run_at=shop.clock() + timedelta(minutes=minute), minute=minute)
    shop.clock.advance(hours=1)
    await shop.run_due()
    assert fired == list(range(60))
    assert await effects(shop, tenant_id, "fired") == 60


async def test_rows_of_a_worker_that_died_come_again_when_their_lease_is_over(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("lost")
    await shop.enqueue(tenant_id, "test.count", 3)
    await shop.relay().sweep()
    await shop.queue.flushdb()  # Valkey forgot the wake-up, or the worker died with it
    await shop.relay().sweep()
    assert await shop.count("state = 'sent' AND attempts = 0") == 3
    shop.clock.advance(seconds=31)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 3
    assert await shop.count("state = 'done' AND attempts = 1") == 3, "waiting in a queue is not an attempt"


async def test_a_row_that_kills_its_worker_every_time_is_dead_in_the_end(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("poison")
    (outbox_id,) = await shop.enqueue(tenant_id, "test.count")
    for _ in range(10):
        await shop.relay().sweep()
        await shop.sql(
            "UPDATE outbox SET attempts = attempts + 1 WHERE state = 'sent'"
        )  # it was begun, and that was all
        await shop.queue.flushdb()
        shop.clock.advance(seconds=31)
    await shop.relay().sweep()
    dead = await shop.row(outbox_id)
    assert (dead["state"], dead["attempts"]) == ("dead", 10)
    assert dead["last_error"] == "its worker ended while it ran, every time it was tried"


async def test_without_valkey_nothing_is_claimed_and_nothing_lost(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("away")
    await shop.enqueue(tenant_id, "test.count", 3)
    with monkeypatch.context() as away:

        async def refuse(*_: object, **__: object) -> None:
            raise RedisError("away")

        away.setattr(shop.queue, "enqueue_job", refuse)
        with pytest.raises(RedisError):
            await shop.relay().sweep()
    assert await shop.count("state = 'pending' AND attempts = 0") == 3
    await shop.run_due()
    assert await effects(shop, tenant_id) == 3


async def test_a_commit_wakes_the_relay_at_once(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("wake")
    shop.pace = type(shop.pace)(poll=30.0)
    relay = shop.relay()
    running = asyncio.create_task(relay.run())
    try:
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await shop.enqueue(tenant_id, "test.count")
        while not await shop.count("state = 'sent'"):
            assert time.monotonic() - started < 15, "the relay slept on"
            await asyncio.sleep(0.02)
    finally:
        relay.stop()
        await running


async def test_the_relay_sleeps_exactly_until_the_next_row_is_due(shop: Shop) -> None:
    tenant_id = await shop.tenant("next")
    shop.pace = type(shop.pace)(poll=1.0)
    assert await shop.relay().sweep() == 1.0
    await shop.enqueue(tenant_id, "test.count", run_at=shop.clock() + timedelta(milliseconds=300))
    assert await shop.relay().sweep() == pytest.approx(0.3)


async def test_a_worker_in_a_tenant_sees_no_other_tenants_work(shop: Shop) -> None:
    one, other = await shop.tenant("one"), await shop.tenant("other")
    await shop.enqueue(one, "test.count")
    await shop.enqueue(other, "test.count")
    everything = text("SELECT tenant_id FROM outbox")
    async with shop.worker.unit(one) as uow:
        assert list(await uow.session.scalars(everything)) == [one]
    async with shop.worker.database.platform() as platform:
        assert set(await platform.scalars(everything)) == {one, other}
    async with shop.app.database.platform() as platform:
        assert list(await platform.scalars(everything)) == [], "only the worker's login sweeps"


async def test_work_runs_where_the_tenant_of_a_transaction_is_signed(shop: Shop) -> None:
    key = "a-key-of-the-tests-that-is-long-enough"
    shop.offer(count_once)
    await sign_contexts(shop.dsns.migrator, key)
    await shop.app.database.dispose()
    await shop.worker.database.dispose()
    try:
        shop.app.database = Database(shop.dsns.app, context_key=key)
        shop.worker.database = Database(shop.dsns.worker, context_key=key)
        tenant_id = await shop.tenant("signed")
        await shop.enqueue(tenant_id, "test.count", 5)
        await shop.run_due()
        assert await effects(shop, tenant_id) == 5
    finally:
        await sign_contexts(shop.dsns.migrator, "")
