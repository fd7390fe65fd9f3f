"""Every due time can be explained: start, budget, pauses, days skipped and why (sla.md, rule 18)."""

from datetime import date, datetime

from core.calendars.explain.rules import MOST_DAYS, explain, explain_over
from core.calendars.rules import Calendar, instant_of, parse_calendar, seconds_of

HOUR = 3_600
WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
SPECIAL: Calendar = parse_calendar(
    {
        "tz": "Asia/Shanghai",
        "hours": WEEK,
        "holidays": ["2026-10-01"],
        "overrides": {"2026-10-02": [], "2026-10-10": [["09:00", "12:00"]]},
    }
)
OFFICE = parse_calendar({"tz": "Asia/Shanghai", "hours": WEEK})


def at(text: str) -> int:
    return seconds_of(datetime.fromisoformat(text + "+08:00"))


def test_each_day_tells_what_counted_and_which_rule_held() -> None:
    told = explain(SPECIAL, at("2026-09-30T17:00"), 12 * HOUR)
    assert told.due == instant_of(at("2026-10-06T11:00"))
    assert [(day.day.day, day.counted // HOUR, day.reason) for day in told.days] == [
        (30, 1, "weekly-hours"),
        (1, 0, "holiday"),
        (2, 0, "special-closed"),
        (3, 0, "weekly-closed"),
        (4, 0, "weekly-closed"),
        (5, 9, "weekly-hours"),
        (6, 2, "weekly-hours"),
    ]
    assert [day.day.day for day in told.skipped] == [1, 2, 3, 4]


def test_special_hours_are_named() -> None:
    told = explain(SPECIAL, at("2026-10-10T09:00"), HOUR)
    assert [day.reason for day in told.days] == ["special-hours"]


def test_paused_time_is_told_by_day_and_pauses_are_joined_and_clipped() -> None:
    start = at("2026-03-02T10:00")
    pauses = [(start - HOUR, start + HOUR), (start + HOUR, start + 2 * HOUR), (start + 3 * HOUR, start + 4 * HOUR)]
    told = explain(OFFICE, start, 6 * HOUR, pauses)
    assert told.pauses == (
        (instant_of(start), instant_of(start + 2 * HOUR)),
        (instant_of(start + 3 * HOUR), instant_of(start + 4 * HOUR)),
    )
    assert [(day.counted, day.paused) for day in told.days] == [(5 * HOUR, 3 * HOUR), (HOUR, 0)]


def test_an_open_pause_is_explained_up_to_now() -> None:
    start = at("2026-03-02T10:00")
    told = explain(OFFICE, start, 6 * HOUR, [(start + HOUR, None)], until=at("2026-03-03T12:00"))
    assert told.due is None
    assert told.pauses == ((instant_of(start + HOUR), None),)
    assert [(day.counted, day.paused) for day in told.days] == [(HOUR, 7 * HOUR), (0, 3 * HOUR)]
    assert explain(OFFICE, start, HOUR, [(start, None)]).days[0].counted == 0


def test_the_wall_clock_skips_nothing() -> None:
    told = explain(None, at("2026-03-02T10:00"), 24 * HOUR)
    assert told.due == instant_of(at("2026-03-03T10:00"))
    assert told.days == ()


def test_calendars_that_follow_each_other_are_each_explained_for_their_days() -> None:
    spans = ((None, OFFICE), (at("2026-03-03T00:00"), SPECIAL), (at("2026-04-01T00:00"), OFFICE))
    told = explain_over(spans, at("2026-03-02T17:00"), 2 * HOUR, (), due=at("2026-03-03T10:00"))
    assert [day.day for day in told.days] == [date(2026, 3, 2), date(2026, 3, 3)]


def test_more_days_than_a_year_are_counted_not_listed() -> None:
    told = explain(OFFICE, at("2026-03-02T09:00"), 1000 * 9 * HOUR)
    assert len(told.days) == MOST_DAYS
    assert told.more_days > 0
