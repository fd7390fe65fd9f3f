"""Reads how long things took: the first response after receipt, and the whole way from receipt to resolution."""

from typing import Any

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Float, case, cast, extract, func, select, tuple_

from core.complaint_reports.queries.cases import ROOM, C, month_of, narrow
from core.complaint_reports.rules.figures import NO_TIMES, CaseFilter, Times
from core.complaints.models import ComplaintClock
from core.db import table_of
from core.hooks.records.complaints import Severity
from core.uow import Reader

_K = table_of(ComplaintClock)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Times over all, by level and by month; `cases` is how many there are, `n` of times how many have come so far."""

    cases: int
    whole: Times
    by_level: dict[Severity, Times]
    by_month: list[Times]


async def get_first_response(reader: Reader, wanted: CaseFilter) -> Pace:
    """Return the time from receipt to the first step that was completed, of the cases received in the window."""
    # The first step of each case is found before cases are looked at: grouping by the id alone is half the work.
    steps = (
        select(_K.c.complaint_id, func.min(_K.c.completed_at).label("at"))
        .where(_K.c.tenant_id == reader.tenant_id, _K.c.cycle == 1, _K.c.completed_at.is_not(None))
        .group_by(_K.c.complaint_id)
        .subquery("steps")
    )
    first = (
        select(
            C.c.severity,
            month_of(wanted, C.c.received_at).label("month"),
            _seconds(steps.c.at - C.c.received_at).label("took"),
        )
        .select_from(C.outerjoin(steps, steps.c.complaint_id == C.c.complaint_id))
        .where(*narrow(reader, wanted))
        .subquery("first")
    )
    return await _pace(reader, wanted, first)


async def get_cycle(reader: Reader, wanted: CaseFilter) -> Pace:
    """Return the time from receipt to resolution, of the cases resolved in the window, by the month of resolution."""
    whole = (
        select(
            C.c.complaint_id,
            C.c.severity,
            month_of(wanted, C.c.resolved_at).label("month"),
            _seconds(C.c.resolved_at - C.c.received_at).label("took"),
        )
        .where(*narrow(reader, wanted, C.c.resolved_at))
        .subquery("whole")
    )
    return await _pace(reader, wanted, whole)


def _seconds(span: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.greatest(extract("epoch", span), case((span.is_(None), None), else_=0)), Float)


async def _pace(reader: Reader, wanted: CaseFilter, source: Any) -> Pace:
    """All, each level and each month in one statement."""
    # Both from one sorted run: an array of shares is one aggregate.
    shares = func.percentile_cont(cast([0.5, 0.9], ARRAY(Float))).within_group(source.c.took)
    query = select(
        func.grouping(source.c.severity, source.c.month).label("sides"),
        source.c.severity,
        source.c.month,
        func.count().label("cases"),
        func.count(source.c.took).label("n"),
        func.avg(source.c.took).label("mean"),
        shares.label("shares"),
    ).group_by(func.grouping_sets(tuple_(), tuple_(source.c.severity), tuple_(source.c.month)))
    await reader.session.execute(ROOM)
    cases, whole = 0, NO_TIMES
    by_level: dict[Severity, Times] = {}
    by_month = [NO_TIMES] * len(wanted.span.months)
    for row in await reader.session.execute(query):
        median, p90 = row.shares or (None, None)
        times = Times(n=row.n, mean=row.mean, median=median, p90=p90)
        if row.sides == 3:
            cases, whole = row.cases, times
        elif row.sides == 1:
            by_level[row.severity] = times
        elif row.month is not None and 1 <= row.month <= len(by_month):
            by_month[row.month - 1] = times
    return Pace(cases=cases, whole=whole, by_level=by_level, by_month=by_month)
