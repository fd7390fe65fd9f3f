"""What the case knows is not typed again: the report begins with evidence and finding, silence with the calls that were logged."""

from collections.abc import Awaitable, Callable

import pytest

from core.casework.actions import log_call
from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from tests.evidence import held, secured
from tests.lessons import work_through
from tests.reports import open_clinic
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_a_report_begins_with_the_evidence_and_what_the_hearing_found(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    await held(clinic, complaint_id)
    leader = await client("team_leader")
    report = f"/t/{clinic.slug}/complaints/{complaint_id}/report"
    assert (await leader.send_form(f"{report}/begin")).status_code == 303
    page = (await leader.get(report)).text
    for known in ("Medical record: 手术病历", "微信记录", "sealed", "监护缺失是主要原因。", "麻醉监护 70%"):
        assert known in page
    assert "王教授" not in page


async def test_silence_begins_with_the_missed_calls_and_asks_for_as_many_as_are_needed(
    client: Client, clinic: TestTenant, clock: MovableClock
) -> None:
    filing = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872")
    async with clinic.unit("front_desk") as uow:
        complaint_id = (await file_complaint(uow, filing=filing)).complaint_id
    async with clinic.unit() as uow:
        await work_through(uow, complaint_id)
    for _ in range(2):
        clock.advance(hours=3)
        async with clinic.unit("front_desk") as uow:
            await log_call(
                uow,
                complaint_id=complaint_id,
                direction="out",
                number="13878106872",
                minutes=0,
                outcome="无人接听",
                words="",
                reached=False,
            )
    desk = await client("front_desk")
    closing = f"/t/{clinic.slug}/complaints/{complaint_id}/closing"
    fields = form_fields((await desk.get(closing)).text, "silence-form")
    assert fields["at"] == ["2026-11-23T13:00", "2026-11-23T16:00", ""]
    assert "无人接听" in fields["how"][0]
    clock.advance(hours=2)
    tries = {"at": [*fields["at"][:2], "2026-11-23T17:30"], "how": [*fields["how"][:2], "短信"]}
    sent = await desk.send_form(f"{closing}/silence", fields | tries | {"why": "no_answer", "reason": "三次联系未果"})
    assert sent.status_code == 303, sent.text
    assert "Waits for a leader" in (await desk.get(closing)).text
