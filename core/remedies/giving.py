"""Gives what the customer accepted, once: into the ledger, as a coupon, as money back or by hand; and takes it back."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import Case
from core.db import table_of
from core.errors import Conflict, Forbidden
from core.holds.actions import credit_complaint
from core.holds.queries import HeldFacts
from core.hooks.records.loyalty.parts import GiftReward
from core.hooks.records.text import localized
from core.loyalty.actions import NothingToRefund, refund_purchase
from core.loyalty.actions.undoing import undo_grant
from core.loyalty.models import LedgerEntry
from core.loyalty.queries import get_purchase
from core.remedies.actions import APPROVE
from core.remedies.changing import move, open_remedy, said, tell
from core.remedies.queries import RemedyFacts, find_held_remedy, get_remedy
from core.rewards.actions.coupons import void_coupon
from core.rewards.actions.issuing import issue_coupon, issue_reward
from core.uow import UnitOfWork
from core.visits.actions.payments import refund_bill
from core.visits.models import Bill
from core.visits.queries.bills import BillFacts, get_bill

_B, _L = table_of(Bill), table_of(LedgerEntry)


class RemedyStays(Conflict):
    """Money that went back stays with the customer: it can only be taken as a new payment."""

    code = "remedy-stays"


async def give_remedy(uow: UnitOfWork, *, remedy_id: UUID) -> RemedyFacts:
    """Give what was accepted, however often this is sent: the ledger, the coupon or the bill is moved once.

    Points above the giver's limit of the loyalty rules are held there; their approver decides, and the remedy follows. A
    promise holds after the case is closed, so giving does too.

    Raises:
        RemedyMoved: the customer has not accepted it, or it was taken back.
        ComplaintCredited, NothingToRefund, CouponTemplateOff, CouponsGivenOut, ...: what the ledger, the bill or the
            coupon's rules refuse; nothing is written then.
    """
    known = await get_remedy(uow, remedy_id)
    if known.state == "given":
        return known
    case, remedy = await open_remedy(uow, remedy_id, "give")
    if remedy.state == "held":
        return remedy
    written = await _write(uow, case, remedy)
    state = written.pop("state", "given")
    done = await move(uow, remedy, state, given_by_name=uow.actor.name, given_at=uow.now, **written)
    if state == "held":
        await tell(uow, case, done, "remedy_held")
        return done
    await _prove(uow, case, done)
    return done


async def _prove(uow: UnitOfWork, case: Case, remedy: RemedyFacts) -> None:
    label = localized(remedy.label, uow.scope.locale)
    prove(uow, case, proof="remedy", facts={"remedy": label})
    case.note(uow, "remedy_given", {"remedy": remedy.label, "fen": remedy.cost_fen})
    await save_proven(uow, case)
    uow.audit("remedy.give", "complaint", case.complaint_id, {"remedy": label, "fen": remedy.cost_fen})


async def _write(uow: UnitOfWork, case: Case, remedy: RemedyFacts) -> dict[str, Any]:
    """Write it where it belongs; return what the remedy keeps of that."""
    terms, reason = remedy.terms, localized(remedy.label, uow.scope.locale)
    key = f"remedy:{remedy.remedy_id}" + (f":{terms.turn}" if terms.turn else "")
    if terms.purchase_id is not None:
        return await _refund(uow, remedy, terms.purchase_id, key=key, reason=reason)
    if case.customer_id is None:
        return {}
    if remedy.kind == "points":
        done = await credit_complaint(
            uow,
            customer_id=case.customer_id,
            complaint_id=case.complaint_id,
            points=terms.points,
            reason=reason,
            key=key,
        )
        if isinstance(done, HeldFacts):
            return {"state": "held", "ref_id": done.held_id}
        return {"ref_id": done.entry_id}
    common: dict[str, Any] = {
        "customer_id": case.customer_id,
        "key": key,
        "source": "complaint",
        "ref_id": case.complaint_id,
        "reason": reason,
    }
    if remedy.kind == "coupon":
        coupon = await issue_coupon(uow, template_id=terms.template, **common)
    elif terms.item:
        coupon = await issue_reward(uow, reward=GiftReward(item=terms.item, label=remedy.label), **common)
    else:
        return {}
    return {"ref_id": coupon.coupon_id, "ref_text": coupon.code}


async def _refund(uow: UnitOfWork, remedy: RemedyFacts, purchase_id: UUID, *, key: str, reason: str) -> dict[str, Any]:
    """Money goes back by a credit note where the purchase was a bill of ours; points and tier follow either way."""
    bought = await get_purchase(uow, purchase_id)
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.purchase_id == purchase_id)
    known = await uow.session.scalar(select(_B.c.bill_id).where(*mine))
    if known is None:
        done = await refund_purchase(uow, purchase_id=bought.purchase_id, fen=remedy.cost_fen, key=key)
        return {"ref_id": done.purchase_id}
    bill = await get_bill(uow, known)
    note = await refund_bill(
        uow,
        visit_id=bill.visit_id,
        fen_by_line=_spread(bill, remedy.cost_fen),
        reason=reason,
        method=_method(bill),
        key=key,
    )
    return {"ref_id": note.note_id, "ref_text": f"CN-{note.number:04d}"}


def _spread(bill: BillFacts, fen: int) -> dict[UUID, int]:
    """Take the amount from the lines in their order, from each what is left of it."""
    rest, taken = fen, {}
    for line in bill.lines:
        part = min(rest, line.amount_fen - line.refunded_fen)
        if part > 0:
            taken[line.line_id] = part
            rest -= part
    if rest:
        raise NothingToRefund(purchase_id=bill.purchase_id, left_fen=fen - rest)
    return taken


def _method(bill: BillFacts) -> str:
    """Money goes back the way most of it came."""
    came: dict[str, int] = {}
    for payment in bill.payments:
        if payment.kind == "payment":
            came[payment.method] = came.get(payment.method, 0) + payment.amount_fen
    return max(came, key=lambda name: came[name], default="cash")


async def settle_held(uow: UnitOfWork, *, held: HeldFacts) -> RemedyFacts | None:
    """Let a remedy follow what the points desk decided about its credit; None when the credit is nobody's remedy."""
    waiting = await find_held_remedy(uow, held.held_id)
    if waiting is None:
        return None
    case, remedy = await open_remedy(uow, waiting.remedy_id, "give")
    if remedy.state != "held" or held.state == "waiting":
        return remedy
    if held.state == "granted":
        entry = await uow.session.scalar(
            select(_L.c.entry_id).where(_L.c.tenant_id == uow.tenant_id, _L.c.key == held.key)
        )
        done = await move(uow, remedy, "given", ref_id=entry)
        await _prove(uow, case, done)
        return done
    again = msgspec.structs.replace(remedy.terms, turn=remedy.terms.turn + 1)
    done = await move(
        uow, remedy, "accepted", terms=msgspec.to_builtins(again), ref_id=None, given_by_name="", given_at=None
    )
    await tell(uow, case, done, "remedy_unheld", text=held.answer)
    return done


