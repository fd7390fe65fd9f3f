"""After a case is resolved the customer is asked; the answer stands in the case, and an unhappy one is heard."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.casework.actions import log_call
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import AFTER_RESOLUTION, complete_step
from core.complaints.queries.cases import ComplaintDetail, get_complaint, list_notices
from core.complaints.rules.filing import Filing
from core.contacts.actions import record_consent
from core.forms.actions import submit_intake
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.surveys.actions import save_settings
from core.surveys.answers import hear_answer, offer_after_resolution
from core.surveys.queries import CaseSurvey, SurveySettings, find_case_survey
from core.surveys.results import ResultFilter, list_comments
from tenants.roster import Roster
from tests.actions.surveys import FORM, answer, people, survey_host, switch_on
from tests.actions.test_surveys import YEAR
from tests.workplaces import MovableClock, TestTenant

SLIGHT = Filing(text="结账时未解释费用明细", channel="in_person", contact_phone="13900000000")


@pytest.fixture(scope="session")
def plugin_host() -> PluginHost:
    return survey_host(Candidate("petclinic", "plugins.petclinic:plugin"))


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    clinic = await switch_on(tenant_a, "petclinic")
    async with clinic.unit() as uow:
        await save_settings(uow, settings=SurveySettings(after_form_id=FORM))
    return clinic


async def resolve(clinic: TestTenant) -> UUID:
    async with clinic.unit() as uow:
        complaint_id = (await file_complaint(uow, filing=SLIGHT)).complaint_id
    facts: dict[str, dict[str, Any]] = {
        "corrective_measure": {"measure": "培训收银员"},
        "result_feedback": {"channel": "sms", "result": "已培训"},
    }
    async with clinic.unit("service_supervisor") as uow:
        await log_call(
            uow,
            complaint_id=complaint_id,
            direction="out",
            number="13900000000",
            minutes=3,
            outcome="已说明费用明细",
            words="向客户致歉",
            reached=True,
        )
        for milestone, said in facts.items():
            await complete_step(uow, complaint_id=complaint_id, milestone_id=milestone, facts=said)
    return complaint_id


async def offered(clinic: TestTenant, complaint_id: UUID) -> CaseSurvey:
    async with clinic.unit() as uow:
        await offer_after_resolution(uow, complaint_id=complaint_id)
        found = await find_case_survey(uow, complaint_id)
    assert found is not None
    return found


async def detail_of(clinic: TestTenant, complaint_id: UUID) -> ComplaintDetail:
    async with clinic.unit() as uow:
        return await get_complaint(uow, complaint_id=complaint_id)


async def test_resolving_a_case_schedules_the_question(clinic: TestTenant) -> None:
    complaint_id = await resolve(clinic)
    async with clinic.unit() as uow:
        found = await uow.session.execute(
            text("SELECT payload ->> 'complaint_id' FROM outbox WHERE task = :task"), {"task": AFTER_RESOLUTION}
        )
        assert [row[0] for row in found] == [str(complaint_id)]
        assert await find_case_survey(uow, complaint_id) is None


async def test_the_offer_is_made_once_and_is_good_for_one_answer(clinic: TestTenant, clock: MovableClock) -> None:
    complaint_id = await resolve(clinic)
    first = await offered(clinic, complaint_id)
    again = await offered(clinic, complaint_id)
    assert first.code is not None
    assert again.code == first.code
    clock.advance(days=31)
    assert (await offered(clinic, complaint_id)).code is None, "over after a month"


async def test_a_happy_answer_stands_in_the_case_and_alarms_nobody(clinic: TestTenant) -> None:
    complaint_id = await resolve(clinic)
    offer = await offered(clinic, complaint_id)
    assert offer.code is not None
    await answer(clinic, offer.code, "a", nps=9, csat=5, comment="处理得很快")
    async with clinic.unit("service_supervisor") as uow:
        found = await find_case_survey(uow, complaint_id)
        assert found is not None
        assert (found.code, found.csat, found.nps, found.comment) == (None, 5, 9, "处理得很快")
        assert found.answered_at is not None
        assert (await list_comments(uow, YEAR))[0].source == "complaint"
        assert uow.actor.id is not None
        assert await list_notices(uow, staff_id=uow.actor.id) == []
    detail = await detail_of(clinic, complaint_id)
    assert detail.state == "resolved"
    assert detail.history[-1].kind == "surveyed"


async def test_an_unhappy_answer_is_told_to_those_responsible(clinic: TestTenant) -> None:
    complaint_id = await resolve(clinic)
    offer = await offered(clinic, complaint_id)
    assert offer.code is not None
    await answer(clinic, offer.code, "a", nps=1, csat=2, comment="没有人道歉")
    for role in ("service_supervisor", "team_leader"):
        async with clinic.unit(role) as uow:
            assert uow.actor.id is not None
            told = await list_notices(uow, staff_id=uow.actor.id)
            assert [one.complaint_id for one in told if one.milestone == "survey"] == [complaint_id]
    detail = await detail_of(clinic, complaint_id)
    assert (detail.state, detail.history[-1].kind) == ("resolved", "unhappy")
    assert detail.history[-1].data["text"] == "没有人道歉"


async def test_an_unhappy_answer_opens_the_case_when_the_tenant_wants_that(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        await save_settings(uow, settings=SurveySettings(after_form_id=FORM, unhappy="reopen"))
    complaint_id = await resolve(clinic)
    offer = await offered(clinic, complaint_id)
    assert offer.code is not None
    await answer(clinic, offer.code, "a", nps=5, csat=1)
    assert (await detail_of(clinic, complaint_id)).state == "open"


async def test_heard_twice_is_heard_once(clinic: TestTenant) -> None:
    complaint_id = await resolve(clinic)
    offer = await offered(clinic, complaint_id)
    assert offer.code is not None
    async with clinic.unit() as uow:
        filled = await submit_intake(uow, code=offer.code, answers={"nps": 0, "csat": 1}, once_key="x")
    for _ in range(2):
        async with clinic.unit() as uow:
            await hear_answer(uow, submission_id=filled.submission_id, roster=Roster())
    kinds = [row.kind for row in (await detail_of(clinic, complaint_id)).history]
    assert kinds.count("unhappy") == 1


async def test_who_refused_surveys_is_not_asked_and_neither_is_anybody_when_it_is_off(clinic: TestTenant) -> None:
    customer_id = (await people(clinic, 1))[0]
    complaint_id = await resolve(clinic)
    async with clinic.unit() as uow:
        await uow.session.execute(
            text("UPDATE complaint SET customer_id = :one WHERE tenant_id = :t"), {"one": customer_id, "t": clinic.id}
        )
        await record_consent(uow, customer_id=customer_id, purpose="survey", decision="withdrawn", source="desk")
        assert await offer_after_resolution(uow, complaint_id=complaint_id) is None
        await record_consent(uow, customer_id=customer_id, purpose="survey", decision="granted", source="desk")
        await save_settings(uow, settings=SurveySettings(after_resolution=False))
        assert await offer_after_resolution(uow, complaint_id=complaint_id) is None
        await save_settings(uow, settings=SurveySettings())
        assert await offer_after_resolution(uow, complaint_id=complaint_id) is not None


async def test_an_open_case_is_not_asked_about(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        complaint_id = (await file_complaint(uow, filing=SLIGHT)).complaint_id
        assert await offer_after_resolution(uow, complaint_id=complaint_id) is None


async def test_answers_after_complaints_are_a_source_of_their_own(clinic: TestTenant) -> None:
    complaint_id = await resolve(clinic)
    offer = await offered(clinic, complaint_id)
    assert offer.code is not None
    await answer(clinic, offer.code, "a", nps=9, comment="好")
    calls = ResultFilter(first=YEAR.first, last=YEAR.last, source="interview")
    async with clinic.unit() as uow:
        assert await list_comments(uow, calls) == []
