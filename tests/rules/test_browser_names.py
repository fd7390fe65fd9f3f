"""The browsers people use are told apart."""

import pytest

from web.browser_names import browser_name

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}", "Chrome · Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/140.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari · iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15; PHONE) {CHROME} MicroMessenger/8.0.50", "WeChat · Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_people_call_it(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
