"""Reads what open points are worth, by the age of what was earned."""

from typing import Any

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Float, case, cast, func, literal, select, text

from core.customers.models import Customer
from core.db import table_of
from core.hooks.records.loyalty.program import Program
from core.loyalty.models import LedgerEntry, Lot, LoyaltyAccount
from core.programs.queries import get_program
from core.reports.rules.liability import AGE_MONTHS, Breakage, Liability, liability
from core.reports.rules.spans import ReportFilter, months_before, starts_at
from core.reports.rules.worth import fen_per_point
from core.uow import Reader

_L, _N, _A, _C = table_of(Lot), table_of(LedgerEntry), table_of(LoyaltyAccount), table_of(Customer)

# The credits of 500,000 open lots fit into memory; with the usual 4 MB they are written to disk and read again.
_ROOM = text("SELECT set_config('work_mem', '64MB', true)")


async def get_liability(reader: Reader, wanted: ReportFilter, *, program: Program | None = None) -> Liability:
    """Return open points by age, their worth under the program in force (or `program`), and the measured breakage.

    A lot is as old as the credit that was earned first, wherever a merge carried it. The period of the filter says
    nothing: what is owed is owed today.
    """
    edges = [
        starts_at(months_before(wanted.span.today, months), wanted.span.timezone) for months in reversed(AGE_MONTHS)
    ]
    age = len(AGE_MONTHS) - func.width_bucket(_N.c.occurred_at, literal(edges, ARRAY(TIMESTAMP(timezone=True))))
    root = (_N.c.tenant_id == reader.tenant_id) & (_N.c.entry_id == _L.c.root_id)
    labelled = age.label("age")
    query = (
        select(
            labelled,
            func.count().label("lots"),
            _whole(_L.c.remaining).label("points"),
            _whole(case((_L.c.state == "pending", _L.c.remaining), else_=0)).label("pending"),
        )
        .select_from(_L.join(_N, root))
        .where(_L.c.tenant_id == reader.tenant_id, _L.c.state != "closed", *_in_branch(reader, wanted, _L))
        .group_by(labelled)
    )
    await reader.session.execute(_ROOM)
    rows = (await reader.session.execute(query)).all()
    return liability(
        {row.age: (row.lots, row.points) for row in rows},
        fen_per_point=fen_per_point(program or await get_program(reader)),
        breakage=await get_breakage(reader, wanted),
        pending_points=sum(row.pending for row in rows),
        deficit_points=await _deficit(reader, wanted),
    )


async def get_breakage(reader: Reader, wanted: ReportFilter) -> Breakage:
    """Return what was earned in lots whose days are over, and what of it ended unused."""
    query = select(_whole(_L.c.earned - _L.c.reversed), _whole(_L.c.expired + _L.c.remaining)).where(
        _L.c.tenant_id == reader.tenant_id, _L.c.expires_at <= reader.now, *_in_branch(reader, wanted, _L)
    )
    # What the night has not closed yet is over all the same.
    earned, expired = (await reader.session.execute(query)).one()
    return Breakage(earned=earned or 0, expired=expired or 0)


async def _deficit(reader: Reader, wanted: ReportFilter) -> int:
    query = select(_whole(_A.c.deficit)).where(
        _A.c.tenant_id == reader.tenant_id, _A.c.deficit > 0, *_in_branch(reader, wanted, _A)
    )
    return await reader.session.scalar(query) or 0


def _whole(column: Any) -> Any:
    """A sum of whole numbers; PostgreSQL would make it a numeric, which is slow."""
    return cast(func.sum(cast(column, Float)), BigInteger)


def _in_branch(reader: Reader, wanted: ReportFilter, table: Any) -> list[Any]:
    if wanted.branch_id is None:
        return []
    mine = (_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == table.c.customer_id)
    return [select(1).where(*mine, _C.c.branch_id == wanted.branch_id).exists()]
