"""Writes many customers, subjects, search words and timeline entries in a few statements; drafts were checked before."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, update

from core.bulk_insert import insert_columns, insert_many
from core.customers.models import Customer, CustomerEvent, CustomerPhone, CustomerWord, Subject
from core.customers.rules.names import name_pinyin
from core.customers.rules.phones import phone_kind
from core.customers.rules.profile import CustomerDraft, Source, SubjectDraft
from core.customers.rules.words import Searched, words_of
from core.db import new_id, one_of, table_of
from core.uow import UnitOfWork

_C, _P, _W = table_of(Customer), table_of(CustomerPhone), table_of(CustomerWord)
_S, _E = table_of(Subject), table_of(CustomerEvent)
LOOK_TASK: Final = "duplicates.look"
_AFTER: Final = timedelta(seconds=5)
_TOGETHER: Final = 200
_FIRST = itemgetter(0)


class Added(msgspec.Struct, frozen=True):
    """The ids of one new customer and, in order, of its subjects."""

    customer_id: UUID
    number: int
    subject_ids: tuple[UUID, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One entry to append to a timeline; `at` is when it happened."""

    customer_id: UUID
    kind: str
    at: datetime
    data: dict[str, Any] = {}
    subject_id: UUID | None = None
    ref_id: UUID | None = None


async def add_customers(
    uow: UnitOfWork,
    drafts: Sequence[CustomerDraft],
    *,
    source: Source,
    branch_id: UUID | None = None,
    compare: bool = True,
    words: bool = True,
) -> list[Added]:
    """Insert many with phones, subjects and words; a few statements for any number.

    `compare` has them looked at for twins in a moment; who writes very many asks for it at the end. Without `words`
    nobody finds them before `refresh_words` was called for them.
    """
    if not drafts:
        return []
    first = await uow.next_number("customer", count=len(drafts))
    stamp = {"tenant_id": uow.tenant_id, "source": source, "created_at": uow.now, "changed_at": uow.now}
    added: list[Added] = []
    customers: list[dict[str, Any]] = []
    phones: list[dict[str, Any]] = []
    subjects: list[dict[str, Any]] = []
    searched: dict[UUID, Searched] = {}
    for number, draft in enumerate(drafts, first):
        customer_id = new_id()
        customers.append(
            stamp
            | {
                "customer_id": customer_id,
                "number": number,
                "branch_id": branch_id,
                "full_name": draft.full_name,
                "name_pinyin": name_pinyin(draft.full_name),
                "phone_e164": draft.phones[0] if draft.phones else None,
                "gender": draft.gender,
                "member_no": draft.member_no,
                "note": draft.note,
                "last_visit_on": draft.last_visit_on,
                "state": "active",
                "version": 1,
            }
        )
        phones += phone_rows(uow.tenant_id, customer_id, draft.phones)
        rows = [_subject_row(subject, customer_id) | stamp for subject in draft.subjects]
        subjects += rows
        searched[customer_id] = Searched(
            full_name=draft.full_name,
            phones=draft.phones,
            pets=[subject.name for subject in draft.subjects],
            codes=[code for code in (draft.member_no, *(s.chip for s in draft.subjects)) if code],
        )
        added.append(Added(customer_id, number, tuple(row["subject_id"] for row in rows)))
    await insert_many(uow.session, _C, customers)
    await insert_many(uow.session, _P, phones)
    await insert_many(uow.session, _S, subjects)
    if words:
        await _write_words(uow, searched, compare=compare)
    return added


def phone_rows(tenant_id: UUID, customer_id: UUID, phones: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {
            "tenant_id": tenant_id,
            "customer_id": customer_id,
            "phone_e164": phone,
            "position": position,
            "kind": phone_kind(phone),
        }
        for position, phone in enumerate(dict.fromkeys(phones))
    ]


def _subject_row(subject: SubjectDraft, customer_id: UUID) -> dict[str, Any]:
    return msgspec.structs.asdict(subject) | {"subject_id": new_id(), "customer_id": customer_id}


async def add_subjects(
    uow: UnitOfWork,
    drafts: Sequence[tuple[UUID, SubjectDraft]],
    *,
    source: Source,
    compare: bool = True,
    words: bool = True,
) -> list[UUID]:
    """Insert many subjects, each for the customer it is paired with."""
    if not drafts:
        return []
    stamp = {"tenant_id": uow.tenant_id, "source": source, "created_at": uow.now, "changed_at": uow.now}
    rows = [_subject_row(draft, customer_id) | stamp for customer_id, draft in drafts]
    await insert_many(uow.session, _S, rows)
    if words:
        await refresh_words(uow, {customer_id for customer_id, _ in drafts}, compare=compare)
    return [row["subject_id"] for row in rows]


