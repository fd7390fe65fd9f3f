"""Gives estimates and writes the customer's one answer to each down."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert

from core.customers.actions import record_event
from core.customers.queries import get_customer
from core.customers.rules.names import clean_name, clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.uow import UnitOfWork
from core.visits.actions.bills import LineDraft, compose_lines, get_terms, refresh_standing
from core.visits.actions.visits import VisitClosed, lock_visit
from core.visits.models import Estimate, EstimateAnswer
from core.visits.queries.bills import EstimateFacts, find_bill, list_estimates
from core.visits.rules.bills import price_lines

_E, _A = table_of(Estimate), table_of(EstimateAnswer)
MAX_WORDS: Final = 500
MAX_SIGNATURE: Final = 200_000
_PNG: Final = "data:image/png;base64,"


class EstimateChanged(Conflict):
    """A newer estimate has been given, or this one was answered already."""

    code = "estimate-changed"


async def give_estimate(
    uow: UnitOfWork, *, visit_id: UUID, lines: Sequence[LineDraft], note: str = ""
) -> EstimateFacts:
    """Write down what the treatment will cost; a change is the next version, and the newest is the one to answer.

    Raises:
        VisitClosed: the visit was cancelled, or its bill is final.
        InvalidInput: no lines, an item that the price list in force does not name, or a bad quantity or discount.
    """
    visit = await lock_visit(uow, visit_id)
    if visit.state == "cancelled" or visit.bill_state in {"final", "paid"}:
        raise VisitClosed(visit_id=visit_id)
    priced_lines = await compose_lines(uow, lines=lines, branch_id=visit.branch_id)
    words = clean_text(note)
    if len(words) > MAX_WORDS:
        raise InvalidInput((FieldProblem("note", "too-long", {"max": MAX_WORDS}),))
    terms = await get_terms(uow, visit.customer_id)
    priced = price_lines(priced_lines, pay_percent=terms.pay_percent, is_member=terms.is_member)
    before = await list_estimates(uow, visit_id)
    version, estimate_id = (before[0].version + 1 if before else 1), new_id()
    await uow.session.execute(
        insert(_E).values(
            tenant_id=uow.tenant_id,
            estimate_id=estimate_id,
            visit_id=visit_id,
            version=version,
            lines=[msgspec.to_builtins(line) for line in priced.lines],
            pay_percent=terms.pay_percent,
            total_fen=priced.total_fen,
            note=words,
            given_at=uow.now,
            given_by=uow.actor.id,
            given_by_name=uow.actor.name,
        )
    )
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind="estimate_given",
        data={"fen": priced.total_fen, "version": version},
        subject_id=visit.subject_id,
        ref_id=visit_id,
    )
    uow.audit("estimate.give", "estimate", estimate_id, {"visit_id": str(visit_id), "fen": priced.total_fen})
    return (await list_estimates(uow, visit_id))[0]


async def answer_estimate(
    uow: UnitOfWork,
    *,
    visit_id: UUID,
    estimate_id: UUID,
    answer: Literal["accepted", "declined"],
    place: Literal["phone", "desk"],
    name: str = "",
    signature: str = "",
    words: str = "",
) -> None:
    """Write down that the customer accepts, or does not: a typed name or a drawn signature; once, and for good.

    Raises:
        EstimateChanged: it is not the newest version, or was answered already.
        VisitClosed: the visit was cancelled.
        InvalidInput: nobody signed.
    """
    visit = await lock_visit(uow, visit_id)
    known = await list_estimates(uow, visit_id)
    if estimate_id not in {one.estimate_id for one in known}:
        raise NotFound("no such estimate of this visit")
    if visit.state == "cancelled":
        raise VisitClosed(visit_id=visit_id)
    newest = known[0]
    if newest.estimate_id != estimate_id or newest.answer is not None:
        raise EstimateChanged(estimate_id=estimate_id)
    signer = clean_name(name)
    if not signer and signature:
        signer = (await get_customer(uow, visit.customer_id)).full_name
    problems = _answer_problems(signer, signature, clean_text(words))
    if problems:
        raise InvalidInput(problems)
    await uow.session.execute(
        insert(_A).values(
            tenant_id=uow.tenant_id,
            estimate_id=estimate_id,
            answer=answer,
            place=place,
            name=signer,
            signature=signature,
            words=clean_text(words),
            at=uow.now,
            actor_kind=uow.actor.kind,
            actor_name=uow.actor.name,
        )
    )
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind=f"estimate_{answer}",
        data={"fen": newest.total_fen, "version": newest.version, "name": signer, "place": place},
        subject_id=visit.subject_id,
        ref_id=visit_id,
    )
    uow.audit(f"estimate.{answer}", "estimate", estimate_id, {"place": place, "name": signer})
    uow.publish("visits", {"visit_id": str(visit_id)})
    bill = await find_bill(uow, visit_id)
    if bill is not None and bill.state == "open":
        await refresh_standing(uow, visit=visit, bill_id=bill.bill_id)


def _answer_problems(name: str, signature: str, words: str) -> tuple[FieldProblem, ...]:
    problems = []
    if not name:
        problems.append(FieldProblem("name", "not_signed"))
    elif len(name) > 60:
        problems.append(FieldProblem("name", "too-long", {"max": 60}))
    if signature and not _is_png(signature):
        problems.append(FieldProblem("signature", "not_signed"))
    if len(words) > MAX_WORDS:
        problems.append(FieldProblem("words", "too-long", {"max": MAX_WORDS}))
    return tuple(problems)


def _is_png(signature: str) -> bool:
    if not signature.startswith(_PNG) or len(signature) > MAX_SIGNATURE:
        return False
    try:
        return base64.b64decode(signature.removeprefix(_PNG), validate=True).startswith(b"\x89PNG\r\n\x1a\n")
    except (binascii.Error, ValueError):
        return False
