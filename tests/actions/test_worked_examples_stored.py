"""The worked examples of the deadlines' contract, through filing, pausing, publishing and the stored rows."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from core.complaints.actions.handling import (
    answer_satisfaction,
    complete_step,
    judge_level,
    pause_step,
    reopen_case,
    resume_step,
)
from core.complaints.cases.storing import CLOCK_TASK
from core.complaints.queries.cases import get_complaint
from core.errors import Forbidden
from core.policies.rules.changes import MilestoneChange
from tenants.plugin_settings import enable_plugin
from tests.policies import (
    BUSINESS_DAY,
    OFFICE,
    STEP,
    clock_of,
    due_of,
    file_at,
    fire_due,
    follow,
    publish_calendar,
    publish_change,
    shanghai,
)
from tests.workplaces import MovableClock, TestTenant


@pytest.fixture
async def office(tenant_a: TestTenant, clock: MovableClock) -> TestTenant:
    """A chain whose solutions are due within 480 business minutes, Monday to Friday 09:00 to 18:00."""
    clock.instant = shanghai("01-05 10:00")
    await follow(tenant_a, await publish_calendar(tenant_a))
    await follow(tenant_a, await publish_change(tenant_a, BUSINESS_DAY))
    return tenant_a


async def _pause(tenant: TestTenant, clock: MovableClock, case: UUID) -> None:
    """Pause 11:00 to 14:00, as the table does."""
    clock.instant = shanghai("03-02 11:00")
    async with tenant.unit() as uow:
        await pause_step(uow, complaint_id=case, milestone_id=STEP, reason="customer", note="客户出差")
    clock.instant = shanghai("03-02 14:00")
    async with tenant.unit() as uow:
        await resume_step(uow, complaint_id=case, milestone_id=STEP)


async def _paused_case(tenant: TestTenant, clock: MovableClock) -> UUID:
    case = await file_at(tenant, clock, shanghai("03-02 10:00"))
    await _pause(tenant, clock, case)
    return case


async def test_480_business_minutes_from_monday_ten_end_at_eighteen(office: TestTenant, clock: MovableClock) -> None:
    case = await file_at(office, clock, shanghai("03-02 10:00"))
    assert await due_of(office, case) == shanghai("03-02 18:00")


async def test_a_pause_of_three_hours_moves_the_stored_due_time_and_the_warnings(
    office: TestTenant, clock: MovableClock
) -> None:
    case = await _paused_case(office, clock)
    assert await due_of(office, case) == shanghai("03-03 12:00")
    instants = []
    for _ in range(3):
        async with office.workplace.reading(office.id) as reader:
            at = await reader.session.scalar(
                text(
                    "SELECT run_at FROM outbox WHERE task = :t AND dedupe_key = :k AND state = 'pending'",
                ),
                {"t": CLOCK_TASK, "k": f"clock:{case}:{STEP}:1"},
            )
        assert isinstance(at, datetime)
        instants.append(at)
        clock.instant = at
        await fire_due(office)
    assert instants == [shanghai("03-02 17:00"), shanghai("03-03 10:00"), shanghai("03-03 11:12")]


@pytest.mark.parametrize(("minutes", "due"), [(240, "03-02 17:00"), (60, "03-02 11:00")])
async def test_a_shorter_budget_that_is_published_retargets_the_running_clock(
    office: TestTenant, clock: MovableClock, minutes: int, due: str
) -> None:
    case = await _paused_case(office, clock)
    clock.instant = shanghai("03-02 15:00")
    change = MilestoneChange(minutes=minutes, clock="office", pausable=True)
    await follow(office, await publish_change(office, change))
    assert await due_of(office, case) == shanghai(due)
    state = (await clock_of(office, case)).state
    assert state is not None
    assert state.breached_by_retarget == (minutes == 60)
    assert state.first_breached_at == (shanghai("03-02 15:00") if minutes == 60 else None)


async def test_a_day_that_becomes_a_holiday_moves_the_running_clock(office: TestTenant, clock: MovableClock) -> None:
    case = await _paused_case(office, clock)
    clock.instant = shanghai("03-02 15:00")
    version = await publish_calendar(office, dict(OFFICE) | {"holidays": ["2026-03-03"]})
    await follow(office, version)
    assert version.number == 2
    assert await due_of(office, case) == shanghai("03-04 12:00")


async def test_what_closed_and_opened_again_goes_on_with_what_was_left(office: TestTenant, clock: MovableClock) -> None:
    case = await _paused_case(office, clock)
    clock.instant = shanghai("03-02 16:00")
    for step in ("ack_contact", STEP):
        async with office.unit() as uow:
            await complete_step(uow, complaint_id=case, milestone_id=step, facts={})
    clock.instant = shanghai("03-04 10:00")
    async with office.unit() as uow:
        await reopen_case(uow, complaint_id=case, reason="客户不满意")
    assert await due_of(office, case) == shanghai("03-04 15:00")
    assert (await clock_of(office, case)).cycle == 2


async def test_a_make_up_saturday_counts_and_the_spring_festival_does_not(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    clock.instant = shanghai("01-05 10:00")
    await publish_calendar(tenant_a, mainland=True)
    await publish_change(tenant_a, BUSINESS_DAY)
    case = await file_at(tenant_a, clock, shanghai("02-14 16:00"))
    assert await due_of(tenant_a, case) == shanghai("02-24 15:00")


async def test_seven_working_days_end_with_the_last_of_them(tenant_a: TestTenant, clock: MovableClock) -> None:
    clock.instant = shanghai("01-05 10:00")
    await publish_calendar(tenant_a, mainland=True)
    await publish_change(tenant_a, MilestoneChange(days=7, clock="office"))
    case = await file_at(tenant_a, clock, shanghai("02-10 11:00"))
    assert await due_of(tenant_a, case) == shanghai("02-25 18:00")


async def test_a_grave_case_of_the_night_is_wall_time(tenant_a: TestTenant, clock: MovableClock) -> None:
    clock.instant = shanghai("09-01 10:00")
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    case = await file_at(tenant_a, clock, shanghai("09-30 23:50"), "手术中宠物死亡，要求说法")
    dues = {
        "leader_on_site": "10-01 00:00",
        "evidence_secured": "10-01 00:50",
        "internal_hearing": "10-01 23:50",
        "formal_communication": "10-02 23:50",
    }
    assert {name: await due_of(tenant_a, case, name) for name in dues} == {
        name: shanghai(at) for name, at in dues.items()
    }


async def test_a_back_dated_fact_needs_the_right_and_is_in_time(office: TestTenant, clock: MovableClock) -> None:
    case = await file_at(office, clock, shanghai("03-02 10:00"))
    clock.instant = shanghai("03-02 11:00")  # the contact was due at 10:30
    done = {"complaint_id": case, "milestone_id": "ack_contact", "facts": {}, "at": shanghai("03-02 10:20")}
    with pytest.raises(Forbidden):
        async with office.unit("front_desk") as uow:
            await complete_step(uow, **done)
    async with office.unit("team_leader") as uow:
        await complete_step(uow, **done)
    state = (await clock_of(office, case, "ack_contact")).state
    assert state is not None
    assert (state.status, state.first_breached_at) == ("met", None)


async def test_a_level_that_goes_up_and_down_again_begins_the_vanished_promise_anew(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    case = await file_at(tenant_a, clock, shanghai("03-02 10:00"))
    for hour, level in ((11, "L2"), (12, "L1")):
        clock.instant = shanghai(f"03-02 {hour}:00")
        async with tenant_a.unit() as uow:
            await judge_level(uow, complaint_id=case, severity=level, reason="核查后判定")  # type: ignore[arg-type] # the list is of levels
    measure = await clock_of(tenant_a, case, "corrective_measure")
    assert (measure.cycle, measure.status) == (2, "running")
    assert await due_of(tenant_a, case, "corrective_measure") == shanghai("03-03 12:00")
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        detail = await get_complaint(reader, complaint_id=case)
    live = {clock.milestone for clock in detail.clocks if clock.status in {"running", "paused", "breached"}}
    assert live <= {milestone.id for milestone in detail.policy.milestones}


async def test_an_unhappy_answer_opens_the_case_on_the_calendar_of_today(
    office: TestTenant, clock: MovableClock
) -> None:
    case = await file_at(office, clock, shanghai("03-02 10:00"))
    for step in ("ack_contact", STEP):
        async with office.unit() as uow:
            await complete_step(uow, complaint_id=case, milestone_id=step, facts={})
    clock.instant = shanghai("03-02 12:00")
    await follow(office, await publish_calendar(office, dict(OFFICE) | {"holidays": ["2026-03-03"]}))
    clock.instant = shanghai("03-02 17:00")
    async with office.unit() as uow:
        await answer_satisfaction(uow, complaint_id=case, satisfied=False)
    # Nothing was used of the 480 minutes: 60 are left of this day, the next one is a holiday now.
    assert await due_of(office, case) == shanghai("03-04 16:00")
