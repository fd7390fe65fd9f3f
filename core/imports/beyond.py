"""Reads and writes what lists say beyond the record: contacts, tags and own fields, one statement per table and piece."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, and_, delete, exists, not_, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.bulk_insert import insert_many
from core.contacts.models import CustomerContact
from core.contacts.rules import MAX_CONTACTS
from core.customers.models import CustomValue, ProfileValue, Subject
from core.db import new_id, one_of, table_of
from core.imports.rules.beyond import OwnSaid, TagBook, own_target
from core.imports.rules.matching import Match
from core.imports.rules.reading import Reading
from core.profiles.models import CustomerTag, CustomerTagging
from core.profiles.queries import list_fields
from core.profiles.rules import MAX_TAGS_EACH, OwnField, fold_tag
from core.uow import Reader, UnitOfWork

_T, _G, _N = table_of(CustomerTag), table_of(CustomerTagging), table_of(CustomerContact)
_V, _H, _S = table_of(CustomValue), table_of(ProfileValue), table_of(Subject)
_VALUE = ("v_text", "v_int", "v_date")


class Held(msgspec.Struct):
    """What customers and subjects have beyond their records, by their ids."""

    contacts: dict[UUID, set[tuple[str, str]]]
    tags: dict[UUID, set[str]]
    own: dict[UUID, dict[str, Any]]


class Written(msgspec.Struct):
    """What one row is to write, and which record it goes to."""

    row_no: int
    customer_id: UUID
    subject_id: UUID | None
    contacts: Sequence[tuple[str, str]] = ()
    tags: Sequence[str] = ()
    own: Sequence[OwnSaid] = ()
    pet_own: Sequence[OwnSaid] = ()
    was: Mapping[str, Any] = {}
    pet_was: Mapping[str, Any] = {}
    is_new: bool = False
    is_new_pet: bool = False


async def list_own_fields(reader: Reader) -> dict[str, OwnField]:
    """Return the fields that a column may mean, by their targets."""
    return {own_target(field): field for field in await list_fields(reader)}


async def get_tag_book(reader: Reader) -> TagBook:
    """Return the tenant's tags as a dry run counts with them."""
    rows = list(
        await reader.session.execute(select(_T.c.folded, _T.c.archived_at).where(_T.c.tenant_id == reader.tenant_id))
    )
    return TagBook(
        (row.folded for row in rows if row.archived_at is None),
        archived=(row.folded for row in rows if row.archived_at is not None),
    )


async def find_held(reader: Reader, customer_ids: Sequence[UUID], subject_ids: Sequence[UUID]) -> Held:
    """Return what these have; three statements for any number."""
    held = Held({}, {}, {})
    contacts = select(_N.c.customer_id, _N.c.kind, _N.c.value)
    for one, kind, value in await reader.session.execute(
        contacts.where(_N.c.tenant_id == reader.tenant_id, one_of(_N.c.customer_id, customer_ids))
    ):
        held.contacts.setdefault(one, set()).add((kind, value))
    worn = select(_G.c.customer_id, _T.c.folded).join(
        _T, and_(_T.c.tenant_id == _G.c.tenant_id, _T.c.tag_id == _G.c.tag_id)
    )
    for one, folded in await reader.session.execute(
        worn.where(_G.c.tenant_id == reader.tenant_id, one_of(_G.c.customer_id, customer_ids))
    ):
        held.tags.setdefault(one, set()).add(folded)
    for row in await list_values(reader, [*customer_ids, *subject_ids]):
        held.own.setdefault(row.entity_id, {})[row.field_key] = _value(row)
    return held


async def list_values(reader: Reader, ids: Sequence[UUID]) -> list[Any]:
    """Return the present values of own fields of these customers and subjects."""
    if not ids:
        return []
    mine = (_V.c.tenant_id == reader.tenant_id, one_of(_V.c.entity_id, ids))
    return list(await reader.session.execute(select(_V).where(*mine, _V.c.entity_type.in_(("customer", "subject")))))


def _value(row: Any) -> Any:
    return next((value for name in _VALUE if (value := getattr(row, name)) is not None), None)


