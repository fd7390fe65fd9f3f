"""Reads customers: one whole record, pages of a list, a search by any of their words, and the timeline."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_, union_all

from core.customers.models import (
    Customer,
    CustomerEvent,
    CustomerPhone,
    CustomValue,
    ProfileValue,
    Subject,
)
from core.customers.rules.names import name_pinyin
from core.customers.searching import find_hits
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.customers import SubjectType
from core.hooks.specs.customers import subject_types
from core.uow import Reader

_C, _P = table_of(Customer), table_of(CustomerPhone)
_S, _E, _V, _H = table_of(Subject), table_of(CustomerEvent), table_of(CustomValue), table_of(ProfileValue)
Sort = Literal["newest", "name"]


class CustomerMerged(NotFound):
    """This customer turned out to be another one, whose id is in `customer_id`."""

    code = "customer-merged"


class SubjectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One pet or person as pages show it; `custom` holds fields that a plugin added."""

    subject_id: UUID
    customer_id: UUID
    kind: str
    name: str
    species: str | None
    breed: str | None
    sex: str | None
    birthday: date | None
    neutered: bool | None
    chip: str | None
    deceased_on: date | None
    note: str
    source: str
    created_at: datetime
    custom: dict[str, Any] = {}


class PhoneRecord(msgspec.Struct, frozen=True):
    e164: str
    kind: str


class CustomerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a customer's page starts from."""

    customer_id: UUID
    number: int
    full_name: str
    phone_e164: str | None
    gender: str | None
    member_no: str | None
    note: str
    branch_id: UUID | None
    household_id: UUID | None
    last_visit_on: date | None
    source: str
    version: int
    created_at: datetime
    changed_at: datetime
    phones: tuple[PhoneRecord, ...] = ()
    subjects: tuple[SubjectRecord, ...] = ()
    custom: dict[str, Any] = {}


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list."""

    customer_id: UUID
    number: int
    full_name: str
    name_pinyin: str
    phone_e164: str | None
    member_no: str | None
    last_visit_on: date | None
    created_at: datetime
    pets: tuple[str, ...] = ()
    matched: str | None = None
    """In a search: what kind of word was found (name, pet, phone, code)."""


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the timeline."""

    event_id: UUID
    kind: str
    at: datetime
    data: dict[str, Any]
    subject_id: UUID | None
    ref_id: UUID | None
    actor_kind: str
    actor_name: str


class ValueRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who said what about a field, and whether it was taken over."""

    field_key: str
    value: str | None
    before: str | None
    source: str
    taken: bool
    actor_name: str
    at: datetime


_RECORD = tuple(_C.c[name] for name in CustomerRecord.__struct_fields__ if name not in {"phones", "subjects", "custom"})
_SUBJECT = tuple(_S.c[name] for name in SubjectRecord.__struct_fields__ if name != "custom")
_ROW = tuple(_C.c[name] for name in CustomerRow.__struct_fields__ if name not in {"pets", "matched"})
_EVENT = tuple(_E.c[name] for name in TimelineEvent.__struct_fields__)
_VALUE = tuple(_H.c[name] for name in ValueRecord.__struct_fields__)


def get_subject_types(reader: Reader) -> tuple[SubjectType, ...]:
    """Return the kinds of subject that the tenant's plugins know; ids carry the plugin's name."""
    return tuple(one.value for one in reader.plugins.declared(subject_types))


async def get_customer(reader: Reader, customer_id: UUID) -> CustomerRecord:
    """Return one customer with phones and subjects.

    Raises:
        NotFound: there is none.
        CustomerMerged: with the `customer_id` as whom this one is known now.
    """
    mine = (_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == customer_id)
    row = (await reader.session.execute(select(*_RECORD).where(*mine, _C.c.state == "active"))).first()
    if row is None:
        winner = await reader.session.scalar(select(_C.c.merged_into).where(*mine, _C.c.state == "merged"))
        raise CustomerMerged(customer_id=winner) if winner else NotFound("no such customer")
    phones = await reader.session.execute(
        select(_P.c.phone_e164, _P.c.kind)
        .where(_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == customer_id)
        .order_by(_P.c.position)
    )
    subjects = await list_subjects(reader, customer_id)
    custom = await _custom(reader, [customer_id, *(subject.subject_id for subject in subjects)])
    return CustomerRecord(
        **row._mapping,  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        phones=tuple(PhoneRecord(*phone) for phone in phones),
        subjects=tuple(msgspec.structs.replace(s, custom=custom.get(s.subject_id, {})) for s in subjects),
        custom=custom.get(customer_id, {}),
    )


async def list_cluster(reader: Reader, customer_id: UUID) -> list[UUID]:
    """Return the customer and everybody who became one with them, as winner or loser: their append-only rows are shared."""
    return await _cluster(reader, customer_id, _C.c.customer_id)


async def list_subject_cluster(reader: Reader, subject_id: UUID) -> list[UUID]:
    """Return the subject and every subject that became one with it by a merge of their owners."""
    return await _cluster(reader, subject_id, _S.c.subject_id)


async def _cluster(reader: Reader, one: UUID, *keys: ColumnElement[Any]) -> list[UUID]:
    found = union_all(*(_same_one(reader, one, key) for key in keys))
    return [one, *(other for other in await reader.session.scalars(found) if other != one)]


def _same_one(reader: Reader, one: UUID, key: ColumnElement[Any]) -> Select[Any]:
    """Ids of one table that are known under the same id now; merges are one step, never a chain."""
    table = key.table
    who = table.alias()
    mine = (who.c.tenant_id == reader.tenant_id, who.c[key.name] == one)
    present = func.coalesce(select(who.c.merged_into).where(*mine).scalar_subquery(), one)
    return select(key).where(table.c.tenant_id == reader.tenant_id, or_(key == present, table.c.merged_into == present))


async def find_present_customer(reader: Reader, customer_id: UUID) -> UUID:
    """Return the id under which this customer is known now: their own, or the one they were merged into."""
    mine = (_C.c.tenant_id == reader.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "merged")
    return await reader.session.scalar(select(_C.c.merged_into).where(*mine)) or customer_id


async def list_subjects(reader: Reader, customer_id: UUID) -> list[SubjectRecord]:
    """Return a customer's subjects in the order they were written down; the deceased come last."""
    rows = await reader.session.execute(
        select(*_SUBJECT)
        .where(_S.c.tenant_id == reader.tenant_id, _S.c.customer_id == customer_id)
        .order_by(_S.c.deceased_on.is_not(None), _S.c.subject_id)
    )
    return [SubjectRecord(**row._mapping) for row in rows]  # noqa: SLF001 - a public name of SQLAlchemy


async def get_subject(reader: Reader, subject_id: UUID) -> SubjectRecord:
    """Return one subject; raise NotFound when there is none."""
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.subject_id == subject_id)
    row = (await reader.session.execute(select(*_SUBJECT).where(*mine))).first()
    if row is None:
        raise NotFound("no such subject")
    custom = await _custom(reader, [subject_id])
    return SubjectRecord(**row._mapping, custom=custom.get(subject_id, {}))  # noqa: SLF001 - as above


