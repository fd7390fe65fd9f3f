"""Reads what complaints are about: levels, channels, categories, causes, and the hours of the week at which they come."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import func, select, tuple_

from core.complaint_reports.queries.cases import C, month_of, narrow
from core.complaint_reports.rules.figures import CaseFilter
from core.uow import Reader


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """Cases received in the window, counted by each of their sides; an empty key is where nothing is written down."""

    cases: int
    levels: Mapping[str, int]
    channels: Mapping[str, int]
    categories: Mapping[str, int]
    causes: Mapping[str, int]
    by_month: tuple[int, ...]


async def get_mix(reader: Reader, wanted: CaseFilter) -> Mix:
    """Return the counts in one statement."""
    month = month_of(wanted, C.c.received_at)
    cases = (
        select(
            C.c.severity,
            C.c.channel,
            func.coalesce(C.c.category, "").label("category"),
            func.coalesce(C.c.cause, "").label("cause"),
            month.label("month"),
        )
        .where(*narrow(reader, wanted))
        .subquery("cases")
    )
    sides = (cases.c.severity, cases.c.channel, cases.c.category, cases.c.cause, cases.c.month)
    names = ("severity", "channel", "category", "cause", "month")
    query = select(func.grouping(*sides).label("which"), *sides, func.count().label("n")).group_by(
        func.grouping_sets(*(tuple_(side) for side in sides))
    )
    found: dict[str, dict[Any, int]] = {name: {} for name in names}
    for row in await reader.session.execute(query):
        name = next(name for place, name in enumerate(reversed(names)) if not row.which >> place & 1)
        found[name][getattr(row, name)] = row.n
    return Mix(
        cases=sum(found["severity"].values()),
        levels=found["severity"],
        channels=found["channel"],
        categories=found["category"],
        causes=found["cause"],
        by_month=tuple(found["month"].get(place, 0) for place in range(1, len(wanted.span.months) + 1)),
    )


async def get_hours(reader: Reader, wanted: CaseFilter) -> list[list[int]]:
    """Return how many cases came at each hour of each weekday, Monday first, on the tenant's clock."""
    local = func.timezone(wanted.span.timezone, C.c.received_at)
    day, hour = func.extract("isodow", local), func.extract("hour", local)
    query = select(day.label("day"), hour.label("hour"), func.count().label("n"))
    grid = [[0] * 24 for _ in range(7)]
    for row in await reader.session.execute(query.where(*narrow(reader, wanted)).group_by("day", "hour")):
        grid[int(row.day) - 1][int(row.hour)] = row.n
    return grid
