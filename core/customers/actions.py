"""Writes customers and whom they bring along, keeps the search words true, and appends to the timeline."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update

from core.customers.bulk import Event, add_customers, add_subjects, append_events, phone_rows, refresh_words
from core.customers.models import Customer, CustomerPhone, Household, Subject
from core.customers.profile import keep_values
from core.customers.queries import CustomerMerged, find_present_customer, get_subject_types
from core.customers.rules.names import MAX_NOTE, clean_name, clean_text, name_pinyin
from core.customers.rules.phones import read_phone
from core.customers.rules.profile import (
    CustomerDraft,
    Source,
    SubjectDraft,
    customer_problems,
    subject_problems,
)
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.uow import UnitOfWork

_C, _P = table_of(Customer), table_of(CustomerPhone)
_S, _H = table_of(Subject), table_of(Household)


class DuplicateCustomer(Conflict):
    """Somebody with this phone and this name is there already."""

    code = "duplicate-customer"


class CustomerChanged(Conflict):
    """Somebody else changed the record while it was being edited."""

    code = "customer-changed"


async def add_customer(
    uow: UnitOfWork,
    *,
    draft: CustomerDraft,
    source: Source = "staff",
    branch_id: UUID | None = None,
    allow_duplicate: bool = False,
) -> UUID:
    """Write down one customer; the same phone with a name that sounds the same is refused unless allowed.

    Raises:
        InvalidInput: every problem at once.
        DuplicateCustomer: with `customer_id` and `full_name` of the one who is there already.
    """
    problems = customer_problems(draft)
    for index, subject in enumerate(draft.subjects):
        found = subject_problems(subject, today=_today(uow), kinds=_kinds(uow))
        problems += tuple(FieldProblem(f"subjects[{index}].{p.path}", p.code, p.params) for p in found)
    if problems:
        raise InvalidInput(problems)
    await _lock_phones(uow, draft.phones)
    sharing = await _who_has(uow, draft.phones)
    twin = next((row for row in sharing if row.name_pinyin == name_pinyin(draft.full_name)), None)
    if twin is not None and not allow_duplicate:
        raise DuplicateCustomer(customer_id=twin.customer_id, full_name=twin.full_name)
    added = (await add_customers(uow, [draft], source=source, branch_id=branch_id))[0]
    if sharing:
        await join_household(uow, customer_id=sharing[0].customer_id, other_id=added.customer_id)
    await append_events(
        uow, [Event(customer_id=added.customer_id, kind="registered", at=uow.now, data={"source": source})]
    )
    uow.audit("customer.add", "customer", added.customer_id, {"number": added.number, "source": source})
    uow.publish("customers", {"customer_id": str(added.customer_id)})
    uow.announce("customer.created", {"customer_id": str(added.customer_id), "number": added.number, "source": source})
    return added.customer_id


async def change_customer(
    uow: UnitOfWork, *, customer_id: UUID, draft: CustomerDraft, version: int, branch_id: UUID | None = None
) -> None:
    """Replace the record of a customer (not its subjects); `version` is the one that the editor saw.

    Raises:
        CustomerChanged: somebody was faster.
    """
    problems = customer_problems(draft)
    if problems:
        raise InvalidInput(problems)
    seen = await _locked(uow, customer_id)
    if seen.version != version:
        raise CustomerChanged(customer_id=customer_id)
    phones = tuple(dict.fromkeys(draft.phones))
    values: dict[str, Any] = {
        "full_name": draft.full_name,
        "name_pinyin": name_pinyin(draft.full_name),
        "phone_e164": phones[0] if phones else None,
        "gender": draft.gender,
        "member_no": draft.member_no,
        "note": draft.note,
        "branch_id": branch_id,
    }
    before = {name: getattr(seen, name) for name in values}
    changed = sorted(name for name, value in values.items() if value != before[name] and name != "name_pinyin")
    await _bump(uow, customer_id, values)
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id)
    await uow.session.execute(delete(_P).where(*mine))
    if phones:
        await uow.session.execute(insert(_P), phone_rows(uow.tenant_id, customer_id, phones))
    await refresh_words(uow, [customer_id])
    if changed:
        await append_events(uow, [Event(customer_id=customer_id, kind="changed", at=uow.now, data={"fields": changed})])
        uow.audit("customer.change", "customer", customer_id, {"fields": changed})


async def add_subject(
    uow: UnitOfWork, *, customer_id: UUID, draft: SubjectDraft, source: Source = "staff", ref_id: UUID | None = None
) -> UUID:
    """Write down one more pet or person of a customer and return its id."""
    _check_subject(uow, draft)
    await _locked(uow, customer_id)
    subject_id = (await add_subjects(uow, [(customer_id, draft)], source=source))[0]
    await append_events(
        uow,
        [
            Event(
                customer_id=customer_id,
                kind="subject_added",
                at=uow.now,
                data={"name": draft.name},
                subject_id=subject_id,
                ref_id=ref_id,
            )
        ],
    )
    uow.audit("subject.add", "subject", subject_id, {"customer_id": str(customer_id)})
    return subject_id


async def change_subject(uow: UnitOfWork, *, subject_id: UUID, draft: SubjectDraft) -> None:
    """Replace the record of a subject."""
    _check_subject(uow, draft)
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.subject_id == subject_id)
    seen = (await uow.session.execute(select(_S).where(*mine).with_for_update(key_share=True))).first()
    if seen is None:
        raise NotFound("no such subject")
    values = msgspec.structs.asdict(draft)
    await uow.session.execute(update(_S).where(*mine).values(**values, changed_at=uow.now))
    before = {name: getattr(seen, name) for name, value in values.items() if getattr(seen, name) != value}
    await keep_values(uow, "subject", subject_id, before=before, after=values)
    customer_id = seen.customer_id
    await _bump(uow, customer_id, {})
    await refresh_words(uow, [customer_id])
    uow.audit("subject.change", "subject", subject_id, {"customer_id": str(customer_id)})


def _check_subject(uow: UnitOfWork, draft: SubjectDraft) -> None:
    problems = subject_problems(draft, today=_today(uow), kinds=_kinds(uow))
    if problems:
        raise InvalidInput(problems)


async def find_or_create(
    uow: UnitOfWork, *, phone: str, full_name: str, source: Source = "customer"
) -> tuple[UUID, bool]:
    """Return the customer with this phone, the best fitting name first, or write down a new one: (id, is_new).

    Two forms with one phone at the same moment wait for each other, so one person comes out.
    """
    read = read_phone(phone)
    name = clean_name(full_name)
    problems = [] if read else [FieldProblem("phone", "bad-phone")]
    if not name:
        problems.append(FieldProblem("full_name", "required"))
    if read is None or problems:
        raise InvalidInput(tuple(problems))
    await _lock_phones(uow, [read.e164])
    sharing = await _who_has(uow, [read.e164])
    if sharing:
        twin = next((row for row in sharing if row.name_pinyin == name_pinyin(name)), sharing[0])
        return twin.customer_id, False
    draft = CustomerDraft(full_name=name, phones=(read.e164,))
    return await add_customer(uow, draft=draft, source=source), True


async def join_household(uow: UnitOfWork, *, customer_id: UUID, other_id: UUID) -> UUID:
    """Put two customers under one roof: the first one's household, or a new one."""
    household_id = (await _locked(uow, customer_id)).household_id
    if household_id is None:
        household_id = new_id()
        await uow.session.execute(
            insert(_H).values(tenant_id=uow.tenant_id, household_id=household_id, created_at=uow.now)
        )
    both = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id.in_([customer_id, other_id]))
    await uow.session.execute(update(_C).where(*both).values(household_id=household_id))
    assert isinstance(household_id, UUID)
    return household_id


