"""Reads tags, preferences, own fields, and which customers carry a tag or a value."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, exists, func, select

from core.customers.models import Customer, CustomerEvent, CustomValue
from core.customers.rules.profile import EntityType
from core.db import table_of
from core.errors import NotFound
from core.profiles.models import CustomerField, CustomerPreference, CustomerTag, CustomerTagging
from core.profiles.rules import SHIPPED, OwnField, fold_tag
from core.uow import Reader

_T, _G, _P, _F = (table_of(one) for one in (CustomerTag, CustomerTagging, CustomerPreference, CustomerField))
_C, _V, _E = table_of(Customer), table_of(CustomValue), table_of(CustomerEvent)
NOTE_CHANGES = ("note_changed", "note_removed", "note_restored")
"""Entries about a note; the timeline shows the note itself as it stands, with these behind it."""


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag, with how many customers carry it where that was asked."""

    tag_id: UUID
    name: str
    colour: str
    archived: bool = False
    count: int = 0


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer wishes; None means nothing was said."""

    clinician_id: UUID | None = None
    branch_id: UUID | None = None
    channel: str | None = None
    contact_time: str | None = None
    locale: str | None = None


class NoteVersion(msgspec.Struct, frozen=True):
    """What was done to a note, by whom and when."""

    kind: str
    body: str
    actor_name: str
    at: datetime


class NoteState(msgspec.Struct, frozen=True):
    """A note as it stands: its present words, whether it was taken away, and its changes, oldest first."""

    body: str | None
    removed: bool
    versions: tuple[NoteVersion, ...]


def _tag(row: Any, count: int = 0) -> Tag:
    return Tag(tag_id=row.tag_id, name=row.name, colour=row.colour, archived=row.archived_at is not None, count=count)


async def list_tags(reader: Reader, *, archived: bool = False) -> list[Tag]:
    """Return the tenant's tags by name, each with the number of customers who carry it."""
    counted = (
        select(_G.c.tag_id, func.count().label("carried"))
        .join(_C, and_(_C.c.tenant_id == _G.c.tenant_id, _C.c.customer_id == _G.c.customer_id))
        .where(_G.c.tenant_id == reader.tenant_id, _C.c.state == "active")
        .group_by(_G.c.tag_id)
        .subquery()
    )
    query = (
        select(_T, func.coalesce(counted.c.carried, 0).label("carried"))
        .outerjoin(counted, counted.c.tag_id == _T.c.tag_id)
        .where(_T.c.tenant_id == reader.tenant_id)
        .order_by(_T.c.folded)
    )
    if not archived:
        query = query.where(_T.c.archived_at.is_(None))
    return [_tag(row, row.carried) for row in await reader.session.execute(query)]


async def find_tags(reader: Reader, text: str, *, limit: int = 8) -> list[Tag]:
    """Return tags that begin with what was typed, then those that hold it."""
    folded = fold_tag(text)
    mine = (_T.c.tenant_id == reader.tenant_id, _T.c.archived_at.is_(None))
    rows = [_tag(row) for row in await reader.session.execute(select(_T).where(*mine).order_by(_T.c.folded))]
    hits = [tag for tag in rows if folded in fold_tag(tag.name)]
    return sorted(hits, key=lambda tag: not fold_tag(tag.name).startswith(folded))[:limit]


async def get_tag(reader: Reader, tag_id: UUID) -> Tag:
    """Return one tag; raise NotFound when there is none."""
    mine = (_T.c.tenant_id == reader.tenant_id, _T.c.tag_id == tag_id)
    row = (await reader.session.execute(select(_T).where(*mine))).first()
    if row is None:
        raise NotFound("no such tag")
    return _tag(row)


async def get_tags_of(reader: Reader, customer_ids: Sequence[UUID]) -> dict[UUID, list[Tag]]:
    """Return the tags of these customers; one statement for a whole page of them."""
    query = (
        select(_G.c.customer_id, _T)
        .join(_T, and_(_T.c.tenant_id == _G.c.tenant_id, _T.c.tag_id == _G.c.tag_id))
        .where(_G.c.tenant_id == reader.tenant_id, _G.c.customer_id.in_(customer_ids), _T.c.archived_at.is_(None))
        .order_by(_T.c.folded)
    )
    found: dict[UUID, list[Tag]] = {}
    for row in await reader.session.execute(query):
        found.setdefault(row.customer_id, []).append(_tag(row))
    return found


