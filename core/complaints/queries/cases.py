"""Reads complaints: the list and the board by the next promise, one case with its history, and the inbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from core.asked import Asked
from core.complaints.kept import read_policies
from core.complaints.models import (
    ClockEvent,
    Complaint,
    ComplaintClock,
    ComplaintEvent,
    ComplaintLink,
    Notice,
)
from core.complaints.rules.sources import Source
from core.counts import Counter
from core.customers.queries import list_cluster
from core.db import one_of, table_of
from core.errors import NotFound
from core.hooks.records.complaints import Policy, Quote, Reason, Severity
from core.tenancy.models import Branch
from core.uow import Reader

COUNT_LIMIT = 1000
"""Counting stops here; a badge that says 999+ costs the same for every tenant."""


class ComplaintRow(msgspec.Struct, frozen=True):
    """One line of the list and one card of the board."""

    complaint_id: UUID
    number: int
    title: str
    severity: Severity
    state: str
    contact_name: str
    branch_id: UUID | None
    branch_name: str | None
    assignee_id: UUID | None
    received_at: datetime
    next_milestone: str | None
    next_started_at: datetime | None
    next_due_at: datetime | None
    policy_version: str


class ComplaintFilter(msgspec.Struct, frozen=True):
    """What a list leaves out; empty means everything of that state."""

    state: str = "open"
    severities: frozenset[str] = frozenset()
    branch_id: UUID | None = None
    assignee_id: UUID | None = None
    words: str = ""
    stage: str = ""
    """Column of the board."""
    channel: str = ""
    overdue: bool = False
    milestones: frozenset[str] | None = None
    """Only cases whose next promise is one of these."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins: the last row's instant (None among those without a promise) and id."""

    at: datetime | None
    complaint_id: UUID


class ClockRow(msgspec.Struct, frozen=True):
    """One promise of a case as pages show it."""

    milestone: str
    cycle: int
    status: str
    started_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    breached_at: datetime | None


class HistoryRow(msgspec.Struct, frozen=True):
    """One event of a case."""

    seq: int
    at: datetime
    kind: str
    actor_kind: str
    actor_name: str
    data: dict[str, Any]


class ComplaintDetail(msgspec.Struct, frozen=True):
    """One case with all that its page shows."""

    complaint_id: UUID
    number: int
    status_code: str
    title: str
    text: str
    desired: str
    category: str | None
    channel: str
    severity: Severity
    reasons: tuple[Reason, ...]
    quotes: tuple[Quote, ...]
    state: str
    branch_id: UUID | None
    branch_name: str | None
    customer_id: UUID | None
    subject_id: UUID | None
    assignee_id: UUID | None
    contact_name: str
    contact_phone: str
    received_at: datetime
    resolved_at: datetime | None
    policy: Policy
    clocks: tuple[ClockRow, ...]
    history: tuple[HistoryRow, ...]
    source: Source | None = None
    cause: str | None = None
    level_confirmed_by: UUID | None = None
    level_confirmed_at: datetime | None = None
    merged_into: UUID | None = None
    split_from: UUID | None = None

    @property
    def level_confirmed(self) -> bool:
        """The leader has judged or confirmed the level."""
        return self.level_confirmed_at is not None

    @property
    def done(self) -> frozenset[str]:
        """The milestones whose newest cycle is complete."""
        newest = {clock.milestone: clock for clock in sorted(self.clocks, key=lambda clock: clock.cycle)}
        return frozenset(name for name, clock in newest.items() if clock.status in {"met", "met_late"})


_C = table_of(Complaint)
_B = table_of(Branch)
ROW: Final = select(
    *(
        _B.c.name.label("branch_name") if name == "branch_name" else _C.c[name]
        for name in ComplaintRow.__struct_fields__
    )
).select_from(_C.outerjoin(_B, and_(_B.c.tenant_id == _C.c.tenant_id, _B.c.branch_id == _C.c.branch_id)))
"""`ComplaintRow`s; whoever asks says of which tenant."""


