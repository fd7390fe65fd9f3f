"""Reads recency, frequency and money of the last 365 days, counted by band, and who is in a band."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Float, Integer, cast, func, literal, select

from core.customers.models import Customer
from core.db import table_of
from core.loyalty.models import Purchase
from core.reports.rules.rfm import BANDS, FIFTHS, FREQUENCY, RECENCY_DAYS, WINDOW_DAYS, Cell
from core.reports.rules.spans import ReportFilter, starts_at
from core.uow import Reader

_P, _C = table_of(Purchase), table_of(Customer)


class BandMember(msgspec.Struct, frozen=True, kw_only=True):
    """One customer of a band."""

    customer_id: UUID
    number: int
    full_name: str
    last_at: datetime
    purchases: int
    fen: int


class RfmReport(msgspec.Struct, frozen=True, kw_only=True):
    """All cells that hold anybody, and the sums of spending from which each fifth begins."""

    cells: tuple[Cell, ...]
    fifths: tuple[int, ...]

    @property
    def people(self) -> int:
        """Everybody who bought anything in the window."""
        return sum(cell.people for cell in self.cells)


def _spent(reader: Reader, wanted: ReportFilter) -> Any:
    """Customer, last purchase, number and sum of what is left of their purchases in the window."""
    since = starts_at(wanted.span.today - timedelta(days=WINDOW_DAYS - 1), wanted.span.timezone)
    left = _P.c.paid_fen - _P.c.refunded_fen
    query = select(
        _P.c.customer_id,
        func.max(_P.c.occurred_at).label("last_at"),
        func.count().label("purchases"),
        # Sums of integers are numerics in PostgreSQL, and slow; a double holds every fen up to 90 million million.
        cast(func.sum(cast(left, Float)), BigInteger).label("fen"),
    ).where(_P.c.tenant_id == reader.tenant_id, _P.c.occurred_at >= since, left > 0)
    if wanted.branch_id is not None:
        query = query.where(_P.c.branch_id == wanted.branch_id)
    return query.group_by(_P.c.customer_id)


def _recency(wanted: ReportFilter, column: Any) -> Any:
    edges = [
        starts_at(wanted.span.today - timedelta(days=days - 1), wanted.span.timezone) for days in reversed(RECENCY_DAYS)
    ]
    return func.width_bucket(column, literal(edges, ARRAY(TIMESTAMP(timezone=True)))) + 1


def _frequency(column: Any) -> Any:
    return func.width_bucket(cast(column, Integer), literal(list(FREQUENCY), ARRAY(Integer))) + 1


async def get_rfm(reader: Reader, wanted: ReportFilter) -> RfmReport:
    """Return how many customers stand in each band of recency, frequency and money."""
    spent = _spent(reader, wanted).cte("spent")
    fifths = select(
        func.percentile_disc(literal(list(FIFTHS), ARRAY(Float))).within_group(spent.c.fen).label("edges")
    ).cte("fifths")
    # Above the edge of a fifth begins the next: who spent the same is in the same band.
    money = func.width_bucket(spent.c.fen - 1, fifths.c.edges) + 1
    columns = (_recency(wanted, spent.c.last_at), _frequency(spent.c.purchases), money)
    labelled = [column.label(name) for column, name in zip(columns, "rfm", strict=True)]
    query = select(
        *labelled, func.count().label("people"), cast(func.sum(spent.c.fen), BigInteger), func.max(fifths.c.edges)
    ).select_from(spent.join(fifths, literal(value=True)))
    rows: Sequence[Any] = (await reader.session.execute(query.group_by(*labelled))).all()
    cells = tuple(
        Cell(recency=row[0], frequency=row[1], money=min(row[2], BANDS), people=row[3], fen=row[4]) for row in rows
    )
    return RfmReport(cells=cells, fifths=tuple(rows[0][5]) if rows else ())


async def list_band(
    reader: Reader, wanted: ReportFilter, *, recency: int, frequency: int, after: UUID | None = None, limit: int = 25
) -> list[BandMember]:
    """Return who stands in one field of the grid, newest customer first; `after` is the last one seen."""
    query = _spent(reader, wanted)
    if after is not None:
        query = query.where(_P.c.customer_id < after)
    spent = query.subquery("spent")
    found = (
        select(_C.c.customer_id, _C.c.number, _C.c.full_name, spent.c.last_at, spent.c.purchases, spent.c.fen)
        .select_from(spent.join(_C, (_C.c.tenant_id == reader.tenant_id) & (_C.c.customer_id == spent.c.customer_id)))
        .where(_C.c.state == "active")
        .where(_recency(wanted, spent.c.last_at) == recency, _frequency(spent.c.purchases) == frequency)
        .order_by(_C.c.customer_id.desc())
        .limit(limit)
    )
    return [BandMember(**row._mapping) for row in await reader.session.execute(found)]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
