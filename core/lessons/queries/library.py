"""Reads the case library, what of a case would go into it, and the names and numbers that must not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, tuple_

from core.complaints.models import Complaint
from core.complaints.queries.cases import ComplaintDetail
from core.contacts.queries import list_contacts
from core.customers.queries import get_customer, list_household
from core.customers.rules.names import name_pinyin
from core.customers.rules.words import fold
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.forms import TextField
from core.hooks.records.text import localized
from core.hooks.specs.complaints import complaint_categories
from core.lessons.models import LibraryEntry
from core.lessons.queries.closing import find_cause, list_actions
from core.lessons.rules.likeness import Features, most_alike
from core.lessons.rules.masking import Kind, Known
from core.remedies.queries import list_remedies
from core.uow import Reader

_L, _C = table_of(LibraryEntry), table_of(Complaint)
TEXTS: Final = ("situation", "done", "outcome", "lesson", "script")
LOOKED_AT: Final = 400
"""So many of the newest entries are compared with a case."""


class EntryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the library."""

    entry_id: UUID
    complaint_id: UUID | None
    state: str
    category: str | None
    cause: str | None
    severity: str
    situation: str
    done: str
    outcome: str
    lesson: str
    script: str
    made_by_name: str
    made_at: datetime
    reviewed_by_name: str
    published_at: datetime | None
    withdrawn_by_name: str
    withdrawn_at: datetime | None
    withdrawn_reason: str


class EntryFilter(msgspec.Struct, frozen=True):
    """What a list leaves out; words are looked for as they are written and as they sound."""

    state: str = "published"
    words: str = ""
    category: str = ""
    cause: str = ""
    severity: str = ""


_ENTRY: Final = tuple(_L.c[name] for name in EntryFacts.__struct_fields__)


def _entry(row: Any) -> EntryFacts:
    return EntryFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_entries(
    reader: Reader, *, wanted: EntryFilter, after: tuple[datetime, UUID] | None = None, limit: int = 25
) -> list[EntryFacts]:
    """Return a page of the library, the newest first."""
    moment = _L.c.published_at if wanted.state == "published" else _L.c.made_at
    where = [_L.c.tenant_id == reader.tenant_id, _L.c.state == wanted.state]
    for name in ("category", "cause", "severity"):
        value = getattr(wanted, name)
        if value:
            where.append(_L.c[name] == value)
    for word in wanted.words.split()[:5]:
        like = fold(word).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where.append(_L.c.search.like(f"%{like}%"))
    if after is not None:
        where.append(tuple_(moment, _L.c.entry_id) < after)
    query = select(*_ENTRY).where(*where).order_by(moment.desc(), _L.c.entry_id.desc()).limit(limit)
    return [_entry(row) for row in await reader.session.execute(query)]


async def count_drafts(reader: Reader) -> int:
    """Return how many entries wait for their review."""
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.state == "draft")
    return int(await reader.session.scalar(select(func.count()).select_from(_L).where(*mine)) or 0)


async def get_entry(reader: Reader, entry_id: UUID, *, lock: bool = False) -> EntryFacts:
    """Return one entry; raise NotFound when there is none."""
    query = select(*_ENTRY).where(_L.c.tenant_id == reader.tenant_id, _L.c.entry_id == entry_id)
    row = (await reader.session.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound("no such entry")
    return _entry(row)


async def find_entry_of(reader: Reader, complaint_id: UUID) -> EntryFacts | None:
    """Return the entry that was made from a case and not withdrawn, or None."""
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.complaint_id == complaint_id, _L.c.state != "withdrawn")
    row = (await reader.session.execute(select(*_ENTRY).where(*mine))).first()
    return None if row is None else _entry(row)


