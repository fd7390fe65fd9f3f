"""Survey pages: figures never alone, campaigns planned and opened, calls made, scripts kept, lists taken out and written down."""

import io
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from core.casework.actions import log_call
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_step
from core.complaints.rules.filing import Filing
from core.surveys.actions import save_settings
from core.surveys.answers import offer_after_resolution
from core.surveys.asking import draw_month
from core.surveys.queries import SurveySettings, get_script, get_settings, list_campaigns
from core.surveys.queue import get_interview, list_attempts, list_interviews
from tenants.plugin_settings import enable_plugin
from tests.actions.surveys import answer, codes_of, people, run_campaign
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
FORM = "petclinic.satisfaction"


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


def root(clinic: TestTenant) -> str:
    return f"/t/{clinic.slug}/surveys"


async def asked(clinic: TestTenant, *marks: dict[str, Any]) -> UUID:
    """A campaign whose people answer one after the other."""
    await people(clinic, len(marks))
    campaign_id = await run_campaign(clinic, form_id=FORM)
    async with clinic.unit() as uow:
        codes = [row.code for row in await codes_of(uow, campaign_id)]
    for number, (code, given) in enumerate(zip(codes, marks, strict=True)):
        await answer(clinic, code, f"k{number}", **given)
    return campaign_id


async def queue(clinic: TestTenant, count: int = 1) -> UUID:
    await people(clinic, count)
    async with clinic.unit() as uow:
        await save_settings(uow, settings=SurveySettings(sample_percent=100))
        await draw_month(uow)
        return (await list_interviews(uow))[0].interview_id


async def acts(clinic: TestTenant, action: str) -> int:
    async with clinic.unit() as uow:
        found = await uow.session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = :a"), {"a": action})
        return int(found or 0)


async def test_the_nps_stands_beside_the_rate_of_complaints(clinic: TestTenant, client: Client) -> None:
    await asked(clinic, {"nps": 10, "csat": 5, "ces": 6}, {"nps": 2, "csat": 1, "ces": 3, "comment": "等了两小时"})
    director = await client()
    page = await director.get(root(clinic))
    assert page.status_code == 200
    assert 'id="tile-nps"' in page.text
    assert 'id="tile-complaints"' in page.text
    assert "Too few answers to build on" in page.text
    assert "等了两小时" in page.text
    assert "客户1" in page.text
    assert "<chart-view" in page.text
    assert 'target="65"' in page.text


async def test_without_a_figure_of_risk_the_nps_is_kept_back(clinic: TestTenant, client: Client) -> None:
    await asked(clinic, {"nps": 9, "csat": 5, "ces": 6})
    async with clinic.unit() as uow:
        await uow.session.execute(text("UPDATE customer SET state = 'removed' WHERE tenant_id = :t"), {"t": clinic.id})
    page = await (await client()).get(root(clinic))
    assert 'id="tile-nps"' not in page.text
    assert "The NPS is not shown by itself" in page.text
    assert 'id="chart-nps"' not in page.text
    assert 'id="tile-csat"' in page.text


async def test_without_answers_the_page_says_what_will_come(clinic: TestTenant, client: Client) -> None:
    page = await (await client()).get(root(clinic))
    assert "No answers in this time" in page.text
    assert "New campaign" in page.text


async def test_filters_narrow_and_nonsense_in_them_is_no_error(clinic: TestTenant, client: Client) -> None:
    await asked(clinic, {"nps": 9, "csat": 5, "ces": 6, "comment": "很好"})
    director = await client()
    for query in ("period=last", f"branch={UUID(int=3)}", "source=interview", "species=cat"):
        page = await director.get(f"{root(clinic)}?{query}")
        assert "很好" not in page.text, query
    for query in (
        "period=quarter",
        "branch=nonsense",
        "source=nonsense",
        "segment=nonsense",
        "step=quarter",
        "campaign=",
    ):
        page = await director.get(f"{root(clinic)}?{query}")
        assert page.status_code == 200
        assert "很好" in page.text, query


async def test_an_interviewer_is_led_to_the_queue(clinic: TestTenant, client: Client) -> None:
    desk = await client("front_desk")
    answer_ = await desk.get(root(clinic))
    assert answer_.headers["location"] == f"{root(clinic)}/interviews"
    assert (await desk.get(f"{root(clinic)}/campaigns")).status_code == 403


async def test_an_export_keeps_formulas_as_text_and_is_written_down(clinic: TestTenant, client: Client) -> None:
    await asked(clinic, {"nps": 9, "csat": 5, "ces": 6, "comment": "=1+1"})
    director = await client()
    file = await director.send_form(f"{root(clinic)}/export", {"period": "year"})
    assert file.status_code == 200
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert rows[0][3:7] == ["NPS", "CSAT", "CES", "Comment"]
    assert rows[1][3:8] == [9.0, 5.0, 6.0, "=1+1", "客户0"]
    assert await acts(clinic, "survey.export") == 1
    assert (await (await client("front_desk")).send_form(f"{root(clinic)}/export")).status_code == 403


