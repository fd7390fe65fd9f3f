"""Notices are read, which answers nothing, or taken: the chain stops, and the case remembers who and when."""

from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select, update

from core.complaints.cases.case import Case, lock_case
from core.complaints.models import Notice, ToldStage
from core.complaints.queries.answers import list_unanswered
from core.db import table_of
from core.errors import NotFound
from core.uow import UnitOfWork

_N, _T = table_of(Notice), table_of(ToldStage)
_PLACE: Final = ("complaint_id", "milestone", "cycle", "stage", "policy_version")


async def read_notices(uow: UnitOfWork, *, notice_ids: tuple[UUID, ...] | None = None) -> int:
    """Mark the actor's notices as read (all of them when not named) and return how many.

    What waits for an answer stays: reading is no answer, and the chain goes on until somebody says that they have it.
    """
    mine = [_N.c.tenant_id == uow.tenant_id, _N.c.staff_id == uow.actor.id, _N.c.read_at.is_(None)]
    if notice_ids is not None:
        mine.append(_N.c.notice_id.in_(notice_ids))
    waiting = await list_unanswered(uow)
    if waiting:
        mine.append(_N.c.notice_id.not_in(waiting))
    read = update(_N).where(*mine).values(read_at=uow.now).returning(_N.c.notice_id)
    return len((await uow.session.execute(read)).all())


async def take_notice(uow: UnitOfWork, *, notice_id: UUID) -> UUID | None:
    """Say that the actor has what they were told; return who had said so before, or None when the actor is the first.

    Raises:
        NotFound: it is not the actor's own.
    """
    mine = (_N.c.tenant_id == uow.tenant_id, _N.c.notice_id == notice_id, _N.c.staff_id == uow.actor.id)
    row: Any = (await uow.session.execute(select(*(_N.c[name] for name in _PLACE), _N.c.role).where(*mine))).first()
    if row is None:
        raise NotFound("no such notice")
    case = await lock_case(uow, row.complaint_id)
    same = [_N.c[name] == getattr(row, name) for name in _PLACE]
    before = await uow.session.scalar(
        select(_N.c.staff_id)
        .where(_N.c.tenant_id == uow.tenant_id, *same, _N.c.read_at.is_not(None))
        .order_by(_N.c.read_at, _N.c.notice_id)
        .limit(1)
    )
    await uow.session.execute(update(_N).where(*mine, _N.c.read_at.is_(None)).values(read_at=uow.now))
    fresh = await uow.session.scalar(
        update(_T)
        .where(
            _T.c.tenant_id == uow.tenant_id,
            *(_T.c[name] == getattr(row, name) for name in _PLACE),
            _T.c.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=uow.now)
        .returning(_T.c.stage)
    )
    if fresh is None:
        return before
    _stop(case, row)
    case.note(uow, "taken", {"milestone": row.milestone, "stage": row.stage, "role": row.role})
    await case.save(uow)
    return None


def _stop(case: Case, row: Any) -> None:
    """The clock knows of the answer, so that its next instant is not the step after."""
    clock = case.clocks.get((row.milestone, row.cycle))
    if clock is None:
        return
    clock.told = [
        replace(each, acknowledged=True)
        if (each.name, each.policy_version) == (row.stage, row.policy_version)
        else each
        for each in clock.told
    ]
    clock.changed = True
