"""Work from the outbox to its end: once each, whatever is sent twice, forged, failing, late or unknown."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from arq.constants import job_key_prefix

from core.outbox.actions import Move, cancel_work, move_work
from core.outbox.rules import Work
from core.uow import UnitOfWork
from tests.workers.conftest import Shop
from workers.jobs import batch_task, find_tasks, task
from workers.queue import NORMAL, Pace, deserialize, serialize
from workers.schedule import CRONS


@task("test.count")
async def count_once(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    await uow.next_number("effects")
    uow.audit("test.effect", "job", outbox_id, payload)


@task("test.picky", retries=2)
async def count_unless_odd(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    await uow.next_number("effects")
    if payload["n"] % 2:
        raise ValueError("odd: password=hunter2, call +86 138 0013 8000 or li@example.com")


@batch_task("test.together")
async def count_together(uow: UnitOfWork, works: Any) -> None:
    for work in works:
        assert isinstance(work, Work)
        await uow.next_number("effects")
        if work.payload.get("bad"):
            raise ValueError("a bad row")


@task("test.pieces")
async def work_in_pieces(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> Any:
    done = await uow.next_number("pieces")
    return uow.now if done < 3 else None


@task("test.slow", retries=0, timeout=0.2)
async def sleep_long(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    await asyncio.sleep(5)


async def effects(shop: Shop, tenant_id: UUID, counter: str = "effects") -> int:
    rows = await shop.sql("SELECT value FROM counter WHERE tenant_id = :t AND name = :c", t=tenant_id, c=counter)
    return int(rows[0][0]) if rows else 0


async def test_work_of_several_tenants_runs_once_each_in_its_own_tenant(shop: Shop) -> None:
    shop.offer(count_once)
    tenants = [await shop.tenant(f"chain-{n}") for n in range(3)]
    for tenant_id in tenants:
        await shop.enqueue(tenant_id, "test.count", 120)
    await shop.run_due()
    assert [await effects(shop, tenant_id) for tenant_id in tenants] == [120, 120, 120]
    assert await shop.count("state = 'done' AND attempts = 1") == 360


async def test_work_that_is_not_due_yet_waits(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("later")
    await shop.enqueue(tenant_id, "test.count", run_at=shop.clock() + timedelta(hours=1))
    await shop.run_due()
    assert await effects(shop, tenant_id) == 0
    shop.clock.advance(hours=1)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 1


async def test_one_failing_row_does_not_undo_the_others_and_dies_after_its_retries(shop: Shop) -> None:
    shop.offer(count_unless_odd)
    tenant_id = await shop.tenant("picky")
    ids = await shop.enqueue(tenant_id, "test.picky", 6)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 3
    resting = await shop.row(ids[1])
    assert (resting["state"], resting["attempts"]) == ("pending", 1)
    assert timedelta(seconds=1) <= resting["run_at"] - shop.clock() <= timedelta(seconds=3)
    for _ in range(2):
        shop.clock.advance(minutes=1)
        await shop.run_due()
    dead = await shop.row(ids[1])
    assert (dead["state"], dead["attempts"]) == ("dead", 3)
    assert await effects(shop, tenant_id) == 3, "a failed attempt leaves nothing behind"
    deaths = await shop.sql("SELECT details FROM audit_entry WHERE action = 'job.dead' AND tenant_id = :t", t=tenant_id)
    assert len(deaths) == 3


async def test_an_error_is_kept_without_secrets_and_people(shop: Shop) -> None:
    shop.offer(count_unless_odd)
    tenant_id = await shop.tenant("quiet")
    ids = await shop.enqueue(tenant_id, "test.picky", 2)
    await shop.run_due()
    error = (await shop.row(ids[1]))["last_error"]
    assert error.startswith("ValueError: odd")
    for secret in ("hunter2", "138", "8000", "li@example"):
        assert secret not in error


async def test_a_job_that_is_replayed_a_hundred_times_works_once(shop: Shop) -> None:  # S15
    shop.offer(count_once)
    tenant_id = await shop.tenant("replay")
    ids = [str(outbox_id) for outbox_id in await shop.enqueue(tenant_id, "test.count", 3)]
    await shop.relay().sweep()
    for _ in range(100):
        await shop.queue.enqueue_job("run_rows", str(tenant_id), "test.count", ids, _queue_name=NORMAL)
    await shop.run_lanes()
    assert await effects(shop, tenant_id) == 3


async def test_a_heartbeat_makes_the_runner_step_over_no_row(shop: Shop) -> None:
    """A beat locks the rows that wait; a row that was locked when its turn came used to stay behind for a lease."""
    shop.offer(count_once)
    tenant_id = await shop.tenant("heartbeat")
    ids = [str(outbox_id) for outbox_id in await shop.enqueue(tenant_id, "test.count", 100)]
    await shop.relay().sweep()
    shop.pace = Pace(poll=0.05, lease=0.02)
    await shop.runner().run_rows({"redis": shop.queue, "job_id": "beating"}, str(tenant_id), "test.count", ids)
    assert await effects(shop, tenant_id) == 100
    assert await shop.count("state = 'done'") == 100


async def test_a_forged_job_runs_nothing(shop: Shop) -> None:  # S14
    shop.offer(count_once, count_unless_odd)
    tenant_id, other = await shop.tenant("victim"), await shop.tenant("forger")
    ids = [str(outbox_id) for outbox_id in await shop.enqueue(tenant_id, "test.count", 2)]
    run = shop.runner().run_rows
    context = {"redis": shop.queue, "job_id": "forged"}
    await run(context, str(tenant_id), "test.count", ids)  # never sent: nobody claimed these rows
    await shop.relay().sweep()
    await run(context, str(other), "test.count", ids)  # another tenant's rows
    await run(context, str(tenant_id), "test.picky", ids)  # another task than the row's
    await run(context, str(uuid4()), "test.count", ids)  # no tenant at all
    await run(context, "' OR 1=1", "test.count", ids)
    await run(context, str(tenant_id), "test.count", [{"id": 1}])  # type: ignore[list-item]
    assert [await effects(shop, one) for one in (tenant_id, other)] == [0, 0]
    assert await shop.count("state = 'sent' AND attempts = 0") == 2


async def test_what_stands_in_the_queue_names_rows_and_holds_no_payload_and_no_pickle(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("plain")
    await shop.enqueue(tenant_id, "test.count", secret="a customer's words")
    await shop.relay().sweep()
    (key,) = await shop.queue.keys(job_key_prefix + "*")
    data = await shop.queue.get(key)
    assert b"customer" not in data
    assert deserialize(data)["a"][:2] == [str(tenant_id), "test.count"]
    assert deserialize(serialize({"n": 1})) == {"n": 1}


async def test_work_of_a_closed_tenant_is_not_run(shop: Shop) -> None:  # S16
    shop.offer(count_once)
    tenant_id = await shop.tenant("closed")
    before, after = await shop.enqueue(tenant_id, "test.count", 2)
    await shop.sql("UPDATE tenant SET state = 'closed' WHERE tenant_id = :t", t=tenant_id)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 0
    for outbox_id in (before, after):
        assert (await shop.row(outbox_id))["last_error"] == "the tenant is closed"


async def test_deadlines_go_on_for_a_tenant_that_does_not_pay(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("suspended")
    await shop.enqueue(tenant_id, "test.count")
    await shop.sql("UPDATE tenant SET state = 'suspended' WHERE tenant_id = :t", t=tenant_id)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 1


async def test_an_unknown_task_rests_while_a_release_is_rolled_out_and_then_dies_with_the_reason(shop: Shop) -> None:
    tenant_id = await shop.tenant("unknown")
    (outbox_id,) = await shop.enqueue(tenant_id, "test.of-another-release")
    for _ in range(7):
        await shop.run_due()
        shop.clock.advance(minutes=5)
    dead = await shop.row(outbox_id)
    assert dead["state"] == "dead"
    assert "no release that runs here knows this task" in dead["last_error"]


async def test_a_batch_is_one_transaction_and_a_bad_row_in_it_fails_alone(shop: Shop) -> None:
    shop.offer(count_together)
    tenant_id = await shop.tenant("together")
    await shop.enqueue(tenant_id, "test.together", 30)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 30
    assert len({row[0] for row in await shop.sql("SELECT xmin FROM outbox WHERE state = 'done'")}) == 1
    await shop.enqueue(tenant_id, "test.together", 30)
    (bad,) = await shop.enqueue(tenant_id, "test.together", bad=True)
    await shop.relay().sweep()
    await shop.run_lanes()
    assert await effects(shop, tenant_id) == 60
    assert (await shop.row(bad))["state"] == "pending"


async def test_work_done_in_pieces_comes_again_at_once_until_it_is_done(shop: Shop) -> None:
    shop.offer(work_in_pieces)
    tenant_id = await shop.tenant("pieces")
    (outbox_id,) = await shop.enqueue(tenant_id, "test.pieces")
    await shop.run_due()
    assert await effects(shop, tenant_id, "pieces") == 3
    assert (await shop.row(outbox_id))["state"] == "done"


async def test_work_that_takes_too_long_is_ended_and_noted(shop: Shop) -> None:
    shop.offer(sleep_long)
    tenant_id = await shop.tenant("slow")
    (outbox_id,) = await shop.enqueue(tenant_id, "test.slow")
    await shop.run_due()
    dead = await shop.row(outbox_id)
    assert (dead["state"], dead["last_error"]) == ("dead", "timeout: not done within 0.2 s")


async def test_a_row_can_be_moved_and_taken_out_by_its_key(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("moves")
    async with shop.unit(tenant_id) as uow:
        await move_work(uow, task="test.count", moves=[Move("clock:1", uow.now, {})])
        await move_work(uow, task="test.count", moves=[Move("clock:2", uow.now, {})])
    await shop.relay().sweep()
    async with shop.unit(tenant_id) as uow:  # both are on their way already
        later = uow.now + timedelta(minutes=5)
        await move_work(uow, task="test.count", moves=[Move("clock:1", later, {})])
        await cancel_work(uow, dedupe_keys=["clock:2", "clock:never"])
    await shop.run_lanes()
    assert await effects(shop, tenant_id) == 0
    shop.clock.advance(minutes=5)
    await shop.run_due()
    assert await effects(shop, tenant_id) == 1
    assert await shop.count("dedupe_key LIKE 'clock:%'") == 2


async def test_a_job_may_move_its_own_row(shop: Shop) -> None:
    @task("test.clock")
    async def strike(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
        if await uow.next_number("strikes") < 3:
            later = uow.now + timedelta(minutes=10)
            await move_work(uow, task="test.clock", moves=[Move("clock:own", later, {})])

    shop.offer(strike)
    tenant_id = await shop.tenant("own")
    async with shop.unit(tenant_id) as uow:
        await move_work(uow, task="test.clock", moves=[Move("clock:own", uow.now, {})])
    for _ in range(5):
        await shop.run_due()
        shop.clock.advance(minutes=10)
    assert await effects(shop, tenant_id, "strikes") == 3


async def test_asking_twice_for_the_same_work_asks_once(shop: Shop) -> None:
    tenant_id = await shop.tenant("twice")
    async with shop.unit(tenant_id) as uow:
        assert await uow.enqueue("test.count", {}, dedupe_key="k") is not None
        assert await uow.enqueue("test.count", {}, dedupe_key="k") is None
    other = await shop.tenant("another")
    async with shop.unit(other) as uow:
        assert await uow.enqueue("test.count", {}, dedupe_key="k") is not None, "keys belong to a tenant"


async def test_stopping_gives_back_what_was_not_begun(shop: Shop) -> None:
    shop.offer(count_once)
    tenant_id = await shop.tenant("stopping")
    await shop.enqueue(tenant_id, "test.count", 5)
    await shop.relay().sweep()
    runner = shop.runner()
    runner.stopping = True
    await shop.run_lanes(runner)
    assert await shop.count("state = 'pending' AND attempts = 0 AND lease_until IS NULL") == 5


def test_every_cron_names_a_task_that_exists() -> None:
    assert {cron.task for cron in CRONS.values()} <= set(find_tasks())
