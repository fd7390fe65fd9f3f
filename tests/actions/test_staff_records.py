"""What a case says about a person is seen by the person and the director, answered by the person, and erased in time."""

from uuid import UUID

import pytest

from core.case_reports.actions import NotApproved
from core.case_reports.delivering import Reception, hand_over
from core.complaints.actions.handling import StepClosed, judge_level
from core.complaints.queries.cases import get_complaint
from core.errors import Forbidden, InvalidInput, NotFound
from core.hooks.records.events import StaffRef
from core.staff_records.actions import (
    RecordEntered,
    WordGiven,
    decide_objection,
    enter_nobody,
    enter_record,
    object_to,
    reply,
    see_record,
)
from core.staff_records.queries import (
    count_records_in,
    get_record,
    list_objected,
    list_records_in,
    list_records_of,
    list_unseen,
)
from core.staff_records.rules import RecordDraft
from tests.reports import DRAFT, approved, file_serious, open_clinic, recorded
from tests.workplaces import TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _delivered(clinic: TestTenant) -> UUID:
    complaint_id = await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        await hand_over(uow, complaint_id=complaint_id, said=Reception(answer="declined"))
    return complaint_id


def _ref(clinic: TestTenant, role: str) -> StaffRef:
    person = clinic.staff[role]
    assert person.id is not None
    return StaffRef(staff_id=person.id, name=person.name)


async def test_a_record_is_entered_from_the_delivered_report_and_completes_its_step(clinic: TestTenant) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(StepClosed):
            await enter_record(uow, complaint_id=complaint_id, staff=_ref(clinic, "doctor"), draft=DRAFT)
    async with clinic.unit("service_supervisor") as uow:
        await hand_over(uow, complaint_id=complaint_id, said=Reception(answer="declined"))
    await recorded(clinic, complaint_id)
    async with clinic.unit("team_leader") as uow:
        case = await get_complaint(uow, complaint_id=complaint_id)
        with pytest.raises(RecordEntered):
            await enter_record(uow, complaint_id=complaint_id, staff=_ref(clinic, "doctor"), draft=DRAFT)
    assert "staff_record" in case.done
    names = [row.data for row in case.history if row.kind == "staff_recorded"]
    assert names == [{"edition": 1}], "the history of the case names nobody"


async def test_a_record_entered_on_level_3_completes_the_step_that_a_lowering_opens(clinic: TestTenant) -> None:
    complaint_id = await approved(clinic)
    async with clinic.unit() as uow:
        await judge_level(uow, complaint_id=complaint_id, severity="L3", reason="可能涉及医疗事故")
    record = await recorded(clinic, complaint_id)
    async with clinic.unit() as uow:
        await judge_level(uow, complaint_id=complaint_id, severity="L2", reason="鉴定后不成立")
    async with clinic.unit("service_supervisor") as uow:
        await hand_over(uow, complaint_id=complaint_id, said=Reception(answer="declined"))
        assert "staff_record" not in (await get_complaint(uow, complaint_id=complaint_id)).done
    assert await recorded(clinic, complaint_id) == record
    async with clinic.unit("team_leader") as uow:
        case = await get_complaint(uow, complaint_id=complaint_id)
    assert "staff_record" in case.done
    assert [row.kind for row in case.history].count("staff_recorded") == 1


async def test_without_an_approved_report_or_the_right_nothing_is_entered(clinic: TestTenant) -> None:
    complaint_id = await file_serious(clinic)
    with pytest.raises(NotFound):
        await recorded(clinic, complaint_id)
    delivered = await _delivered(clinic)
    async with clinic.unit("doctor") as uow:
        with pytest.raises(Forbidden):
            await enter_record(uow, complaint_id=delivered, staff=_ref(clinic, "head_nurse"), draft=DRAFT)
        with pytest.raises(Forbidden):
            await enter_nobody(uow, complaint_id=delivered, reason="无关")
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput) as refused:
            await enter_record(
                uow, complaint_id=delivered, staff=_ref(clinic, "doctor"), draft=RecordDraft(measure="dismissal")
            )
    assert {one.path for one in refused.value.problems} == {"involvement", "finding", "learned", "measure"}
    assert NotApproved.status == 409


