"""What a calendar is and how deadlines are counted in it: `due`, `elapsed`, working days (sla.md, rules 1 to 6)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from core.calendars.openings.rules import (
    DAY,
    EPOCH,
    EPOCH_ORDINAL,
    Openings,
    OpeningTime,
    Seconds,
    Segment,
    WallTime,
)
from core.errors import AnxinError, FieldProblem, InvalidInput

DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = {name[:length]: index for index, name in enumerate(DAY_NAMES) for length in (3, len(name))}
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Not zones of places: the machine's own setting, and the tables that count leap seconds.
_NOT_ZONES = ("localtime", "posixrules", "right/", "posix/")

PausePeriod = tuple[Seconds, Seconds | None]
"""`[start, end)` in UTC seconds; no end means the pause is still open."""

Spans = Sequence[tuple[Seconds | None, "Calendar | None"]]
"""Which calendar holds from when on: the first begins with None, the others at rising instants (rule 9)."""

WALL = WallTime()


class InvalidCalendar(InvalidInput):
    """A calendar that cannot be saved; every problem at once, each with its path."""

    code = "invalid-calendar"


class NeverDue(AnxinError):
    """The budget can never be filled: the calendar has too little open time ahead."""

    code = "never-due"
    status = 422


class Calendar(Struct, frozen=True, dict=True):
    """Opening hours in one zone: weekly segments (Monday first), holidays, and dates with hours of their own."""

    tz: str
    week: tuple[tuple[Segment, ...], ...]
    holidays: tuple[date, ...] = ()
    overrides: tuple[tuple[date, tuple[Segment, ...]], ...] = ()

    @cached_property
    def openings(self) -> Openings:
        """The compiled open set; kept with the record, so keep the record."""
        dates: dict[int, Sequence[Segment]] = {day.toordinal() - EPOCH_ORDINAL: () for day in self.holidays}
        dates |= {day.toordinal() - EPOCH_ORDINAL: segments for day, segments in self.overrides}
        return Openings(self.tz, self.week, dates)


def seconds_of(instant: datetime) -> int:
    """Return UTC seconds since 1970 of an aware instant; a fraction of a second is cut off (rule 1)."""
    since = instant - EPOCH
    return since.days * DAY + since.seconds


def instant_of(seconds: int) -> datetime:
    """Return the UTC instant of seconds since 1970."""
    return EPOCH + timedelta(seconds=seconds)


# --- reading and writing ---------------------------------------------------------------------------------------


def parse_calendar(data: object) -> Calendar:
    """Read the JSON form `{"tz", "hours", "holidays", "overrides"}`; raise `InvalidCalendar` with every problem."""
    problems: list[FieldProblem] = []

    def problem(path: str, code: str) -> None:
        problems.append(FieldProblem(path, code))

    if not isinstance(data, Mapping):
        raise InvalidCalendar((FieldProblem("", "not-an-object"),))
    for key in data:
        if key not in {"tz", "hours", "holidays", "overrides", "name"}:
            problem(str(key), "unknown-key")
    zone = _zone(data.get("tz"), problem)
    week = _week(data.get("hours"), problem)
    holidays = _holidays(data.get("holidays"), problem)
    overrides = _overrides(data.get("overrides"), problem)
    for day in sorted(holidays & overrides.keys()):
        problem(f"overrides.{day}", "holiday-and-override")
    if not problems and not any(week) and not any(overrides.values()):
        problem("hours", "never-open")  # rule 3: refused, never a silent 24x7
    if problems:
        raise InvalidCalendar(tuple(problems))
    return Calendar(zone, week, tuple(sorted(holidays)), tuple(sorted(overrides.items())))


def calendar_data(calendar: Calendar) -> dict[str, Any]:
    """Return the canonical JSON form; `parse_calendar` reads it back to an equal record."""
    return {
        "tz": calendar.tz,
        "hours": {name[:3]: _written(calendar.week[at]) for at, name in enumerate(DAY_NAMES) if calendar.week[at]},
        "holidays": [day.isoformat() for day in calendar.holidays],
        "overrides": {day.isoformat(): _written(segments) for day, segments in calendar.overrides},
    }


def _written(segments: Iterable[Segment]) -> list[list[str]]:
    return [[_clock(seconds) for seconds in segment] for segment in segments]


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    text = f"{hours:02d}:{rest // 60:02d}"
    return f"{text}:{rest % 60:02d}" if rest % 60 else text


_Report = Callable[[str, str], None]


def _zone(name: object, problem: _Report) -> str:
    if name is None:
        problem("tz", "missing")
    elif not isinstance(name, str) or not name or name.startswith(_NOT_ZONES):
        problem("tz", "unknown-zone")
    else:
        try:
            return ZoneInfo(name).key
        except (OSError, ValueError, KeyError):  # no such file, a folder, a path that leaves the database
            problem("tz", "unknown-zone")
    return ""


def _week(data: object, problem: _Report) -> tuple[tuple[Segment, ...], ...]:
    week: list[tuple[Segment, ...]] = [()] * 7
    if data is None:
        return tuple(week)
    if not isinstance(data, Mapping):
        problem("hours", "not-an-object")
        return tuple(week)
    seen = set()
    for key, value in data.items():
        day = DAYS.get(str(key).lower())
        if day is None:
            problem(f"hours.{key}", "unknown-day")
        elif day in seen:
            problem(f"hours.{key}", "duplicate-day")
        else:
            seen.add(day)
            week[day] = _segments(value, f"hours.{key}", problem)
    return tuple(week)


def _segments(data: object, path: str, problem: _Report) -> tuple[Segment, ...]:
    if data is None:
        return ()
    if not isinstance(data, Sequence) or isinstance(data, str):
        problem(path, "not-a-list")
        return ()
    found = []
    for index, pair in enumerate(data):
        here = f"{path}[{index}]"
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            problem(here, "not-a-pair")
            continue
        opens, closes = (_time_of_day(text, f"{here}[{at}]", problem) for at, text in enumerate(pair))
        if opens is None or closes is None:
            continue
        if closes <= opens:  # also a segment over midnight: split it in two
            problem(here, "closes-before-it-opens")
        else:
            found.append((opens, closes))
    found.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(found)):
        problem(path, "overlap")
    return tuple(found)


def _time_of_day(text: object, path: str, problem: _Report) -> int | None:
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match:
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        if (found := hours * 3600 + minutes * 60 + seconds) <= DAY:  # rule 3: 24:00 is a close
            return found
    problem(path, "not-a-time")
    return None


def _date(text: object, path: str, problem: _Report) -> date | None:
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    problem(path, "not-a-date")
    return None


def _holidays(data: object, problem: _Report) -> set[date]:
    if data is None:
        return set()
    if not isinstance(data, Sequence) or isinstance(data, str):
        problem("holidays", "not-a-list")
        return set()
    days = (_date(text, f"holidays[{index}]", problem) for index, text in enumerate(data))
    return {day for day in days if day}


def _overrides(data: object, problem: _Report) -> dict[date, tuple[Segment, ...]]:
    if not data and (data is None or isinstance(data, Sequence | Mapping)):
        return {}
    if not isinstance(data, Mapping):
        problem("overrides", "not-an-object")
        return {}
    found = {}
    for key, value in data.items():
        day = _date(key, f"overrides.{key}", problem)
        segments = _segments(value, f"overrides.{key}", problem)
        if day:
            found[day] = segments
    return found


# --- counting --------------------------------------------------------------------------------------------------


def due(
    calendar: Calendar | None, start: Seconds, budget: Seconds, pauses: Iterable[PausePeriod] = ()
) -> Seconds | None:
    """Return the instant at which `budget` open, unpaused seconds have passed since `start`; None is the wall clock.

    A budget that ends at a closing time or at the start of a pause is due there; budget 0 is due at the first open
    instant. None is returned when an open pause begins before the budget is spent. Raises `NeverDue`, `OutOfRange`.
    """
    return due_over(((None, calendar),), start, budget, pauses)


def elapsed(calendar: Calendar | None, start: Seconds, end: Seconds, pauses: Iterable[PausePeriod] = ()) -> Seconds:
    """Return the open, unpaused seconds in `[start, end)`; 0 when the end is not after the start."""
    return elapsed_over(((None, calendar),), start, end, pauses)


def due_over(spans: Spans, start: Seconds, budget: Seconds, pauses: Iterable[PausePeriod] = ()) -> Seconds | None:
    """Count like `due` while calendars follow each other: each holds from its instant to the next one's (rule 9)."""
    left = budget
    until: Seconds | None = start
    for begin, until, opening in _stretches(spans, start, pauses):
        if left == 0:
            first = opening.first_open(begin)
            if first is not None and (until is None or first < until):
                return first
            continue
        if until is not None:
            available = opening.open_before(until) - opening.open_before(begin)
            if left > available:
                left -= available
                continue
        filled = opening.filled(begin, left)
        if filled is not None:
            return filled
    if until is None:
        raise NeverDue
    return None


