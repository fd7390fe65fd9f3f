"""What a preview foresees is what publishing does, and a version of the future is known to what starts before it."""

from datetime import timedelta

from core.calendars.rules import parse_calendar
from core.complaints.actions.handling import pause_step, resume_step
from core.complaints.queries.foreseeing import foresee_calendar, foresee_policies
from core.policies.queries import get_declared, get_move
from core.policies.rules.calendars import CalendarVersion
from core.policies.rules.changes import MilestoneChange, PolicyChanges, apply_changes
from tests.policies import (
    BUSINESS_DAY,
    OFFICE,
    STEP,
    due_of,
    file_at,
    follow,
    publish_calendar,
    publish_change,
    shanghai,
)
from tests.workplaces import MovableClock, TestTenant

CLOSED = dict(OFFICE) | {"holidays": ["2026-03-03"]}


async def test_a_preview_foresees_what_the_clocks_then_do(tenant_a: TestTenant, clock: MovableClock) -> None:
    clock.instant = shanghai("01-05 10:00")
    await follow(tenant_a, await publish_calendar(tenant_a))
    await follow(tenant_a, await publish_change(tenant_a, BUSINESS_DAY))
    await file_at(tenant_a, clock, shanghai("03-02 09:30"))
    paused = await file_at(tenant_a, clock, shanghai("03-02 10:00"))
    clock.instant = shanghai("03-02 11:00")
    async with tenant_a.unit() as uow:
        await pause_step(uow, complaint_id=paused, milestone_id=STEP, reason="customer", note="客户出差")
    clock.instant = shanghai("03-02 14:00")
    async with tenant_a.unit() as uow:
        await resume_step(uow, complaint_id=paused, milestone_id=STEP)
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        version = CalendarVersion(
            calendar_id="office",
            number=2,
            effective_from=reader.now,
            mode="migrate_running",
            name="",
            calendar=parse_calendar(CLOSED),
        )
        foreseen = await foresee_calendar(reader, version=version)
    assert (foreseen.running, foreseen.moved, foreseen.breached) == (2, 1, 0)
    published = await publish_calendar(tenant_a, CLOSED)
    await follow(tenant_a, published)
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        move = await get_move(reader, subject=published.subject, number=2)
        assert (move.seen, move.moved, move.breached, move.state) == (2, 1, 0, "done")
        changes = PolicyChanges().put("L1", STEP, MilestoneChange(minutes=60, clock="office", pausable=True))
        short = await foresee_policies(reader, policies=apply_changes(get_declared(reader), changes))
    assert (short.running, short.moved, short.breached) == (2, 2, 2)
    change = await publish_change(tenant_a, MilestoneChange(minutes=60, clock="office", pausable=True))
    await follow(tenant_a, change)
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        move = await get_move(reader, subject=change.subject, number=change.number)
    assert (move.moved, move.breached) == (2, 2)


async def test_what_starts_before_a_planned_calendar_knows_it(tenant_a: TestTenant, clock: MovableClock) -> None:
    clock.instant = shanghai("01-05 10:00")
    await follow(tenant_a, await publish_calendar(tenant_a))
    await follow(tenant_a, await publish_change(tenant_a, BUSINESS_DAY))
    clock.instant = shanghai("03-02 08:00")
    begins = clock.instant + timedelta(hours=16)
    await follow(tenant_a, await publish_calendar(tenant_a, CLOSED, effective_from=begins))
    case = await file_at(tenant_a, clock, shanghai("03-02 17:00"))
    assert await due_of(tenant_a, case) == shanghai("03-04 16:00")
