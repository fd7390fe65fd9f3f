"""A pet died in surgery: filed on a phone, judged, seen live, warned about and escalated as time passes, answered, closed."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk, OpenDesk, OpenPhone, zh
from tests.browser.live_site import LiveSite

pytestmark = pytest.mark.browser
DEATH = "手术中宠物死亡"
# 宠物医院客户投诉应急预案 §3.3
PROMISES = {
    "组长到达现场": timedelta(minutes=10),
    "证据固定": timedelta(hours=1),
    "内部听证会": timedelta(hours=24),
    "正式沟通": timedelta(hours=48),
}


def _title() -> str:
    """A grave complaint that no other test has filed."""
    return f"{DEATH}，单号{uuid4().hex[:6]}"


async def _file(page: Page, text: str, *, name: str = "周文博") -> str:
    """Return the address of the status page."""
    await page.get_by_label(zh("In your words")).fill(text)
    await page.get_by_label(zh("How can we make it right?")).fill("要求院长当面说明")
    await page.get_by_label(zh("Your name")).fill(name)
    await page.get_by_label(zh("Mobile number")).fill("138 7810 6871")
    await page.get_by_role("button", name=zh("Send"), exact=True).click()
    await page.wait_for_url(re.compile(r"/s/"))
    return page.url


async def _clocks(desk: Desk) -> dict[str, timedelta]:
    """Return how long each step of the open case may take, as the page's timers say."""
    found = await desk.page.locator(".step:has(sla-timer)").evaluate_all(
        "steps => steps.map((step) => [step.querySelector('.step-label').innerText.trim(),"
        " step.querySelector('sla-timer').getAttribute('start'), step.querySelector('sla-timer').getAttribute('due')])"
    )
    return {label: datetime.fromisoformat(due) - datetime.fromisoformat(start) for label, start, due in found}


async def _read_inbox(desk: Desk, words: str, told: str) -> None:
    """Somebody was told this about the case, and says so."""
    line = desk.page.locator(".list-item", has_text=words).filter(has_text=zh(told)).first
    for _ in range(40):
        await desk.open("Inbox")
        if await line.count():
            break
        await desk.page.wait_for_timeout(250)
    await expect(line).to_be_visible()


async def _open_case(desk: Desk, title: str) -> None:
    await desk.open("Complaints")
    await desk.page.locator("#complaint-table .row-link", has_text=title).click()
    await desk.page.get_by_role("heading", level=1, name=title).wait_for()


async def _history(desk: Desk, words: str, about: str) -> None:
    """Wait until the open case says so by itself."""
    line = desk.page.locator(".timeline-item", has_text=zh(words)).filter(has_text=about)
    await expect(line.first).to_be_visible(timeout=15_000)


async def test_the_board_shows_a_grave_complaint_while_it_is_filed_and_its_clocks_run(
    desk: OpenDesk, phone: OpenPhone, live_site: LiveSite
) -> None:
    title = _title()
    leader = await desk("team_leader")
    await leader.open("Complaints")
    await leader.page.get_by_role("link", name=zh("Board")).click()
    await leader.page.locator("#column-receive").wait_for()
    await expect(leader.page.locator("[data-live-state=live]")).to_be_visible()
    cards = leader.page.locator("#column-receive .board-card", has_text=title)
    assert await cards.count() == 0
    await leader.page.evaluate("window.stillTheSamePage = true")
    customer = await phone(f"{live_site.url}/c/{live_site.welcome.filing_code}")
    status = await _file(customer, title)
    await expect(cards).to_have_count(1)
    assert await leader.page.evaluate("window.stillTheSamePage"), "no reload brought it"
    await expect(customer.locator(".card").first).to_contain_text("10 分钟内负责人到场")
    assert re.fullmatch(r"10:00|0?9:\d\d", await customer.locator("sla-timer time").first.inner_text())

    await cards.locator(".row-link").click()
    await leader.page.locator(".stepper").wait_for()
    await expect(leader.page.locator(".page-header")).to_contain_text(zh("L3 major"))
    await expect(leader.page.locator("aside.stack")).to_contain_text("应急预案 §3.3")
    clocks = await _clocks(leader)
    assert {label: clocks.get(label) for label in PROMISES} == PROMISES

    live_site.move_clock(timedelta(minutes=5, seconds=2))
    await _history(leader, "A promise is near its end", "组长到达现场")
    await _history(leader, "The case was escalated", "院长")
    live_site.move_clock(timedelta(minutes=5))
    await _history(leader, "A promise was broken", "组长到达现场")
    await customer.goto(status)
    await expect(customer.locator("main")).to_contain_text(zh("We are late, and we are sorry"))


