"""Only a page that was late is tried again, once, and it is named."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[1]
TESTS = """
import pytest
from playwright.async_api import TimeoutError as WaitedTooLong

pytestmark = pytest.mark.browser
tries = {"late": 0, "dead": 0, "wrong": 0}


@pytest.fixture
def fresh():
    yield object()


seen = []


def test_late(fresh):
    tries["late"] += 1
    assert fresh not in seen
    seen.append(fresh)
    if tries["late"] == 1:
        raise WaitedTooLong("Timeout 20000ms exceeded.")


def test_dead():
    tries["dead"] += 1
    raise AssertionError("Locator expected to be visible")


def test_wrong():
    tries["wrong"] += 1
    assert "1 yuan" == "2 yuan"


def test_how_often():
    assert tries == {"late": 2, "dead": 2, "wrong": 1}
"""


def test_a_late_page_gets_one_more_try_and_is_named(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = browser: drives a real Chromium")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "tests.second_try", "-p", "no:randomly")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*NEEDED A SECOND TRY*", "*::test_late", "*Timeout 20000ms exceeded.", "*::test_dead"])
