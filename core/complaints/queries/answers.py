"""Reads whom the chains told: what still waits for somebody's "taken", and the whole log of a case."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, select

from core.complaints.kept import read_policies
from core.complaints.models import Complaint, ComplaintClock, Notice, ToldStage
from core.complaints.rules.answers import Asked, asked_by
from core.db import table_of
from core.hooks.records.complaints import Policy, Severity
from core.uow import Reader

_C, _K, _N, _T = (table_of(one) for one in (Complaint, ComplaintClock, Notice, ToldStage))
_LIVE: Final = ("running", "paused", "breached")
RECENT: Final = timedelta(days=7)
"""So far back the list looks; a chain's patience is counted in minutes."""
_LIMIT: Final = 500


class ToldPerson(msgspec.Struct, frozen=True):
    """Somebody who was told, in which role, and when they said that they have it."""

    notice_id: UUID
    staff_id: UUID
    role: str
    read_at: Any = None


class ToldLine(msgspec.Struct, frozen=True, kw_only=True):
    """One telling of a case: a warning, a due time or a step of a chain, with everybody it went to."""

    complaint_id: UUID
    number: int
    title: str
    severity: Severity
    milestone: str
    policy_version: str
    stage: str
    at: Any
    due_at: Any
    acknowledged_at: Any
    live: bool
    people: tuple[ToldPerson, ...]
    asked: Asked | None = None


async def list_awaited(reader: Reader) -> list[ToldLine]:
    """Return the steps of the last days that ask for an answer, on promises still open: unanswered first, then newest."""
    since = int((reader.now - RECENT).timestamp() * 1000)
    recent = _N.c.notice_id >= UUID(int=since << 80)
    lines = await _read(reader, recent, _N.c.stage.startswith("step "), _C.c.state.in_(("open", "resolved")))
    asked = [line for line in lines if line.asked is not None]
    waiting = [line for line in asked if line.acknowledged_at is None and line.live]
    answered = [line for line in asked if line.acknowledged_at is not None]
    return [*waiting, *sorted(answered, key=lambda line: line.acknowledged_at, reverse=True)[:50]]


async def list_told(reader: Reader, *, complaint_id: UUID) -> list[ToldLine]:
    """Return everything the clocks of a case told, in order."""
    return await _read(reader, _N.c.complaint_id == complaint_id)


async def _read(reader: Reader, *where: ColumnElement[bool]) -> list[ToldLine]:
    same = [_T.c[name] == _N.c[name] for name in ("complaint_id", "milestone", "cycle", "stage", "policy_version")]
    clock = [_K.c[name] == _N.c[name] for name in ("complaint_id", "milestone", "cycle")]
    query = (
        select(
            *(_N.c[name] for name in ("complaint_id", "milestone", "cycle", "stage", "policy_version")),
            *(_N.c[name] for name in ("notice_id", "staff_id", "role", "due_at", "read_at")),
            *(_C.c[name] for name in ("number", "title", "severity")),
            _T.c.at,
            _T.c.acknowledged_at,
            _K.c.status,
        )
        .join(_T, and_(_T.c.tenant_id == _N.c.tenant_id, *same))
        .join(_C, and_(_C.c.tenant_id == _N.c.tenant_id, _C.c.complaint_id == _N.c.complaint_id))
        .join(_K, and_(_K.c.tenant_id == _N.c.tenant_id, *clock))
        .where(_N.c.tenant_id == reader.tenant_id, *where)
        .order_by(_T.c.at, _N.c.notice_id)
        .limit(_LIMIT)
    )
    rows: Sequence[Any] = (await reader.session.execute(query)).all()
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        key = row.complaint_id, row.milestone, row.cycle, row.stage, row.policy_version
        found.setdefault(key, []).append(row)
    policies = await read_policies(reader.session, {row.policy_version for row in rows})
    return [_line(each, policies) for each in found.values()]


def _line(rows: Sequence[Any], policies: dict[str, Policy]) -> ToldLine:
    first = rows[0]
    names = ("complaint_id", "number", "title", "severity", "milestone", "policy_version", "stage", "at")
    policy = policies.get(first.policy_version)
    return ToldLine(
        **{name: getattr(first, name) for name in (*names, "due_at", "acknowledged_at")},
        live=first.status in _LIVE,
        people=tuple(ToldPerson(row.notice_id, row.staff_id, row.role, row.read_at) for row in rows),
        asked=asked_by(policy, first.milestone, first.stage, first.at) if policy is not None else None,
    )