def get_conditions(reader: Reader | Asked, wanted: ComplaintFilter) -> list[ColumnElement[bool]]:
    """Return the conditions that a filter stands for."""
    where: list[ColumnElement[bool]] = [_C.c.tenant_id == reader.tenant_id, _C.c.state == wanted.state]
    if wanted.severities:
        where.append(_C.c.severity.in_(sorted(wanted.severities)))
    if wanted.branch_id is not None:
        where.append(_C.c.branch_id == wanted.branch_id)
    if wanted.assignee_id is not None:
        where.append(_C.c.assignee_id == wanted.assignee_id)
    for column, value in ((_C.c.stage, wanted.stage), (_C.c.channel, wanted.channel)):
        where += [column == value] if value else []
    if wanted.overdue:
        where.append(_C.c.next_due_at < reader.now)
    if wanted.milestones is not None:
        where.append(_C.c.next_milestone.in_(sorted(wanted.milestones)))
    for word in wanted.words.split()[:5]:
        number = word.upper().removeprefix("C-")
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        by_words = or_(_C.c.title.ilike(like), _C.c.contact_name.ilike(like))
        where.append(or_(by_words, _C.c.number == int(number)) if number.isdecimal() and len(number) < 19 else by_words)
    return where


def _beyond(cursor: Cursor) -> ColumnElement[bool]:
    """Rows after the cursor in the order next_due_at NULLS LAST, complaint_id."""
    if cursor.at is None:
        return and_(_C.c.next_due_at.is_(None), _C.c.complaint_id > cursor.complaint_id)
    later = or_(
        _C.c.next_due_at > cursor.at,
        and_(_C.c.next_due_at == cursor.at, _C.c.complaint_id > cursor.complaint_id),
    )
    return or_(later, _C.c.next_due_at.is_(None))


async def list_complaints(
    reader: Reader, *, wanted: ComplaintFilter, after: Cursor | None = None, limit: int = 25
) -> list[ComplaintRow]:
    """Return a page: open cases by their next promise, all others by when they came, newest first."""
    where = get_conditions(reader, wanted)
    query: Select[Any] = ROW
    if wanted.state == "open":
        query = query.order_by(_C.c.next_due_at.asc(), _C.c.complaint_id)
        where += [_beyond(after)] if after is not None else []
    else:
        query = query.order_by(_C.c.received_at.desc(), _C.c.complaint_id.desc())
        if after is not None and after.at is not None:
            same = and_(_C.c.received_at == after.at, _C.c.complaint_id < after.complaint_id)
            where.append(or_(_C.c.received_at < after.at, same))
    rows = await reader.session.execute(query.where(*where).limit(limit))
    return [ComplaintRow(*row) for row in rows]


async def list_for_customer(reader: Reader, *, customer_id: UUID, limit: int = 20) -> list[ComplaintRow]:
    """Return the cases of a customer and of everybody who became one with them, newest first."""
    ids = await list_cluster(reader, customer_id)
    query = (
        ROW.where(_C.c.tenant_id == reader.tenant_id, one_of(_C.c.customer_id, ids))
        .order_by(_C.c.received_at.desc())
        .limit(limit)
    )
    return [ComplaintRow(*row) for row in await reader.session.execute(query)]


@Counter
def count_open(asked: Asked) -> Select[int]:
    """Return how many cases are open, up to COUNT_LIMIT."""
    some = select(_C.c.complaint_id).where(_C.c.tenant_id == asked.tenant_id, _C.c.state == "open").limit(COUNT_LIMIT)
    return select(func.count()).select_from(some.subquery())


async def get_complaint(reader: Reader, *, complaint_id: UUID) -> ComplaintDetail:
    """Return one case; raise NotFound when this tenant has none of that id."""
    found = await reader.session.scalar(select(Complaint).where(Complaint.complaint_id == complaint_id))
    if found is None:
        raise NotFound("no such complaint")
    return await _detail(reader, found)


async def find_by_number(reader: Reader, *, number: int) -> UUID | None:
    """Return the case of a display number, or None."""
    return await reader.session.scalar(
        select(_C.c.complaint_id).where(_C.c.tenant_id == reader.tenant_id, _C.c.number == number)
    )


async def find_by_status_code(reader: Reader, *, code: str) -> ComplaintDetail | None:
    """Return the case behind a customer's status address, or None."""
    found = await reader.session.scalar(select(Complaint).where(Complaint.status_code == code))
    return None if found is None else await _detail(reader, found)


