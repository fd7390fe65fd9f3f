"""An authority's milestones run on when the house publishes other rules over running clocks."""

from datetime import timedelta
from uuid import UUID

from core.complaints.actions.filing import file_complaint
from core.complaints.cases.case import lock_case
from core.complaints.rules.filing import Filing
from core.complaints.rules.sources import RegulatorNotice
from core.policies.queries import get_move
from core.policies.rules.changes import MilestoneChange
from tests.policies import STEP, clock_of, due_of, file_at, follow, publish_change, shanghai
from tests.workplaces import MovableClock, TestTenant

TRACK = ("regulator_accept", "regulator_mediation", "regulator_reply")


async def _file_notice(tenant: TestTenant, clock: MovableClock) -> UUID:
    clock.instant = shanghai("03-02 10:00")
    source = RegulatorNotice(
        authority="东营市市场监督管理局",
        case_number="东市监诉〔2026〕88号",
        deadline=shanghai("03-20 00:00").date(),
    )
    async with tenant.unit() as uow:
        filing = Filing(text="结账时未解释费用明细", channel="regulator", source=source)
        return (await file_complaint(uow, filing=filing)).complaint_id


async def test_rules_moved_over_running_clocks_leave_the_authoritys_track_alone(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    noticed = await _file_notice(tenant_a, clock)
    plain = await file_at(tenant_a, clock, shanghai("03-02 10:30"))
    before = {name: await due_of(tenant_a, noticed, name) for name in TRACK}
    clock.advance(hours=1)
    change = await publish_change(tenant_a, MilestoneChange(minutes=600))
    await follow(tenant_a, change)
    for complaint_id in (noticed, plain):
        moved = await clock_of(tenant_a, complaint_id)
        assert moved.state is not None
        assert moved.state.due_at == moved.state.facts.started_at + timedelta(minutes=600)
    assert {name: await due_of(tenant_a, noticed, name) for name in TRACK} == before
    assert (await clock_of(tenant_a, noticed, "regulator_accept")).status == "running"
    async with tenant_a.unit() as uow:
        policies = [(await lock_case(uow, one)).policy for one in (noticed, plain)]
    assert [set(TRACK) <= {one.id for one in policy.milestones} for policy in policies] == [True, False]


async def test_a_second_publication_moves_the_levels_own_promise_again_and_still_no_authoritys(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    noticed = await _file_notice(tenant_a, clock)
    accept = await due_of(tenant_a, noticed, "regulator_accept")
    for minutes in (600, 900):
        change = await publish_change(tenant_a, MilestoneChange(minutes=minutes))
        await follow(tenant_a, change)
        async with tenant_a.workplace.reading(tenant_a.id) as reader:
            move = await get_move(reader, subject=change.subject, number=change.number)
        assert (move.moved, move.state) == (1, "done")
    assert await due_of(tenant_a, noticed, STEP) == shanghai("03-03 01:00")
    assert await due_of(tenant_a, noticed, "regulator_accept") == accept
    assert (await clock_of(tenant_a, noticed, "regulator_accept")).status == "running"
