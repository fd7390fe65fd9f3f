"""A complaint gets its level and its clocks, its steps follow the plan, and everybody is told in time, once."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.casework.actions import log_call
from core.complaints.actions.answering import read_notices, take_notice
from core.complaints.actions.filing import Filed, file_complaint, give_filing_code
from core.complaints.actions.handling import (
    ComplaintClosed,
    StepClosed,
    answer_satisfaction,
    archive_case,
    claim_case,
    complete_step,
    judge_level,
    pause_step,
    resume_step,
)
from core.complaints.actions.wishes import ask_call
from core.complaints.cases.case import lock_case
from core.complaints.cases.escalation import fire_clock
from core.complaints.cases.storing import CLOCK_TASK
from core.complaints.queries.answers import list_unanswered
from core.complaints.queries.cases import (
    ComplaintDetail,
    ComplaintFilter,
    Cursor,
    find_by_status_code,
    find_filing_place,
    get_complaint,
    list_complaints,
    list_notices,
)
from core.complaints.rules.filing import Filing
from core.errors import Forbidden, InvalidInput, NotFound
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tests.workplaces import MovableClock, TestTenant

DEATH = Filing(text="手术中宠物死亡，要求说法", contact_name="周文博", contact_phone="13878106871")
SLIGHT = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _file(clinic: TestTenant, filing: Filing = DEATH, key: str | None = None) -> UUID:
    async with clinic.unit("front_desk") as uow:
        return (await file_complaint(uow, filing=filing, key=key)).complaint_id


async def _detail(clinic: TestTenant, complaint_id: UUID) -> ComplaintDetail:
    async with clinic.workplace.reading(clinic.id) as reader:
        return await get_complaint(reader, complaint_id=complaint_id)


async def _call(uow: UnitOfWork, complaint_id: UUID, at: datetime | None = None) -> tuple[str, ...]:
    """Reach the customer by phone, which proves the contact."""
    logged = await log_call(
        uow,
        complaint_id=complaint_id,
        direction="out",
        number="13878106872",
        minutes=3,
        outcome="已致歉",
        words="向客户说明",
        reached=True,
        at=at,
    )
    return logged.completed


async def _fire_all(clinic: TestTenant) -> int:
    """Do what the worker does with every clock row that is due."""
    async with clinic.workplace.reading(clinic.id) as reader:
        rows = await reader.session.execute(
            text("SELECT payload FROM outbox WHERE task = :t AND state = 'pending' AND run_at <= :n ORDER BY run_at"),
            {"t": CLOCK_TASK, "n": reader.now},
        )
        due = [row.payload for row in rows]
    for payload in due:
        async with clinic.workplace.unit(clinic.id) as uow:
            await fire_clock(
                uow,
                complaint_id=UUID(payload["complaint_id"]),
                milestone_id=payload["milestone"],
                cycle=payload["cycle"],
                roster=Roster(),
            )
    return len(due)


async def test_a_death_in_surgery_is_level_three_with_reasons_and_four_deadlines(clinic: TestTenant) -> None:
    detail = await _detail(clinic, await _file(clinic))
    assert detail.severity == "L3"
    assert detail.reasons
    assert any("死" in quote.text for quote in detail.quotes)
    budgets = {
        clock.milestone: (clock.due_at - clock.started_at)
        for clock in detail.clocks
        if clock.due_at and clock.started_at
    }
    # 宠物医院客户投诉应急预案 §3.3: 10分钟, 1小时, 24小时, 48小时
    assert budgets["leader_on_site"] == timedelta(minutes=10)
    assert budgets["evidence_secured"] == timedelta(hours=1)
    assert budgets["internal_hearing"] == timedelta(hours=24)
    assert budgets["formal_communication"] == timedelta(hours=48)


async def test_the_same_key_files_once(clinic: TestTenant) -> None:
    assert await _file(clinic, key="k1") == await _file(clinic, key="k1")


async def test_of_eight_taps_at_once_one_files_and_all_are_told_the_same(busy_tenant: TestTenant) -> None:
    async def tap() -> Filed:
        async with busy_tenant.unit() as uow:
            return await file_complaint(uow, filing=DEATH, key="k1")

    filed = await asyncio.gather(*(tap() for _ in range(8)))
    assert sorted(one.replayed for one in filed) == [False] + [True] * 7
    assert len({(one.complaint_id, one.number, one.status_code) for one in filed}) == 1


@pytest.mark.parametrize(
    ("filing", "paths"),
    [
        (Filing(text="  "), {"text", "contact_phone"}),
        (Filing(text="x" * 5001, contact_phone="123"), {"text", "contact_phone"}),
        (Filing(text="x", contact_phone="13878106871", bill_fen=-1), {"bill_fen"}),
    ],
)
async def test_every_refused_answer_is_named_at_once(clinic: TestTenant, filing: Filing, paths: set[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await _file(clinic, filing)
    assert {problem.path for problem in refused.value.problems} == paths


async def test_a_tenant_without_the_plugin_still_makes_its_two_promises(tenant_b: TestTenant) -> None:
    async with tenant_b.unit() as uow:
        if uow.plugins.is_on("petclinic"):
            pytest.fail("tenant_b must have the plugin off")
        filed = await file_complaint(uow, filing=DEATH)
    async with tenant_b.workplace.reading(tenant_b.id) as reader:
        detail = await get_complaint(reader, complaint_id=filed.complaint_id)
    assert detail.severity == "L1"
    assert {clock.milestone for clock in detail.clocks} == {"ack_contact", "propose_solution"}


async def test_another_tenants_complaint_is_not_found(clinic: TestTenant, tenant_b: TestTenant) -> None:
    complaint_id = await _file(clinic)
    detail = await _detail(clinic, complaint_id)
    async with tenant_b.unit() as uow:
        for act in (
            lambda u: get_complaint(u, complaint_id=complaint_id),
            lambda u: complete_step(u, complaint_id=complaint_id, milestone_id="leader_on_site", facts={}),
            lambda u: judge_level(u, complaint_id=complaint_id, severity="L1", reason="x"),
            lambda u: claim_case(u, complaint_id=complaint_id),
            lambda u: ask_call(u, complaint_id=complaint_id, when="", roster=Roster()),
        ):
            with pytest.raises(NotFound):
                await act(uow)
        assert await find_by_status_code(uow, code=detail.status_code) is None
        assert await list_complaints(uow, wanted=ComplaintFilter()) == []


async def test_warnings_and_escalations_reach_the_right_people_once(clinic: TestTenant, clock: MovableClock) -> None:
    await _file(clinic)
    clock.advance(minutes=11)
    await _fire_all(clinic)
    assert await _fire_all(clinic) == 0
    async with clinic.workplace.reading(clinic.id) as reader:
        leader = clinic.staff["team_leader"].id
        assert leader is not None
        told = await list_notices(reader, staff_id=leader)
        director = clinic.staff["director"].id
        assert director is not None
        escalated = await list_notices(reader, staff_id=director)
    assert "due" in {notice.stage for notice in told if notice.milestone == "leader_on_site"}
    assert any(notice.milestone == "leader_on_site" for notice in escalated)
    stages = [notice.stage for notice in told if notice.milestone == "leader_on_site"]
    assert len(stages) == len(set(stages))


async def test_a_worker_that_was_away_an_hour_tells_all_in_due_order(clinic: TestTenant, clock: MovableClock) -> None:
    complaint_id = await _file(clinic)
    clock.advance(hours=1, minutes=30)
    while await _fire_all(clinic):
        pass
    detail = await _detail(clinic, complaint_id)
    breached = {c.milestone: c.breached_at for c in detail.clocks if c.status == "breached"}
    assert set(breached) >= {"leader_on_site", "evidence_secured"}
    assert breached["leader_on_site"] == detail.received_at + timedelta(minutes=10)
    instants = [row.at for row in detail.history if row.data.get("milestone") == "leader_on_site"]
    assert instants == sorted(instants)


async def test_a_step_is_completed_with_the_facts_the_plan_asks_for(clinic: TestTenant, clock: MovableClock) -> None:
    complaint_id = await _file(clinic, SLIGHT)
    clock.advance(minutes=5)
    feedback = {"channel": "sms", "result": "x"}
    async with clinic.unit("service_supervisor") as uow:
        assert await _call(uow, complaint_id) == ("ack_contact",)
    async with clinic.unit("service_supervisor") as uow:
        with pytest.raises(StepClosed):
            await complete_step(uow, complaint_id=complaint_id, milestone_id="result_feedback", facts=feedback)
    async with clinic.unit("service_supervisor") as uow:
        with pytest.raises(InvalidInput):
            await complete_step(uow, complaint_id=complaint_id, milestone_id="corrective_measure", facts={})
    measure = {"measure": "培训收银员"}
    async with clinic.unit("service_supervisor") as uow:
        await complete_step(uow, complaint_id=complaint_id, milestone_id="corrective_measure", facts=measure)
    detail = await _detail(clinic, complaint_id)
    assert {"ack_contact", "corrective_measure"} <= detail.done
    async with clinic.unit("service_supervisor") as uow:
        with pytest.raises(StepClosed):
            await complete_step(uow, complaint_id=complaint_id, milestone_id="corrective_measure", facts=measure)


async def _resolve_slight(clinic: TestTenant) -> UUID:
    complaint_id = await _file(clinic, SLIGHT)
    async with clinic.unit("service_supervisor") as uow:
        await _call(uow, complaint_id)
        await complete_step(
            uow, complaint_id=complaint_id, milestone_id="corrective_measure", facts={"measure": "培训收银员"}
        )
        await complete_step(
            uow, complaint_id=complaint_id, milestone_id="result_feedback", facts={"channel": "sms", "result": "已培训"}
        )
    return complaint_id


async def test_a_case_is_archived_only_after_the_customer_is_satisfied(clinic: TestTenant) -> None:
    complaint_id = await _resolve_slight(clinic)
    assert (await _detail(clinic, complaint_id)).state == "resolved"
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(StepClosed):  # 应急预案 §3.1: 确认满意后归档
            await archive_case(uow, complaint_id=complaint_id)
    async with clinic.unit("service_supervisor") as uow:
        await answer_satisfaction(uow, complaint_id=complaint_id, satisfied=True, rating=5)
    async with clinic.unit("team_leader") as uow:
        await archive_case(uow, complaint_id=complaint_id)
    assert (await _detail(clinic, complaint_id)).state == "archived"
    async with clinic.unit("service_supervisor") as uow:
        with pytest.raises(ComplaintClosed):
            await ask_call(uow, complaint_id=complaint_id, when="下午", roster=Roster())


async def test_a_customer_who_is_not_satisfied_opens_the_case_again(clinic: TestTenant) -> None:
    complaint_id = await _resolve_slight(clinic)
    async with clinic.unit("service_supervisor") as uow:
        await answer_satisfaction(uow, complaint_id=complaint_id, satisfied=False, words="没有道歉")
    detail = await _detail(clinic, complaint_id)
    assert detail.state == "open"
    assert any(clock.cycle == 2 and clock.status == "running" for clock in detail.clocks)


async def test_a_higher_level_retargets_what_both_have_and_starts_what_is_new(
    clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await _file(clinic, SLIGHT)
    clock.advance(minutes=20)
    async with clinic.unit("team_leader") as uow:
        await judge_level(uow, complaint_id=complaint_id, severity="L3", reason="客户已发小红书")
    detail = await _detail(clinic, complaint_id)
    assert detail.severity == "L3"
    onsite = next(c for c in detail.clocks if c.milestone == "leader_on_site")
    assert onsite.started_at == clock()
    assert onsite.due_at == clock() + timedelta(minutes=10)
    vanished = next(c for c in detail.clocks if c.milestone == "corrective_measure" and c.cycle == 1)
    assert vanished.status in {"cancelled", "running"}


async def test_only_a_step_that_may_rest_is_paused_and_it_shows_no_due_time(
    clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await _file(clinic, SLIGHT)
    async with clinic.unit("service_supervisor") as uow:
        await pause_step(
            uow, complaint_id=complaint_id, milestone_id="corrective_measure", reason="customer", note="客户出差"
        )
    paused = next(c for c in (await _detail(clinic, complaint_id)).clocks if c.milestone == "corrective_measure")
    assert (paused.status, paused.due_at) == ("paused", None)
    clock.advance(hours=2)
    async with clinic.unit("service_supervisor") as uow:
        await resume_step(uow, complaint_id=complaint_id, milestone_id="corrective_measure")
    running = next(c for c in (await _detail(clinic, complaint_id)).clocks if c.milestone == "corrective_measure")
    assert running.due_at is not None
    assert running.started_at is not None
    assert running.due_at - running.started_at == timedelta(hours=26)


async def test_who_back_dates_a_step_needs_the_right_to(clinic: TestTenant, clock: MovableClock) -> None:
    complaint_id = await _file(clinic, SLIGHT)
    received = clock()
    clock.advance(minutes=40)
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await _call(uow, complaint_id, at=received + timedelta(minutes=10))
    async with clinic.unit("team_leader") as uow:
        await _call(uow, complaint_id, at=received + timedelta(minutes=10))
    met = next(c for c in (await _detail(clinic, complaint_id)).clocks if c.milestone == "ack_contact")
    assert met.status == "met"


async def test_the_list_is_ordered_by_the_next_promise_and_pages_by_key(clinic: TestTenant) -> None:
    for number in range(7):
        await _file(clinic, Filing(text=f"候诊太久 {number}", contact_phone="13878106872"))
    await _file(clinic, DEATH)
    seen: list[UUID] = []
    after = None
    while True:
        async with clinic.workplace.reading(clinic.id) as reader:
            page = await list_complaints(reader, wanted=ComplaintFilter(), after=after, limit=3)
        if not page:
            break
        seen += [row.complaint_id for row in page]
        after = Cursor(page[-1].next_due_at, page[-1].complaint_id)
    assert len(seen) == len(set(seen)) == 8
    async with clinic.workplace.reading(clinic.id) as reader:
        found = await list_complaints(reader, wanted=ComplaintFilter(severities=frozenset({"L3"})))
        assert [row.title for row in found] == ["手术中宠物死亡，要求说法"]
        assert found[0].complaint_id == seen[0]
        assert len(await list_complaints(reader, wanted=ComplaintFilter(words="C-0003"))) == 1


async def test_reading_notices_answers_no_step_that_waits_for_somebody(clinic: TestTenant, clock: MovableClock) -> None:
    acknowledged = text("SELECT count(*) FROM told_stage WHERE acknowledged_at IS NOT NULL")
    await _file(clinic)
    clock.advance(minutes=11)
    await _fire_all(clinic)
    leader = clinic.staff["team_leader"].id or UUID(int=0)
    async with clinic.unit("team_leader") as uow:
        told = {row.notice_id for row in await list_notices(uow, staff_id=leader)}
        waiting = await list_unanswered(uow)
        assert waiting < told
        assert await read_notices(uow, notice_ids=tuple(waiting)) == 0
        assert await read_notices(uow) == len(told) - len(waiting)
        assert {row.notice_id for row in await list_notices(uow, staff_id=leader)} == waiting
        assert await uow.session.scalar(acknowledged) == 0
    async with clinic.unit("team_leader") as uow:
        for notice_id in waiting:
            await take_notice(uow, notice_id=notice_id)
        assert await list_notices(uow, staff_id=leader) == []
        assert await uow.session.scalar(acknowledged)
        assert await read_notices(uow) == 0


async def test_a_branch_keeps_its_filing_code(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        branch_id = clinic.signed_up.branch_id
        code = await give_filing_code(uow, branch_id=branch_id)
        assert await give_filing_code(uow, branch_id=branch_id) == code
        place = await find_filing_place(uow, code=code)
    assert place is not None
    assert place.branch_id == branch_id


async def test_rebuilding_a_clock_from_its_events_gives_the_stored_row(clinic: TestTenant, clock: MovableClock) -> None:
    complaint_id = await _file(clinic)
    clock.advance(minutes=12)
    await _fire_all(clinic)
    async with clinic.unit() as uow:
        await _assert_folds(uow, complaint_id)


async def _assert_folds(uow: UnitOfWork, complaint_id: UUID) -> None:
    case = await lock_case(uow, complaint_id)
    rows = await uow.session.execute(text("SELECT * FROM complaint_clock WHERE complaint_id = :c"), {"c": complaint_id})
    for row in rows.mappings():
        rebuilt = case.clocks[row["milestone"], row["cycle"]].row()
        assert {name: row[name] for name in rebuilt} == rebuilt