async def _custom(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    statement = select(_V.c.entity_id, _V.c.field_key, _V.c.v_text, _V.c.v_int, _V.c.v_date)
    both = (_V.c.entity_type.in_(["customer", "subject"]), _V.c.entity_id.in_(ids))
    found: dict[UUID, dict[str, Any]] = {}
    for entity_id, key, *values in await reader.session.execute(
        statement.where(_V.c.tenant_id == reader.tenant_id, *both)
    ):
        found.setdefault(entity_id, {})[key] = next(value for value in values if value is not None)
    return found


async def list_customers(
    reader: Reader, *, sort: Sort = "newest", after: tuple[str, UUID] | None = None, limit: int = 25
) -> list[CustomerRow]:
    """Return one page; `after` is (name_pinyin, id) of the last line of the page before."""
    query = select(*_ROW).where(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active").limit(limit)
    if sort == "name":
        query = query.order_by(_C.c.name_pinyin, _C.c.customer_id)
        if after is not None:
            query = query.where(tuple_(_C.c.name_pinyin, _C.c.customer_id) > after)
    else:
        query = query.order_by(_C.c.customer_id.desc())
        if after is not None:
            query = query.where(_C.c.customer_id < after[1])
    return await _rows(reader, query)


async def list_customers_by_id(reader: Reader, ids: Sequence[UUID]) -> list[CustomerRow]:
    """Return the lines of these customers in the order of `ids`; unknown ones are left out."""
    query = select(*_ROW).where(_C.c.tenant_id == reader.tenant_id, _C.c.customer_id.in_(ids), _C.c.state == "active")
    by_id = {row.customer_id: row for row in await _rows(reader, query)}
    return [by_id[one] for one in ids if one in by_id]


async def find_customers(reader: Reader, text: str, *, limit: int = 20) -> list[CustomerRow]:
    """Search by name, pinyin or its initials, phone or its tail, pet, member or chip number; all terms must match."""
    found = dict(await find_hits(reader, text, limit=limit))
    rows = await list_customers_by_id(reader, list(found))
    return [msgspec.structs.replace(row, matched=found[row.customer_id]) for row in rows]


async def find_by_phones(reader: Reader, phones: Sequence[str]) -> dict[str, list[UUID]]:
    """Return who has each of these numbers (E.164)."""
    statement = (
        select(_P.c.phone_e164, _P.c.customer_id)
        .join(_C, and_(_C.c.tenant_id == _P.c.tenant_id, _C.c.customer_id == _P.c.customer_id))
        .where(_P.c.tenant_id == reader.tenant_id, _P.c.phone_e164.in_(phones), _C.c.state == "active")
        .order_by(_P.c.customer_id)
    )
    found: dict[str, list[UUID]] = {}
    for phone, customer_id in await reader.session.execute(statement):
        found.setdefault(phone, []).append(customer_id)
    return found


async def find_twins(reader: Reader, *, full_name: str, phones: Sequence[str]) -> list[CustomerRow]:
    """Return customers who may be the same person: one of the phones, or a name that sounds the same; best first."""
    by_phone = [one for ids in (await find_by_phones(reader, phones)).values() for one in ids] if phones else []
    same_sound = await reader.session.scalars(
        select(_C.c.customer_id)
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.name_pinyin == name_pinyin(full_name), _C.c.state == "active")
        .limit(5)
    )
    return await list_customers_by_id(reader, list(dict.fromkeys([*by_phone, *same_sound]))[:5])


async def list_household(reader: Reader, record: CustomerRecord) -> list[CustomerRow]:
    """Return the others of a customer's household."""
    if record.household_id is None:
        return []
    query = (
        select(*_ROW)
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.household_id == record.household_id, _C.c.state == "active")
        .where(_C.c.customer_id != record.customer_id)
        .limit(20)
    )
    return await _rows(reader, query)


async def list_events(
    reader: Reader,
    customer_id: UUID,
    *,
    kinds: Sequence[str] = (),
    without: Sequence[str] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int = 30,
) -> list[TimelineEvent]:
    """Return the newest entries first; `before` is (at, id) of the last one seen, `kinds` and `without` filter."""
    ids = await list_cluster(reader, customer_id)
    query = (
        select(*_EVENT)
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.customer_id.in_(ids) if ids[1:] else _E.c.customer_id == ids[0])
        .order_by(_E.c.at.desc(), _E.c.event_id.desc())
        .limit(limit)
    )
    if kinds:
        query = query.where(_E.c.kind.in_(kinds))
    if without:
        query = query.where(_E.c.kind.not_in(without))
    if before is not None:
        query = query.where(tuple_(_E.c.at, _E.c.event_id) < before)
    return [TimelineEvent(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def list_profile_values(reader: Reader, entity_id: UUID, *, limit: int = 50) -> list[ValueRecord]:
    """Return what was said about a customer or subject and those who became one with them, newest first."""
    ids = await _cluster(reader, entity_id, _C.c.customer_id, _S.c.subject_id)
    query = (
        select(*_VALUE)
        .where(_H.c.tenant_id == reader.tenant_id, _H.c.entity_id.in_(ids))
        .order_by(_H.c.value_id.desc())
        .limit(limit)
    )
    return [ValueRecord(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def _rows(reader: Reader, query: Any) -> list[CustomerRow]:
    rows = [CustomerRow(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above
    pets: dict[UUID, list[str]] = {}
    if rows:
        names = select(_S.c.customer_id, _S.c.name).where(
            _S.c.tenant_id == reader.tenant_id, _S.c.customer_id.in_([row.customer_id for row in rows])
        )
        for customer_id, name in await reader.session.execute(names.order_by(_S.c.subject_id)):
            pets.setdefault(customer_id, []).append(name)
    return [msgspec.structs.replace(row, pets=tuple(pets.get(row.customer_id, ()))) for row in rows]
