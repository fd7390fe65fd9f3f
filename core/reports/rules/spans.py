"""The months that a report covers, and the instants at which they begin on the tenant's own clock."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

PERIODS: Final[Mapping[str, int]] = MappingProxyType({"year": 12, "half": 6, "quarter": 3, "two_years": 24})
"""Each period ends with the month of today, which is not over yet."""


class ReportSpan(msgspec.Struct, frozen=True, kw_only=True):
    """The first days of whole months, the month of `today` last."""

    months: tuple[date, ...]
    today: date
    timezone: str

    @property
    def edges(self) -> list[datetime]:
        """The instant at which each month begins."""
        return [starts_at(first, self.timezone) for first in self.months]

    @property
    def since(self) -> datetime:
        """The instant at which the first month begins."""
        return starts_at(self.months[0], self.timezone)


class ReportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is about."""

    span: ReportSpan
    branch_id: UUID | None = None


def span_back(today: date, months: int, timezone: str) -> ReportSpan:
    """The month of today and those before it, `months` in all."""
    index = today.year * 12 + today.month - 1
    firsts = (divmod(index - back, 12) for back in reversed(range(months)))
    return ReportSpan(months=tuple(date(year, month + 1, 1) for year, month in firsts), today=today, timezone=timezone)


def starts_at(day: date, timezone: str) -> datetime:
    """The instant at which a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last one where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
