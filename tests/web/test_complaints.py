"""A customer files from the poster, the desk works the case, and the customer watches the promise."""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable

import pytest
from litestar import Litestar

from core.complaints.actions.filing import file_complaint, give_filing_code
from core.complaints.rules.filing import Filing
from tenants.plugin_settings import enable_plugin
from tests.web.forms import form_fields
from tests.web.streams import open_stream
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.routes.complaints import FIRST_CARDS

Client = Callable[..., Awaitable[Browser]]
DEATH = {"text": "手术中宠物死亡", "contact_name": "周文博", "contact_phone": "138 7810 6871", "desired": "要求道歉"}


@pytest.fixture
async def poster(tenant_a: TestTenant) -> str:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        return await give_filing_code(uow, branch_id=tenant_a.signed_up.branch_id)


async def _file(visitor: Browser, poster: str, **changes: str) -> str:
    fields = form_fields((await visitor.get(f"/c/{poster}")).text, "complain")
    answer = await visitor.post(f"/c/{poster}", data=fields | DEATH | changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_the_phone_page_files_a_complaint_and_shows_the_next_promise(
    browser: Callable[[], Browser], poster: str
) -> None:
    visitor = browser()
    page = await visitor.get(f"/c/{poster}")
    assert page.status_code == 200
    assert 'href="tel:' in page.text
    status = await visitor.get(await _file(visitor, poster))
    assert status.status_code == 200
    assert "<sla-timer" in status.text
    assert "手术中宠物死亡" in status.text
    assert "set-cookie" not in status.headers


async def test_sending_twice_files_once(browser: Callable[[], Browser], poster: str) -> None:
    visitor = browser()
    fields = form_fields((await visitor.get(f"/c/{poster}")).text, "complain") | DEATH
    first = await visitor.post(f"/c/{poster}", data=fields)
    again = await visitor.post(f"/c/{poster}", data=fields)
    assert first.headers["location"] == again.headers["location"]


async def test_a_refused_complaint_keeps_what_was_typed(browser: Callable[[], Browser], poster: str) -> None:
    visitor = browser()
    fields = form_fields((await visitor.get(f"/c/{poster}")).text, "complain")
    answer = await visitor.post(f"/c/{poster}", data=fields | {"text": "狗丢了", "contact_phone": "123"})
    assert answer.status_code == 422
    assert "狗丢了" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_unknown_codes_are_not_found(browser: Callable[[], Browser], poster: str) -> None:
    visitor = browser()
    for path in (f"/c/{poster[:6]}{'z' * 20}", f"/s/{poster}", "/c/zzzzzz", "/s/zzzzzz"):
        assert (await visitor.get(path)).status_code == 404


async def test_the_list_shows_the_most_urgent_first_with_a_timer(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, poster: str
) -> None:
    visitor = browser()
    await _file(visitor, poster, text="结账时未解释费用明细")
    await _file(visitor, poster)
    page = await (await client("front_desk")).get(f"/t/{tenant_a.slug}/complaints")
    assert page.status_code == 200
    assert page.text.index("手术中宠物死亡") < page.text.index("结账时未解释费用明细")
    assert page.text.count("<sla-timer") == 2
    board = await (await client("front_desk")).get(f"/t/{tenant_a.slug}/complaints?view=board")
    assert board.status_code == 200
    assert 'id="column-receive"' in board.text
    only = await (await client("front_desk")).get(f"/t/{tenant_a.slug}/complaints?level=L1")
    assert "手术中宠物死亡" not in only.text
    assert "结账时未解释费用明细" in only.text


async def test_a_board_comes_with_its_first_cards_and_asks_for_the_others_at_once(
    client: Client, tenant_a: TestTenant
) -> None:
    async with tenant_a.unit() as uow:
        for number in range(FIRST_CARDS + 2):
            await file_complaint(
                uow, filing=Filing(text=f"候诊太久 {number}", contact_phone=f"1397810687{number % 10}")
            )
    desk, address = await client("front_desk"), f"/t/{tenant_a.slug}/complaints?view=board"
    page = await desk.get(address)
    assert page.text.count('class="board-card"') == FIRST_CARDS
    assert 'id="further-cards" hx-get="' in page.text
    part = await desk.get(address, headers={"hx-request": "true", "hx-request-type": "partial"})
    assert part.text.count('class="board-card"') == FIRST_CARDS + 2
    assert "further-cards" not in part.text


async def _case(browser: Browser, tenant: TestTenant) -> str:
    page = await browser.get(f"/t/{tenant.slug}/complaints")
    found = re.search(rf"/t/{tenant.slug}/complaints/[0-9a-f-]{{36}}", page.text)
    assert found
    return found[0]


async def test_the_desk_completes_a_step_and_what_is_missing_is_asked(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, poster: str
) -> None:
    await _file(browser(), poster, text="结账时未解释费用明细")
    desk = await client("service_supervisor")
    path = await _case(desk, tenant_a)
    page = await desk.get(path)
    assert page.status_code == 200, page.text
    assert (await desk.send_form(f"{path}/steps/ack_contact", {})).status_code == 409
    assert (await desk.send_form(f"{path}/calls", {"words": "已致歉"})).status_code == 303
    refused = await desk.send_form(f"{path}/steps/corrective_measure", {})
    assert refused.status_code == 422
    assert "Completed" in (await desk.get(path)).text


async def test_who_works_on_a_case_raises_its_level_and_who_judges_lowers_it(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, poster: str
) -> None:
    await _file(browser(), poster, text="结账时未解释费用明细")
    desk, leader = await client("front_desk"), await client("team_leader")
    path = await _case(desk, tenant_a)
    assert "Raise the level" in (await desk.get(path)).text
    higher: dict[str, object] = {"severity": "L3", "reason": "客户已发小红书"}
    assert (await desk.send_form(f"{path}/level", higher)).status_code == 303
    page = (await desk.get(path)).text
    assert "客户已发小红书" in page
    assert "Raise the level" not in page, "it cannot be higher"
    form: dict[str, object] = {"severity": "L1", "reason": "核查后为误会"}
    assert (await desk.send_form(f"{path}/level", form)).status_code == 403
    assert 'value="L1"' in (await leader.get(path)).text
    assert (await leader.send_form(f"{path}/level", form)).status_code == 303
    assert "核查后为误会" in (await leader.get(path)).text


async def test_notes_claims_and_pauses_come_back_to_the_case(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, poster: str
) -> None:
    await _file(browser(), poster, text="结账时未解释费用明细")
    desk = await client("service_supervisor")
    path = await _case(desk, tenant_a)
    assert (await desk.send_form(f"{path}/claim", {"back": ""})).status_code == 303
    assert (await desk.send_form(f"{path}/note", {"text": "客户常来"})).status_code == 303
    assert (await desk.send_form(f"{path}/note", {"text": " "})).status_code == 422
    rest: dict[str, object] = {"reason": "customer", "note": "客户出差"}
    assert (await desk.send_form(f"{path}/steps/ack_contact/pause", rest)).status_code == 409
    await desk.send_form(f"{path}/calls", {"words": "已致歉"})
    assert (await desk.send_form(f"{path}/steps/corrective_measure/pause", rest)).status_code == 303
    assert (await desk.send_form(f"{path}/steps/corrective_measure/resume")).status_code == 303
    assert "客户常来" in (await desk.get(path)).text


async def test_the_desk_files_by_hand_and_a_wrong_amount_keeps_the_form(client: Client, tenant_a: TestTenant) -> None:
    desk = await client("front_desk")
    root = f"/t/{tenant_a.slug}/complaints"
    fields = form_fields((await desk.get(f"{root}/new")).text, "new-complaint")
    typed: dict[str, object] = fields | {"text": "费用超出预估", "contact_phone": "13878106871", "bill": "一千三"}
    refused = await desk.send_form(root, typed)
    assert refused.status_code == 422
    assert "一千三" in refused.text
    filed = await desk.send_form(root, typed | {"bill": "1300", "estimate": "1,000.00"})
    assert filed.status_code == 303


async def test_the_customer_answers_and_no_opens_the_case_again(
    browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, poster: str
) -> None:
    visitor = browser()
    status = await _file(visitor, poster, text="结账时未解释费用明细")
    assert (await visitor.post(f"{status}/add", data={"text": "还有账单照片"})).status_code == 303
    assert (await visitor.post(f"{status}/answer", data={"satisfied": "yes"})).status_code == 409
    desk = await client("service_supervisor")
    path = await _case(desk, tenant_a)
    assert (await desk.send_form(f"{path}/calls", {"words": "已致歉"})).status_code == 303
    for step, facts in (
        ("corrective_measure", {"measure": "培训"}),
        ("result_feedback", {"channel": "sms", "result": "已培训"}),
    ):
        assert (await desk.send_form(f"{path}/steps/{step}", dict(facts))).status_code == 303
    page = await visitor.get(status)
    assert 'id="answer"' in page.text
    assert (await visitor.post(f"{status}/answer", data={"satisfied": "no", "words": "没有道歉"})).status_code == 303
    assert 'id="answer"' not in (await visitor.get(status)).text


async def test_posters_show_a_code_per_branch(client: Client, tenant_a: TestTenant, poster: str) -> None:
    page = await (await client("front_desk")).get(f"/t/{tenant_a.slug}/complaints/posters")
    assert f"/c/{poster}" in page.text


async def test_the_inbox_is_empty_until_a_clock_tells(client: Client, tenant_a: TestTenant) -> None:
    leader = await client("team_leader")
    page = await leader.get(f"/t/{tenant_a.slug}/inbox")
    assert page.status_code == 200
    assert "Nothing waits for you" in page.text
    assert (await leader.send_form(f"/t/{tenant_a.slug}/inbox/read", {})).status_code == 303


async def test_an_open_case_is_told_what_happened_before_its_stream_began(
    app: Litestar, browser: Callable[[], Browser], client: Client, tenant_a: TestTenant, poster: str
) -> None:
    await _file(browser(), poster)
    leader = await client("team_leader")
    case = re.findall(
        rf"/t/{tenant_a.slug}/complaints/[0-9a-f-]{{36}}", (await leader.get(f"/t/{tenant_a.slug}/complaints")).text
    )[0]
    source = html.unescape(re.findall(r'hx-sse:connect="([^"]+)"', (await leader.get(case)).text)[0])
    async with open_stream(app, leader, source) as viewer:
        await asyncio.sleep(0.1)
        assert viewer.is_quiet(), "the page shows all there is"
    await leader.send_form(f"{case}/note", {"text": "已致电安抚"})
    async with open_stream(app, leader, source) as viewer:
        assert "已致电安抚" in await viewer.next()
