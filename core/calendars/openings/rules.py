"""Turn local opening hours into sorted UTC intervals with running sums, so that counting open time is a binary search.

The open set is every instant whose local wall time lies inside a segment of its local date (sla.md, rule 1), so a
segment is cut by the offset changes of its zone: wall time inside a gap yields nothing, inside a repeated hour twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from threading import Lock
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from core.errors import AnxinError

Seconds = int | Fraction
"""UTC seconds since 1970, or a number of seconds; whole everywhere but in the calculator's sub-second input."""

Segment = tuple[int, int]
"""`(open, close)` in seconds of the local day, half open; 86,400 as a close is the end of the day (24:00)."""

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
FIRST_YEAR, LAST_YEAR = 2, 9998  # a year of room at both ends: datetime knows 1 to 9999, and offsets reach over

# No zone of the tz database has two changes within 95 hours, so a sample every 72 cannot step over a pair of them.
_SAMPLE = 3 * DAY


class OutOfRange(AnxinError):
    """An instant or a deadline outside the years 2 to 9998."""

    code = "instant-out-of-range"
    status = 422


class Period(NamedTuple):
    """A stretch of instants with one offset from UTC, all in seconds."""

    start: int
    end: int
    offset: int


class OpenYear(NamedTuple):
    """The openings of one UTC year, relative to its first second; `before` is the open time before each of them."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int


class OpeningTime(Protocol):
    """Counts open seconds: what `due` and `elapsed` need to know of a calendar or of the wall clock.

    `open_before` counts up to an instant, from an origin that stays the same; `first_open` is the first open instant
    at or after the given one; `filled` the earliest instant with `amount` (> 0) open seconds since `instant`. The
    latter two are None when nothing opens any more.
    """

    def open_before(self, instant: Seconds) -> Seconds: ...
    def first_open(self, instant: Seconds) -> Seconds | None: ...
    def filled(self, instant: Seconds, amount: Seconds) -> Seconds | None: ...


class WallTime:
    """Every instant is open."""

    def open_before(self, instant: Seconds) -> Seconds:
        """Return the instant itself: all of time counts."""
        return _within_range(instant)

    def first_open(self, instant: Seconds) -> Seconds:
        """Return the instant itself."""
        return _within_range(instant)

    def filled(self, instant: Seconds, amount: Seconds) -> Seconds:
        """Add the amount."""
        return _within_range(instant + amount)


def year_start(year: int) -> int:
    """Return the first second of a UTC year."""
    return (date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY


_FIRST, _LAST = year_start(FIRST_YEAR), year_start(LAST_YEAR + 1)


def _within_range(instant: Seconds) -> Seconds:
    if _FIRST <= instant < _LAST:
        return instant
    raise OutOfRange


def _year_of(instant: Seconds) -> int:
    return date.fromordinal(int(_within_range(instant) // DAY) + EPOCH_ORDINAL).year


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Return the zone's offset from UTC at the instant, in seconds."""
    offset = (EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset()
    return offset.days * DAY + offset.seconds if offset else 0


@lru_cache(maxsize=4096)
def offset_periods(key: str, year: int) -> tuple[Period, ...]:
    """Return the stretches of constant offset of one UTC year in a zone."""
    zone = ZoneInfo(key)
    start, end = year_start(year), year_start(year + 1)
    periods = []
    known, offset = start, offset_at(zone, start)
    for sample in (*range(start + _SAMPLE, end, _SAMPLE), end - 1):
        later = offset_at(zone, sample)
        if later == offset:
            continue
        before, after = sample - _SAMPLE, sample
        while after - before > 1:
            middle = (before + after) // 2
            if offset_at(zone, middle) == offset:
                before = middle
            else:
                after = middle
        periods.append(Period(known, after, offset))
        known, offset = after, later
    return (*periods, Period(known, end, offset))


class Openings:
    """The open set of one calendar, compiled a year at a time when it is first asked for, and kept."""

    def __init__(self, zone: str, week: Sequence[Sequence[Segment]], dates: Mapping[int, Sequence[Segment]]) -> None:
        """Take the zone's name, seven lists of segments (Monday first) and the lists of single days, by day number."""
        self.zone = zone
        self._key = ZoneInfo(zone)
        self._week = week
        self._dates = dates
        self._shapes: dict[tuple[object, ...], OpenYear] = {}
        self._special_years = {year for day in dates for year in (_year_of_day(day - 1), _year_of_day(day + 1))}
        # With no weekly hours nothing opens after the last special day.
        self._end = LAST_YEAR if any(week) else max(self._special_years, default=FIRST_YEAR)
        # One tuple, replaced whole: a reader in another thread sees the old years or the new ones, never a mix.
        self._view: tuple[list[int], list[int], list[OpenYear]] = ([], [], [])
        self._growing = Lock()

    def segments(self, day: int) -> Sequence[Segment]:
        """Return the segments of one local day (days since 1970-01-01, a Thursday)."""
        found = self._dates.get(day)
        return self._week[(day + 3) % 7] if found is None else found

    def intervals(self, day: int) -> list[tuple[int, int]]:
        """Return the open UTC intervals of one local day, sorted and merged."""
        year = _year_of(day * DAY)
        near = range(max(year - 1, FIRST_YEAR), min(year + 1, LAST_YEAR) + 1)
        return _merged(self._cut(day, [period for each in near for period in offset_periods(self.zone, each)]))

    def local_day(self, instant: Seconds) -> int:
        """Return the local day an instant falls on."""
        whole = int(_within_range(instant) // 1)
        return (whole + offset_at(self._key, whole)) // DAY

    def midnight(self, day: int) -> int:
        """Return the instant at which a local day begins; on a day whose midnight is in a gap, the gap."""
        return day * DAY - offset_at(self._key, day * DAY)

    def exhausted(self, day: int) -> bool:
        """Tell whether nothing opens on this local day or any later one."""
        return not any(self._week) and day > max(self._dates, default=day - 1)

    def open_before(self, instant: Seconds) -> Seconds:
        """Return the open seconds up to the instant, from an origin that is the same for all calls."""
        starts, sums, years = self._covering(instant)
        index = bisect_right(starts, instant) - 1
        opens, closes, before, _ = years[index]
        inside = instant - starts[index]
        slot = bisect_right(opens, inside) - 1
        if slot < 0:
            return sums[index]
        return sums[index] + before[slot] + min(inside, closes[slot]) - opens[slot]

    def first_open(self, instant: Seconds) -> Seconds | None:
        """Return the first open instant at or after the given one; None when nothing opens any more."""
        starts, _, years = self._covering(instant)
        index = bisect_right(starts, instant) - 1
        slot = bisect_right(years[index].closes, instant - starts[index])
        if slot < len(years[index].opens):
            return max(instant, starts[index] + years[index].opens[slot])
        while (later := _year_of(starts[index + 1])) <= self._end:
            starts, _, years = self._covering(year_start(later))
            index = bisect_right(starts, year_start(later)) - 1
            if years[index].opens:
                return starts[index] + years[index].opens[0]
        return None

    def filled(self, instant: Seconds, amount: Seconds) -> Seconds | None:
        """Return the earliest instant with `amount` (> 0) open seconds since `instant`; None when there never are."""
        _within_range(instant + amount)  # open time is no faster than the wall: spares compiling ages for nothing
        target = self.open_before(instant) + amount
        starts, sums, years = self._view
        while target > sums[-1]:
            if _year_of(starts[-1]) > self._end:
                return None
            starts, sums, years = self._covering(starts[-1])
        index = bisect_left(sums, target, 1) - 1
        rest = target - sums[index]
        slot = bisect_left(years[index].before, rest) - 1
        return starts[index] + years[index].opens[slot] + rest - years[index].before[slot]

    def _covering(self, instant: Seconds) -> tuple[list[int], list[int], list[OpenYear]]:
        view = self._view
        starts = view[0]
        if starts and starts[0] <= instant < starts[-1]:
            return view
        with self._growing:  # the origin of the sums is set once and never moves, whoever asks first
            return self._extended(_year_of(instant))

    def _extended(self, year: int) -> tuple[list[int], list[int], list[OpenYear]]:
        starts, sums, years = self._view[0].copy(), self._view[1].copy(), self._view[2].copy()
        if not starts:
            starts, sums = [year_start(year)], [0]
        first, after = _year_of(starts[0]), _year_of(starts[-1] - 1) + 1 if years else year
        for earlier in range(first - 1, year - 1, -1):
            opened = self._compiled(earlier)
            starts.insert(0, year_start(earlier))
            sums.insert(0, sums[0] - opened.total)
            years.insert(0, opened)
        # Growing by an eighth of what is there keeps a far deadline from copying the lists once a year.
        for later in range(after, min(year + 1 + len(years) // 8, LAST_YEAR + 1)):
            opened = self._compiled(later)
            starts.append(year_start(later + 1))
            sums.append(sums[-1] + opened.total)
            years.append(opened)
        self._view = view = (starts, sums, years)
        return view

    def _compiled(self, year: int) -> OpenYear:
        start, end = year_start(year), year_start(year + 1)
        periods = offset_periods(self.zone, year)
        first, days = start // DAY, (end - start) // DAY
        key = (first % 7, days, *((p.start - start, p.offset) for p in periods))
        shape = None if year in self._special_years else self._shapes.get(key)
        if shape is None:
            pieces = [piece for day in range(first - 1, first + days + 1) for piece in self._cut(day, periods)]
            opens, closes, before, total = [], [], [], 0
            for opened, closed in _merged(pieces):
                opens.append(opened - start)
                closes.append(closed - start)
                before.append(total)
                total += closed - opened
            shape = OpenYear(opens, closes, before, total)
            if year not in self._special_years:
                self._shapes[key] = shape
        return shape

    def _cut(self, day: int, periods: Sequence[Period]) -> list[tuple[int, int]]:
        """Cut a local day's segments by the offset periods: what is left of each, as instants."""
        pieces = []
        midnight = day * DAY
        for opens, closes in self.segments(day):
            for start, end, offset in periods:
                piece = max(midnight + opens - offset, start), min(midnight + closes - offset, end)
                if piece[0] < piece[1]:
                    pieces.append(piece)
        return pieces


def _year_of_day(day: int) -> int:
    return date.fromordinal(min(max(day + EPOCH_ORDINAL, 1), date.max.toordinal())).year


def _merged(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort intervals and join those that touch; no two overlap, for an instant has one local time."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(pieces):
        if merged and start == merged[-1][1]:
            merged[-1] = merged[-1][0], end
        else:
            merged.append((start, end))
    return merged
