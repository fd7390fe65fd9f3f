"""Through any sequence of deeds the stored row of a clock is what its stored events fold to, and one schedule row is armed."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.clocks.rules import ClockRefused, Told, fold, next_stage, read_events
from core.complaints.actions.handling import (
    ComplaintClosed,
    StepClosed,
    complete_step,
    judge_level,
    pause_step,
    reopen_case,
    resume_step,
)
from core.errors import Conflict, NotFound
from core.policies.queries import get_calendars
from core.policies.rules.changes import MilestoneChange
from tests.policies import (
    BUSINESS_DAY,
    OFFICE,
    STEP,
    file_at,
    fire_due,
    follow,
    publish_calendar,
    publish_change,
    shanghai,
)
from tests.workplaces import MovableClock, TestTenant

Deed = Callable[[TestTenant, UUID, random.Random], Awaitable[None]]
SEQUENCES, DEEDS = 12, 14


async def _complete(tenant: TestTenant, case: UUID, dice: random.Random) -> None:
    step = dice.choice(("ack_contact", STEP))
    async with tenant.unit() as uow:
        back = dice.choice((None, timedelta(minutes=7)))
        at = None if back is None else uow.now - back
        await complete_step(uow, complaint_id=case, milestone_id=step, facts={}, at=at)


async def _pause(tenant: TestTenant, case: UUID, dice: random.Random) -> None:
    async with tenant.unit() as uow:
        reason = dice.choice(("customer", "laboratory"))
        await pause_step(uow, complaint_id=case, milestone_id=STEP, reason=reason, note="等待客户")  # type: ignore[arg-type] # both are reasons


async def _resume(tenant: TestTenant, case: UUID, _: random.Random) -> None:
    async with tenant.unit() as uow:
        await resume_step(uow, complaint_id=case, milestone_id=STEP)


async def _judge(tenant: TestTenant, case: UUID, dice: random.Random) -> None:
    async with tenant.unit() as uow:
        await judge_level(uow, complaint_id=case, severity=dice.choice(("L1", "L2", "L3")), reason="核查")  # type: ignore[arg-type] # all are levels


async def _reopen(tenant: TestTenant, case: UUID, _: random.Random) -> None:
    async with tenant.unit() as uow:
        await reopen_case(uow, complaint_id=case, reason="不满意")


async def _policy(tenant: TestTenant, _: UUID, dice: random.Random) -> None:
    change = dice.choice(
        (
            MilestoneChange(minutes=dice.choice((60, 240, 600, 2000)), clock="office", pausable=True),
            MilestoneChange(minutes=dice.choice((90, 1440))),
            MilestoneChange(days=dice.choice((1, 3)), clock="office", pausable=False),
            MilestoneChange(off=True),
        )
    )
    version = await publish_change(tenant, change, mode=dice.choice(("new_only", "migrate_running")))  # type: ignore[arg-type] # both are modes
    if version.mode == "migrate_running":
        await follow(tenant, version)


async def _calendar(tenant: TestTenant, _: UUID, dice: random.Random) -> None:
    days = sorted(dice.sample(["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-09"], 2))
    async with tenant.workplace.reading(tenant.id) as reader:
        begins = reader.now + timedelta(hours=dice.choice((0, 0, 30)))
    version = await publish_calendar(tenant, dict(OFFICE) | {"holidays": days}, effective_from=begins)
    await follow(tenant, version)


async def _wait(tenant: TestTenant, _: UUID, __: random.Random) -> None:
    await fire_due(tenant)


DEED_LIST: tuple[Deed, ...] = (_complete, _pause, _resume, _judge, _reopen, _policy, _calendar, _wait)


async def _assert_rows_are_folds(tenant: TestTenant, case: UUID) -> None:
    async with tenant.workplace.reading(tenant.id) as reader:
        calendars = await get_calendars(reader)
        rows = (
            await reader.session.execute(text("SELECT * FROM complaint_clock WHERE complaint_id = :c"), {"c": case})
        ).all()
        for row in rows:
            place = {"c": case, "m": row.milestone, "y": row.cycle}
            where = "WHERE complaint_id = :c AND milestone = :m AND cycle = :y"
            raw = await reader.session.scalars(text(f"SELECT event FROM clock_event {where} ORDER BY seq"), place)
            events = read_events(list(raw))
            stored = (row.started_at, row.due_at, row.completed_at, row.calendar)
            key = {"k": f"clock:{case}:{row.milestone}:{row.cycle}"}
            armed = await reader.session.scalar(
                text("SELECT run_at FROM outbox WHERE dedupe_key = :k AND state = 'pending'"), key
            )
            if not events:
                assert (row.status, *stored) == ("waiting", None, None, None, None)
                assert armed is None
                continue
            # A breach is arithmetic: the row keeps what it was when it was last written, so it is folded as of then.
            state = fold(events, calendars, reader.now)
            assert stored == (
                state.facts.started_at,
                state.due_at,
                state.facts.completed_at,
                state.facts.spans[-1][1],
            )
            assert row.seconds in {None, state.facts.plan.seconds}
            if row.status != state.status:
                assert (row.status, state.status) in {
                    ("running", "breached"),
                    ("paused", "running"),
                    ("paused", "breached"),
                }
            if row.breached_at is not None:
                assert row.breached_at == state.first_breached_at
            told = await reader.session.execute(text(f"SELECT * FROM told_stage {where}"), place)
            known = [Told(name=t.stage, policy_version=t.policy_version, at=t.at) for t in told]
            stage = next_stage(state, calendars, known) if state.live else None
            case_state = await reader.session.scalar(text("SELECT state FROM complaint WHERE complaint_id = :c"), place)
            if stage is not None and case_state == "open":
                assert armed is not None
                assert armed <= max(stage.at, reader.now)
            if not state.live:
                assert armed is None


@pytest.mark.parametrize("seed", range(SEQUENCES))
async def test_any_sequence_of_deeds_leaves_rows_that_are_folds(
    tenant_a: TestTenant, clock: MovableClock, seed: int
) -> None:
    dice = random.Random(seed)
    clock.instant = shanghai("01-05 10:00")
    await follow(tenant_a, await publish_calendar(tenant_a))
    await follow(tenant_a, await publish_change(tenant_a, BUSINESS_DAY))
    case = await file_at(tenant_a, clock, shanghai("03-02 10:00"))
    done = 0
    for _ in range(DEEDS):
        clock.advance(minutes=dice.choice((1, 20, 90, 400, 1500)))
        await fire_due(tenant_a)
        try:
            await dice.choice(DEED_LIST)(tenant_a, case, dice)
            done += 1
        except (ClockRefused, StepClosed, ComplaintClosed, Conflict, NotFound):
            pass
        await _assert_rows_are_folds(tenant_a, case)
    assert done
