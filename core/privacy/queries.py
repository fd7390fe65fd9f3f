"""Reads a person's own page, requests, receipts, tombstones, and which records are one person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select

from core.complaints.models import Complaint
from core.customers.models import Customer, CustomerPhone
from core.db import table_of
from core.errors import AnxinError, NotFound
from core.privacy.models import PrivacyLink, PrivacyReceipt, PrivacyRequest, PrivacyTombstone
from core.privacy.rules import ReceiptBody, receipt_hash
from core.uow import Reader

_L, _R, _Z, _T = (table_of(one) for one in (PrivacyLink, PrivacyRequest, PrivacyReceipt, PrivacyTombstone))
_C, _P, _K = table_of(Customer), table_of(CustomerPhone), table_of(Complaint)


class PrivacyLinkGone(AnxinError):
    """The link was taken back, is over, or was locked after wrong answers."""

    code = "privacy-link-gone"
    status = 410


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The address of one person's own page."""

    link_id: UUID
    code: str
    customer_id: UUID
    created_by_name: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    wrong: int
    tried_at: datetime | None
    locked_at: datetime | None
    opened_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """It can be used now."""
        return self.revoked_at is None and self.locked_at is None and now < self.expires_at


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `full_name` is empty once the person was erased."""

    request_id: UUID
    number: int
    customer_id: UUID
    kind: str
    state: str
    source: str
    text: str
    answer: str
    override_reason: str
    receipt_id: UUID | None
    created_at: datetime
    created_by_name: str
    due_at: datetime
    ended_at: datetime | None
    ended_by_name: str
    full_name: str = ""
    customer_number: int = 0

    @property
    def is_open(self) -> bool:
        """Somebody must still act."""
        return self.state in {"open", "running"}


class ReceiptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did; `is_true` tells whether it still has the hash it was given."""

    receipt_id: UUID
    number: int
    customer_id: UUID
    body: ReceiptBody
    hash: str
    at: datetime
    is_true: bool


class Tombstone(msgspec.Struct, frozen=True):
    """Somebody was erased."""

    customer_id: UUID
    erased_at: datetime


_LINK = tuple(_L.c[name] for name in LinkRecord.__struct_fields__)
_REQUEST = tuple(_R.c[name] for name in RequestRecord.__struct_fields__ if name in _R.c)


async def find_link(reader: Reader, code: str) -> LinkRecord:
    """Return the link of a code, also one that is over; raise NotFound when there is none."""
    row = (
        await reader.session.execute(select(*_LINK).where(_L.c.tenant_id == reader.tenant_id, _L.c.code == code))
    ).first()
    if row is None:
        raise NotFound("no such page")
    return LinkRecord(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def get_open_link(reader: Reader, code: str) -> LinkRecord:
    """Return the link of a code that can be used now.

    Raises:
        PrivacyLinkGone: 410.
    """
    link = await find_link(reader, code)
    if not link.is_open(reader.now):
        raise PrivacyLinkGone
    return link


async def get_living_link(reader: Reader, customer_id: UUID) -> LinkRecord | None:
    """Return the one link of a customer that can be used now."""
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id, _L.c.revoked_at.is_(None))
    rows = await reader.session.execute(select(*_LINK).where(*mine).order_by(_L.c.link_id.desc()).limit(1))
    row = rows.first()
    link = LinkRecord(**row._mapping) if row else None  # noqa: SLF001 - as above
    return link if link is not None and (link.is_open(reader.now) or link.locked_at is not None) else None


