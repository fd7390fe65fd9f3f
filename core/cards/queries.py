"""Reads member cards: the one that opens for a customer, and whose card a code is."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.cards.models import MemberCard
from core.customers.models import Customer
from core.db import table_of
from core.errors import Gone, NotFound
from core.uow import Reader

_M, _C = table_of(MemberCard), table_of(Customer)


class CardGone(Gone):
    """The card's address was taken back, or its owner is no customer any more."""

    code = "member-card-gone"


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One address of a customer's card."""

    card_id: UUID
    code: str
    customer_id: UUID
    created_at: datetime
    created_by_name: str
    revoked_at: datetime | None


_CARD = tuple(_M.c[name] for name in CardFacts.__struct_fields__)


async def find_open_card(reader: Reader, customer_id: UUID) -> CardFacts | None:
    """Return the newest card of a customer that still opens, or None."""
    mine = (_M.c.tenant_id == reader.tenant_id, _M.c.customer_id == customer_id, _M.c.revoked_at.is_(None))
    row = (await reader.session.execute(select(*_CARD).where(*mine).order_by(_M.c.card_id.desc()).limit(1))).first()
    return None if row is None else CardFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def get_open_card(reader: Reader, code: str) -> CardFacts:
    """Return the card behind a code.

    Raises:
        NotFound: no such code.
        CardGone: it was taken back, or its owner was removed.
    """
    joined = _M.join(_C, (_C.c.tenant_id == _M.c.tenant_id) & (_C.c.customer_id == _M.c.customer_id))
    query = select(*_CARD, _C.c.state).select_from(joined)
    row = (await reader.session.execute(query.where(_M.c.tenant_id == reader.tenant_id, _M.c.code == code))).first()
    if row is None:
        raise NotFound("no such card")
    if row.revoked_at is not None or row.state == "removed":
        raise CardGone
    return CardFacts(**{name: row._mapping[name] for name in CardFacts.__struct_fields__})  # noqa: SLF001 - as above


async def find_card_owner(reader: Reader, code: str) -> UUID | None:
    """Return whose open card a code is, for the desk that scans it; None when it is none."""
    try:
        return (await get_open_card(reader, code)).customer_id
    except (NotFound, CardGone):
        return None