def plan_row(row_no: int, reading: Reading, match: Match, *, adds: bool) -> Written | None:
    """What the row writes beyond the record; the ids are filled in once they are known."""
    said: tuple[Any, Any, Any, Any]
    if match.known is None:
        said = (reading.contacts[:MAX_CONTACTS], reading.tags[:MAX_TAGS_EACH], reading.own, reading.pet_own)
    elif adds:
        said = (match.new_contacts, match.new_tags, match.own_changes, match.pet_own_changes)
    else:
        said = ((), (), (), ())
    if match.known is not None and match.pet is None:
        said = (*said[:3], reading.pet_own)
    if not any(said):
        return None
    was = match.known.own if match.known else {}
    pet_was = match.pet.own if match.pet else {}
    return Written(row_no, UUID(int=0), None, *said, was=was, pet_was=pet_was)


async def write_beyond(uow: UnitOfWork, rows: Sequence[Written], *, batch_id: UUID) -> dict[int, dict[str, Any]]:
    """Write all of it; return what each row really added, in the form that `take_back_beyond` reads."""
    added: dict[int, dict[str, Any]] = {}
    await _add_contacts(uow, rows, added)
    await _add_tags(uow, rows, added)
    await _set_values(uow, rows, added, batch_id=batch_id)
    return added


async def _add_contacts(uow: UnitOfWork, rows: Sequence[Written], added: dict[int, dict[str, Any]]) -> None:
    whose: dict[tuple[UUID, str, str], int] = {}
    for row in rows:
        for kind, value in row.contacts:
            whose.setdefault((row.customer_id, kind, value), row.row_no)
    if not whose:
        return
    stamp = {"tenant_id": uow.tenant_id, "label": "", "created_at": uow.now}
    values = [
        stamp | {"contact_id": new_id(), "customer_id": customer_id, "kind": kind, "value": value}
        for customer_id, kind, value in whose
    ]
    for new in await _insert_fresh(uow, _N, values, ("customer_id", "kind", "value")):
        added.setdefault(whose[tuple(new)], {}).setdefault("contacts", []).append([new.kind, new.value])


async def _add_tags(uow: UnitOfWork, rows: Sequence[Written], added: dict[int, dict[str, Any]]) -> None:
    names: dict[str, tuple[str, int]] = {}
    for row in rows:
        for name in row.tags:
            names.setdefault(fold_tag(name), (name, row.row_no))
    if not names:
        return
    mine = (_T.c.tenant_id == uow.tenant_id, one_of(_T.c.folded, names), _T.c.archived_at.is_(None))
    ids = {row.folded: row.tag_id for row in await uow.session.execute(select(_T.c.folded, _T.c.tag_id).where(*mine))}
    missing = [folded for folded in names if folded not in ids]
    if missing:
        stamp = {"tenant_id": uow.tenant_id, "colour": "grey", "archived_at": None, "created_at": uow.now}
        fresh = upsert(_T).values(
            [stamp | {"tag_id": new_id(), "name": names[folded][0], "folded": folded} for folded in missing]
        )
        # The name of an archived tag brings that one back, as it does for staff.
        statement = fresh.on_conflict_do_update(
            index_elements=["tenant_id", "folded"], set_={"archived_at": None}
        ).returning(_T.c.folded, _T.c.tag_id)
        for made in await uow.session.execute(statement):
            name, row_no = names[made.folded]
            ids[made.folded] = made.tag_id
            added.setdefault(row_no, {}).setdefault("tags_made", []).append(str(made.tag_id))
            uow.audit("tag.add", "tag", made.tag_id, {"name": name})
    whose: dict[tuple[UUID, UUID], int] = {}
    for one in rows:
        for name in one.tags:
            whose.setdefault((one.customer_id, ids[fold_tag(name)]), one.row_no)
    stamp = {"tenant_id": uow.tenant_id, "actor_name": uow.actor.name, "at": uow.now}
    values = [stamp | {"customer_id": customer_id, "tag_id": tag_id} for customer_id, tag_id in whose]
    for new in await _insert_fresh(uow, _G, values, ("customer_id", "tag_id")):
        added.setdefault(whose[tuple(new)], {}).setdefault("tags", []).append(str(new.tag_id))


