"""Complaint rules at the desk: change a step, see the effect, publish, go back; calendars, a year, a try-out, an explanation."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import text

from tests.policies import BUSINESS_DAY, STEP, due_of, file_at, follow, publish_calendar, publish_change, shanghai
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
ROOT = "/t/ankang/complaint-rules"
CONTACT = f"{ROOT}/levels/L1/ack_contact"


async def _change(desk: Browser, **changes: str) -> int:
    fields = form_fields((await desk.get(CONTACT)).text, "step-form")
    return (await desk.send_form(CONTACT, data=fields | changes)).status_code


async def _publish(desk: Browser, page: str, mode: str = "new_only") -> str:
    fields = form_fields((await desk.get(page)).text, "publish-form")
    answer = await desk.send_form(page, data=fields | {"mode": mode})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_a_step_is_changed_in_a_draft_published_and_taken_back(client: Client) -> None:
    desk = await client("director")
    before = await desk.get(ROOT)
    assert "30 分钟" in before.text or "30 minutes" in before.text
    assert await _change(desk, amount="20", unit="minutes") == 303
    drafted = await desk.get(ROOT)
    assert "complaint-rules/publish" in drafted.text
    version = await desk.get(await _publish(desk, f"{ROOT}/publish"))
    assert version.status_code == 200
    assert (await desk.get(f"{ROOT}/versions")).status_code == 200
    back = await desk.get(f"{ROOT}/versions/0/roll-back")
    assert back.status_code == 200
    assert (await _publish(desk, f"{ROOT}/versions/0/roll-back")).endswith("/versions/2")
    assert (await desk.get(f"{ROOT}/versions/9")).status_code == 404


async def test_what_was_typed_stays_when_it_is_refused(client: Client) -> None:
    desk = await client("director")
    fields = form_fields((await desk.get(CONTACT)).text, "step-form")
    for wrong in (
        {"amount": ""},
        {"amount": "many"},
        {"amount": "0"},
        {"unit": "years"},
        {"unit": "days"},
        {"warnings": "90, 50"},
        {"role1": "", "at1": "50"},
        {"role1": "director", "at1": "500"},
        {"role1": "director", "at1": "50", "ack1": "10"},
    ):
        answer = await desk.send_form(CONTACT, data=fields | wrong)
        assert answer.status_code == 422, wrong
    assert (await desk.get(f"{ROOT}/publish")).status_code == 200
    assert (await desk.get(f"{ROOT}/levels/L9/ack_contact")).status_code == 404
    assert (await desk.get(f"{ROOT}/levels/L1/nothing")).status_code == 404


async def test_a_second_editor_and_a_second_publisher_are_told(client: Client) -> None:
    one, two = await client("director"), await client("tenant_admin")
    stale = form_fields((await two.get(CONTACT)).text, "step-form")
    assert await _change(one, amount="20", unit="minutes") == 303
    answer = await two.send_form(CONTACT, data=stale | {"amount": "25", "unit": "minutes"})
    assert answer.status_code == 409
    assert 'value="25"' in answer.text
    both = form_fields((await two.get(f"{ROOT}/publish")).text, "publish-form")
    await _publish(one, f"{ROOT}/publish")
    late = await two.send_form(f"{ROOT}/publish", data=both | {"mode": "new_only"})
    assert late.status_code == 409


async def test_a_step_goes_back_to_what_the_plugin_says_and_a_draft_is_thrown_away(client: Client) -> None:
    desk = await client("director")
    assert await _change(desk, amount="20", unit="minutes") == 303
    assert (await desk.send_form(f"{CONTACT}/reset", data={"revision": "1"})).status_code == 303
    assert (await desk.send_form(f"{ROOT}/discard", data={"revision": "2"})).status_code == 303
    assert (await desk.send_form(f"{ROOT}/discard", data={"revision": "2"})).status_code == 409


async def test_if_this_came_in_now_shows_the_due_times_of_rules_and_draft(client: Client) -> None:
    desk = await client("director")
    assert await _change(desk, amount="20", unit="minutes") == 303
    for query in ({"level": "L1"}, {"text": "结账时未解释费用明细"}, {}, {"level": "L9"}):
        page = await desk.get(f"{ROOT}/try", params=query)
        assert page.status_code == 200
        assert ("due-times" in page.text) == bool(query.get("text") or query.get("level") == "L1")


async def test_a_calendar_is_made_published_changed_and_shown_as_a_year(client: Client) -> None:
    desk = await client("director")
    fields = form_fields((await desk.get(f"{ROOT}/calendars/new")).text, "calendar-form")
    made = {"name": "门店", "id": "office", "holidays": "2026-10-08..2026-10-09", "overrides": "2026-10-10 09:00-12:00"}
    answer = await desk.send_form(f"{ROOT}/calendars", data=fields | made)
    assert answer.status_code == 303, answer.text
    shown = await desk.get(await _publish(desk, f"{ROOT}/calendars/office/publish"))
    assert shown.status_code == 200
    year = await desk.get(f"{ROOT}/calendars/office", params={"year": 2026})
    assert 'data-kind="holiday"' in year.text
    assert 'data-kind="special"' in year.text
    again = form_fields((await desk.get(f"{ROOT}/calendars/office/edit")).text, "calendar-form")
    assert (
        await desk.send_form(f"{ROOT}/calendars/office/edit", data=again | {"monday": "08:00-12:00"})
    ).status_code == 303
    await _publish(desk, f"{ROOT}/calendars/office/publish")
    assert (await desk.get(f"{ROOT}/calendars/office/versions/2")).status_code == 200
    assert (await _publish(desk, f"{ROOT}/calendars/office/versions/1/roll-back")).endswith("/versions/3")
    assert (await desk.get(f"{ROOT}/calendars")).status_code == 200
    assert (await desk.get(f"{ROOT}/calendars/nobody")).status_code == 404


async def test_a_calendar_that_cannot_be_counted_with_is_refused_with_its_reason(client: Client) -> None:
    desk = await client("director")
    fields = form_fields((await desk.get(f"{ROOT}/calendars/new")).text, "calendar-form") | {
        "name": "门店",
        "id": "shop",
    }
    days = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "")
    for wrong in (
        days,
        {"holidays": "2026-10-10", "overrides": "2026-10-10 09:00-12:00"},
        {"monday": "18:00-09:00"},
        {"monday": "morning"},
        {"holidays": "soon..later"},
        {"overrides": "2026-10-10\n2026-10-10"},
        {"tz": "Moon/Crater"},
        {"id": "wall"},
        {"name": " "},
    ):
        answer = await desk.send_form(f"{ROOT}/calendars", data=fields | wrong)
        assert answer.status_code == 422, wrong
        assert "field-error" in answer.text or "data-invalid" in answer.text


async def test_the_due_time_of_a_case_is_explained_day_by_day(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    now = clock.instant
    clock.instant = shanghai("01-05 10:00")
    await follow(tenant_a, await publish_calendar(tenant_a, mainland=True))
    await follow(tenant_a, await publish_change(tenant_a, BUSINESS_DAY))
    case = await file_at(tenant_a, clock, shanghai("02-14 16:00"))
    assert await due_of(tenant_a, case) == shanghai("02-24 15:00")
    clock.instant = now
    desk = await client("front_desk")
    page = await desk.get(f"/t/ankang/complaints/{case}/clocks/{STEP}")
    assert page.status_code == 200
    assert page.text.count("skip") >= 9
    assert f"/complaints/{case}/clocks/{STEP}" in (await desk.get(f"/t/ankang/complaints/{case}")).text
    assert (await desk.get(f"/t/ankang/complaints/{case}/clocks/nothing")).status_code == 404
    assert (await desk.get(ROOT)).status_code == 403


async def test_the_bar_of_running_complaints_ends_with_the_page(
    client: Client, tenant_a: TestTenant, clock: MovableClock
) -> None:
    desk = await client("director")
    await publish_calendar(tenant_a)
    await file_at(tenant_a, clock, clock.instant)
    version = await publish_change(tenant_a, BUSINESS_DAY)
    here = f"{ROOT}/versions/{version.number}"
    assert "move-progress" in (await desk.get(here)).text
    partial = {"HX-Request": "true", "HX-Request-Type": "partial"}
    assert (await desk.get(here, headers=partial)).status_code == 200
    assert await follow(tenant_a, version, piece=1) == 2
    assert (await desk.get(here, headers=partial)).status_code == 204
    async with tenant_a.workplace.reading(tenant_a.id) as reader:
        kinds = set(await reader.session.scalars(text("SELECT kind FROM complaint_event")))
    assert "rules_moved" in kinds


async def test_after_the_first_of_december_the_calendars_warn_of_next_years_missing_holidays(
    client: Client, clock: MovableClock
) -> None:
    clock.instant = datetime(2026, 11, 30, 4, tzinfo=UTC)
    assert "2027" not in (await (await client("director")).get(f"{ROOT}/calendars")).text
    clock.instant = datetime(2026, 12, 1, 4, tzinfo=UTC)
    page = await (await client("director")).get(f"{ROOT}/calendars")
    assert "2027" in page.text