async def _detail(reader: Reader, row: Complaint) -> ComplaintDetail:
    policies = await read_policies(reader.session, (row.policy_version,))
    branch = None
    if row.branch_id is not None:
        branch = await reader.session.scalar(select(Branch.name).where(Branch.branch_id == row.branch_id))
    clocks = await reader.session.execute(
        select(*(getattr(ComplaintClock, name) for name in ClockRow.__struct_fields__))
        .where(ComplaintClock.complaint_id == row.complaint_id)
        .order_by(ComplaintClock.position, ComplaintClock.cycle)
    )
    history = await reader.session.execute(
        select(*(getattr(ComplaintEvent, name) for name in HistoryRow.__struct_fields__))
        .where(ComplaintEvent.complaint_id == row.complaint_id)
        .order_by(ComplaintEvent.seq)
    )
    kept = {name: getattr(row, name) for name in ComplaintDetail.__struct_fields__ if hasattr(row, name)}
    reasons = msgspec.convert([r for r in row.reasons if "code" in r], tuple[Reason, ...])
    quotes = msgspec.convert([r for r in row.reasons if "code" not in r], tuple[Quote, ...])
    return ComplaintDetail(
        **kept
        | {
            "reasons": reasons,
            "quotes": quotes,
            "branch_name": branch,
            "source": None if row.source is None else msgspec.convert(row.source, Source),
            "policy": policies[row.policy_version],
            "clocks": tuple(ClockRow(*clock) for clock in clocks),
            "history": tuple(HistoryRow(*event) for event in history),
        }
    )


class FilingPlace(msgspec.Struct, frozen=True):
    """The branch whose poster was scanned."""

    branch_id: UUID
    branch_name: str
    emergency_phone: str


async def find_filing_place(reader: Reader, *, code: str) -> FilingPlace | None:
    """Return the branch behind a filing code, or None."""
    row = (
        await reader.session.execute(
            select(Branch.branch_id, Branch.name, Branch.emergency_phone)
            .join(
                ComplaintLink,
                and_(ComplaintLink.tenant_id == Branch.tenant_id, ComplaintLink.branch_id == Branch.branch_id),
            )
            .where(ComplaintLink.code == code)
        )
    ).first()
    return None if row is None else FilingPlace(*row)


async def list_filing_codes(reader: Reader) -> dict[UUID, str]:
    """Return the filing code of each branch that has one."""
    rows = await reader.session.execute(select(ComplaintLink.branch_id, ComplaintLink.code))
    return {row.branch_id: row.code for row in rows}


class NoticeRow(msgspec.Struct, frozen=True):
    """One line of somebody's inbox."""

    notice_id: UUID
    complaint_id: UUID
    number: int
    title: str
    severity: Severity
    milestone: str
    policy_version: str
    stage: str
    role: str
    due_at: datetime
    sent_at: datetime


async def list_notices(reader: Reader, *, staff_id: UUID, limit: int = 50) -> Sequence[NoticeRow]:
    """Return what somebody was told and has not read yet, newest first."""
    both = and_(Complaint.tenant_id == Notice.tenant_id, Complaint.complaint_id == Notice.complaint_id)
    query = (
        select(
            Notice.notice_id,
            Notice.complaint_id,
            Complaint.number,
            Complaint.title,
            Complaint.severity,
            Notice.milestone,
            Notice.policy_version,
            Notice.stage,
            Notice.role,
            Notice.due_at,
            Notice.sent_at,
        )
        .join(Complaint, both)
        .where(Notice.staff_id == staff_id, Notice.read_at.is_(None))
        .order_by(Notice.notice_id.desc())
        .limit(limit)
    )
    rows: list[Any] = list(await reader.session.execute(query))
    return [NoticeRow(*row) for row in rows]


@Counter
def count_unread(asked: Asked) -> Select[int]:
    """Return how many notices the reader has not read yet."""
    notice = table_of(Notice)
    mine = (notice.c.tenant_id == asked.tenant_id, notice.c.staff_id == asked.actor.id, notice.c.read_at.is_(None))
    return select(func.count()).select_from(notice).where(*mine)


async def list_clock_events(reader: Reader, *, complaint_id: UUID) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """Return the events of every clock of a case, by milestone and cycle, in order."""
    rows = await reader.session.execute(
        select(ClockEvent.milestone, ClockEvent.cycle, ClockEvent.event)
        .where(ClockEvent.complaint_id == complaint_id)
        .order_by(ClockEvent.milestone, ClockEvent.cycle, ClockEvent.seq)
    )
    events: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for milestone, cycle, event in rows:
        events.setdefault((milestone, cycle), []).append(event)
    return events
