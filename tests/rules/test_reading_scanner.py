"""The scanner finds what each pattern finds by itself, and gives up its shortcut where a pattern may begin with anything."""

import re
from pathlib import Path

import pytest

from core.hooks.reading.scanning import Scanner, first_characters
from core.hooks.reading.words import Reading
from plugins.petclinic.grave import HARM
from plugins.petclinic.public import PUBLIC
from plugins.petclinic.serious import SERIOUS
from plugins.petclinic.topics import TOPICS

DATA = Path(__file__).parents[1] / "plugins" / "data"
PATTERNS = [
    *(pattern for signal in (*HARM, *PUBLIC, *SERIOUS) for pattern in signal.patterns),
    *(topic.pattern for topic in TOPICS),
]


def test_scanning_together_finds_what_searching_one_by_one_finds() -> None:
    scanner = Scanner(PATTERNS)
    for file in sorted(DATA.glob("complaints_*.tsv")):
        text = Reading(file.read_text("utf-8")).plain
        found = scanner.scan(text, 10_000)
        for number, pattern in enumerate(PATTERNS):
            expected = [match.span() for match in pattern.finditer(text)]
            assert sorted(match.span() for match in found.get(number, [])) == expected, pattern.pattern


@pytest.mark.parametrize(
    ("pattern", "starts"),
    [
        ("猫死", {"猫死"}),
        ("猫|狗跑", {"猫", "狗跑"}),
        ("猫?死了", {"猫死", "死了"}),
        ("(?<!不)死[了球]", {"死了", "死球"}),
        ("[猫狗]+死", {"猫", "狗"}),
        ("死[^了]", {"死"}),
        (".死", None),
        ("[^,]死", None),
        ("(?:猫|)", None),
        (r"\d", set("0123456789")),
    ],
)
def test_what_a_pattern_may_begin_with(pattern: str, starts: set[str] | None) -> None:
    assert first_characters(pattern) == starts


def test_a_pattern_that_may_begin_with_anything_is_found_too_and_never_more_than_asked() -> None:
    scanner = Scanner([re.compile(".死"), re.compile("死")])
    found = scanner.scan("猫死狗死兔死", 2)
    assert [[match.start() for match in found[number]] for number in (0, 1)] == [[0, 2], [1, 3]]
