"""Reads imports: the list of batches, one batch with its counts, its rows, a preview, and who is there already."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text

from core.customers.models import Customer, CustomerPhone, ProfileValue, Subject
from core.customers.queries import get_subject_types
from core.db import one_of, table_of
from core.errors import NotFound
from core.hooks.records.customers import SubjectType
from core.hooks.records.forms import ChoiceField
from core.imports.beyond import find_held, list_own_fields
from core.imports.models import ImportBatch, ImportMapping, ImportRecall, ImportRow
from core.imports.rules.cells import choice_words
from core.imports.rules.columns import CUSTOMER_TARGETS, TARGETS
from core.imports.rules.files import read_rows
from core.imports.rules.matching import CUSTOMER_FILLS, PET_FILLS, Known, KnownPet
from core.imports.rules.plan import Counts, ImportPlan
from core.imports.rules.reading import Problem, Reading
from core.uow import Reader

_B, _R, _M = table_of(ImportBatch), table_of(ImportRow), table_of(ImportMapping)
_L = table_of(ImportRecall)
_C, _P, _S, _H = table_of(Customer), table_of(CustomerPhone), table_of(Subject), table_of(ProfileValue)
PREVIEW_ROWS = 8


class BatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One import as pages show it; `content` stays in the database."""

    batch_id: UUID
    number: int
    filename: str
    state: str
    plan: ImportPlan
    counts: Counts
    rows_total: int
    rows_done: int
    next_row: int
    fault: str | None
    created_at: datetime
    created_by_name: str
    started_at: datetime | None
    finished_at: datetime | None


class RowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the file and what became of it."""

    row_no: int
    cells: list[str]
    problems: tuple[Problem, ...]
    outcome: str
    state: str
    customer_id: UUID | None
    kept_reason: str | None


_BATCH = tuple(c for c in _B.c if c.name not in {"content", "tenant_id", "created_by", "settings", "counts"})
_ROW = tuple(_R.c[name] for name in RowRecord.__struct_fields__)


async def list_batches(reader: Reader, *, before: int | None = None, limit: int = 25) -> list[BatchRecord]:
    """Return the newest imports first; `before` is the number of the last one seen."""
    query = select(*_BATCH, _B.c.settings, _B.c.counts).where(_B.c.tenant_id == reader.tenant_id)
    if before is not None:
        query = query.where(_B.c.number < before)
    rows = await reader.session.execute(query.order_by(_B.c.created_at.desc()).limit(limit))
    return [_record(row) for row in rows]


async def get_batch(reader: Reader, batch_id: UUID) -> BatchRecord:
    """Return one import; raise NotFound when there is none."""
    mine = (_B.c.tenant_id == reader.tenant_id, _B.c.batch_id == batch_id)
    row = (await reader.session.execute(select(*_BATCH, _B.c.settings, _B.c.counts).where(*mine))).first()
    if row is None:
        raise NotFound("no such import")
    return _record(row)


def _record(row: Any) -> BatchRecord:
    values = dict(row._mapping)  # noqa: SLF001 - as above
    plan = msgspec.convert(values.pop("settings"), ImportPlan)
    counts = msgspec.convert(values.pop("counts"), Counts)
    return BatchRecord(**values, plan=plan, counts=counts)


async def list_rows(
    reader: Reader,
    batch_id: UUID,
    *,
    outcomes: Sequence[str] = (),
    states: Sequence[str] = (),
    after: int = 0,
    limit: int = 50,
) -> list[RowRecord]:
    """Return rows in the file's order; `after` is the number of the last one seen."""
    query = (
        select(*_ROW)
        .where(_R.c.tenant_id == reader.tenant_id, _R.c.batch_id == batch_id, _R.c.row_no > after)
        .order_by(_R.c.row_no)
        .limit(limit)
    )
    if outcomes:
        query = query.where(_R.c.outcome.in_(outcomes))
    if states:
        query = query.where(_R.c.state.in_(states))
    return [
        msgspec.convert(dict(row._mapping), RowRecord)  # noqa: SLF001 - as above
        for row in await reader.session.execute(query)
    ]