async def test_a_campaign_is_planned_opened_sent_and_closed(clinic: TestTenant, client: Client) -> None:
    await people(clinic, 2)
    director = await client()
    page = await director.get(f"{root(clinic)}/campaigns/new")
    assert 'value="2026-12-31"' in page.text, "the quarter's last day is offered"
    plan = {
        "title": "四季度",
        "form_id": FORM,
        "channel": "wechat",
        "first_day": "2026-11-23",
        "last_day": "2026-12-31",
        "audience": "all",
    }
    refused = await director.send_form(f"{root(clinic)}/campaigns", plan | {"title": "", "last_day": "2026-11-01"})
    assert refused.status_code == 422
    assert "This is needed" in refused.text
    assert "This lies before the first day" in refused.text
    done = await director.send_form(f"{root(clinic)}/campaigns", plan)
    here = done.headers["location"]
    assert "Open it now" in (await director.get(here)).text
    await director.send_form(f"{here}/open")
    page = await director.get(here)
    assert "Links are being made" in page.text
    assert 'class="qr' in page.text
    assert "0 of" in (await director.get(f"{here}/progress")).text
    closed = await director.send_form(f"{here}/close")
    assert closed.status_code == 303
    again = await director.send_form(f"{here}/close")
    assert again.status_code == 409
    assert "This campaign has moved on" in again.text


async def test_a_proposal_waits_for_a_yes(clinic: TestTenant, client: Client) -> None:
    director = await client()
    async with clinic.unit() as uow:
        await uow.session.execute(
            text(
                "INSERT INTO survey_campaign (tenant_id, campaign_id, title, form_id, channel, audience, first_day,"
                " last_day, state, audience_size, handled, asked, left_out, created_by_name, created_at) VALUES"
                " (:t, :id, '下季度', :form, 'wechat', 'all', '2027-01-01', '2027-03-31', 'proposed', 0, 0, 0, '{}', '', now())"
            ),
            {"t": clinic.id, "id": UUID(int=9), "form": FORM},
        )
    assert "Next quarter: 下季度" in (await director.get(f"{root(clinic)}/campaigns")).text
    await director.send_form(f"{root(clinic)}/campaigns/{UUID(int=9)}/accept")
    async with clinic.unit() as uow:
        assert (await list_campaigns(uow))[0].state == "planned"
    await director.send_form(f"{root(clinic)}/campaigns/{UUID(int=9)}/drop")
    assert "下季度" not in (await director.get(f"{root(clinic)}/campaigns")).text


async def test_a_list_of_links_leaves_the_house_only_on_the_record(clinic: TestTenant, client: Client) -> None:
    campaign_id = await asked(clinic, {"nps": 9, "csat": 5, "ces": 6})
    here = f"{root(clinic)}/campaigns/{campaign_id}"
    director = await client()
    file = await director.send_form(f"{here}/links", {"who": "all"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert rows[1][:2] == ["客户0", "+8613900000000"]
    assert "/q/" in rows[1][2]
    silent = await director.send_form(f"{here}/links", {"who": "silent"})
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(silent.content)).get_sheet_by_index(0).to_python()) == 1
    assert await acts(clinic, "survey.export_links") == 2
    assert (await director.send_form(f"{here}/sent")).status_code == 303


async def test_a_call_from_the_queue_to_the_kept_answers(clinic: TestTenant, client: Client) -> None:
    await queue(clinic)
    desk = await client("front_desk")
    assert "Calls to make today" in (await desk.get(f"/t/{clinic.slug}")).text
    page = await desk.get(f"{root(clinic)}/interviews")
    assert "139****0000" in page.text
    here = (await desk.send_form(f"{root(clinic)}/interviews/next")).headers["location"]
    page = await desk.get(here)
    assert "Consent first" in page.text
    assert page.text.index("Consent first") < page.text.index('name="nps"')
    assert "13900000000" not in page.text
    shown = await desk.send_form(f"{here}/reveal")
    assert "139 0000 0000" in shown.text or "13900000000" in shown.text
    assert await acts(clinic, "customer.reveal_phone") == 1
    refused = await desk.send_form(f"{here}/answers", {"nps": "9"})
    assert refused.status_code == 422
    kept = await desk.send_form(f"{here}/answers", {"nps": "9", "csat": "4", "ces": "6", "comment": "不错"})
    assert kept.status_code == 303, kept.text
    assert "不错" in (await desk.get(here)).text
    lost = await desk.send_form(f"{here}/call", {"outcome": "no_answer"})
    assert lost.status_code == 409
    assert "This call is over" in lost.text
    nobody = await desk.send_form(f"{root(clinic)}/interviews/next")
    assert nobody.headers["location"].endswith("/interviews")