async def get_preference(reader: Reader, customer_id: UUID) -> Preference:
    """Return what a customer wishes; all None when nothing was said."""
    columns = tuple(_P.c[name] for name in Preference.__struct_fields__)
    mine = (_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == customer_id)
    row = (await reader.session.execute(select(*columns).where(*mine))).first()
    return Preference(**row._mapping) if row else Preference()  # noqa: SLF001 - SQLAlchemy's public name


async def list_fields(
    reader: Reader, *, entity_type: EntityType | None = None, archived: bool = False
) -> list[OwnField]:
    """Return the fields beyond the record: those we ship, then the tenant's own in its order."""
    query = select(_F).where(_F.c.tenant_id == reader.tenant_id).order_by(_F.c.position, _F.c.key)
    if entity_type is not None:
        query = query.where(_F.c.entity_type == entity_type)
    if not archived:
        query = query.where(_F.c.archived_at.is_(None))
    own = [
        OwnField(
            entity_type=row.entity_type,
            key=row.key,
            label=row.label,
            kind=row.kind,
            options=tuple((value, label) for value, label in row.options),
            position=row.position,
            archived=row.archived_at is not None,
        )
        for row in await reader.session.execute(query)
    ]
    return [field for field in SHIPPED if entity_type in {None, field.entity_type}] + own


async def get_field(reader: Reader, entity_type: EntityType, key: str) -> OwnField:
    """Return one field, archived or not; raise NotFound when there is none."""
    fields = await list_fields(reader, entity_type=entity_type, archived=True)
    found = next((field for field in fields if field.key == key), None)
    if found is None:
        raise NotFound("no such field")
    return found


async def list_matching(
    reader: Reader,
    *,
    tag_id: UUID | None = None,
    field_key: str = "",
    value: str | int | date | None = None,
    among: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int = 25,
) -> list[UUID]:
    """Return customers who carry the tag and the value, newest first; plain equality, so the indexes are used."""
    query = select(_C.c.customer_id).where(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active")
    if among is not None:
        query = query.where(_C.c.customer_id.in_(among))
    if tag_id is not None:
        query = query.where(
            exists().where(
                _G.c.tenant_id == reader.tenant_id, _G.c.tag_id == tag_id, _G.c.customer_id == _C.c.customer_id
            )
        )
    if field_key and value is not None:
        column = _V.c.v_date if isinstance(value, date) else _V.c.v_int if isinstance(value, int) else _V.c.v_text
        query = query.where(
            exists().where(
                _V.c.tenant_id == reader.tenant_id,
                _V.c.entity_type == "customer",
                _V.c.field_key == field_key,
                column == (int(value) if isinstance(value, int) else value),
                _V.c.entity_id == _C.c.customer_id,
            )
        )
    if after is not None:
        query = query.where(_C.c.customer_id < after)
    return list(await reader.session.scalars(query.order_by(_C.c.customer_id.desc()).limit(limit)))


async def get_note_states(reader: Reader, note_ids: Sequence[UUID]) -> dict[UUID, NoteState]:
    """Return how notes that were changed or taken away stand now; untouched ones are left out."""
    if not note_ids:
        return {}
    query = (
        select(_E.c.ref_id, _E.c.kind, _E.c.data, _E.c.actor_name, _E.c.at)
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.ref_id.in_(note_ids), _E.c.kind.in_(NOTE_CHANGES))
        .order_by(_E.c.event_id)
    )
    versions: dict[UUID, list[NoteVersion]] = {}
    for row in await reader.session.execute(query):
        version = NoteVersion(row.kind, str(row.data.get("body", "")), row.actor_name, row.at)
        versions.setdefault(row.ref_id, []).append(version)
    return {
        note_id: NoteState(
            body=next((one.body for one in reversed(done) if one.kind == "note_changed"), None),
            removed=next((one.kind == "note_removed" for one in reversed(done) if one.kind != "note_changed"), False),
            versions=tuple(done),
        )
        for note_id, done in versions.items()
    }
