"""Every page there is, in Chinese and English, light and dark, on a desk and a phone: accessible, quiet, ours alone, no wider than 320 px."""

import re
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from core.settings import Settings
from tests.browser.axe import assert_no_sideways_scroll, layout_shift, violations
from tests.browser.desk import Desk, OpenDesk, Theme, Windows, zh
from tests.browser.live_site import LiveSite
from tests.web.walk import walk
from web.app import create_app

pytestmark = pytest.mark.browser
CHAIN: Final = "dongying"
PHONE_PAGE: Final = 60 * 1024
NO_PAGES: Final = (
    ".json",
    ".csv",
    ".xlsx",
    ".pdf",
    ".png",
    "/health",
    "/files/{file_id:uuid}",
    "/progress",
    "/live",
    "/static/{file:str}",
    "/complaint-reports/months/{month:str}",
)
PURCHASE: Final = "/t/{slug:str}/customers/{customer_id:uuid}/purchases/new"
"""Where a window does the same; the page is for who has no script."""
SIGN_IN: Final = {"/sign-in", "/t/{slug:str}/sign-in"}
"""Who is signed in is led on; test_sign_in_pages.py looks at these."""
PLUGIN_PAGES: Final = {"/t/{slug:str}/x/{plugin:str}", "/t/{slug:str}/x/{plugin:str}/{rest:path}"}
"""Only there while a plugin with pages is on; then the side menu leads to them, and they are looked at too."""
ENOUGH: Final = 60
"""So many pages of one kind are searched for links: the newest customer may have no pet yet."""
STATES: Final = (
    "/complaints?view=board",
    "/complaints?q=nothing-is-called-so",
    "/customers?q=nobody",
    "/search?q=wang",
    "/search?q=nothing-is-called-so",
    "/no-such-page",
)
_WALKED: Final[dict[str, dict[str, str]]] = {}
_HREF = re.compile(r'href="([^"#]+)')
_PARAMETER = re.compile(r"\\\{\w+:(\w+)\\\}")


def _templates() -> dict[str, re.Pattern[str]]:
    """Every page's address with its parameters, and the pattern it is known by; exact words before parameters."""
    nowhere = "postgresql+asyncpg://nobody@nowhere/none"
    app = create_app(Settings(nowhere, nowhere, "redis://nowhere", "x" * 40))
    shown = [case.template for case in walk(app) if case.method == "GET" and not case.template.endswith(NO_PAGES)]
    found = {template for template in shown if not template.startswith("/api/")}
    kinds = {"str": r"[^/]+", "uuid": r"[0-9a-f-]{36}", "int": r"\d+", "path": r".+"}
    return {
        template: re.compile(_PARAMETER.sub(lambda match: kinds[match[1]], re.escape(template)) + "$")
        for template in sorted(found, key=lambda one: one.count("{"))
    }


async def _walk_links(page: Page, start: str) -> dict[str, str]:
    """Return template -> one address of it, going from link to link as a person could; a site is walked once."""
    site = urlsplit(page.url).netloc
    if site not in _WALKED:
        _WALKED[site] = await _walk(page, start)
    return dict(_WALKED[site])


async def _walk(page: Page, start: str) -> dict[str, str]:
    templates, ahead = _templates(), [start, "/"]
    found: dict[str, str] = {}
    seen: dict[str, set[str]] = {}
    while ahead and templates.keys() - SIGN_IN - PLUGIN_PAGES - found.keys():
        path = ahead.pop(0)
        template = next((name for name, pattern in templates.items() if pattern.match(urlsplit(path).path)), None)
        looked = seen.setdefault(template or "", set())
        if template is None or urlsplit(path).path in looked or len(looked) == ENOUGH:
            continue
        looked.add(urlsplit(path).path)
        found.setdefault(template, path)
        base = urlsplit(page.url)
        answer = await page.request.get(f"{base.scheme}://{base.netloc}{path}")
        assert answer.status == 200, f"{path} answers {answer.status}"
        links = [link.replace("&amp;", "&") for link in _HREF.findall(await answer.text())]
        here = f"{base.scheme}://{base.netloc}"
        ahead += [link.removeprefix(here) for link in links if link.startswith(("/", here)) and "//" not in link[7:]]
    customer = found["/t/{slug:str}/customers/{customer_id:uuid}"]
    found[PURCHASE] = f"{customer}/purchases/new"
    return found


