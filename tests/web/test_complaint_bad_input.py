"""Bad input of complaints: nobody known, a hundred kilobytes anywhere, times that were not: said at the field, nothing lost."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint, give_filing_code
from core.complaints.queries.cases import ComplaintDetail, find_by_number, get_complaint
from core.complaints.rules.filing import Filing
from tenants.api_keys import create_key
from tests.lessons import work_through
from tests.reports import open_clinic
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]
HUGE = "等" * 34_000
"""A hundred kilobytes of Chinese."""
SLIGHT = Filing(text="结账时未解释费用明细", contact_name="李晓梅", contact_phone="13878106872")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _file(clinic: TestTenant, filing: Filing = SLIGHT) -> UUID:
    async with clinic.unit("front_desk") as uow:
        return (await file_complaint(uow, filing=filing)).complaint_id


async def _detail(clinic: TestTenant, complaint_id: UUID) -> ComplaintDetail:
    async with clinic.workplace.reading(clinic.id) as reader:
        return await get_complaint(reader, complaint_id=complaint_id)


async def test_a_complaint_of_nobody_known_opens_every_page_and_gets_no_credit(
    client: Client, clinic: TestTenant
) -> None:
    desk = await client("director")
    root = f"/t/{clinic.slug}/complaints"
    fields = form_fields((await desk.get(f"{root}/new")).text, "new-complaint")
    typed: dict[str, object] = {"who": "", "text": "手术中宠物死亡", "channel": "in_person", "anonymous": "true"}
    assert (await desk.send_form(root, data=fields | typed)).status_code == 303
    async with clinic.workplace.reading(clinic.id) as reader:
        complaint_id = await find_by_number(reader, number=1)
        assert complaint_id is not None
        detail = await get_complaint(reader, complaint_id=complaint_id)
    assert (detail.customer_id, detail.severity) == (None, "L3")
    case = f"{root}/{complaint_id}"
    for page in (case, f"{case}/evidence", f"{case}/remedies/new", f"{case}/hearings", f"/s/{detail.status_code}"):
        assert (await desk.get(page)).status_code == 200, page
    assert (await desk.send_form(f"{case}/evidence/hold", {"reason": "法院通知"})).status_code == 303
    credit: dict[str, object] = {"kind": "goodwill", "cost": "100"}
    assert (await desk.send_form(f"{case}/remedies", credit)).status_code == 422


PLACES: dict[str, tuple[str, str, dict[str, object]]] = {
    "note": ("/note", "text", {}),
    "reply": ("/replies", "words", {}),
    "call": ("/calls", "words", {"way": "phone", "direction": "out", "minutes": "3", "reached": "yes"}),
    "task": ("/tasks", "words", {"due_at": "2026-11-25T10:00"}),
    "level": ("/level", "reason", {"severity": "L3"}),
    "step": ("/steps/corrective_measure", "measure", {}),
    "pause": ("/steps/corrective_measure/pause", "note", {"reason": "customer"}),
    "hearing": ("/hearings", "agenda", {"starts_at": "2026-11-25T10:00", "place": "二楼"}),
    "evidence": ("/evidence/text", "label", {"kind": "note", "words": "x"}),
    "split": ("/split", "text", {}),
    "remedy": ("/remedies", "note", {"kind": "gift", "label": "礼包", "cost": "10", "key": "k"}),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_hundred_kilobytes_at_the_desk_are_refused_and_change_nothing(
    client: Client, clinic: TestTenant, place: str
) -> None:
    complaint_id = await _file(clinic)
    before = len((await _detail(clinic, complaint_id)).history)
    path, field, more = PLACES[place]
    desk = await client("director")
    answer = await desk.send_form(f"/t/{clinic.slug}/complaints/{complaint_id}{path}", more | {field: HUGE})
    assert answer.status_code in {409, 413, 422}, answer.text[:300]
    assert len((await _detail(clinic, complaint_id)).history) == before


@pytest.mark.parametrize("place", ["note", "reply", "call"])
async def test_what_was_typed_at_the_desk_comes_back_with_its_reason(
    client: Client, clinic: TestTenant, place: str
) -> None:
    path, field, more = PLACES[place]
    desk = await client("director")
    words = "等" * 5_001
    answer = await desk.send_form(f"/t/{clinic.slug}/complaints/{await _file(clinic)}{path}", more | {field: words})
    assert answer.status_code == 422
    assert words in answer.text


async def test_a_hundred_kilobytes_of_a_customer_are_refused_at_their_field_and_kept(
    client: Client, clinic: TestTenant
) -> None:
    phone = await client(None)
    async with clinic.unit() as uow:
        code = await give_filing_code(uow, branch_id=clinic.signed_up.branch_id)
    fields = form_fields((await phone.get(f"/c/{code}")).text, "complain")
    refused = await phone.send_form(f"/c/{code}", fields | {"text": HUGE, "contact_phone": "13878106872"})
    assert (refused.status_code, HUGE in refused.text) == (422, True)
    complaint_id = await _file(clinic)
    status = f"/s/{(await _detail(clinic, complaint_id)).status_code}"
    added = await phone.send_form(f"{status}/add", {"text": HUGE})
    assert (added.status_code, HUGE in added.text) == (422, True)
    async with clinic.unit() as uow:
        await work_through(uow, complaint_id)
    words = "慢" * 6_000
    answered = await phone.send_form(f"{status}/answer", {"satisfied": "no", "words": words})
    assert (answered.status_code, words in answered.text) == (422, True)
    assert (await _detail(clinic, complaint_id)).state == "resolved"


async def test_a_hundred_kilobytes_of_a_program_are_refused_with_the_field(client: Client, clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        made = await create_key(uow, name="小程序", scopes=["complaints.write"])
    program = await client(None)
    head = {"authorization": f"Bearer {made.token}"}
    sent = {"text": HUGE, "contact_phone": "13878106872"}
    answer = await program.post("/api/v1/complaints", json=sent, headers=head)
    assert answer.status_code == 422, answer.text
    assert '"text"' in answer.text


async def test_a_fact_from_before_needs_who_judges_and_one_to_come_nobody_writes(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await _file(clinic)
    path = f"/t/{clinic.slug}/complaints/{complaint_id}/calls"
    async with clinic.workplace.reading(clinic.id) as reader:
        now = reader.now
    said: dict[str, object] = {"way": "phone", "direction": "out", "minutes": "3", "reached": "yes", "words": "已致电"}
    stamp = "%Y-%m-%dT%H:%M"
    earlier = (now + timedelta(hours=8) - timedelta(minutes=30)).strftime(stamp)
    later = (now + timedelta(hours=9)).strftime(stamp)
    desk, leader = await client("front_desk"), await client("team_leader")
    assert (await desk.send_form(path, said | {"at": earlier})).status_code == 403
    assert (await leader.send_form(path, said | {"at": later})).status_code == 422
    assert "ack_contact" not in (await _detail(clinic, complaint_id)).done
