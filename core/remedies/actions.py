"""Offers remedies for a complaint: within one's limit at once, above it after somebody else's yes; the customer answers."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.handling import ComplaintClosed, reopen_case
from core.complaints.cases.case import Case, lock_case
from core.customers.queries import find_present_customer
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import FieldProblem, Forbidden, InvalidInput
from core.hooks.records.text import Text, localized
from core.loyalty.actions import KeyReused
from core.loyalty.queries import get_purchase
from core.remedies.changing import MAX_WORDS, RemedyMoved, lock_remedy, move, open_remedy, said, tell
from core.remedies.models import Remedy, RemedyLimit
from core.remedies.queries import (
    RemedyFacts,
    Terms,
    find_remedy_by_key,
    get_limits,
    get_point_worth,
    get_remedy,
    get_standing,
    list_coupon_choices,
)
from core.remedies.rules import KINDS, NEEDS_CUSTOMER, Limit, is_own, is_within, limit_of, may, points_cost
from core.uow import UnitOfWork

_R, _L = table_of(Remedy), table_of(RemedyLimit)
APPROVE: Final = "complaints.approve"
MAX_LABEL: Final = 100
MAX_KEY: Final = 100
MAX_FEN: Final = 10_000_000_00
"""Ten million yuan for one remedy is a slip of the finger."""
NO_TERMS: Final = Terms()


class OwnRemedy(Forbidden):
    """Whoever asked for a remedy does not approve it: somebody else has to look at it."""

    code = "own-remedy"


class RemedyAboveLimit(Forbidden):
    """More than the approver's roles may give by themselves: `limit_fen` says how much that is on this case."""

    code = "remedy-above-limit"


class RemedyDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed; `cost_fen` may be left out where the terms say it."""

    kind: str
    label: Text
    cost_fen: int | None = None
    note: str = ""
    offer: str = ""
    terms: Terms = NO_TERMS


async def propose_remedy(uow: UnitOfWork, *, complaint_id: UUID, draft: RemedyDraft, key: str) -> RemedyFacts:
    """Offer a remedy, once per `key`: the customer sees it at once, or after an approver's yes when it is above the limit.

    Raises:
        NotFound: no such case, or no such purchase of this customer.
        ComplaintClosed: the case is archived, withdrawn or merged.
        InvalidInput: every refused answer at once.
        KeyReused: the key belongs to another remedy.
    """
    case = await lock_case(uow, complaint_id)
    again = await find_remedy_by_key(uow, key) if key else None
    if again is not None:
        if (again.complaint_id, again.kind, again.label) != (complaint_id, draft.kind, draft.label):
            raise KeyReused(key=key)
        return again
    if case.state not in {"open", "resolved"}:
        raise ComplaintClosed(state=case.state)
    cost = await _judge(uow, case, draft, key)
    limit = limit_of(await get_limits(uow), uow.actor.roles)
    alone = is_within(limit, cost_fen=cost, standing_fen=await get_standing(uow, complaint_id))
    remedy_id = new_id()
    values: dict[str, Any] = dict.fromkeys(
        ("decided_by_name", "answered_how", "answered_by_name", "words", "ref_text", "given_by_name", "undone_by_name"),
        "",
    )
    await uow.session.execute(
        insert(_R).values(
            **values,
            tenant_id=uow.tenant_id,
            remedy_id=remedy_id,
            complaint_id=complaint_id,
            kind=draft.kind,
            offer=draft.offer,
            label=draft.label,
            note=clean_text(draft.note),
            cost_fen=cost,
            terms=msgspec.to_builtins(draft.terms),
            key=key,
            state="offered" if alone else "waiting",
            asked_by=uow.actor.id,
            asked_by_name=uow.actor.name,
            asked_at=uow.now,
        )
    )
    remedy = await get_remedy(uow, remedy_id)
    await tell(uow, case, remedy, "remedy_offered" if alone else "remedy_asked")
    return remedy


async def _judge(uow: UnitOfWork, case: Case, draft: RemedyDraft, key: str) -> int:
    """Return what it costs; refuse what could never be given."""
    problems = _draft_problems(uow, case, draft, key)
    if not problems and draft.terms.purchase_id is not None:
        problems += await _purchase_problems(uow, case, draft)
    cost = draft.cost_fen
    if draft.kind == "points":
        worth = await get_point_worth(uow)
        cost = points_cost(draft.terms.points, worth) if worth else cost
    elif draft.kind == "coupon":
        choice = {one.template: one for one in await list_coupon_choices(uow)}.get(draft.terms.template)
        if choice is None:
            problems.append(FieldProblem("template", "option"))
        elif cost is None:
            cost = choice.cost_fen
    least = 1 if draft.kind in {"refund", "fee_reduction"} else 0
    if cost is None or not least <= cost <= MAX_FEN:
        problems.append(FieldProblem("cost", "required" if cost is None else "not-positive"))
    if problems:
        raise InvalidInput(tuple(problems))
    assert cost is not None
    return cost


def _draft_problems(uow: UnitOfWork, case: Case, draft: RemedyDraft, key: str) -> list[FieldProblem]:
    problems = []
    if draft.kind not in KINDS:
        problems.append(FieldProblem("kind", "option"))
    label = localized(draft.label, uow.scope.locale).strip()
    if not label or len(label) > MAX_LABEL:
        problems.append(FieldProblem("label", "too-long" if label else "required", {"max": MAX_LABEL}))
    if len(draft.note) > MAX_WORDS:
        problems.append(FieldProblem("note", "too-long", {"max": MAX_WORDS}))
    if not key or len(key) > MAX_KEY:
        problems.append(FieldProblem("key", "bad-key"))
    if draft.kind in NEEDS_CUSTOMER and case.customer_id is None:
        problems.append(FieldProblem("kind", "remedy-needs-customer"))
    if draft.kind == "points" and draft.terms.points <= 0:
        problems.append(FieldProblem("points", "points-not-positive"))
    if draft.kind == "refund" and draft.terms.purchase_id is None:
        problems.append(FieldProblem("purchase_id", "required"))
    return problems


async def _purchase_problems(uow: UnitOfWork, case: Case, draft: RemedyDraft) -> list[FieldProblem]:
    assert draft.terms.purchase_id is not None
    bought = await get_purchase(uow, draft.terms.purchase_id)
    mine = await find_present_customer(uow, case.customer_id) if case.customer_id is not None else None
    if await find_present_customer(uow, bought.customer_id) != mine:
        return [FieldProblem("purchase_id", "option")]
    if draft.cost_fen is not None and draft.cost_fen > bought.paid_fen - bought.refunded_fen:
        return [FieldProblem("cost", "more-than-left")]
    return []


async def approve_remedy(uow: UnitOfWork, *, remedy_id: UUID) -> RemedyFacts:
    """Say yes to what is above its proposer's limit; the customer sees it from now on.

    Raises:
        Forbidden: without the right to approve.
        OwnRemedy: it is one's own.
        RemedyAboveLimit: it is above one's own limit too; it goes on waiting for somebody whose limit is enough.
        RemedyMoved: somebody has decided it already.
        ComplaintClosed: the case is closed.
    """
    case, remedy = await open_remedy(uow, remedy_id, "approve")
    _check_approver(uow, remedy)
    if case.state not in {"open", "resolved"}:
        raise ComplaintClosed(state=case.state)
    limit = limit_of(await get_limits(uow), uow.actor.roles)
    others = await get_standing(uow, remedy.complaint_id) - remedy.cost_fen
    if not is_within(limit, cost_fen=remedy.cost_fen, standing_fen=others):
        raise RemedyAboveLimit(limit_fen=limit.remedy_fen or 0)
    done = await move(uow, remedy, "offered", **_decided(uow))
    await tell(uow, case, done, "remedy_offered")
    return done


async def refuse_remedy(uow: UnitOfWork, *, remedy_id: UUID, words: str) -> RemedyFacts:
    """Say no to what is above its proposer's limit, with a reason for them."""
    case, remedy = await open_remedy(uow, remedy_id, "refuse")
    _check_approver(uow, remedy)
    done = await move(uow, remedy, "refused", words=said(words), **_decided(uow))
    await tell(uow, case, done, "remedy_refused")
    return done


