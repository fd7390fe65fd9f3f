"""Days of the tenant's zone: where an instant falls, when points begin and end, and the periods that limits count in."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.hooks.records.loyalty.parts import Period
from core.hooks.records.loyalty.points import Lifetime

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


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


def activation(at: datetime, lifetime: Lifetime, zone: str) -> datetime | None:
    """When points of this instant begin to count: the local midnight after the pending days; None: at once."""
    if lifetime.pending_days == 0:
        return None
    return midnight(local_day(at, zone) + timedelta(days=lifetime.pending_days), zone)


def last_usable_day(active_at: datetime, lifetime: Lifetime, zone: str) -> date | None:
    """The last local day on which points can be spent; None: for ever."""
    day = local_day(active_at, zone)
    if lifetime.months is None and lifetime.days is None and lifetime.until == "day":
        return None
    day = months_after(day, lifetime.months or 0) + timedelta(days=lifetime.days or 0)
    if lifetime.until == "day":
        return day
    return period_bounds({"month_end": "month", "quarter_end": "quarter", "year_end": "year"}[lifetime.until], day)[1]  # type: ignore[arg-type] # the three values are periods


def expiry(active_at: datetime, lifetime: Lifetime, zone: str) -> datetime | None:
    """The instant from which points are gone: the midnight after the last usable local day; None: never."""
    last = last_usable_day(active_at, lifetime, zone)
    return None if last is None else midnight(last + timedelta(days=1), zone)


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
