"""Reads the interviewer's queue: whom to call, what came of it, and one person with everything a call needs."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, exists, func, or_, select

from core.asked import Asked
from core.counts import Counter
from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.surveys.models import SurveyAttempt, SurveyInterview
from core.surveys.rules.quarters import ends_at
from core.uow import Reader

_I, _C, _T = table_of(SurveyInterview), table_of(Customer), table_of(SurveyAttempt)
_WHO = _C.alias("present")
PRESENT: Final = (
    exists()
    .where(_WHO.c.tenant_id == _I.c.tenant_id, _WHO.c.customer_id == _I.c.customer_id, _WHO.c.state == "active")
    .correlate(_I)
)
"""Who was removed or erased since the draw is called no more."""


class InterviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person of the queue."""

    interview_id: UUID
    reason: str
    customer_id: UUID
    full_name: str
    phone_e164: str | None
    state: str
    due_at: datetime
    next_at: datetime | None
    attempts: int
    claimed_by: UUID | None
    claimed_by_name: str
    lease_until: datetime | None
    month: date | None
    about_id: UUID | None
    submission_id: UUID | None
    note: str
    finished_at: datetime | None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    number: int
    outcome: str
    call_at: datetime | None
    staff_name: str
    at: datetime


class QueueCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How the queue stands."""

    ready: int
    """May be called now."""
    later: int
    """Rest until a later time."""
    calling: int
    """Somebody has them open."""
    done: int
    """Interviews of this month that were filled in, and call-backs that were made."""


_ROW = tuple(
    _C.c[name] if name in {"full_name", "phone_e164"} else _I.c[name] for name in InterviewRow.__struct_fields__
)
_JOINED = _I.join(_C, (_C.c.tenant_id == _I.c.tenant_id) & (_C.c.customer_id == _I.c.customer_id))


def _waiting(reader: Reader | Asked) -> Any:
    alive = or_(_I.c.reason == "call_back", _I.c.due_at > reader.now)
    return and_(_I.c.tenant_id == reader.tenant_id, _I.c.state == "waiting", alive, PRESENT)


def _held(reader: Reader | Asked) -> Any:
    return and_(_I.c.lease_until.is_not(None), _I.c.lease_until > reader.now)


def _resting(reader: Reader) -> Any:
    return and_(_I.c.next_at.is_not(None), _I.c.next_at > reader.now)


async def get_counts(reader: Reader) -> QueueCounts:
    """Count the queue; one statement."""
    held, resting = _held(reader), _resting(reader)
    month = reader.today.replace(day=1)
    query = select(
        func.count().filter(_waiting(reader), ~func.coalesce(held, False), ~func.coalesce(resting, False)),
        func.count().filter(_waiting(reader), ~func.coalesce(held, False), resting),
        func.count().filter(_waiting(reader), held),
        func.count().filter(_I.c.state == "done", or_(_I.c.month == month, _I.c.reason == "call_back")),
    ).where(_I.c.tenant_id == reader.tenant_id, or_(_I.c.state == "waiting", _I.c.month == month, _I.c.month.is_(None)))
    ready, later, calling, done = (await reader.session.execute(query)).one()
    return QueueCounts(ready=ready, later=later, calling=calling, done=done)


@Counter
def count_ready(asked: Asked) -> Select[int]:
    """Count whom the reader could call now, those they hold included."""
    mine = _I.c.claimed_by == asked.actor.id
    free = or_(_I.c.lease_until.is_(None), _I.c.lease_until <= asked.now)
    ripe = or_(_I.c.next_at.is_(None), _I.c.next_at <= asked.now)
    return select(func.count()).where(_waiting(asked), or_(and_(mine, _held(asked)), and_(free, ripe)))


async def list_today(reader: Reader, *, limit: int = 8) -> list[InterviewRow]:
    """Return whom to call today: promised for today, due today, call-backs; then the first of the rest."""
    over = ends_at(reader.today, reader.scope.timezone)
    return await _rows(
        reader,
        select(*_ROW)
        .select_from(_JOINED)
        .where(_waiting(reader), or_(_I.c.next_at.is_(None), _I.c.next_at < over))
        .order_by(_I.c.next_at.asc().nulls_last(), _I.c.due_at, _I.c.position, _I.c.interview_id)
        .limit(limit),
    )


async def list_interviews(reader: Reader, *, state: str = "waiting", limit: int = 100) -> list[InterviewRow]:
    """Return the queue as it stands: those waiting in the order of calling, or the newest of those that are over."""
    query = select(*_ROW).select_from(_JOINED)
    if state == "waiting":
        query = query.where(_waiting(reader)).order_by(
            _I.c.next_at.asc().nulls_first(), _I.c.due_at, _I.c.position, _I.c.interview_id
        )
    else:
        over = (_I.c.tenant_id == reader.tenant_id, _I.c.finished_at.is_not(None), PRESENT)
        query = query.where(*over).order_by(_I.c.finished_at.desc(), _I.c.interview_id)
    return await _rows(reader, query.limit(limit))


async def get_interview(reader: Reader, interview_id: UUID) -> InterviewRow:
    """Return one person of the queue; raise NotFound."""
    mine = (_I.c.tenant_id == reader.tenant_id, _I.c.interview_id == interview_id)
    rows = await _rows(reader, select(*_ROW).select_from(_JOINED).where(*mine))
    if not rows:
        raise NotFound("no such interview")
    return rows[0]


async def list_attempts(reader: Reader, interview_id: UUID) -> list[AttemptRow]:
    """Return the calls so far, the first one first."""
    columns = tuple(_T.c[name] for name in AttemptRow.__struct_fields__)
    mine = (_T.c.tenant_id == reader.tenant_id, _T.c.interview_id == interview_id)
    rows = await reader.session.execute(select(*columns).where(*mine).order_by(_T.c.number))
    return [AttemptRow(**row._mapping) for row in rows]  # noqa: SLF001 - a public name of SQLAlchemy


async def _rows(reader: Reader, query: Any) -> list[InterviewRow]:
    return [InterviewRow(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above
