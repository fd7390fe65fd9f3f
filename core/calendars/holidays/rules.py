"""What an official holiday table holds, how it changes a calendar, and when the next one is overdue (rule 6)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

import msgspec

from core.calendars.openings.rules import Segment
from core.calendars.rules import Calendar
from core.errors import FieldProblem, InvalidInput


class InvalidHolidayTable(InvalidInput):
    """A table that cannot be trusted: broken JSON, a date outside its year, a holiday that is also a workday."""

    code = "invalid-holiday-table"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document a table was taken from: number, title, authority, day of publication."""

    document: str
    title: str
    authority: str
    published: date


class Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One holiday, first and last day included; `workdays` are its make-up days (调休)."""

    name: str
    first: date
    last: date
    workdays: tuple[date, ...] = ()


class HolidayTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One year of one region; a correction of the same year raises `version`."""

    region: str
    year: int
    version: int
    source: Source
    holidays: tuple[Holiday, ...]

    @property
    def days_off(self) -> dict[date, str]:
        """Every free date with the holiday's name."""
        return {
            holiday.first + timedelta(days=offset): holiday.name
            for holiday in self.holidays
            for offset in range((holiday.last - holiday.first).days + 1)
        }

    @property
    def workdays(self) -> dict[date, str]:
        """Every make-up workday with the name of the holiday it pays for."""
        return {day: holiday.name for holiday in self.holidays for day in holiday.workdays}


def parse_holiday_table(raw: bytes) -> HolidayTable:
    """Read one table; raise `InvalidHolidayTable` when it is not one."""
    try:
        table = msgspec.json.decode(raw, type=HolidayTable)
    except msgspec.MsgspecError as error:
        raise InvalidHolidayTable((FieldProblem("", "not-a-table"),), str(error)) from None
    problems = [
        FieldProblem(f"holidays.{holiday.name}", "ends-before-it-starts")
        for holiday in table.holidays
        if holiday.last < holiday.first
    ]
    free, work = table.days_off, table.workdays
    # New Year's holiday may begin in the last days of the year before (2023-12-30 did).
    known = date(table.year - 1, 12, 25), date(table.year, 12, 31)
    problems += [
        FieldProblem(str(day), "outside-the-year") for day in (*free, *work) if not known[0] <= day <= known[1]
    ]
    problems += [FieldProblem(str(day), "holiday-and-workday") for day in free.keys() & work.keys()]
    if problems:
        raise InvalidHolidayTable(tuple(problems))
    return table


def with_holidays(
    calendar: Calendar, tables: Iterable[HolidayTable], make_up_hours: tuple[Segment, ...] | None = None
) -> Calendar:
    """Add official holidays and make-up days to a calendar; what the calendar says of a date itself wins.

    A make-up day has `make_up_hours`, or else the hours of the first open weekday from Monday on.
    """
    hours = make_up_hours or next((segments for segments in calendar.week if segments), ())
    own = dict(calendar.overrides)
    holidays = set(calendar.holidays)
    overrides: dict[date, tuple[Segment, ...]] = {}
    for table in tables:
        holidays |= table.days_off.keys() - own.keys()
        overrides |= {day: hours for day in table.workdays if day not in calendar.holidays}
    overrides |= own
    return Calendar(
        calendar.tz, calendar.week, tuple(sorted(holidays - overrides.keys())), tuple(sorted(overrides.items()))
    )


def newest(tables: Iterable[HolidayTable]) -> dict[int, HolidayTable]:
    """Keep the highest version of each year; of two equal ones the later in the list."""
    kept: dict[int, HolidayTable] = {}
    for table in tables:
        known = kept.get(table.year)
        if known is None or table.version >= known.version:
            kept[table.year] = table
    return kept


def missing_year_warning(today: date, loaded_years: Collection[int] | Mapping[int, object]) -> int | None:
    """Return the year whose table is missing: this year at any time, the next one from 1 December on."""
    wanted = [today.year, today.year + 1] if today.month == 12 else [today.year]
    return next((year for year in wanted if year not in loaded_years), None)
