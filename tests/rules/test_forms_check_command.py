"""`anxin forms check`: cases in as JSON lines, judgements out."""

import json
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

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
        ("{", "no JSON"),
        ('{"id": NaN}', "NaN is no number"),
        ('{"id": ' + "9" * 5000 + "}", "no JSON"),
        ('{"id": "a", "form": {"fields": []}, "form": {}}', "'form' stands twice"),
        (
            case(
                form={
                    "fields": [
                        {"type": "number", "key": "n"},
                        {"type": "calc", "key": "c", "op": "sum", "of": ["n"], "decimals": 40},
                    ]
                }
            ),
            "c: decimals",
        ),
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


def test_a_bad_line_is_named_whenever_its_name_can_be_read() -> None:
    assert check_line('{"id": "a", "form": {"id": 1, "id": 2}}')["id"] == "a"
    assert check_line('{"id": {"n": [1, null]}, "form": 5}')["id"] == {"n": [1, None]}
    assert check_line('{"id": 1e999, "form": 5}')["id"] is None
    assert check_line("{")["id"] is None


def test_a_number_beyond_all_bounds_is_an_answer_of_the_wrong_kind() -> None:
    form = {"fields": [{"type": "number", "key": "n"}]}
    line = json.dumps({"id": "a", "form": form, "answers": {"n": 7}}).replace("7", "1e400")
    assert run(line) == (0, [{"id": "a", "visible": ["n"], "errors": [["n", "type"]], "data": {}}])


def test_half_of_a_pair_comes_back_escaped() -> None:
    assert run(case(id="\ud83d", answers={"species": "dog"}))[1][0]["id"] == "\ud83d"


def test_today_is_the_day_on_the_wall_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/GMT-14")
    time.tzset()
    try:
        here = datetime.now(ZoneInfo("Etc/GMT-14")).date().isoformat()
        form = {"fields": [{"type": "date", "key": "d", "max": "today"}]}
        assert check_line(json.dumps({"id": "a", "form": form, "answers": {"d": here}}))["errors"] == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_fault_of_ours_costs_one_line_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ArithmeticError("seven")

    monkeypatch.setattr("workers.cli.forms.evaluate", fail)
    assert check_line(case()) == {"id": "a", "error": "could not be judged: ArithmeticError: seven"}