async def test_who_is_responsible_is_told_as_the_deadlines_pass(
    desk: OpenDesk, phone: OpenPhone, live_site: LiveSite
) -> None:
    title = _title()
    await _file(await phone(f"{live_site.url}/c/{live_site.welcome.filing_code}"), title)
    live_site.move_clock(timedelta(minutes=10, seconds=2))
    await _read_inbox(await desk("team_leader"), title, "Ends soon")
    await _read_inbox(await desk("director"), title, "Escalated to you")
    live_site.move_clock(timedelta(minutes=50))
    officer = await desk("admin_officer")
    await _read_inbox(officer, title, "Broken")
    await officer.press("Mark all as read")
    await officer.see(zh("Nothing waits for you"))
    await officer.page.close()
    # 24 h, then 48 h: whoever was signed in has to sign in again.
    for hours, step in ((23, "内部听证会"), (24, "正式沟通")):
        live_site.move_clock(timedelta(hours=hours))
        director = await desk("director")
        await _read_inbox(director, title, "Escalated to you")
        await _open_case(director, title)
        await _history(director, "A promise was broken", step)
        await director.page.close()  # a live page would be told that its session is over
    doctor = await desk("doctor")
    await doctor.open("Inbox")
    assert await doctor.page.locator(".list-item", has_text=title).count() == 0, "it is none of the doctor's business"


@pytest.mark.parametrize("width", [1366, 390])
async def test_what_the_customer_adds_reaches_whoever_takes_the_case(
    desk: OpenDesk, phone: OpenPhone, live_site: LiveSite, width: int
) -> None:
    """The whole way of such a case: test_long_walk.py."""
    title = _title()
    customer = await phone(f"{live_site.url}/c/{live_site.welcome.filing_code}", script=width == 390)
    await _file(customer, title)
    await customer.get_by_label(zh("Add something")).fill("病历编号 20261122")
    await customer.get_by_role("button", name=zh("Send"), exact=True).click()
    await expect(customer.locator("main")).to_contain_text("病历编号 20261122")

    director = await desk("director", width=width)
    await _open_case(director, title)
    await director.see("病历编号 20261122")
    async with director.page.expect_navigation():
        await director.press("Take it")
    await expect(director.page.get_by_role("button", name=zh("Take it"), exact=True)).to_have_count(0)
    form = director.page.locator("form#form-leader_on_site")
    for group in await form.locator("fieldset").all():
        await group.locator("input[type=radio], input[type=checkbox]").first.check()
    for box in await form.locator("textarea, input[type=text]").all():
        await box.fill("已按预案办理")
    async with director.page.expect_navigation():
        await form.get_by_role("button", name=zh("Mark as done")).click()
    await director.page.locator("#toasts", has_text=zh("The step is done")).wait_for()
    assert await director.page.locator("form#form-leader_on_site").count() == 0
    assert await director.page.locator("form#form-evidence_secured").count() == 0, "what is proved is not ticked off"
    await customer.reload()
    await expect(customer.locator("#promises li[data-state=done]")).to_contain_text("10 分钟内负责人到场")


async def _ask(desk: Desk, words: str) -> None:
    await desk.page.evaluate("customElements.whenDefined('command-palette')")
    await desk.page.keyboard.press("/")
    await expect(desk.page.locator("dialog.palette")).to_be_visible()
    await desk.page.keyboard.type(words)


async def test_everything_can_be_reached_by_keyboard(desk: OpenDesk) -> None:
    front_desk = await desk("front_desk")
    keys = front_desk.page.keyboard
    for words, shown, found in (
        ("chenjingyi", "陈静怡", "/customers/"),
        ("米粒", "陈静怡", "/customers/"),
        ("候诊超过四十分钟", "候诊超过四十分钟", "/complaints/"),
    ):
        await _ask(front_desk, words)
        await expect(front_desk.page.locator("[role=option]").first).to_contain_text(shown)
        async with front_desk.page.expect_navigation(url=re.compile(found)):
            await keys.press("Enter")
    await keys.press("c")
    assert "/complaints/new" not in front_desk.page.url, "a case has no button for a new one"
    await _ask(front_desk, zh("Complaints"))
    await expect(front_desk.page.locator("[role=option]").last).to_contain_text(zh("Complaints"))
    await keys.press("ArrowUp")
    await keys.press("Enter")
    await front_desk.page.wait_for_url(re.compile(r"/complaints$"))
    await keys.press("c")
    await front_desk.page.wait_for_url(re.compile(r"/complaints/new$"))
    focused = await front_desk.page.evaluate("document.activeElement.name")
    assert focused == "who", "one can write at once"
    await keys.type("李女士 13987654321")
    await keys.press("Tab")
    await keys.type("诊疗区有异味")
    await keys.press("Tab")
    await keys.type("希望每天通风")
    for _ in range(12):
        await keys.press("Tab")
        if await front_desk.page.evaluate("document.activeElement.matches('button[data-variant=primary]')"):
            break
    await keys.press("Enter")
    await front_desk.page.get_by_role("heading", level=1, name="诊疗区有异味").wait_for()
    await keys.press("Control+k")
    await expect(front_desk.page.locator("dialog.palette")).to_be_visible()
    await keys.press("Escape")
    assert not await front_desk.page.locator("dialog.palette").is_visible()
