"""A member at the desk: found by the tail of the phone, given points, paying with points; the card on the phone shows it."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.axe import assert_no_sideways_scroll, violations
from tests.browser.desk import OpenDesk, OpenPhone, zh
from workers.demo.people import GUESTS

pytestmark = pytest.mark.browser
GUEST = GUESTS[0]


async def test_points_are_given_and_spent_at_the_desk_and_the_card_on_the_phone_shows_it(
    desk: OpenDesk, phone: OpenPhone
) -> None:
    clerk = await desk("front_desk", width=390)
    page = clerk.page
    await clerk.open("Points desk")
    await page.locator("#find-member input[name=q]").fill(GUEST.phone[-4:])
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"[?]q=|/points/[0-9a-f-]{36}$"))
    if "?q=" in page.url:
        await page.locator("#found").get_by_role("link", name=GUEST.full_name).first.click()
    await page.wait_for_url(re.compile(r"/points/[0-9a-f-]{36}$"))
    assert await clerk.heading() == GUEST.full_name
    give = page.locator("#grant-points")
    await give.locator("[name=points]").fill("250")
    await give.locator("label.option:has(input[value=thanks])").click()
    await clerk.press("Give the points", within="#grant-points")
    await expect(page.locator("#entries tbody tr").first).to_contain_text("+250")
    await page.locator("#f-redeem-bill").fill("66")
    await page.locator("#f-spend").fill("200")
    await clerk.press("What do they pay?", within="#quote-points")
    await expect(page.locator("#redeem .quote-sum")).to_contain_text("200")
    assert [found["id"] for found in await violations(page)] == []
    await assert_no_sideways_scroll(page)
    await page.locator("#redeem-points button").click()
    await expect(page.locator("#entries tbody tr").first).to_contain_text("\N{MINUS SIGN}200")
    if not await page.locator("#card-link a.link").count():
        await clerk.press("Make the card", within="#card-link")
    address = await page.locator("#card-link a.link").get_attribute("href")
    balance = (await page.locator(".stat-value").first.inner_text()).strip()
    assert address is not None
    card = await phone(clerk.root.partition("/t/")[0] + re.sub(r"^https?://[^/]+", "", address))
    await expect(card.locator(".points-now")).to_have_text(balance)
    await expect(card.locator("#history li").first).to_contain_text("\N{MINUS SIGN}200")
    assert zh("Your coupons") in await card.locator("main").inner_text()
    assert [found["id"] for found in await violations(card)] == []
    await assert_no_sideways_scroll(card)
