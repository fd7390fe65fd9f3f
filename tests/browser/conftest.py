"""What browser tests may ask for; says loudly at the end when there was no browser to drive."""

import pytest

from tests.browser.chromium import anyio_backend, chromium, find_chromium, open_page
from tests.browser.desk import desk, phone, windows
from tests.browser.gallery import gallery
from tests.browser.live_site import live_site

__all__ = ["anyio_backend", "chromium", "desk", "gallery", "live_site", "open_page", "phone", "windows"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_chromium() is None:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line("No Chromium on this machine: pages were not looked at. apt-get install chromium")
