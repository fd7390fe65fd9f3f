"""Reading a calendar: what is refused, where the fault is, and that writing it back loses nothing (sla.md, 1 to 3)."""

from typing import Any

import msgspec
import pytest

from core.calendars.rules import Calendar, InvalidCalendar, calendar_data, parse_calendar

NINE_TO_SIX = {"tz": "Asia/Shanghai", "hours": {"mon": [["09:00", "18:00"]]}}


def problems(data: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidCalendar) as refused:
        parse_calendar(data)
    return [(problem.path, problem.code) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tz": None}, ("tz", "missing")),
        ({"tz": ""}, ("tz", "unknown-zone")),
        ({"tz": 8}, ("tz", "unknown-zone")),
        ({"tz": "Mars/Olympus"}, ("tz", "unknown-zone")),
        ({"tz": "America"}, ("tz", "unknown-zone")),
        ({"tz": "../../etc/passwd"}, ("tz", "unknown-zone")),
        ({"tz": "localtime"}, ("tz", "unknown-zone")),
        ({"tz": "right/Asia/Shanghai"}, ("tz", "unknown-zone")),
        ({"hours": {}}, ("hours", "never-open")),
        ({"hours": None}, ("hours", "never-open")),
        ({"hours": {"mon": []}}, ("hours", "never-open")),
        ({"hours": []}, ("hours", "not-an-object")),
        ({"hours": {"mo": []}}, ("hours.mo", "unknown-day")),
        ({"hours": {"mon": [], "Monday": []}}, ("hours.Monday", "duplicate-day")),
        ({"hours": {"mon": "09:00-18:00"}}, ("hours.mon", "not-a-list")),
        ({"hours": {"mon": ["09:00-18:00"]}}, ("hours.mon[0]", "not-a-pair")),
        ({"hours": {"mon": [["09:00"]]}}, ("hours.mon[0]", "not-a-pair")),
        ({"hours": {"mon": [["9", "18:00"]]}}, ("hours.mon[0][0]", "not-a-time")),
        ({"hours": {"mon": [["09:00", "24:01"]]}}, ("hours.mon[0][1]", "not-a-time")),
        ({"hours": {"mon": [["09:00", "18:60"]]}}, ("hours.mon[0][1]", "not-a-time")),
        ({"hours": {"mon": [["09:00", 18]]}}, ("hours.mon[0][1]", "not-a-time")),
        ({"hours": {"mon": [["٠٩:00", "18:00"]]}}, ("hours.mon[0][0]", "not-a-time")),
        ({"hours": {"mon": [["22:00", "06:00"]]}}, ("hours.mon[0]", "closes-before-it-opens")),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, ("hours.mon[0]", "closes-before-it-opens")),
        ({"hours": {"mon": [["24:00", "24:00"]]}}, ("hours.mon[0]", "closes-before-it-opens")),
        ({"hours": {"mon": [["09:00", "12:00"], ["11:59", "18:00"]]}}, ("hours.mon", "overlap")),
        ({"holidays": "2026-10-01"}, ("holidays", "not-a-list")),
        ({"holidays": ["2026-10-01", "2026-02-30"]}, ("holidays[1]", "not-a-date")),
        ({"holidays": ["20261001"]}, ("holidays[0]", "not-a-date")),
        ({"holidays": [20261001]}, ("holidays[0]", "not-a-date")),
        ({"overrides": ["2026-10-10"]}, ("overrides", "not-an-object")),
        ({"overrides": 5}, ("overrides", "not-an-object")),
        ({"overrides": 0}, ("overrides", "not-an-object")),
        ({"overrides": {"10-10": []}}, ("overrides.10-10", "not-a-date")),
        ({"overrides": {"2026-10-10": [["09:00", "08:00"]]}}, ("overrides.2026-10-10[0]", "closes-before-it-opens")),
        (
            {"holidays": ["2026-10-10"], "overrides": {"2026-10-10": []}},
            ("overrides.2026-10-10", "holiday-and-override"),
        ),
        ({"holiday": []}, ("holiday", "unknown-key")),
    ],
)
def test_a_faulty_calendar_is_refused_and_the_path_named(change: dict[str, Any], expected: tuple[str, str]) -> None:
    assert problems(NINE_TO_SIX | change) == [expected]


def test_what_is_no_object_is_no_calendar() -> None:
    assert problems([]) == [("", "not-an-object")]


def test_every_problem_is_reported_at_once() -> None:
    found = problems({"tz": "X", "hours": {"mo": [], "tue": [["a", "b"]]}, "holidays": ["x"]})
    assert [path for path, _ in found] == ["tz", "hours.mo", "hours.tue[0][0]", "hours.tue[0][1]", "holidays[0]"]


def test_a_calendar_that_is_open_on_single_dates_only_is_a_calendar() -> None:
    calendar = parse_calendar({"tz": "UTC", "overrides": {"2026-10-10": [["09:00", "18:00"]]}})
    assert not any(calendar.week)


def test_an_override_without_hours_is_a_closed_day() -> None:
    assert parse_calendar(NINE_TO_SIX | {"overrides": {"2026-10-12": None, "2026-10-13": []}}).overrides[0][1] == ()


@pytest.mark.parametrize("empty", [None, {}, []])
def test_empty_overrides_may_be_written_as_people_write_nothing(empty: object) -> None:
    assert parse_calendar(NINE_TO_SIX | {"overrides": empty}).overrides == ()


def test_day_names_are_read_long_short_and_in_any_case() -> None:
    calendar = parse_calendar({"tz": "UTC", "hours": {"Monday": [["9:00", "24:00"]], "TUE": [["00:00:30", "01:00"]]}})
    assert calendar.week[:2] == (((32_400, 86_400),), ((30, 3_600),))


def test_segments_are_sorted_and_may_touch() -> None:
    calendar = parse_calendar({"tz": "UTC", "hours": {"mon": [["13:00", "18:00"], ["09:00", "13:00"]]}})
    assert calendar.week[0] == ((32_400, 46_800), (46_800, 64_800))


def test_writing_a_calendar_and_reading_it_back_gives_the_same_record() -> None:
    data = {
        "tz": "Asia/Shanghai",
        "hours": {"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "sun": [["00:00:30", "01:00"]]},
        "holidays": ["2026-10-01"],
        "overrides": {"2026-10-10": [["09:00", "18:00"]], "2026-10-11": []},
    }
    calendar = parse_calendar(data)
    assert calendar_data(calendar) == data
    assert msgspec.json.decode(msgspec.json.encode(calendar), type=Calendar) == calendar
