"""Through any sequence of deeds the stored row of a clock is what its stored events fold to, and one schedule row is armed."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.clocks.rules import ClockRefused, Told, fold, next_stage, read_events
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import (
    ComplaintClosed,
    StepClosed,
    StepNeedsProof,
    answer_satisfaction,
    archive_case,
    complete_step,
    judge_level,
    pause_step,
    reopen_case,
    resume_step,
)
from core.complaints.actions.joining import NotMerged, SameComplaint, merge_complaints
from core.complaints.actions.parting import split_complaint, undo_merge
from core.complaints.cases.case import lock_case
from core.complaints.rules.filing import Filing
from core.complaints.rules.sources import RegulatorNotice
from core.errors import Conflict, NotFound
from core.policies.queries import get_calendars
from core.policies.rules.changes import MilestoneChange
from tests.lessons import work_through
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
from tests.reports import open_clinic
from tests.workplaces import MovableClock, TestTenant

Deed = Callable[[TestTenant, UUID, random.Random], Awaitable[None]]
SEQUENCES, DEEDS, HISTORIES = 12, 14, 6
REFUSED = (*(ClockRefused, StepClosed, StepNeedsProof, ComplaintClosed, NotMerged, SameComplaint, Conflict, NotFound),)


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


async def _others(tenant: TestTenant) -> list[UUID]:
    async with tenant.workplace.reading(tenant.id) as reader:
        return list(await reader.session.scalars(text("SELECT complaint_id FROM complaint ORDER BY number")))


async def _file_again(tenant: TestTenant, _: UUID, dice: random.Random) -> None:
    """Another of the same person, some by way of an authority: its track counts working days."""
    async with tenant.unit("front_desk") as uow:
        notice = RegulatorNotice(authority="市监局", case_number=str(dice.random()))
        source = dice.choice((None, notice))
        filing = Filing(
            text=dice.choice(("结账时未解释费用明细", "手术中宠物死亡")),
            contact_name="李晓梅",
            contact_phone="13878106872",
            channel="regulator" if source else "phone",
            source=source,
        )
        await file_complaint(uow, filing=filing)


async def _merge(tenant: TestTenant, case: UUID, dice: random.Random) -> None:
    both = [case, dice.choice(await _others(tenant))]
    dice.shuffle(both)
    async with tenant.unit() as uow:
        await merge_complaints(uow, survivor_id=both[0], loser_id=both[1], reason="同一件事")


async def _part(tenant: TestTenant, _: UUID, dice: random.Random) -> None:
    async with tenant.unit() as uow:
        await undo_merge(uow, loser_id=dice.choice(await _others(tenant)), reason="不是同一件事")


async def _split(tenant: TestTenant, case: UUID, _: random.Random) -> None:
    async with tenant.unit() as uow:
        await split_complaint(uow, complaint_id=case, text="另外候诊太久")


async def _answer(tenant: TestTenant, case: UUID, dice: random.Random) -> None:
    async with tenant.unit() as uow:
        await answer_satisfaction(uow, complaint_id=case, satisfied=dice.choice((True, False)), words="还没解决")


async def _archive(tenant: TestTenant, case: UUID, _: random.Random) -> None:
    async with tenant.unit() as uow:
        await archive_case(uow, complaint_id=case)


async def _work_through(tenant: TestTenant, case: UUID, _: random.Random) -> None:
    async with tenant.unit() as uow:
        if (await lock_case(uow, case)).state in {"open", "resolved"}:
            await work_through(uow, case)


async def _wait(tenant: TestTenant, _: UUID, __: random.Random) -> None:
    await fire_due(tenant)


DEED_LIST: tuple[Deed, ...] = (_complete, _pause, _resume, _judge, _reopen, _policy, _calendar, _wait)
EVERY_DEED: tuple[Deed, ...] = (
    *DEED_LIST,
    *(_file_again, _merge, _merge, _part, _split, _answer, _archive, _work_through, _reopen),
)


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
        except REFUSED:
            pass
        await _assert_rows_are_folds(tenant_a, case)
    assert done


@pytest.mark.parametrize("seed", range(HISTORIES))
@pytest.mark.parametrize("plugin", [False, True])
async def test_rows_are_folds_through_merges_partings_splits_and_ends_of_many_cases(
    tenant_a: TestTenant, clock: MovableClock, seed: int, *, plugin: bool
) -> None:
    dice = random.Random(1000 + seed)
    clock.instant = shanghai("01-05 10:00")
    if plugin:
        await open_clinic(tenant_a)
    else:
        await follow(tenant_a, await publish_calendar(tenant_a))
        await follow(tenant_a, await publish_change(tenant_a, BUSINESS_DAY))
    await file_at(tenant_a, clock, shanghai("03-02 10:00"))
    clock.advance(minutes=dice.choice((5, 200)))
    await _file_again(tenant_a, await file_at(tenant_a, clock, clock.instant), dice)
    deeds = [deed for deed in EVERY_DEED if not plugin or deed not in (_policy, _calendar)]
    done = 0
    for _ in range(DEEDS):
        clock.advance(minutes=dice.choice((1, 20, 90, 400, 1500)))
        await fire_due(tenant_a)
        deed, case = dice.choice(deeds), dice.choice(await _others(tenant_a))
        try:
            await deed(tenant_a, case, dice)
            done += 1
        except REFUSED:
            pass
        for each in await _others(tenant_a):
            await _assert_rows_are_folds(tenant_a, each)
    assert done
