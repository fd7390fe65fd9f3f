"""Calendar quarters and months as a tenant's own clock shows them: where they begin, end, and what comes next."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec


class Span(msgspec.Struct, frozen=True):
    """Whole local days, both ends included."""

    first: date
    last: date


def quarter_of(day: date) -> Span:
    """Return the calendar quarter that a day lies in."""
    month = 3 * ((day.month - 1) // 3) + 1
    return _span(day.year, month, 3)


def next_quarter(day: date) -> Span:
    """Return the quarter after the one that a day lies in."""
    return quarter_of(quarter_of(day).last + timedelta(days=1))


def last_quarter(day: date) -> Span:
    """Return the quarter before the one that a day lies in."""
    return quarter_of(quarter_of(day).first - timedelta(days=1))


def month_of(day: date) -> Span:
    """Return the month that a day lies in."""
    return _span(day.year, day.month, 1)


def quarter_number(day: date) -> int:
    """Return 1 to 4."""
    return (day.month - 1) // 3 + 1


def starts_at(day: date, timezone: str) -> datetime:
    """Return the instant at which a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def ends_at(day: date, timezone: str) -> datetime:
    """Return the instant at which a local day is over, in UTC: the first moment that no longer belongs to it."""
    return starts_at(day + timedelta(days=1), timezone)


def _span(year: int, month: int, months: int) -> Span:
    after = month + months
    following = date(year + (after - 1) // 12, (after - 1) % 12 + 1, 1)
    return Span(date(year, month, 1), following - timedelta(days=1))
