"""A page that was waited for in vain gets one second try, and is named at the end with what it showed the first time.

Only waiting is forgiven, and only in a browser: two processors draw pages while others run thousands of tests. What a page
says wrongly, a console that complains, an assertion of a test's own: each fails at once.
"""

from collections.abc import Generator
from typing import Final

import pytest
from _pytest.runner import runtestprotocol
from playwright.async_api import TimeoutError as WaitedTooLong

LATE: Final = "late"
SHOWN: Final = "shown"
_late: Final[list[tuple[str, str, str]]] = []


def _waited_in_vain(fault: BaseException) -> bool:
    if isinstance(fault, WaitedTooLong):
        return True
    return isinstance(fault, AssertionError) and str(fault).startswith(("Locator expected", "Page expected"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fault = call.excinfo.value if call.when == "call" and call.excinfo else None
    if fault and item.get_closest_marker("browser") and _waited_in_vain(fault) and not is_late(item):
        item.user_properties.append((LATE, str(fault).partition("\n")[0]))
    return report


def keep_shown(item: pytest.Item, text: str) -> None:
    """Keep what the pages showed when they were waited for in vain the first time."""
    if not any(name == SHOWN for name, _ in item.user_properties):
        item.user_properties.append((SHOWN, text))


def is_late(item: pytest.Item) -> bool:
    """Whether this test's first try waited for a page in vain."""
    return any(name == LATE for name, _ in item.user_properties)


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if not item.get_closest_marker("browser"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if is_late(item):
        item._initrequest()  # type: ignore[attr-defined]  # its fixtures begin anew
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":
        told = dict(report.user_properties)
        if LATE in told:
            _late.append((report.nodeid, str(told[LATE]), str(told.get(SHOWN, ""))))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _late:
        terminalreporter.section("BROWSER TESTS THAT NEEDED A SECOND TRY", sep="!", yellow=True, bold=True)
    for test, why, shown in _late:
        terminalreporter.line(f"{test}\n  {why}\n{shown}")
