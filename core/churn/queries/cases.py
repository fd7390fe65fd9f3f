"""Reads cases of customers who stay away: the list, one with its signs and steps, and counts."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, func, or_, select, tuple_

from core.asked import Asked
from core.churn.models import ChurnCase, ChurnSignal, ChurnStep, PlannedVisit, Winback
from core.counts import Counter
from core.customers.models import Customer
from core.db import table_of
from core.errors import NotFound
from core.uow import Reader

_K, _G, _E, _B = table_of(ChurnCase), table_of(ChurnSignal), table_of(ChurnStep), table_of(Winback)
_C, _V = table_of(Customer), table_of(PlannedVisit)
PAGE: Final = 50


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """One case as lists show it; `signals` are all its signs, the first is why it was opened."""

    case_id: UUID
    number: int
    customer_id: UUID
    customer: str
    phone: str | None
    signal: str
    state: str
    owner_id: UUID | None
    owner_name: str
    last_on: date | None
    gap_days: int | None
    opened_at: datetime
    due_at: datetime
    outcome: str | None
    closed_at: datetime | None
    household: UUID


class SignRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sign and what it stands on."""

    signal: str
    at: datetime
    data: dict[str, Any]


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did."""

    kind: str
    data: dict[str, Any]
    words: str
    actor_name: str
    at: datetime


class WinbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """The offer of an episode: which half, and what was given when."""

    arm: str
    rule_id: str
    measure_until: datetime
    reward: dict[str, Any] | None
    given_at: datetime | None
    given_by_name: str


class PlannedRow(msgspec.Struct, frozen=True, kw_only=True):
    """The day on which a customer was asked to come again."""

    planned_on: date
    reason: str
    set_by_name: str


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases: `which` is open, late, mine or closed."""

    which: str = "open"
    signal: str = ""
    owner_id: UUID | None = None


_ROW = (
    *(_K.c[name] for name in CaseRow.__struct_fields__ if name not in {"customer", "phone"}),
    _C.c.full_name.label("customer"),
    _C.c.phone_e164.label("phone"),
)


def _rows(reader: Reader) -> Any:
    here = and_(_C.c.tenant_id == _K.c.tenant_id, _C.c.customer_id == _K.c.customer_id)
    return select(*_ROW).join(_C, here).where(_K.c.tenant_id == reader.tenant_id)


async def list_cases(
    reader: Reader, *, which: CaseFilter, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> list[CaseRow]:
    """Return a page: open ones by the time they are due, closed ones by the newest end; `after` is the last row's key."""
    query = _rows(reader)
    if which.which == "closed":
        key = tuple_(_K.c.closed_at, _K.c.case_id)
        query = query.where(_K.c.state == "closed").order_by(_K.c.closed_at.desc(), _K.c.case_id.desc())
        query = query.where(key < after) if after else query
    else:
        key = tuple_(_K.c.due_at, _K.c.case_id)
        query = query.where(_K.c.state == "open").order_by(_K.c.due_at, _K.c.case_id)
        query = query.where(key > after) if after else query
    if which.which == "late":
        query = query.where(_K.c.due_at < reader.now)
    if which.owner_id is not None:
        query = query.where(_K.c.owner_id == which.owner_id)
    if which.signal:
        query = query.where(_K.c.signal == which.signal)
    return [CaseRow(**row._mapping) for row in await reader.session.execute(query.limit(limit))]  # noqa: SLF001 - a row's public name for it


async def get_case(reader: Reader, case_id: UUID) -> CaseRow:
    """Return one case; NotFound."""
    row = (await reader.session.execute(_rows(reader).where(_K.c.case_id == case_id))).first()
    if row is None:
        raise NotFound("no such case")
    return CaseRow(**row._mapping)  # noqa: SLF001 - as above


async def find_open_case(reader: Reader, customer_id: UUID) -> CaseRow | None:
    """Return the open case of the customer's household."""
    household = select(func.coalesce(_C.c.household_id, _C.c.customer_id)).where(
        _C.c.tenant_id == reader.tenant_id, _C.c.customer_id == customer_id
    )
    query = _rows(reader).where(
        _K.c.state == "open", or_(_K.c.household == household.scalar_subquery(), _K.c.customer_id == customer_id)
    )
    row = (await reader.session.execute(query.limit(1))).first()
    return CaseRow(**row._mapping) if row else None  # noqa: SLF001 - as above


async def count_cases(reader: Reader) -> dict[str, int]:
    """Return how many are open, late and mine."""
    mine = _K.c.owner_id == reader.actor.id if reader.actor.kind == "staff" else _K.c.owner_id.is_(None)
    query = select(
        func.count().label("open"),
        func.count().filter(_K.c.due_at < reader.now).label("late"),
        func.count().filter(mine).label("mine"),
    ).where(_K.c.tenant_id == reader.tenant_id, _K.c.state == "open")
    return dict((await reader.session.execute(query)).one()._mapping)  # noqa: SLF001 - as above


@Counter
def count_late(asked: Asked) -> Select[int]:
    """Return how many open cases are late."""
    late = (_K.c.state == "open", _K.c.due_at < asked.now)
    return select(func.count()).select_from(_K).where(_K.c.tenant_id == asked.tenant_id, *late)


async def list_signs(reader: Reader, case_id: UUID) -> list[SignRow]:
    """Return a case's signs, the first one first."""
    query = (
        select(_G.c.signal, _G.c.at, _G.c.data)
        .where(_G.c.tenant_id == reader.tenant_id, _G.c.case_id == case_id)
        .order_by(_G.c.signal_id)
    )
    return [SignRow(signal=row.signal, at=row.at, data=row.data) for row in await reader.session.execute(query)]


async def list_steps(reader: Reader, case_id: UUID) -> list[StepRow]:
    """Return what was done, the newest first."""
    query = (
        select(_E.c.kind, _E.c.data, _E.c.words, _E.c.actor_name, _E.c.at)
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.case_id == case_id)
        .order_by(_E.c.step_id.desc())
    )
    return [StepRow(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def find_winback(reader: Reader, case_id: UUID) -> WinbackRow | None:
    """Return the offer of a case's episode, if it has one."""
    query = select(*(_B.c[name] for name in WinbackRow.__struct_fields__)).where(
        _B.c.tenant_id == reader.tenant_id, _B.c.case_id == case_id
    )
    row = (await reader.session.execute(query)).first()
    return WinbackRow(**row._mapping) if row else None  # noqa: SLF001 - as above


async def find_planned(reader: Reader, customer_id: UUID) -> PlannedRow | None:
    """Return when the customer was asked to come again."""
    query = select(_V.c.planned_on, _V.c.reason, _V.c.set_by_name).where(
        _V.c.tenant_id == reader.tenant_id, _V.c.customer_id == customer_id
    )
    row = (await reader.session.execute(query)).first()
    return PlannedRow(**row._mapping) if row else None  # noqa: SLF001 - as above
