"""Reads trials of complaint policies: the runs, one with its sums, and the promises that would turn out otherwise."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, or_, select, tuple_

from core.complaints.models import Complaint
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.complaints import Severity
from core.policy_trials.models import PolicyTrial, PolicyTrialMove
from core.policy_trials.rules.candidates import Candidate
from core.policy_trials.rules.sums import TrialSums
from core.uow import Reader

_T, _M, _C = table_of(PolicyTrial), table_of(PolicyTrialMove), table_of(Complaint)


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    trial_id: UUID
    label: str
    as_of: datetime
    state: str
    cases_total: int
    cases_done: int
    moves_kept: int
    started_by_name: str
    finished_at: datetime | None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One run with all it found so far."""

    record: TrialRecord
    candidate: Candidate
    sums: TrialSums


class TrialMove(msgspec.Struct, frozen=True, kw_only=True):
    """A promise of a case that would turn out otherwise."""

    complaint_id: UUID
    number: int
    title: str
    milestone: str
    cycle: int
    severity: Severity
    is_lost: bool
    due_before: datetime | None
    due_after: datetime | None
    completed_at: datetime | None
    policy_version: str


class MoveCursor(msgspec.Struct, frozen=True):
    """The last move seen."""

    complaint_id: UUID
    milestone: str
    cycle: int


_RECORD = tuple(_T.c[name] for name in TrialRecord.__struct_fields__)


async def list_trials(reader: Reader, *, limit: int = 20) -> list[TrialRecord]:
    """Return the runs, newest first."""
    query = select(*_RECORD).where(_T.c.tenant_id == reader.tenant_id).order_by(_T.c.trial_id.desc()).limit(limit)
    return [TrialRecord(**row) for row in (await reader.session.execute(query)).mappings()]


async def get_trial(reader: Reader, *, trial_id: UUID) -> Trial:
    """Return one run; NotFound when this tenant has none of that id."""
    mine = (_T.c.tenant_id == reader.tenant_id, _T.c.trial_id == trial_id)
    row: Any = (await reader.session.execute(select(*_RECORD, _T.c.candidate, _T.c.sums).where(*mine))).mappings()
    found = row.first()
    if found is None:
        raise NotFound("no such trial")
    values = dict(found)
    candidate = msgspec.convert(values.pop("candidate"), Candidate)
    sums = msgspec.convert(values.pop("sums"), TrialSums, strict=False)
    return Trial(record=TrialRecord(**values), candidate=candidate, sums=sums)


async def list_moves(
    reader: Reader, *, trial_id: UUID, is_lost: bool | None = None, after: MoveCursor | None = None, limit: int = 25
) -> list[TrialMove]:
    """Return the promises that would turn out otherwise, of the newest case first."""
    taken = [name for name in TrialMove.__struct_fields__ if name in _M.c]
    columns = [*(_M.c[name] for name in taken), _C.c.number, _C.c.title, _C.c.policy_version]
    same = and_(_C.c.tenant_id == _M.c.tenant_id, _C.c.complaint_id == _M.c.complaint_id)
    query = (
        select(*columns)
        .join(_C, same)
        .where(_M.c.tenant_id == reader.tenant_id, _M.c.trial_id == trial_id)
        .order_by(_M.c.complaint_id.desc(), _M.c.milestone, _M.c.cycle)
        .limit(limit)
    )
    if is_lost is not None:
        query = query.where(_M.c.is_lost == is_lost)
    if after is not None:
        within = tuple_(_M.c.milestone, _M.c.cycle) > tuple_(after.milestone, after.cycle)
        query = query.where(
            or_(_M.c.complaint_id < after.complaint_id, and_(_M.c.complaint_id == after.complaint_id, within))
        )
    return [TrialMove(**row) for row in (await reader.session.execute(query)).mappings()]
