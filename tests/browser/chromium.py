"""A real Chromium for tests: `browser` (one per module) and `open_page(url, ...)`, which collects what the console says."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
Theme = Literal["light", "dark"]
OpenPage = Callable[..., Awaitable[Page]]


def find_chromium() -> str | None:
    """The browser of this machine: $ANXIN_CHROMIUM, or what the system installed."""
    return os.environ.get("ANXIN_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip(
            "NO BROWSER FOUND: nothing was looked at in a browser. Install Chromium (apt-get install chromium)."
        )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


def _complains(said: ConsoleMessage) -> bool:
    """Chromium itself reports each answer of 409 and 422, which are how a form is refused."""
    refused = "status of 409" in said.text or "status of 422" in said.text
    return said.type in {"error", "warning"} and not refused


@pytest.fixture
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """`await open_page(url, width=390, theme="dark")`; the test fails when a page complained in the console."""
    complaints: list[str] = []
    contexts = []

    async def open_one(
        url: str,
        *,
        width: int = 1366,
        height: int | None = None,
        theme: Theme = "light",
        script: bool = True,
        forced_colors: bool = False,
    ) -> Page:
        phone = width < 768
        context = await chromium.new_context(
            viewport={"width": width, "height": height or (844 if phone else 860)},
            color_scheme=theme,
            reduced_motion="reduce",
            forced_colors="active" if forced_colors else "none",
            java_script_enabled=script,
            has_touch=phone,
            is_mobile=phone,
            device_scale_factor=2 if phone else 1,
            ignore_https_errors=True,
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if _complains(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(url)
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert not complaints, complaints
