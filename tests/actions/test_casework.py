"""Work on a case: calls prove contacts, tasks are told when due, mentions reach people, replies are looked over."""

from datetime import timedelta
from uuid import UUID

import pytest

from core.casework.actions import (
    CaseMoved,
    ReplyStays,
    TaskEnded,
    WordingDoubtful,
    add_task,
    complete_task,
    drop_task,
    hold_unchanged,
    log_call,
    reopen_task,
    send_reply,
    take_back_reply,
    tell_task_due,
    write_note,
)
from core.casework.applying import MacroUndone, apply_macro, remove_macro, save_macro, undo_macro
from core.casework.queries import (
    count_overdue_tasks,
    get_confirmation,
    get_task,
    get_use,
    get_values,
    list_calls,
    list_macros,
    list_my_tasks,
    list_related,
    list_replies,
    list_scripts,
    list_tasks,
)
from core.casework.rules.macros import MacroDraft
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import ComplaintClosed, StepNeedsProof, claim_case, complete_step
from core.complaints.models import Complaint
from core.complaints.queries.cases import ComplaintDetail, get_complaint, list_notices
from core.complaints.rules.filing import Filing
from core.errors import InvalidInput, NotFound
from core.hooks.records.complaints import Severity
from tenants.plugin_settings import enable_plugin
from tests.workplaces import MovableClock, TestTenant

KIND = "能理解您的心情，我们今天下午给您回电。"
TEXTS: dict[Severity, str] = {
    "L1": "结账时未解释费用明细",
    "L2": "治疗后症状没有缓解，费用超出预估35%",
    "L3": "手术中宠物死亡",
}


async def _filed(tenant: TestTenant, level: Severity = "L1") -> UUID:
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    async with tenant.unit() as uow:
        filing = Filing(text=TEXTS[level], contact_name="周文博", contact_phone="13878106871")
        return (await file_complaint(uow, filing=filing)).complaint_id


async def _detail(tenant: TestTenant, case: UUID) -> ComplaintDetail:
    async with tenant.unit() as uow:
        return await get_complaint(uow, complaint_id=case)


def _people(tenant: TestTenant) -> dict[UUID, str]:
    return {actor.id: actor.name for actor in tenant.staff.values() if actor.id is not None}


def _id(tenant: TestTenant, role: str) -> UUID:
    found = tenant.staff[role].id
    assert found is not None
    return found


