"""Settles bills once, gives money back line by line with a credit note, and voids; loyalty moves in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from core.customers.actions import record_event
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.loyalty.actions import PurchaseLine, Recorded, record_purchase, refund_purchase
from core.uow import UnitOfWork
from core.visits.actions.bills import BillClosed, find_locked_bill, set_bill
from core.visits.actions.spending import give_choices_back, spend_choices
from core.visits.models import BillLine, CreditNote, Payment
from core.visits.queries.bills import BillFacts, BillLineFacts, NoteFacts, get_bill
from core.visits.queries.visits import VisitRow
from core.visits.rules.bills import METHODS, MILLI, quantity_text, refund_problems

_L, _N, _P = table_of(BillLine), table_of(CreditNote), table_of(Payment)
MAX_KEY: Final = 60
MAX_DETAIL: Final = 60
MAX_REASON: Final = 500


class BillPaid(Conflict):
    """The bill was paid meanwhile, or by another cashier."""

    code = "bill-paid"


class PaymentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Money as it comes in; `detail` is what identifies it outside: last digits, a voucher's number."""

    method: str
    fen: int
    detail: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What a settlement did; `recorded` is what it moved at loyalty, once the bill is paid in full."""

    bill: BillFacts
    recorded: Recorded | None = None
    replayed: bool = False


async def settle_bill(
    uow: UnitOfWork, *, visit_id: UUID, payments: Sequence[PaymentDraft], explained: bool, key: str
) -> Settled:
    """Take money for the final bill, in one or several ways; paid in full it moves the customer's ledger and tier once.

    The same `key` settles once, however many send it. Less than what is due is a part payment: the bill stays final.

    Raises:
        InvalidInput: the lines were not explained, no such method, an amount of nothing or of more than is due.
        BillPaid: somebody else has settled it.
        CouponRefused, BenefitRefused, PriceMoved: what was chosen was used elsewhere meanwhile.
        BillClosed: it is not final yet, or void.
    """
    visit, bill = await find_locked_bill(uow, visit_id)
    if await _was_paid_with(uow, bill.bill_id, key):
        return Settled(bill=bill, replayed=True)
    if bill.state == "paid":
        raise BillPaid(bill_id=bill.bill_id)
    if bill.state != "final":
        raise BillClosed(bill_id=bill.bill_id)
    problems = _payment_problems(payments, bill, explained=explained, key=key)
    if problems:
        raise InvalidInput(problems)
    if bill.explained_at is None:  # the first money: what the total counts on is used with it, or nothing is taken
        await spend_choices(uow, visit=visit, bill=bill)
    for number, payment in enumerate(payments):
        await _add_payment(uow, bill.bill_id, payment, kind="payment", key=f"{key}:{number}")
    paid = bill.paid_fen + sum(payment.fen for payment in payments)
    values: dict[str, Any] = {"paid_fen": paid}
    if bill.explained_at is None:
        values |= {"explained_at": uow.now, "explained_by_name": uow.actor.name}
    recorded = None
    if paid == bill.total_fen:
        recorded = await _record(uow, visit, bill)
        values |= {
            "state": "paid",
            "paid_at": uow.now,
            "purchase_id": recorded.purchase_id if recorded else None,
        }
        await _tell(uow, visit, "bill_paid", {"number": bill.number, "fen": bill.total_fen})
    await set_bill(uow, bill.bill_id, **values)
    uow.audit("bill.settle", "bill", bill.bill_id, {"fen": paid, "methods": [one.method for one in payments]})
    return Settled(bill=await get_bill(uow, bill.bill_id), recorded=recorded)


async def _was_paid_with(uow: UnitOfWork, bill_id: UUID, key: str) -> bool:
    known = await uow.session.scalar(
        select(_P.c.payment_id).where(_P.c.tenant_id == uow.tenant_id, _P.c.bill_id == bill_id, _P.c.key == f"{key}:0")
    )
    return known is not None


def _payment_problems(
    payments: Sequence[PaymentDraft], bill: BillFacts, *, explained: bool, key: str
) -> tuple[FieldProblem, ...]:
    problems = []
    # 宠物医院客户投诉应急预案 §3.1: 结账时未解释费用明细 is what people complain about.
    if not explained and bill.explained_at is None:
        problems.append(FieldProblem("explained", "not-explained"))
    if not key or len(key) > MAX_KEY:
        problems.append(FieldProblem("key", "bad-key"))
    if not payments and bill.due_fen > 0:
        problems.append(FieldProblem("payment-0", "required"))
    for number, payment in enumerate(payments):
        if payment.method not in METHODS:
            problems.append(FieldProblem(f"method-{number}", "option"))
        if payment.fen <= 0:
            problems.append(FieldProblem(f"payment-{number}", "not-positive"))
        if len(payment.detail) > MAX_DETAIL:
            problems.append(FieldProblem(f"detail-{number}", "too-long", {"max": MAX_DETAIL}))
    if sum(payment.fen for payment in payments) > bill.due_fen:
        problems.append(FieldProblem("payment-0", "more-than-due"))
    return tuple(problems)


async def _record(uow: UnitOfWork, visit: VisitRow, bill: BillFacts) -> Recorded | None:
    """Move ledger and tier, under the bill's own key: two settlements of one bill are one purchase."""
    if bill.total_fen == 0:
        return None
    lines = [_purchase_line(line) for line in bill.lines]
    return await record_purchase(
        uow,
        customer_id=visit.customer_id,
        fen=bill.total_fen,
        key=f"bill:{bill.bill_id}",
        description=f"B-{bill.number:04d} {visit.reason}".strip()[:200],
        lines=lines,
        branch_id=visit.branch_id,
    )


