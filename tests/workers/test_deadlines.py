"""The lane of deadlines: all that is due is told once and in due order, and no tenant's trouble is another's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.clocks.rules import stages
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import pause_step
from core.complaints.cases.case import lock_case
from core.complaints.cases.storing import CLOCK_TASK
from core.complaints.rules.filing import Filing
from core.driver import DriverPool
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tests.workers.conftest import Shop
from workers.deadlines import TOGETHER, Deadlines, share_out
from workers.jobs import find_tasks
from workers.main import DIRECT
from workers.relay import Relay

DEATH = Filing(text="手术中宠物死亡，要求说法", contact_name="周文博", contact_phone="13878106871")
SLIGHT = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872")


@pytest.fixture
def clinics(shop: Shop) -> Shop:
    shop.tasks.update({CLOCK_TASK: find_tasks()[CLOCK_TASK]})
    return shop


@asynccontextmanager
async def lane(shop: Shop) -> AsyncIterator[Deadlines]:
    pool = DriverPool(shop.dsns.worker)
    relay = Relay(shop.worker, shop.queue, tasks=shop.tasks, crons=shop.crons, pace=shop.pace, direct=DIRECT)
    try:
        yield Deadlines(shop.worker, pool, shop.queue, send=relay.send_alone, roster=Roster(), pace=shop.pace)
    finally:
        await pool.aclose()


async def clinic(
    shop: Shop, slug: str, *, cases: int = 0, every: timedelta = timedelta(0), filing: Filing = DEATH
) -> UUID:
    """A clinic with complaints that came in one after the other; the clock stands where it stood."""
    tenant_id = await shop.tenant(slug)
    async with shop.unit(tenant_id) as uow:
        await enable_plugin(uow, host=shop.app.host, plugin_id="petclinic")
    start = shop.clock.instant
    for _ in range(cases):
        async with shop.unit(tenant_id) as uow:
            await file_complaint(uow, filing=filing)
        shop.clock.advance(every)
    shop.clock.instant = start
    await shop.sql("DELETE FROM outbox WHERE task <> :task", task=CLOCK_TASK)
    return tenant_id


async def expected(shop: Shop, tenant_id: UUID) -> set[tuple[Any, ...]]:
    """What every clock has to tell by now, worked out from its events alone."""
    async with shop.unit(tenant_id) as uow:
        ids = [row[0] for row in await uow.session.execute(text("SELECT complaint_id FROM complaint"))]
        cases = [await lock_case(uow, one) for one in ids]
    return {
        (case.complaint_id, clock.milestone.id, clock.cycle, stage.name, clock.state.facts.plan.policy_version)
        for case in cases
        for clock in case.clocks.values()
        if clock.state is not None
        for stage in stages(clock.state, case.timetable.calendars)
        if stage.at <= shop.clock()
    }


async def told(shop: Shop, tenant_id: UUID) -> list[tuple[Any, ...]]:
    rows = await shop.sql(
        "SELECT complaint_id, milestone, cycle, stage, policy_version FROM told_stage WHERE tenant_id = :t", t=tenant_id
    )
    return [tuple(row) for row in rows]


async def notices(shop: Shop, tenant_id: UUID) -> list[Any]:
    """In the order in which they were sent, each with the instant of its stage."""
    return await shop.sql(
        "SELECT n.notice_id, e.at, n.complaint_id, n.milestone, n.stage, n.staff_id FROM notice n JOIN complaint_event e"
        " ON e.tenant_id = n.tenant_id AND e.complaint_id = n.complaint_id AND e.data ->> 'stage' = n.stage"
        " AND e.data ->> 'milestone' = n.milestone WHERE n.tenant_id = :t ORDER BY n.notice_id",
        t=tenant_id,
    )


async def sweep_until_quiet(shop: Shop, *lanes: Deadlines) -> None:
    for _ in range(60):
        await asyncio.gather(*(one.sweep() for one in lanes))
        if not await shop.count("state = 'pending' AND run_at <= :now AND attempts = 0", now=shop.clock()):
            return
    raise AssertionError("deadlines are still due")


async def test_an_hour_without_workers_loses_and_doubles_nothing_and_is_caught_up_in_due_order(clinics: Shop) -> None:
    tenants = [
        await clinic(clinics, "dongying", cases=45, every=timedelta(seconds=40)),
        await clinic(clinics, "weifang", cases=10, every=timedelta(minutes=3)),
        await clinic(clinics, "jinan", cases=10, every=timedelta(minutes=2), filing=SLIGHT),
    ]
    clinics.clock.advance(hours=1, minutes=5)
    wanted = {tenant_id: await expected(clinics, tenant_id) for tenant_id in tenants}
    assert sum(map(len, wanted.values())) >= 600
    async with lane(clinics) as one, lane(clinics) as two:
        await sweep_until_quiet(clinics, one, two)
    for tenant_id in tenants:
        found = await told(clinics, tenant_id)
        assert len(found) == len(set(found))
        assert set(found) == wanted[tenant_id]
        sent = await notices(clinics, tenant_id)
        assert {tuple(row[2:5]) for row in sent} == {(one[0], one[1], one[3]) for one in found}
        assert len({tuple(row[2:]) for row in sent}) == len(sent)
        instants = [row[1] for row in sent]
        assert instants == sorted(instants)


async def test_a_second_look_tells_nothing_again(clinics: Shop) -> None:
    tenant_id = await clinic(clinics, "dongying", cases=2)
    clinics.clock.advance(minutes=11)
    async with lane(clinics) as deadlines:
        await sweep_until_quiet(clinics, deadlines)
        before = await told(clinics, tenant_id)
        await clinics.sql("UPDATE outbox SET run_at = :now WHERE state = 'pending'", now=clinics.clock())
        await sweep_until_quiet(clinics, deadlines)
    assert await told(clinics, tenant_id) == before
    assert before


async def test_a_clock_that_is_told_is_late_in_its_row_and_owns_one_next_instant(clinics: Shop) -> None:
    tenant_id = await clinic(clinics, "dongying", cases=1)
    clinics.clock.advance(minutes=10)
    async with lane(clinics) as deadlines:
        await sweep_until_quiet(clinics, deadlines)
    rows = await clinics.sql(
        "SELECT status, breached_at = due_at FROM complaint_clock WHERE tenant_id = :t AND milestone = 'leader_on_site'",
        t=tenant_id,
    )
    assert [tuple(row) for row in rows] == [("breached", True)]
    async with clinics.unit(tenant_id) as uow:
        case = await lock_case(uow, (await told(clinics, tenant_id))[0][0])
    for clock in case.clocks.values():
        if clock.live:
            (run_at,) = [
                row[0]
                for row in await clinics.sql(
                    "SELECT run_at FROM outbox WHERE dedupe_key = :key AND state = 'pending'",
                    key=clock.key(case.complaint_id),
                )
            ]
            assert run_at > clinics.clock()


async def test_one_bad_case_holds_up_neither_its_tenant_nor_another(clinics: Shop) -> None:
    bad, good = await clinic(clinics, "dongying", cases=5), await clinic(clinics, "weifang", cases=2)
    (broken,) = (await clinics.sql("SELECT complaint_id FROM complaint WHERE tenant_id = :t LIMIT 1", t=bad))[0]
    clinics.clock.advance(minutes=11)
    wanted = {one for one in await expected(clinics, bad) if one[0] != broken}
    await clinics.sql('UPDATE clock_event SET event = \'{"kind": "?"}\' WHERE complaint_id = :c', c=broken)
    async with lane(clinics) as deadlines:
        await sweep_until_quiet(clinics, deadlines)
    assert set(await told(clinics, bad)) == wanted
    assert set(await told(clinics, good)) == await expected(clinics, good)
    await clinics.run_lanes()
    left = await clinics.sql("SELECT state, attempts, last_error FROM outbox WHERE attempts > 0")
    assert left
    assert all(row[0] == "pending" and "ValidationError" in row[2] for row in left)


async def test_a_row_that_names_anothers_case_does_nothing_to_it(clinics: Shop) -> None:
    here, there = await clinic(clinics, "dongying", cases=1), await clinic(clinics, "weifang")
    payload = (await clinics.sql("SELECT payload FROM outbox WHERE tenant_id = :t ORDER BY run_at", t=here))[0][0]
    await clinics.sql("DELETE FROM outbox WHERE tenant_id = :t", t=here)
    await clinics.enqueue(there, CLOCK_TASK, **payload)
    clinics.clock.advance(hours=1)
    async with lane(clinics) as deadlines:
        await deadlines.sweep()
        deadlines._missed = dict.fromkeys(deadlines._missed, float("-inf"))
        await deadlines.sweep()
    await clinics.run_lanes()
    assert await told(clinics, here) == await told(clinics, there) == []
    assert not await clinics.count("state <> 'done'")


async def test_a_case_that_somebody_works_on_waits_and_the_others_do_not(clinics: Shop) -> None:
    tenant_id = await clinic(clinics, "dongying", cases=3)
    clinics.clock.advance(minutes=11)
    wanted = await expected(clinics, tenant_id)
    busy = min(one[0] for one in wanted)
    async with lane(clinics) as deadlines:
        async with clinics.unit(tenant_id) as uow:
            await lock_case(uow, busy)
            await deadlines.sweep()
            assert {one[0] for one in await told(clinics, tenant_id)} == {one[0] for one in wanted} - {busy}
        await sweep_until_quiet(clinics, deadlines)
    assert set(await told(clinics, tenant_id)) == wanted


async def test_a_pause_that_has_run_out_goes_the_ordinary_way_and_is_told_there(clinics: Shop) -> None:
    tenant_id = await clinic(clinics, "dongying", cases=1, filing=SLIGHT)
    (complaint_id,) = (await clinics.sql("SELECT complaint_id FROM complaint"))[0]
    async with clinics.unit(tenant_id) as uow:
        case = await lock_case(uow, complaint_id)
        name = next(clock.milestone.id for clock in case.clocks.values() if clock.milestone.pausable and clock.live)
    async with clinics.unit(tenant_id) as uow:
        await pause_step(uow, complaint_id=complaint_id, milestone_id=name, reason="customer", note="等客户回复")
    clinics.clock.advance(days=60)
    async with lane(clinics) as deadlines:
        for _ in range(4):
            await deadlines.sweep()
            deadlines._missed = dict.fromkeys(deadlines._missed, float("-inf"))
    for _ in range(5):
        await clinics.run_lanes()
    found = {(one[1], one[3]) for one in await told(clinics, tenant_id)}
    assert (name, "auto-resume-1") in found


async def test_a_closed_tenant_is_told_nothing(clinics: Shop) -> None:
    tenant_id = await clinic(clinics, "dongying", cases=1)
    await clinics.sql("UPDATE tenant SET state = 'closed' WHERE tenant_id = :t", t=tenant_id)
    clinics.clock.advance(hours=1)
    async with lane(clinics) as deadlines:
        await deadlines.sweep()
    assert await told(clinics, tenant_id) == []


async def test_what_a_dead_worker_had_begun_goes_the_ordinary_way(clinics: Shop) -> None:
    tenant_id = await clinic(clinics, "dongying", cases=1)
    clinics.clock.advance(minutes=11)
    wanted = await expected(clinics, tenant_id)
    async with lane(clinics) as dead, lane(clinics) as alive:
        await dead._mark((await dead._find_due(clinics.clock()))[0])
        await alive.sweep()
    assert await clinics.count("state = 'sent' OR state = 'pending' AND run_at > :now", now=clinics.clock()) > 0
    for _ in range(3):
        await clinics.run_lanes()
        await clinics.run_due()
    assert set(await told(clinics, tenant_id)) == wanted


async def test_tenants_are_shared_out_between_the_workers_that_live(clinics: Shop) -> None:
    async with lane(clinics) as one, lane(clinics) as two:
        await one._show_life()
        await two._show_life()
        one._seen_at = float("-inf")
        await one._show_life()
        assert {one._share, two._share} == {(0, 2), (1, 2)}
        clinics.clock.advance(seconds=6)
        one._seen_at = float("-inf")
        await one._show_life()
        assert one._share == (0, 1)


async def test_of_a_crowd_the_first_speak_until_the_one_that_stays_behind_is_due(clinics: Shop) -> None:
    await clinic(clinics, "dongying", cases=45, every=timedelta(seconds=1))
    clinics.clock.advance(hours=1)
    async with lane(clinics) as deadlines:
        due, _ = await deadlines._find_due(clinics.clock())
    (group,) = share_out(due, clinics.clock())
    assert len(due) > TOGETHER == len(group.keys)
    assert group.until == due[TOGETHER].run_at < clinics.clock()
