"""Reads results: figures with their trend, reach, the rate of complaints beside them, and what people wrote."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import TIMESTAMP, Date, and_, cast, func, literal_column, or_, select, tuple_

from core.complaints.models import Complaint
from core.customers.models import Customer
from core.db import table_of
from core.forms.models import Submission
from core.surveys.models import SurveyAnswer, SurveyAsk, SurveyInterview
from core.surveys.rules.metrics import DETRACTOR, Nps, Rated, Reach, ces, csat, nps, per_hundred, reach
from core.surveys.rules.quarters import ends_at, starts_at
from core.uow import Reader
from core.visits.models import Visit

_A, _K, _F, _C = table_of(SurveyAnswer), table_of(SurveyAsk), table_of(Submission), table_of(Customer)
_I, _Q, _V = table_of(SurveyInterview), table_of(Complaint), table_of(Visit)
UNHAPPY_CSAT = 2


class ResultFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which answers count; `members` is a SELECT of the customers of a segment. Days are local, both included."""

    first: date
    last: date
    branch_id: UUID | None = None
    clinician_id: UUID | None = None
    species: str | None = None
    campaign_id: UUID | None = None
    source: str | None = None
    members: Any = None


class Figures(msgspec.Struct, frozen=True):
    """NPS, CSAT and CES of the same answers."""

    answers: int
    nps: Nps
    csat: Rated
    ces: Rated


class Point(msgspec.Struct, frozen=True):
    """The figures of one month or quarter; `first` is its first day."""

    first: date
    figures: Figures


class Risk(msgspec.Struct, frozen=True):
    """The rate of complaints: so many on a hundred visits, or customers where no visits are kept; None without a base."""

    complaints: int
    base: int
    per: Literal["visits", "customers"]
    rate: float | None


class CommentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said."""

    submission_id: UUID
    customer_id: UUID | None
    full_name: str | None
    branch_id: UUID | None
    source: str
    answered_at: datetime
    nps: int | None
    csat: int | None
    ces: int | None
    comment: str
    call_back: str | None
    """State of the call-back about it, or None."""


def _where(reader: Reader, wanted: ResultFilter) -> list[Any]:
    where = [_A.c.tenant_id == reader.tenant_id, _A.c.answered_on.between(wanted.first, wanted.last)]
    for name in ("branch_id", "clinician_id", "species", "campaign_id", "source"):
        value = getattr(wanted, name)
        if value is not None:
            where.append(_A.c[name] == value)
    if wanted.members is not None:
        where.append(_A.c.customer_id.in_(wanted.members))
    return where


async def get_figures(
    reader: Reader, wanted: ResultFilter, *, step: Literal["month", "quarter"] = "month"
) -> tuple[Figures, list[Point]]:
    """Return the figures of the whole time and of each month or quarter with answers; one grouped statement."""
    begins: Any = literal_column(f"'{step}'")  # a bound one would make two expressions of one
    # Without a zone: a day is a day, and a zone would be looked up for every row.
    bucket = cast(func.date_trunc(begins, cast(_A.c.answered_on, TIMESTAMP)), Date).label("bucket")
    query = (
        select(bucket, _A.c.nps, _A.c.csat, _A.c.ces, func.count().label("people"))
        .where(*_where(reader, wanted))
        .group_by(bucket, _A.c.nps, _A.c.csat, _A.c.ces)
    )
    total, points = _Tally(), dict[date, _Tally]()
    for row in await reader.session.execute(query):
        for tally in (total, points.setdefault(row.bucket, _Tally())):
            tally.add(row)
    return total.figures(), [Point(first, points[first].figures()) for first in sorted(points)]


class _Tally:
    """Counts of answers by value, and of those without one."""

    def __init__(self) -> None:
        self.people = 0
        self.counts: Mapping[str, dict[int | None, int]] = {"nps": {}, "csat": {}, "ces": {}}

    def add(self, row: Any) -> None:
        self.people += row.people
        for metric, counts in self.counts.items():
            value = getattr(row, metric)
            counts[value] = counts.get(value, 0) + row.people

    def figures(self) -> Figures:
        said = {name: {v: n for v, n in counts.items() if v is not None} for name, counts in self.counts.items()}
        silent = {name: counts.get(None, 0) for name, counts in self.counts.items()}
        return Figures(
            self.people,
            nps(said["nps"], silent["nps"]),
            csat(said["csat"], silent["csat"]),
            ces(said["ces"], silent["ces"]),
        )


async def get_reach(reader: Reader, wanted: ResultFilter) -> Reach:
    """Return how many of those asked in this time were reached and answered; clinician and species say nothing here."""
    zone = reader.scope.timezone
    where = [
        _K.c.tenant_id == reader.tenant_id,
        _K.c.asked_at >= starts_at(wanted.first, zone),
        _K.c.asked_at < ends_at(wanted.last, zone),
    ]
    for name in ("branch_id", "campaign_id", "source"):
        value = getattr(wanted, name)
        if value is not None:
            where.append(_K.c[name] == value)
    if wanted.members is not None:
        where.append(_K.c.customer_id.in_(wanted.members))
    query = select(func.count(), func.count(_K.c.delivered_at), func.count(_K.c.answered_at)).where(*where)
    asked, delivered, answered = (await reader.session.execute(query)).one()
    return reach(asked=asked, delivered=delivered, answered=answered)


async def get_risk(reader: Reader, wanted: ResultFilter) -> Risk:
    """Return the complaints of this time on a hundred visits of it; without any visit, on a hundred customers.

    2025年钙片行业企业客户服务质量提升 §5: NPS、满意度评分、投诉率. Campaign and species say nothing here.
    """
    zone = reader.scope.timezone
    since, until = starts_at(wanted.first, zone), ends_at(wanted.last, zone)
    filed = [_Q.c.tenant_id == reader.tenant_id, _Q.c.received_at >= since, _Q.c.received_at < until]
    came = [_V.c.tenant_id == reader.tenant_id, _V.c.started_at >= since, _V.c.started_at < until]
    known = [_C.c.tenant_id == reader.tenant_id, _C.c.state == "active"]
    if wanted.branch_id is not None:
        filed.append(_Q.c.branch_id == wanted.branch_id)
        came.append(_V.c.branch_id == wanted.branch_id)
        known.append(_C.c.branch_id == wanted.branch_id)
    if wanted.members is not None:
        filed.append(_Q.c.customer_id.in_(wanted.members))
        came.append(_V.c.customer_id.in_(wanted.members))
        known.append(_C.c.customer_id.in_(wanted.members))
    complaints = await reader.session.scalar(select(func.count()).select_from(_Q).where(*filed)) or 0
    visits = await reader.session.scalar(select(func.count()).select_from(_V).where(*came, _V.c.state != "cancelled"))
    if visits:
        return Risk(complaints, visits, "visits", per_hundred(complaints, visits))
    customers = await reader.session.scalar(select(func.count()).select_from(_C).where(*known)) or 0
    return Risk(complaints, customers, "customers", per_hundred(complaints, customers))


_SAID = ("submission_id", "customer_id", "branch_id", "source", "answered_at", "nps", "csat", "ces", "comment_key")


def _said(reader: Reader, wanted: ResultFilter) -> Any:
    return select(*(_A.c[name] for name in _SAID)).where(*_where(reader, wanted))


async def list_comments(
    reader: Reader,
    wanted: ResultFilter,
    *,
    unhappy: bool = False,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 20,
) -> list[CommentRow]:
    """Return what people wrote, newest first; `unhappy`: who warns others off or was not satisfied, with words or not."""
    query = _said(reader, wanted)
    if unhappy:
        query = query.where(or_(_A.c.nps <= DETRACTOR, _A.c.csat <= UNHAPPY_CSAT))
    else:
        query = query.where(_A.c.comment_key.is_not(None))
    return await _comments(reader, query, before, limit)


async def list_answers(
    reader: Reader, wanted: ResultFilter, *, before: tuple[datetime, UUID] | None = None, limit: int = 1000
) -> list[CommentRow]:
    """Return every answer, newest first, in pages: what an export holds."""
    return await _comments(reader, _said(reader, wanted), before, limit)


async def _comments(reader: Reader, query: Any, before: tuple[datetime, UUID] | None, limit: int) -> list[CommentRow]:
    """Choose the page among figures alone, then look up its words, names and calls."""
    if before is not None:
        # One comparison of two columns: the index begins where the last page ended.
        query = query.where(tuple_(_A.c.answered_at, _A.c.submission_id) < before)
    page = query.order_by(_A.c.answered_at.desc(), _A.c.submission_id.desc()).limit(limit).subquery()
    mine = reader.tenant_id
    calls = (
        select(_I.c.state)
        .where(_I.c.tenant_id == mine, _I.c.about_id == page.c.submission_id)
        .order_by(_I.c.interview_id.desc())
        .limit(1)
        .scalar_subquery()
        .label("call_back")
    )
    joined = page.join(_F, and_(_F.c.tenant_id == mine, _F.c.submission_id == page.c.submission_id)).outerjoin(
        _C, and_(_C.c.tenant_id == mine, _C.c.customer_id == page.c.customer_id)
    )
    found = select(*(page.c[name] for name in _SAID), _F.c.data, _C.c.full_name, calls).select_from(joined)
    rows = []
    for row in await reader.session.execute(found.order_by(page.c.answered_at.desc(), page.c.submission_id.desc())):
        kept = {name: getattr(row, name) for name in CommentRow.__struct_fields__ if name != "comment"}
        rows.append(CommentRow(**kept, comment=str(row.data.get(row.comment_key, "")) if row.comment_key else ""))
    return rows


async def list_choices(reader: Reader) -> tuple[list[UUID], list[str]]:
    """Return the clinicians and species that answers name: what the filters offer."""
    mine = _A.c.tenant_id == reader.tenant_id
    clinicians = select(_A.c.clinician_id).where(mine, _A.c.clinician_id.is_not(None)).distinct()
    species = select(_A.c.species).where(mine, _A.c.species.is_not(None)).distinct().order_by(_A.c.species)
    return list(await reader.session.scalars(clinicians)), list(await reader.session.scalars(species))
