"""The desk files with three answers, the phone brings photos and a voice, programs and mail servers file too, and cases become one."""

import re
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint, give_filing_code
from core.complaints.queries.cases import ComplaintDetail, find_by_number, find_by_status_code, get_complaint
from core.complaints.rules.filing import Filing
from core.complaints.rules.sources import RegulatorNotice, SocialPost
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.files.queries import list_files
from tenants.api_keys import create_key
from tenants.plugin_settings import enable_plugin
from tests.rules.pictures import jpeg
from tests.web.forms import form_fields
from tests.webapp import Browser
from tests.workplaces import MovableClock, TestTenant

Client = Callable[..., Awaitable[Browser]]
VOICE = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _number(clinic: TestTenant, number: int) -> ComplaintDetail:
    async with clinic.workplace.reading(clinic.id) as reader:
        found = await find_by_number(reader, number=number)
        assert found is not None
        return await get_complaint(reader, complaint_id=found)


async def _filed(clinic: TestTenant, text: str, phone: str = "13988123001") -> UUID:
    async with clinic.unit("front_desk") as uow:
        filing = Filing(text=text, contact_name="吴桐", contact_phone=phone, channel="phone")
        return (await file_complaint(uow, filing=filing)).complaint_id


async def test_three_answers_file_a_complaint_and_name_and_phone_may_stand_in_one_field(
    client: Client, clinic: TestTenant
) -> None:
    desk = await client("front_desk")
    path = f"/t/{clinic.slug}/complaints"
    fields = form_fields((await desk.get(f"{path}/new")).text, "new-complaint")
    typed = {"who": "吴桐 139 8812 3001", "text": "取药等了四十分钟", "desired": "希望道歉"}
    answer = await desk.send_form(path, data=fields | typed)
    assert answer.status_code == 303, answer.text
    detail = await _number(clinic, 1)
    assert (detail.contact_name, detail.contact_phone, detail.desired) == ("吴桐", "+8613988123001", "希望道歉")
    assert (await desk.get(answer.headers["location"])).status_code == 200


async def test_looking_first_suggests_customer_level_and_twins_and_writes_nothing(
    client: Client, clinic: TestTenant
) -> None:
    async with clinic.unit() as uow:
        await add_customer(uow, draft=CustomerDraft(full_name="吴桐", phones=("+8613988123001",)))
    await _filed(clinic, "手术中宠物死亡，没有人出来解释")
    desk = await client("front_desk")
    path = f"/t/{clinic.slug}/complaints"
    fields = form_fields((await desk.get(f"{path}/new")).text, "new-complaint")
    page = await desk.send_form(
        f"{path}/new/look", data=fields | {"who": "13988123001", "text": "手术中宠物死亡没人解释"}
    )
    assert page.status_code == 200
    for words in ('name="customer_id"', "C-0001", 'id="suggested"', "手术中宠物死亡没人解释"):
        assert words in page.text
    async with clinic.workplace.reading(clinic.id) as reader:
        assert await find_by_number(reader, number=2) is None


async def test_a_hundred_kilobytes_are_refused_at_their_field_and_kept(client: Client, clinic: TestTenant) -> None:
    desk = await client("front_desk")
    path = f"/t/{clinic.slug}/complaints"
    fields = form_fields((await desk.get(f"{path}/new")).text, "new-complaint")
    text = "等" * 34_000
    page = await desk.send_form(path, data=fields | {"who": "吴桐", "text": text})
    assert page.status_code == 422
    assert text in page.text
    assert "5,000" in page.text or "5000" in page.text
    assert 'href="#f-who"' in page.text  # a name alone is no way back


async def test_a_notice_and_a_post_need_no_phone_and_wrong_fields_are_named(client: Client, clinic: TestTenant) -> None:
    desk = await client("front_desk")
    path = f"/t/{clinic.slug}/complaints"
    fields = form_fields((await desk.get(f"{path}/new?channel=regulator")).text, "new-complaint")
    notice = {"text": "消费者反映收费问题", "authority": "市监局", "case_number": "17", "channel": "regulator"}
    page = await desk.send_form(path, data=fields | notice | {"received_on": "昨天"})
    assert page.status_code == 422
    assert 'href="#f-received_on"' in page.text
    assert (await desk.send_form(path, data=fields | notice)).status_code == 303
    detail = await _number(clinic, 1)
    assert detail.source == RegulatorNotice(authority="市监局", case_number="17")
    fields = form_fields((await desk.get(f"{path}/new?channel=social_media")).text, "new-complaint")
    post = {
        "text": "发帖说耳朵发炎",
        "platform": "小红书",
        "account": "橘子皮",
        "reach": "3,400",
        "channel": "social_media",
    }
    assert (await desk.send_form(path, data=fields | post)).status_code == 303
    assert (await _number(clinic, 2)).source == SocialPost(platform="小红书", account="橘子皮", reach=3400)


