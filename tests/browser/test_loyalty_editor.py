"""The administrator's main job on the loyalty rules: change a threshold, read it back, try it, see its effect, publish."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.axe import assert_no_sideways_scroll, violations
from tests.browser.desk import OpenDesk, zh

pytestmark = pytest.mark.browser


async def test_an_administrator_moves_silver_from_500_to_600_and_sees_what_it_does(desk: OpenDesk) -> None:
    admin = await desk("director", chain="xingfu")
    page, root = admin.page, f"{admin.root}/programs"
    await page.goto(root)
    await expect(page.locator("#rule-tiers")).to_contain_text("500 元")
    await page.goto(f"{root}/draft/rules/tiers")
    threshold = page.locator("#f-tiers-1-min_fen")
    await expect(threshold).to_have_value("500")
    await threshold.fill("六百")
    await page.locator("#save-rule").click()
    await expect(page.locator("[role=alert]")).to_contain_text(zh("Type an amount in yuan, such as 500 or 49.90."))
    await expect(threshold).to_have_value("六百")
    await threshold.fill("600")
    await threshold.press("Tab")
    # The sentence follows while nothing is saved yet.
    await expect(page.locator("#sentence")).to_contain_text("600 元")
    await expect(page.locator("#sentence-other")).to_contain_text("600 yuan")
    assert [found["id"] for found in await violations(page)] == []
    await page.locator("#save-rule").click()
    await expect(page).to_have_url(re.compile(r"/programs/draft#rule-tiers$"))
    await expect(page.locator("#rule-tiers")).to_contain_text(zh("Changed"))
    await page.goto(f"{root}/draft/try")
    await expect(page.locator("[id^=person-]").first).to_contain_text("600")
    await page.goto(f"{root}/draft/publish")
    await expect(page.locator("#publish-form")).to_have_count(0)
    await page.goto(f"{root}/draft/effect")
    await page.locator("#start-effect button, button#start-effect").first.click()
    await expect(page.locator(".tiles .stat").first).to_be_visible()
    assert [found["id"] for found in await violations(page)] == []
    await page.goto(f"{root}/draft/publish")
    await page.locator("#publish-form textarea[name=note]").fill("银卡门槛调整为 600 元")
    await page.locator("#publish-now").click()
    await expect(page).to_have_url(re.compile(r"/programs/versions/\d+$"))
    await expect(page.locator("#promised")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("银卡门槛调整为 600 元")
    await page.goto(root)
    await expect(page.locator("#rule-tiers")).to_contain_text("600 元")


async def test_a_rule_is_edited_on_a_phone_without_sideways_scrolling(desk: OpenDesk) -> None:
    admin = await desk("tenant_admin", width=390)
    page = admin.page
    for path in (
        "",
        "/draft",
        "/draft/new",
        "/draft/rules/tiers",
        "/draft/new/campaign",
        "/draft/publish",
        "/versions",
    ):
        await page.goto(f"{admin.root}/programs{path}")
        await expect(page.locator("h1")).to_be_visible()
        await assert_no_sideways_scroll(page)
        assert [found["id"] for found in await violations(page)] == [], path
    await page.goto(f"{admin.root}/programs/draft/new/coupon_template")
    await page.locator("label.option:has(input[name=gives][value=percent])").click()
    await page.locator("#f-pay_percent").fill("85")
    await page.locator("#f-pay_percent").press("Tab")
    await expect(page.locator("#sentence")).to_contain_text("8.5 折")
