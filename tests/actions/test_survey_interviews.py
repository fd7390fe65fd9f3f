"""The monthly draw and the interviewer's queue: a tenth, nobody twice, one interviewer per person, every call written down."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update

from core.bus import Bus
from core.contacts.actions import record_consent
from core.contacts.permission import may_contact
from core.customers.models import Customer
from core.db import Database
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.host import PluginHost
from core.surveys.actions import save_settings
from core.surveys.asking import draw_month, expire_interviews
from core.surveys.interviewing import (
    InterviewOver,
    InterviewTaken,
    call_back,
    claim_interview,
    claim_next,
    give_back,
    record_call,
    record_interview,
)
from core.surveys.queries import SurveySettings, find_sample
from core.surveys.queue import (
    count_ready,
    get_counts,
    get_interview,
    list_attempts,
    list_interviews,
    list_today,
)
from core.surveys.results import ResultFilter, get_figures, get_reach, list_comments
from core.surveys.rules.interviews import LEASE, REST
from tenants.passwords import Passwords
from tenants.work import Workplace
from tests.actions.surveys import answer, codes_of, people, run_campaign, survey_host, switch_on
from tests.services import _new_database as new_migrated_database
from tests.workplaces import MovableClock, TestTenant, open_tenant
from workers.embedded.postgres import Dsns

NOVEMBER = date(2026, 11, 1)
YEAR = ResultFilter(first=date(2026, 1, 1), last=date(2026, 12, 31))


@pytest.fixture(scope="session")
def plugin_host() -> PluginHost:
    return survey_host()


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await switch_on(tenant_a)


async def draw(clinic: TestTenant, percent: int = 100) -> int | None:
    async with clinic.unit() as uow:
        await save_settings(uow, settings=SurveySettings(sample_percent=percent))
        return await draw_month(uow)


async def next_of(clinic: TestTenant, role: str = "front_desk") -> UUID | None:
    async with clinic.unit(role) as uow:
        return await claim_next(uow)


async def test_a_tenth_is_drawn_once_a_month_and_is_due_by_its_end(clinic: TestTenant) -> None:
    await people(clinic, 11)
    await people(clinic, 3, phones=False, start=50)
    assert await draw(clinic, 10) == 2
    assert await draw(clinic, 10) is None
    async with clinic.unit() as uow:
        sample = await find_sample(uow, NOVEMBER)
        assert sample is not None
        assert (sample.eligible, sample.drawn, sample.cycle) == (11, 2, 1)
        rows = await list_interviews(uow)
        assert {row.due_at for row in rows} == {datetime(2026, 11, 30, 16, 0, tzinfo=UTC)}
        assert len({row.customer_id for row in rows}) == 2


async def test_who_was_removed_since_the_draw_is_called_no_more(clinic: TestTenant) -> None:
    await people(clinic, 1)
    await draw(clinic)
    async with clinic.unit() as uow:
        assert (await get_counts(uow)).ready == len(await list_today(uow)) == 1
        await uow.session.execute(update(Customer).values(state="removed"))
        assert (await get_counts(uow)).ready == 0
        assert [*await list_today(uow), *await list_interviews(uow)] == []
    assert await next_of(clinic) is None


async def test_nobody_is_drawn_again_before_everybody_was(clinic: TestTenant, clock: MovableClock) -> None:
    ids = await people(clinic, 5)
    seen: list[UUID] = []
    for _ in range(3):
        assert await draw(clinic, 40) == 2
        async with clinic.unit() as uow:
            rows = await list_interviews(uow)
            seen += [row.customer_id for row in rows]
        clock.advance(days=31)
        async with clinic.unit() as uow:
            assert await expire_interviews(uow) == 2
    assert set(seen[:5]) == set(ids)
    async with clinic.unit() as uow:
        assert await uow.session.scalar(text("SELECT max(cycle) FROM survey_cycle")) == 2


async def test_who_refuses_or_was_asked_by_a_campaign_is_not_drawn(clinic: TestTenant) -> None:
    refusing, *_ = await people(clinic, 3)
    await run_campaign(clinic)
    await people(clinic, 2, start=20)
    async with clinic.unit() as uow:
        await record_consent(uow, customer_id=refusing, purpose="survey", decision="withdrawn", source="desk")
    assert await draw(clinic) == 2
    async with clinic.unit() as uow:
        sample = await find_sample(uow, NOVEMBER)
        assert sample is not None
        assert sample.left_out == {"tired": 2, "refused": 1}


async def test_without_a_form_or_a_share_nobody_is_drawn(clinic: TestTenant, tenant_b: TestTenant) -> None:
    await people(clinic, 3)
    assert await draw(clinic, 0) is None
    async with tenant_b.unit() as uow:
        assert await draw_month(uow) is None


async def test_each_interviewer_gets_a_person_of_their_own_and_keeps_them(
    clinic: TestTenant, clock: MovableClock
) -> None:
    await people(clinic, 2)
    await draw(clinic)
    first, second = await next_of(clinic), await next_of(clinic, "team_leader")
    assert first != second
    assert await next_of(clinic) == first, "whom I hold comes again"
    assert await next_of(clinic, "service_supervisor") is None
    async with clinic.unit("service_supervisor") as uow:
        assert first is not None
        with pytest.raises(InterviewTaken):
            await claim_interview(uow, interview_id=first)
        counts = await get_counts(uow)
        assert (counts.ready, counts.calling, counts.later, counts.done) == (0, 2, 0, 0)
    clock.advance(LEASE)
    assert await next_of(clinic, "service_supervisor") is not None


async def test_a_person_given_back_is_free_at_once(clinic: TestTenant) -> None:
    await people(clinic, 1)
    await draw(clinic)
    one = await next_of(clinic)
    assert one is not None
    async with clinic.unit("front_desk") as uow:
        await give_back(uow, interview_id=one)
        assert await count_ready(uow) == 1
    assert await next_of(clinic, "team_leader") == one


async def test_a_filled_survey_ends_the_call_and_counts_as_reached_and_answered(clinic: TestTenant) -> None:
    await people(clinic, 1)
    await draw(clinic)
    one = await next_of(clinic)
    assert one is not None
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(InvalidInput) as refused:
            await record_interview(uow, interview_id=one, answers={"csat": 4})
        assert refused.value.problems == (FieldProblem("nps", "required"),)
    for _ in range(2):
        async with clinic.unit("front_desk") as uow:
            filled = await record_interview(uow, interview_id=one, answers={"nps": 10, "csat": 5, "comment": "好"})
    async with clinic.unit() as uow:
        row = await get_interview(uow, one)
        assert (row.state, row.submission_id, row.attempts) == ("done", filled.submission_id, 1)
        figures, _ = await get_figures(uow, YEAR)
        assert (figures.answers, figures.nps.value) == (1, 100)
        assert (await list_comments(uow, YEAR))[0].source == "interview"
        measured = await get_reach(uow, YEAR)
        assert (measured.rate, measured.answer_rate) == (100.0, 100.0)
        with pytest.raises(InterviewOver):
            await claim_interview(uow, interview_id=one)
        assert [one.outcome for one in await list_attempts(uow, one)] == ["reached"]
        assert (await get_counts(uow)).done == 1
        assert [row.state for row in await list_interviews(uow, state="over")] == ["done"]


async def test_who_does_not_answer_rests_and_is_given_up_after_three_tries(
    clinic: TestTenant, clock: MovableClock
) -> None:
    await people(clinic, 1)
    await draw(clinic)
    for tries in range(1, 4):
        one = await next_of(clinic)
        assert one is not None
        async with clinic.unit("front_desk") as uow:
            await record_call(uow, interview_id=one, outcome="no_answer")
            row = await get_interview(uow, one)
            assert row.attempts == tries
            assert row.state == ("unreached" if tries == 3 else "waiting")
        assert await next_of(clinic) is None
        clock.advance(REST)
    async with clinic.unit() as uow:
        measured = await get_reach(uow, YEAR)
        assert (measured.asked, measured.rate) == (1, 0.0)


async def test_a_promised_time_is_kept_and_comes_before_everybody_else(clinic: TestTenant, clock: MovableClock) -> None:
    await people(clinic, 3)
    await draw(clinic)
    one = await next_of(clinic)
    assert one is not None
    at = clock() + timedelta(hours=5)
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(InvalidInput, match="call_at: after-the-end"):
            await record_call(uow, interview_id=one, outcome="call_later", call_at=clock() + timedelta(days=20))
        await record_call(uow, interview_id=one, outcome="call_later", call_at=at, note="下班后")
        assert (await list_today(uow))[0].interview_id == one
        assert (await get_counts(uow)).later == 1
    assert await next_of(clinic) != one
    clock.advance(hours=6)
    async with clinic.unit("team_leader") as uow:
        assert await claim_next(uow) == one
        assert (await get_interview(uow, one)).note == "下班后"


async def test_never_again_withdraws_the_consent_and_empties_the_queue_of_them(clinic: TestTenant) -> None:
    await people(clinic, 1)
    await draw(clinic)
    one = await next_of(clinic)
    assert one is not None
    async with clinic.unit("front_desk") as uow:
        row = await get_interview(uow, one)
        await record_call(uow, interview_id=one, outcome="refused", never_again=True)
        assert not await may_contact(uow, row.customer_id, purpose="survey", channel="phone")
        assert not await may_contact(uow, row.customer_id, purpose="survey", channel="wechat")
        measured = await get_reach(uow, YEAR)
        assert (measured.rate, measured.answer_rate) == (100.0, 0.0)


async def test_who_refuses_elsewhere_meanwhile_is_not_called(clinic: TestTenant) -> None:
    await people(clinic, 1)
    await draw(clinic)
    async with clinic.unit() as uow:
        row = (await list_interviews(uow))[0]
        await record_consent(uow, customer_id=row.customer_id, purpose="survey", decision="withdrawn", source="desk")
    assert await next_of(clinic) is None
    async with clinic.unit() as uow:
        assert (await get_interview(uow, row.interview_id)).state == "refused"


async def test_a_drawn_person_who_was_reached_fills_the_survey_or_refuses(clinic: TestTenant) -> None:
    await people(clinic, 1)
    await draw(clinic)
    one = await next_of(clinic)
    assert one is not None
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(InvalidInput, match="outcome: option"):
            await record_call(uow, interview_id=one, outcome="reached")
        await record_call(uow, interview_id=one, outcome="wrong_number")
        assert (await get_interview(uow, one)).state == "wrong_number"


async def test_an_unhappy_answer_can_be_called_back_once(clinic: TestTenant) -> None:
    await people(clinic, 1)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        code = (await codes_of(uow, campaign_id))[0].code
    submission_id = await answer(clinic, code, "a", nps=2)
    async with clinic.unit() as uow:
        one = await call_back(uow, submission_id=submission_id)
        assert await call_back(uow, submission_id=submission_id) == one
        assert (await list_comments(uow, YEAR, unhappy=True))[0].call_back == "waiting"
        with pytest.raises(NotFound):
            await call_back(uow, submission_id=uuid4())
    assert await next_of(clinic) == one
    async with clinic.unit("front_desk") as uow:
        with pytest.raises(NotFound):
            await record_interview(uow, interview_id=one, answers={"nps": 9})
        await record_call(uow, interview_id=one, outcome="reached", note="已道歉，送复诊券")
        row = await get_interview(uow, one)
        assert (row.state, row.note) == ("done", "已道歉，送复诊券")


async def test_two_interviewers_at_the_same_moment_never_get_the_same_person(
    shop_database: Dsns, bus: Bus, plugin_host: PluginHost
) -> None:
    """Committed rows and two open transactions: the second passes over the row that the first holds."""
    database = Database(shop_database.app, pool_size=3)
    workplace = Workplace(database, bus, plugin_host, MovableClock())
    try:
        slug = f"twins-{uuid4().hex[:8]}"
        tenant = await open_tenant(workplace, Passwords(memory_kib=8, rounds=1), slug, slug)
        await switch_on(tenant)
        await people(tenant, 2)
        await draw(tenant)
        async with tenant.unit("front_desk") as one, tenant.unit("team_leader") as other:
            first, second = await claim_next(one), await claim_next(other)
        assert first is not None
        assert second is not None
        assert first != second
        async with tenant.unit("service_supervisor") as third:
            assert await claim_next(third) is None
    finally:
        await database.dispose()


@pytest.fixture(scope="session")
def shop_database() -> Dsns:
    """Locks do not show inside one transaction: this test commits, into a database of its own."""
    server, name = new_migrated_database()
    return server.dsns_for(name)
