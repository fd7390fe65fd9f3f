"""Campaigns from plan to results: who is asked, once, and what their answers come to."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.contacts.actions import record_consent
from core.errors import InvalidInput, NotFound
from core.forms.queries import FormLinkRevoked, get_usable_link
from core.hooks.host import PluginHost
from core.hooks.records.conditions import Cmp
from core.segments.actions import add_segment
from core.segments.rules import SegmentDraft
from core.surveys.actions import (
    CampaignMoved,
    accept_campaign,
    close_campaign,
    drop_campaign,
    mark_sent,
    open_campaign,
    plan_campaign,
    remind_once,
    save_script,
    save_settings,
    turn_quarter,
)
from core.surveys.asking import fill_campaign
from core.surveys.queries import (
    SurveySettings,
    get_campaign,
    get_progress,
    get_script,
    get_settings,
    list_asks,
    list_campaigns,
    list_survey_forms,
)
from core.surveys.results import (
    ResultFilter,
    get_figures,
    get_reach,
    get_risk,
    list_answers,
    list_choices,
    list_comments,
)
from core.surveys.rules.script import DEFAULTS, Script
from tenants.survey_segments import SEGMENTS
from tests.actions.surveys import (
    FORM,
    NOBODY,
    answer,
    codes_of,
    people,
    plan,
    run_campaign,
    survey_host,
    switch_on,
)
from tests.workplaces import MovableClock, TestTenant

YEAR = ResultFilter(first=date(2026, 1, 1), last=date(2026, 12, 31))


@pytest.fixture(scope="session")
def plugin_host() -> PluginHost:
    return survey_host()


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await switch_on(tenant_a)


async def test_forms_that_measure_something_come_first_and_intakes_not_at_all(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        assert [form.id for form in await list_survey_forms(uow)] == [FORM, "asking.words"]


async def test_opening_gives_everybody_their_own_link_and_the_group_one_for_all(clinic: TestTenant) -> None:
    ids = await people(clinic, 7)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        rows = await codes_of(uow, campaign_id)
        campaign = await get_campaign(uow, campaign_id)
        assert {row.customer_id for row in rows} == set(ids)
        assert len({row.code for row in rows}) == 7
        assert (campaign.state, campaign.audience_size, campaign.handled, campaign.asked) == ("open", 7, 7, 7)
        assert campaign.filled_at is not None
        assert campaign.group_code is not None
        group = await get_usable_link(uow, campaign.group_code)
        assert group.max_uses is None
        one = await get_usable_link(uow, rows[0].code)
        assert (one.max_uses, one.customer_id) == (1, rows[0].customer_id)
        assert one.expires_at is not None
        assert one.expires_at.isoformat() == "2026-12-31T16:00:00+00:00"  # midnight in Shanghai


async def test_a_large_audience_is_worked_off_in_pieces(clinic: TestTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.surveys.asking.PIECE", 3)
    await people(clinic, 7)
    async with clinic.unit() as uow:
        campaign_id = await plan_campaign(uow, plan=plan(), segments=NOBODY)
        await open_campaign(uow, campaign_id=campaign_id)
    steps = []
    for _ in range(3):
        async with clinic.unit() as uow:
            more = await fill_campaign(uow, campaign_id=campaign_id, segments=NOBODY)
            steps.append((more, (await get_campaign(uow, campaign_id)).handled))
    assert steps == [(True, 3), (True, 6), (False, 7)]
    async with clinic.unit() as uow:
        assert not await fill_campaign(uow, campaign_id=campaign_id, segments=NOBODY)
        assert len(await codes_of(uow, campaign_id)) == 7
        first = await list_asks(uow, campaign_id, limit=4)
        rest = await list_asks(uow, campaign_id, after=first[-1].ask_id)
        assert (len(first), len(rest)) == (4, 3)


async def test_who_refuses_complains_or_was_just_asked_gets_no_link(clinic: TestTenant) -> None:
    refusing, complaining, tired, *others = await people(clinic, 5)
    async with clinic.unit() as uow:
        await record_consent(uow, customer_id=refusing, purpose="survey", decision="withdrawn", source="desk")
        await file_complaint(uow, filing=Filing(text="等太久", contact_name="客户1", contact_phone="13900000001"))
        await uow.session.execute(
            text("UPDATE complaint SET customer_id = :one WHERE tenant_id = :t"), {"one": complaining, "t": clinic.id}
        )
        mine = {"t": clinic.id, "id": tired, "one": tired, "at": uow.now - timedelta(days=29)}
        statement = "INSERT INTO survey_ask (tenant_id, ask_id, source, customer_id, asked_at) VALUES (:t, :id, 'complaint', :one, :at)"
        await uow.session.execute(text(statement), mine)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        campaign = await get_campaign(uow, campaign_id)
        assert {row.customer_id for row in await codes_of(uow, campaign_id)} == set(others)
        assert campaign.left_out == {"refused": 1, "complaint": 1, "tired": 1}
        assert campaign.asked == 2


async def test_the_rules_of_sparing_people_can_be_switched_off(clinic: TestTenant) -> None:
    await people(clinic, 3)
    async with clinic.unit() as uow:
        await save_settings(uow, settings=SurveySettings(fatigue_days=0, skip_complainants=False))
    await run_campaign(clinic)
    second = await run_campaign(clinic, title="又一次")
    async with clinic.unit() as uow:
        assert (await get_campaign(uow, second)).asked == 3


async def test_a_branch_is_an_audience_and_a_segment_must_be_known(clinic: TestTenant) -> None:
    await people(clinic, 2)
    async with clinic.unit() as uow:
        await uow.session.execute(
            text("UPDATE customer SET branch_id = NULL WHERE tenant_id = :t AND full_name = '客户0'"), {"t": clinic.id}
        )
    campaign_id = await run_campaign(clinic, audience="branch", branch_id=clinic.signed_up.branch_id)
    async with clinic.unit() as uow:
        assert (await get_campaign(uow, campaign_id)).asked == 1
        with pytest.raises(InvalidInput, match="segment_id: option"):
            await plan_campaign(uow, plan=plan(audience="segment", segment_id="x"), segments=NOBODY)


async def test_every_fault_of_a_plan_is_said_at_once(clinic: TestTenant) -> None:
    bad = plan(
        title=" ",
        form_id="asking.visit",
        channel="pigeon",
        first_day=date(2026, 3, 2),
        last_day=date(2026, 3, 1),
        audience="world",
    )
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await plan_campaign(uow, plan=bad, segments=NOBODY)
        found = {problem.path: problem.code for problem in refused.value.problems}
        assert found == {
            "title": "required",
            "form_id": "option",
            "channel": "option",
            "last_day": "before-start",
            "audience": "option",
        }
        over = plan(first_day=date(2026, 1, 1), last_day=date(2026, 3, 31), title="x" * 121)
        with pytest.raises(InvalidInput, match=r"title: too-long, last_day: in-the-past"):
            await plan_campaign(uow, plan=over, segments=NOBODY)


async def test_a_reminder_goes_once_to_those_who_were_reached_and_are_silent(clinic: TestTenant) -> None:
    await people(clinic, 4)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        codes = await codes_of(uow, campaign_id)
        assert await mark_sent(uow, campaign_id=campaign_id) == 4
    await answer(clinic, codes[0].code, "one", nps=9)
    async with clinic.unit() as uow:
        assert await remind_once(uow, campaign_id=campaign_id) == 3
        assert await remind_once(uow, campaign_id=campaign_id) == 0
        assert len(await list_asks(uow, campaign_id, unanswered=True)) == 3
        progress = await get_progress(uow, await get_campaign(uow, campaign_id))
        assert (progress.reach.asked, progress.reach.rate, progress.reach.answer_rate) == (4, 100.0, 25.0)
        assert progress.unanswered == 3


async def test_a_closed_campaign_takes_its_group_link_back_and_cannot_open_again(clinic: TestTenant) -> None:
    await people(clinic, 1)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        code = (await get_campaign(uow, campaign_id)).group_code
        assert code is not None
        await close_campaign(uow, campaign_id=campaign_id)
        with pytest.raises(FormLinkRevoked):
            await get_usable_link(uow, code)
        for late in (close_campaign, open_campaign, accept_campaign, drop_campaign, mark_sent):
            with pytest.raises(CampaignMoved):
                await late(uow, campaign_id=campaign_id)
        assert await remind_once(uow, campaign_id=campaign_id) == 0


async def test_the_quarter_turns_by_itself(clinic: TestTenant, clock: MovableClock) -> None:
    await people(clinic, 2)
    async with clinic.unit() as uow:
        campaign_id = await plan_campaign(uow, plan=plan(), segments=NOBODY)
        assert await turn_quarter(uow, segments=NOBODY) == (1, 0, 1)
        assert await turn_quarter(uow, segments=NOBODY) == (0, 0, 0)
        rows = {row.state: row for row in await list_campaigns(uow)}
        proposal = rows["proposed"]
        assert rows["open"].campaign_id == campaign_id
        assert (proposal.first_day, proposal.last_day) == (date(2027, 1, 1), date(2027, 3, 31))
        assert proposal.previous_id == campaign_id
        await accept_campaign(uow, campaign_id=proposal.campaign_id)
    clock.advance(days=39)  # 1 January 2027 in Shanghai
    async with clinic.unit() as uow:
        assert await turn_quarter(uow, segments=NOBODY) == (1, 1, 1)
        states = {row.campaign_id: row.state for row in await list_campaigns(uow)}
        assert (states[campaign_id], states[proposal.campaign_id]) == ("closed", "open")


async def test_a_plan_whose_time_has_passed_is_dropped_and_shown_no_more(
    clinic: TestTenant, clock: MovableClock
) -> None:
    async with clinic.unit() as uow:
        await plan_campaign(uow, plan=plan(last_day=date(2026, 11, 24)), segments=NOBODY, state="proposed")
        second = await plan_campaign(uow, plan=plan(), segments=NOBODY, state="proposed")
        await drop_campaign(uow, campaign_id=second)
    clock.advance(days=3)
    async with clinic.unit() as uow:
        assert await turn_quarter(uow, segments=NOBODY) == (0, 0, 0)
        assert await list_campaigns(uow) == []


async def test_answers_become_figures_with_filters_and_a_trend(clinic: TestTenant, clock: MovableClock) -> None:
    ids = await people(clinic, 4)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        codes = {row.customer_id: row.code for row in await codes_of(uow, campaign_id)}
        group = (await get_campaign(uow, campaign_id)).group_code
    assert group is not None
    await answer(clinic, codes[ids[0]], "a", nps=10, csat=5, ces=7, comment="很好")
    await answer(clinic, codes[ids[1]], "b", nps=3, csat=2, comment="等太久")
    clock.advance(days=10)  # December
    await answer(clinic, codes[ids[2]], "c", nps=9)
    await answer(clinic, group, "d", nps=8, csat=4)
    async with clinic.unit() as uow:
        total, points = await get_figures(uow, YEAR)
        assert (total.answers, total.nps.value, total.nps.answered) == (4, 25, 4)
        assert (total.csat.value, total.csat.mean, total.csat.excluded) == (66.7, 3.7, 1)
        assert (total.ces.answered, total.ces.excluded) == (1, 3)
        assert [(point.first, point.figures.answers) for point in points] == [
            (date(2026, 11, 1), 2),
            (date(2026, 12, 1), 2),
        ]
        _, quarters = await get_figures(uow, YEAR, step="quarter")
        assert [point.first for point in quarters] == [date(2026, 10, 1)]
        november = ResultFilter(first=date(2026, 11, 1), last=date(2026, 11, 30))
        assert (await get_figures(uow, november))[0].answers == 2
        other = ResultFilter(first=YEAR.first, last=YEAR.last, branch_id=UUID(int=1))
        assert (await get_figures(uow, other))[0].answers == 0
        measured = await get_reach(uow, YEAR)
        assert (measured.asked, measured.answered) == (4, 3)  # the group's answer belongs to nobody who was asked
        comments = await list_comments(uow, YEAR)
        assert [row.comment for row in comments] == ["等太久", "很好"]
        assert comments[0].full_name == "客户1"
        assert [row.nps for row in await list_comments(uow, YEAR, unhappy=True)] == [3]
        page = await list_answers(uow, YEAR, limit=3)
        rest = await list_answers(uow, YEAR, before=(page[-1].answered_at, page[-1].submission_id))
        assert (len(page), len(rest)) == (3, 1)
        assert await list_choices(uow) == ([], [])


async def test_the_same_answer_counts_once_however_often_it_is_heard(clinic: TestTenant) -> None:
    await people(clinic, 1)
    campaign_id = await run_campaign(clinic)
    async with clinic.unit() as uow:
        code = (await codes_of(uow, campaign_id))[0].code
    for _ in range(2):
        await answer(clinic, code, "same", nps=7)
    async with clinic.unit() as uow:
        assert (await get_figures(uow, YEAR))[0].answers == 1


async def test_the_rate_of_complaints_stands_on_customers_while_no_visit_is_kept(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        assert (await get_risk(uow, YEAR)).rate is None
    await people(clinic, 8)
    async with clinic.unit() as uow:
        await file_complaint(uow, filing=Filing(text="等太久", contact_phone="13900000001"))
        risk = await get_risk(uow, YEAR)
        assert (risk.complaints, risk.base, risk.per, risk.rate) == (1, 8, "customers", 12.5)


async def test_settings_and_script_are_kept_and_refuse_nonsense(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        assert await get_settings(uow) == SurveySettings()
        wanted = SurveySettings(interview_form_id=FORM, sample_percent=20, unhappy="reopen", max_attempts=5)
        await save_settings(uow, settings=SurveySettings())
        await save_settings(uow, settings=wanted)
        assert await get_settings(uow) == wanted
        bad = SurveySettings(after_form_id="asking.visit", fatigue_days=400, unhappy="shrug")
        with pytest.raises(InvalidInput, match=r"fatigue_days: range, after_form_id: option, unhappy: option"):
            await save_settings(uow, settings=bad)
        assert await get_script(uow, locale="en") == DEFAULTS["en"]
        own = Script("可以吗？", "您好", "", "再见")
        await save_script(uow, locale="zh_CN", script=own)
        assert await get_script(uow, locale="zh_CN") == own
        with pytest.raises(InvalidInput, match="consent: required"):
            await save_script(uow, locale="zh_CN", script=Script("", "您好", "", ""))
        with pytest.raises(NotFound):
            await save_script(uow, locale="fr", script=own)


async def test_a_segment_is_an_audience_and_a_filter(clinic: TestTenant) -> None:
    ids = await people(clinic, 3)
    tree = Cmp(field="phone", op="eq", value="+8613900000001")
    async with clinic.unit() as uow:
        segment_id = await add_segment(uow, draft=SegmentDraft(name_zh="一号", name_en="One", tree=tree))
        campaign_id = await plan_campaign(
            uow, plan=plan(audience="segment", segment_id=str(segment_id)), segments=SEGMENTS
        )
        await open_campaign(uow, campaign_id=campaign_id)
        assert not await fill_campaign(uow, campaign_id=campaign_id, segments=SEGMENTS)
        rows = await codes_of(uow, campaign_id)
        assert [row.customer_id for row in rows] == [ids[1]]
        members = await SEGMENTS.get_members(uow, str(segment_id))
    await answer(clinic, rows[0].code, "k", nps=9)
    wanted = ResultFilter(first=YEAR.first, last=YEAR.last, members=members)
    async with clinic.unit() as uow:
        assert (await get_figures(uow, wanted))[0].answers == 1
        assert (await get_reach(uow, wanted)).asked == 1
        assert (await get_risk(uow, wanted)).base == 1
