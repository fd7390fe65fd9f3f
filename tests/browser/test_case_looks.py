"""A case looks right in every state it can be in: each level, open, resolved, archived and joined, at the desk and for its customer."""

from typing import Final

import pytest
from playwright.async_api import Page

from tests.browser.axe import THEMES, assert_no_sideways_scroll, violations
from tests.browser.desk import Desk, OpenDesk
from tests.browser.live_site import LiveSite
from tests.browser.looks import stumbles

pytestmark = pytest.mark.browser
STATES: Final = ("", "resolved", "archived", "merged")
LEVELS: Final = ("1", "2", "3")
WIDTHS: Final = ((1440, 900), (390, 844))
DESK: Final = (
    *("/complaints", "/complaints?view=board", "/complaints/new", "/complaints/actions", "/complaints/limits"),
    *("/complaint-rules", "/complaint-rules/calendars", "/complaint-rules/calendars/workdays", "/complaint-rules/try"),
    *("/complaint-reports", "/complaint-reports/promises", "/complaint-reports/hours", "/policy-trials"),
    *("/case-reports", "/library", "/macros", "/staff-records"),
)


async def _find_cases(desk: Desk) -> list[str]:
    """One case of each level in each state that the demo has."""
    found = []
    for state in STATES:
        await desk.page.goto(f"{desk.root}/complaints?state={state}")
        for level in LEVELS:
            links = desk.page.locator(f"#complaint-table tr[data-level='{level}'] a.row-link")
            if await links.count():
                found.append(str(await links.first.get_attribute("href")))
    return found


async def _look(page: Page, address: str, *, dark: bool) -> list[str]:
    faults = []
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto(address)
    faults += await stumbles(page)
    for width, height in WIDTHS:
        await page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES if dark else THEMES[:1]:
            await page.emulate_media(color_scheme=theme)
            found = await violations(page, rules=None if theme == "light" else ("color-contrast",))
            faults += [f"{address} {theme} {width}: {one['id']}: {one['nodes'][0]['target'][0]}" for one in found]
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 320, "height": 640})
    try:
        await assert_no_sideways_scroll(page)
    except AssertionError as error:
        faults.append(str(error))
    return faults


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_a_case_looks_right_in_every_state(desk: OpenDesk, live_site: LiveSite, locale: str) -> None:
    director = await desk("director")
    await director.speak(locale)
    cases = await _find_cases(director)
    assert len(cases) > len(LEVELS), "the demo has open cases of each level and some that are over"
    faults = []
    for case in cases:
        # Contrast does not depend on the language: the dark theme is looked at in one of them.
        faults += await _look(director.page, live_site.url + case, dark=locale == "zh-CN")
        status = await director.page.locator("main a[href^='/s/']").first.get_attribute("href")
        faults += await _look(director.page, f"{live_site.url}{status}", dark=locale == "zh-CN")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_pages_about_complaints_show_words_and_one_main_deed(desk: OpenDesk, locale: str) -> None:
    director = await desk("director")
    await director.speak(locale)
    faults = []
    for path in DESK:
        await director.page.goto(director.root + path)
        faults += await stumbles(director.page)
    assert not faults, "\n".join(faults)