async def take_back_remedy(uow: UnitOfWork, *, remedy_id: UUID, words: str) -> RemedyFacts:
    """Take a remedy back with a reason: points and coupons that were not used go again, money that went back stays.

    Its proposer may withdraw what the customer has not accepted yet; all else needs the right to approve.

    Raises:
        RemedyMoved, Forbidden, InvalidInput (no reason).
        RemedyStays: money went back already.
        PointsRefused, CouponUsedUp: a part of it was spent.
    """
    case, remedy = await open_remedy(uow, remedy_id, "take_back")
    own = remedy.asked_by == uow.actor.id and remedy.state in {"waiting", "offered"}
    if not own and not uow.actor.may(APPROVE):
        raise Forbidden(permission=APPROVE)
    reason = said(words)
    if remedy.state == "given":
        await _undo(uow, remedy, reason)
    done = await move(uow, remedy, "taken_back", words=reason, undone_by_name=uow.actor.name, undone_at=uow.now)
    await tell(uow, case, done, "remedy_undone", text=reason)
    return done


async def _undo(uow: UnitOfWork, remedy: RemedyFacts, reason: str) -> None:
    if remedy.terms.purchase_id is not None:
        raise RemedyStays
    if remedy.ref_id is None:
        return
    if remedy.kind == "points":
        await undo_grant(uow, entry_id=remedy.ref_id, key=f"remedy-undo:{remedy.remedy_id}")
    else:
        await void_coupon(uow, coupon_id=remedy.ref_id, reason=reason)
