"""When campaigns are open: every year and once, over New Year, by the lunar calendar, on some weekdays only."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hooks.records.loyalty.offers import Campaign, DayWindow, FestivalWindow, WeekdayWindow
from core.programs.rules.windows import (
    FESTIVALS,
    UnknownFestival,
    festival_day,
    is_open,
    next_opening,
    window_days,
)


@pytest.mark.parametrize(
    ("festival", "day"),
    [
        # Published by the State Council (2024 to 2026) and the Hong Kong Observatory's conversion tables.
        ("spring", date(2024, 2, 10)),
        ("spring", date(2025, 1, 29)),
        ("spring", date(2026, 2, 17)),
        ("spring", date(2027, 2, 6)),
        ("lantern", date(2026, 3, 3)),
        ("dragon_boat", date(2025, 5, 31)),
        ("dragon_boat", date(2026, 6, 19)),
        ("qixi", date(2025, 8, 29)),
        ("mid_autumn", date(2025, 10, 6)),
        ("mid_autumn", date(2026, 9, 25)),
        ("double_ninth", date(2025, 10, 29)),
        ("double_ninth", date(2026, 10, 18)),
        ("double_eleven", date(2026, 11, 11)),
    ],
)
def test_festivals_fall_on_the_days_of_the_official_calendar(festival: str, day: date) -> None:
    assert festival_day(festival, day.year) == day


def test_laba_of_a_lunar_year_lies_in_the_next_solar_year() -> None:
    # 2025年腊八节: the eighth day of the twelfth month of the year that began on 2025-01-29.
    assert festival_day("laba", 2025) == date(2026, 1, 26)
    campaign = Campaign(windows=(FestivalWindow(festival="laba"),))
    assert is_open(campaign, date(2026, 1, 26))
    assert not is_open(campaign, date(2026, 1, 27))


def test_a_festival_nobody_knows_and_a_year_without_tables_are_refused() -> None:
    for festival, year in (("moon_landing", 2026), ("spring", 2300)):
        with pytest.raises(UnknownFestival):
            festival_day(festival, year)
    assert not is_open(Campaign(windows=(FestivalWindow(festival="moon_landing"),)), date(2026, 1, 1))


def test_days_of_every_year_run_over_new_year() -> None:
    campaign = Campaign(windows=(DayWindow(first="12-24", last="01-06"),))
    assert is_open(campaign, date(2026, 12, 24))
    assert is_open(campaign, date(2027, 1, 6))
    assert not is_open(campaign, date(2027, 1, 7))
    assert next_opening(campaign, date(2027, 2, 1)) == (date(2027, 12, 24), date(2028, 1, 6))


def test_29_february_is_the_28th_in_other_years() -> None:
    assert window_days(DayWindow(first="02-29", last="02-29"), 2027) == (date(2027, 2, 28), date(2027, 2, 28))


def test_days_given_once_do_not_come_back() -> None:
    campaign = Campaign(windows=(DayWindow(first="2026-11-09", last="2026-11-12"),))
    assert is_open(campaign, date(2026, 11, 12))
    assert not is_open(campaign, date(2027, 11, 11))
    assert next_opening(campaign, date(2026, 11, 13)) is None


def test_weekdays_narrow_and_alone_are_enough() -> None:
    wednesdays = WeekdayWindow(days=(3,))
    alone = Campaign(windows=(wednesdays,))
    assert [is_open(alone, date(2026, 11, 16) + timedelta(days=n)) for n in range(4)] == [False, False, True, False]
    narrowed = Campaign(windows=(FestivalWindow(festival="double_eleven", before_days=7), wednesdays))
    assert is_open(narrowed, date(2026, 11, 11))
    assert not is_open(narrowed, date(2026, 11, 10))
    assert not is_open(narrowed, date(2026, 11, 18))


def test_first_and_last_day_of_the_rule_bound_every_window_and_off_is_off() -> None:
    campaign = Campaign(starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30))
    assert is_open(campaign, date(2026, 11, 1))
    assert is_open(campaign, date(2026, 11, 30))
    assert not is_open(campaign, date(2026, 12, 1))
    assert not is_open(campaign, date(2026, 10, 31))
    assert not is_open(Campaign(live=False), date(2026, 11, 1))


@given(st.sampled_from(sorted(FESTIVALS)), st.integers(1950, 2090), st.integers(0, 20), st.integers(0, 20))
def test_a_festival_window_is_open_from_before_to_after_it(festival: str, year: int, before: int, after: int) -> None:
    campaign = Campaign(windows=(FestivalWindow(festival=festival, before_days=before, after_days=after),))
    day = festival_day(festival, year)
    assert is_open(campaign, day - timedelta(days=before))
    assert is_open(campaign, day + timedelta(days=after))
    assert not is_open(campaign, day + timedelta(days=after + 1))
