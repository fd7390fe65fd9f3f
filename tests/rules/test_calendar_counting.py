"""Counting open time: every line of sla.md, rules 1 to 6, and the days on which clocks change."""

from datetime import UTC, datetime
from itertools import pairwise
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from core.calendars.openings.rules import LAST_YEAR, OutOfRange, offset_periods, year_start
from core.calendars.rules import (
    Calendar,
    NeverDue,
    due,
    due_over,
    due_working_days,
    due_working_days_over,
    elapsed,
    elapsed_over,
    instant_of,
    parse_calendar,
    seconds_of,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
EVERY_DAY = (*WEEKDAYS, "sat", "sun")
HOUR = 3_600


def calendar(tz: str, days: tuple[str, ...], *segments: tuple[str, str], **more: object) -> Calendar:
    return parse_calendar({"tz": tz, "hours": {day: [list(s) for s in segments] for day in days}, **more})


def at(text: str, tz: str = "Asia/Shanghai") -> int:
    found = datetime.fromisoformat(text)
    return seconds_of(found if found.tzinfo else found.replace(tzinfo=ZoneInfo(tz)))


OFFICE = calendar("Asia/Shanghai", WEEKDAYS, ("09:00", "18:00"))


def test_seconds_and_instants_are_each_others_inverse_and_parts_of_a_second_are_cut() -> None:
    moment = datetime(2026, 3, 2, 2, 0, 0, 999_999, tzinfo=UTC)
    assert instant_of(seconds_of(moment)) == moment.replace(microsecond=0)


def test_time_outside_the_open_set_is_skipped() -> None:
    assert due(OFFICE, at("2026-03-06T17:00"), 2 * HOUR) == at("2026-03-09T10:00")


def test_a_budget_that_ends_at_closing_time_is_due_at_closing_time() -> None:
    assert due(OFFICE, at("2026-03-02T10:00"), 8 * HOUR) == at("2026-03-02T18:00")


def test_a_budget_that_ends_at_the_start_of_a_pause_is_due_there() -> None:
    pause = (at("2026-03-02T11:00"), at("2026-03-02T14:00"))
    assert due(OFFICE, at("2026-03-02T10:00"), HOUR, [pause]) == pause[0]
    assert due(OFFICE, at("2026-03-02T10:00"), HOUR, [(pause[0], None)]) == pause[0]


def test_budget_nought_is_due_at_the_first_open_instant() -> None:
    assert due(OFFICE, at("2026-03-07T12:00"), 0) == at("2026-03-09T09:00")
    assert due(OFFICE, at("2026-03-09T10:30"), 0) == at("2026-03-09T10:30")
    assert due(OFFICE, at("2026-03-09T18:00"), 0) == at("2026-03-10T09:00")


def test_budget_nought_inside_a_pause_is_due_when_it_ends_or_the_doors_open() -> None:
    start = at("2026-03-09T10:00")
    assert due(OFFICE, start, 0, [(start, at("2026-03-09T11:00"))]) == at("2026-03-09T11:00")
    assert due(OFFICE, start, 0, [(start, at("2026-03-09T20:00"))]) == at("2026-03-10T09:00")
    evening_pauses = [(start, at("2026-03-09T20:00")), (at("2026-03-10T08:00"), at("2026-03-10T09:30"))]
    assert due(OFFICE, start, 0, evening_pauses) == at("2026-03-10T09:30")


def test_an_open_pause_means_no_due_time_unless_the_budget_was_spent_before() -> None:
    start = at("2026-03-02T10:00")
    assert due(OFFICE, start, 2 * HOUR, [(at("2026-03-02T11:00"), None)]) is None
    assert due(OFFICE, start, 2 * HOUR, [(start - HOUR, None)]) is None
    assert due(OFFICE, start, 0, [(start, None)]) is None
    assert due(OFFICE, start, 2 * HOUR, [(at("2026-03-02T13:00"), None)]) == at("2026-03-02T12:00")


def test_overlapping_and_unordered_pauses_are_one_and_those_before_the_start_do_nothing() -> None:
    start = at("2026-03-02T10:00")
    pauses = [
        (at("2026-03-02T13:00"), at("2026-03-02T14:00")),
        (at("2026-03-02T11:00"), at("2026-03-02T13:30")),
        (at("2026-03-02T12:00"), at("2026-03-02T12:00")),
        (at("2026-03-02T06:00"), at("2026-03-02T09:00")),
    ]
    assert due(OFFICE, start, 8 * HOUR, pauses) == at("2026-03-03T12:00")
    assert elapsed(OFFICE, start, at("2026-03-02T18:00"), pauses) == 5 * HOUR


def test_a_pause_while_closed_costs_nothing() -> None:
    night = (at("2026-03-02T18:00"), at("2026-03-03T09:00"))
    assert due(OFFICE, at("2026-03-02T10:00"), 9 * HOUR, [night]) == at("2026-03-03T10:00")


def test_elapsed_is_nought_when_the_end_is_not_after_the_start() -> None:
    start = at("2026-03-02T10:00")
    assert elapsed(OFFICE, start, start) == 0
    assert elapsed(OFFICE, start, start - HOUR) == 0


def test_elapsed_leaves_out_an_open_pause() -> None:
    start = at("2026-03-02T10:00")
    assert elapsed(OFFICE, start, at("2026-03-09T10:00"), [(at("2026-03-02T11:00"), None)]) == HOUR


def test_the_wall_clock_counts_every_second_but_the_paused_ones() -> None:
    start = at("2026-09-30T23:50")
    assert due(None, start, 600) == at("2026-10-01T00:00")
    assert due(None, start, 600, [(start + 60, start + 120)]) == start + 660
    assert due(None, start, 0) == start
    assert elapsed(None, start, start + 600, [(start + 60, start + 120)]) == 540


def test_an_override_beats_a_holiday_and_a_holiday_the_weekly_pattern() -> None:
    special = calendar(
        "Asia/Shanghai",
        WEEKDAYS,
        ("09:00", "18:00"),
        holidays=["2026-10-01", "2026-10-02"],
        overrides={"2026-10-10": [["09:00", "12:00"]], "2026-10-09": []},
    )
    assert elapsed(special, at("2026-10-01T00:00"), at("2026-10-03T00:00")) == 0
    assert elapsed(special, at("2026-10-09T00:00"), at("2026-10-11T00:00")) == 3 * HOUR


def test_a_segment_may_end_at_midnight_and_go_on_the_next_day() -> None:
    night = calendar("UTC", EVERY_DAY, ("00:00", "06:00"), ("22:00", "24:00"))
    assert due(night, at("2026-03-02T22:30", "UTC"), 3 * HOUR) == at("2026-03-03T01:30", "UTC")
    assert due(night, at("2026-03-02T22:00", "UTC"), 8 * HOUR) == at("2026-03-03T06:00", "UTC")


@pytest.mark.parametrize(
    ("tz", "day", "after", "hours"),
    [
        ("America/New_York", "2026-03-08", "2026-03-09", 23),
        ("America/New_York", "2026-11-01", "2026-11-02", 25),
        ("Europe/London", "2026-03-29", "2026-03-30", 23),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-06", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-05", 23.5),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-05", 23),
        ("America/Sao_Paulo", "2019-02-16", "2019-02-17", 25),
        ("Pacific/Apia", "2011-12-29", "2011-12-31", 24),
        ("Africa/Casablanca", "2026-02-15", "2026-02-16", 25),
        ("Asia/Shanghai", "2026-03-08", "2026-03-09", 24),
    ],
)
def test_a_day_has_the_hours_it_really_has(tz: str, day: str, after: str, hours: float) -> None:
    assert elapsed(calendar(tz, EVERY_DAY, ("00:00", "24:00")), at(day, tz), at(after, tz)) == hours * HOUR