async def test_the_phone_brings_photos_and_a_voice_and_a_refusal_loses_none(
    browser: Callable[[], Browser], clinic: TestTenant
) -> None:
    async with clinic.unit() as uow:
        poster = await give_filing_code(uow, branch_id=clinic.signed_up.branch_id)
    visitor = browser()
    fields = form_fields((await visitor.get(f"/c/{poster}")).text, "complain") | {"text": "笼子边缘割伤了爪子"}
    files = [("photos", ("爪子.jpg", jpeg(), "image/jpeg")), ("voice", ("录音.wav", VOICE, "audio/wav"))]
    refused = await visitor.post(f"/c/{poster}", data=fields, files=files)
    assert refused.status_code == 422
    tokens = re.findall(r'name="held" value="([^"]+)"', refused.text)
    assert len(tokens) == 2
    sent = await visitor.post(f"/c/{poster}", data=fields | {"contact_phone": "13988123001", "held": tokens})
    assert sent.status_code == 303, sent.text
    async with clinic.workplace.reading(clinic.id) as reader:
        case = await find_by_status_code(reader, code=sent.headers["location"].rpartition("/")[2])
        assert case is not None
        kept = await list_files(reader, owner_kind="complaint", owner_id=case.complaint_id)
    assert {file.media_type for file in kept} == {"image/jpeg", "audio/wav"}


async def test_a_program_that_is_no_recording_is_refused_at_its_field(
    browser: Callable[[], Browser], clinic: TestTenant
) -> None:
    async with clinic.unit() as uow:
        poster = await give_filing_code(uow, branch_id=clinic.signed_up.branch_id)
    visitor = browser()
    fields = form_fields((await visitor.get(f"/c/{poster}")).text, "complain")
    sent = fields | {"text": "笼子割伤了爪子", "contact_phone": "13988123001"}
    page = await visitor.post(f"/c/{poster}", data=sent, files=[("voice", ("x.mp3", b"MZ\x90" * 50, "audio/mpeg"))])
    assert page.status_code == 422
    assert 'href="#f-voice"' in page.text


async def test_two_cases_become_one_by_the_pages_and_apart_again(client: Client, clinic: TestTenant) -> None:
    first, second = await _filed(clinic, "取药等了四十分钟"), await _filed(clinic, "拿药排队四十分钟没人管")
    leader = await client("team_leader")
    path = f"/t/{clinic.slug}/complaints"
    page = await leader.get(f"{path}/{second}/merge?with=C-0001")
    assert page.status_code == 200
    assert 'name="loser_id"' in page.text
    assert (await leader.send_form(f"{path}/{second}/merge", data=form_fields(page.text, "merge"))).status_code == 303
    assert (await _number(clinic, 1)).merged_into == second
    assert f"{path}/{second}" in (await leader.get(f"{path}/{first}")).text
    again = await leader.send_form(
        f"{path}/{first}/merge", data=form_fields(page.text, "merge") | {"loser_id": str(second)}
    )
    assert again.status_code == 409
    code = (await _number(clinic, 1)).status_code
    assert f"/s/{(await _number(clinic, 2)).status_code}" in (await leader.get(f"/s/{code}")).text
    fields = form_fields((await leader.get(f"{path}/{first}")).text, "unmerge") | {"reason": "是两件事"}
    assert (await leader.send_form(f"{path}/{first}/unmerge", data=fields)).status_code == 303
    assert (await _number(clinic, 1)).state == "open"
    fields = form_fields((await leader.get(f"{path}/{first}/split")).text, "split") | {"text": "另外收错了费"}
    assert (await leader.send_form(f"{path}/{first}/split", data=fields)).status_code == 303
    assert (await _number(clinic, 3)).split_from == first


async def test_category_cause_and_the_leaders_word_are_kept(client: Client, clinic: TestTenant) -> None:
    case = await _filed(clinic, "取药等了四十分钟")
    leader = await client("team_leader")
    path = f"/t/{clinic.slug}/complaints/{case}"
    fields = form_fields((await leader.get(path)).text, "kind")
    chosen = {"category": "petclinic.service_waiting", "cause": "petclinic.cause_quality_skill"}
    assert (await leader.send_form(f"{path}/kind", data=fields | chosen)).status_code == 303
    assert (await leader.send_form(f"{path}/kind", data=fields | {"cause": "x.y"})).status_code == 422
    assert (await leader.send_form(f"{path}/level/confirm")).status_code == 303
    detail = await _number(clinic, 1)
    assert (detail.category, detail.cause, detail.level_confirmed) == (*chosen.values(), True)