def elapsed_over(spans: Spans, start: Seconds, end: Seconds, pauses: Iterable[PausePeriod] = ()) -> Seconds:
    """Count like `elapsed` while calendars follow each other."""
    total: Seconds = 0
    for begin, until, opening in _stretches(spans, start, pauses):
        if begin >= end:
            break
        total += opening.open_before(end if until is None or until > end else until) - opening.open_before(begin)
    return total


def running(start: Seconds, pauses: Iterable[PausePeriod]) -> Iterator[tuple[Seconds, Seconds | None]]:
    """Yield the stretches from `start` on that no pause covers; overlapping pauses are one (rule 7)."""
    begin = start
    for paused, resumed in sorted(pauses, key=itemgetter(0)) if pauses else ():
        if paused > begin:
            yield begin, paused
        if resumed is None:
            return
        begin = max(begin, resumed)
    yield begin, None


def _stretches(
    spans: Spans, start: Seconds, pauses: Iterable[PausePeriod]
) -> Iterator[tuple[Seconds, Seconds | None, OpeningTime]]:
    if len(spans) == 1:
        opening = spans[0][1].openings if spans[0][1] else WALL
        for begin, until in running(start, pauses):
            yield begin, until, opening
        return
    for begin, until in running(start, pauses):
        for index, (since, calendar) in enumerate(spans):
            after = spans[index + 1][0] if index + 1 < len(spans) else None
            first = begin if since is None or since < begin else since
            last = until if after is None or (until is not None and until < after) else after
            if last is None or first < last:
                yield first, last, calendar.openings if calendar else WALL


def due_working_days(calendar: Calendar, start: Seconds, days: int) -> Seconds:
    """Return the end of the `days`-th open date, counting the date of `start` when it has open time left (rule 4)."""
    return due_working_days_over(((None, calendar),), start, days)


def due_working_days_over(spans: Sequence[tuple[Seconds | None, Calendar]], start: Seconds, days: int) -> Seconds:
    """Count like `due_working_days`; a date follows the calendar that holds at its midnight (rule 9)."""
    left, end = days, start
    day = spans[0][1].openings.local_day(start) - 1  # a clock set back over midnight returns to the day before
    while left > 0:
        calendar = _calendar_of(spans, day)
        intervals = [closes for _, closes in calendar.openings.intervals(day) if closes > start]
        if intervals:
            left, end = left - 1, intervals[-1]
        elif calendar is spans[-1][1] and calendar.openings.exhausted(day):
            raise NeverDue
        day += 1
    return end


def _calendar_of(spans: Sequence[tuple[Seconds | None, Calendar]], day: int) -> Calendar:
    """Return the last calendar that holds at this local date's midnight; the first one holds from ever."""
    newest_first = reversed(spans)
    return next(c for since, c in newest_first if since is None or since <= c.openings.midnight(day))
