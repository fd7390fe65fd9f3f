"""Reads estimates with the customer's answers, bills with lines, payments and credit notes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, select

from core.db import table_of
from core.errors import NotFound
from core.uow import Reader
from core.visits.models import Bill, BillLine, CreditNote, Estimate, EstimateAnswer, Payment
from core.visits.rules.bills import Line, is_over

_E, _A, _B = table_of(Estimate), table_of(EstimateAnswer), table_of(Bill)
_L, _N, _P = table_of(BillLine), table_of(CreditNote), table_of(Payment)


class EstimateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an estimate; `answer` is None while the customer has said nothing."""

    estimate_id: UUID
    visit_id: UUID
    version: int
    lines: tuple[Line, ...]
    pay_percent: int
    total_fen: int
    note: str
    given_at: datetime
    given_by_name: str
    answer: str | None = None
    place: str | None = None
    answered_by: str | None = None
    signature: str | None = None
    words: str | None = None
    answered_at: datetime | None = None
    noted_by: str | None = None
    """Who wrote the answer down at the desk."""


class BillLineFacts(Line, frozen=True, kw_only=True):
    """A line that stands on a bill."""

    line_id: UUID
    refunded_fen: int
    added_at: datetime
    added_by_name: str


class PaymentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came in, or went back."""

    payment_id: UUID
    kind: str
    method: str
    amount_fen: int
    detail: str
    at: datetime
    actor_name: str


class NoteFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One credit note."""

    note_id: UUID
    number: int
    kind: str
    amount_fen: int
    lines: list[dict[str, Any]]
    reason: str
    at: datetime
    actor_name: str


class BillFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One bill with everything on it."""

    bill_id: UUID
    visit_id: UUID
    number: int | None
    state: str
    with_discount: bool
    pay_percent: int
    basis_fen: int | None
    total_fen: int
    paid_fen: int
    refunded_fen: int
    estimate_id: UUID | None
    over: bool
    warned_for: UUID | None
    override_reason: str
    override_by_name: str
    explained_at: datetime | None
    explained_by_name: str
    opened_at: datetime
    finalised_at: datetime | None
    finalised_by_name: str
    paid_at: datetime | None
    purchase_id: UUID | None
    voided_at: datetime | None
    void_reason: str
    lines: tuple[BillLineFacts, ...] = ()
    payments: tuple[PaymentFacts, ...] = ()
    notes: tuple[NoteFacts, ...] = ()

    @property
    def held_fen(self) -> int:
        """What is held against the estimate: the price before coupons and points, which an estimate does not know."""
        return self.total_fen if self.basis_fen is None else self.basis_fen

    @property
    def due_fen(self) -> int:
        """What is still to be paid."""
        return 0 if self.state == "void" else self.total_fen - self.paid_fen


class Standing(msgspec.Struct, frozen=True):
    """How a bill stands against what the customer agreed to."""

    base: EstimateFacts | None
    """The newest accepted estimate."""
    waiting: EstimateFacts | None
    """The newest version, when the customer has not answered it."""
    is_over: bool
    needs_consent: bool
    """Nothing may be finalised before the customer accepts (again)."""


_ESTIMATE = (
    *(_E.c[name] for name in ("estimate_id", "visit_id", "version", "lines", "pay_percent", "total_fen", "note")),
    _E.c.given_at,
    _E.c.given_by_name,
    _A.c.answer,
    _A.c.place,
    _A.c.name.label("answered_by"),
    _A.c.signature,
    _A.c.words,
    _A.c.at.label("answered_at"),
    _A.c.actor_name.label("noted_by"),
)
_MANY = frozenset({"lines", "payments", "notes"})
_BILL = tuple(_B.c[name] for name in BillFacts.__struct_fields__ if name not in _MANY)
_LINE = tuple(_L.c[name] for name in BillLineFacts.__struct_fields__)
_PAYMENT = tuple(_P.c[name] for name in PaymentFacts.__struct_fields__)
_NOTE = tuple(_N.c[name] for name in NoteFacts.__struct_fields__)


async def list_estimates(reader: Reader, visit_id: UUID) -> list[EstimateFacts]:
    """Return every version with its answer, the newest first."""
    joined = _E.outerjoin(_A, and_(_A.c.tenant_id == _E.c.tenant_id, _A.c.estimate_id == _E.c.estimate_id))
    query = select(*_ESTIMATE).select_from(joined)
    query = query.where(_E.c.tenant_id == reader.tenant_id, _E.c.visit_id == visit_id).order_by(_E.c.version.desc())
    rows = await reader.session.execute(query)
    return [msgspec.convert(dict(row._mapping), EstimateFacts) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def find_bill(reader: Reader, visit_id: UUID) -> BillFacts | None:
    """Return the visit's bill that is not void, whole; None when there is none."""
    query = select(*_BILL).where(_B.c.tenant_id == reader.tenant_id, _B.c.visit_id == visit_id, _B.c.state != "void")
    row = (await reader.session.execute(query)).first()
    return await _whole(reader, row) if row is not None else None


async def list_void_bills(reader: Reader, visit_id: UUID) -> list[BillFacts]:
    """Return what was voided at this visit, the newest first."""
    query = select(*_BILL).where(_B.c.tenant_id == reader.tenant_id, _B.c.visit_id == visit_id, _B.c.state == "void")
    rows = (await reader.session.execute(query.order_by(_B.c.bill_id.desc()))).all()
    return [await _whole(reader, row) for row in rows]


async def get_bill(reader: Reader, bill_id: UUID) -> BillFacts:
    """Return one bill, whole; raise NotFound when this tenant has none of that id."""
    query = select(*_BILL).where(_B.c.tenant_id == reader.tenant_id, _B.c.bill_id == bill_id)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such bill")
    return await _whole(reader, row)


async def _whole(reader: Reader, row: Any) -> BillFacts:
    lines = select(*_LINE).where(_L.c.tenant_id == reader.tenant_id, _L.c.bill_id == row.bill_id)
    payments = select(*_PAYMENT).where(_P.c.tenant_id == reader.tenant_id, _P.c.bill_id == row.bill_id)
    notes = select(*_NOTE).where(_N.c.tenant_id == reader.tenant_id, _N.c.bill_id == row.bill_id)
    lines = lines.where(_L.c.removed_at.is_(None)).order_by(_L.c.line_id)
    return BillFacts(
        **row._mapping,  # noqa: SLF001 - as above
        lines=tuple(BillLineFacts(**one._mapping) for one in await reader.session.execute(lines)),  # noqa: SLF001 - as above
        payments=tuple(
            PaymentFacts(**one._mapping)  # noqa: SLF001 - as above
            for one in await reader.session.execute(payments.order_by(_P.c.payment_id))
        ),
        notes=tuple(
            NoteFacts(**one._mapping)  # noqa: SLF001 - as above
            for one in await reader.session.execute(notes.order_by(_N.c.number))
        ),
    )


def get_standing(estimates: Sequence[EstimateFacts], total_fen: int) -> Standing:
    """Hold a total against the estimates of its visit, the newest first.

    A price that was told and not agreed to is no base: with an estimate on the table, somebody must accept one.
    """
    base = next((one for one in estimates if one.answer == "accepted"), None)
    waiting = estimates[0] if estimates and estimates[0].answer is None else None
    over = base is not None and is_over(total_fen, base.total_fen)
    return Standing(base, waiting, over, over or (base is None and bool(estimates)))
