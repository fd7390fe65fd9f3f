"""Reports on pages: written side by side with the PDF, approved by the director alone, opened and answered by the customer."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.case_reports.delivering import send_online
from core.complaints.queries.cases import get_complaint
from tests.reports import WORDS, approved, file_serious, open_clinic, recorded, submitted
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _code(tenant: TestTenant, complaint_id: UUID) -> str:
    async with tenant.workplace.reading(tenant.id) as reader:
        return (await get_complaint(reader, complaint_id=complaint_id)).status_code


def _path(tenant: TestTenant, complaint_id: UUID, more: str = "/report") -> str:
    return f"/t/{tenant.slug}/complaints/{complaint_id}{more}"


def _form(**changed: str) -> dict[str, object]:
    words: dict[str, object] = {
        "facts": WORDS.facts,
        "shortcomings": WORDS.shortcomings,
        "plan": WORDS.plan,
        "deed": "save",
    }
    return words | changed


async def test_a_leader_writes_the_report_and_the_director_alone_approves_it(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await file_serious(clinic)
    here = _path(clinic, complaint_id)
    leader = await client("team_leader")
    assert "Begin the report" in (await leader.get(_path(clinic, complaint_id, ""))).text
    assert (await leader.send_form(f"{here}/begin")).status_code == 303
    page = await leader.get(here)
    assert "joint" in page.text.lower(), "what was done stands in it already"
    hinted = await leader.send_form(here, _form(revision="1", facts="护士可能忘记了"))
    assert hinted.status_code == 303
    assert "<mark>可能</mark>" in (await leader.get(here)).text
    refused = await leader.send_form(here, {"revision": "2", "facts": "x", "deed": "submit"})
    assert refused.status_code == 422
    assert (await leader.send_form(here, _form(revision="2", deed="submit"))).status_code == 303
    waiting = await leader.get(here)
    assert 'id="decide"' not in waiting.text
    assert (await leader.send_form(f"{here}/decide", {"version": "1", "verdict": "approve"})).status_code == 403
    doctor = await client("doctor")
    assert (await doctor.send_form(f"{here}/decide", {"version": "1", "verdict": "approve"})).status_code == 403
    director = await client("director")
    assert "R-0001" in (await director.get(f"/t/{clinic.slug}")).text
    assert "R-0001" in (await director.get(f"/t/{clinic.slug}/case-reports")).text
    assert (await director.send_form(f"{here}/decide", {"version": "1", "verdict": "return"})).status_code == 422
    assert (await director.send_form(f"{here}/decide", {"version": "1", "verdict": "approve"})).status_code == 303
    assert (await director.send_form(f"{here}/decide", {"version": "1", "verdict": "approve"})).status_code == 409
    preview = await director.get(f"{here}/preview.png?version=1")
    assert preview.content.startswith(b"\x89PNG")
    assert (await director.get(f"{here}/report.pdf?version=1")).content.startswith(b"%PDF")
    assert (await director.get(f"{here}/report.pdf?version=7")).status_code == 404


async def test_who_saves_on_top_of_another_keeps_their_words_and_sees_the_difference(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await file_serious(clinic)
    here = _path(clinic, complaint_id)
    leader = await client("team_leader")
    await leader.send_form(f"{here}/begin")
    await leader.send_form(here, _form(revision="1", plan="每 10 分钟巡视"))
    later = await leader.send_form(here, _form(revision="1", plan="每 5 分钟巡视"))
    assert later.status_code == 409
    assert "<del>10</del><ins>5</ins>" in later.text
    assert "每 5 分钟巡视</textarea>" in later.text
    assert 'name="revision" value="2"' in later.text
    assert (await leader.send_form(here, _form(revision="2", plan="每 5 分钟巡视"))).status_code == 303


async def test_the_customer_opens_what_was_approved_and_says_that_they_do_not_agree(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await approved(clinic)
    code = await _code(clinic, complaint_id)
    visitor = await client(None)
    assert (await visitor.get(f"/s/{code}/report")).status_code == 404, "approved is not sent"
    supervisor = await client("service_supervisor")
    await supervisor.send_form(_path(clinic, complaint_id, "/report/online"))
    assert f"/s/{code}/report" in (await visitor.get(f"/s/{code}")).text
    closed = await visitor.get(f"/s/{code}/report")
    assert WORDS.shortcomings not in closed.text
    assert (await visitor.get(f"/s/{code}/report.pdf")).status_code == 404
    assert (await visitor.post(f"/s/{code}/report/answer", data={"answer": "declined"})).status_code == 409
    assert (await visitor.post(f"/s/{code}/report/open")).status_code == 303
    opened = await visitor.get(f"/s/{code}/report")
    assert WORDS.shortcomings in opened.text
    assert "Part of the fees is waived" in opened.text
    assert (await visitor.get(f"/s/{code}/report.pdf")).content.startswith(b"%PDF")
    assert (await visitor.post(f"/s/{code}/report/answer", data={"answer": "signed"})).status_code == 422
    said = {"answer": "not_agreed", "words": "巡视时间写错了"}
    assert (await visitor.post(f"/s/{code}/report/answer", data=said)).status_code == 303
    assert "巡视时间写错了" in (await visitor.get(f"/s/{code}/report")).text
    assert "巡视时间写错了" in (await supervisor.get(_path(clinic, complaint_id))).text


async def test_another_customers_code_opens_no_report(client: Client, clinic: TestTenant) -> None:
    mine, other = await approved(clinic), await submitted(clinic)
    async with clinic.unit("service_supervisor") as uow:
        await send_online(uow, complaint_id=mine)
    visitor = await client(None)
    for path in (f"/s/{await _code(clinic, other)}/report", "/s/zzzzzznobodyhasthis/report"):
        assert (await visitor.get(path)).status_code == 404
        assert (await visitor.post(f"{path}/open")).status_code == 404


async def test_a_person_reads_and_answers_their_record_and_colleagues_do_not_find_it(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await approved(clinic)
    supervisor = await client("service_supervisor")
    await supervisor.send_form(_path(clinic, complaint_id, "/report/hand-over"), {"answer": "declined"})
    leader = await client("team_leader")
    path = _path(clinic, complaint_id, "/staff-records")
    assert (await leader.send_form(path, {"staff_id": "", "measure": "none"})).status_code == 422
    record_id = await recorded(clinic, complaint_id)
    assert "1 person" in (await leader.get(path)).text
    one = f"/t/{clinic.slug}/staff-records/{record_id}"
    assert (await leader.get(one)).status_code == 404
    doctor = await client("doctor")
    assert str(record_id) in (await doctor.get(f"/t/{clinic.slug}")).text
    assert "巡视间隔超过要求" in (await doctor.get(one)).text
    assert (await doctor.send_form(f"{one}/seen")).status_code == 303
    assert (await doctor.send_form(f"{one}/reply", {"text": ""})).status_code == 422
    assert (await doctor.send_form(f"{one}/reply", {"text": "当晚一人值两层"})).status_code == 303
    assert (await doctor.send_form(f"{one}/object", {"text": "不是我当班"})).status_code == 303
    assert "当晚一人值两层" in (await doctor.get(f"/t/{clinic.slug}/staff-records.csv")).text
    await doctor.send_form(f"/t/{clinic.slug}/account/language", {"locale": "zh_CN", "next": f"/t/{clinic.slug}"})
    copy = await doctor.get(f"/t/{clinic.slug}/staff-records.csv")
    assert (copy.status_code, "%E5%91%98%E5%B7%A5" in copy.headers["content-disposition"]) == (200, True), (
        "员工档案.csv"
    )
    director = await client("director")
    assert str(record_id) in (await director.get(f"/t/{clinic.slug}/staff-records")).text
    assert (
        await director.send_form(f"{one}/decide", {"verdict": "withdraw", "reason": "排班表证实"})
    ).status_code == 303
    assert "排班表证实" in (await doctor.get(one)).text
