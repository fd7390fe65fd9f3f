"""Official holidays of mainland China: what the notices say, and how a new table arrives (sla.md, rule 6)."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from core.calendars.holidays.queries import SHIPPED, list_holiday_tables
from core.calendars.holidays.rules import (
    InvalidHolidayTable,
    missing_year_warning,
    newest,
    parse_holiday_table,
    with_holidays,
)
from core.calendars.rules import Calendar, due, due_working_days, elapsed, parse_calendar, seconds_of

OFFICE = parse_calendar(
    {"tz": "Asia/Shanghai", "hours": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
SATURDAY, SUNDAY = 5, 6


def at(text: str) -> int:
    return seconds_of(datetime.fromisoformat(text + "+08:00"))


def mainland() -> Calendar:
    return with_holidays(OFFICE, list_holiday_tables().values())


@pytest.mark.parametrize(("year", "days_off", "workdays"), [(2024, 28, 8), (2025, 28, 5), (2026, 33, 6)])
def test_each_year_has_the_days_of_its_notice(year: int, days_off: int, workdays: int) -> None:
    table = list_holiday_tables()[year]
    assert (len(table.days_off), len(table.workdays)) == (days_off, workdays)
    assert table.source.document.startswith("国办发明电")
    assert table.source.published.year == year - 1


def test_a_make_up_day_is_a_weekend_day_and_nothing_else() -> None:
    for table in list_holiday_tables().values():
        assert all(day.weekday() in {SATURDAY, SUNDAY} for day in table.workdays)


def test_every_weekend_day_worked_for_a_holiday_frees_a_weekday() -> None:
    statutory = {2024: 11, 2025: 13, 2026: 13}  # 全国年节及纪念日放假办法: 11 days, 13 since 2025
    for year, table in list_holiday_tables().items():
        weekdays_off = [day for day in table.days_off if day.weekday() < SATURDAY]
        weekend_statutory = statutory[year] - (len(weekdays_off) - len(table.workdays))
        assert 0 <= weekend_statutory <= 4


def test_received_on_a_make_up_saturday_the_clock_runs_and_the_festival_is_skipped() -> None:
    assert due(mainland(), at("2026-02-14T16:00"), 480 * 60) == at("2026-02-24T15:00")


def test_seven_working_days_from_the_tenth_of_february_end_on_the_twenty_fifth() -> None:
    assert due_working_days(mainland(), at("2026-02-10T10:00"), 7) == at("2026-02-25T18:00")


def test_forty_five_working_days_of_mediation_skip_qingming_and_labour_day() -> None:
    assert due_working_days(mainland(), at("2026-03-02T10:00"), 45) == at("2026-05-07T18:00")


def test_what_a_calendar_says_of_a_date_wins_over_the_table() -> None:
    own = parse_calendar(
        {
            "tz": "Asia/Shanghai",
            "hours": {"mon": [["10:00", "16:00"]]},
            "holidays": ["2026-10-10"],
            "overrides": {"2026-10-01": [["10:00", "12:00"]]},
        }
    )
    merged = with_holidays(own, list_holiday_tables().values())
    assert date(2026, 10, 10) in merged.holidays
    assert dict(merged.overrides)[date(2026, 10, 1)] == ((36_000, 43_200),)
    assert date(2026, 10, 1) not in merged.holidays
    assert dict(merged.overrides)[date(2026, 9, 20)] == ((36_000, 57_600),)


def test_make_up_days_may_have_hours_of_their_own() -> None:
    merged = with_holidays(OFFICE, list_holiday_tables().values(), ((36_000, 43_200),))
    assert elapsed(merged, at("2026-02-14T00:00"), at("2026-02-15T00:00")) == 2 * 3600


def test_a_folder_adds_a_year_and_corrects_one_without_a_release(tmp_path: Path) -> None:
    shipped = list_holiday_tables()[2026]
    text = (SHIPPED / "cn-2026.json").read_text()
    (tmp_path / "cn-2026.json").write_text(text.replace('"2026-10-10"', '"2026-10-11"'))
    (tmp_path / "cn-2027.json").write_text(text.replace("2026", "2027"))
    (tmp_path / "hk-2026.json").write_text(text.replace('"CN"', '"HK"'))
    tables = list_holiday_tables(folder=tmp_path)
    assert sorted(tables) == [2024, 2025, 2026, 2027]
    assert date(2026, 10, 11) in tables[2026].workdays
    assert shipped.workdays.keys() - tables[2026].workdays.keys() == {date(2026, 10, 10)}


def test_an_older_version_never_replaces_a_newer_one() -> None:
    table = list_holiday_tables()[2026]
    raw = (SHIPPED / "cn-2026.json").read_bytes()
    second = parse_holiday_table(raw.replace(b'"version": 1', b'"version": 2'))
    assert newest([second, table])[2026] is second
    assert newest([table, second])[2026] is second


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"CN"', "5", "not-a-table"),
        ('"last": "2026-01-03"', '"last": "2025-12-31"', "ends-before-it-starts"),
        ('"2026-01-04"', '"2027-01-04"', "outside-the-year"),
        ('"2026-01-04"', '"2026-01-03"', "holiday-and-workday"),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused(old: str, new: str, code: str) -> None:
    text = (SHIPPED / "cn-2026.json").read_text()
    with pytest.raises(InvalidHolidayTable) as refused:
        parse_holiday_table(text.replace(old, new).encode())
    assert [problem.code for problem in refused.value.problems] == [code]


def test_the_missing_table_is_told_from_the_first_of_december() -> None:
    loaded = {2025, 2026}
    assert missing_year_warning(date(2026, 11, 30), loaded) is None
    assert missing_year_warning(date(2026, 12, 1), loaded) == 2027
    assert missing_year_warning(date(2026, 12, 1) + timedelta(days=30), {2026, 2027}) is None
    assert missing_year_warning(date(2027, 1, 1), loaded) == 2027
