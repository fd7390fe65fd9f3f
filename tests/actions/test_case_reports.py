"""A report is written by several hands, approved by the director, delivered with a receipt, and never changes after."""

from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.case_reports.actions import (
    NotApproved,
    ReportMoved,
    ReportNotWaiting,
    ReportWaits,
    begin_report,
    decide_report,
    save_report,
    submit_report,
)
from core.case_reports.delivering import (
    NotReceived,
    Reception,
    ReportAnswered,
    answer_report,
    hand_over,
    note_arrival,
    open_report,
    remind_unopened,
    send_by_post,
    send_online,
)
from core.case_reports.queries import (
    find_report_of,
    find_shown,
    get_report_of,
    get_version,
    list_deliveries,
    list_to_approve,
    list_unopened,
)
from core.case_reports.rules import Content
from core.complaints.actions.handling import StepClosed, StepNeedsProof, complete_step
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import Forbidden, InvalidInput, NotFound
from tests.reports import WORDS, approved, file_serious, open_clinic, submit_again, submitted
from tests.workplaces import MovableClock, TestTenant

SIGNED = Reception(answer="signed", signer="周文博", ip="203.0.113.9", user_agent="Phone")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _case(clinic: TestTenant, complaint_id: UUID) -> ComplaintDetail:
    async with clinic.workplace.reading(clinic.id) as reader:
        return await get_complaint(reader, complaint_id=complaint_id)


async def test_a_report_is_begun_once_and_with_what_is_known(clinic: TestTenant) -> None:
    complaint_id = await file_serious(clinic)
    async with clinic.unit("team_leader") as uow:
        first = await begin_report(uow, complaint_id=complaint_id, prefill=Content(facts=" 09:10 入院\r\n14:30 应激"))
        again = await begin_report(uow, complaint_id=complaint_id, prefill=Content(facts="别的"))
    assert first == again
    assert (first.number, first.state, first.content.facts) == (1, "draft", "09:10 入院\n14:30 应激")


async def test_of_two_who_write_at_once_the_later_is_told_and_nothing_is_lost(clinic: TestTenant) -> None:
    complaint_id = await file_serious(clinic)
    async with clinic.unit("team_leader") as uow:
        report = await begin_report(uow, complaint_id=complaint_id)
    async with clinic.unit("team_leader") as uow:
        saved = await save_report(uow, complaint_id=complaint_id, revision=report.revision, content=Content(facts="一"))
    assert saved.revision == report.revision + 1
    async with clinic.unit("service_supervisor") as uow:
        with pytest.raises(ReportMoved):
            await save_report(uow, complaint_id=complaint_id, revision=report.revision, content=Content(facts="二"))
        assert (await get_report_of(uow, complaint_id)).content.facts == "一"
        same = await save_report(uow, complaint_id=complaint_id, revision=saved.revision, content=Content(facts="一"))
    assert same.revision == saved.revision, "saving what is there already is no change"


async def test_the_three_points_may_not_be_missing_and_options_are_those_of_the_plan(clinic: TestTenant) -> None:
    complaint_id = await file_serious(clinic)
    async with clinic.unit("team_leader") as uow:
        await begin_report(uow, complaint_id=complaint_id)
        with pytest.raises(InvalidInput) as refused:
            await submit_report(uow, complaint_id=complaint_id, revision=1, content=Content(options=("free_car",)))
    assert {one.path for one in refused.value.problems} == {"facts", "shortcomings", "plan", "options"}


async def test_no_report_is_submitted_before_the_customer_was_met(clinic: TestTenant) -> None:
    complaint_id = await file_serious(clinic, met=False)
    async with clinic.unit("team_leader") as uow:
        await begin_report(uow, complaint_id=complaint_id)
        with pytest.raises(StepClosed):
            await submit_report(uow, complaint_id=complaint_id, revision=1, content=WORDS)