async def test_a_call_that_reached_the_customer_completes_the_contact(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit("front_desk") as uow:
        with pytest.raises(StepNeedsProof):
            await complete_step(uow, complaint_id=case, milestone_id="ack_contact", facts={})
    async with tenant_a.unit("front_desk") as uow:
        logged = await log_call(
            uow,
            complaint_id=case,
            direction="out",
            number="138 7810 6871",
            minutes=4,
            outcome="约好今天下午回电",
            words="客户很着急",
            reached=True,
        )
    assert logged.completed == ("ack_contact",)
    detail = await _detail(tenant_a, case)
    assert "ack_contact" in detail.done
    assert [row.data["text"] for row in detail.history if row.kind == "called"] == ["客户很着急"]


async def test_a_visit_in_person_is_a_contact_and_a_call_nobody_answered_is_none(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    call = {"complaint_id": case, "direction": "out", "number": "", "outcome": ""}
    async with tenant_a.unit("front_desk") as uow:
        missed = await log_call(uow, **call, minutes=0, words="", reached=False)
        met = await log_call(uow, **call, minutes=10, words="到店说明", reached=True, way="in_person")
        calls = await list_calls(uow, case)
    assert (missed.completed, met.completed) == ((), ("ack_contact",))
    assert {(one.way, one.reached) for one in calls} == {("phone", False), ("in_person", True)}


async def test_a_call_needs_words_when_somebody_was_reached_and_minutes_that_a_call_has(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await log_call(
                uow,
                complaint_id=case,
                direction="in",
                number="1" * 50,
                minutes=-1,
                outcome="",
                words=" ",
                reached=True,
                at=uow.now + timedelta(hours=1),
            )
    assert {problem.path for problem in refused.value.problems} == {"minutes", "number", "words", "at"}


async def test_a_task_is_told_when_it_is_given_and_when_it_is_due(tenant_a: TestTenant, clock: MovableClock) -> None:
    case, doctor = await _filed(tenant_a), _id(tenant_a, "doctor")
    async with tenant_a.unit() as uow:
        task = await add_task(
            uow,
            complaint_id=case,
            words="补写病历说明",
            assignee_id=doctor,
            due_at=uow.now + timedelta(hours=2),
            people=_people(tenant_a),
            milestone="corrective_measure",
        )
        assert not await tell_task_due(uow, task_id=task)
    clock.advance(hours=2)
    async with tenant_a.unit() as uow:
        assert await tell_task_due(uow, task_id=task)
        assert not await tell_task_due(uow, task_id=task)
        told = [one.stage.split()[0] for one in await list_notices(uow, staff_id=doctor)]
    assert told == ["overdue", "task"]
    clock.advance(minutes=1)
    async with tenant_a.unit("doctor") as uow:
        assert [one.words for one in await list_my_tasks(uow, staff_id=doctor)] == ["补写病历说明"]
        assert await count_overdue_tasks(uow) == 1


async def test_a_task_ends_once_and_can_be_opened_again(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        mine = {"assignee_id": _id(tenant_a, "director"), "people": _people(tenant_a)}
        task = await add_task(uow, complaint_id=case, words="回电", due_at=uow.now + timedelta(hours=1), **mine)
        await complete_task(uow, task_id=task)
        with pytest.raises(TaskEnded):
            await drop_task(uow, task_id=task)
        assert not await tell_task_due(uow, task_id=task)
        await reopen_task(uow, task_id=task)
        assert (await get_task(uow, task)).state == "open"
        await drop_task(uow, task_id=task)
        assert [one.state for one in await list_tasks(uow, case)] == ["dropped"]


async def test_a_task_names_a_person_a_step_and_an_instant_to_come(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await add_task(
                uow, complaint_id=case, words="x", assignee_id=case, due_at=uow.now, people={}, milestone="nothing"
            )
        with pytest.raises(InvalidInput):
            await add_task(uow, complaint_id=case, words=" ", assignee_id=case, due_at=uow.now, people={})
    assert {problem.path for problem in refused.value.problems} == {"assignee_id", "milestone", "due_at"}


async def test_a_mention_is_a_notice_to_the_colleague_and_not_to_oneself(tenant_a: TestTenant) -> None:
    case, people = await _filed(tenant_a), _people(tenant_a)
    doctor, leader, director = (_id(tenant_a, role) for role in ("doctor", "team_leader", "director"))
    async with tenant_a.unit() as uow:
        text = f"请 @{people[doctor]} 看一下；@{people[director]} 自己记着；@没有这个人"
        told = await write_note(uow, complaint_id=case, text=text, people=people, chosen=(leader,))
        assert set(told) == {doctor, leader, director}
        for staff_id, expected in ((doctor, 1), (leader, 1), (director, 0)):
            notices = await list_notices(uow, staff_id=staff_id)
            assert len([one for one in notices if one.milestone == "mention"]) == expected


async def test_doubtful_words_wait_for_a_reason_which_is_kept(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        with pytest.raises(WordingDoubtful) as refused:
            await send_reply(uow, complaint_id=case, words="这个不能退款")
        sent = await send_reply(uow, complaint_id=case, words="这个不能退款", reason="法务要求原话")
        good = await send_reply(uow, complaint_id=case, words=KIND, reason="不需要的理由")
    assert {one.kind for one in refused.value.findings} == {"no_empathy", "avoid"}
    assert (sent.reason, len(sent.findings)) == ("法务要求原话", 2)
    assert (good.reason, good.findings) == ("", ())


async def test_the_wording_check_never_holds_up_an_emergency(tenant_a: TestTenant) -> None:
    grave, slight = await _filed(tenant_a, "L3"), await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        assert (await send_reply(uow, complaint_id=grave, words="请马上送来")).findings
        assert (await send_reply(uow, complaint_id=slight, words="请马上送来", urgent=True)).urgent


async def test_a_message_can_be_taken_back_for_ten_minutes(tenant_a: TestTenant, clock: MovableClock) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        first = await send_reply(uow, complaint_id=case, words=KIND)
        second = await send_reply(uow, complaint_id=case, words=KIND)
        await take_back_reply(uow, reply_id=first.reply_id)
        await take_back_reply(uow, reply_id=first.reply_id)
        assert [one.reply_id for one in await list_replies(uow, case, shown=True)] == [second.reply_id]
    clock.advance(minutes=11)
    async with tenant_a.unit() as uow:
        with pytest.raises(ReplyStays):
            await take_back_reply(uow, reply_id=second.reply_id)


async def test_who_writes_on_an_old_page_hears_what_others_did(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    seen = max(row.seq for row in (await _detail(tenant_a, case)).history)
    async with tenant_a.unit("team_leader") as uow:
        await claim_case(uow, complaint_id=case)
    async with tenant_a.unit("front_desk") as uow:
        with pytest.raises(CaseMoved) as moved:
            await send_reply(uow, complaint_id=case, words=KIND, seen=seen)
        assert [one.kind for one in moved.value.changes] == ["claimed"]
        await send_reply(uow, complaint_id=case, words=KIND, seen=max(one.seq for one in moved.value.changes))
    async with tenant_a.unit("team_leader") as uow:
        await hold_unchanged(uow, case, seen=None)


async def test_a_closed_case_takes_no_words(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        found = await uow.session.get(Complaint, (tenant_a.id, case))
        assert found is not None
        found.state = "archived"
    async with tenant_a.unit() as uow:
        with pytest.raises(ComplaintClosed):
            await send_reply(uow, complaint_id=case, words=KIND)
        with pytest.raises(ComplaintClosed):
            await write_note(uow, complaint_id=case, text="补充", people={})


async def test_the_first_reply_is_drafted_from_the_promises(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        draft = await get_confirmation(uow, await get_complaint(uow, complaint_id=case))
    assert "周文博您好" in draft
    assert "1. 30 分钟内与您联系（11-23 10:30 前）" in draft
    assert "2. 24 小时内落实改进（11-24 10:00 前）" in draft


async def test_scripts_fit_the_case_and_the_macro_is_applied_and_undone_in_one(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a, "L2")
    async with tenant_a.unit() as uow:
        await save_macro(uow, draft=MacroDraft(name="自家话术", words="{customer}您好，能理解您的心情。"))
        detail = await get_complaint(uow, complaint_id=case)
        scripts = await list_scripts(uow, detail, await get_values(uow, detail, pet="豆豆"))
    labels = [one.label for one in scripts]
    assert "自家话术" in labels
    assert "重大投诉：第一个小时" not in labels
    invite = next(one for one in scripts if one.pause == "face_to_face_meeting")
    assert invite.text.startswith("周文博您好")
    async with tenant_a.unit() as uow:
        use = await apply_macro(uow, complaint_id=case, macro=invite, people=_people(tenant_a))
        applied = await get_use(uow, use)
        assert applied.paused == "face_to_face_meeting"
        assert [one.state for one in await list_tasks(uow, case)] == ["open"]
    async with tenant_a.unit() as uow:
        await undo_macro(uow, use_id=use)
        assert await list_replies(uow, case, shown=True) == []
        assert [one.state for one in await list_tasks(uow, case)] == ["dropped"]
        with pytest.raises(MacroUndone):
            await undo_macro(uow, use_id=use)
    clocks = {one.milestone: one.status for one in (await _detail(tenant_a, case)).clocks}
    assert clocks["face_to_face_meeting"] == "running"


async def test_a_macro_of_the_tenant_is_changed_and_removed(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        macro = await save_macro(uow, draft=MacroDraft(name="回电", task="回电给{customer}"))
        await save_macro(uow, draft=MacroDraft(name="回电", note="已回电"), macro_id=macro)
        assert [(one.note, one.task) for one in await list_macros(uow)] == [("已回电", "")]
        for wrong in (MacroDraft(name="回电", note="x"), MacroDraft(name="", words="{who}"), MacroDraft(name="空")):
            with pytest.raises(InvalidInput):
                await save_macro(uow, draft=wrong)
        assert await remove_macro(uow, macro_id=macro) == "回电"
        for gone in (remove_macro(uow, macro_id=macro), save_macro(uow, draft=MacroDraft(name="y"), macro_id=macro)):
            with pytest.raises(NotFound):
                await gone


async def test_related_cases_say_what_they_have_in_common(tenant_a: TestTenant) -> None:
    case = await _filed(tenant_a)
    other = await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        for one in (case, other):
            found = await uow.session.get(Complaint, (tenant_a.id, one))
            assert found is not None
            found.cause, found.branch_id = "petclinic.x", tenant_a.signed_up.branch_id
    async with tenant_a.unit() as uow:
        related = await list_related(uow, await get_complaint(uow, complaint_id=case))
        assert [(one.complaint_id, one.why) for one in related] == [(other, ("cause",))]
    await _filed(tenant_a)
    async with tenant_a.unit() as uow:
        lonely = await get_complaint(uow, complaint_id=await _filed(tenant_a))
        assert await list_related(uow, lonely) == []


async def test_the_work_of_another_chain_is_not_found(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    case = await _filed(tenant_b)
    async with tenant_b.unit() as uow:
        mine = {"assignee_id": _id(tenant_b, "doctor"), "people": _people(tenant_b)}
        task = await add_task(uow, complaint_id=case, words="回电", due_at=uow.now + timedelta(hours=1), **mine)
        reply = await send_reply(uow, complaint_id=case, words=KIND)
    async with tenant_a.unit() as uow:
        for deed in (
            complete_task(uow, task_id=task),
            take_back_reply(uow, reply_id=reply.reply_id),
            undo_macro(uow, use_id=task),
            send_reply(uow, complaint_id=case, words=KIND),
        ):
            with pytest.raises(NotFound):
                await deed
