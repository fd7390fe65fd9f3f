"""`anxin forms check`: cases in as JSON lines, judgements out."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from workers.cli.forms import check_line, command

FORM = {
    "fields": [
        {"type": "choice", "key": "species", "required": True, "options": [["dog", "犬"], ["exotic", "异宠"]]},
        {"type": "text", "key": "kind", "visible_when": {"field": "species", "op": "eq", "value": "exotic"}},
        {"type": "date", "key": "since", "max": "today"},
    ]
}


def run(*lines: str) -> tuple[int, list[Any]]:
    done = CliRunner().invoke(command, ["check"], input="\n".join(lines))
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def case(**more: Any) -> str:
    return json.dumps({"id": "a", "form": FORM, "answers": {}, "today": "2026-03-02"} | more)


def test_a_case_is_judged() -> None:
    answers = {"species": "dog", "kind": "x", "since": "2026-03-03", "zz": 1}
    assert run(case(answers=answers), "", case(id=7)) == (
        0,
        [
            {
                "id": "a",
                "visible": ["species", "since"],
                "errors": [["since", "future"], ["zz", "unknown"]],
                "data": {"species": "dog"},
            },
            {"id": 7, "visible": ["species", "since"], "errors": [["species", "required"]], "data": {}},
        ],
    )


def test_a_byte_order_mark_and_blank_lines_are_no_cases() -> None:
    assert run("\ufeff" + case(answers={"species": "dog"}), " ", "\r")[1][0]["data"] == {"species": "dog"}


def test_without_today_it_is_the_present_day() -> None:
    line = json.dumps({"id": "a", "form": FORM, "answers": {"species": "dog", "since": "2020-01-01"}})
    assert run(line)[1][0]["errors"] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "truncated"),
        ("5", "object"),
        ("[]", "object"),
        ('{"id": "a"}', "form is missing"),
        (case(answers=[]), "answers is no object"),
        (case(today="2026-3-2"), "today is no date"),
        (case(form={"fields": []}), "at least one field"),
        (case(form={"fields": [{"type": "text", "key": "A"}]}), "does not match"),
        (case(form={"fields": [{"type": "colour", "key": "a"}]}), "colour"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_bad_line_says_why_and_the_rest_goes_on(line: str, words: str) -> None:
    status, (bad, good) = run(line, case())
    assert status == 1
    assert words in bad["error"]
    assert good["id"] == "a"


def test_a_line_of_bad_bytes_is_a_bad_line() -> None:
    assert "error" in check_line(b'{"id": "\xff"}')
