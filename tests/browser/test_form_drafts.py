"""A form that saves by itself: for the next person blank, for who began it as it was, asked where two pages disagree."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Windows, zh
from tests.browser.live_site import LiveSite

pytestmark = pytest.mark.browser
NAME = "[name=pet_name]"


async def saved(page: Page, name: str) -> None:
    """Type and wait until the page says that the server has it."""
    revision = await page.input_value("[name=_revision]")
    await page.fill(NAME, name)
    await expect(page.locator("[name=_revision]")).not_to_have_value(revision)


async def test_a_form_is_gone_on_with_by_who_began_it_only(windows: Windows, live_site: LiveSite) -> None:
    path = f"{live_site.url}/q/{live_site.welcome.intake_code}"
    page = await windows.open(390)
    await page.goto(path)
    await page.fill(NAME, "豆豆")
    await page.get_by_text(zh("Draft saved on this device")).wait_for()
    await page.reload()  # the same window a moment later is the same person
    await expect(page.locator(NAME)).to_have_value("豆豆")

    tablet = await page.context.new_page()
    await tablet.goto(path)
    await expect(tablet.locator(NAME)).to_have_value("")
    await tablet.get_by_role("button", name=zh("That was me, go on")).click()
    await expect(tablet.locator(NAME)).to_have_value("豆豆")

    await page.get_by_role("button", name=zh("Save and go on later")).click()
    await page.get_by_role("link", name=zh("Go on here")).click()
    await saved(page, "豆豆二")
    await tablet.goto(path)
    await expect(tablet.locator(NAME)).to_have_value("")
    await tablet.get_by_role("link", name=zh("Go on"), exact=True).click()
    await expect(tablet.locator(NAME)).to_have_value("豆豆二")

    await saved(tablet, "平板")
    await page.fill(NAME, "手机")
    await page.get_by_role("button", name=zh("Keep mine")).click()
    await page.get_by_role("button", name=zh("Show the other version")).click()
    await expect(page.locator(NAME)).to_have_value("平板")
    windows.forget("409 (Conflict)")

    await page.goto(f"{path}/draft")
    await page.get_by_role("button", name=zh("Forget it on this device")).click()
    await page.wait_for_url(path)
    await expect(page.locator(NAME)).to_have_value("")
    await expect(page.get_by_role("button", name=zh("That was me, go on"))).to_have_count(0)