async def _key(clinic: TestTenant, *scopes: str) -> dict[str, str]:
    async with clinic.unit() as uow:
        made = await create_key(uow, name="小程序", scopes=list(scopes))
    return {"authorization": f"Bearer {made.token}"}


async def test_a_program_files_once_lists_and_reads(
    browser: Callable[[], Browser], clinic: TestTenant, clock: MovableClock
) -> None:
    program = browser()
    head = await _key(clinic, "complaints.write", "complaints.read")
    sent = {"text": "叫号系统坏了", "contact_phone": "13988123001", "reference": "order-7"}
    for status in (201, 200):
        answer = await program.post("/api/v1/complaints", json=sent, headers=head | {"idempotency-key": "k1"})
        assert answer.status_code == status, answer.text
    other = await program.post(
        "/api/v1/complaints", json=sent | {"text": "别的"}, headers=head | {"idempotency-key": "k1"}
    )
    assert other.status_code == 409
    below = await program.post(
        "/api/v1/complaints", json=sent | {"estimate_fen": -1}, headers=head | {"idempotency-key": "k2"}
    )
    assert (below.status_code, [error["path"] for error in below.json()["errors"]]) == (422, ["estimate_fen"])
    clock.advance(seconds=2)  # what is younger waits for the next call
    found = (await program.get("/api/v1/complaints?state=open&limit=1", headers=head)).json()
    assert [one["number"] for one in found["complaints"]] == ["C-0001"]
    detail = (await program.get(f"/api/v1/complaints/{found['next']}", headers=head)).json()
    assert detail["source"] == {"kind": "api", "key_name": "小程序", "reference": "order-7"}
    assert detail["clocks"]
    assert (await program.get("/api/v1/complaints?state=lost", headers=head)).status_code == 422
    reader = await _key(clinic, "complaints.read")
    assert (await program.post("/api/v1/complaints", json=sent, headers=reader)).status_code == 403


async def test_a_letter_files_once_and_its_answer_is_added(browser: Callable[[], Browser], clinic: TestTenant) -> None:
    server = browser()
    head = await _key(clinic, "complaints.write") | {"content-type": "message/rfc822"}
    letter = EmailMessage()
    letter["From"], letter["Subject"], letter["Message-ID"] = "陆晓梅 <lu@example.com>", "寄养服务的投诉", "<1@lu>"
    letter.set_content("接回来时身上有三处抓伤，电话 139 8812 3001")
    letter.add_attachment(jpeg(), maintype="image", subtype="jpeg", filename="抓伤.jpg")
    for status, became in ((201, "filed"), (200, "again")):
        answer = await server.post("/api/v1/complaints/mail", content=letter.as_bytes(), headers=head)
        assert (answer.status_code, answer.json()["became"]) == (status, became)
    case = await _number(clinic, 1)
    assert (case.channel, case.contact_phone) == ("email", "+8613988123001")
    more = EmailMessage()
    more["From"], more["Subject"], more["Message-ID"] = "lu@example.com", "Re: 寄养", "<2@lu>"
    more["In-Reply-To"] = "<1@lu>"
    more.set_content("又发现一处伤口")
    answer = await server.post("/api/v1/complaints/mail", content=more.as_bytes(), headers=head)
    assert answer.json()["became"] == "added"
    added = (await _number(clinic, 1)).history[-1]
    assert (added.kind, added.data["text"], added.data["stranger"]) == ("customer_added", "又发现一处伤口", False)
    more["Auto-Submitted"] = "auto-replied"
    ignored = await server.post("/api/v1/complaints/mail", content=more.as_bytes(), headers=head)
    assert ignored.json() == {"became": "ignored", "why": "automatic"}
    empty = await server.post("/api/v1/complaints/mail", content=b"x", headers=head)
    assert empty.status_code == 422


async def test_another_tenants_key_reads_no_case(
    browser: Callable[[], Browser], clinic: TestTenant, tenant_b: TestTenant
) -> None:
    case = await _filed(clinic, "取药等了四十分钟")
    head = await _key(tenant_b, "complaints.read")
    assert (await browser().get(f"/api/v1/complaints/{case}", headers=head)).status_code == 404
    assert (await browser().get("/api/v1/complaints", headers=head)).json()["complaints"] == []