async def test_submitting_approving_and_delivering_complete_the_steps_and_nothing_else_does(clinic: TestTenant) -> None:
    complaint_id = await file_serious(clinic)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(StepNeedsProof):
            await complete_step(uow, complaint_id=complaint_id, milestone_id="written_report", facts={})
    async with clinic.unit("team_leader") as uow:
        await begin_report(uow, complaint_id=complaint_id)
        await submit_report(uow, complaint_id=complaint_id, revision=1, content=WORDS)
    case = await _case(clinic, complaint_id)
    assert ("written_report" in case.done, "report_approval" in case.done) == (True, False)
    facts = next(row.data["facts"] for row in case.history if row.data.get("milestone") == "written_report")
    assert facts == {"options": ["reduce_fees"]}
    async with clinic.unit() as uow:
        assert await decide_report(uow, complaint_id=complaint_id, version=1, approved=True) == 1
    assert "report_approval" in (await _case(clinic, complaint_id)).done
    async with clinic.unit("service_supervisor") as uow:
        await send_online(uow, complaint_id=complaint_id)
    assert "report_delivered" not in (await _case(clinic, complaint_id)).done, "sent is not received"
    async with clinic.workplace.unit(clinic.id) as uow:
        await open_report(uow, complaint_id=complaint_id, seen=Reception(ip="203.0.113.9"))
    assert "report_delivered" in (await _case(clinic, complaint_id)).done


async def test_only_the_role_that_the_policy_names_approves(clinic: TestTenant) -> None:
    complaint_id = await submitted(clinic)
    async with clinic.unit("team_leader") as uow:
        assert await list_to_approve(uow) == []
        with pytest.raises(Forbidden):  # it may approve remedies, but §3.2 names the director for reports
            await decide_report(uow, complaint_id=complaint_id, version=1, approved=True)
    async with clinic.unit() as uow:
        assert [one.complaint_id for one in await list_to_approve(uow)] == [complaint_id]


async def test_what_is_sent_back_has_a_reason_and_can_be_submitted_again(clinic: TestTenant) -> None:
    complaint_id = await submitted(clinic)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(ReportWaits):
            await save_report(uow, complaint_id=complaint_id, revision=2, content=Content(facts="改"))
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput):
            await decide_report(uow, complaint_id=complaint_id, version=1, approved=False, reason=" ")
        await decide_report(uow, complaint_id=complaint_id, version=1, approved=False, reason="缺少巡视记录")
        with pytest.raises(ReportNotWaiting):
            await decide_report(uow, complaint_id=complaint_id, version=1, approved=True)
    async with clinic.unit("service_supervisor") as uow:
        with pytest.raises(NotApproved):
            await send_online(uow, complaint_id=complaint_id)
    better = msgspec.structs.replace(WORDS, evidence="巡视记录表 11-20")
    assert await submit_again(clinic, complaint_id, better) == 2
    async with clinic.unit() as uow:
        with pytest.raises(ReportNotWaiting):
            await decide_report(uow, complaint_id=complaint_id, version=1, approved=True)
        assert await decide_report(uow, complaint_id=complaint_id, version=2, approved=True) == 1


async def test_an_approved_text_stays_letter_by_letter_while_the_next_is_written(clinic: TestTenant) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit("team_leader") as uow:
        before = await get_report_of(uow, complaint_id)
        version = await get_version(uow, before.report_id, 1)
        changed = msgspec.structs.replace(WORDS, facts="改过的经过")
        draft = await save_report(uow, complaint_id=complaint_id, revision=before.revision, content=changed)
        assert (draft.state, draft.edition) == ("draft", 1)
        assert await get_version(uow, before.report_id, 1) == version
    assert version.body is not None
    assert version.body.content == WORDS
    for statement in (
        "UPDATE case_report_version SET body = 'x'",
        "DELETE FROM case_report_version",
        "UPDATE case_report_decision SET hash = 'x'",
    ):
        async with clinic.unit() as uow:
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with uow.attempt():
                    await uow.session.execute(text(statement))


