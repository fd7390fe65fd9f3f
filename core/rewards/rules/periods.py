"""Local days and the periods that promises count in: day, week, month, quarter, year, membership year, lifetime."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.hooks.records.loyalty.parts import Period

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def local_day(at: datetime, zone: str) -> date:
    """The local date of an instant: 2026-03-31T16:30Z is 1 April in Shanghai."""
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a local day begins, in UTC; where clocks jump over midnight, the instant of the jump."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def months_after(day: date, months: int) -> date:
    """The same day so many months later (or earlier), clamped to the month's end: 31 January + 1 is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def period_bounds(period: Period, day: date, since: date | None = None) -> tuple[date, date]:
    """The first and the last day of the period that holds `day`; weeks begin on Monday.

    A membership year runs from the day and month of `since`, clamped (29 February is 28 February in other years).
    """
    if period == "lifetime":
        return date.min, date.max
    if period == "day":
        return day, day
    if period == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if period == "membership_year":
        start = since or day
        years = day.year - start.year
        if months_after(start, years * 12) > day:
            years -= 1
        return months_after(start, years * 12), months_after(start, (years + 1) * 12) - timedelta(days=1)
    length = _MONTHS[period]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return first, months_after(first, length) - timedelta(days=1)
