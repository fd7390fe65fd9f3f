"""`anxin sla calc`: the contract at the end of sla.md, other helpdesks' numbers, and every bad line."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.cli import sla
from workers.cli.sla import answers

CASES = json.loads((Path(__file__).parent / "data" / "helpdesk_cases.json").read_text())
SHANGHAI = {"tz": "Asia/Shanghai", "hours": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
START = "2026-03-02T02:00:00Z"


def ask(**line: Any) -> dict[str, Any]:
    return asked(json.dumps({"id": "a", **line}))


def asked(line: str | bytes) -> dict[str, Any]:
    (found,) = answers([line if isinstance(line, bytes) else line.encode()])
    answer, good = found
    assert good == ("error" not in answer)
    return answer


def due(minutes: Any = 60, start: Any = START, calendar: Any = None, **more: Any) -> Any:
    answer = ask(op="due", start=start, minutes=minutes, calendar=calendar, **more)
    return answer["due"] if "due" in answer else answer["error"]


def elapsed(end: Any, start: Any = START, calendar: Any = None, **more: Any) -> Any:
    answer = ask(op="elapsed", start=start, end=end, calendar=calendar, **more)
    return answer["minutes"] if "minutes" in answer else answer["error"]


def test_the_example_of_the_contract() -> None:
    line = (
        '{"id":"a","calendar":{"tz":"Asia/Shanghai","hours":{"mon":[["09:00","12:00"],["13:00","18:00"]],'
        '"tue":[["09:00","12:00"],["13:00","18:00"]]},"holidays":["2026-10-01"],'
        '"overrides":{"2026-10-10":[["09:00","18:00"]]}},"op":"due","start":"2026-03-02T02:00:00Z","minutes":480,'
        '"pauses":[["2026-03-02T03:00:00Z","2026-03-02T06:00:00Z"]]}'
    )
    assert asked(line) == {"id": "a", "due": "2026-03-03T04:00:00Z"}
    back = json.loads(line) | {"op": "elapsed", "end": "2026-03-03T04:00:00Z"}
    assert asked(json.dumps(back)) == {"id": "a", "minutes": 480}


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: "-".join(str(part) for part in case[:5]))
def test_the_numbers_of_other_helpdesks(case: list[Any]) -> None:
    """Whose, calendar, op, start, minutes or end, what they expect, and, when they paused, the pauses."""
    _, name, op, start, given, expected, *pauses = case
    asking = due if op == "due" else elapsed
    more = {"pauses": pauses[0]} if pauses else {}
    assert asking(given, start, CASES["calendars"][name], **more) == expected


# --- the worked examples of sla.md (Mon-Fri 09:00-18:00, Asia/Shanghai) ------------------------------------------

PAUSED = [["2026-03-02T11:00:00+08:00", "2026-03-02T14:00:00+08:00"]]


@pytest.mark.parametrize(
    ("minutes", "more", "expected"),
    [
        (480, {}, "2026-03-02T10:00:00Z"),
        (480, {"pauses": PAUSED}, "2026-03-03T04:00:00Z"),
        (240, {"pauses": PAUSED}, "2026-03-02T09:00:00Z"),  # 50 %, and retargeted to 240
        (360, {"pauses": PAUSED}, "2026-03-03T02:00:00Z"),  # 75 %
        (432, {"pauses": PAUSED}, "2026-03-03T03:12:00Z"),  # 90 %
        (60, {"pauses": PAUSED}, "2026-03-02T03:00:00Z"),  # ends where the pause starts
        (480, {"pauses": PAUSED, "calendar": SHANGHAI | {"holidays": ["2026-03-03"]}}, "2026-03-04T04:00:00Z"),
    ],
)
def test_the_worked_examples(minutes: int, more: dict[str, Any], expected: str) -> None:
    assert due(minutes, **({"calendar": SHANGHAI} | more)) == expected


# --- what is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wall", [None, "wall"])
def test_no_calendar_is_the_wall_clock(wall: object) -> None:
    assert due(calendar=wall) == "2026-03-02T03:00:00Z"
    assert asked('{"op":"due","start":"2026-03-02T02:00:00Z","minutes":1}') == {
        "id": None,
        "due": "2026-03-02T02:01:00Z",
    }


@pytest.mark.parametrize(
    "start",
    [
        "2026-03-02T10:00:00+08:00",
        "2026-03-02 10:00:00+08:00",
        "2026-03-02 10:00 +0800",
        "2026-03-02T02:00Z",
        "2026-03-02t02:00:00z",
        "2026-03-02 02:00:00 UTC",
        " 2026-03-02T02:00:00.000Z ",
        "20260302T020000Z",
        "2026-03-01T24:00:00-02:00",
        "2026-03-01T24:00-02:00",
        "2026-03-01T21:00:00-05",
    ],
)
def test_an_instant_is_read_in_the_ways_people_write_it(start: str) -> None:
    assert due(0, start) == START


@pytest.mark.parametrize(
    ("start", "error"),
    [
        ("2026-03-02T02:00:00", "start: has no offset (end it with Z or +08:00)"),
        ("2026-03-02", "start: has no offset (end it with Z or +08:00)"),
        ("2026-02-30T00:00:00Z", "start: is not a time like 2026-03-02T10:00:00+08:00"),
        ("9999-12-31T24:00:00Z", "start: is not a time like 2026-03-02T10:00:00+08:00"),
        ("soon", "start: is not a time like 2026-03-02T10:00:00+08:00"),
        (1_772_416_800, "start: is not a time like 2026-03-02T10:00:00+08:00"),
        (None, "start: is missing"),
        ("9999-06-01T00:00:00Z", "outside the years 2 to 9998"),
        ("0001-01-01T00:00:00+14:00", "outside the years 2 to 9998"),
    ],
)
def test_a_bad_instant_is_named(start: object, error: str) -> None:
    assert due(0, start) == error


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ("0.1", "2026-03-02T02:00:06Z"),
        ("7.5", "2026-03-02T02:07:30Z"),
        ("480.0", "2026-03-02T10:00:00Z"),
        ("4.8e2", "2026-03-02T10:00:00Z"),
        ("1.6666666666666667", "2026-03-02T02:01:40Z"),
        ("0.008333333333333333", "2026-03-02T02:00:01Z"),  # half a second goes up
        ("0.0083", "2026-03-02T02:00:00Z"),
        ("-0.0", "2026-03-02T02:00:00Z"),
        ("1e-999999", "2026-03-02T02:00:00Z"),
    ],
)
def test_minutes_are_exact_decimals_and_the_answer_is_the_nearest_second(minutes: str, expected: str) -> None:
    assert asked(f'{{"op":"due","start":"{START}","minutes":{minutes}}}')["due"] == expected


def test_the_noise_of_a_binary_fraction_does_not_push_a_budget_over_closing_time() -> None:
    assert due(100 / 60, "2026-03-02T09:58:20Z", SHANGHAI) == "2026-03-02T10:00:00Z"
    assert due(100.2 / 60, "2026-03-02T09:58:20Z", SHANGHAI) == "2026-03-03T01:00:00Z"


@pytest.mark.parametrize(
    ("minutes", "error"),
    [
        (-1, "minutes: must not be negative"),
        (-0.5, "minutes: must not be negative"),
        ("480", "minutes: must be a number"),
        (True, "minutes: must be a number"),
        ([1], "minutes: must be a number"),
        (None, "minutes: is missing"),
        (10**11, "outside the years 2 to 9998"),
        (10**10, "outside the years 2 to 9998"),
    ],
)
def test_bad_minutes_are_named(minutes: object, error: str) -> None:
    assert due(minutes) == error


def test_parts_of_a_second_are_counted_and_the_sum_is_rounded_once() -> None:
    office = {"tz": "UTC", "hours": SHANGHAI["hours"]}
    assert due(2 + 0.4 / 60, "1991-11-15T17:59:42.25Z", office) == "1991-11-18T09:01:43Z"
    assert elapsed("2014-04-07T10:00:01Z", "2014-04-07T10:00:00.75Z") == 0
    assert elapsed("2014-04-07T10:00:01.25Z", "2014-04-07T10:00:00.75Z") == 1 / 60
    assert elapsed("2014-04-07T23:59:59.999Z", "2014-04-07T00:00:00Z") == 1440


@pytest.mark.parametrize(("end", "expected"), [("2026-03-02T02:00:00Z", 0), ("2026-03-01T00:00:00Z", 0)])
def test_an_end_not_after_the_start_is_nought_minutes(end: str, expected: int) -> None:
    assert elapsed(end) == expected


def test_elapsed_minutes_are_whole_numbers_or_the_closest_fraction() -> None:
    answer = asked(f'{{"id":1,"op":"elapsed","start":"{START}","end":"2026-03-02T02:01:00Z"}}')
    assert json.dumps(answer) == '{"id": 1, "minutes": 1}'
    assert elapsed("2026-03-02T02:00:01Z") == 0.016666666666666666
    assert elapsed("2026-03-02T02:07:30Z") == 7.5


def test_pauses_may_be_absent_null_empty_unordered_overlapping_and_open() -> None:
    assert due(pauses=None) == due(pauses=[]) == due() == "2026-03-02T03:00:00Z"
    overlapping = [["2026-03-02T02:30:00Z", "2026-03-02T02:50:00Z"], ["2026-03-02T02:20:00Z", "2026-03-02T02:40:00Z"]]
    assert due(pauses=overlapping) == "2026-03-02T03:30:00Z"
    assert due(pauses=[["2026-03-02T02:30:00Z", None]]) is None
    assert due(pauses=[["2026-03-02T03:00:00Z", None]]) == "2026-03-02T03:00:00Z"
    assert elapsed("2026-03-02T12:00:00Z", pauses=[["2026-03-02T02:30:00Z", None]]) == 30


@pytest.mark.parametrize(
    ("pauses", "error"),
    [
        ("x", "pauses: must be a list"),
        ({}, "pauses: must be a list"),
        ([["2026-03-02T02:30:00Z"]], "pauses[0]: must be a pair of times; null as the second is a pause still open"),
        (["2026"], "pauses[0]: must be a pair of times; null as the second is a pause still open"),
        ([["2026-03-02T02:30:00Z", "x"]], "pauses[0][1]: is not a time like 2026-03-02T10:00:00+08:00"),
        ([[None, START]], "pauses[0][0]: is not a time like 2026-03-02T10:00:00+08:00"),
        ([["2026-03-02T02:30:00Z", START]], "pauses[0]: ends before it starts"),
    ],
)
def test_bad_pauses_are_named(pauses: object, error: str) -> None:
    assert due(pauses=pauses) == error


@pytest.mark.parametrize(
    ("calendar", "error"),
    [
        ({}, "calendar.tz: is missing; "),
        ([], "calendar: must be an object"),
        (SHANGHAI | {"tz": "X"}, "calendar.tz: unknown time zone (an IANA name like Asia/Shanghai)"),
        (SHANGHAI | {"hours": {}}, "calendar.hours: there is no open time at all"),
        (
            {"tz": "UTC", "overrides": {"2026-01-01": [["09:00", "10:00"]]}},
            "calendar: too little open time ahead, this is never due",
        ),
    ],
)
def test_a_bad_calendar_is_named_by_path(calendar: object, error: str) -> None:
    assert due(calendar=calendar) == error.removesuffix("; ")


def test_every_problem_of_a_calendar_has_a_text() -> None:
    source = (Path(sla.__file__).parents[2] / "core" / "calendars" / "rules.py").read_text()
    assert {code for code in sla._CALENDAR_TEXTS if f'"{code}"' not in source} == set()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("bad", {"id": None, "error": "not JSON: Expecting value: line 1 column 1 (char 0)"}),
        (b'{"id":"\xff"}', None),
        ('{"id":1,"minutes":NaN}', {"id": None, "error": "not JSON: NaN is not JSON"}),
        ("[" * 100_000, None),
        ("[1]", {"id": None, "error": "must be an object"}),
        ('{"id":[1],"op":"due"}', {"id": None, "error": "id: must be text or a number"}),
        ('{"id":1e999,"op":"due"}', {"id": None, "error": "id: too large"}),
        ('{"id":1.50}', {"id": 1.5, "error": "op: is missing (due or elapsed)"}),
        ('{"id":"a","op":"until"}', {"id": "a", "error": "op: must be due or elapsed"}),
        ('{"id":"a","op":["due"]}', {"id": "a", "error": "op: must be due or elapsed"}),
        ('{"id":"a","op":"due","op":"elapsed"}', {"id": "a", "error": 'the key "op" is given twice'}),
        ('{"id":"a","calendar":{"hours":{"mon":[],"mon":[]}}}', {"id": "a", "error": 'the key "mon" is given twice'}),
    ],
)
def test_a_bad_line_is_answered_with_an_error(line: str | bytes, answer: dict[str, Any] | None) -> None:
    found = asked(line)
    assert found == answer if answer else found["error"].startswith("not JSON")


def test_columns_of_a_spreadsheet_beside_ours_are_ignored() -> None:
    assert due(comment="urgent", expected="?") == "2026-03-02T03:00:00Z"


def test_a_calendar_is_compiled_once_for_all_its_lines() -> None:
    line = json.dumps({"op": "due", "start": START, "minutes": 480, "calendar": SHANGHAI}).encode()
    assert [answer["due"] for answer, _ in answers([line] * 3)] == ["2026-03-02T10:00:00Z"] * 3


def test_many_calendars_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sla, "_CALENDARS_KEPT", 2)
    hours = [{"tz": "UTC", "hours": {"mon": [[f"{hour:02d}:00", "18:00"]]}} for hour in range(6)]
    lines = [json.dumps({"op": "due", "start": START, "minutes": 0, "calendar": each}).encode() for each in hours * 2]
    assert [answer["due"] for answer, _ in answers(lines)] == ["2026-03-02T02:00:00Z"] * 3 + [
        "2026-03-02T03:00:00Z",
        "2026-03-02T04:00:00Z",
        "2026-03-02T05:00:00Z",
    ] + ["2026-03-02T02:00:00Z"] * 3 + ["2026-03-02T03:00:00Z", "2026-03-02T04:00:00Z", "2026-03-02T05:00:00Z"]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([START, "mon", "due", "elapsed", "UTC"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tz", "hours", "mon", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["id", "calendar", "op", "start", "end", "minutes", "pauses"], anything)
    )
)
def test_whatever_a_line_says_it_gets_an_answer_of_one_line(line: dict[str, Any]) -> None:
    assert asked(json.dumps(line)).keys() <= {"id", "due", "minutes", "error"}


# --- the command ---------------------------------------------------------------------------------------------------


def test_lines_are_answered_in_order_blank_ones_skipped_and_the_exit_status_tells_of_bad_ones() -> None:
    good = f'{{"id":"中\\ud800","op":"due","start":"{START}","minutes":1}}'
    ran = CliRunner().invoke(sla.command, ["calc"], input=b"\xef\xbb\xbf" + f"{good}\n\n  \nbad\n{good}".encode())
    lines = ran.stdout_bytes.decode().splitlines()
    assert lines[0] == lines[2] == '{"id":"中\\ud800","due":"2026-03-02T02:01:00Z"}'
    assert json.loads(lines[1])["id"] is None
    assert (len(lines), ran.exit_code) == (3, 1)


def test_good_lines_alone_exit_with_0() -> None:
    assert CliRunner().invoke(sla.command, ["calc"], input=b"").exit_code == 0


def test_the_command_starts_fast_and_answers_ten_thousand_lines_in_a_few_seconds() -> None:
    line = json.dumps({"id": 1, "calendar": SHANGHAI, "op": "due", "start": START, "minutes": 480, "pauses": PAUSED})
    begun = time.monotonic()
    command = [sys.executable, "-m", "workers.cli.main", "sla", "calc"]
    ran = subprocess.run(command, input=f"{line}\n" * 10_000, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ['{"id":1,"due":"2026-03-03T04:00:00Z"}'] * 10_000
    assert time.monotonic() - begun < 20  # about 1 s alone; the machine is shared
