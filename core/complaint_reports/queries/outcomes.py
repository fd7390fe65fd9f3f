"""Reads what became of cases: solved at once, opened again, and what they cost."""

from datetime import timedelta

import msgspec
from sqlalchemy import Subquery, and_, func, or_, select

from core.complaint_reports.queries.cases import C, month_of, narrow
from core.complaint_reports.rules.figures import ONCE_DAYS, CaseFilter, Part
from core.complaints.models import ComplaintClock
from core.db import table_of
from core.hooks.records.complaints import Severity
from core.remedies.models import Remedy
from core.remedies.rules import SPENT
from core.uow import Reader

_K, _R = table_of(ComplaintClock), table_of(Remedy)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Cases of one level and one month of their end, added up."""

    severity: Severity
    month: int
    cases: int
    reopened: int
    old: int
    """Ended so long ago that it is known whether they were solved at once."""
    once: int
    """Of those, solved at once."""
    paid: int
    """Cases for which something was given."""
    cost_fen: int


class OutcomeSum(msgspec.Struct, frozen=True, kw_only=True):
    """Outcomes of a group."""

    reopened: Part
    once: Part
    paid: Part
    cost_fen: int

    @property
    def fen_per_case(self) -> int | None:
        """What a case cost on average."""
        return round(self.cost_fen / self.paid.whole) if self.paid.whole else None


def sum_outcomes(rows: list[Outcome]) -> OutcomeSum:
    """Add outcomes up."""
    cases = sum(row.cases for row in rows)
    return OutcomeSum(
        reopened=Part(sum(row.reopened for row in rows), cases),
        once=Part(sum(row.once for row in rows), sum(row.old for row in rows)),
        paid=Part(sum(row.paid for row in rows), cases),
        cost_fen=sum(row.cost_fen for row in rows),
    )


def _opened_again(reader: Reader) -> Subquery:
    return (
        select(_K.c.complaint_id, func.min(_K.c.started_at).label("at"))
        .where(_K.c.tenant_id == reader.tenant_id, _K.c.cycle > 1)
        .group_by(_K.c.complaint_id)
        .subquery("again")
    )


def _given(reader: Reader) -> Subquery:
    return (
        select(_R.c.complaint_id, func.sum(_R.c.cost_fen).label("fen"))
        .where(_R.c.tenant_id == reader.tenant_id, _R.c.state.in_(sorted(SPENT)))
        .group_by(_R.c.complaint_id)
        .subquery("given")
    )


async def list_outcomes(reader: Reader, wanted: CaseFilter) -> list[Outcome]:
    """Return what became of the cases that ended in the window, by level and month.

    A case that was opened again and still is open ended when it was opened again. Solved at once: never opened again,
    and no second case of the same customer with the same cause (where none is named, the same category) within 30 days
    of the end; only cases whose 30 days are over are asked, since a young one looks better than it is.
    """
    again, given = _opened_again(reader), _given(reader)
    other = C.alias("other")
    ended = func.coalesce(C.c.resolved_at, again.c.at)
    span = timedelta(days=ONCE_DAYS)
    second = (
        select(1)
        .where(
            other.c.tenant_id == reader.tenant_id,
            other.c.customer_id == C.c.customer_id,
            other.c.complaint_id != C.c.complaint_id,
            other.c.state != "merged",
            func.coalesce(other.c.cause, other.c.category) == func.coalesce(C.c.cause, C.c.category),
            other.c.received_at > C.c.received_at,
            other.c.received_at <= ended + span,
        )
        .exists()
    )
    opened = again.c.complaint_id.is_not(None)
    old = ended + span <= reader.now
    month = month_of(wanted, ended).label("month")
    joined = C.outerjoin(again, again.c.complaint_id == C.c.complaint_id).outerjoin(
        given, given.c.complaint_id == C.c.complaint_id
    )
    query = (
        select(
            C.c.severity,
            month,
            func.count().label("cases"),
            func.count().filter(opened).label("reopened"),
            func.count().filter(old).label("old"),
            func.count().filter(and_(old, ~opened, or_(C.c.customer_id.is_(None), ~second))).label("once"),
            func.count(given.c.fen).label("paid"),
            func.coalesce(func.sum(given.c.fen), 0).label("cost_fen"),
        )
        .select_from(joined)
        .where(*narrow(reader, wanted, ended))
        .group_by(C.c.severity, "month")
    )
    return [
        Outcome(
            severity=row.severity,
            month=row.month - 1,
            cases=row.cases,
            reopened=row.reopened,
            old=row.old,
            once=row.once,
            paid=row.paid,
            cost_fen=int(row.cost_fen),
        )
        for row in await reader.session.execute(query)
    ]