async def list_open_links(reader: Reader, *, limit: int = 20) -> list[LinkRecord]:
    """Return the own pages that can be opened now, those that end last first."""
    query = select(*_LINK).where(
        _L.c.tenant_id == reader.tenant_id,
        _L.c.revoked_at.is_(None),
        _L.c.locked_at.is_(None),
        _L.c.expires_at > reader.now,
    )
    rows = await reader.session.execute(query.order_by(_L.c.link_id.desc()).limit(limit))
    return [LinkRecord(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def list_tails(reader: Reader, customer_ids: Sequence[UUID]) -> set[str]:
    """Return the last four digits of every phone of the person."""
    mine = (_P.c.tenant_id == reader.tenant_id, _P.c.customer_id.in_(customer_ids))
    return {phone[-4:] for phone in await reader.session.scalars(select(_P.c.phone_e164).where(*mine))}


async def list_requests(
    reader: Reader,
    *,
    states: Sequence[str] = (),
    customer_ids: Sequence[UUID] = (),
    before: UUID | None = None,
    limit: int = 50,
) -> list[RequestRecord]:
    """Return requests: what is due next first when only open ones are asked for, else the newest first."""
    query = (
        select(*_REQUEST, _C.c.full_name, _C.c.number.label("customer_number"))
        .join(_C, (_C.c.tenant_id == _R.c.tenant_id) & (_C.c.customer_id == _R.c.customer_id))
        .where(_R.c.tenant_id == reader.tenant_id)
        .limit(limit)
    )
    if states:
        query = query.where(_R.c.state.in_(states))
    if customer_ids:
        query = query.where(_R.c.customer_id.in_(customer_ids))
    if before is not None:
        query = query.where(_R.c.request_id < before)
    by_due = bool(states) and set(states) <= {"open", "running"}
    query = query.order_by(_R.c.due_at, _R.c.request_id) if by_due else query.order_by(_R.c.request_id.desc())
    return [RequestRecord(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def get_request(reader: Reader, request_id: UUID) -> RequestRecord:
    """Return one request; raise NotFound when there is none."""
    query = (
        select(*_REQUEST, _C.c.full_name, _C.c.number.label("customer_number"))
        .join(_C, (_C.c.tenant_id == _R.c.tenant_id) & (_C.c.customer_id == _R.c.customer_id))
        .where(_R.c.tenant_id == reader.tenant_id, _R.c.request_id == request_id)
    )
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such request")
    return RequestRecord(**row._mapping)  # noqa: SLF001 - as above


async def count_open_requests(reader: Reader) -> int:
    """Return how many requests wait."""
    query = select(func.count()).select_from(_R).where(_R.c.tenant_id == reader.tenant_id, _R.c.state == "open")
    return int(await reader.session.scalar(query) or 0)


async def list_open_complaints(reader: Reader, customer_ids: Sequence[UUID]) -> list[int]:
    """Return the numbers of the person's complaints that are not resolved."""
    query = select(_K.c.number).where(
        _K.c.tenant_id == reader.tenant_id, _K.c.customer_id.in_(customer_ids), _K.c.state == "open"
    )
    return list(await reader.session.scalars(query.order_by(_K.c.number)))


def _receipt(row: Any) -> ReceiptRecord:
    return ReceiptRecord(
        receipt_id=row.receipt_id,
        number=row.number,
        customer_id=row.customer_id,
        body=msgspec.convert(row.body, ReceiptBody, strict=False),
        hash=row.hash,
        at=row.at,
        is_true=receipt_hash(row.body) == row.hash,
    )


async def get_receipt(reader: Reader, receipt_id: UUID) -> ReceiptRecord:
    """Return one receipt; raise NotFound when there is none."""
    mine = (_Z.c.tenant_id == reader.tenant_id, _Z.c.receipt_id == receipt_id)
    row = (await reader.session.execute(select(_Z).where(*mine))).first()
    if row is None:
        raise NotFound("no such receipt")
    return _receipt(row)


async def list_receipts(reader: Reader, *, customer_id: UUID | None = None, limit: int = 50) -> list[ReceiptRecord]:
    """Return receipts, the newest first."""
    query = select(_Z).where(_Z.c.tenant_id == reader.tenant_id).order_by(_Z.c.receipt_id.desc()).limit(limit)
    if customer_id is not None:
        query = query.where(_Z.c.customer_id == customer_id)
    return [_receipt(row) for row in await reader.session.execute(query)]


async def list_tombstones(reader: Reader) -> list[Tombstone]:
    """Return everybody who was erased, oldest first."""
    query = select(_T.c.customer_id, _T.c.erased_at).where(_T.c.tenant_id == reader.tenant_id)
    return [Tombstone(*row) for row in await reader.session.execute(query.order_by(_T.c.erased_at, _T.c.customer_id))]


async def list_untouched(reader: Reader, customer_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of the erased who are there again, as after a restored backup."""
    query = select(_C.c.customer_id).where(
        _C.c.tenant_id == reader.tenant_id,
        _C.c.customer_id.in_(customer_ids),
        or_(_C.c.state == "active", _C.c.full_name != ""),
    )
    return list(await reader.session.scalars(query))
