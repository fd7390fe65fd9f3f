"""Writes the price list: a draft is changed, published from an instant on, and never changed again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.tenancy.actions import new_public_code
from core.uow import UnitOfWork
from core.visits.models import PriceItem, PriceLink, PriceVersion
from core.visits.queries.prices import (
    VersionFacts,
    find_draft,
    find_live_version,
    find_price_code,
    get_version,
    list_items,
)
from core.visits.rules.prices import MAX_ITEMS, Item, item_problems

_V, _I, _L = table_of(PriceVersion), table_of(PriceItem), table_of(PriceLink)
COUNTER = "price_list"
FARTHEST = timedelta(days=366)
MAX_NOTE = 300


class PricesClosed(Conflict):
    """This edition was published or withdrawn: it stays as it is, a change is a new draft."""

    code = "prices-closed"


async def start_draft(uow: UnitOfWork, *, from_version: UUID | None = None) -> UUID:
    """Return the draft, beginning one as a copy of the edition in force (or of the one named) when there is none."""
    await _lock(uow)
    draft = await find_draft(uow)
    if draft is not None:
        return draft.version_id
    source = await get_version(uow, from_version) if from_version else await find_live_version(uow)
    return await _copy(uow, source, state="draft")


async def keep_item(uow: UnitOfWork, *, version_id: UUID, item: Item) -> None:
    """Put an item into the draft, or change the one with its code.

    Raises:
        InvalidInput: every problem at once.
        PricesClosed: the edition is no draft.
    """
    await keep_items(uow, version_id=version_id, items=[item])


async def keep_items(uow: UnitOfWork, *, version_id: UUID, items: Sequence[Item]) -> None:
    """Put several items into the draft; what is not among them stays."""
    await _open_draft(uow, version_id)
    problems = [problem for item in items for problem in item_problems(item)]
    if problems:
        raise InvalidInput(tuple(problems))
    known = {item.code for item in await list_items(uow, version_id)}
    if len(known | {item.code for item in items}) > MAX_ITEMS:
        raise InvalidInput((FieldProblem("code", "too-many", {"max": MAX_ITEMS}),))
    for item in items:
        values = msgspec.structs.asdict(item)
        fresh = upsert(_I).values(tenant_id=uow.tenant_id, version_id=version_id, **values)
        await uow.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["tenant_id", "version_id", "code"],
                set_={name: value for name, value in values.items() if name != "code"},
            )
        )
    uow.audit("prices.items", "price_version", version_id, {"codes": [item.code for item in items][:50]})


async def remove_item(uow: UnitOfWork, *, version_id: UUID, code: str) -> None:
    """Take an item out of the draft; the editions before keep it."""
    await _open_draft(uow, version_id)
    gone = await uow.session.execute(
        delete(_I)
        .where(_I.c.tenant_id == uow.tenant_id, _I.c.version_id == version_id, _I.c.code == code)
        .returning(_I.c.code)
    )
    if gone.first() is None:
        raise NotFound("no such item")
    uow.audit("prices.remove_item", "price_version", version_id, {"code": code})


async def publish_prices(
    uow: UnitOfWork, *, version_id: UUID, effective_from: datetime | None = None, note: str = ""
) -> VersionFacts:
    """Publish the draft from an instant on (now when none is named); from here on it cannot be changed.

    Raises:
        InvalidInput: it is empty, or would begin in the past or more than a year ahead.
    """
    await _open_draft(uow, version_id)
    moment = _check_moment(uow, effective_from, note)
    if not await list_items(uow, version_id):
        raise InvalidInput((FieldProblem("items", "prices-empty"),))
    await _publish(uow, version_id, moment, note)
    return await get_version(uow, version_id)


async def publish_again(
    uow: UnitOfWork, *, version_id: UUID, effective_from: datetime | None = None, note: str = ""
) -> VersionFacts:
    """Roll back: publish an old edition again, as a new one with the same items."""
    await _lock(uow)
    old = await get_version(uow, version_id)
    if old.state == "draft":
        raise PricesClosed(version_id=version_id)
    moment = _check_moment(uow, effective_from, note)
    fresh = await _copy(uow, old, state="draft")
    await _publish(uow, fresh, moment, note)
    return await get_version(uow, fresh)


async def withdraw_prices(uow: UnitOfWork, *, version_id: UUID) -> None:
    """Give a draft up, or call back an edition before it begins; one that is or was in force stays.

    Raises:
        PricesClosed: it has begun.
    """
    await _lock(uow)
    found = await get_version(uow, version_id)
    begun = found.state == "published" and found.effective_from is not None and found.effective_from <= uow.now
    if begun or found.state == "withdrawn":
        raise PricesClosed(version_id=version_id)
    await _set(uow, version_id, state="withdrawn")
    uow.audit("prices.withdraw", "price_version", version_id, {"number": found.number})


async def give_price_code(uow: UnitOfWork) -> str:
    """Return the code of the public price page, making it on first use; its poster never has to be reprinted."""
    known = await find_price_code(uow)
    if known is not None:
        return known
    statement = upsert(_L).values(
        tenant_id=uow.tenant_id, place="chain", code=await new_public_code(uow), created_at=uow.now
    )
    await uow.session.execute(statement.on_conflict_do_nothing(index_elements=["tenant_id", "place"]))
    uow.audit("prices.link", "tenant", uow.tenant_id)
    return str(await find_price_code(uow))


async def _lock(uow: UnitOfWork) -> None:
    """Who writes the list waits for the other who does."""
    place = func.hashtextextended(f"{uow.tenant_id}:prices", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))


async def _open_draft(uow: UnitOfWork, version_id: UUID) -> VersionFacts:
    await _lock(uow)
    found = await get_version(uow, version_id)
    if found.state != "draft":
        raise PricesClosed(version_id=version_id)
    return found


def _check_moment(uow: UnitOfWork, effective_from: datetime | None, note: str) -> datetime:
    moment = effective_from or uow.now
    problems = []
    # A minute's grace: the form was made before it was sent.
    if moment < uow.now - timedelta(minutes=1):
        problems.append(FieldProblem("effective_from", "in-the-past"))
    elif moment > uow.now + FARTHEST:
        problems.append(FieldProblem("effective_from", "too-far-ahead"))
    if len(note) > MAX_NOTE:
        problems.append(FieldProblem("note", "too-long", {"max": MAX_NOTE}))
    if problems:
        raise InvalidInput(tuple(problems))
    return max(moment, uow.now)


async def _copy(uow: UnitOfWork, source: VersionFacts | None, *, state: str) -> UUID:
    version_id = new_id()
    await uow.session.execute(
        insert(_V).values(
            tenant_id=uow.tenant_id,
            version_id=version_id,
            number=await uow.next_number(COUNTER),
            state=state,
            note="",
            copied_from=source.number if source else None,
            published_by_name="",
            created_at=uow.now,
            created_by_name=uow.actor.name,
        )
    )
    items = await list_items(uow, source.version_id) if source else []
    if items:
        mine = {"tenant_id": uow.tenant_id, "version_id": version_id}
        await uow.session.execute(insert(_I), [mine | msgspec.structs.asdict(item) for item in items])
    uow.audit("prices.draft", "price_version", version_id, {"from": source.number if source else None})
    return version_id


async def _publish(uow: UnitOfWork, version_id: UUID, moment: datetime, note: str) -> None:
    await _set(
        uow,
        version_id,
        state="published",
        effective_from=moment,
        published_at=uow.now,
        published_by_name=uow.actor.name,
        note=note.strip(),
    )
    uow.audit("prices.publish", "price_version", version_id, {"effective_from": moment.isoformat()})


async def _set(uow: UnitOfWork, version_id: UUID, **values: Any) -> None:
    mine = (_V.c.tenant_id == uow.tenant_id, _V.c.version_id == version_id)
    await uow.session.execute(update(_V).where(*mine).values(**values))