async def append_events(uow: UnitOfWork, events: Sequence[Event]) -> list[UUID]:
    """Append many entries at once."""
    if not events:
        return []
    actor = uow.actor
    stamp = {
        "tenant_id": uow.tenant_id,
        "recorded_at": uow.now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
    }
    ids = [new_id() for _ in events]
    rows = [stamp | {"event_id": one} | msgspec.structs.asdict(e) for one, e in zip(ids, events, strict=True)]
    await insert_many(uow.session, _E, rows)
    return ids


async def remove_customers(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> None:
    """Take customers out of every list and blank what tells who they were; their numbers stay in the books."""
    if not customer_ids:
        return
    for table in (_W, _P, _S):
        await uow.session.execute(
            delete(table).where(table.c.tenant_id == uow.tenant_id, one_of(table.c.customer_id, customer_ids))
        )
    blank = {"full_name": "", "name_pinyin": "", "phone_e164": None, "member_no": None, "note": "", "gender": None}
    await uow.session.execute(
        update(_C)
        .where(_C.c.tenant_id == uow.tenant_id, one_of(_C.c.customer_id, customer_ids))
        .values(**blank, state="removed", version=_C.c.version + 1, changed_at=uow.now)
    )


async def refresh_words(uow: UnitOfWork, customer_ids: Iterable[UUID], *, compare: bool = True) -> None:
    """Make the search words of these customers anew from their rows."""
    ids = list(customer_ids)
    if not ids:
        return
    found: dict[UUID, tuple[str, list[str], list[str], list[str], list[str]]] = {}
    statement = select(_C.c.customer_id, _C.c.full_name, _C.c.member_no)
    for row in await uow.session.execute(
        statement.where(_C.c.tenant_id == uow.tenant_id, one_of(_C.c.customer_id, ids), _C.c.state == "active")
    ):
        found[row.customer_id] = (row.full_name, [], [], [row.member_no] if row.member_no else [], [])
    phones = select(_P.c.customer_id, _P.c.phone_e164)
    for customer_id, phone in await uow.session.execute(
        phones.where(_P.c.tenant_id == uow.tenant_id, one_of(_P.c.customer_id, found))
    ):
        found[customer_id][1].append(phone)
    subjects = select(_S.c.customer_id, _S.c.name, _S.c.chip)
    for customer_id, name, chip in await uow.session.execute(
        subjects.where(_S.c.tenant_id == uow.tenant_id, one_of(_S.c.customer_id, found))
    ):
        found[customer_id][2].append(name)
        if chip:
            found[customer_id][3].append(chip)
    merged = select(_C.c.merged_into, _C.c.full_name, _C.c.member_no)
    for customer_id, name, member_no in await uow.session.execute(
        merged.where(_C.c.tenant_id == uow.tenant_id, _C.c.merged_into.in_(found))
    ):
        found[customer_id][4].append(name)
        if member_no:
            found[customer_id][3].append(member_no)
    await uow.session.execute(delete(_W).where(_W.c.tenant_id == uow.tenant_id, one_of(_W.c.customer_id, ids)))
    searched = {customer_id: Searched(*parts) for customer_id, parts in found.items()}
    await _write_words(uow, searched, compare=compare)


async def _write_words(uow: UnitOfWork, searched: dict[UUID, Searched], *, compare: bool) -> None:
    """In the order of the key, so that neighbours go into one page of the index."""
    words = [
        (token, customer_id, kind) for customer_id, one in searched.items() for token, kind in words_of(one).items()
    ]
    words.sort(key=_FIRST)
    tokens, ids, kinds = (list(column) for column in zip(*words, strict=True)) if words else ([], [], [])
    columns = {"tenant_id": uow.tenant_id, "token": tokens, "customer_id": ids, "kind": kinds}
    await insert_columns(uow.session, _W, columns)
    if compare:
        await _look_for_twins(uow, list(searched))


async def _look_for_twins(uow: UnitOfWork, ids: Sequence[UUID]) -> None:
    """Whoever is new or changed is compared with the others in a moment, in a worker."""
    for start in range(0, len(ids), _TOGETHER):
        told = {"customers": [str(one) for one in ids[start : start + _TOGETHER]]}
        await uow.enqueue(LOOK_TASK, told, run_at=uow.now + _AFTER)
