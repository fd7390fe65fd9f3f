"""`desk`: a person of a demo chain, signed in with a real browser, reading Chinese; `phone`: a customer's phone without an account."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, Protocol

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.chromium import _complains as complains
from tests.browser.live_site import LiveSite
from tests.second_try import is_late, keep_shown
from web.i18n import catalogue

WAIT_MS = 20_000
_SHOWN = """() => (document.querySelector("#toasts")?.innerText ?? "") + document.querySelector("main")?.innerText.slice(0, 3000)
  + "\\n" + [...document.querySelectorAll(":invalid")].map((field) => `${field.name || field.id}: ${field.validationMessage}`)"""
Theme = Literal["light", "dark"]


def zh(text: str) -> str:
    """The Chinese words of a text of ours, so that a better translation breaks no test."""
    found = catalogue("zh_CN").gettext(text)
    assert found != text, f"nobody has translated {text!r}"
    return found


class Desk:
    """One person's window."""

    def __init__(self, page: Page, site: LiveSite, chain: str) -> None:
        self.page = page
        self.root = f"{site.url}/t/{chain}"

    async def sign_in(self, login: str, password: str) -> None:
        await self.page.goto(f"{self.root}/sign-in")
        await self.page.get_by_label(zh("Mobile number or email")).fill(login)
        await self.page.get_by_label(zh("Password"), exact=True).fill(password)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url(self.root)
        await self.speak("zh-CN")

    async def speak(self, locale: str) -> None:
        """Switch the language unless it is this one already: the choice stays with the person, from test to test."""
        if await self.page.evaluate("document.documentElement.lang") != locale:
            await self.page.goto(self.root)
            await self.page.locator("button.language").click()
            await expect(self.page.locator("html")).to_have_attribute("lang", locale)

    async def open(self, entry: str) -> None:
        """Go to a page of the side bar, which is a drawer on a phone."""
        menu = self.page.get_by_role("button", name=zh("Menu"), exact=True)
        if await menu.is_visible():
            await menu.click()
        await (
            self.page.locator("#sidebar")
            .get_by_role("link", name=re.compile(rf"^{re.escape(zh(entry))}( \d+)?$"))
            .click()
        )
        await self.page.get_by_role("heading", level=1, name=zh(entry)).wait_for()

    async def press(self, label: str, within: str = "main") -> None:
        await self.page.locator(within).get_by_role("button", name=zh(label), exact=True).first.click()

    def text(self, words: str) -> Locator:
        return self.page.locator("main").get_by_text(words).first

    async def see(self, words: str) -> None:
        await self.text(words).wait_for()

    async def heading(self) -> str:
        return (await self.page.locator("h1").inner_text()).strip()


class OpenDesk(Protocol):
    """`await desk("director", width=390)`; `login` is for somebody who is none of the demo's people."""

    def __call__(self, role: str = ..., chain: str = ..., width: int = ..., login: str = ...) -> Awaitable[Desk]: ...


OpenPhone = Callable[..., Awaitable[Page]]


class Windows:
    """Opens windows and remembers what their consoles and networks say."""

    def __init__(self, browser: Browser, site: LiveSite) -> None:
        self.browser = browser
        self.site = site
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []

    async def open(
        self, width: int = 1366, *, script: bool = True, theme: Theme = "light", locale: str = "zh-CN"
    ) -> Page:
        phone = width < 768
        context = await self.browser.new_context(
            viewport={"width": width, "height": 844 if phone else 860},
            color_scheme=theme,
            locale=locale,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            java_script_enabled=script,
            has_touch=phone,
            is_mobile=phone,
            accept_downloads=True,
        )
        context.set_default_timeout(WAIT_MS)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(f"{page.url} {said.text}") if complains(said) else None)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url} {error}"))
        page.on("request", lambda asked: self._look(asked.url))
        return page

    def _look(self, url: str) -> None:
        if not url.startswith((self.site.url, "data:", "blob:")):
            self.complaints.append(f"asked a third party: {url}")

    def forget(self, words: str) -> None:
        """What a test has asked for on purpose is no complaint."""
        self.complaints = [said for said in self.complaints if words not in said]

    async def shown(self) -> str:
        """What each open page says now, and which of its fields refuse to be sent."""
        pages = [page for context in self.contexts for page in context.pages]
        return "\n".join([f"  {page.url}\n{await page.evaluate(_SHOWN)}" for page in pages])

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()
        assert not self.complaints, self.complaints


@pytest.fixture
async def windows(chromium: Browser, live_site: LiveSite, request: pytest.FixtureRequest) -> AsyncIterator[Windows]:
    """Fails at the end when a page complained in its console or asked another host for anything."""
    made = Windows(chromium, live_site)
    yield made
    if is_late(request.node):
        keep_shown(request.node, await made.shown())
    await made.close()


@pytest.fixture
def desk(windows: Windows, live_site: LiveSite) -> OpenDesk:
    async def make(role: str = "director", chain: str = "dongying", width: int = 1366, login: str = "") -> Desk:
        made = Desk(await windows.open(width), live_site, chain)
        await made.sign_in(login or live_site.login(role, chain), live_site.password)
        return made

    return make


@pytest.fixture
def phone(windows: Windows) -> OpenPhone:
    async def make(url: str, *, script: bool = True) -> Page:
        page = await windows.open(390, script=script)
        await page.goto(url)
        return page

    return make
