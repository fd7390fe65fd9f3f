"""Changes tags, preferences, notes and households of customers; each act can be taken back by its counterpart."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from core.customers.actions import record_event
from core.customers.models import Customer, CustomerEvent
from core.customers.queries import list_cluster
from core.customers.rules.names import MAX_NOTE, clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.profiles.models import CustomerPreference, CustomerTag, CustomerTagging
from core.profiles.queries import Preference, Tag, get_note_states, get_preference, get_tag
from core.profiles.rules import CHANNELS, MAX_TAGS, MAX_TAGS_EACH, TIMES, clean_tag, fold_tag, tag_problems
from core.uow import UnitOfWork

_T, _G, _P = table_of(CustomerTag), table_of(CustomerTagging), table_of(CustomerPreference)
_C, _E = table_of(Customer), table_of(CustomerEvent)


class DuplicateTag(Conflict):
    """A tag with this name, or a spelling of it, is there already."""

    code = "duplicate-tag"


async def add_tag(uow: UnitOfWork, *, name: str, colour: str = "grey") -> UUID:
    """Make a tag; the name of an archived one brings that one back.

    Raises:
        DuplicateTag: a living tag is spelt like this.
    """
    name = clean_tag(name)
    problems = tag_problems(name=name, colour=colour)
    if problems:
        raise InvalidInput(problems)
    known = (
        await uow.session.execute(
            select(_T.c.tag_id, _T.c.archived_at).where(_T.c.tenant_id == uow.tenant_id, _T.c.folded == fold_tag(name))
        )
    ).first()
    if known is not None and known.archived_at is None:
        raise DuplicateTag(name=name)
    tag_id = new_id() if known is None else known.tag_id
    assert isinstance(tag_id, UUID)
    if known is not None:
        await _change(uow, tag_id, {"name": name, "colour": colour, "archived_at": None})
    else:
        count = select(func.count()).select_from(_T).where(_T.c.tenant_id == uow.tenant_id)
        if (await uow.session.scalar(count) or 0) >= MAX_TAGS:
            raise InvalidInput((FieldProblem("name", "too-many", {"max": MAX_TAGS}),))
        row = {"tenant_id": uow.tenant_id, "tag_id": tag_id, "name": name, "folded": fold_tag(name)}
        await uow.session.execute(insert(_T).values(**row, colour=colour, archived_at=None, created_at=uow.now))
    uow.audit("tag.add", "tag", tag_id, {"name": name})
    return tag_id


async def change_tag(uow: UnitOfWork, *, tag_id: UUID, name: str, colour: str) -> None:
    """Give a tag another name or colour."""
    name = clean_tag(name)
    problems = tag_problems(name=name, colour=colour)
    if problems:
        raise InvalidInput(problems)
    await get_tag(uow, tag_id)
    try:
        async with uow.session.begin_nested():
            await _change(uow, tag_id, {"name": name, "folded": fold_tag(name), "colour": colour})
    except IntegrityError:
        raise DuplicateTag(name=name) from None
    uow.audit("tag.change", "tag", tag_id, {"name": name})


async def archive_tag(uow: UnitOfWork, *, tag_id: UUID, archived: bool = True) -> Tag:
    """Take a tag out of use, or bring it back; customers keep it meanwhile, unseen."""
    tag = await get_tag(uow, tag_id)
    await _change(uow, tag_id, {"archived_at": uow.now if archived else None})
    uow.audit("tag.archive" if archived else "tag.restore", "tag", tag_id, {"name": tag.name})
    return tag


async def _change(uow: UnitOfWork, tag_id: UUID, values: dict[str, Any]) -> None:
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.tag_id == tag_id)
    await uow.session.execute(update(_T).where(*mine).values(**values))


async def tag_customer(
    uow: UnitOfWork, *, customer_id: UUID, tag_id: UUID | None = None, name: str = "", may_make: bool = False
) -> Tag:
    """Put a tag on a customer; a new name makes a new tag when `may_make`. Twice is once.

    Raises:
        InvalidInput: no such tag, or too many on this customer.
    """
    await _locked(uow, customer_id)
    if tag_id is None:
        found = (_T.c.tenant_id == uow.tenant_id, _T.c.folded == fold_tag(name), _T.c.archived_at.is_(None))
        tag_id = await uow.session.scalar(select(_T.c.tag_id).where(*found))
        if tag_id is None:
            if not may_make or not clean_tag(name):
                raise InvalidInput((FieldProblem("name", "unknown-tag" if clean_tag(name) else "required"),))
            tag_id = await add_tag(uow, name=name)
    tag = await get_tag(uow, tag_id)
    mine = select(func.count()).where(_G.c.tenant_id == uow.tenant_id, _G.c.customer_id == customer_id)
    if (await uow.session.scalar(mine) or 0) >= MAX_TAGS_EACH:
        raise InvalidInput((FieldProblem("name", "too-many", {"max": MAX_TAGS_EACH}),))
    row = {"tenant_id": uow.tenant_id, "tag_id": tag_id, "customer_id": customer_id}
    statement = upsert(_G).values(**row, actor_name=uow.actor.name, at=uow.now).on_conflict_do_nothing()
    if (await uow.session.execute(statement.returning(_G.c.tag_id))).first() is not None:
        uow.audit("customer.tag", "customer", customer_id, {"tag_id": str(tag_id)})
    return tag


async def untag_customer(uow: UnitOfWork, *, customer_id: UUID, tag_id: UUID) -> Tag:
    """Take a tag off a customer; twice is once."""
    tag = await get_tag(uow, tag_id)
    await _locked(uow, customer_id)
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.tag_id == tag_id, _G.c.customer_id == customer_id)
    if (await uow.session.execute(delete(_G).where(*mine).returning(_G.c.tag_id))).first() is not None:
        uow.audit("customer.untag", "customer", customer_id, {"tag_id": str(tag_id)})
    return tag


async def set_preference(uow: UnitOfWork, *, customer_id: UUID, preference: Preference) -> Preference:
    """Write down what a customer wishes; return what was wished before, with which an undo works.

    Staff and branch must be the tenant's own: the keys see to it.
    """
    problems = []
    if preference.channel is not None and preference.channel not in CHANNELS:
        problems.append(FieldProblem("channel", "bad-choice"))
    if preference.contact_time is not None and preference.contact_time not in TIMES:
        problems.append(FieldProblem("contact_time", "bad-choice"))
    if preference.locale not in {None, "zh-CN", "en"}:
        problems.append(FieldProblem("locale", "bad-choice"))
    if problems:
        raise InvalidInput(tuple(problems))
    await _locked(uow, customer_id)
    before = await get_preference(uow, customer_id)
    values = {name: getattr(preference, name) for name in Preference.__struct_fields__} | {"changed_at": uow.now}
    statement = upsert(_P).values(tenant_id=uow.tenant_id, customer_id=customer_id, **values)
    try:
        async with uow.session.begin_nested():
            await uow.session.execute(
                statement.on_conflict_do_update(index_elements=["tenant_id", "customer_id"], set_=values)
            )
    except IntegrityError:
        raise NotFound("no such person or branch") from None
    changed = [n for n in Preference.__struct_fields__ if getattr(before, n) != getattr(preference, n)]
    if changed:
        uow.audit("customer.preference", "customer", customer_id, {"fields": changed})
    return before


async def leave_household(uow: UnitOfWork, *, customer_id: UUID) -> UUID | None:
    """Take a customer out of the household; return which it was, for `enter_household`."""
    row = await _locked(uow, customer_id)
    if row.household_id is not None:
        await _move(uow, customer_id, None)
    household_id = row.household_id
    assert household_id is None or isinstance(household_id, UUID)
    return household_id


async def enter_household(uow: UnitOfWork, *, customer_id: UUID, household_id: UUID) -> None:
    """Put a customer (back) into a household that is there."""
    await _locked(uow, customer_id)
    try:
        async with uow.session.begin_nested():
            await _move(uow, customer_id, household_id)
    except IntegrityError:
        raise NotFound("no such household") from None


async def _move(uow: UnitOfWork, customer_id: UUID, household_id: UUID | None) -> None:
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
    await uow.session.execute(update(_C).where(*mine).values(household_id=household_id))
    uow.audit("household.enter" if household_id else "household.leave", "customer", customer_id)


async def change_note(uow: UnitOfWork, *, customer_id: UUID, note_id: UUID, body: str) -> None:
    """Say a note in other words; the words before stay readable behind it."""
    words = clean_text(body)
    if not words:
        raise InvalidInput((FieldProblem("body", "required"),))
    if len(words) > MAX_NOTE:
        raise InvalidInput((FieldProblem("body", "too-long", {"max": MAX_NOTE}),))
    note = await _note(uow, customer_id, note_id)
    state = (await get_note_states(uow, [note_id])).get(note_id)
    if words != (state.body if state and state.body is not None else note.data.get("body")):
        await record_event(uow, customer_id=note.customer_id, kind="note_changed", data={"body": words}, ref_id=note_id)


async def remove_note(uow: UnitOfWork, *, customer_id: UUID, note_id: UUID, removed: bool = True) -> None:
    """Take a note off the timeline, or put it back."""
    note = await _note(uow, customer_id, note_id)
    kind = "note_removed" if removed else "note_restored"
    await record_event(uow, customer_id=note.customer_id, kind=kind, ref_id=note_id)


async def _note(uow: UnitOfWork, customer_id: UUID, note_id: UUID) -> Any:
    await _locked(uow, customer_id)
    people = await list_cluster(uow, customer_id)
    mine = (_E.c.tenant_id == uow.tenant_id, _E.c.event_id == note_id, _E.c.kind == "note")
    row = (await uow.session.execute(select(_E).where(*mine, _E.c.customer_id.in_(people)))).first()
    if row is None:
        raise NotFound("no such note")
    return row


async def _locked(uow: UnitOfWork, customer_id: UUID) -> Any:
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active")
    statement = select(_C.c.customer_id, _C.c.household_id).where(*mine).with_for_update(key_share=True)
    row = (await uow.session.execute(statement)).first()
    if row is None:
        raise NotFound("no such customer")
    return row