def _purchase_line(line: BillLineFacts) -> PurchaseLine:
    whole, part = divmod(line.quantity_milli, MILLI)
    if part:
        label, whole = f"{line.name_zh} × {quantity_text(line.quantity_milli)} {line.unit}", 1
    else:
        label = line.name_zh
    return PurchaseLine(
        label=label, fen=line.amount_fen, quantity=whole, category=line.category, service=line.item_code
    )


async def refund_bill(
    uow: UnitOfWork, *, visit_id: UUID, fen_by_line: Mapping[UUID, int], reason: str, method: str, key: str
) -> NoteFacts:
    """Give money back for lines of a paid bill, under a credit note; the ledger falls by the same amount.

    Raises:
        InvalidInput: no lines, more than is left of a line, no reason, no such method.
        BillClosed: the bill is not paid.
    """
    visit, bill = await find_locked_bill(uow, visit_id)
    again = await _find_note(uow, bill.bill_id, key)
    if again is not None:
        return again
    if bill.state != "paid":
        raise BillClosed(bill_id=bill.bill_id)
    words = clean_text(reason)[:MAX_REASON]
    left = {str(line.line_id): line.amount_fen - line.refunded_fen for line in bill.lines}
    asked = {str(line_id): fen for line_id, fen in fen_by_line.items()}
    problems = refund_problems(asked, left, reason=words, method=method)
    if problems:
        raise InvalidInput(problems)
    amount = sum(asked.values())
    note = await _add_note(uow, bill, kind="refund", amount=amount, by_line=asked, reason=words, key=key)
    for line_id, fen in fen_by_line.items():
        mine = (_L.c.tenant_id == uow.tenant_id, _L.c.line_id == line_id)
        await uow.session.execute(update(_L).where(*mine).values(refunded_fen=_L.c.refunded_fen + fen))
    await _add_payment(
        uow, bill.bill_id, PaymentDraft(method=method, fen=amount), kind="refund", key=f"{key}:0", note_id=note.note_id
    )
    await set_bill(uow, bill.bill_id, refunded_fen=bill.refunded_fen + amount)
    if bill.purchase_id is not None:
        await refund_purchase(uow, purchase_id=bill.purchase_id, fen=amount, key=f"note:{note.number}")
    if bill.refunded_fen + amount == bill.total_fen:  # all of it went back: so does what it used
        await give_choices_back(uow, visit=visit, bill=bill, spent=True)
    await _tell(uow, visit, "bill_refunded", {"number": bill.number, "fen": amount, "reason": words})
    uow.audit("bill.refund", "bill", bill.bill_id, {"fen": amount, "note": note.number, "reason": words})
    return note