_ROWS_AT_ONCE = 2_000
"""PostgreSQL takes 32,767 parameters; a row here has at most eight, half of that room."""


async def _insert_fresh(
    uow: UnitOfWork, table: Table, values: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[Any]:
    """Insert what is not there yet; return these columns of the rows that are new."""
    found: list[Any] = []
    for start in range(0, len(values), _ROWS_AT_ONCE):
        statement = upsert(table).values(list(values[start : start + _ROWS_AT_ONCE])).on_conflict_do_nothing()
        found += await uow.session.execute(statement.returning(*(table.c[name] for name in names)))
    return found


async def _set_values(
    uow: UnitOfWork, rows: Sequence[Written], added: dict[int, dict[str, Any]], *, batch_id: UUID
) -> None:
    values: dict[tuple[UUID, str], dict[str, Any]] = {}
    history = []
    for row in rows:
        for place, entity_type, entity_id, said, was, is_new in (
            ("own", "customer", row.customer_id, row.own, row.was, row.is_new),
            ("pet_own", "subject", row.subject_id, row.pet_own, row.pet_was, row.is_new_pet),
        ):
            for one in said:
                if entity_id is None or (entity_id, one.key) in values:
                    continue
                key = {"tenant_id": uow.tenant_id, "entity_type": entity_type, "entity_id": entity_id}
                values[entity_id, one.key] = (
                    key | {"field_key": one.key} | {name: getattr(one, name) for name in _VALUE}
                )
                old = was.get(one.key)
                added.setdefault(row.row_no, {}).setdefault(place, {})[one.key] = [old, one.value]
                if not is_new:
                    # Who is new was told by this list as a whole, as with the record itself; see `source` there.
                    told = {"value": str(one.value), "before": None if old is None else str(old)}
                    stamp = {"value_id": new_id(), "source": "import", "taken": True, "ref_id": batch_id}
                    history.append(
                        key | told | stamp | {"field_key": one.key, "actor_name": uow.actor.name, "at": uow.now}
                    )
    every = list(values.values())
    for start in range(0, len(every), _ROWS_AT_ONCE):
        fresh = upsert(_V).values(every[start : start + _ROWS_AT_ONCE])
        newer = {name: fresh.excluded[name] for name in _VALUE}
        await uow.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["tenant_id", "entity_type", "entity_id", "field_key"], set_=newer
            )
        )
    await insert_many(uow.session, _H, history)