async def record_event(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    kind: str,
    data: dict[str, Any] | None = None,
    subject_id: UUID | None = None,
    at: datetime | None = None,
    ref_id: UUID | None = None,
) -> UUID:
    """Append one entry to the timeline; kinds: imported, purchase, intake, complaint, tier_changed, note, ..."""
    event = Event(
        customer_id=customer_id, kind=kind, at=at or uow.now, data=data or {}, subject_id=subject_id, ref_id=ref_id
    )
    event_id = (await append_events(uow, [event]))[0]
    uow.publish(f"customer:{customer_id}", {"event_id": str(event_id), "kind": kind})
    return event_id


async def add_note(uow: UnitOfWork, *, customer_id: UUID, body: str, subject_id: UUID | None = None) -> UUID:
    """Write a note into the timeline."""
    words = clean_text(body)
    if not words:
        raise InvalidInput((FieldProblem("body", "required"),))
    if len(words) > MAX_NOTE:
        raise InvalidInput((FieldProblem("body", "too-long", {"max": MAX_NOTE}),))
    await _locked(uow, customer_id)
    return await record_event(uow, customer_id=customer_id, kind="note", data={"body": words}, subject_id=subject_id)


async def reveal_phones(uow: UnitOfWork, *, customer_id: UUID) -> list[str]:
    """Return the full numbers and write down who asked for them."""
    await _locked(uow, customer_id)
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id)
    phones = list(await uow.session.scalars(select(_P.c.phone_e164).where(*mine).order_by(_P.c.position)))
    uow.audit("customer.reveal_phone", "customer", customer_id)
    return phones


async def _lock_phones(uow: UnitOfWork, phones: Iterable[str]) -> None:
    for phone in sorted(phones):
        key = f"{uow.tenant_id}:{phone}"
        await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


async def _who_has(uow: UnitOfWork, phones: Iterable[str]) -> list[Any]:
    statement = (
        select(_C.c.customer_id, _C.c.full_name, _C.c.name_pinyin, _P.c.phone_e164)
        .join(_P, (_P.c.tenant_id == _C.c.tenant_id) & (_P.c.customer_id == _C.c.customer_id))
        .where(_P.c.tenant_id == uow.tenant_id, _P.c.phone_e164.in_(list(phones)), _C.c.state == "active")
        .order_by(_C.c.customer_id)
    )
    return list(await uow.session.execute(statement))


async def _locked(uow: UnitOfWork, customer_id: UUID) -> Any:
    statement = select(_C).where(
        _C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active"
    )
    row = (await uow.session.execute(statement.with_for_update(key_share=True))).first()
    if row is None:
        winner = await find_present_customer(uow, customer_id)
        raise CustomerMerged(customer_id=winner) if winner != customer_id else NotFound("no such customer")
    return row


async def _bump(uow: UnitOfWork, customer_id: UUID, values: dict[str, Any]) -> None:
    await uow.session.execute(
        update(_C)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
        .values(**values, version=_C.c.version + 1, changed_at=uow.now)
    )


def _today(uow: UnitOfWork) -> date:
    return uow.today


def _kinds(uow: UnitOfWork) -> frozenset[str]:
    return frozenset(kind.id for kind in get_subject_types(uow))
