"""When a birthday gift may be fetched: leap years, New Year, whose it is."""

from datetime import date

import pytest

from core.birthdays.rules import (
    Window,
    birthday_in,
    choices_problem,
    dates_of_birth,
    gift_key,
    is_current,
    is_for,
    may_have,
    month_days,
    open_days,
    open_window,
    window_of,
)
from core.db import new_id
from core.hooks.records.loyalty.offers import Birthday

WEEK = Birthday(lead_days=7, grace_days=7)


@pytest.mark.parametrize(
    ("year", "born", "birthday"),
    [
        (2026, date(2020, 2, 29), date(2026, 2, 28)),
        (2028, date(2020, 2, 29), date(2028, 2, 29)),
        (2100, date(2020, 2, 29), date(2100, 2, 28)),
        (2000, date(1996, 2, 29), date(2000, 2, 29)),
        (2026, date(2020, 2, 28), date(2026, 2, 28)),
        (2026, date(2020, 12, 31), date(2026, 12, 31)),
    ],
)
def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(year: int, born: date, birthday: date) -> None:
    assert birthday_in(year, born) == birthday


def test_a_window_reaches_over_new_year_both_ways() -> None:
    assert window_of(WEEK, date(2027, 1, 2)) == Window(date(2027, 1, 2), date(2026, 12, 26), date(2027, 1, 9))
    days = open_days(WEEK, date(2026, 12, 30))
    assert (days[0], days[-1], len(days)) == (date(2026, 12, 23), date(2027, 1, 6), 15)


@pytest.mark.parametrize(
    ("born", "today", "birthday"),
    [
        (date(2020, 1, 2), date(2026, 12, 26), date(2027, 1, 2)),
        (date(2020, 1, 2), date(2026, 12, 25), None),
        (date(2020, 12, 30), date(2027, 1, 6), date(2026, 12, 30)),
        (date(2020, 12, 30), date(2027, 1, 7), None),
        (date(2020, 2, 29), date(2027, 2, 21), date(2027, 2, 28)),
        (date(2020, 2, 29), date(2027, 3, 8), None),
        (date(2026, 11, 23), date(2026, 11, 23), None),
        (date(2025, 11, 23), date(2026, 11, 23), date(2026, 11, 23)),
    ],
)
def test_the_window_that_is_open_today(born: date, today: date, birthday: date | None) -> None:
    found = open_window(WEEK, born, today)
    assert (found.birthday if found else None) == birthday


def test_the_index_is_asked_for_the_leap_day_where_the_28th_stands_for_it() -> None:
    assert month_days([date(2027, 2, 28)]) == {228, 229}
    assert month_days([date(2028, 2, 28)]) == {228}
    assert month_days([date(2026, 12, 31), date(2027, 1, 1)]) == {1231, 101}


def test_every_day_of_birth_of_a_day() -> None:
    assert dates_of_birth([date(2027, 2, 28)], oldest=2024) == (
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2025, 2, 28),
        date(2026, 2, 28),
    )
    assert dates_of_birth([date(2028, 2, 29)], oldest=2023) == (date(2024, 2, 29),)


def test_a_gift_is_one_a_year_for_the_pet_the_person_or_the_roof() -> None:
    pet, owner, roof = new_id(), new_id(), new_id()
    each, one = Birthday(), Birthday(once_per="household")
    assert gift_key(each, subject_id=pet, customer_id=owner, household_id=roof, year=2026) == f"birthday:{pet}:2026"
    assert gift_key(each, subject_id=None, customer_id=owner, household_id=roof, year=2026) == f"birthday:{owner}:2026"
    assert gift_key(one, subject_id=pet, customer_id=owner, household_id=roof, year=2026) == f"birthday:{roof}:2026"
    assert gift_key(one, subject_id=pet, customer_id=owner, household_id=None, year=2027) == f"birthday:{owner}:2027"


def test_a_birthday_rule_is_for_some_kinds_tiers_and_days() -> None:
    assert is_for(Birthday(), "petclinic.pet")
    assert is_for(Birthday(subject_type="pet"), "petclinic.pet")
    assert is_for(Birthday(subject_type="petclinic.pet"), "petclinic.pet")
    assert not is_for(Birthday(subject_type="pet"), "petclinic.carpet")
    assert may_have(Birthday(), None)
    assert may_have(Birthday(tiers=("gold",)), "gold")
    assert not may_have(Birthday(tiers=("gold",)), "silver")
    rule = Birthday(starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31))
    assert [is_current(rule, date(2026, 1, day)) for day in (1, 31)] == [True, True]
    assert not is_current(rule, date(2026, 2, 1))
    assert not is_current(rule, date(2025, 12, 31))


def test_one_of_the_offered_gifts_must_be_chosen() -> None:
    assert choices_problem(None, (1, 2))
    assert choices_problem(2, (1, 2))
    assert choices_problem(-1, (1, 2))
    assert not choices_problem(1, (1, 2))