async def _import_pages(desk: Desk) -> list[str]:
    """One list whose columns are to be mapped, and one that has been checked."""
    made = []
    for checked in (False, True):
        await desk.page.goto(f"{desk.root}/imports")
        content = "姓名,手机,备注\n钱来也,13912345678,\n,1,\n".encode()
        await desk.page.set_input_files("[name=file]", {"name": "客户.csv", "mimeType": "text/csv", "buffer": content})
        await desk.press("Read the file")
        await desk.page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}"))
        if checked:
            await desk.press("Check the rows")
            await desk.see(zh("Nothing has been written yet"))
        made.append(desk.page.url)
    return made


async def _find_faults(page: Page, themes: tuple[Theme, ...] = ("light", "dark")) -> list[str]:
    """Look at the page that is open at both widths and in both themes; the dark one can differ in contrast only."""
    lines = []
    for width, height in ((1366, 860), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        for theme in themes:
            await page.emulate_media(color_scheme=theme)
            for found in await violations(page, rules=None if theme == "light" else ("color-contrast",)):
                targets = ", ".join(str(node["target"][0]) for node in found["nodes"][:3])
                lines.append(f"{page.url} {theme} {width}: {found['id']}: {found['help']}: {targets}")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 320, "height": 640})
    try:
        await assert_no_sideways_scroll(page)
    except AssertionError as error:
        lines.append(str(error))
    return lines


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_every_page_is_accessible_quiet_and_fits(
    desk: OpenDesk, windows: Windows, live_site: LiveSite, locale: str
) -> None:
    director = await desk("director", CHAIN)
    page = director.page
    imports = await _import_pages(director)
    found = await _walk_links(page, f"/t/{CHAIN}")
    assert _templates().keys() - SIGN_IN - PLUGIN_PAGES == found.keys() - PLUGIN_PAGES, "a page that no link leads to"
    await director.speak(locale)
    faults = []
    pages = [live_site.url + path for path in found.values()] + [director.root + state for state in STATES] + imports
    for address in pages:
        await page.set_viewport_size({"width": 1366, "height": 860})
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == (404 if address.endswith("no-such-page") else 200), address
        if await page.evaluate("document.documentElement.lang") != locale:
            faults.append(f"{address} is not in {locale}")
        # Contrast does not depend on the language: the dark theme is looked at in one of them.
        faults += await _find_faults(page, ("light", "dark") if locale == "zh-CN" else ("light",))
    windows.forget("404 (Not Found)")
    assert not faults, "\n".join(faults)


async def test_windows_over_pages_are_accessible(desk: OpenDesk) -> None:
    director = await desk("director", CHAIN)
    page = director.page
    found = await _walk_links(page, f"/t/{CHAIN}")
    for template in (
        "/t/{slug:str}/customers/{customer_id:uuid}",
        "/t/{slug:str}/complaints/{complaint_id:uuid}",
        "/t/{slug:str}/plugins",
    ):
        await page.goto(f"http://localhost:{urlsplit(page.url).port}{found[template]}")
        openers = page.locator("[data-dialog]")
        for number in range(await openers.count()):
            await openers.nth(number).click()
            await page.locator("dialog[open]").wait_for()
            assert await _find_faults(page, ("light",)) == []
            await page.set_viewport_size({"width": 1366, "height": 860})
            await page.keyboard.press("Escape")
            await page.locator("dialog[open]").wait_for(state="hidden")


async def test_a_phone_page_is_small_at_first_load_and_does_not_jump(windows: Windows, live_site: LiveSite) -> None:
    welcome = live_site.welcome
    for path in (f"/q/{welcome.intake_code}", f"/c/{welcome.filing_code}", f"/t/{CHAIN}/sign-in", "/"):
        page = await windows.open(390)
        network = await page.context.new_cdp_session(page)
        await network.send("Network.enable")
        sizes: list[float] = []
        network.on("Network.loadingFinished", lambda done, sizes=sizes: sizes.append(done["encodedDataLength"]))
        await page.goto(live_site.url + path, wait_until="networkidle")
        assert sum(sizes) <= PHONE_PAGE, f"{path} takes {sum(sizes) / 1024:.0f} KB"
        assert await layout_shift(page) == 0, path