async def test_a_newer_edition_replaces_the_older_and_the_customer_is_told(
    clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        first = await send_online(uow, complaint_id=complaint_id)
        assert await send_online(uow, complaint_id=complaint_id) == first
    clock.advance(hours=1)
    await submit_again(clinic, complaint_id, msgspec.structs.replace(WORDS, remedy="减免 360 元"))
    async with clinic.unit() as uow:
        shown = await find_shown(uow, complaint_id)
        assert shown is not None
        assert not shown.newer_coming
        assert await decide_report(uow, complaint_id=complaint_id, version=2, approved=True) == 2
        shown = await find_shown(uow, complaint_id)
        assert shown is not None
        assert (shown.version.edition, shown.newer_coming) == (1, True)
        await send_online(uow, complaint_id=complaint_id)
        shown = await find_shown(uow, complaint_id)
    assert shown is not None
    assert shown.version.edition == 2
    assert shown.replaced_at is not None
    assert shown.version.body is not None
    assert shown.version.body.content.remedy == "减免 360 元"


async def test_the_receipt_has_its_time_once_and_the_answer_is_kept_as_given(
    clinic: TestTenant, clock: MovableClock
) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        await send_online(uow, complaint_id=complaint_id)
    async with clinic.workplace.unit(clinic.id) as uow:
        with pytest.raises(NotReceived):
            await answer_report(uow, complaint_id=complaint_id, said=SIGNED)
        opened = uow.now
        await open_report(uow, complaint_id=complaint_id, seen=Reception(ip="203.0.113.9", user_agent="Phone"))
    clock.advance(hours=2)
    async with clinic.workplace.unit(clinic.id) as uow:
        await open_report(uow, complaint_id=complaint_id, seen=Reception())
        with pytest.raises(InvalidInput):
            await answer_report(uow, complaint_id=complaint_id, said=Reception(answer="signed"))
        said = Reception(answer="not_agreed", words="时间写错了")
        await answer_report(uow, complaint_id=complaint_id, said=said)
        with pytest.raises(ReportAnswered):
            await answer_report(uow, complaint_id=complaint_id, said=SIGNED)
        (delivery,) = await list_deliveries(uow, (await get_report_of(uow, complaint_id)).report_id)
    assert (delivery.received_at, delivery.receipt) == (opened, "opened")
    assert (delivery.answer, delivery.words, delivery.signer) == ("not_agreed", "时间写错了", "")


async def test_by_hand_it_is_signed_on_the_tablet_and_by_post_the_arrival_is_the_receipt(clinic: TestTenant) -> None:
    by_hand, by_post = await approved(clinic), await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        await hand_over(uow, complaint_id=by_hand, said=SIGNED)
        with pytest.raises(InvalidInput):
            await send_by_post(uow, complaint_id=by_post, post_number=" ")
        letter = await send_by_post(uow, complaint_id=by_post, post_number="EMS 1234567890")
    assert "report_delivered" in (await _case(clinic, by_hand)).done
    assert "report_delivered" not in (await _case(clinic, by_post)).done
    async with clinic.unit("service_supervisor") as uow:
        await note_arrival(uow, delivery_id=letter)
        await note_arrival(uow, delivery_id=letter)
        handed = (await list_deliveries(uow, (await get_report_of(uow, by_hand)).report_id))[0]
        with pytest.raises(NotFound):
            await note_arrival(uow, delivery_id=handed.delivery_id)
    assert (handed.receipt, handed.answer, handed.signer) == ("handed_over", "signed", "周文博")
    assert "report_delivered" in (await _case(clinic, by_post)).done


async def test_who_did_not_open_it_for_a_day_is_put_on_the_list_once(clinic: TestTenant, clock: MovableClock) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        delivery_id = await send_online(uow, complaint_id=complaint_id)
        due = await uow.session.scalar(text("SELECT run_at FROM outbox WHERE task = 'case_reports.remind'"))
    clock.advance(hours=24)
    assert due == clock()
    async with clinic.workplace.unit(clinic.id) as uow:
        assert await list_unopened(uow) == []
        assert await remind_unopened(uow, delivery_id=delivery_id)
        assert not await remind_unopened(uow, delivery_id=delivery_id)
        assert [one.complaint_id for one in await list_unopened(uow)] == [complaint_id]
        await open_report(uow, complaint_id=complaint_id, seen=Reception())
        assert await list_unopened(uow) == []
        assert not await remind_unopened(uow, delivery_id=delivery_id)


async def test_another_tenants_report_is_not_found(clinic: TestTenant, tenant_b: TestTenant) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        letter = await send_by_post(uow, complaint_id=complaint_id, post_number="EMS 1")
    async with tenant_b.unit() as uow:
        assert await find_report_of(uow, complaint_id) is None
        assert await find_shown(uow, complaint_id) is None
        assert await list_to_approve(uow) == []
        for act in (
            lambda: begin_report(uow, complaint_id=complaint_id),
            lambda: save_report(uow, complaint_id=complaint_id, revision=1, content=WORDS),
            lambda: decide_report(uow, complaint_id=complaint_id, version=1, approved=True),
            lambda: send_online(uow, complaint_id=complaint_id),
            lambda: open_report(uow, complaint_id=complaint_id, seen=Reception()),
            lambda: note_arrival(uow, delivery_id=letter),
        ):
            with pytest.raises(NotFound):
                await act()
