"""Swaps between colleagues: one asks, another accepts, and the roster follows at once."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import new_id, table_of
from core.errors import Conflict, Forbidden, NotFound
from core.uow import UnitOfWork
from tenants.models import SwapRequest
from tenants.shifts.actions import CannotStandIn, NotOnShift, record_swap
from tenants.shifts.queries import get_plan
from tenants.shifts.rules.checks import WORDS_LIMIT, may_stand_in
from tenants.shifts.rules.patterns import people_on, runs_on, version_on

_Q = table_of(SwapRequest)
ENTITY: Final = "swap_request"


class SwapSettled(Conflict):
    """Somebody has answered the request already, or it was withdrawn."""

    code = "swap-settled"


class SwapAsked(Conflict):
    """There is an open request for this shift already."""

    code = "swap-asked"


async def ask_swap(
    uow: UnitOfWork, *, pattern_id: UUID, on: date, colleague_id: UUID | None = None, words: str = ""
) -> UUID:
    """Ask a colleague, or whoever may, to take one of the actor's own shifts; return the request's id."""
    me = _me(uow)
    plan = await get_plan(uow, first=on, last=on)
    pattern = version_on(plan.patterns.get(pattern_id, ()), on)
    if pattern is None:
        raise NotFound("no such shift pattern")
    mine = runs_on(pattern.hours, on, plan.free) and me in people_on(pattern, on, plan.changes)
    if not mine or on < uow.today:
        raise NotOnShift
    holders = {one.staff_id for one in plan.holders if one.role == pattern.role}
    if colleague_id is not None and not may_stand_in(pattern, on, plan.changes, person=colleague_id, holders=holders):
        raise CannotStandIn
    request_id = new_id()
    fresh = await uow.session.scalar(
        upsert(_Q)
        .values(
            tenant_id=uow.tenant_id,
            request_id=request_id,
            pattern_id=pattern_id,
            on_date=on,
            staff_id=me,
            colleague_id=colleague_id,
            state="open",
            words=words.strip()[:WORDS_LIMIT],
            asked_at=uow.now,
        )
        .on_conflict_do_nothing()
        .returning(_Q.c.request_id)
    )
    if fresh is None:
        raise SwapAsked
    uow.audit("roster.swap_asked", ENTITY, request_id, {"on": on.isoformat()})
    return request_id


async def accept_swap(uow: UnitOfWork, *, request_id: UUID) -> None:
    """Take the shift: from now on the roster has the actor there.

    Raises:
        SwapSettled: of two who accept at once the second is told.
        CannotStandIn: it was not the actor who was asked, or they may not.
    """
    me, row = _me(uow), await _lock(uow, request_id)
    if row.colleague_id not in {None, me} or row.staff_id == me:
        raise CannotStandIn
    change_id = await record_swap(
        uow, pattern_id=row.pattern_id, on=row.on_date, staff_id=row.staff_id, stand_in_id=me, words=row.words
    )
    await _settle(uow, request_id, state="accepted", change_id=change_id)


async def decline_swap(uow: UnitOfWork, *, request_id: UUID) -> None:
    """Say no to a request that asks the actor by name."""
    row = await _lock(uow, request_id)
    if row.colleague_id != _me(uow):
        raise CannotStandIn
    await _settle(uow, request_id, state="declined")


async def withdraw_swap(uow: UnitOfWork, *, request_id: UUID) -> None:
    """Take one's own request back."""
    row = await _lock(uow, request_id)
    if row.staff_id != _me(uow):
        raise Forbidden
    await _settle(uow, request_id, state="withdrawn")


def _me(uow: UnitOfWork) -> UUID:
    if uow.actor.id is None:
        raise Forbidden
    return uow.actor.id


async def _lock(uow: UnitOfWork, request_id: UUID) -> Any:
    query = select(_Q).where(_Q.c.tenant_id == uow.tenant_id, _Q.c.request_id == request_id).with_for_update()
    row = (await uow.session.execute(query)).first()
    if row is None:
        raise NotFound("no such request")
    if row.state != "open":
        raise SwapSettled
    return row


async def _settle(uow: UnitOfWork, request_id: UUID, *, state: str, change_id: UUID | None = None) -> None:
    await uow.session.execute(
        update(_Q)
        .where(_Q.c.tenant_id == uow.tenant_id, _Q.c.request_id == request_id)
        .values(state=state, change_id=change_id, answered_by=uow.actor.id, answered_at=uow.now)
    )
    uow.audit(f"roster.swap_{state}", ENTITY, request_id)