async def void_bill(uow: UnitOfWork, *, visit_id: UUID, reason: str, key: str) -> BillFacts:
    """Take a bill back as a whole: nothing is deleted, a final one leaves a credit note, money goes back as it came.

    Raises:
        InvalidInput: no reason.
        BillClosed: there is no bill that is not void.
    """
    visit, bill = await find_locked_bill(uow, visit_id)
    words = clean_text(reason)[:MAX_REASON]
    if not words:
        raise InvalidInput((FieldProblem("reason", "required"),))
    if not key or len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    if bill.state != "open":
        by_line = {str(line.line_id): line.amount_fen - line.refunded_fen for line in bill.lines}
        amount = bill.total_fen - bill.refunded_fen
        note = await _add_note(uow, bill, kind="void", amount=amount, by_line=by_line, reason=words, key=key)
        for number, (method, fen) in enumerate(_held(bill).items()):
            back = PaymentDraft(method=method, fen=fen)
            await _add_payment(uow, bill.bill_id, back, kind="refund", key=f"{key}:{number}", note_id=note.note_id)
        if bill.purchase_id is not None and bill.refunded_fen < bill.paid_fen:
            await refund_purchase(uow, purchase_id=bill.purchase_id, key=f"note:{note.number}", mistake=True)
        await give_choices_back(uow, visit=visit, bill=bill, spent=bill.explained_at is not None)
    await set_bill(uow, bill.bill_id, state="void", voided_at=uow.now, void_reason=words, refunded_fen=bill.paid_fen)
    await _tell(uow, visit, "bill_voided", {"number": bill.number, "fen": bill.total_fen, "reason": words})
    uow.audit("bill.void", "bill", bill.bill_id, {"reason": words, "number": bill.number})
    return await get_bill(uow, bill.bill_id)


def _held(bill: BillFacts) -> dict[str, int]:
    """What came in by each method and has not gone back yet; what went back another way comes off the largest."""
    held: dict[str, int] = {}
    for payment in bill.payments:
        if payment.kind == "payment":
            held[payment.method] = held.get(payment.method, 0) + payment.amount_fen
    for payment in bill.payments:
        rest = payment.amount_fen if payment.kind == "refund" else 0
        for method in sorted(held, key=lambda name: (name != payment.method, -held[name])):
            taken = min(rest, held[method])
            held[method] -= taken
            rest -= taken
    return {method: fen for method, fen in held.items() if fen > 0}


async def _find_note(uow: UnitOfWork, bill_id: UUID, key: str) -> NoteFacts | None:
    if not key or len(key) > MAX_KEY:
        raise InvalidInput((FieldProblem("key", "bad-key"),))
    number = await uow.session.scalar(
        select(_N.c.number).where(_N.c.tenant_id == uow.tenant_id, _N.c.bill_id == bill_id, _N.c.key == key)
    )
    notes = (await get_bill(uow, bill_id)).notes
    return next((note for note in notes if note.number == number), None)


async def _add_note(
    uow: UnitOfWork, bill: BillFacts, *, kind: str, amount: int, by_line: Mapping[str, int], reason: str, key: str
) -> NoteFacts:
    names = {str(line.line_id): line for line in bill.lines}
    lines = [
        {"line_id": line_id, "name_zh": names[line_id].name_zh, "name_en": names[line_id].name_en, "fen": fen}
        for line_id, fen in by_line.items()
        if fen > 0
    ]
    note_id, number = new_id(), await uow.next_number("credit_note")
    await uow.session.execute(
        insert(_N).values(
            tenant_id=uow.tenant_id,
            note_id=note_id,
            bill_id=bill.bill_id,
            number=number,
            kind=kind,
            amount_fen=amount,
            lines=lines,
            reason=reason,
            key=key,
            at=uow.now,
            actor_id=uow.actor.id,
            actor_name=uow.actor.name,
        )
    )
    return NoteFacts(
        note_id=note_id,
        number=number,
        kind=kind,
        amount_fen=amount,
        lines=lines,
        reason=reason,
        at=uow.now,
        actor_name=uow.actor.name,
    )


async def _add_payment(
    uow: UnitOfWork, bill_id: UUID, payment: PaymentDraft, *, kind: str, key: str, note_id: UUID | None = None
) -> None:
    await uow.session.execute(
        insert(_P).values(
            tenant_id=uow.tenant_id,
            payment_id=new_id(),
            bill_id=bill_id,
            note_id=note_id,
            kind=kind,
            method=payment.method,
            amount_fen=payment.fen,
            detail=clean_text(payment.detail),
            key=key,
            at=uow.now,
            actor_id=uow.actor.id,
            actor_name=uow.actor.name,
        )
    )


async def _tell(uow: UnitOfWork, visit: VisitRow, kind: str, data: dict[str, Any]) -> None:
    await record_event(
        uow,
        customer_id=visit.customer_id,
        kind=kind,
        data=data,
        subject_id=visit.subject_id,
        ref_id=visit.visit_id,
    )
    uow.publish("visits", {"visit_id": str(visit.visit_id)})