def _check_approver(uow: UnitOfWork, remedy: RemedyFacts) -> None:
    if not uow.actor.may(APPROVE):
        raise Forbidden(permission=APPROVE)
    if is_own(remedy.asked_by, uow.actor.id):
        raise OwnRemedy


def _decided(uow: UnitOfWork) -> dict[str, Any]:
    return {"decided_by": uow.actor.id, "decided_by_name": uow.actor.name, "decided_at": uow.now}


async def accept_remedy(uow: UnitOfWork, *, remedy_id: UUID, complaint_id: UUID | None = None) -> RemedyFacts:
    """Take the customer's yes, from their own page or as somebody at the desk heard it; twice is once.

    Raises:
        NotFound: no such remedy, or of another case than `complaint_id`.
        RemedyMoved: it is not offered (any more).
        ComplaintClosed.
    """
    case, remedy = await lock_remedy(uow, remedy_id, complaint_id)
    if remedy.state in {"accepted", "held", "given"}:
        return remedy
    if not may("accept", remedy.state):
        raise RemedyMoved(state=remedy.state)
    if case.state not in {"open", "resolved"}:
        raise ComplaintClosed(state=case.state)
    done = await move(uow, remedy, "accepted", **_answered(uow))
    await tell(uow, case, done, "remedy_accepted")
    return done


async def decline_remedy(
    uow: UnitOfWork, *, remedy_id: UUID, words: str, complaint_id: UUID | None = None
) -> RemedyFacts:
    """Take the customer's no with their reason: a resolved case is open again, an open one goes on.

    Raises:
        NotFound, RemedyMoved, InvalidInput (no reason).
    """
    case, remedy = await lock_remedy(uow, remedy_id, complaint_id)
    if not may("decline", remedy.state):
        raise RemedyMoved(state=remedy.state)
    reason = said(words)
    done = await move(uow, remedy, "declined", words=reason, **_answered(uow))
    await tell(uow, case, done, "remedy_declined", text=reason)
    if case.state == "resolved":
        await reopen_case(uow, complaint_id=case.complaint_id, reason=reason)
    return done


def _answered(uow: UnitOfWork) -> dict[str, Any]:
    how = "status_page" if uow.actor.kind == "customer" else "staff"
    return {"answered_how": how, "answered_by_name": uow.actor.name, "answered_at": uow.now}


async def set_limit(uow: UnitOfWork, *, role: str, limit: Limit) -> None:
    """Say what a role may offer alone; None is no limit.

    Raises:
        InvalidInput: an amount below nothing, or a case's limit below that of one remedy.
    """
    problems = [
        FieldProblem(name, "not-positive")
        for name in ("remedy_fen", "case_fen")
        if (value := getattr(limit, name)) is not None and not 0 <= value <= MAX_FEN
    ]
    if limit.case_fen is not None and (limit.remedy_fen is None or limit.remedy_fen > limit.case_fen):
        problems.append(FieldProblem("case_fen", "case-below-remedy"))
    if problems:
        raise InvalidInput(tuple(problems))
    values = {
        "remedy_fen": limit.remedy_fen,
        "case_fen": limit.case_fen,
        "changed_by_name": uow.actor.name,
        "changed_at": uow.now,
    }
    statement = upsert(_L).values(tenant_id=uow.tenant_id, role=role, **values)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["tenant_id", "role"], set_=values))
    uow.audit("remedy.limit", "role", None, {"role": role, "remedy": limit.remedy_fen, "case": limit.case_fen})
