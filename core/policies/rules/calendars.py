"""Calendars of a tenant in versions: what one says of itself, the official holidays it takes over, which holds when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from core.calendars.holidays.rules import HolidayTable, with_holidays
from core.calendars.rules import Calendar, calendar_data, parse_calendar

Mode = Literal["new_only", "migrate_running"]
WALL: Final = "wall"
WORKDAYS: Final = "workdays"
"""The calendar of working days that every tenant has; the regulator's deadlines count in it (sla.md, rule 4)."""
WORKDAYS_NAME: Final = "Working days"
"""What that calendar is called until a tenant gives it a name; pages say it in the reader's language."""
NAME_LIMIT: Final = 60


class CalendarBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version as it is stored: its own hours and dates, and all of it resolved with the tables of its day.

    A newer table never changes a version that is published: what a clock was counted with stays what it was.
    """

    name: str
    calendar: dict[str, Any]
    """The JSON form of sla.md, without the official holidays."""
    mainland: bool = False
    tables: dict[str, int] = {}
    """Year to version of the official tables that were taken over."""
    resolved: dict[str, Any] = {}


class CalendarVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One published version, ready to count with."""

    calendar_id: str
    number: int
    effective_from: datetime
    mode: Mode
    name: str
    calendar: Calendar

    @property
    def key(self) -> str:
        """The name under which events know it."""
        return f"{self.calendar_id}@{self.number}"


class Timetable:
    """Every calendar version of a tenant, and which of them holds when."""

    def __init__(self, versions: Iterable[CalendarVersion] = ()) -> None:
        """Take the versions in any order."""
        self.versions: dict[str, tuple[CalendarVersion, ...]] = {}
        for version in sorted(versions, key=lambda one: one.number):
            self.versions[version.calendar_id] = (*self.versions.get(version.calendar_id, ()), version)
        self.calendars: dict[str, Calendar] = {one.key: one.calendar for each in self.versions.values() for one in each}

    def holding(self, calendar_id: str, at: datetime) -> CalendarVersion | None:
        """Return the version for what starts at an instant: the newest that is effective; the first holds from ever."""
        found = self.versions.get(calendar_id, ())
        effective = [one for one in found if one.effective_from <= at]
        return effective[-1] if effective else next(iter(found), None)

    def coming(self, calendar_id: str, at: datetime) -> tuple[CalendarVersion, ...]:
        """Return the published versions that running clocks will follow later than an instant, in order."""
        found = self.versions.get(calendar_id, ())[1:]
        return tuple(one for one in found if one.effective_from > at and one.mode == "migrate_running")

    def key_at(self, clock: str, at: datetime) -> str | None:
        """Return the version that a milestone's clock name stands for; None is the wall clock."""
        if clock == WALL:
            return None
        version = self.holding(clock, at)
        return None if version is None else version.key


EMPTY: Final = Timetable()


def resolve(body: CalendarBody, tables: Mapping[int, HolidayTable]) -> CalendarBody:
    """Return the body with the official holidays taken over where it wants them; InvalidCalendar when it is none."""
    own = parse_calendar(body.calendar)
    taken = tables if body.mainland else {}
    full = with_holidays(own, taken.values()) if taken else own
    return msgspec.structs.replace(
        body,
        name=body.name.strip(),
        calendar=calendar_data(own),
        tables={str(year): table.version for year, table in sorted(taken.items())},
        resolved=calendar_data(full),
    )


def newer_tables(body: CalendarBody, tables: Mapping[int, HolidayTable]) -> tuple[int, ...]:
    """Return the years whose official table is newer than the one this version took over, or was not there yet."""
    if not body.mainland:
        return ()
    return tuple(year for year, table in sorted(tables.items()) if body.tables.get(str(year), 0) < table.version)


def working_days(timezone: str, tables: Mapping[int, HolidayTable]) -> CalendarBody:
    """Return the calendar every tenant begins with: Monday to Friday, 09:00 to 18:00, official holidays (sla.md)."""
    hours = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    body = CalendarBody(name=WORKDAYS_NAME, calendar={"tz": timezone, "hours": hours}, mainland=True)
    return resolve(body, tables)


@lru_cache(maxsize=2048)
def read_calendar(encoded: str) -> Calendar:
    """Return the calendar of a version's resolved JSON; the same words always give the same, compiled, record."""
    return parse_calendar(msgspec.json.decode(encoded))
