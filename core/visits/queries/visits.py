"""Reads visits: the day's list by keyset, one visit with its procedures and their papers, and the customer's address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, or_, select

from core.customers.models import Customer, Subject
from core.db import table_of
from core.errors import Gone, NotFound
from core.tenancy.models import Branch
from core.uow import Reader
from core.visits.models import Bill, Visit, VisitLink, VisitProcedure
from core.visits.rules.gates import Need, Paper

_V, _P, _L, _B = table_of(Visit), table_of(VisitProcedure), table_of(VisitLink), table_of(Bill)
_C, _S, _R = table_of(Customer), table_of(Subject), table_of(Branch)


class BillLinkExpired(Gone):
    """The address of a bill is older than it was made for."""

    code = "bill-link-expired"


class BillLinkRevoked(Gone):
    """Staff took the address of a bill back."""

    code = "bill-link-revoked"


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of visits; the bill's figures are those of the one that is not void."""

    visit_id: UUID
    number: int
    customer_id: UUID
    customer_name: str
    subject_id: UUID | None
    subject_name: str | None
    branch_id: UUID | None
    branch_name: str | None
    clinician_id: UUID | None
    reason: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    end_note: str
    opened_by_name: str
    bill_state: str | None
    bill_fen: int | None
    over: bool | None
    """The bill has reached 130 % of the estimate that was accepted."""


class VisitFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list leaves out; empty means everything."""

    since: datetime | None = None
    until: datetime | None = None
    branch_id: UUID | None = None
    states: frozenset[str] = frozenset()
    customer_id: UUID | None = None
    number: int | None = None


class ProcedureFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One procedure with what it needs; `papers` are those it was started on."""

    procedure_id: UUID
    visit_id: UUID
    item_code: str | None
    name_zh: str
    name_en: str
    needs: tuple[Need, ...]
    papers: tuple[Paper, ...]
    state: str
    planned_at: datetime
    planned_by_name: str
    started_at: datetime | None
    started_by_name: str
    ended_at: datetime | None
    note: str


class LinkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a visit's estimate and bill."""

    link_id: UUID
    code: str
    visit_id: UUID
    created_at: datetime
    created_by_name: str
    expires_at: datetime
    revoked_at: datetime | None


_JOINED = (
    _V.join(_C, and_(_C.c.tenant_id == _V.c.tenant_id, _C.c.customer_id == _V.c.customer_id))
    .outerjoin(_S, and_(_S.c.tenant_id == _V.c.tenant_id, _S.c.subject_id == _V.c.subject_id))
    .outerjoin(_R, and_(_R.c.tenant_id == _V.c.tenant_id, _R.c.branch_id == _V.c.branch_id))
    .outerjoin(_B, and_(_B.c.tenant_id == _V.c.tenant_id, _B.c.visit_id == _V.c.visit_id, _B.c.state != "void"))
)
_ROW = (
    *(_V.c[name] for name in ("visit_id", "number", "customer_id", "subject_id", "branch_id", "clinician_id")),
    *(_V.c[name] for name in ("reason", "state", "started_at", "ended_at", "end_note", "opened_by_name")),
    _C.c.full_name.label("customer_name"),
    _S.c.name.label("subject_name"),
    _R.c.name.label("branch_name"),
    _B.c.state.label("bill_state"),
    _B.c.total_fen.label("bill_fen"),
    _B.c.over,
)
_PROCEDURE = tuple(_P.c[name] for name in ProcedureFacts.__struct_fields__)
_LINK = tuple(_L.c[name] for name in LinkFacts.__struct_fields__)


def _visit_row(row: Any) -> VisitRow:
    return VisitRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_visits(
    reader: Reader, *, wanted: VisitFilter, after: tuple[datetime, UUID] | None = None, limit: int = 25
) -> list[VisitRow]:
    """Return a page of visits, the newest first; `after` is where the page above ended."""
    query = select(*_ROW).select_from(_JOINED).where(_V.c.tenant_id == reader.tenant_id)
    if wanted.since is not None:
        query = query.where(_V.c.started_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_V.c.started_at < wanted.until)
    for name in ("branch_id", "customer_id", "number"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(_V.c[name] == value)
    if wanted.states:
        query = query.where(_V.c.state.in_(sorted(wanted.states)))
    if after is not None:
        same = and_(_V.c.started_at == after[0], _V.c.visit_id < after[1])
        query = query.where(or_(_V.c.started_at < after[0], same))
    query = query.order_by(_V.c.started_at.desc(), _V.c.visit_id.desc()).limit(limit)
    return [_visit_row(row) for row in await reader.session.execute(query)]


async def get_visit(reader: Reader, visit_id: UUID) -> VisitRow:
    """Return one visit; raise NotFound when this tenant has none of that id."""
    query = select(*_ROW).select_from(_JOINED)
    row = (
        await reader.session.execute(query.where(_V.c.tenant_id == reader.tenant_id, _V.c.visit_id == visit_id))
    ).first()
    if row is None:
        raise NotFound("no such visit")
    return _visit_row(row)


async def list_procedures(reader: Reader, visit_id: UUID) -> list[ProcedureFacts]:
    """Return what is planned and done at a visit, in order of planning."""
    query = select(*_PROCEDURE).where(_P.c.tenant_id == reader.tenant_id, _P.c.visit_id == visit_id)
    rows = await reader.session.execute(query.order_by(_P.c.procedure_id))
    return [msgspec.convert(dict(row._mapping), ProcedureFacts) for row in rows]  # noqa: SLF001 - as above


async def get_procedure(reader: Reader, *, visit_id: UUID, procedure_id: UUID) -> ProcedureFacts:
    """Return one procedure of this visit; raise NotFound otherwise."""
    query = select(*_PROCEDURE).where(_P.c.tenant_id == reader.tenant_id, _P.c.visit_id == visit_id)
    row = (await reader.session.execute(query.where(_P.c.procedure_id == procedure_id))).first()
    if row is None:
        raise NotFound("no such procedure")
    return msgspec.convert(dict(row._mapping), ProcedureFacts)  # noqa: SLF001 - as above


async def list_links(reader: Reader, visit_id: UUID) -> Sequence[LinkFacts]:
    """Return a visit's addresses for the customer, the newest first."""
    query = select(*_LINK).where(_L.c.tenant_id == reader.tenant_id, _L.c.visit_id == visit_id)
    rows = await reader.session.execute(query.order_by(_L.c.link_id.desc()))
    return [LinkFacts(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def find_open_link(reader: Reader, visit_id: UUID) -> LinkFacts | None:
    """Return the address that still opens the customer's page, or None."""
    links = await list_links(reader, visit_id)
    return next((link for link in links if link.revoked_at is None and link.expires_at > reader.now), None)


async def get_opened_link(reader: Reader, code: str) -> LinkFacts:
    """Return the address behind a code.

    Raises:
        NotFound: no such code.
        BillLinkExpired, BillLinkRevoked: it was good once.
    """
    query = select(*_LINK).where(_L.c.tenant_id == reader.tenant_id, _L.c.code == code)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such bill")
    link = LinkFacts(**row._mapping)  # noqa: SLF001 - as above
    if link.revoked_at is not None:
        raise BillLinkRevoked
    if link.expires_at <= reader.now:
        raise BillLinkExpired
    return link
