"""Merging keeps the earliest start and the common pauses, loses nothing, is previewed, and can be taken back."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from core.clocks.rules import Complete, fold, read_events
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import ComplaintClosed, complete_step, judge_level, pause_step, resume_step
from core.complaints.actions.joining import (
    NotMerged,
    SameComplaint,
    find_survivor,
    list_merged,
    merge_complaints,
    preview_merge,
)
from core.complaints.actions.parting import split_complaint, undo_merge
from core.complaints.cases.case import lock_case
from core.complaints.queries.cases import ClockRow, ComplaintDetail, get_complaint, list_clock_events
from core.complaints.rules.filing import Filing
from core.complaints.rules.sources import RegulatorNotice
from core.errors import Forbidden, InvalidInput, NotFound
from tenants.plugin_settings import enable_plugin
from tests.workplaces import MovableClock, TestTenant

NOISE = Filing(text="候诊区广播太吵，猫咪一直发抖", contact_name="赵敏", contact_phone="13988120001", channel="phone")
AGAIN = Filing(text="广播声音太大，我家猫吓坏了", contact_name="赵敏", contact_phone="13988120002", channel="in_person")
GRAVE = Filing(text="寄养期间狗狗从后门逃跑，到现在没找到", contact_name="孙立", contact_phone="13988120003")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _file(clinic: TestTenant, filing: Filing = NOISE) -> UUID:
    async with clinic.unit("front_desk") as uow:
        return (await file_complaint(uow, filing=filing)).complaint_id


async def _detail(clinic: TestTenant, complaint_id: UUID) -> ComplaintDetail:
    async with clinic.workplace.reading(clinic.id) as reader:
        return await get_complaint(reader, complaint_id=complaint_id)


async def _clock(clinic: TestTenant, complaint_id: UUID, milestone: str) -> ClockRow:
    clocks = [one for one in (await _detail(clinic, complaint_id)).clocks if one.milestone == milestone]
    return max(clocks, key=lambda one: one.cycle)


async def _merge(clinic: TestTenant, survivor: UUID, loser: UUID, role: str = "team_leader") -> None:
    async with clinic.unit(role) as uow:
        await merge_complaints(uow, survivor_id=survivor, loser_id=loser, reason="同一件事打了两次电话")


async def _pause(clinic: TestTenant, complaint_id: UUID, *, resume: bool = False) -> None:
    async with clinic.unit("service_supervisor") as uow:
        if resume:
            await resume_step(uow, complaint_id=complaint_id, milestone_id="corrective_measure")
        else:
            await pause_step(
                uow, complaint_id=complaint_id, milestone_id="corrective_measure", reason="customer", note="等客户回话"
            )


async def _stored_equals_folded(clinic: TestTenant, complaint_id: UUID) -> None:
    """Folding the events gives the stored row (sla.md)."""
    async with clinic.unit() as uow:
        case = await lock_case(uow, complaint_id)
        events = await list_clock_events(uow, complaint_id=complaint_id)
        for key, raw in events.items():
            state = fold(read_events(raw), case.timetable.calendars, uow.now)
            row = case.clocks[key].row()
            assert (row["status"], row["due_at"]) == (state.status, state.due_at)


async def test_the_survivor_keeps_the_earliest_start_and_the_loser_is_cancelled_as_merged(
    clinic: TestTenant, clock: MovableClock
) -> None:
    first = await _file(clinic)
    began = clock()
    clock.advance(minutes=12)
    second = await _file(clinic, AGAIN)
    await _merge(clinic, second, first)
    ack = await _clock(clinic, second, "ack_contact")
    assert (ack.started_at, ack.due_at) == (began, began + timedelta(minutes=30))
    loser = await _detail(clinic, first)
    assert (loser.state, loser.merged_into, loser.contact_phone) == ("merged", second, "+8613988120001")
    assert {one.status for one in loser.clocks if one.started_at} == {"cancelled"}
    assert [row.kind for row in loser.history][-1] == "merged"
    await _stored_equals_folded(clinic, second)
    await _stored_equals_folded(clinic, first)


async def test_only_the_time_in_which_both_were_paused_stays_a_pause(clinic: TestTenant, clock: MovableClock) -> None:
    # sla.md, worked examples: paused 11:00-14:00, merged with a case paused 13:00-15:00.
    one, two = await _file(clinic), await _file(clinic, AGAIN)
    began = clock()
    clock.advance(hours=1)
    await _pause(clinic, one)
    clock.advance(hours=2)
    await _pause(clinic, two)
    clock.advance(hours=1)
    await _pause(clinic, one, resume=True)
    clock.advance(hours=1)
    await _pause(clinic, two, resume=True)
    await _merge(clinic, one, two)
    measure = await _clock(clinic, one, "corrective_measure")
    assert measure.due_at == began + timedelta(hours=25)


async def test_a_merge_keeps_the_graver_level_with_its_own_start(clinic: TestTenant, clock: MovableClock) -> None:
    grave = await _file(clinic, GRAVE)
    began = clock()
    clock.advance(minutes=4)
    slight = await _file(clinic)
    await _merge(clinic, slight, grave)
    detail = await _detail(clinic, slight)
    assert detail.severity == "L3"
    on_site = await _clock(clinic, slight, "leader_on_site")
    assert (on_site.started_at, on_site.due_at) == (began, began + timedelta(minutes=10))
    assert (await _clock(clinic, slight, "corrective_measure")).status == "cancelled"
    await _stored_equals_folded(clinic, slight)


async def test_what_the_loser_broke_stays_on_the_record(clinic: TestTenant, clock: MovableClock) -> None:
    grave = await _file(clinic, GRAVE)
    began = clock()
    clock.advance(minutes=15)
    slight = await _file(clinic)
    await _merge(clinic, slight, grave)
    assert (await _clock(clinic, slight, "leader_on_site")).breached_at == began + timedelta(minutes=10)


async def test_a_fact_of_either_case_counts_for_both(clinic: TestTenant, clock: MovableClock) -> None:
    one = await _file(clinic)
    clock.advance(minutes=10)
    async with clinic.unit("service_supervisor") as uow:
        case = await lock_case(uow, one)
        called = Complete(seq=case.next_seq(), at=uow.now, recorded_at=uow.now, fact="ack_contact")
        case.newest()["ack_contact"].add(called, uow.now)
        await case.save(uow)
    clock.advance(minutes=50)
    two = await _file(clinic, AGAIN)
    await _merge(clinic, two, one)
    ack = await _clock(clinic, two, "ack_contact")
    assert (ack.status, ack.breached_at) == ("met", None)


async def test_a_preview_says_what_the_merge_then_does_and_writes_nothing(
    clinic: TestTenant, clock: MovableClock
) -> None:
    first = await _file(clinic)
    clock.advance(minutes=12)
    second = await _file(clinic, AGAIN)
    before = await _detail(clinic, second)
    async with clinic.workplace.reading(clinic.id) as reader:
        preview = await preview_merge(reader, survivor_id=second, loser_id=first)
    assert await _detail(clinic, second) == before
    await _merge(clinic, second, first)
    after = {one.milestone: (one.status, one.due_at) for one in (await _detail(clinic, second)).clocks}
    assert {one.milestone: (one.new_status, one.new_due) for one in preview.clocks} == after
    assert preview.cancelled == 2
    assert any(one.moves for one in preview.clocks)


async def test_chains_of_merges_lead_to_the_case_that_goes_on(clinic: TestTenant) -> None:
    a, b, c = [await _file(clinic, one) for one in (NOISE, AGAIN, GRAVE)]
    await _merge(clinic, b, a)
    await _merge(clinic, c, b)
    async with clinic.workplace.reading(clinic.id) as reader:
        assert await find_survivor(reader, complaint_id=a) == c
        assert await find_survivor(reader, complaint_id=c) == c
        assert {one.loser_id for one in await list_merged(reader, complaint_id=c)} == {a, b}


async def test_the_second_of_two_merges_in_both_directions_is_refused(clinic: TestTenant) -> None:
    a, b = await _file(clinic), await _file(clinic, AGAIN)
    await _merge(clinic, a, b)
    with pytest.raises(ComplaintClosed) as refused:
        await _merge(clinic, b, a)
    assert refused.value.params["state"] == "merged"


async def test_a_closed_case_and_the_case_itself_are_refused(clinic: TestTenant, tenant_b: TestTenant) -> None:
    a, b = await _file(clinic), await _file(clinic, AGAIN)
    with pytest.raises(SameComplaint):
        await _merge(clinic, a, a)
    with pytest.raises(Forbidden):
        await _merge(clinic, a, b, role="front_desk")
    async with clinic.unit("director") as uow:
        case = await lock_case(uow, b)
        case.state = "resolved"
        await case.save(uow, resolved_at=uow.now)
    with pytest.raises(ComplaintClosed):
        await _merge(clinic, a, b)
    for act in (merge_complaints, preview_merge):
        async with tenant_b.unit() as uow:
            with pytest.raises(NotFound):
                await act(uow, survivor_id=a, loser_id=b)


async def test_an_undone_merge_gives_both_their_own_clocks_back(clinic: TestTenant, clock: MovableClock) -> None:
    first = await _file(clinic)
    clock.advance(minutes=12)
    second, began = await _file(clinic, AGAIN), clock()
    await _merge(clinic, second, first)
    clock.advance(minutes=3)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput):
            await undo_merge(uow, loser_id=first, reason=" ")
    async with clinic.unit("team_leader") as uow:
        assert await undo_merge(uow, loser_id=first, reason="是两位客户，两件事") == second
    ack = await _clock(clinic, second, "ack_contact")
    assert (ack.started_at, ack.due_at) == (began, began + timedelta(minutes=30))
    child = await _clock(clinic, first, "ack_contact")
    assert (child.cycle, child.started_at, child.due_at) == (2, clock(), clock() + timedelta(minutes=30))
    assert (await _detail(clinic, first)).state == "open"
    await _stored_equals_folded(clinic, first)
    await _stored_equals_folded(clinic, second)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(NotMerged):
            await undo_merge(uow, loser_id=first, reason="再来一次")


async def test_undoing_a_merge_takes_back_the_level_that_it_raised_unless_somebody_judged_since(
    clinic: TestTenant, clock: MovableClock
) -> None:
    grave, slight, other = [await _file(clinic, one) for one in (GRAVE, NOISE, AGAIN)]
    await _merge(clinic, slight, grave)
    clock.advance(minutes=1)
    async with clinic.unit("team_leader") as uow:
        await undo_merge(uow, loser_id=grave, reason="不是同一只狗")
    assert (await _detail(clinic, slight)).severity == "L1"
    assert (await _clock(clinic, slight, "leader_on_site")).status == "cancelled"
    assert (await _detail(clinic, grave)).severity == "L3"
    await _merge(clinic, other, grave)
    async with clinic.unit("team_leader") as uow:
        await judge_level(uow, complaint_id=other, severity="L2", reason="核实后按二级处理")
    clock.advance(minutes=1)
    async with clinic.unit("team_leader") as uow:
        await undo_merge(uow, loser_id=grave, reason="不是同一只狗")
    assert (await _detail(clinic, other)).severity == "L2"
    await _stored_equals_folded(clinic, other)


async def test_a_pause_open_at_the_merge_ends_with_it_when_it_is_undone(
    clinic: TestTenant, clock: MovableClock
) -> None:
    one, two = await _file(clinic), await _file(clinic, AGAIN)
    began = clock()
    clock.advance(hours=1)
    await _pause(clinic, one)
    clock.advance(hours=2)
    await _merge(clinic, one, two)  # the other ran, so nothing is paused any more
    assert (await _clock(clinic, one, "corrective_measure")).due_at == began + timedelta(hours=24)
    clock.advance(hours=1)
    async with clinic.unit("team_leader") as uow:
        await undo_merge(uow, loser_id=two, reason="两件事")
    assert (await _clock(clinic, one, "corrective_measure")).due_at == began + timedelta(hours=26)


async def test_a_split_begins_at_the_split_with_the_chosen_words(clinic: TestTenant, clock: MovableClock) -> None:
    parent = await _file(clinic)
    clock.advance(hours=3)
    async with clinic.unit("team_leader") as uow:
        child = await split_complaint(uow, complaint_id=parent, text="另外还收错了费", key="split:1")
    async with clinic.unit("team_leader") as uow:
        again = await split_complaint(uow, complaint_id=parent, text="另外还收错了费", key="split:1")
    assert (again.complaint_id, again.replayed) == (child.complaint_id, True)
    detail = await _detail(clinic, child.complaint_id)
    assert (detail.text, detail.split_from, detail.contact_phone) == ("另外还收错了费", parent, "+8613988120001")
    assert {one.started_at for one in detail.clocks} - {None} == {clock()}
    assert [row.kind for row in (await _detail(clinic, parent)).history].count("split") == 1
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput):
            await split_complaint(uow, complaint_id=parent, text=" ")
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await split_complaint(uow, complaint_id=parent, text="x")


async def test_an_archived_case_is_not_split(clinic: TestTenant) -> None:
    parent = await _file(clinic)
    async with clinic.unit("director") as uow:
        case = await lock_case(uow, parent)
        case.state = "withdrawn"
        await case.save(uow)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(ComplaintClosed):
            await split_complaint(uow, complaint_id=parent, text="还有一件")


NOTICE = RegulatorNotice(authority="东营市市场监督管理局", case_number="东市监诉〔2026〕88号")


async def test_a_notice_runs_on_the_official_working_days_in_addition_to_its_level(
    clinic: TestTenant, clock: MovableClock
) -> None:
    clock.instant = datetime(2026, 2, 10, 2, 0, tzinfo=UTC)
    filed = await _file(clinic, Filing(text="消费者反映诊疗收费问题", channel="regulator", source=NOTICE))
    accept = await _clock(clinic, filed, "regulator_accept")
    # sla.md, worked examples: 7 working days from 2026-02-10 end on 02-25 18:00 in Shanghai.
    assert accept.due_at == datetime(2026, 2, 25, 10, 0, tzinfo=UTC)
    milestones = {one.milestone for one in (await _detail(clinic, filed)).clocks}
    assert milestones > {"regulator_accept", "regulator_mediation", "leader_on_site"}
    async with clinic.unit("team_leader") as uow:
        await judge_level(uow, complaint_id=filed, severity="L2", reason="核实为一般争议")
    assert (await _clock(clinic, filed, "regulator_accept")).due_at == accept.due_at
    await _stored_equals_folded(clinic, filed)


async def test_mediation_counts_from_acceptance(clinic: TestTenant, clock: MovableClock) -> None:
    clock.instant = datetime(2026, 2, 10, 2, 0, tzinfo=UTC)
    filed = await _file(clinic, Filing(text="消费者反映诊疗收费问题", channel="regulator", source=NOTICE))
    assert (await _clock(clinic, filed, "regulator_mediation")).due_at is None
    clock.advance(days=1)
    async with clinic.unit("team_leader") as uow:
        await complete_step(uow, complaint_id=filed, milestone_id="regulator_accept", facts={})
    mediation = await _clock(clinic, filed, "regulator_mediation")
    assert mediation.started_at == clock()
    assert mediation.due_at is not None
    assert mediation.due_at > clock() + timedelta(days=60)


async def test_a_notice_typed_late_counts_from_the_day_it_came_in_and_its_own_date_holds(
    clinic: TestTenant, clock: MovableClock
) -> None:
    clock.instant = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    source = RegulatorNotice(
        authority="12315",
        case_number="17",
        received_on=date(2026, 3, 2),
        deadline=date(2026, 3, 9),
    )
    filed = await _file(clinic, Filing(text="消费者反映诊疗收费问题", channel="regulator", source=source))
    accept, reply = [await _clock(clinic, filed, name) for name in ("regulator_accept", "regulator_reply")]
    assert accept.started_at == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert accept.due_at == datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
    assert reply.due_at == datetime(2026, 3, 9, 16, 0, tzinfo=UTC)


async def test_the_authoritys_clocks_come_along_in_a_merge(clinic: TestTenant) -> None:
    one = await _file(clinic)
    two = await _file(clinic, Filing(text="消费者反映广播太吵", channel="regulator", source=NOTICE))
    due = (await _clock(clinic, two, "regulator_accept")).due_at
    await _merge(clinic, one, two)
    assert (await _clock(clinic, one, "regulator_accept")).due_at == due