async def list_alike(reader: Reader, case: ComplaintDetail) -> list[EntryFacts]:
    """Return the published entries most like a case, best first."""
    rows = await list_entries(reader, wanted=EntryFilter(), limit=LOOKED_AT)
    parents = {one.value.id: one.value.parent for one in reader.plugins.declared(complaint_categories)}
    cause = await find_cause(reader, case.complaint_id) if rows else None
    mine = Features(case.category, cause.cause if cause else None, case.severity, f"{case.text} {case.desired}")
    others = [
        (row, Features(row.category, row.cause, row.severity, row.situation))
        for row in rows
        if row.complaint_id != case.complaint_id
    ]
    return most_alike(mine, others, parents)


class Source(msgspec.Struct, frozen=True):
    """What of a case goes into the library, still with its people; never stored like this."""

    situation: str
    done: str
    outcome: str
    lesson: str
    script: str = ""


async def get_source(reader: Reader, case: ComplaintDetail) -> Source:
    """Put together what happened, what was done, how it ended and what was learnt, from what is written down."""
    locale = reader.scope.locale
    labels = {milestone.id: milestone for milestone in case.policy.milestones}
    done = []
    for row in case.history:
        milestone = labels.get(str(row.data.get("milestone"))) if row.kind == "completed" else None
        if milestone is not None:
            asked = {field.key for field in milestone.facts if isinstance(field, TextField)}
            words = [str(text) for key, text in (row.data.get("facts") or {}).items() if key in asked]
            done.append("：".join(filter(None, (localized(milestone.label, locale), "；".join(words)))))
    remedies = [one for one in await list_remedies(reader, case.complaint_id) if one.state == "given"]
    actions = await list_actions(reader, case.complaint_id)
    answer = next((row.data for row in reversed(case.history) if row.kind == "answered"), {})
    outcome = [localized(one.label, locale) for one in remedies]
    outcome += [str(answer["text"])] if answer.get("text") else []
    cause = await find_cause(reader, case.complaint_id)
    lesson = [cause.words] if cause is not None else []
    lesson += [one.words for one in actions if one.state != "ineffective"]
    return Source(
        situation="\n".join(filter(None, (case.text, case.desired))),
        done="\n".join(done),
        outcome="\n".join(outcome),
        lesson="\n".join(lesson),
    )


async def get_known(reader: Reader, case: ComplaintDetail, *, staff: Sequence[str]) -> Known:
    """Return every name and number that this case knows: the customer's, the household's, the pets' and the staff's."""
    values: list[tuple[Kind, str | None]] = [
        ("customer", case.contact_name),
        ("phone", case.contact_phone),
    ]
    values.extend(("staff", name) for name in (*staff, *(row.actor_name for row in case.history)))
    if case.customer_id is not None:
        values += await _of_customer(reader, case.customer_id)
    names = [value for kind, value in values if kind == "customer" and value]
    values.extend(("customer", name_pinyin(name).title()) for name in names)
    kept: dict[tuple[Kind, str], None] = dict.fromkeys(
        (kind, value.strip()) for kind, value in values if value and value.strip()
    )
    return Known(tuple(kept))


async def _of_customer(reader: Reader, customer_id: UUID) -> list[tuple[Kind, str | None]]:
    record = await get_customer(reader, customer_id)
    values: list[tuple[Kind, str | None]] = [
        ("customer", record.full_name),
        ("number", record.member_no),
    ]
    values.extend(("phone", phone.e164) for phone in record.phones)
    for subject in record.subjects:
        values += [("pet", subject.name), ("number", subject.chip)]
    for contact in await list_contacts(reader, customer_id):
        values.append(("mail" if contact.kind == "email" else "wechat", contact.value))
    for one in record.custom.values():
        if isinstance(one, str) and len(one) > 3:
            values.append(("address", one))
    for member in await list_household(reader, record):
        values.append(("customer", member.full_name))
        for name in member.pets:
            values.append(("pet", name))
    return values


def sounds_of(text: str) -> str:
    """Return a text as it is looked for: its signs, its sounds joined and their first letters."""
    spoken = name_pinyin(text[:400], person=False)
    return " ".join((fold(text), spoken.replace(" ", ""), "".join(one[0] for one in spoken.split() if one)))
