"""How cases end and what is learnt: silence, causes and repeats, actions and their checks, and a library without people."""

from datetime import timedelta
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import ComplaintClosed, NotSatisfied, StepClosed, archive_case, complete_step
from core.complaints.queries.cases import get_complaint, list_notices
from core.complaints.rules.filing import Filing
from core.errors import Forbidden, InvalidInput, NotFound
from core.lessons.actions.causes import name_cause
from core.lessons.actions.closing import OwnSilence, SilenceDecided, decide_silence, note_silence, set_numbers
from core.lessons.actions.corrective import (
    ActionMoved,
    OwnCheck,
    add_corrective,
    check_corrective,
    finish_corrective,
    remind,
)
from core.lessons.actions.library import CaseStillOpen, EntryMoved, draft_entry, publish_entry, withdraw_entry
from core.lessons.queries.closing import (
    find_cause,
    get_action,
    get_numbers,
    list_open_actions,
    list_recurrences,
    list_repeats,
    list_silences,
)
from core.lessons.queries.library import EntryFilter, get_entry, list_alike, list_entries
from core.lessons.rules.closing import Contact, Numbers
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tenants.roster import Roster
from tests.lessons import close_by_hand, work_through
from tests.rewards import make_customer
from tests.workplaces import MovableClock, TestTenant

FEES = "结账时未解释费用明细，周文博很生气，电话13878106871"
CAUSE = "petclinic.cause_communication_late_information"
STAFF = ("李建国", "陈静")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _file(tenant: TestTenant, text: str = FEES, *, customer_id: UUID | None = None) -> UUID:
    async with tenant.unit() as uow:
        filing = Filing(
            text=text,
            contact_name="周文博",
            contact_phone="13878106871",
            branch_id=tenant.signed_up.branch_id,
            customer_id=customer_id,
            category="petclinic.service_fees",
        )
        return (await file_complaint(uow, filing=filing)).complaint_id


def _tries(uow: UnitOfWork, count: int) -> list[Contact]:
    return [Contact(at=uow.now - timedelta(hours=number + 1), how="电话") for number in range(count)]


async def test_a_case_is_archived_after_silence_only_when_another_leader_confirms_it(clinic: TestTenant) -> None:
    case = await _file(clinic)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(ComplaintClosed):
            await note_silence(uow, complaint_id=case, why="no_answer", reason="打不通", contacts=_tries(uow, 3))
        await work_through(uow, case)
        with pytest.raises(StepClosed):
            await archive_case(uow, complaint_id=case)
        with pytest.raises(InvalidInput):
            await note_silence(uow, complaint_id=case, why="no_answer", reason="打不通", contacts=_tries(uow, 2))
        noted = await note_silence(uow, complaint_id=case, why="no_answer", reason="打不通", contacts=_tries(uow, 3))
        with pytest.raises(SilenceDecided):
            await note_silence(uow, complaint_id=case, why="refuses", reason="不愿说", contacts=_tries(uow, 1))
        with pytest.raises(OwnSilence):
            await decide_silence(uow, silence_id=noted, confirm=True)
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await decide_silence(uow, silence_id=noted, confirm=True)
    async with clinic.unit() as uow:
        await decide_silence(uow, silence_id=noted, confirm=True)
        with pytest.raises(SilenceDecided):
            await decide_silence(uow, silence_id=noted, confirm=False)
        await archive_case(uow, complaint_id=case)
        detail = await get_complaint(uow, complaint_id=case)
        facts = next(row.data["facts"] for row in detail.history if row.data.get("milestone") == "satisfaction_confirm")
        assert facts == {"satisfied": "unanswered", "why": "no_answer", "words": "打不通"}
        assert [one.state for one in await list_silences(uow, case)] == ["confirmed"]


async def test_a_customer_who_is_not_satisfied_opens_no_archive(clinic: TestTenant) -> None:
    case = await _file(clinic)
    async with clinic.unit() as uow:
        await work_through(uow, case)
        facts = {"satisfied": "no", "words": "还是不满意"}
        with pytest.raises(NotSatisfied):
            await complete_step(uow, complaint_id=case, milestone_id="satisfaction_confirm", facts=facts)


