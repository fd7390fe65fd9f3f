"""Reads how long things took: the first response after receipt, and the whole way from receipt to resolution."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Float, and_, case, cast, extract, func, select, tuple_

from core.complaint_reports.queries.cases import C, month_of, narrow
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
    same = and_(_K.c.tenant_id == C.c.tenant_id, _K.c.complaint_id == C.c.complaint_id)
    first = (
        select(
            C.c.complaint_id,
            C.c.severity,
            month_of(wanted, C.c.received_at).label("month"),
            _seconds(func.min(_K.c.completed_at) - C.c.received_at).label("took"),
        )
        .select_from(C.outerjoin(_K, and_(same, _K.c.cycle == 1, _K.c.completed_at.is_not(None))))
        .where(*narrow(reader, wanted))
        .group_by(C.c.complaint_id, C.c.severity, C.c.received_at)
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
    median, p90 = (func.percentile_cont(share).within_group(source.c.took) for share in (0.5, 0.9))
    query = select(
        func.grouping(source.c.severity, source.c.month).label("sides"),
        source.c.severity,
        source.c.month,
        func.count().label("cases"),
        func.count(source.c.took).label("n"),
        func.avg(source.c.took).label("mean"),
        median.label("median"),
        p90.label("p90"),
    ).group_by(func.grouping_sets(tuple_(), tuple_(source.c.severity), tuple_(source.c.month)))
    cases, whole = 0, NO_TIMES
    by_level: dict[Severity, Times] = {}
    by_month = [NO_TIMES] * len(wanted.span.months)
    for row in await reader.session.execute(query):
        times = Times(n=row.n, mean=row.mean, median=row.median, p90=row.p90)
        if row.sides == 3:
            cases, whole = row.cases, times
        elif row.sides == 1:
            by_level[row.severity] = times
        elif row.month is not None and 1 <= row.month <= len(by_month):
            by_month[row.month - 1] = times
    return Pace(cases=cases, whole=whole, by_level=by_level, by_month=by_month)
