"""An interviewer with a phone in the hand: the next person, the number on request, the consent first, the survey, done."""

import re

import pytest

from tests.browser.axe import assert_no_sideways_scroll, violations
from tests.browser.desk import Desk, OpenDesk, zh

pytestmark = pytest.mark.browser


async def _next_to_ask(desk: Desk) -> None:
    """Take people until one of the sample comes; who is to be called back does not answer."""
    page = desk.page
    for _ in range(5):
        await page.goto(f"{desk.root}/surveys/interviews")
        await desk.press("Next person")
        await page.wait_for_url(re.compile(r"/interviews/[0-9a-f-]{36}$"))
        if await page.locator("#say").count():
            return
        await page.locator("label.option:has(input[value=no_answer])").click()
        await desk.press("Write it down")
        await page.wait_for_url(re.compile(r"/interviews$"))
    raise AssertionError("nobody of the sample is left to ask")


async def test_an_interviewer_works_through_the_queue_on_a_phone(desk: OpenDesk) -> None:
    caller = await desk("front_desk", width=390)
    page = caller.page
    await page.goto(f"{caller.root}/surveys")
    await page.wait_for_url(f"{caller.root}/surveys/interviews")
    await _next_to_ask(caller)
    name = await caller.heading()
    consent = page.locator(".script-part[data-part=consent]")
    assert name in await consent.inner_text()
    assert (await consent.bounding_box() or {"y": 1e9})["y"] < (
        await page.locator("#survey").bounding_box() or {"y": 0}
    )["y"]
    assert await page.locator("a[href^='tel:']").count() == 0
    await caller.press("Show the number")
    await page.locator("a[href^='tel:']").first.wait_for()
    await assert_no_sideways_scroll(page)
    assert [found["id"] for found in await violations(page)] == []
    for metric, value in (("nps", 9), ("csat", 5), ("ces", 6)):
        await page.locator(f"label.option:has(input[name={metric}][value='{value}'])").click()
    await page.locator("textarea[name=comment]").fill("电话里说的：很满意")
    await caller.press("Keep the answers")
    await caller.see(zh("Done this month"))
    await page.goto(f"{caller.root}/surveys/interviews?which=over")
    await caller.see(name)
    # At the desk one key is enough for the next person; in a field it is a letter.
    leader = await desk("team_leader")
    await leader.page.goto(f"{leader.root}/surveys")
    await leader.page.locator("#chart-nps svg").wait_for()
    await leader.see("电话里说的：很满意")
    await leader.page.goto(f"{leader.root}/surveys/interviews")
    await leader.page.keyboard.press("n")
    await leader.page.wait_for_url(re.compile(r"/interviews/[0-9a-f-]{36}$"))
    assert await leader.heading() != name
