"""Days of the tenant's zone: where an instant falls, when points begin and end, and the periods that limits count in."""

from datetime import date, datetime, timedelta

from core.hooks.records.loyalty.points import Lifetime
from core.rewards.rules.periods import local_day, midnight, months_after, period_bounds

__all__ = ["activation", "expiry", "last_usable_day", "local_day", "midnight", "months_after", "period_bounds"]


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
