"""Reads exports: the list of files, one with its progress, who goes in, and the pieces of a finished file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.customers.models import Customer, CustomerPhone, Subject
from core.customers.queries import find_customers, get_subject_types
from core.days import local_date
from core.db import one_of, table_of
from core.errors import NotFound
from core.exports.models import ExportJob, ExportPiece
from core.exports.rules import ExportPlan, Person, Pet, Wanted, species_words
from core.hooks.records.forms import ChoiceField
from core.loyalty.queries import get_memberships, list_members
from core.profiles.queries import get_tags_of
from core.profiles.queries import list_matching as list_tagged
from core.programs.queries import get_ladder
from core.segments.queries import get_segment
from core.segments.queries import list_matching as list_in_segment
from core.tenancy.queries import list_branches
from core.uow import Reader

_J, _I = table_of(ExportJob), table_of(ExportPiece)
_C, _P, _S = table_of(Customer), table_of(CustomerPhone), table_of(Subject)
MOST_FOUND: Final = 200
"""A search is exported with so many of its hits, the best first: as many as a search finds."""


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One export as pages show it."""

    export_id: UUID
    number: int
    kind: str
    plan: ExportPlan
    state: str
    rows_total: int
    rows_done: int
    size_bytes: int
    created_at: datetime
    created_by_name: str
    finished_at: datetime | None
    expires_at: datetime


_FIELDS = tuple(_J.c[name] for name in ExportRecord.__struct_fields__ if name != "plan")


async def list_exports(reader: Reader, *, before: UUID | None = None, limit: int = 25) -> list[ExportRecord]:
    """Return the newest first; `before` is the last one seen."""
    query = select(*_FIELDS, _J.c.settings).where(_J.c.tenant_id == reader.tenant_id)
    if before is not None:
        query = query.where(_J.c.export_id < before)
    rows = await reader.session.execute(query.order_by(_J.c.export_id.desc()).limit(limit))
    return [_record(row) for row in rows]


async def get_export(reader: Reader, export_id: UUID) -> ExportRecord:
    """Return one export; raise NotFound when there is none."""
    mine = (_J.c.tenant_id == reader.tenant_id, _J.c.export_id == export_id)
    row = (await reader.session.execute(select(*_FIELDS, _J.c.settings).where(*mine))).first()
    if row is None:
        raise NotFound("no such export")
    return _record(row)


def _record(row: Any) -> ExportRecord:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    plan = msgspec.convert(values.pop("settings"), ExportPlan)
    return ExportRecord(**values, plan=plan)


async def list_pieces(reader: Reader, export_id: UUID) -> list[bytes]:
    """Return the file in its pieces; nothing when it is not kept (any more)."""
    mine = (_I.c.tenant_id == reader.tenant_id, _I.c.export_id == export_id)
    rows = await reader.session.scalars(select(_I.c.content).where(*mine).order_by(_I.c.piece_no))
    return [bytes(content) for content in rows]


async def list_wanted(reader: Reader, wanted: Wanted, *, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next customers who go into the file, newest first; `after` is the last one that was written.

    Raises:
        NotFound: a segment that is gone.
    """
    if wanted.q:
        hits = sorted(
            (row.customer_id for row in await find_customers(reader, wanted.q, limit=MOST_FOUND)), reverse=True
        )
        if wanted.tier:
            cards = await get_memberships(reader, hits)
            hits = [one for one in hits if (held := cards[one].tier) and held.code == wanted.tier]
        return [one for one in hits if after is None or one < after][:limit]
    if wanted.segment:
        segment = await get_segment(reader, wanted.segment)
        return await list_in_segment(reader, segment.tree, after=after, limit=limit)
    if wanted.tag:
        return await list_tagged(reader, tag_id=UUID(wanted.tag), after=after, limit=limit)
    if wanted.tier:
        return await list_members(reader, tier=wanted.tier, after=after, limit=limit)
    query = select(_C.c.customer_id).where(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active")
    if after is not None:
        query = query.where(_C.c.customer_id < after)
    return list(await reader.session.scalars(query.order_by(_C.c.customer_id.desc()).limit(limit)))


async def count_wanted(reader: Reader, wanted: Wanted) -> int:
    """Return how many customers go into the file now."""
    total, after, step = 0, None, 20_000
    while ids := await list_wanted(reader, wanted, after=after, limit=step):
        total, after = total + len(ids), ids[-1]
        if len(ids) < step:
            break
    return total


async def list_people(reader: Reader, ids: Sequence[UUID], plan: ExportPlan) -> list[Person]:
    """Return these customers as they go out, in the order of `ids`; few statements for any number."""
    mine = (_C.c.tenant_id == reader.tenant_id, one_of(_C.c.customer_id, ids), _C.c.state == "active")
    found = {row.customer_id: row for row in await reader.session.execute(select(_C).where(*mine))}
    phones: dict[UUID, list[str]] = {}
    of_phones = select(_P.c.customer_id, _P.c.phone_e164).where(_P.c.tenant_id == reader.tenant_id)
    for customer_id, phone in await reader.session.execute(
        of_phones.where(one_of(_P.c.customer_id, ids)).order_by(_P.c.position)
    ):
        phones.setdefault(customer_id, []).append(phone)
    pets = await _pets(reader, ids, plan)
    cards = await get_memberships(reader, list(found)) if {"tier", "spent"} & set(plan.columns) else {}
    ladder = await get_ladder(reader)
    tiers = species_words({one.code: one.label for one in ladder.tiers} if ladder else {}, plan.language)
    tags = await get_tags_of(reader, list(found)) if "tags" in plan.columns else {}
    branches = {one.branch_id: one.name for one in await list_branches(reader)} if "branch" in plan.columns else {}
    people = []
    for row in (found[one] for one in ids if one in found):
        card = cards.get(row.customer_id)
        people.append(
            Person(
                customer_id=row.customer_id,
                number=row.number,
                full_name=row.full_name,
                member_no=row.member_no,
                phones=tuple(phones.get(row.customer_id, ())),
                gender=row.gender,
                branch=branches.get(row.branch_id, ""),
                tier=tiers.get(card.tier.code, "") if card and card.tier else "",
                tags=tuple(tag.name for tag in tags.get(row.customer_id, ())),
                created_on=local_date(row.created_at, reader.scope.timezone),
                last_visit_on=row.last_visit_on,
                spent_fen=card.spent_fen if card else 0,
                note=row.note,
                pets=tuple(pets.get(row.customer_id, ())),
            )
        )
    return people


async def _pets(reader: Reader, ids: Sequence[UUID], plan: ExportPlan) -> dict[UUID, list[Pet]]:
    words: dict[str, str] = {}
    for kind in get_subject_types(reader):
        for field in kind.fields:
            if field.key == "species" and isinstance(field, ChoiceField):
                words |= species_words({option.value: option.label for option in field.options}, plan.language)
    query = select(_S).where(_S.c.tenant_id == reader.tenant_id, one_of(_S.c.customer_id, ids))
    pets: dict[UUID, list[Pet]] = {}
    for row in await reader.session.execute(query.order_by(_S.c.subject_id)):
        pet = Pet(
            name=row.name,
            species=words.get(row.species, row.species or ""),
            breed=row.breed,
            sex=row.sex,
            birthday=row.birthday,
            neutered=row.neutered,
            chip=row.chip,
        )
        pets.setdefault(row.customer_id, []).append(pet)
    return pets
