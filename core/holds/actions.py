"""Asks for a credit above one's limit, and decides it: whoever asked never decides. Credits because of a complaint too."""

from typing import TypedDict
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.queries.cases import get_complaint
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from core.holds.models import HeldCredit
from core.holds.queries import HeldFacts, find_held_by_key, get_held, get_points_limit
from core.loyalty.actions import KeyReused, NeedsApproval, Posted, credit_goodwill, grant_points
from core.uow import UnitOfWork

_H = table_of(HeldCredit)
MAX_REASON = 200


class _Asked(TypedDict):
    customer_id: UUID
    complaint_id: UUID
    points: int


class CreditDecided(Conflict):
    """Somebody has decided this credit already."""

    code = "credit-decided"


class OwnCredit(Forbidden):
    """Whoever asked for a credit does not decide it: somebody else has to look at it."""

    code = "own-credit"


async def credit_complaint(
    uow: UnitOfWork, *, customer_id: UUID, complaint_id: UUID, points: int, reason: str, key: str
) -> Posted | HeldFacts:
    """Give a customer points because of a complaint of theirs; what is above the limit of one's roles waits.

    Raises:
        NotFound: there is no such complaint of this customer.
        ComplaintCredited: more than one complaint may bring.
        InvalidInput, KeyReused.
    """
    case = await get_complaint(uow, complaint_id=complaint_id)
    present = await find_present_customer(uow, customer_id)
    if case.customer_id is None or await find_present_customer(uow, case.customer_id) != present:
        raise NotFound("no such complaint of this customer")
    asked: _Asked = {"customer_id": present, "complaint_id": complaint_id, "points": points}
    if points <= await get_points_limit(uow) or uow.actor.may("loyalty.approve"):
        try:
            return await credit_goodwill(uow, **asked, reason=reason, key=key)
        except NeedsApproval:  # nothing is written yet: limits come before the entry
            pass
    return await ask_credit(uow, **asked, reason=reason, key=key)


async def ask_credit(
    uow: UnitOfWork, *, customer_id: UUID, points: int, reason: str, key: str, complaint_id: UUID | None = None
) -> HeldFacts:
    """Ask for points above one's limit, because of a complaint or not; the same `key` asks once.

    Raises:
        InvalidInput: no points, no reason.
        KeyReused: the key asked for something else.
    """
    words = clean_text(reason)
    problems = []
    if points <= 0:
        problems.append(FieldProblem("points", "points-not-positive"))
    if not words or len(words) > MAX_REASON:
        problems.append(FieldProblem("reason", "too-long" if words else "required", {"max": MAX_REASON}))
    if problems:
        raise InvalidInput(tuple(problems))
    customer_id = await find_present_customer(uow, customer_id)
    fresh = upsert(_H).values(
        tenant_id=uow.tenant_id,
        held_id=new_id(),
        customer_id=customer_id,
        complaint_id=complaint_id,
        points=points,
        reason=words,
        key=key,
        state="waiting",
        asked_by=uow.actor.id,
        asked_by_name=uow.actor.name,
        asked_at=uow.now,
        decided_by_name="",
        answer="",
    )
    fresh = fresh.on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    made = await uow.session.scalar(fresh.returning(_H.c.held_id))
    if made is not None:
        case = {"complaint_id": str(complaint_id)} if complaint_id else {}
        uow.audit("credit.ask", "customer", customer_id, {"points": points, "reason": words} | case)
    held = await find_held_by_key(uow, key)
    if held is None or (held.customer_id, held.complaint_id, held.points) != (customer_id, complaint_id, points):
        raise KeyReused(key=key)
    return held


async def grant_held(uow: UnitOfWork, *, held_id: UUID) -> HeldFacts:
    """Say yes: the points are given now, under the key they were asked for with.

    What makes up for a complaint is given within the limits of whoever says yes, and of what one complaint may bring.

    Raises:
        OwnCredit, CreditDecided, NotFound, NeedsApproval, ComplaintCredited.
    """
    held = await _open(uow, held_id)
    if held.complaint_id is not None:
        await credit_goodwill(
            uow,
            customer_id=held.customer_id,
            complaint_id=held.complaint_id,
            points=held.points,
            key=held.key,
            reason=held.reason,
        )
    else:
        await grant_points(uow, customer_id=held.customer_id, points=held.points, key=held.key, reason=held.reason)
    return await _decide(uow, held, "granted", "")


async def refuse_held(uow: UnitOfWork, *, held_id: UUID, answer: str = "") -> HeldFacts:
    """Say no, with an answer for whoever asked.

    Raises:
        OwnCredit, CreditDecided, NotFound.
    """
    return await _decide(uow, await _open(uow, held_id), "refused", clean_text(answer)[:MAX_REASON])


async def _open(uow: UnitOfWork, held_id: UUID) -> HeldFacts:
    held = await get_held(uow, held_id, lock=True)
    if held.state != "waiting":
        raise CreditDecided(by=held.decided_by_name)
    if held.asked_by is not None and held.asked_by == uow.actor.id:
        raise OwnCredit
    return held


async def _decide(uow: UnitOfWork, held: HeldFacts, state: str, answer: str) -> HeldFacts:
    mine = (_H.c.tenant_id == uow.tenant_id, _H.c.held_id == held.held_id)
    values = {"state": state, "decided_by_name": uow.actor.name, "decided_at": uow.now, "answer": answer}
    await uow.session.execute(update(_H).where(*mine).values(values))
    uow.audit(f"credit.{state}", "customer", held.customer_id, {"points": held.points, "asked_by": held.asked_by_name})
    return await get_held(uow, held.held_id)