async def get_preview(reader: Reader, batch_id: UUID) -> list[list[str]]:
    """Return the first rows below the header, for the page that maps columns."""
    batch = await get_batch(reader, batch_id)
    content = await get_content(reader, batch_id)
    if not content:
        return []
    rows = read_rows(content, batch.plan.layout, limit=batch.plan.header.row + PREVIEW_ROWS)
    below = [cells for number, cells in rows if number > batch.plan.header.row]
    return below[:PREVIEW_ROWS]


async def get_content(reader: Reader, batch_id: UUID) -> bytes:
    """Return the uploaded file; empty once it has been worked off."""
    mine = (_B.c.tenant_id == reader.tenant_id, _B.c.batch_id == batch_id)
    return bytes(await reader.session.scalar(select(_B.c.content).where(*mine)) or b"")


def get_first_subject_type(reader: Reader) -> SubjectType | None:
    """Return the kind of subject that pet columns make, or None where no plugin brings one."""
    kinds = get_subject_types(reader)
    return kinds[0] if kinds else None


def get_targets(reader: Reader) -> tuple[str, ...]:
    """Return what columns may mean for this tenant."""
    return TARGETS if get_first_subject_type(reader) else CUSTOMER_TARGETS


async def list_targets(reader: Reader) -> tuple[str, ...]:
    """Return what columns may mean, the tenant's own fields among them."""
    own = await list_own_fields(reader)
    has_pets = get_first_subject_type(reader) is not None
    return (*get_targets(reader), *(one for one, field in own.items() if has_pets or field.entity_type == "customer"))


def get_species_words(reader: Reader) -> dict[str, frozenset[str]]:
    """Return the words for each kind of animal (or the like) that the tenant's plugin offers."""
    kind = get_first_subject_type(reader)
    field = next((f for f in kind.fields if f.key == "species" and isinstance(f, ChoiceField)), None) if kind else None
    if field is None or not isinstance(field, ChoiceField):
        return {}
    labels = [
        (option.value, [option.label] if isinstance(option.label, str) else list(option.label.values()))
        for option in field.options
    ]
    return choice_words(labels)


async def find_recall(reader: Reader, signature: str) -> Any:
    """Return how a list with this signature was taken in the last time, or None."""
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.signature == signature)
    return (await reader.session.execute(select(_L).where(*mine))).first()


async def get_remembered(reader: Reader) -> dict[str, str]:
    """Return what the tenant chose for each header the last time."""
    rows = await reader.session.execute(
        select(_M.c.header, _M.c.target).where(_M.c.tenant_id == reader.tenant_id).limit(2_000)
    )
    return {row.header: row.target for row in rows}


# Each number is looked up by itself, and in the order of the one index that has it: the planner, who last counted these
# tables when they were small, takes any index for as good as another and would read every customer for each number.
_KNOWN = text(
    "SELECT f.customer_id FROM unnest(CAST(:phones AS text[])) AS p (phone) CROSS JOIN LATERAL (SELECT customer_id"
    " FROM customer_phone WHERE tenant_id = :tenant_id AND phone_e164 >= p.phone AND phone_e164 <= p.phone"
    " ORDER BY phone_e164 OFFSET 0) AS f"
    " UNION ALL SELECT f.customer_id FROM unnest(CAST(:numbers AS text[])) AS n (number) CROSS JOIN LATERAL (SELECT"
    " customer_id FROM customer WHERE tenant_id = :tenant_id AND member_no >= n.number AND member_no <= n.number"
    " AND state = 'active' ORDER BY member_no OFFSET 0) AS f"
)