async def remove_all_beyond(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> None:
    """Whoever leaves takes contacts, tags and own values along; before the pets go, for theirs go too."""
    if not customer_ids:
        return
    pets = select(_S.c.subject_id).where(_S.c.tenant_id == uow.tenant_id, one_of(_S.c.customer_id, customer_ids))
    await remove_values(uow, [*customer_ids, *await uow.session.scalars(pets)])
    for table in (_N, _G):
        await uow.session.execute(
            delete(table).where(table.c.tenant_id == uow.tenant_id, one_of(table.c.customer_id, customer_ids))
        )


async def remove_values(uow: UnitOfWork, ids: Sequence[UUID]) -> None:
    """Remove all own values of these customers and subjects."""
    await uow.session.execute(delete(_V).where(_V.c.tenant_id == uow.tenant_id, one_of(_V.c.entity_id, ids)))


async def take_back_beyond(uow: UnitOfWork, rows: Iterable[Any]) -> set[int]:
    """Take what these rows added from people who stay; return the rows whose values somebody changed since."""
    told = [(row, row.before or {}) for row in rows]
    contacts = [(row.customer_id, kind, value) for row, said in told for kind, value in said.get("contacts", ())]
    if contacts:
        these = tuple_(_N.c.customer_id, _N.c.kind, _N.c.value).in_(contacts)
        await uow.session.execute(delete(_N).where(_N.c.tenant_id == uow.tenant_id, these))
    worn = [(row.customer_id, UUID(one)) for row, said in told for one in said.get("tags", ())]
    if worn:
        these = tuple_(_G.c.customer_id, _G.c.tag_id).in_(worn)
        await uow.session.execute(delete(_G).where(_G.c.tenant_id == uow.tenant_id, these))
    return await _restore_values(uow, told)


async def _restore_values(uow: UnitOfWork, told: Sequence[tuple[Any, Mapping[str, Any]]]) -> set[int]:
    wanted = [
        (row.row_no, entity_type, entity_id, key, old, new)
        for row, said in told
        for place, entity_type, entity_id in (
            ("own", "customer", row.customer_id),
            ("pet_own", "subject", row.subject_id),
        )
        if not (place == "pet_own" and row.made_subject)  # its values go, or stay, with the pet itself
        for key, (old, new) in said.get(place, {}).items()
    ]
    if not wanted:
        return set()
    now = {
        (row.entity_id, row.field_key): row
        for row in await list_values(uow, list({entity for _, _, entity, *_ in wanted}))
    }
    changed: set[int] = set()
    gone: list[tuple[str, UUID, str]] = []
    back = []
    for row_no, entity_type, entity_id, key, old, new in wanted:
        row = now.get((entity_id, key))
        if row is None or _plain(_value(row)) != new:
            changed.add(row_no)
        elif old is None:
            gone.append((entity_type, entity_id, key))
        else:
            column = next(name for name in _VALUE if getattr(row, name) is not None)
            value = old if column != "v_date" else msgspec.convert(old, type(row.v_date))
            back.append((entity_id, key, column, value))
    if gone:
        these = tuple_(_V.c.entity_type, _V.c.entity_id, _V.c.field_key).in_(gone)
        await uow.session.execute(delete(_V).where(_V.c.tenant_id == uow.tenant_id, these))
    for entity_id, key, column, value in back:
        mine = (_V.c.tenant_id == uow.tenant_id, _V.c.entity_id == entity_id, _V.c.field_key == key)
        await uow.session.execute(update(_V).where(*mine).values({column: value}))
    return changed


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


async def remove_made_tags(uow: UnitOfWork, rows: Iterable[Any]) -> None:
    """Remove tags that these rows made and nobody wears any more."""
    made = [UUID(one) for row in rows for one in (row.before or {}).get("tags_made", ())]
    if made:
        worn = exists().where(_G.c.tenant_id == _T.c.tenant_id, _G.c.tag_id == _T.c.tag_id)
        mine = (_T.c.tenant_id == uow.tenant_id, one_of(_T.c.tag_id, made))
        await uow.session.execute(delete(_T).where(*mine, not_(worn)))


async def find_touched_beyond(
    uow: UnitOfWork, rows: Iterable[Any], customer_ids: Sequence[UUID], *, batch_id: UUID
) -> set[UUID]:
    """Of customers that an import made, those who got a contact, tag or value from somebody else since."""
    said: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        said.setdefault(row.customer_id, []).append(row.before or {})
    touched: set[UUID] = set()
    contacts = select(_N.c.customer_id, _N.c.kind, _N.c.value)
    for one, kind, value in await uow.session.execute(
        contacts.where(_N.c.tenant_id == uow.tenant_id, one_of(_N.c.customer_id, customer_ids))
    ):
        if not any([kind, value] in before.get("contacts", ()) for before in said.get(one, ())):
            touched.add(one)
    worn = select(_G.c.customer_id, _G.c.tag_id)
    for one, tag_id in await uow.session.execute(
        worn.where(_G.c.tenant_id == uow.tenant_id, one_of(_G.c.customer_id, customer_ids))
    ):
        if not any(str(tag_id) in before.get("tags", ()) for before in said.get(one, ())):
            touched.add(one)
    pets = select(_S.c.subject_id, _S.c.customer_id).where(
        _S.c.tenant_id == uow.tenant_id, one_of(_S.c.customer_id, customer_ids)
    )
    owners = {row.subject_id: row.customer_id for row in await uow.session.execute(pets)}
    spoken = select(_H.c.entity_id).where(
        _H.c.tenant_id == uow.tenant_id,
        one_of(_H.c.entity_id, [*customer_ids, *owners]),
        or_(_H.c.source != "import", _H.c.ref_id.is_distinct_from(batch_id)),
    )
    return touched | {owners.get(one, one) for one in await uow.session.scalars(spoken.distinct())}
