"""Crons are rows: one tick ahead per tenant, the next one made by the one that ends, whatever its end."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.outbox.rules import Cron, cron_key, cron_name, next_tick, rest_after, without_secrets
from core.uow import UnitOfWork
from tests.workers.conftest import Shop
from tests.workers.test_jobs import effects
from workers.jobs import find_tasks, task
from workers.schedule import CRONS, ensure_crons

HOURLY = Cron(name="hourly", task="test.tick", every=timedelta(hours=1))
TENANT = UUID(int=0)


@task("test.tick", retries=0)
async def tick(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    await uow.next_number("ticks")


@task("test.tick", retries=0)
async def tick_badly(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    raise ValueError("no")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "after", "tick_at"),
    [
        ("Asia/Shanghai", "2026-11-22T10:00", "2026-11-22T18:30"),
        ("Asia/Shanghai", "2026-11-22T18:30", "2026-11-23T18:30"),
        ("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:30"),  # 02:30 does not exist: it becomes 03:30
        ("Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"),  # 02:30 comes twice: only the first
        ("Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_a_daily_tick_keeps_to_the_tenants_clock(zone: str, after: str, tick_at: str) -> None:
    cron = Cron(name="daily", task="t", at=(2, 30))
    assert next_tick(cron, after=at(after), timezone=zone, tenant_id=TENANT) == at(tick_at)


def test_tenants_tick_at_their_own_part_of_the_spread() -> None:
    cron = Cron(name="daily", task="t", at=(3, 0), spread=timedelta(hours=2))
    ticks = {next_tick(cron, after=at("2026-11-22T10:00"), timezone="UTC", tenant_id=uuid4()) for _ in range(50)}
    assert len(ticks) > 10
    assert min(ticks) >= at("2026-11-23T03:00")
    assert max(ticks) < at("2026-11-23T05:00")


def test_a_tick_after_a_tick_is_always_later() -> None:
    for cron in (*CRONS.values(), HOURLY):
        instant, tenant_id = at("2026-03-28T12:00"), uuid4()
        for _ in range(400):
            following = next_tick(cron, after=instant, timezone="Europe/Berlin", tenant_id=tenant_id)
            assert following > instant
            instant = following


def test_a_ticks_key_names_its_cron() -> None:
    key = cron_key("purge-done-work", at("2026-11-22T10:00"))
    assert key == "cron:purge-done-work:2026-11-22T10:00:00Z"
    assert cron_name(key) == "purge-done-work"
    assert cron_name("clock:1") is None
    assert cron_name(None) is None


def test_work_rests_longer_after_every_failure_but_never_for_ever() -> None:
    rests = [rest_after(attempts, 0.5) for attempts in range(1, 30)]
    assert rests[0] == timedelta(seconds=2)
    assert rests == sorted(rests)
    assert rests[-1] == timedelta(minutes=15)
    assert rest_after(1, 0.0) == timedelta(seconds=1)


@pytest.mark.parametrize(
    "message",
    [
        "postgresql://anxin:SECRET@db/anxin refused",
        'password="SECRET" is wrong',
        "Authorization: Bearer SECRETSECRETSECRET",
        "api_key=SECRET&x=1",
        "sk_SECRETSECRET1 is not live",
        "token: SECRET",
        "sent to SECRET@example.com",
        "called +86 138-0013-8000",
        "x" * 3 + "SECRET" * 20,
    ],
)
def test_an_error_for_people_holds_no_secret(message: str) -> None:
    shown = without_secrets(message)
    assert "SECRET" not in shown
    assert "8000" not in shown


def test_an_error_for_people_is_one_short_line() -> None:
    assert without_secrets("a\n b\x00c") == "a bc"
    assert len(without_secrets("word " * 1000)) == 500


async def test_a_new_tenant_gets_its_ticks_and_each_makes_the_next(shop: Shop) -> None:
    shop.tasks.update(find_tasks())
    shop.crons.update(CRONS)
    tenant_id = await shop.tenant("fresh", crons=True)
    await shop.run_due()
    assert await shop.count("tenant_id = :t AND dedupe_key LIKE 'cron:%' AND state = 'pending'", t=tenant_id) == len(
        CRONS
    )
    for _ in range(3):
        shop.clock.advance(days=1)
        await shop.run_due()
    assert await shop.count("dedupe_key LIKE 'cron:%' AND state = 'done'") == 3 * len(CRONS)
    assert await shop.count("dedupe_key LIKE 'cron:%' AND state = 'pending'") == len(CRONS)


async def test_a_tick_that_dies_does_not_stop_its_cron(shop: Shop) -> None:
    shop.offer(tick_badly)
    shop.crons["hourly"] = HOURLY
    await shop.tenant("bad-tick")
    await ensure_crons(shop.worker, shop.crons)
    for _ in range(3):
        shop.clock.advance(hours=1)
        await shop.run_due()
    assert await shop.count("state = 'dead'") == 3
    assert await shop.count("state = 'pending' AND run_at > :now", now=shop.clock()) == 1


async def test_ticks_that_passed_while_the_worker_was_down_are_not_made_up_for(shop: Shop) -> None:
    shop.offer(tick)
    shop.crons["hourly"] = HOURLY
    tenant_id = await shop.tenant("down")
    await ensure_crons(shop.worker, shop.crons)
    shop.clock.advance(days=2)
    await shop.run_due()
    assert await effects(shop, tenant_id, "ticks") == 1
    assert await shop.count("state = 'pending' AND run_at <= :soon", soon=shop.clock() + timedelta(hours=1)) == 1


async def test_a_worker_gives_a_new_cron_to_every_tenant_once_and_to_no_closed_one(shop: Shop) -> None:
    shop.crons["hourly"] = HOURLY
    for slug in ("one", "two", "gone"):
        tenant_id = await shop.tenant(slug)
    await shop.sql("UPDATE tenant SET state = 'closed' WHERE tenant_id = :t", t=tenant_id)
    assert await ensure_crons(shop.worker, shop.crons) == 2
    assert await ensure_crons(shop.worker, shop.crons) == 0
    assert await shop.count("dedupe_key LIKE 'cron:hourly:%'") == 2


async def test_old_done_work_is_purged_and_the_rest_stays(shop: Shop) -> None:
    shop.tasks.update(find_tasks())
    tenant_id = await shop.tenant("old")
    await shop.enqueue(tenant_id, "sign_ins.purge", 3)
    await shop.run_due()
    # Ids carry the machine's time, not the test's; the purge goes by both.
    shop.clock.instant = datetime(2100, 1, 1, tzinfo=UTC)
    await shop.enqueue(tenant_id, "test.waits", run_at=shop.clock() + timedelta(hours=1))
    await shop.enqueue(tenant_id, "outbox.purge")
    await shop.run_due()
    rows = await shop.sql("SELECT task, state FROM outbox ORDER BY task")
    assert [tuple(row) for row in rows] == [("outbox.purge", "done"), ("test.waits", "pending")]


async def test_ended_sessions_and_old_failures_are_purged(shop: Shop) -> None:
    shop.tasks.update(find_tasks())
    tenant_id = await shop.tenant("sessions")
    staff_id = (await shop.sql("SELECT staff_id FROM staff"))[0][0]
    hour = timedelta(hours=1)
    for name, seen in (("ended", shop.clock() - 4 * hour), ("live", shop.clock() - hour)):
        await shop.sql(
            "INSERT INTO staff_session VALUES (:t, :name, :s, :seen, :seen, :until, 'test')",
            t=tenant_id,
            name=name,
            s=staff_id,
            seen=seen,
            until=shop.clock() + hour,
        )
    for name, since in (("old", shop.clock() - 48 * hour), ("recent", shop.clock() - hour)):
        await shop.sql("INSERT INTO sign_in_attempt VALUES (:t, :name, 5, :at)", t=tenant_id, name=name, at=since)
    await shop.enqueue(tenant_id, "sign_ins.purge")
    await shop.run_due()
    assert [row[0] for row in await shop.sql("SELECT token_hash FROM staff_session")] == ["live"]
    assert [row[0] for row in await shop.sql("SELECT key FROM sign_in_attempt")] == ["recent"]
