"""Shift patterns: which dates they run on, over midnight and over clock changes, whose turn it is, who stands in."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.shifts.rules.patterns import (
    Change,
    FreeDays,
    Hours,
    Pattern,
    Single,
    parts_of,
    people_on,
    runs_on,
    turn_on,
    version_on,
)
from tenants.shifts.rules.plans import Holder, Plan, by_pattern, instants, midnight

MONDAY = date(2026, 11, 23)
A, B, C, D = (UUID(int=n) for n in range(1, 5))
EVERY_DAY = tuple(range(7))
ROLE = "senior_doctor"


def hours(**values: object) -> Hours:
    known: dict[str, object] = {
        "name": "白班",
        "weekdays": EVERY_DAY,
        "starts": 8 * 60,
        "ends": 20 * 60,
        "anchor": MONDAY,
    }
    return Hours(**known | values)  # type: ignore[arg-type] # a test's shorthand


def pattern(
    number: int = 1,
    *,
    id_: int = 9,
    begins: date = MONDAY,
    branch: UUID | None = None,
    teams: object = ((A,),),
    **values: object,
) -> Pattern:
    assert isinstance(teams, tuple)
    return Pattern(
        pattern_id=UUID(int=id_),
        number=number,
        role=ROLE,
        branch_id=branch,
        effective_from=begins,
        hours=hours(teams=len(teams), **values),
        teams=teams,
    )


def plan(*patterns: Pattern, zone: str = "Asia/Shanghai", **more: object) -> Plan:
    return Plan(timezone=zone, patterns=by_pattern(patterns), **more)  # type: ignore[arg-type] # a test's shorthand


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_a_shift_over_midnight_is_two_parts_and_one_till_midnight_is_one() -> None:
    assert parts_of(hours(starts=20 * 60, ends=8 * 60)) == ((0, (1200, 1440)), (1, (0, 480)))
    assert parts_of(hours(starts=16 * 60, ends=0)) == ((0, (960, 1440)),)
    assert parts_of(hours(starts=480, ends=480)) == ((0, (480, 1440)), (1, (0, 480)))


def test_the_night_belongs_to_the_date_it_begins_on() -> None:
    nights = plan(pattern(weekdays=(6,), starts=20 * 60, ends=8 * 60))
    assert nights.on_duty(ROLE, None, at("2026-11-29T23:00")) == (A,)
    assert nights.on_duty(ROLE, None, at("2026-11-30T07:59")) == (A,)
    assert nights.on_duty(ROLE, None, at("2026-11-30T08:00")) == ()
    assert nights.on_duty(ROLE, None, at("2026-11-29T07:00")) == ()


def test_holidays_are_free_or_the_only_days_and_make_up_days_are_worked() -> None:
    free = FreeDays(off=frozenset({MONDAY}), worked=frozenset({date(2026, 11, 28)}))
    week = (0, 1, 2, 3, 4)
    assert runs_on(hours(weekdays=week), MONDAY, free)
    assert not runs_on(hours(weekdays=week, holidays="off"), MONDAY, free)
    assert runs_on(hours(weekdays=week, holidays="off"), date(2026, 11, 28), free)
    assert not runs_on(hours(weekdays=(6,), holidays="off"), date(2026, 11, 28), free)
    assert runs_on(hours(weekdays=(), holidays="only"), MONDAY, free)
    assert not runs_on(hours(holidays="only"), date(2026, 11, 24), free)
    assert not runs_on(hours(ended=True), MONDAY, free)


def test_teams_take_turns_by_the_week_also_before_the_first_turn() -> None:
    both = pattern(teams=((A,), (B,)))
    days = [MONDAY + timedelta(days=n) for n in (-1, 0, 6, 7, 14)]
    assert [turn_on(both, day) for day in days] == [1, 0, 0, 1, 0]
    assert people_on(pattern(teams=()), MONDAY, ()) == ()


def test_a_swap_holds_on_its_day_and_goes_on_with_the_next_swap() -> None:
    swaps = tuple(
        Change(
            change_id=UUID(int=n),
            staff_id=one,
            stand_in_id=other,
            pattern_id=UUID(int=9),
            first_on=MONDAY,
            last_on=MONDAY,
        )
        for n, (one, other) in enumerate(((A, B), (B, C)))
    )
    assert people_on(pattern(), MONDAY, swaps) == (C,)
    assert people_on(pattern(), MONDAY + timedelta(days=1), swaps) == (A,)
    assert people_on(pattern(id_=8), MONDAY, swaps) == (A,)


def test_who_is_away_is_not_there_but_who_stands_in_for_them_is() -> None:
    away = Change(change_id=UUID(int=1), staff_id=A, first_on=MONDAY, last_on=MONDAY + timedelta(days=2))
    swap = Change(
        change_id=UUID(int=2), staff_id=A, stand_in_id=B, pattern_id=UUID(int=9), first_on=MONDAY, last_on=MONDAY
    )
    assert people_on(pattern(), MONDAY, (away,)) == ()
    assert people_on(pattern(), MONDAY, (away, swap)) == (B,)
    assert people_on(pattern(teams=((A, B),)), MONDAY, (away, swap)) == (B,)


def test_the_newest_version_that_is_effective_holds() -> None:
    old, new, later = pattern(1), pattern(2, begins=date(2026, 12, 1)), pattern(3, begins=date(2026, 11, 25))
    assert version_on((old, new, later), MONDAY) == old
    assert version_on((old, new, later), date(2026, 12, 2)) == later
    assert version_on((new,), MONDAY) is None


def test_a_gap_in_a_pattern_is_a_gap_and_without_a_pattern_everybody_who_holds_the_role_answers() -> None:
    near, far = UUID(int=50), UUID(int=51)
    holders = (Holder(ROLE, near, A), Holder(ROLE, far, B), Holder("director", None, D))
    planned = plan(pattern(branch=near), holders=holders)
    assert planned.on_duty(ROLE, near, at("2026-11-29T03:00")) == ()
    assert planned.on_duty(ROLE, far, at("2026-11-29T03:00")) == (B,)
    assert planned.on_duty(ROLE, None, at("2026-11-29T03:00")) == (A, B)
    assert planned.on_duty("director", far, at("2026-11-29T03:00")) == (D,)
    ended = plan(pattern(branch=near, ended=True), holders=holders)
    assert ended.on_duty(ROLE, near, at("2026-11-29T03:00")) == (A,)
    away = Change(change_id=UUID(int=1), staff_id=A, first_on=MONDAY, last_on=MONDAY)
    assert plan(holders=holders, changes=(away,)).on_duty(ROLE, near, at("2026-11-23T03:00")) == (B,)


def test_a_single_shift_adds_to_the_pattern() -> None:
    extra = Single(
        shift_id=UUID(int=3),
        role=ROLE,
        branch_id=None,
        staff_id=C,
        starts_at=at("2026-11-29T02:00"),
        ends_at=at("2026-11-29T09:00"),
    )
    both = plan(pattern(), singles=(extra,))
    assert both.on_duty(ROLE, None, at("2026-11-29T03:00")) == (C,)
    assert both.on_duty(ROLE, None, at("2026-11-29T08:30")) == (A, C)
    assert [one.staff_id for one in both.spans(ROLE, None, date(2026, 11, 29), date(2026, 11, 29))] == [C, A]


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)])
def test_a_day_has_as_many_hours_as_its_zone_gives_it(day: date, length: int) -> None:
    ((start, end),) = instants("Europe/Berlin", day, (0, 1440))
    assert end - start == timedelta(hours=length)


def test_a_date_that_a_zone_skipped_begins_with_the_next() -> None:
    assert midnight("Pacific/Apia", date(2011, 12, 30)) == midnight("Pacific/Apia", date(2011, 12, 31))


_PEOPLE = st.sampled_from((A, B, C, D))
_TEAMS = st.lists(st.lists(_PEOPLE, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
_DAYS = st.integers(-3, 5).map(lambda n: date(2026, 10, 24) + timedelta(days=n))
_PATTERNS = st.builds(
    lambda n, id_, begins, teams, starts, ends, days, holidays, turn, ended: pattern(
        n,
        id_=id_,
        begins=begins,
        teams=teams,
        starts=starts,
        ends=ends,
        weekdays=tuple(days),
        holidays=holidays,
        turn_days=turn,
        ended=ended,
    ),
    st.integers(1, 3),
    st.integers(8, 9),
    _DAYS,
    _TEAMS,
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sets(st.integers(0, 6)),
    st.sampled_from(("same", "off", "only")),
    st.sampled_from((1, 7, 14)),
    st.booleans(),
)
_CHANGES = st.builds(
    lambda n, who, other, first, length: Change(
        change_id=UUID(int=n),
        staff_id=who,
        stand_in_id=other if other != who else None,
        pattern_id=UUID(int=9) if other not in {None, who} else None,
        first_on=first,
        last_on=first + timedelta(days=length),
    ),
    st.integers(1, 99),
    _PEOPLE,
    st.none() | _PEOPLE,
    _DAYS,
    st.integers(0, 3),
)
_SINGLES = st.builds(
    lambda n, who, minutes, length: Single(
        shift_id=UUID(int=n),
        role=ROLE,
        branch_id=None,
        staff_id=who,
        starts_at=datetime(2026, 10, 23, tzinfo=UTC) + timedelta(minutes=minutes),
        ends_at=datetime(2026, 10, 23, tzinfo=UTC) + timedelta(minutes=minutes + length),
    ),
    st.integers(1, 99),
    _PEOPLE,
    st.integers(0, 5000),
    st.integers(1, 900),
)


@given(
    zone=st.sampled_from(("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York")),
    patterns=st.lists(_PATTERNS, max_size=4, unique_by=lambda one: (one.pattern_id, one.number)),
    changes=st.lists(_CHANGES, max_size=3).map(tuple),
    singles=st.lists(_SINGLES, max_size=2).map(tuple),
    minutes=st.integers(0, 3 * 1440 - 1),
)
def test_the_spans_of_some_days_and_the_answer_at_an_instant_say_the_same(
    zone: str, patterns: list[Pattern], changes: tuple[Change, ...], singles: tuple[Single, ...], minutes: int
) -> None:
    free = FreeDays(off=frozenset({date(2026, 10, 25)}), worked=frozenset({date(2026, 10, 24)}))
    made = plan(*patterns, zone=zone, changes=changes, singles=singles, free=free)
    first, last = date(2026, 10, 24), date(2026, 10, 26)
    instant = midnight(zone, first) + timedelta(minutes=minutes)
    running = {one.staff_id for one in made.spans(ROLE, None, first, last) if one.starts_at <= instant < one.ends_at}
    if instant < midnight(zone, last + timedelta(days=1)):
        assert made.on_duty(ROLE, None, instant) == tuple(sorted(running))
