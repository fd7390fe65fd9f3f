"""Reads remedies: those of a case with their cost, what waits, what fits a case, and the limits of roles."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from core.asked import Asked
from core.complaints.models import Complaint
from core.complaints.queries.cases import ComplaintDetail
from core.counts import Counter
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.remedies import RemedyOffer
from core.hooks.records.text import Text
from core.hooks.specs.complaints import complaint_categories
from core.hooks.specs.remedies import complaint_remedies
from core.programs.queries import get_program
from core.remedies.models import Remedy, RemedyLimit
from core.remedies.rules import DEFAULT_LIMITS, SPENT, STANDING, Limit, suggest, template_cost
from core.uow import Reader

_R, _L, _C = table_of(Remedy), table_of(RemedyLimit), table_of(Complaint)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What giving a remedy needs: points, a coupon's template, a purchase to take back from, a thing to hand over."""

    points: int = 0
    template: str = ""
    purchase_id: UUID | None = None
    item: str = ""
    turn: int = 0
    """How often the ledger's own approver has said no; each try has a key of its own."""


class RemedyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy as pages and reports see it."""

    remedy_id: UUID
    complaint_id: UUID
    kind: str
    offer: str
    label: Text
    note: str
    cost_fen: int
    terms: Terms
    key: str
    state: str
    asked_by: UUID | None
    asked_by_name: str
    asked_at: datetime
    decided_by_name: str
    decided_at: datetime | None
    answered_how: str
    answered_by_name: str
    answered_at: datetime | None
    words: str
    ref_id: UUID | None
    ref_text: str
    given_by_name: str
    given_at: datetime | None
    undone_by_name: str
    undone_at: datetime | None


_COLUMNS: Final = tuple(_R.c[name] for name in RemedyFacts.__struct_fields__)


def _facts(row: Any) -> RemedyFacts:
    kept: Mapping[str, Any] = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return RemedyFacts(**{**kept, "terms": msgspec.convert(kept["terms"], Terms)})


async def list_remedies(reader: Reader, complaint_id: UUID) -> list[RemedyFacts]:
    """Return the remedies of a case, in the order in which they were thought of."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.complaint_id == complaint_id)
    rows = await reader.session.execute(select(*_COLUMNS).where(*mine).order_by(_R.c.remedy_id))
    return [_facts(row) for row in rows]


async def get_remedy(reader: Reader, remedy_id: UUID, *, lock: bool = False) -> RemedyFacts:
    """Return one remedy; `lock` keeps others from moving it meanwhile.

    Raises:
        NotFound: there is none.
    """
    query = select(*_COLUMNS).where(_R.c.tenant_id == reader.tenant_id, _R.c.remedy_id == remedy_id)
    row = (await reader.session.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound("no such remedy")
    return _facts(row)


async def find_remedy_by_key(reader: Reader, key: str) -> RemedyFacts | None:
    """Return the remedy that was proposed with a key, or None."""
    query = select(*_COLUMNS).where(_R.c.tenant_id == reader.tenant_id, _R.c.key == key)
    row = (await reader.session.execute(query)).first()
    return None if row is None else _facts(row)


async def find_held_remedy(reader: Reader, held_id: UUID) -> RemedyFacts | None:
    """Return the remedy whose points wait at the points desk, or None."""
    query = select(*_COLUMNS).where(_R.c.tenant_id == reader.tenant_id, _R.c.ref_id == held_id, _R.c.state == "held")
    row = (await reader.session.execute(query)).first()
    return None if row is None else _facts(row)


async def _sum(reader: Reader, complaint_id: UUID, states: frozenset[str]) -> int:
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.complaint_id == complaint_id, _R.c.state.in_(sorted(states)))
    return int(await reader.session.scalar(select(func.coalesce(func.sum(_R.c.cost_fen), 0)).where(*mine)) or 0)


async def get_cost(reader: Reader, complaint_id: UUID) -> int:
    """Return what the case has cost in remedies, in fen: what was given and stands."""
    return await _sum(reader, complaint_id, SPENT)


async def get_standing(reader: Reader, complaint_id: UUID) -> int:
    """Return what the case would cost if everything that is offered, asked for or accepted were given."""
    return await _sum(reader, complaint_id, STANDING)


class WaitingRemedy(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy above its proposer's limit, with its case."""

    remedy_id: UUID
    complaint_id: UUID
    number: int
    title: str
    severity: str
    label: Text
    kind: str
    cost_fen: int
    note: str
    asked_by: UUID | None
    asked_by_name: str
    asked_at: datetime


async def list_waiting_remedies(reader: Reader, *, limit: int = 50) -> list[WaitingRemedy]:
    """Return what waits for somebody whose limit is enough, the oldest first."""
    elsewhere = {"number": _C.c.number, "title": _C.c.title, "severity": _C.c.severity}
    columns = [elsewhere[name] if name in elsewhere else _R.c[name] for name in WaitingRemedy.__struct_fields__]
    query = (
        select(*columns)
        .select_from(_R.join(_C, (_C.c.tenant_id == _R.c.tenant_id) & (_C.c.complaint_id == _R.c.complaint_id)))
        .where(_R.c.tenant_id == reader.tenant_id, _R.c.state == "waiting")
        .order_by(_R.c.remedy_id)
        .limit(limit)
    )
    return [WaitingRemedy(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


@Counter
def count_waiting(asked: Asked) -> Select[int]:
    """Return how many remedies wait."""
    return select(func.count()).select_from(_R).where(_R.c.tenant_id == asked.tenant_id, _R.c.state == "waiting")


async def get_limits(reader: Reader) -> dict[str, Limit]:
    """Return the limit of each role: the tenant's own over the product's."""
    rows = await reader.session.execute(
        select(_L.c.role, _L.c.remedy_fen, _L.c.case_fen).where(_L.c.tenant_id == reader.tenant_id)
    )
    return {**DEFAULT_LIMITS, **{row.role: Limit(row.remedy_fen, row.case_fen) for row in rows}}


def list_offers(reader: Reader, case: ComplaintDetail) -> tuple[RemedyOffer, ...]:
    """Return what the plugins suggest for this case, what fits it most first."""
    parents = {one.value.id: one.value.parent for one in reader.plugins.declared(complaint_categories)}
    offers = [one.value for one in reader.plugins.declared(complaint_remedies)]
    return suggest(offers, severity=case.severity, category=case.category, parents=parents)


class CouponChoice(msgspec.Struct, frozen=True):
    """A coupon of the program that can be offered."""

    template: str
    label: Text
    cost_fen: int | None


async def list_coupon_choices(reader: Reader) -> tuple[CouponChoice, ...]:
    """Return the coupons that the program in force gives out."""
    program = await get_program(reader)
    live = program.live(CouponTemplate) if program is not None else ()
    return tuple(CouponChoice(one.id, one.label, template_cost(one)) for one in live)


async def get_point_worth(reader: Reader) -> int:
    """Return what a point pays at most, in fen; 0 where points pay nothing."""
    program = await get_program(reader)
    return max((rule.fen_per_point for rule in program.live(Redeem)), default=0) if program is not None else 0