async def test_what_came_of_a_call_is_kept_with_its_time_on_the_tenants_clock(
    clinic: TestTenant, client: Client
) -> None:
    one = await queue(clinic)
    desk = await client("front_desk")
    here = f"{root(clinic)}/interviews/{one}"
    await desk.send_form(f"{here}/claim")
    other = await client("team_leader")
    assert "is calling this person" in (await other.get(here)).text
    assert (await other.send_form(f"{here}/claim")).status_code == 409
    wrong = await desk.send_form(f"{here}/call", {"outcome": "call_later", "call_at": "2026-11-01T09:00", "note": "n"})
    assert wrong.status_code == 422
    assert "This moment has passed" in wrong.text
    await desk.send_form(f"{here}/call", {"outcome": "call_later", "call_at": "2026-11-24T18:30", "note": "下班后"})
    async with clinic.unit() as uow:
        row = await get_interview(uow, one)
        assert row.next_at is not None
        assert row.next_at.isoformat() == "2026-11-24T10:30:00+00:00"
        assert [call.outcome for call in await list_attempts(uow, one)] == ["call_later"]
    await desk.send_form(f"{here}/call", {"outcome": "refused", "never_again": "true"})
    page = await desk.get(f"{root(clinic)}/interviews?which=over")
    assert "Refused" in page.text


async def test_a_person_can_be_given_back(clinic: TestTenant, client: Client) -> None:
    one = await queue(clinic)
    desk = await client("front_desk")
    await desk.send_form(f"{root(clinic)}/interviews/{one}/claim")
    await desk.send_form(f"{root(clinic)}/interviews/{one}/give-back")
    async with clinic.unit() as uow:
        assert (await get_interview(uow, one)).lease_until is None


async def test_an_unhappy_customer_is_put_into_the_queue_from_the_results(clinic: TestTenant, client: Client) -> None:
    await asked(clinic, {"nps": 1, "csat": 1, "ces": 1, "comment": "再也不来"})
    director = await client()
    page = await director.get(root(clinic))
    action = page.text.split("/call-back")[0].rsplit('action="', 1)[1] + "/call-back"
    assert (await director.send_form(action)).status_code == 303
    assert "Call back: To call" in (await director.get(root(clinic))).text
    here = (await director.send_form(f"{root(clinic)}/interviews/next")).headers["location"]
    page = await director.get(here)
    assert "再也不来" in page.text
    assert 'value="reached"' in page.text
    done = await director.send_form(f"{here}/call", {"outcome": "reached", "note": "已道歉"})
    assert done.status_code == 303


async def test_script_and_settings_are_kept_and_refused_with_words(clinic: TestTenant, client: Client) -> None:
    director = await client()
    assert "Consent first" in (await director.get(f"{root(clinic)}/script")).text
    words = {"locale": "en", "consent": "May I?", "opening": "Hello", "questions": "", "closing": ""}
    assert (await director.send_form(f"{root(clinic)}/script", words | {"consent": ""})).status_code == 422
    assert (await director.send_form(f"{root(clinic)}/script", words)).status_code == 303
    values = {"unhappy": "reopen", "sample_percent": "20", "fatigue_days": "0", "max_attempts": "2", "remind_days": "7"}
    bad = await director.send_form(f"{root(clinic)}/settings", values | {"sample_percent": "many", "max_attempts": "2"})
    assert bad.status_code == 422
    bad = await director.send_form(f"{root(clinic)}/settings", values | {"sample_percent": "101"})
    assert "Between 0 and 100" in bad.text
    assert (await director.send_form(f"{root(clinic)}/settings", values)).status_code == 303
    async with clinic.unit() as uow:
        assert (await get_script(uow, locale="en")).consent == "May I?"
        kept = await get_settings(uow)
        assert (kept.sample_percent, kept.unhappy, kept.after_resolution) == (20, "reopen", False)


async def test_the_survey_after_a_complaint_is_offered_and_its_answer_shown_on_the_case(
    clinic: TestTenant, client: Client
) -> None:
    async with clinic.unit() as uow:
        filing = Filing(text="结账时未解释费用明细", channel="in_person", contact_phone="13900000000")
        filed = await file_complaint(uow, filing=filing)
        await log_call(
            uow,
            complaint_id=filed.complaint_id,
            direction="out",
            number="",
            minutes=3,
            outcome="",
            words="已致歉",
            reached=True,
        )
        for milestone, facts in (
            ("corrective_measure", {"measure": "培训"}),
            ("result_feedback", {"channel": "sms", "result": "已培训"}),
        ):
            await complete_step(uow, complaint_id=filed.complaint_id, milestone_id=milestone, facts=facts)
        await offer_after_resolution(uow, complaint_id=filed.complaint_id)
    customer, director = await client(None), await client()
    status = await customer.get(f"/s/{filed.status_code}")
    assert "How was it for you?" in status.text
    code = status.text.split('href="/q/')[1].split('"')[0]
    await answer(clinic, code, "after", nps=3, csat=2, ces=2, comment="没有人道歉")
    assert "How was it for you?" not in (await customer.get(f"/s/{filed.status_code}")).text
    page = await director.get(f"/t/{clinic.slug}/complaints/{filed.complaint_id}")
    assert "2 / 5" in page.text
    assert "没有人道歉" in page.text
    leader = await client("team_leader")
    assert "Unhappy answer in the survey" in (await leader.get(f"/t/{clinic.slug}/inbox")).text
