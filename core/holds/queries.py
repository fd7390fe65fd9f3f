"""Reads credits that wait for a decision, and what became of the others."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from core.asked import Asked
from core.complaints.models import Complaint
from core.counts import Counter
from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.holds.models import HeldCredit
from core.holds.rules import points_limit
from core.programs.queries import get_program
from core.uow import Reader

_H, _C, _P = table_of(HeldCredit), table_of(Customer), table_of(Complaint)


class HeldFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One credit that was asked for; `state` is waiting, granted or refused."""

    held_id: UUID
    customer_id: UUID
    full_name: str
    complaint_id: UUID | None = None
    complaint_number: int | None = None
    points: int
    reason: str
    key: str
    state: str
    asked_by: UUID | None
    asked_by_name: str
    asked_at: datetime
    decided_by_name: str
    decided_at: datetime | None
    answer: str


_ELSEWHERE = {"full_name": _C.c.full_name, "complaint_number": _P.c.number.label("complaint_number")}
_FACTS = tuple(_ELSEWHERE[name] if name in _ELSEWHERE else _H.c[name] for name in HeldFacts.__struct_fields__)
_JOINED = _H.join(_C, (_C.c.tenant_id == _H.c.tenant_id) & (_C.c.customer_id == _H.c.customer_id)).outerjoin(
    _P, (_P.c.tenant_id == _H.c.tenant_id) & (_P.c.complaint_id == _H.c.complaint_id)
)


async def get_points_limit(reader: Reader) -> int:
    """Return how many points the present actor may grant alone."""
    return points_limit(await get_program(reader), reader.actor.roles)


async def list_waiting(reader: Reader, *, customer_id: UUID | None = None, limit: int = 50) -> list[HeldFacts]:
    """Return what waits for a decision, the oldest first."""
    query = select(*_FACTS).select_from(_JOINED).where(_H.c.tenant_id == reader.tenant_id, _H.c.state == "waiting")
    if customer_id is not None:
        query = query.where(_H.c.customer_id == customer_id)
    rows = await reader.session.execute(query.order_by(_H.c.held_id).limit(limit))
    return [HeldFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


@Counter
def count_waiting(asked: Asked) -> Select[int]:
    """Return how many credits wait."""
    return select(func.count()).select_from(_H).where(_H.c.tenant_id == asked.tenant_id, _H.c.state == "waiting")


async def get_held(reader: Reader, held_id: UUID, *, lock: bool = False) -> HeldFacts:
    """Return one credit; `lock` keeps others from deciding it meanwhile.

    Raises:
        NotFound: there is none.
    """
    mine = (_H.c.tenant_id == reader.tenant_id, _H.c.held_id == held_id)
    query = select(*_FACTS).select_from(_JOINED).where(*mine)
    row = (await reader.session.execute(query.with_for_update(of=_H) if lock else query)).first()
    if row is None:
        raise NotFound("no such credit")
    return HeldFacts(**row._mapping)  # noqa: SLF001 - as above


async def find_held_by_key(reader: Reader, key: str) -> HeldFacts | None:
    """Return the credit that was asked for with a key, or None."""
    query = select(*_FACTS).select_from(_JOINED).where(_H.c.tenant_id == reader.tenant_id, _H.c.key == key)
    row = (await reader.session.execute(query)).first()
    return None if row is None else HeldFacts(**row._mapping)  # noqa: SLF001 - as above
