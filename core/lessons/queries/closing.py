"""Reads how a case ends: silence, root cause with its repeats, corrective actions, and the numbers that hold."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import and_, or_, select, tuple_

from core.complaints.models import Complaint
from core.db import one_of, table_of
from core.errors import NotFound
from core.hooks.records.complaints import Cause
from core.hooks.records.text import Text
from core.hooks.specs.complaints import complaint_causes
from core.lessons.models import ClosingRule, CorrectiveAction, RootCause, Silence
from core.lessons.rules.closing import ActionDays, Contact, Happened, Numbers, same_problem
from core.uow import Reader

_N, _S, _R, _A, _C = (table_of(one) for one in (ClosingRule, Silence, RootCause, CorrectiveAction, Complaint))


async def get_numbers(reader: Reader) -> Numbers:
    """Return the tenant's numbers, or ours."""
    columns = (_N.c[name] for name in Numbers.__struct_fields__)
    row = (await reader.session.execute(select(*columns).where(_N.c.tenant_id == reader.tenant_id))).first()
    return Numbers(**row._mapping) if row is not None else Numbers()  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


class SilenceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who does not say whether they are satisfied, as it was written down."""

    silence_id: UUID
    complaint_id: UUID
    why: str
    reason: str
    contacts: tuple[Contact, ...]
    state: str
    asked_by: UUID | None
    asked_by_name: str
    asked_at: datetime
    decided_by_name: str
    decided_at: datetime | None


_SILENCE: Final = tuple(_S.c[name] for name in SilenceFacts.__struct_fields__)


def _silence(row: Any) -> SilenceFacts:
    kept = dict(row._mapping)  # noqa: SLF001 - as above
    return SilenceFacts(**{**kept, "contacts": msgspec.convert(kept["contacts"], tuple[Contact, ...])})


async def list_silences(reader: Reader, complaint_id: UUID) -> list[SilenceFacts]:
    """Return what was written down about silence on a case, newest first."""
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.complaint_id == complaint_id)
    rows = await reader.session.execute(select(*_SILENCE).where(*mine).order_by(_S.c.silence_id.desc()))
    return [_silence(row) for row in rows]


async def get_silence(reader: Reader, silence_id: UUID) -> SilenceFacts:
    """Return one; raise NotFound when there is none."""
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.silence_id == silence_id)
    row = (await reader.session.execute(select(*_SILENCE).where(*mine))).first()
    if row is None:
        raise NotFound("nothing written down about silence")
    return _silence(row)


class CauseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Why it happened, where and at whose work."""

    complaint_id: UUID
    cause: str
    words: str
    branch_id: UUID | None
    staff_id: UUID | None
    received_at: datetime
    named_by_name: str
    named_at: datetime


_CAUSE: Final = tuple(_R.c[name] for name in CauseFacts.__struct_fields__)


async def find_cause(reader: Reader, complaint_id: UUID) -> CauseFacts | None:
    """Return the root cause of a case, or None."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.complaint_id == complaint_id)
    row = (await reader.session.execute(select(*_CAUSE).where(*mine))).first()
    return None if row is None else CauseFacts(**row._mapping)  # noqa: SLF001 - as above


def list_causes(reader: Reader) -> tuple[Cause, ...]:
    """Return the tree of causes of the tenant's plugins, parents first."""
    return tuple(one.value for one in reader.plugins.declared(complaint_causes))


def cause_labels(reader: Reader) -> dict[str, Text]:
    """Return the words of each cause by its id."""
    return {cause.id: cause.label for cause in list_causes(reader)}


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """Another case of the same cause, and in what else the two agree."""

    complaint_id: UUID
    number: int
    title: str
    severity: str
    received_at: datetime
    same: frozenset[str]


async def list_repeats(reader: Reader, cause: CauseFacts, *, limit: int = 20) -> list[Repeat]:
    """Return earlier and later cases with the same cause at the same branch or at the same person's work, newest first."""
    within = timedelta(days=(await get_numbers(reader)).repeat_days)
    here = or_(
        and_(_R.c.branch_id.is_not(None), _R.c.branch_id == cause.branch_id),
        and_(_R.c.staff_id.is_not(None), _R.c.staff_id == cause.staff_id),
    )
    query = (
        select(*_CAUSE, _C.c.number, _C.c.title, _C.c.severity)
        .select_from(_R.join(_C, (_C.c.tenant_id == _R.c.tenant_id) & (_C.c.complaint_id == _R.c.complaint_id)))
        .where(_R.c.tenant_id == reader.tenant_id, _R.c.cause == cause.cause, here)
        .where(_R.c.complaint_id != cause.complaint_id)
        .where(_R.c.received_at.between(cause.received_at - within, cause.received_at + within))
        .order_by(_R.c.received_at.desc())
        .limit(limit)
    )
    mine = _happened(cause)
    return [
        Repeat(
            complaint_id=row.complaint_id,
            number=row.number,
            title=row.title,
            severity=row.severity,
            received_at=row.received_at,
            same=same_problem(mine, _happened(row), within),
        )
        for row in await reader.session.execute(query)
    ]


