"""Counting against an oracle that walks minute by minute over random calendars, and laws that hold for all of them."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from core.calendars.openings.rules import EPOCH
from core.calendars.rules import Calendar, NeverDue, due, elapsed, seconds_of

# A day near which the zone's clocks change, or do not.
PLACES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Shanghai", date(1991, 4, 14)),
    ("Asia/Shanghai", date(2026, 1, 1)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2019, 2, 17)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/St_Johns", date(2006, 10, 29)),  # clocks changed at 00:01, back over midnight
    ("Asia/Tehran", date(2022, 9, 21)),
]
WINDOW = 4 * 1440


@st.composite
def segments(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Up to three segments of a day, on whole minutes, dense near the hours at which clocks change."""
    minute = st.one_of(
        st.integers(0, 1440), st.integers(0, 12).map(lambda n: n * 20), st.integers(68, 72).map(lambda n: n * 20)
    )
    edges = sorted(draw(st.sets(minute, max_size=6)))
    return tuple((a * 60, b * 60) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def places(draw: st.DrawFn) -> tuple[Calendar, int]:
    """A calendar around a change of clocks, and the first minute of a window before it."""
    tz, day = draw(st.sampled_from(PLACES))
    week = tuple(draw(segments()) for _ in range(7))
    near = st.integers(-2, 3).map(lambda n: day + timedelta(days=n))
    overrides = draw(st.dictionaries(near, segments(), max_size=2))
    holidays = draw(st.sets(near, max_size=2)) - overrides.keys()
    begin = seconds_of(datetime.combine(day, datetime.min.time(), ZoneInfo(tz))) - draw(st.integers(0, 2880)) * 60
    return Calendar(tz, week, tuple(sorted(holidays)), tuple(sorted(overrides.items()))), begin


@cache
def wall(tz: str, instant: int) -> tuple[date, int]:
    local = (EPOCH + timedelta(seconds=instant)).astimezone(ZoneInfo(tz))
    return local.date(), local.hour * 3600 + local.minute * 60 + local.second


def is_open(calendar: Calendar, instant: int) -> bool:
    day, second = wall(calendar.tz, instant)
    special = dict(calendar.overrides)
    if day in special:
        hours = special[day]
    elif day in calendar.holidays:
        hours = ()
    else:
        hours = calendar.week[day.weekday()]
    return any(opens <= second < closes for opens, closes in hours)


pauses_of = st.lists(st.tuples(st.integers(0, WINDOW), st.integers(0, 600)), max_size=4)


@settings(max_examples=40, deadline=None)
@given(places(), st.integers(0, WINDOW), pauses_of, st.one_of(st.just(0), st.integers(1, 1500)))
def test_due_and_elapsed_agree_with_walking_minute_by_minute(
    place: tuple[Calendar, int], length: int, paused: list[tuple[int, int]], budget: int
) -> None:
    calendar, begin = place
    pauses = [(begin + a * 60, begin + (a + b) * 60) for a, b in paused]
    counted = [
        minute
        for minute in range(begin, begin + WINDOW * 60, 60)
        if is_open(calendar, minute) and not any(a <= minute < b for a, b in pauses)
    ]
    end = begin + length * 60
    assert elapsed(calendar, begin, end, pauses) == 60 * sum(minute < end for minute in counted)
    if budget == 0 and counted:
        assert due(calendar, begin, 0, pauses) == counted[0]
    elif 0 < budget <= len(counted):
        assert due(calendar, begin, budget * 60, pauses) == counted[budget - 1] + 60


@settings(max_examples=60, deadline=None)
@given(places(), st.integers(1, 10**7), pauses_of)
def test_what_has_elapsed_until_the_due_time_is_the_budget(
    place: tuple[Calendar, int], budget: int, paused: list[tuple[int, int]]
) -> None:
    calendar, begin = place
    pauses = [(begin + a * 60, begin + (a + b) * 60) for a, b in paused]
    try:
        end = due(calendar, begin, budget, pauses)
    except NeverDue:
        assert elapsed(calendar, begin, begin + 10**9, pauses) < budget
    else:
        assert end is not None
        assert elapsed(calendar, begin, end, pauses) == budget
        assert elapsed(calendar, begin, end - 1, pauses) == budget - 1  # the earliest such instant


@settings(max_examples=50, deadline=None)
@given(places(), st.integers(0, 10**8), st.integers(0, 10**8))
def test_elapsed_adds_up(place: tuple[Calendar, int], one: int, two: int) -> None:
    calendar, begin = place
    whole = elapsed(calendar, begin, begin + one + two)
    assert whole == elapsed(calendar, begin, begin + one) + elapsed(calendar, begin + one, begin + one + two)


@settings(max_examples=50, deadline=None)
@given(places(), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_bigger_budget_is_never_due_earlier(place: tuple[Calendar, int], one: int, more: int) -> None:
    calendar, begin = place
    try:
        later = due(calendar, begin, one + more)
    except NeverDue:
        return
    earlier = due(calendar, begin, one)
    assert earlier is not None
    assert later is not None
    assert earlier < later