def test_a_segment_in_a_gap_is_nought_long_and_one_across_it_is_shorter() -> None:
    tz, day, after = "America/New_York", "2026-03-08", "2026-03-09"
    inside = calendar(tz, ("sun",), ("02:00", "03:00"))
    assert elapsed(inside, at(day, tz), at(after, tz)) == 0
    assert due(inside, at(day, tz), HOUR) == at("2026-03-15T03:00", tz)
    assert elapsed(calendar(tz, ("sun",), ("02:30", "03:30")), at(day, tz), at(after, tz)) == HOUR / 2
    assert elapsed(calendar(tz, ("sun",), ("01:30", "02:30")), at(day, tz), at(after, tz)) == HOUR / 2
    assert elapsed(calendar(tz, ("sun",), ("01:00", "04:00")), at(day, tz), at(after, tz)) == 2 * HOUR


def test_a_repeated_hour_counts_twice_and_a_segment_inside_it_opens_twice() -> None:
    tz, day, after = "America/New_York", "2026-11-01", "2026-11-02"
    assert elapsed(calendar(tz, ("sun",), ("01:00", "02:00")), at(day, tz), at(after, tz)) == 2 * HOUR
    half = calendar(tz, ("sun",), ("01:15", "01:45"))
    assert elapsed(half, at(day, tz), at(after, tz)) == HOUR
    first = at("2026-11-01T01:15:00-04:00")
    assert due(half, first, HOUR // 2) == first + HOUR // 2  # 01:45 the first time
    assert due(half, first, HOUR // 2 + 60) == at("2026-11-01T01:16:00-05:00")
    assert due(calendar(tz, ("sun",), ("01:30", "03:00")), at(day, tz), 2 * HOUR) == at("2026-11-01T03:00:00-05:00")


def test_a_clock_set_back_over_midnight_reopens_the_day_before() -> None:
    tz = "America/Sao_Paulo"  # 2019-02-17 00:00 became 2019-02-16 23:00
    late = calendar(tz, ("sat",), ("22:30", "24:00"))
    start = at("2019-02-16T22:30:00-02:00")
    assert due(late, start, 5 * HOUR // 2) == at("2019-02-17T00:00:00-03:00")
    assert due_working_days(late, start, 1) == at("2019-02-17T00:00:00-03:00")


def test_far_futures_and_huge_budgets_are_counted() -> None:
    eight_hours = calendar("America/New_York", EVERY_DAY, ("09:00", "17:00"))
    start = at("2026-03-02T09:00", "America/New_York")
    years = at("2426-03-02T09:00", "America/New_York")
    assert elapsed(eight_hours, start, years) == 146_097 * 8 * HOUR
    assert due(eight_hours, start, 146_097 * 8 * HOUR) == years - 16 * HOUR
    assert elapsed(eight_hours, at("1900-03-02T00:00:00-05:00"), start) == 46_021 * 8 * HOUR


def test_years_before_the_first_asked_for_keep_the_sums_consistent() -> None:
    start, end = at("2026-03-02T09:00"), at("2026-03-03T09:00")
    assert elapsed(OFFICE, start, end) == 9 * HOUR
    assert elapsed(OFFICE, at("1990-01-01T00:00"), at("1990-01-02T00:00")) == 9 * HOUR
    assert elapsed(OFFICE, start, end) == 9 * HOUR


def test_a_budget_that_can_never_be_filled_is_an_error() -> None:
    once = parse_calendar({"tz": "UTC", "overrides": {"2026-12-31": [["22:00", "24:00"]]}})
    start = at("2026-01-01T00:00", "UTC")
    assert due(once, start, 2 * HOUR) == at("2027-01-01T00:00", "UTC")
    with pytest.raises(NeverDue):
        due(once, start, 2 * HOUR + 1)
    with pytest.raises(NeverDue):
        due(once, at("2027-01-01T00:00", "UTC"), 0)
    with pytest.raises(NeverDue):
        due_working_days(once, start, 2)
    assert due(once, start, 3 * HOUR, [(start + HOUR, None)]) is None


def test_a_calendar_with_no_dates_and_no_hours_never_opens() -> None:
    empty = Calendar("UTC", ((),) * 7)  # no page saves one; a row from elsewhere could hold it
    with pytest.raises(NeverDue):
        due(empty, 0, 1)
    with pytest.raises(NeverDue):
        due(empty, 0, 0)
    with pytest.raises(NeverDue):
        due_working_days(empty, 0, 1)


def test_single_openings_years_apart_are_found() -> None:
    dates = {"2026-01-01": [["10:00", "11:00"]], "2031-06-01": [["10:00", "11:00"]]}
    rare = parse_calendar({"tz": "Asia/Shanghai", "overrides": dates})
    assert due(rare, at("2026-01-01T10:30"), HOUR) == at("2031-06-01T10:30")
    assert due(rare, at("2026-01-01T11:00"), 0) == at("2031-06-01T10:00")


def test_what_lies_outside_the_years_2_to_9998_is_an_error() -> None:
    with pytest.raises(OutOfRange):
        due(OFFICE, at("2026-03-02T10:00"), 10**13)
    with pytest.raises(OutOfRange):
        due(None, at("2026-03-02T10:00"), 10**13)
    with pytest.raises(OutOfRange):
        elapsed(OFFICE, -(10**12), 0)
    with pytest.raises(OutOfRange):
        due(calendar("UTC", ("wed",), ("09:00", "18:00")), year_start(LAST_YEAR + 1) - 9 * HOUR, 0)
    with pytest.raises(OutOfRange):
        due(calendar("UTC", ("wed",), ("09:00", "18:00")), year_start(LAST_YEAR), 2000 * HOUR)
    assert OFFICE.openings.intervals(year_start(LAST_YEAR) // 86_400 + 102)


def test_the_offset_periods_of_a_year_tile_it() -> None:
    for tz in ("Africa/Casablanca", "Asia/Shanghai", "America/New_York"):
        periods = offset_periods(tz, 2026)
        assert (periods[0].start, periods[-1].end) == (year_start(2026), year_start(2027))
        assert all(one.end == two.start for one, two in pairwise(periods))


def test_threads_that_ask_at_once_get_the_same_answer() -> None:
    shared = calendar("Europe/London", WEEKDAYS, ("09:00", "17:00"))
    found: list[object] = []
    start = at("2026-03-02T09:00", "Europe/London")
    ask = [Thread(target=lambda n=n: found.append(elapsed(shared, start - n * 10**8, start))) for n in range(8)]
    for thread in ask:
        thread.start()
    for thread in ask:
        thread.join()
    assert sorted(found) == [elapsed(shared, start - n * 10**8, start) for n in range(8)]  # type: ignore[type-var] # ints


# --- calendars that follow each other (rule 9) -------------------------------------------------------------------


def test_the_old_calendar_holds_before_the_effective_date_and_the_new_one_after() -> None:
    holiday = calendar("Asia/Shanghai", WEEKDAYS, ("09:00", "18:00"), holidays=["2026-03-02", "2026-03-03"])
    spans = ((None, OFFICE), (at("2026-03-03T00:00"), holiday))
    start = at("2026-03-02T10:00")
    assert due_over(spans, start, 9 * HOUR) == at("2026-03-04T10:00")
    assert elapsed_over(spans, start, at("2026-03-04T10:00")) == 9 * HOUR
    assert due_over(spans, at("2026-03-03T08:00"), 0) == at("2026-03-04T09:00")
    assert due_over(spans, start, 8 * HOUR, [(start, start + HOUR)]) == at("2026-03-04T10:00")


def test_budget_nought_waits_for_the_calendar_that_opens() -> None:
    never_again = parse_calendar({"tz": "Asia/Shanghai", "overrides": {"2026-01-01": [["09:00", "10:00"]]}})
    spans = ((None, never_again), (at("2026-03-03T00:00"), OFFICE))
    assert due_over(spans, at("2026-03-02T10:00"), 0) == at("2026-03-03T09:00")
    assert due_over(spans, at("2026-03-02T10:00"), HOUR) == at("2026-03-03T10:00")


# --- working days (rule 4) ---------------------------------------------------------------------------------------


def test_working_days_end_with_their_date_and_the_first_one_counts() -> None:
    assert due_working_days(OFFICE, at("2026-03-02T10:00"), 1) == at("2026-03-02T18:00")
    assert due_working_days(OFFICE, at("2026-03-02T00:00"), 5) == at("2026-03-06T18:00")
    assert due_working_days(OFFICE, at("2026-03-02T10:00"), 6) == at("2026-03-09T18:00")


def test_a_date_with_no_open_time_left_does_not_count() -> None:
    assert due_working_days(OFFICE, at("2026-03-02T18:00"), 1) == at("2026-03-03T18:00")
    assert due_working_days(OFFICE, at("2026-03-07T10:00"), 1) == at("2026-03-09T18:00")


def test_no_working_day_at_all_is_due_at_once() -> None:
    assert due_working_days(OFFICE, at("2026-03-02T10:00"), 0) == at("2026-03-02T10:00")


def test_a_date_follows_the_calendar_that_holds_at_its_midnight() -> None:
    holiday = calendar("Asia/Shanghai", WEEKDAYS, ("09:00", "18:00"), holidays=["2026-03-03", "2026-03-04"])
    spans = ((None, OFFICE), (at("2026-03-03T10:00"), holiday))
    assert due_working_days_over(spans, at("2026-03-02T10:00"), 3) == at("2026-03-05T18:00")
