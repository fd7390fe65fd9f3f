"""Says of two customers that they are two people, and takes that back."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core.customers.rules.names import MAX_NOTE, clean_text
from core.db import table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.merges.models import DuplicateSuspect
from core.uow import UnitOfWork

_D = table_of(DuplicateSuspect)


async def tell_apart(uow: UnitOfWork, *, customer_id: UUID, other_id: UUID, reason: str = "") -> None:
    """They are two people: the pair leaves the list, and no later look brings it back."""
    words = clean_text(reason)
    if len(words) > MAX_NOTE:
        raise InvalidInput((FieldProblem("reason", "too-long", {"max": MAX_NOTE}),))
    await _judge(uow, customer_id, other_id, before="open", after="dismissed", note=words)


async def suspect_again(uow: UnitOfWork, *, customer_id: UUID, other_id: UUID) -> None:
    """Take back that they are two people."""
    await _judge(uow, customer_id, other_id, before="dismissed", after="open", note="")


async def _judge(uow: UnitOfWork, customer_id: UUID, other_id: UUID, *, before: str, after: str, note: str) -> None:
    a_id, b_id = sorted((customer_id, other_id))
    pair = (_D.c.tenant_id == uow.tenant_id, _D.c.a_id == a_id, _D.c.b_id == b_id)
    state = await uow.session.scalar(select(_D.c.state).where(*pair).with_for_update())
    if state is None or state == "merged":
        raise NotFound("no such pair")
    if state != before:
        return
    told: dict[str, Any] = {"judged_at": None, "judged_by": None, "judged_by_name": ""}
    if after == "dismissed":
        told = {"judged_at": uow.now, "judged_by": uow.actor.id, "judged_by_name": uow.actor.name}
    await uow.session.execute(update(_D).where(*pair).values(state=after, note=note, **told))
    action = "customer.told_apart" if after == "dismissed" else "customer.suspected_again"
    uow.audit(action, "customer", a_id, {"other_id": str(b_id), "reason": note})
