"""The colours of tokens.css: both dark copies equal, and every text readable on its ground in both themes."""

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "web" / "frontend" / "src"
TOKENS = (SOURCES / "css" / "tokens.css").read_text()
_DECLARATION = re.compile(r"(--[\w-]+):\s*([^;]+);")
# text on ground, least ratio: 4.5 for text, 3 for what is not text (WCAG 1.4.3 and 1.4.11)
PAIRS = [
    *((text, ground, 4.5) for text in ("text", "muted") for ground in ("bg", "surface", "sunken", "rail", "hover")),
    *((text, ground, 4.5) for text in ("accent", "danger", "ok", "warn") for ground in ("bg", "surface")),
    *((f"l{level}", f"l{level}-soft", 4.5) for level in (1, 2, 3)),
    *((state, f"{state}-soft", 4.5) for state in ("ok", "warn", "danger", "info")),
    ("on-primary", "primary", 4.5),
    ("on-primary", "primary-hover", 4.5),
    ("on-danger-solid", "danger-solid", 4.5),
    ("on-accent-soft", "accent-soft", 4.5),
    ("muted", "accent-soft", 4.5),
    ("on-toast", "toast", 4.5),
    ("toast-accent", "toast", 4.5),
    ("line-strong", "surface", 3),
    ("line-strong", "bg", 3),
    ("focus", "surface", 3),
    ("focus", "bg", 3),
    ("primary", "surface", 3),
    ("ok-bar", "surface", 3),
    ("danger-bar", "surface", 3),
]


def _block(opening: str) -> dict[str, str]:
    start = TOKENS.index(opening) + len(opening)
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(TOKENS[end], 0)
        end += 1
    return dict(_DECLARATION.findall(TOKENS[start : end - 1]))


LIGHT = _block("  :root {")
DARK = _block(':root[data-theme="dark"] {')


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ratio(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_dark_colours_of_choice_and_of_the_system_are_the_same() -> None:
    assert _block(":root:not([data-theme]) {") == DARK


def test_dark_changes_only_what_light_defines() -> None:
    assert set(DARK) - set(LIGHT) == set()


@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_on_its_ground(text: str, ground: str, least: float, theme: str) -> None:
    colours = LIGHT | (DARK if theme == "dark" else {})
    ratio = _ratio(colours[f"--{text}"], colours[f"--{ground}"])
    assert ratio >= least, f"--{text} on --{ground}: {ratio:.2f}"


def test_styles_use_tokens_that_exist() -> None:
    used = {name for file in SOURCES.rglob("*.css") for name in re.findall(r"var\((--[\w-]+)", file.read_text())}
    local = {name for file in SOURCES.rglob("*.css") for name, _ in _DECLARATION.findall(file.read_text())}
    assert used - set(LIGHT) - local == set()


def test_colours_are_written_in_tokens_only() -> None:
    """A colour elsewhere would not follow the theme; paper, ink and print are the exceptions."""
    allowed = {"#fff", "#000", "#33484c", "#edf2f2"}
    found = {
        (file.name, colour)
        for file in SOURCES.rglob("*.css")
        if file.name != "tokens.css"
        for colour in re.findall(
            r"(?<!&)#[0-9a-fA-F]{3,8}\b", re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        )
        if colour not in allowed
    }
    assert found == set()