async def test_the_same_cause_at_the_same_branch_is_found_and_listed(clinic: TestTenant, clock: MovableClock) -> None:
    first = await _file(clinic)
    clock.advance(days=170)
    second = await _file(clinic)
    clock.advance(days=11)
    third = await _file(clinic)
    async with clinic.unit() as uow:
        for case in (first, second, third):
            await name_cause(uow, complaint_id=case, cause=CAUSE, words="结账前没有讲清")
        found = {case: await find_cause(uow, case) for case in (first, second, third)}
        numbers = {
            case: {one.complaint_id for one in await list_repeats(uow, cause)} for case, cause in found.items() if cause
        }
        assert numbers == {first: {second}, second: {first, third}, third: {second}}
        (back,) = await list_recurrences(uow)
        assert (back.cause, back.times, back.newest_id) == (CAUSE, 2, third)
        kinds = [row.kind for row in (await get_complaint(uow, complaint_id=third)).history]
        assert "repeat_found" in kinds
        with pytest.raises(InvalidInput):
            await name_cause(uow, complaint_id=first, cause="petclinic.nobody", words=" ")
        await set_numbers(uow, numbers=Numbers(repeat_days=5))
        assert (await get_numbers(uow)).repeat_days == 5
        assert await list_recurrences(uow) == []
        with pytest.raises(InvalidInput):
            await set_numbers(uow, numbers=Numbers(contacts=0))


async def test_an_action_reminds_its_owner_then_the_director_and_is_checked_by_somebody_else(
    clinic: TestTenant, clock: MovableClock
) -> None:
    case = await _file(clinic)
    doctor, director = clinic.staff["doctor"].id, clinic.staff["director"].id
    assert doctor is not None
    assert director is not None
    async with clinic.unit() as uow:
        today = uow.today
        for bad in (today - timedelta(days=1), today + timedelta(days=400)):
            with pytest.raises(InvalidInput):
                await add_corrective(uow, complaint_id=case, words="培训", owner_id=doctor, due_on=bad)
        action = await add_corrective(
            uow, complaint_id=case, words="结账前逐项讲解", owner_id=doctor, due_on=today + timedelta(days=2)
        )
    clock.advance(days=2)
    async with clinic.unit() as uow:
        assert await remind(uow, action_id=action, roster=Roster()) is not None
        await remind(uow, action_id=action, roster=Roster())
        assert [one.stage.split()[0] for one in await list_notices(uow, staff_id=doctor)] == ["action-due"]
        assert await list_notices(uow, staff_id=director) == []
    clock.advance(days=1)
    async with clinic.unit() as uow:
        assert await remind(uow, action_id=action, roster=Roster()) is None
        assert [one.stage.split()[0] for one in await list_notices(uow, staff_id=director)] == ["action-overdue"]
        with pytest.raises(ActionMoved):
            await check_corrective(uow, action_id=action, effective=True, words="有效")
    async with clinic.unit("doctor") as uow:
        await finish_corrective(uow, action_id=action, words="已培训全员")
        with pytest.raises(ActionMoved):
            await finish_corrective(uow, action_id=action, words="已培训全员")
        with pytest.raises(OwnCheck):
            await check_corrective(uow, action_id=action, effective=True, words="有效")
    async with clinic.unit() as uow:
        assert (await get_action(uow, action)).check_on is not None
        with pytest.raises(InvalidInput):
            await check_corrective(uow, action_id=action, effective=False, words="又发生了")
        due = uow.today + timedelta(days=7)
        fresh = await check_corrective(
            uow, action_id=action, effective=False, words="又发生了", instead="改打印明细单", due_on=due
        )
        assert fresh is not None
        assert [(one.action_id, one.follows) for one in await list_open_actions(uow)] == [(fresh, action)]


async def test_a_grave_case_is_archived_after_its_action_was_seen_to_work(
    clinic: TestTenant, clock: MovableClock
) -> None:
    case = await _file(clinic, "手术中宠物死亡")
    doctor = clinic.staff["doctor"].id
    assert doctor is not None
    async with clinic.unit() as uow:
        await work_through(uow, case, but=("action", "effect"))
        assert (await get_complaint(uow, complaint_id=case)).state == "open"
        today = uow.today
        action = await add_corrective(uow, complaint_id=case, words="术前双人核对", owner_id=doctor, due_on=today)
    async with clinic.unit("doctor") as uow:
        await finish_corrective(uow, action_id=action, words="已执行")
    clock.advance(days=30)
    async with clinic.unit() as uow:
        assert (await get_complaint(uow, complaint_id=case)).state == "resolved"
        await remind(uow, action_id=action, roster=Roster())
        with pytest.raises(StepClosed):
            await archive_case(uow, complaint_id=case)
        await check_corrective(uow, action_id=action, effective=True, words="一个月未再发生")
        await work_through(uow, case, gates=True)
        await archive_case(uow, complaint_id=case)


