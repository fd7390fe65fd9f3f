"""The pages of complaint reports and policy trials: figures with what they rest on, a workbook, months as PDF, for those who may."""

import io
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from core.complaint_reports.months import keep_last_month, keep_month, list_months
from core.complaint_reports.risks import count_risks
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import complete_step
from core.complaints.rules.filing import Filing
from core.policy_trials.actions import start_trial
from core.policy_trials.rules.candidates import Candidate, Changed
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
PAGES = ("", "/promises", "/pace", "/outcomes", "/mix", "/hours")


async def _solved(tenant: TestTenant, clock: MovableClock, minutes: int = 10) -> UUID:
    async with tenant.unit() as uow:
        filing = Filing(text="结账时未解释费用明细", contact_phone="13878106872", branch_id=tenant.signed_up.branch_id)
        complaint_id = (await file_complaint(uow, filing=filing)).complaint_id
    clock.advance(minutes=minutes)
    async with tenant.unit() as uow:
        for step in ("ack_contact", "propose_solution"):
            await complete_step(uow, complaint_id=complaint_id, milestone_id=step, facts={})
    return complaint_id


async def test_every_complaint_report_has_an_empty_state_with_one_way_on(client: Client, tenant_b: TestTenant) -> None:
    browser = await client("director", tenant_b)
    for page in (*PAGES, "/months"):
        found = await browser.get(f"/t/{tenant_b.slug}/complaint-reports{page}")
        assert found.status_code == 200, page
        assert "empty" in found.text, page


async def test_every_complaint_report_shows_its_numbers_with_what_they_are_of(
    client: Client, tenant_b: TestTenant, clock: MovableClock
) -> None:
    await _solved(tenant_b, clock, 10)
    await _solved(tenant_b, clock, 45)
    browser = await client("director", tenant_b)
    root = f"/t/{tenant_b.slug}/complaint-reports"
    assert f'href="{root}"' in (await browser.get(f"/t/{tenant_b.slug}/")).text
    pages = {page: (await browser.get(f"{root}{page}")).text for page in PAGES}
    for page in ("", "/promises", "/pace", "/mix"):
        assert "<chart-view" in pages[page], page
    assert "75\u00a0% of 4" in pages["/promises"]
    assert "平均处理周期 5 天" in pages["/pace"]
    assert "2025年钙片行业企业客户服务质量提升" in pages[""]
    assert "data-heat" in pages["/hours"]
    assert "empty" in (await browser.get(f"{root}?level=L3")).text
    assert "75\u00a0% of 4" in (await browser.get(f"{root}/promises?branch={tenant_b.signed_up.branch_id}")).text


async def test_all_complaint_reports_go_into_one_workbook(
    client: Client, tenant_b: TestTenant, clock: MovableClock
) -> None:
    await _solved(tenant_b, clock)
    browser = await client("director", tenant_b)
    root = f"/t/{tenant_b.slug}/complaint-reports"
    sent = await browser.send_form(f"{root}/export", {"period": "half"})
    assert sent.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(sent.content))
    assert len(book.sheet_names) >= 12
    rows = book.get_sheet_by_index(2).to_python()
    assert rows[0][1] == "Kept"
    assert rows[1][1] == 1.0


async def test_a_month_goes_on_paper_once_and_is_read_back(
    client: Client, tenant_b: TestTenant, clock: MovableClock
) -> None:
    await _solved(tenant_b, clock)
    async with tenant_b.unit() as uow:
        assert await keep_last_month(uow) is None  # October: nobody had complained yet
        assert await keep_month(uow, month=date(2026, 11, 1)) is None  # not over
    clock.advance(timedelta(days=9))
    for expected in (date(2026, 11, 1), None):
        async with tenant_b.unit() as uow:
            assert await keep_last_month(uow) == expected
            (kept,) = await list_months(uow)
    assert kept.cases == 1
    browser = await client("director", tenant_b)
    root = f"/t/{tenant_b.slug}/complaint-reports"
    assert f"{root}/months/2026-11" in (await browser.get(f"{root}/months")).text
    sent = await browser.get(f"{root}/months/2026-11")
    assert sent.headers["content-type"] == "application/pdf"
    assert sent.content.startswith(b"%PDF")
    for wrong in ("2026-10", "x", "2026-13"):
        assert (await browser.get(f"{root}/months/{wrong}")).status_code == 404


async def test_the_past_is_replayed_and_shows_before_and_after(
    client: Client, tenant_b: TestTenant, clock: MovableClock
) -> None:
    case = await _solved(tenant_b, clock, 25)
    browser = await client("director", tenant_b)
    root = f"/t/{tenant_b.slug}/policy-trials"
    assert f'href="{root}"' in (await browser.get(f"/t/{tenant_b.slug}/complaint-reports")).text
    begun = await browser.send_form(root)
    assert begun.status_code == 303
    same = await browser.get(begun.headers["location"])
    assert "No case turns out otherwise" in same.text
    candidate = Candidate(changes={"L1 ack_contact": Changed(seconds=600)})
    async with tenant_b.unit() as uow:
        trial_id = await start_trial(uow, candidate=candidate, label="十分钟联系")
        running = await start_trial(uow, candidate=candidate, label="十分钟联系", at_once=0)
    page = await browser.get(f"{root}/{trial_id}")
    assert f"/complaints/{case}" in page.text
    assert "100\u00a0% of 1" in page.text
    assert "0\u00a0% of 1" in page.text
    assert f"/complaints/{case}" not in (await browser.get(f"{root}/{trial_id}?which=kept")).text
    assert f"/complaints/{case}" in (await browser.get(f"{root}/{trial_id}?which=broken&after=nonsense")).text
    assert "trial-progress" in (await browser.get(f"{root}/{running}")).text
    assert "trial-progress" in (await browser.get(f"{root}/{running}/progress")).text
    assert "stop-trial" in (await browser.get(f"{root}/{running}")).text
    assert (await browser.send_form(f"{root}/{running}/stop")).status_code == 303
    assert "stop-trial" not in (await browser.get(f"{root}/{running}")).text
    assert "十分钟联系" in (await browser.get(root)).text


@pytest.mark.parametrize("role", ["front_desk", "doctor"])
async def test_reports_and_trials_are_not_for_everybody(client: Client, tenant_a: TestTenant, role: str) -> None:
    browser = await client(role)
    for page in ("complaint-reports", "complaint-reports/months", "policy-trials"):
        assert (await browser.get(f"/t/{tenant_a.slug}/{page}")).status_code == 403


async def test_the_board_and_the_steps_tell_a_risk_with_how_many_are_alike(
    client: Client, tenant_b: TestTenant, clock: MovableClock
) -> None:
    for minutes in (10,) * 15 + (45,) * 5:
        await _solved(tenant_b, clock, minutes)
    async with tenant_b.unit() as uow:
        await count_risks(uow)
        filing = Filing(text="结账时未解释费用明细", contact_phone="13878106872")
        open_one = (await file_complaint(uow, filing=filing)).complaint_id
    browser = await client("director", tenant_b)
    root = f"/t/{tenant_b.slug}/complaints"
    for page in (f"{root}?view=board", f"{root}/{open_one}"):
        assert "Breaks in 25\u00a0% of 20 alike" in (await browser.get(page)).text, page