async def find_known(reader: Reader, readings: Mapping[int, Reading]) -> dict[int, list[Known]]:
    """Return, by row, the customers who have one of its phones or its member number; few statements for any number."""
    phones = {phone for reading in readings.values() for phone in reading.phones}
    numbers = {reading.member_no for reading in readings.values() if reading.member_no}
    told = {"tenant_id": reader.tenant_id, "phones": list(phones), "numbers": list(numbers)}
    ids = list(set(await reader.session.scalars(_KNOWN, told)))
    if not ids:
        return {}
    rows = await reader.session.execute(
        select(_C)
        .where(_C.c.tenant_id == reader.tenant_id, one_of(_C.c.customer_id, ids), _C.c.state == "active")
        .order_by(_C.c.customer_id)
    )
    customers = {row.customer_id: row for row in rows}
    if not customers:
        return {}
    known = await _known(reader, customers)
    by_phone: dict[str, list[Known]] = {}
    by_number: dict[str, list[Known]] = {}
    for one in known:
        for phone in one.phones:
            by_phone.setdefault(phone, []).append(one)
        if one.values["member_no"]:
            by_number.setdefault(one.values["member_no"], []).append(one)
    found: dict[int, list[Known]] = {}
    for row_no, reading in readings.items():
        hits = [one for phone in reading.phones for one in by_phone.get(phone, ())]
        hits += by_number.get(reading.member_no or "", [])
        if hits:
            found[row_no] = list({one.customer_id: one for one in hits}.values())
    return found


async def _known(reader: Reader, customers: Mapping[UUID, Any]) -> list[Known]:
    ids = list(customers)
    phones: dict[UUID, list[str]] = {}
    for customer_id, phone in await reader.session.execute(
        select(_P.c.customer_id, _P.c.phone_e164)
        .where(_P.c.tenant_id == reader.tenant_id, one_of(_P.c.customer_id, ids))
        .order_by(_P.c.position)
    ):
        phones.setdefault(customer_id, []).append(phone)
    subjects = list(
        await reader.session.execute(
            select(_S)
            .where(_S.c.tenant_id == reader.tenant_id, one_of(_S.c.customer_id, ids))
            .order_by(_S.c.subject_id)
        )
    )
    fixed = await _fixed(reader, [*ids, *(subject.subject_id for subject in subjects)])
    held = await find_held(reader, ids, [subject.subject_id for subject in subjects])
    pets: dict[UUID, list[KnownPet]] = {}
    for subject in subjects:
        weighty = fixed.get(subject.subject_id, frozenset())
        weighty |= frozenset() if subject.source == "import" else frozenset(PET_FILLS)
        values = {name: getattr(subject, name) for name in PET_FILLS}
        pet = KnownPet(
            subject_id=subject.subject_id,
            name=subject.name,
            values=values,
            fixed=weighty,
            own=held.own.get(subject.subject_id, {}),
        )
        pets.setdefault(subject.customer_id, []).append(pet)
    return [
        Known(
            customer_id=one,
            full_name=row.full_name,
            phones=tuple(phones.get(one, ())),
            values={name: getattr(row, name) for name in CUSTOMER_FILLS} | {"version": row.version},
            fixed=fixed.get(one, frozenset()) | frozenset(() if row.source == "import" else CUSTOMER_FILLS),
            pets=tuple(pets.get(one, ())),
            own=held.own.get(one, {}),
            contacts=frozenset(held.contacts.get(one, ())),
            tags=frozenset(held.tags.get(one, ())),
        )
        for one, row in customers.items()
    ]


async def _fixed(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    rows = await reader.session.execute(
        select(_H.c.entity_id, _H.c.field_key)
        .where(_H.c.tenant_id == reader.tenant_id, one_of(_H.c.entity_id, ids), _H.c.taken, _H.c.source != "import")
        .distinct()
    )
    found: dict[UUID, set[str]] = {}
    for entity_id, field_key in rows:
        found.setdefault(entity_id, set()).add(field_key)
    return {entity_id: frozenset(keys) for entity_id, keys in found.items()}