def _happened(row: Any) -> Happened:
    return Happened(row.cause, row.branch_id, row.staff_id, row.received_at)


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that came back at one branch: how often, and the newest of its cases."""

    cause: str
    branch_id: UUID | None
    staff_id: UUID | None
    times: int
    newest_id: UUID
    newest_number: int
    newest_at: datetime


async def list_recurrences(reader: Reader, *, limit: int = 50) -> list[Recurrence]:
    """Return what came back within the tenant's days, by cause, branch and person: the most frequent first."""
    since = reader.now - timedelta(days=(await get_numbers(reader)).repeat_days)
    rows = await reader.session.execute(
        select(_R.c.cause, _R.c.branch_id, _R.c.staff_id, _R.c.received_at, _R.c.complaint_id, _C.c.number)
        .select_from(_R.join(_C, (_C.c.tenant_id == _R.c.tenant_id) & (_C.c.complaint_id == _R.c.complaint_id)))
        .where(_R.c.tenant_id == reader.tenant_id, _R.c.received_at >= since)
        .order_by(_R.c.received_at.desc())
        .limit(5000)
    )
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.cause, row.branch_id, row.staff_id), []).append(row)
    found = [
        Recurrence(
            cause=cause,
            branch_id=branch_id,
            staff_id=staff_id,
            times=len(cases),
            newest_id=cases[0].complaint_id,
            newest_number=cases[0].number,
            newest_at=cases[0].received_at,
        )
        for (cause, branch_id, staff_id), cases in groups.items()
        if len(cases) > 1
    ]
    return sorted(found, key=lambda one: -one.times)[:limit]


class ActionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One corrective action with its case."""

    action_id: UUID
    complaint_id: UUID
    number: int
    title: str
    words: str
    owner_id: UUID
    due_on: date
    state: str
    done_words: str
    done_by_name: str
    done_at: datetime | None
    check_on: date | None
    checked_by_name: str
    checked_at: datetime | None
    check_words: str
    follows: UUID | None
    asked_by_name: str
    asked_at: datetime

    @property
    def days(self) -> ActionDays:
        """What reminders go by."""
        return ActionDays(self.state, self.due_on, self.check_on)


_ELSEWHERE: Final = {"number": _C.c.number, "title": _C.c.title}
_ACTION: Final = tuple(_ELSEWHERE[name] if name in _ELSEWHERE else _A.c[name] for name in ActionFacts.__struct_fields__)
_ACTIONS: Final = _A.join(_C, (_C.c.tenant_id == _A.c.tenant_id) & (_C.c.complaint_id == _A.c.complaint_id))


def _actions(rows: Any) -> list[ActionFacts]:
    return [ActionFacts(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def list_actions(reader: Reader, complaint_id: UUID) -> list[ActionFacts]:
    """Return the actions of a case in their order."""
    mine = (_A.c.tenant_id == reader.tenant_id, _A.c.complaint_id == complaint_id)
    query = select(*_ACTION).select_from(_ACTIONS).where(*mine).order_by(_A.c.action_id)
    return _actions(await reader.session.execute(query))


async def get_action(reader: Reader, action_id: UUID, *, lock: bool = False) -> ActionFacts:
    """Return one action; raise NotFound when there is none."""
    mine = (_A.c.tenant_id == reader.tenant_id, _A.c.action_id == action_id)
    query = select(*_ACTION).select_from(_ACTIONS).where(*mine)
    found = _actions(await reader.session.execute(query.with_for_update(of=_A) if lock else query))
    if not found:
        raise NotFound("no such action")
    return found[0]


async def list_cases_of(reader: Reader, action_ids: Sequence[UUID]) -> set[UUID]:
    """Return the cases that these actions follow from."""
    query = select(_A.c.complaint_id).where(_A.c.tenant_id == reader.tenant_id, one_of(_A.c.action_id, action_ids))
    return set((await reader.session.execute(query)).scalars())


async def list_open_actions(
    reader: Reader, *, owner_id: UUID | None = None, after: tuple[date, UUID] | None = None, limit: int = 25
) -> list[ActionFacts]:
    """Return a page of what is still to be done or looked at, by its day."""
    where = [_A.c.tenant_id == reader.tenant_id, _A.c.state.in_(("open", "done"))]
    if owner_id is not None:
        where.append(_A.c.owner_id == owner_id)
    if after is not None:
        where.append(tuple_(_A.c.due_on, _A.c.action_id) > after)
    query = select(*_ACTION).select_from(_ACTIONS).where(*where).order_by(_A.c.due_on, _A.c.action_id).limit(limit)
    return _actions(await reader.session.execute(query))
