"""Every class that a template names is styled somewhere: a forgotten one shows as plain text that nobody meant."""

import re
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"
HOOKS = {"answer", "auth-tenant", "cell", "filter-select", "page", "photo", "signature-typed", "toast-close"}
"""Names for scripts and tests, and for parts that look right as they are."""


def _named() -> dict[str, str]:
    found = {}
    for place in [*(WEB / "templates").rglob("*.html"), WEB / "pieces.py"]:
        text = re.sub(r"\{[{%#].*?[}%#]\}", " ", place.read_text(), flags=re.DOTALL)
        for classes in re.findall(r'class="([^"]*)"', text):
            found |= dict.fromkeys(classes.split(), place.name)
    return found


def test_every_class_of_a_template_is_styled() -> None:
    styles = "".join(place.read_text() for place in (WEB / "frontend" / "src" / "css").glob("*.css"))
    styled = set(re.findall(r"\.([a-z][\w-]*)", styles))
    named = _named()
    assert {name: place for name, place in named.items() if name not in styled | HOOKS} == {}
    assert not HOOKS - named.keys(), "no longer named"
