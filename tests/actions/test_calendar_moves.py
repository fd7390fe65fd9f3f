"""Clocks that follow a new calendar: as the fold says, once each, from where a broken-off piece ended, and back again."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.calendars.rules import parse_calendar
from core.clocks.rules import Told, fold, next_stage, read_events
from core.complaints.actions.handling import complete_step, pause_step, resume_step
from core.complaints.actions.moving import continue_move
from core.complaints.cases.recalendaring import recalendar_plain
from core.complaints.queries.foreseeing import Foresight, foresee_calendar
from core.policies.actions import roll_back_rules
from core.policies.queries import get_calendars, get_move, get_timetable, get_version
from core.policies.rules.calendars import CalendarVersion
from core.policies.rules.changes import MilestoneChange
from core.policies.rules.versions import VersionFacts
from tests.policies import (
    BUSINESS_DAY,
    OFFICE,
    STEP,
    due_of,
    file_at,
    fire_due,
    follow,
    publish_calendar,
    publish_change,
    shanghai,
)
from tests.workplaces import MovableClock, TestTenant

CLOSED = dict(OFFICE) | {"holidays": ["2026-03-03"]}


class Dies(Exception):
    """The worker is gone."""


async def _open_office(tenant: TestTenant, clock: MovableClock) -> None:
    clock.instant = shanghai("01-05 10:00")
    await follow(tenant, await publish_calendar(tenant))
    await follow(tenant, await publish_change(tenant, BUSINESS_DAY))
    await follow(
        tenant, await publish_change(tenant, MilestoneChange(minutes=90, clock="office"), milestone="ack_contact")
    )


async def _all_kinds(tenant: TestTenant, clock: MovableClock) -> dict[str, UUID]:
    """Clocks in every state that a change may meet."""
    cases = {name: await file_at(tenant, clock, shanghai("02-27 17:00")) for name in ("broken", "done")}
    cases |= {"at the weekend": await file_at(tenant, clock, shanghai("03-01 19:00"))}
    for name, at in (("running", "09:30"), ("rested", "10:00"), ("resting", "10:10"), ("warned", "10:20")):
        cases[name] = await file_at(tenant, clock, shanghai(f"03-02 {at}"))
    clock.instant = shanghai("03-02 11:00")
    async with tenant.unit() as uow:
        await complete_step(uow, complaint_id=cases["done"], milestone_id="ack_contact", facts={})
        for name in ("rested", "resting"):
            await pause_step(uow, complaint_id=cases[name], milestone_id=STEP, reason="customer", note="客户出差")
    clock.instant = shanghai("03-02 16:00")
    async with tenant.unit() as uow:
        await resume_step(uow, complaint_id=cases["rested"], milestone_id=STEP)
    await fire_due(tenant)
    clock.instant = shanghai("03-02 20:00")
    await fire_due(tenant)
    cases["at night"] = await file_at(tenant, clock, clock.instant)
    return cases


async def _assert_as_folded(tenant: TestTenant) -> None:
    """Every row, its row of the schedule and its case say what the events fold to, to the second."""
    async with tenant.workplace.reading(tenant.id) as reader:
        calendars = await get_calendars(reader)
        rows = (await reader.session.execute(text("SELECT * FROM complaint_clock WHERE status <> 'waiting'"))).all()
        for row in rows:
            place = {"c": row.complaint_id, "m": row.milestone, "y": row.cycle}
            where = "WHERE complaint_id = :c AND milestone = :m AND cycle = :y"
            events = read_events(
                list(await reader.session.scalars(text(f"SELECT event FROM clock_event {where}"), place))
            )
            state = fold(events, calendars, reader.now)
            assert (row.status, row.due_at, row.calendar) == (state.status, state.due_at, state.facts.spans[-1][1])
            told = await reader.session.execute(text(f"SELECT * FROM told_stage {where}"), place)
            known = [Told(name=t.stage, policy_version=t.policy_version, at=t.at) for t in told]
            stage = next_stage(state, calendars, known) if state.live else None
            key = {"k": f"clock:{row.complaint_id}:{row.milestone}:{row.cycle}"}
            query = text("SELECT run_at FROM outbox WHERE dedupe_key = :k AND state = 'pending'")
            armed = await reader.session.scalar(query, key)
            assert armed == (None if stage is None else stage.at)
        live = "c.state = 'open' AND k.status IN ('running', 'paused', 'breached')"
        wrong = await reader.session.scalar(
            text(
                "SELECT count(*) FROM complaint c WHERE c.next_due_at IS DISTINCT FROM (SELECT min(k.due_at)"
                f" FROM complaint_clock k WHERE k.complaint_id = c.complaint_id AND {live})"
            )
        )
        assert wrong == 0


async def _preview(tenant: TestTenant, number: int, begins: timedelta = timedelta()) -> Foresight:
    async with tenant.workplace.reading(tenant.id) as reader:
        return await foresee_calendar(
            reader,
            version=CalendarVersion(
                calendar_id="office",
                number=number,
                effective_from=reader.now + begins,
                mode="migrate_running",
                name="",
                calendar=parse_calendar(CLOSED),
            ),
        )


async def _follow_and_die(tenant: TestTenant, version: VersionFacts) -> None:
    async with tenant.workplace.unit(tenant.id) as uow:
        await continue_move(uow, subject=version.subject, number=version.number, piece=2)
        raise Dies


async def _moved(tenant: TestTenant, version: VersionFacts) -> tuple[int, int, str]:
    async with tenant.workplace.reading(tenant.id) as reader:
        move = await get_move(reader, subject=version.subject, number=version.number)
    return move.seen, move.moved, move.state


@pytest.mark.parametrize("hours", [0, 2, 14, 40])
async def test_whatever_a_clock_has_been_through_it_follows_as_its_events_fold(
    tenant_a: TestTenant, clock: MovableClock, hours: int
) -> None:
    await _open_office(tenant_a, clock)
    await _all_kinds(tenant_a, clock)
    foreseen = await _preview(tenant_a, 2, timedelta(hours=hours))
    version = await publish_calendar(tenant_a, CLOSED, effective_from=clock.instant + timedelta(hours=hours))
    await follow(tenant_a, version)
    await _assert_as_folded(tenant_a)
    assert (await _moved(tenant_a, version))[1] == foreseen.moved
    clock.advance(hours=3)
    await fire_due(tenant_a)
    begins = max(version.effective_from, clock.instant)
    again = await publish_calendar(tenant_a, dict(OFFICE) | {"holidays": ["2026-03-04"]}, effective_from=begins)
    await follow(tenant_a, again)
    await _assert_as_folded(tenant_a)


async def test_only_what_rests_or_waits_for_people_is_folded(tenant_a: TestTenant, clock: MovableClock) -> None:
    await _open_office(tenant_a, clock)
    cases = await _all_kinds(tenant_a, clock)
    version = await publish_calendar(tenant_a, CLOSED)
    async with tenant_a.workplace.unit(tenant_a.id) as uow:
        timetable = await get_timetable(uow)
        newest = timetable.versions["office"][-1]
        followed = await recalendar_plain(
            uow, sorted(cases.values()), version=newest, timetable=timetable, note=version.subject
        )
        assert cases["resting"] in followed.left
        assert not {cases[name] for name in ("running", "rested", "warned", "at night")} & set(followed.left)


async def test_a_piece_that_dies_is_done_again_and_no_clock_follows_twice(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await _open_office(tenant_a, clock)
    cases = await _all_kinds(tenant_a, clock)
    version = await publish_calendar(tenant_a, CLOSED)
    place = {"subject": version.subject, "number": version.number, "piece": 2}
    async with tenant_a.workplace.unit(tenant_a.id) as uow:
        assert await continue_move(uow, **place)  # type: ignore[arg-type] # subject, number and piece
    assert (await _moved(tenant_a, version))[::2] == (2, "running")
    with pytest.raises(Dies):
        await _follow_and_die(tenant_a, version)
    assert (await _moved(tenant_a, version))[::2] == (2, "running")
    await follow(tenant_a, version, piece=2)
    async with tenant_a.workplace.unit(tenant_a.id) as uow:
        assert not await continue_move(uow, **place)  # type: ignore[arg-type] # as above
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        often = await reader.session.execute(
            text(
                "SELECT complaint_id, milestone, cycle, count(*) AS n FROM clock_event"
                " WHERE event ->> 'kind' = 'recalendar' GROUP BY 1, 2, 3"
            )
        )
        assert {row.n for row in often} == {1}
        live = await reader.session.scalar(
            text(
                "SELECT count(*) FROM complaint_clock WHERE calendar = 'office@1' AND status IN ('running', 'breached')"
            )
        )
        assert live == 0
    seen, _, state = await _moved(tenant_a, version)
    assert (seen, state) == (len(cases), "done")
    await _assert_as_folded(tenant_a)


async def test_taking_a_calendar_back_gives_the_due_times_of_before(tenant_a: TestTenant, clock: MovableClock) -> None:
    await _open_office(tenant_a, clock)
    cases = await _all_kinds(tenant_a, clock)
    before = {name: await due_of(tenant_a, case) for name, case in cases.items()}
    version = await publish_calendar(tenant_a, CLOSED)
    await follow(tenant_a, version)
    between = {name: await due_of(tenant_a, case) for name, case in cases.items()}
    assert {name for name in cases if before[name] != between[name]} >= {"rested", "warned", "at night"}
    async with tenant_a.unit() as uow:
        first = await get_version(uow, subject=version.subject, number=1)
        back = await roll_back_rules(
            uow, subject=first.subject, number=1, mode="migrate_running", note="节假日登记有误"
        )
    await follow(tenant_a, back)
    assert {name: await due_of(tenant_a, case) for name, case in cases.items()} == before
    await _assert_as_folded(tenant_a)
