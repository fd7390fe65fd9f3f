"""Reads the price list: the edition in force at an instant, drafts, history, and the public address."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.db import table_of
from core.errors import NotFound
from core.uow import Reader
from core.visits.models import PriceItem, PriceLink, PriceVersion
from core.visits.rules.prices import CATEGORIES, Item

_V, _I, _L = table_of(PriceVersion), table_of(PriceItem), table_of(PriceLink)


class VersionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of the price list without its items."""

    version_id: UUID
    number: int
    state: str
    note: str
    copied_from: int | None
    effective_from: datetime | None
    published_at: datetime | None
    published_by_name: str
    created_at: datetime
    created_by_name: str


_VERSION = tuple(_V.c[name] for name in VersionFacts.__struct_fields__)
_ITEM = tuple(_I.c[name] for name in Item.__struct_fields__)


async def get_version(reader: Reader, version_id: UUID) -> VersionFacts:
    """Return one edition; raise NotFound when this tenant has none of that id."""
    query = select(*_VERSION).where(_V.c.tenant_id == reader.tenant_id, _V.c.version_id == version_id)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such edition of the price list")
    return VersionFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def find_live_version(reader: Reader, *, at: datetime | None = None) -> VersionFacts | None:
    """Return the edition in force: of those published and begun, the one that began last; the later number wins a tie."""
    query = (
        select(*_VERSION)
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.state == "published")
        .where(_V.c.effective_from <= (at or reader.now))
        .order_by(_V.c.effective_from.desc(), _V.c.number.desc())
        .limit(1)
    )
    row = (await reader.session.execute(query)).first()
    return VersionFacts(**row._mapping) if row is not None else None  # noqa: SLF001 - as above


async def find_draft(reader: Reader) -> VersionFacts | None:
    """Return the edition that is being written; there is one at most."""
    query = select(*_VERSION).where(_V.c.tenant_id == reader.tenant_id, _V.c.state == "draft").limit(1)
    row = (await reader.session.execute(query)).first()
    return VersionFacts(**row._mapping) if row is not None else None  # noqa: SLF001 - as above


async def list_versions(reader: Reader, *, limit: int = 50) -> list[VersionFacts]:
    """Return all editions, the newest first."""
    query = select(*_VERSION).where(_V.c.tenant_id == reader.tenant_id).order_by(_V.c.number.desc()).limit(limit)
    return [VersionFacts(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def list_items(reader: Reader, version_id: UUID) -> list[Item]:
    """Return an edition's items by fee category in the documents' order, then by code."""
    query = select(*_ITEM).where(_I.c.tenant_id == reader.tenant_id, _I.c.version_id == version_id)
    items = [Item(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above
    return sorted(items, key=lambda item: (CATEGORIES.index(item.category), item.code))


async def list_live_items(reader: Reader) -> list[Item]:
    """Return what can be charged now."""
    live = await find_live_version(reader)
    return [item for item in await list_items(reader, live.version_id) if item.active] if live else []


async def count_items(reader: Reader, version_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many items each edition has."""
    if not version_ids:
        return {}
    query = (
        select(_I.c.version_id, func.count())
        .where(_I.c.tenant_id == reader.tenant_id, _I.c.version_id.in_(version_ids))
        .group_by(_I.c.version_id)
    )
    return {row[0]: row[1] for row in await reader.session.execute(query)}


async def find_price_code(reader: Reader) -> str | None:
    """Return the public code of the chain's price list, or None while nobody has asked for it."""
    code = await reader.session.scalar(
        select(_L.c.code).where(_L.c.tenant_id == reader.tenant_id, _L.c.place == "chain")
    )
    return None if code is None else str(code)


async def find_price_place(reader: Reader, *, code: str) -> bool:
    """Tell whether this is the code of the tenant's price list."""
    found = await reader.session.scalar(select(_L.c.place).where(_L.c.tenant_id == reader.tenant_id, _L.c.code == code))
    return found is not None