async def test_that_nobody_is_concerned_is_said_with_a_reason(clinic: TestTenant) -> None:
    complaint_id = await _delivered(clinic)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(InvalidInput):
            await enter_nobody(uow, complaint_id=complaint_id, reason=" ")
        await enter_nobody(uow, complaint_id=complaint_id, reason="设备故障，与人员无关")
        case = await get_complaint(uow, complaint_id=complaint_id)
        assert await count_records_in(uow, complaint_id) == 0
    assert "staff_record" in case.done


async def test_only_the_person_and_who_leads_people_see_a_record(clinic: TestTenant) -> None:
    complaint_id = await _delivered(clinic)
    record_id = await recorded(clinic, complaint_id)
    doctor = clinic.staff["doctor"].id
    assert doctor is not None
    for role in ("doctor", "director", "tenant_admin"):
        if role not in clinic.staff:
            continue
        async with clinic.unit(role) as uow:
            assert (await get_record(uow, record_id)).finding == DRAFT.finding
            assert [one.record_id for one in await list_records_of(uow, doctor)] == [record_id]
    for role in ("team_leader", "head_nurse", "service_supervisor"):
        async with clinic.unit(role) as uow:
            for act in (lambda: get_record(uow, record_id), lambda: list_records_of(uow, doctor)):
                with pytest.raises(NotFound):
                    await act()
            assert await list_records_in(uow, complaint_id) == []
            assert await count_records_in(uow, complaint_id) == 1


async def test_the_person_is_told_replies_once_and_the_reply_stays_beside_it(clinic: TestTenant) -> None:
    record_id = await recorded(clinic, await _delivered(clinic))
    async with clinic.unit() as uow:
        await see_record(uow, record_id=record_id)
        assert (await get_record(uow, record_id)).word("seen") is None, "the director's look is not the person's"
        with pytest.raises(NotFound):
            await reply(uow, record_id=record_id, text="代为回复")
    async with clinic.unit("doctor") as uow:
        assert [one.record_id for one in await list_unseen(uow)] == [record_id]
        assert (await see_record(uow, record_id=record_id)).word("seen") is not None
        assert await list_unseen(uow) == []
        with pytest.raises(InvalidInput):
            await reply(uow, record_id=record_id, text=" ")
        await reply(uow, record_id=record_id, text="当晚一人值两层")
        with pytest.raises(WordGiven):
            await reply(uow, record_id=record_id, text="改口")
    async with clinic.unit() as uow:
        record = await get_record(uow, record_id)
    assert [(one.kind, one.text) for one in record.words if one.kind == "reply"] == [("reply", "当晚一人值两层")]
    assert record.finding == DRAFT.finding


async def test_an_objection_is_decided_by_the_director_with_a_reason_and_never_by_oneself(clinic: TestTenant) -> None:
    record_id = await recorded(clinic, await _delivered(clinic))
    async with clinic.unit() as uow:
        with pytest.raises(WordGiven):
            await decide_objection(uow, record_id=record_id, kept=True, reason="无人异议")
    async with clinic.unit("doctor") as uow:
        await object_to(uow, record_id=record_id, text="当班的不是我")
        with pytest.raises(Forbidden):
            await decide_objection(uow, record_id=record_id, kept=False, reason="同意自己")
    async with clinic.unit() as uow:
        assert [one.record_id for one in await list_objected(uow)] == [record_id]
        with pytest.raises(InvalidInput):
            await decide_objection(uow, record_id=record_id, kept=False, reason="")
        await decide_objection(uow, record_id=record_id, kept=False, reason="排班表证实")
        record = await get_record(uow, record_id)
        assert await list_objected(uow) == []
    assert record.state == "withdrawn"
    assert record.decision is not None
    assert record.decision.text == "排班表证实"


async def test_another_tenant_sees_no_record(clinic: TestTenant, tenant_b: TestTenant) -> None:
    complaint_id = await _delivered(clinic)
    record_id = await recorded(clinic, complaint_id)
    async with tenant_b.unit() as uow:
        with pytest.raises(NotFound):
            await get_record(uow, record_id)
        assert await list_records_in(uow, complaint_id) == []
        assert await count_records_in(uow, complaint_id) == 0