async def test_a_closed_case_becomes_an_entry_without_its_people_once_somebody_has_looked(clinic: TestTenant) -> None:
    member, _ = await make_customer(clinic)
    case = await _file(clinic, f"{FEES}，年糕也受惊，陈静护士没有解释", customer_id=member)
    async with clinic.unit() as uow:
        with pytest.raises(CaseStillOpen):
            await draft_entry(uow, complaint_id=case, staff=STAFF)
        await name_cause(uow, complaint_id=case, cause=CAUSE, words="陈静没有在结账前讲清费用")
        await close_by_hand(uow, case)
        entry = await draft_entry(uow, complaint_id=case, staff=STAFF)
        assert (await draft_entry(uow, complaint_id=case, staff=STAFF)).entry_id == entry.entry_id
        whole = f"{entry.situation}{entry.done}{entry.outcome}{entry.lesson}"
        assert not any(word in whole for word in ("周文博", "13878106871", "陈静"))
        assert await list_entries(uow, wanted=EntryFilter()) == []
        good = {"situation": entry.situation, "lesson": entry.lesson, "script": "实在抱歉让您久等了"}
        with pytest.raises(InvalidInput):
            await publish_entry(uow, entry_id=entry.entry_id, texts=good, seen=False, staff=STAFF)
        bad = good | {"lesson": "陈静要先讲解"}
        with pytest.raises(InvalidInput) as named:
            await publish_entry(uow, entry_id=entry.entry_id, texts=bad, seen=True, staff=STAFF)
        assert [(one.path, one.code) for one in named.value.problems] == [("lesson", "not-anonymous")]
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(Forbidden):
            await publish_entry(uow, entry_id=entry.entry_id, texts=good, seen=True, staff=STAFF)
    async with clinic.unit("team_leader") as uow:
        await publish_entry(uow, entry_id=entry.entry_id, texts=good, seen=True, staff=STAFF)
        with pytest.raises(EntryMoved):
            await publish_entry(uow, entry_id=entry.entry_id, texts=good, seen=True, staff=STAFF)
    again = await _file(clinic, "结账时费用明细没有解释清楚")
    async with clinic.unit("front_desk") as uow:
        for words in ("费用", "feiyong", "fymx", "费用 解释"):
            assert [one.entry_id for one in await list_entries(uow, wanted=EntryFilter(words=words))], words
        assert await list_entries(uow, wanted=EntryFilter(words="手术")) == []
        assert await list_entries(uow, wanted=EntryFilter(severity="L3")) == []
        assert len(await list_entries(uow, wanted=EntryFilter(cause=CAUSE, category="petclinic.service_fees"))) == 1
        alike = await list_alike(uow, await get_complaint(uow, complaint_id=again))
        assert [one.entry_id for one in alike] == [entry.entry_id]
        (page,) = await list_entries(uow, wanted=EntryFilter())
        assert page.published_at is not None
        assert await list_entries(uow, wanted=EntryFilter(), after=(page.published_at, page.entry_id)) == []
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput):
            await withdraw_entry(uow, entry_id=entry.entry_id, reason=" ")
        await withdraw_entry(uow, entry_id=entry.entry_id, reason="内容过时")
        with pytest.raises(EntryMoved):
            await withdraw_entry(uow, entry_id=entry.entry_id, reason="内容过时")
        assert await list_entries(uow, wanted=EntryFilter()) == []


async def test_another_chain_sees_no_action_and_no_entry(clinic: TestTenant, tenant_b: TestTenant) -> None:
    case = await _file(clinic)
    async with clinic.unit() as uow:
        await close_by_hand(uow, case)
        entry = await draft_entry(uow, complaint_id=case, staff=STAFF)
    async with tenant_b.unit() as uow:
        with pytest.raises(NotFound):
            await get_entry(uow, entry.entry_id)
        with pytest.raises(NotFound):
            await draft_entry(uow, complaint_id=case, staff=STAFF)
        assert await list_open_actions(uow) == []
