"""Finds complaints that may be the same as one being filed or already filed, each with the reasons that speak for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, func, or_, select, union_all

from core.complaints.models import Complaint, ComplaintMerge
from core.complaints.rules.likeness import COMPARED, SUGGESTED, WINDOW, Likeness, Trait, likenesses, score_of
from core.customers.queries import list_cluster
from core.db import one_of, table_of
from core.hooks.records.complaints import Severity
from core.uow import Reader

_C, _M = table_of(Complaint), table_of(ComplaintMerge)
MOST: Final = 5
_LATEST: Final = 200
"""How many recent complaints are compared by their words alone."""
_SAME: Final = 50


class Twin(msgspec.Struct, frozen=True):
    """A complaint that may be the same, and why."""

    complaint_id: UUID
    number: int
    title: str
    severity: Severity
    state: str
    received_at: datetime
    reasons: tuple[Likeness, ...]

    @property
    def score(self) -> int:
        """How much speaks for it."""
        return score_of(self.reasons)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a complaint that is not filed yet."""

    text: str
    customer_id: UUID | None = None
    phone: str = ""
    subject_id: UUID | None = None
    source_key: str | None = None


async def find_twins(reader: Reader, *, draft: Draft) -> list[Twin]:
    """Return what a complaint that is being typed may be a second time of, the likeliest first."""
    cluster = await list_cluster(reader, draft.customer_id) if draft.customer_id is not None else []
    mine = Trait(
        text=draft.text,
        received_at=reader.now,
        customers=frozenset(cluster),
        phone=draft.phone,
        subject_id=draft.subject_id,
        source_key=draft.source_key,
    )
    return await _twins(reader, mine)


async def find_twins_of(reader: Reader, *, complaint_id: UUID) -> list[Twin]:
    """Return what a filed complaint may be the same as; what was split from it or merged with it is not asked again."""
    row: Any = (
        await reader.session.execute(
            select(_C).where(_C.c.tenant_id == reader.tenant_id, _C.c.complaint_id == complaint_id)
        )
    ).first()
    if row is None or row.state == "merged":
        return []
    cluster = await list_cluster(reader, row.customer_id) if row.customer_id is not None else []
    mine = Trait(
        text=row.text,
        received_at=row.received_at,
        customers=frozenset(cluster),
        phone=row.contact_phone,
        subject_id=row.subject_id,
        source_key=row.source_key,
    )
    apart = {complaint_id, *await _told_apart(reader, complaint_id)}
    if row.split_from is not None:
        apart.add(row.split_from)
    return await _twins(reader, mine, apart)


async def _told_apart(reader: Reader, complaint_id: UUID) -> list[UUID]:
    """Those that were split off, and those whose merge with it was undone."""
    split = select(_C.c.complaint_id).where(_C.c.tenant_id == reader.tenant_id, _C.c.split_from == complaint_id)
    undone = (_M.c.tenant_id == reader.tenant_id, _M.c.undone_at.is_not(None))
    one = select(_M.c.loser_id).where(*undone, _M.c.survivor_id == complaint_id)
    two = select(_M.c.survivor_id).where(*undone, _M.c.loser_id == complaint_id)
    return list(await reader.session.scalars(union_all(split, one, two)))


async def _twins(reader: Reader, mine: Trait, apart: Sequence[UUID] | set[UUID] = ()) -> list[Twin]:
    found: dict[UUID, Twin] = {}
    for row in await _candidates(reader, mine):
        if row.complaint_id in apart or row.complaint_id in found:
            continue
        theirs = Trait(
            text=row.text,
            received_at=row.received_at,
            customers=frozenset((row.customer_id,)) if row.customer_id is not None else frozenset(),
            phone=row.contact_phone,
            subject_id=row.subject_id,
            source_key=row.source_key,
        )
        reasons = likenesses(mine, theirs)
        if score_of(reasons) >= SUGGESTED:
            found[row.complaint_id] = Twin(
                row.complaint_id, row.number, row.title, row.severity, row.state, row.received_at, reasons
            )
    return sorted(found.values(), key=lambda twin: (-twin.score, -twin.number))[:MOST]


async def _candidates(reader: Reader, mine: Trait) -> list[Any]:
    """The recent ones, those of the same person, pet or source: every branch reads an index and few rows."""
    near = _C.c.received_at.between(mine.received_at - WINDOW, mine.received_at + WINDOW)
    branches: list[Select[Any]] = [_some(reader, near, limit=_LATEST)]
    same: list[ColumnElement[bool]] = []
    if mine.customers:
        same.append(one_of(_C.c.customer_id, sorted(mine.customers)))
    if mine.phone:
        same.append(_C.c.contact_phone == mine.phone)
    if mine.subject_id is not None:
        same.append(_C.c.subject_id == mine.subject_id)
    if same:
        branches.append(_some(reader, near, or_(*same), limit=_SAME))
    if mine.source_key is not None:
        branches.append(_some(reader, _C.c.source_key == mine.source_key, limit=_SAME))
    return list(await reader.session.execute(union_all(*branches)))


def _some(reader: Reader, *where: ColumnElement[bool], limit: int) -> Select[Any]:
    names = ("complaint_id", "number", "title", "severity", "state", "received_at")
    keys = ("customer_id", "contact_phone", "subject_id", "source_key")
    inner = (
        select(*(_C.c[name] for name in (*names, *keys)), func.left(_C.c.text, COMPARED).label("text"))
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.state.not_in(("merged", "withdrawn")), *where)
        .order_by(_C.c.received_at.desc())
        .limit(limit)
    )
    return select(inner.subquery())
