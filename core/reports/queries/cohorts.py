"""Reads when people came first and when they came again: one bit per month and customer, summed up in one statement."""

from math import log
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, ColumnElement, Float, Integer, cast, func, literal, select

from core.db import table_of
from core.loyalty.models import Purchase
from core.reports.rules.cohorts import Retention, retention
from core.reports.rules.spans import ReportFilter
from core.uow import Reader
from core.visits.models import Visit

_P, _V = table_of(Purchase), table_of(Visit)
What = Literal["purchases", "visits"]
LN_2: Final = log(2)
MOST_MONTHS: Final = 36
"""One bit of a bigint for each month and one for everything before them."""


async def get_retention(reader: Reader, wanted: ReportFilter, *, what: What = "purchases") -> Retention:
    """Return of those who came first in each month how many came again, by months since.

    Who came before the first month of the report is in no cohort. A purchase that was taken back whole, or a visit that
    was cancelled, is none.
    """
    months = wanted.span.months[-MOST_MONTHS:]
    came = _came(reader, wanted, what)
    first = cast(
        func.round(func.ln(cast(came.c.months.op("&")(-came.c.months), Float)) / literal(LN_2, Float)), Integer
    )
    young = (
        select(came.c.months, first.label("first")).where(came.c.months.op("&")(1) == 0, came.c.months != 0).subquery()
    )
    columns = [
        func.count().filter(young.c.months.op(">>")(young.c.first + after).op("&")(1) == 1)
        for after in range(len(months))
    ]
    query = select(young.c.first, *columns).group_by(young.c.first)
    counted = {row[0] - 1: tuple(row[1:]) for row in await reader.session.execute(query)}
    return retention(months, counted)


def _came(reader: Reader, wanted: ReportFilter, what: What) -> Any:
    """Customer -> the months in which they came, as bits; bit 0 is any time before the first month."""
    table, at, counts = (
        (_P, _P.c.occurred_at, _P.c.paid_fen > _P.c.refunded_fen)
        if what == "purchases"
        else (_V, _V.c.started_at, _V.c.state != "cancelled")
    )
    # Compared with instants: the calendar is not asked for every row.
    edges = literal(wanted.span.edges[-MOST_MONTHS:], ARRAY(TIMESTAMP(timezone=True)))
    place: ColumnElement[int] = func.width_bucket(at, edges)
    bits = func.bit_or(cast(literal(1), BigInteger).op("<<")(place))
    query = select(table.c.customer_id, bits.label("months")).where(table.c.tenant_id == reader.tenant_id, counts)
    if wanted.branch_id is not None:
        query = query.where(table.c.branch_id == wanted.branch_id)
    return query.group_by(table.c.customer_id).subquery("came")
