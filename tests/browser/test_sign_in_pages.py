"""Signing in with a real browser: the cookies hold on this machine, and every page of it is accessible."""

import pytest
from playwright.async_api import Page

from tests.browser.axe import assert_accessible_in_every_form, assert_no_sideways_scroll
from tests.browser.chromium import OpenPage
from tests.browser.live_site import LiveSite
from web.security import SESSION_COOKIE

pytestmark = pytest.mark.browser
CHAIN = "dongying"


async def sign_in(page: Page, site: LiveSite, role: str = "director") -> None:
    await page.fill("[name=login]", site.login(role))
    await page.fill("[name=password]", site.password)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url(f"**/t/{CHAIN}**")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_session_holds_over_plain_http_on_this_machine(
    live_site: LiveSite, open_page: OpenPage, host: str
) -> None:
    page = await open_page(f"http://{host}:{live_site.port}/")
    await page.fill("[name=organisation]", CHAIN)
    await page.press("[name=organisation]", "Enter")
    await page.wait_for_url("**/sign-in")
    await sign_in(page, live_site)
    await page.reload()
    assert page.url.endswith(f"/t/{CHAIN}")
    cookie = next(one for one in await page.context.cookies() if one["name"] == SESSION_COOKIE)
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")
    assert await page.evaluate("document.cookie.includes('__Host-')") is False


async def test_signing_in_works_without_script(live_site: LiveSite, open_page: OpenPage) -> None:
    page = await open_page(f"{live_site.url}/t/{CHAIN}/account", script=False)
    assert "next=" in page.url
    await sign_in(page, live_site, "front_desk")
    assert page.url.endswith(f"/t/{CHAIN}/account")
    await page.click("details.menu summary.account")
    await page.click("form[action$='/sign-out'] button")
    await page.wait_for_url("**/sign-in")


async def test_a_wrong_password_is_said_and_the_login_stays(live_site: LiveSite, open_page: OpenPage) -> None:
    page = await open_page(f"{live_site.url}/t/{CHAIN}/sign-in")
    await page.fill("[name=login]", "nobody@dongying.example")
    await page.fill("[name=password]", "not-the-password")
    await page.press("[name=password]", "Enter")
    await page.wait_for_selector("#sign-in-problem")
    assert await page.input_value("[name=login]") == "nobody@dongying.example"
    assert await page.input_value("[name=password]") == ""
    await assert_accessible_in_every_form(page)


async def test_pages_before_signing_in_are_accessible(live_site: LiveSite, open_page: OpenPage) -> None:
    page = await open_page(f"{live_site.url}/")
    await assert_accessible_in_every_form(page)
    await page.goto(f"{live_site.url}/t/{CHAIN}/sign-in")
    await assert_accessible_in_every_form(page)
    await page.set_viewport_size({"width": 320, "height": 640})
    await assert_no_sideways_scroll(page)
