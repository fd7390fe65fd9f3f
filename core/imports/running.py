"""Runs a checked import chunk by chunk: rows, customers and progress in one transaction, so a killed worker loses nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import join_household
from core.customers.bulk import Event, add_customers, add_subjects, append_events, phone_rows, refresh_words
from core.customers.models import Customer, CustomerPhone, Subject
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import encode_json, one_of, table_of
from core.errors import NotFound
from core.imports.beyond import plan_row, write_beyond
from core.imports.models import ImportBatch, ImportRow
from core.imports.queries import BatchRecord, find_known, get_batch
from core.imports.rules.matching import Match, match_row
from core.imports.rules.plan import INLINE_ROWS, chunk_size
from core.imports.rules.reading import Reading
from core.loyalty.openings import post_openings
from core.uow import UnitOfWork

WORDS_TASK: Final = "imports.words"
COMPARE_TASK: Final = "duplicates.sweep"
"""Compares those whom nobody compared yet; it belongs to an area above this one, so it is known by its name."""
_B, _R = table_of(ImportBatch), table_of(ImportRow)
_C, _P, _S = table_of(Customer), table_of(CustomerPhone), table_of(Subject)


class Waiting(msgspec.Struct, frozen=True):
    """A row that is still to be worked off."""

    row_no: int
    outcome: str
    reading: Reading
    same_as: int | None
    opening_fen: int | None


class Done(msgspec.Struct):
    """What became of a row; written back to it."""

    row_no: int
    outcome: str
    customer_id: UUID | None = None
    subject_id: UUID | None = None
    made_customer: bool = False
    made_subject: bool = False
    before: dict[str, Any] | None = None
    more_subjects: list[str] | None = None


async def run_chunk(uow: UnitOfWork, *, batch_id: UUID) -> bool:
    """Work off the next rows; True while there are more. Nothing happens when the batch is not running."""
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch_id)
    state = await uow.session.scalar(select(_B.c.state).where(*mine).with_for_update(key_share=True))
    if state is None:
        raise NotFound("no such import")
    if state != "running":
        return False
    batch = await get_batch(uow, batch_id)
    rows = await _waiting(uow, batch, chunk_size(batch.rows_total))
    if rows:
        done = await _work_off(uow, batch, rows)
        await _write_back(uow, batch, rows, done)
    if not rows:
        await _finish(uow, batch)
    return bool(rows)


async def _waiting(uow: UnitOfWork, batch: BatchRecord, limit: int) -> list[Waiting]:
    rows = await uow.session.execute(
        select(_R.c.row_no, _R.c.outcome, _R.c.reading, _R.c.same_as, _R.c.opening_fen)
        .where(_R.c.tenant_id == uow.tenant_id, _R.c.batch_id == batch.batch_id)
        .where(_R.c.row_no >= batch.next_row, _R.c.state == "waiting")
        .order_by(_R.c.row_no)
        .limit(limit)
    )
    return [
        Waiting(row.row_no, row.outcome, msgspec.convert(row.reading, Reading), row.same_as, row.opening_fen)
        for row in rows
    ]


async def _work_off(uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Waiting]) -> dict[int, Done]:
    """Look again at who is there now (hours may lie between dry run and run), then write."""
    keep = batch.plan.existing == "update"
    known, matches = await _match(uow, rows, update=keep)
    while await _became_others(uow, matches):
        known, matches = await _match(uow, rows, update=keep)
    done = {row.row_no: Done(row.row_no, matches[row.row_no].outcome) for row in rows}
    earlier = await _earlier_people(uow, batch, rows, matches)
    await _add_new(uow, batch, rows, matches, done, earlier)
    await _add_pets(uow, batch, rows, matches, done, earlier)
    await _apply_changes(uow, matches, done)
    await _write_beyond(uow, batch, rows, matches, done)
    await _join_sharers(uow, rows, matches, known, done)
    await _tell(uow, batch, rows, done)
    made = {one.customer_id for one in done.values() if one.customer_id and one.outcome in {"new", "pet"}}
    if made and _words_later(batch):
        await uow.enqueue(WORDS_TASK, {"customers": [str(one) for one in made]})
    openings = {
        customer_id: row.opening_fen
        for row in rows
        if row.opening_fen
        and (customer_id := done[row.row_no].customer_id)
        and (keep or done[row.row_no].made_customer)
    }
    await post_openings(uow, told_fen=openings, ref_id=batch.batch_id, occurred_at=uow.now)
    return done


async def _match(
    uow: UnitOfWork, rows: Sequence[Waiting], *, update: bool
) -> tuple[Mapping[int, Sequence[Any]], dict[int, Match]]:
    known = await find_known(uow, {row.row_no: row.reading for row in rows})
    # Only a person's first row may change the person; the others bring pets.
    return known, {
        row.row_no: match_row(row.reading, known.get(row.row_no, ()), update=update and row.same_as is None)
        for row in rows
    }


async def _became_others(uow: UnitOfWork, matches: Mapping[int, Match]) -> bool:
    """Hold whom the rows will change, in the order in which a merge locks; tell whether one was merged meanwhile."""
    ids = {match.known.customer_id for match in matches.values() if match.known is not None}
    if not ids:
        return False
    states = await uow.session.scalars(
        select(_C.c.state)
        .where(_C.c.tenant_id == uow.tenant_id, one_of(_C.c.customer_id, ids))
        .order_by(_C.c.customer_id)
        .with_for_update(key_share=True)
    )
    return any(state != "active" for state in states)


async def _earlier_people(
    uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Waiting], matches: Mapping[int, Match]
) -> dict[int, UUID]:
    """Customers that rows of this file made in chunks before, by row number."""
    here = {row.row_no for row in rows}
    wanted = {
        row.same_as
        for row in rows
        if row.same_as is not None and row.same_as not in here and matches[row.row_no].known is None
    }
    if not wanted:
        return {}
    found = await uow.session.execute(
        select(_R.c.row_no, func.coalesce(_C.c.merged_into, _C.c.customer_id).label("customer_id"))
        .join(_C, and_(_C.c.tenant_id == _R.c.tenant_id, _C.c.customer_id == _R.c.customer_id))
        .where(_R.c.tenant_id == uow.tenant_id, _R.c.batch_id == batch.batch_id, one_of(_R.c.row_no, wanted))
    )
    return {row.row_no: row.customer_id for row in found}


async def _add_new(
    uow: UnitOfWork,
    batch: BatchRecord,
    rows: Sequence[Waiting],
    matches: Mapping[int, Match],
    done: dict[int, Done],
    earlier: dict[int, UUID],
) -> None:
    """Insert the people nobody knew, each with the pets of all their rows in this chunk."""
    drafts: dict[int, list[Waiting]] = {}
    for row in rows:
        if matches[row.row_no].known is None and row.same_as not in earlier:
            first = row.same_as if row.same_as is not None and row.same_as in drafts else row.row_no
            drafts.setdefault(first, []).append(row)
    added = await add_customers(
        uow,
        [_draft(of) for of in drafts.values()],
        source="import",
        branch_id=batch.plan.branch_id,
        compare=False,
        words=not _words_later(batch),
    )
    for (first, of), new in zip(drafts.items(), added, strict=True):
        subject_ids = iter(new.subject_ids)
        earlier[first] = new.customer_id
        for row in of:
            one = done[row.row_no]
            one.customer_id = new.customer_id
            one.made_customer = row.row_no == first
            one.outcome = "new" if one.made_customer else "pet"
            if row.reading.pet is not None:
                one.subject_id, one.made_subject = next(subject_ids), True
                one.more_subjects = [str(next(subject_ids)) for _ in row.reading.more_pets] or None


def _draft(rows: Sequence[Waiting]) -> CustomerDraft:
    said = rows[0].reading
    return CustomerDraft(
        full_name=said.full_name,
        phones=said.phones,
        gender=said.gender,  # type: ignore[arg-type] # read_gender gives female, male or nothing
        member_no=said.member_no,
        note=said.note,
        last_visit_on=said.last_visit_on,
        subjects=tuple(one for row in rows if (pet := _pet(row)) is not None for one in (pet, *row.reading.more_pets)),
    )


def _pet(row: Waiting) -> SubjectDraft | None:
    """The row's pet; the remark in a person's second row is about the pet of that row."""
    pet = row.reading.pet
    if pet is None or row.same_as is None or not row.reading.note:
        return pet
    return msgspec.structs.replace(pet, note=row.reading.note)


def _words_later(batch: BatchRecord) -> bool:
    """The words of a long list are written by a job beside this one, on the other core: half of all that is written."""
    return batch.rows_total > INLINE_ROWS


async def _add_pets(
    uow: UnitOfWork,
    batch: BatchRecord,
    rows: Sequence[Waiting],
    matches: Mapping[int, Match],
    done: dict[int, Done],
    earlier: Mapping[int, UUID],
) -> None:
    """Insert pets of people who are there already, from before or from an earlier chunk of this file."""
    wanted = []
    for row in rows:
        one, match = done[row.row_no], matches[row.row_no]
        if one.customer_id is None:
            one.customer_id = match.known.customer_id if match.known else earlier.get(row.same_as or 0)
            one.subject_id = match.pet.subject_id if match.pet else None
            pet = _pet(row)
            if one.customer_id and pet is not None and match.pet is None:
                wanted.append((one, pet))
            more = match.more_pets if match.known else row.reading.more_pets
            wanted += [(one, another) for another in more if one.customer_id]
    pairs = [(one.customer_id, pet) for one, pet in wanted if one.customer_id]
    ids = await add_subjects(uow, pairs, source="import", compare=False, words=not _words_later(batch))
    for (one, _), subject_id in zip(wanted, ids, strict=True):
        one.outcome = "pet"
        if one.made_subject or one.subject_id is not None:
            one.more_subjects = [*(one.more_subjects or ()), str(subject_id)]
        else:
            one.subject_id, one.made_subject = subject_id, True


async def _apply_changes(uow: UnitOfWork, matches: Mapping[int, Match], done: dict[int, Done]) -> None:
    """Fill gaps and renew what an earlier list said; what stood there before goes into the row, for the undo."""
    renamed: set[UUID] = set()
    for row_no, match in matches.items():
        if match.known is None:
            continue
        before: dict[str, Any] = {}
        customer_id = match.known.customer_id
        if match.customer_changes or match.new_phones:
            before["customer"] = {
                name: [match.known.values.get(name), new] for name, new in match.customer_changes.items()
            }
            values = dict(match.customer_changes)
            if match.new_phones:
                before["phones"] = list(match.new_phones)
                if not match.known.phones:
                    values["phone_e164"] = match.new_phones[0]
                    before["customer"]["phone_e164"] = [None, match.new_phones[0]]
                await _add_phones(uow, customer_id, match)
            await uow.session.execute(
                update(_C)
                .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
                .values(**values, version=_C.c.version + 1, changed_at=uow.now)
            )
            renamed.add(customer_id)
        if match.pet_changes and match.pet is not None:
            before["pet"] = {name: [match.pet.values.get(name), new] for name, new in match.pet_changes.items()}
            await uow.session.execute(
                update(_S)
                .where(_S.c.tenant_id == uow.tenant_id, _S.c.subject_id == match.pet.subject_id)
                .values(**match.pet_changes, changed_at=uow.now)
            )
            renamed.add(customer_id)
        if before:
            done[row_no].before = msgspec.to_builtins(before)
    await refresh_words(uow, renamed)


async def _write_beyond(
    uow: UnitOfWork,
    batch: BatchRecord,
    rows: Sequence[Waiting],
    matches: Mapping[int, Match],
    done: dict[int, Done],
) -> None:
    """Contacts, tags and own fields of all rows at once; what was really new goes into the rows, for the undo."""
    wanted = []
    for row in rows:
        one, match = done[row.row_no], matches[row.row_no]
        beyond = plan_row(row.row_no, row.reading, match, adds=batch.plan.existing == "update")
        if beyond is None or one.customer_id is None:
            continue
        beyond.customer_id, beyond.subject_id = one.customer_id, one.subject_id
        beyond.is_new, beyond.is_new_pet = match.known is None, one.made_subject
        wanted.append(beyond)
    for row_no, added in (await write_beyond(uow, wanted, batch_id=batch.batch_id)).items():
        done[row_no].before = msgspec.to_builtins((done[row_no].before or {}) | added)


async def _add_phones(uow: UnitOfWork, customer_id: UUID, match: Match) -> None:
    known = len(match.known.phones) if match.known else 0
    rows = phone_rows(uow.tenant_id, customer_id, match.new_phones)
    for row in rows:
        row["position"] += known
    fresh = upsert(_P).on_conflict_do_nothing(index_elements=["tenant_id", "customer_id", "phone_e164"])
    await uow.session.execute(fresh, rows)


async def _join_sharers(
    uow: UnitOfWork,
    rows: Sequence[Waiting],
    matches: Mapping[int, Match],
    known: Mapping[int, Sequence[Any]],
    done: Mapping[int, Done],
) -> None:
    """Another name on a known phone: one household."""
    for row in rows:
        new = done[row.row_no]
        if new.made_customer and new.customer_id and matches[row.row_no].problems:
            other = known[row.row_no][0].customer_id
            await join_household(uow, customer_id=other, other_id=new.customer_id)


async def _tell(uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Waiting], done: Mapping[int, Done]) -> None:
    """One entry in each timeline that the rows touched."""
    events = []
    for row in rows:
        one = done[row.row_no]
        if one.customer_id and (one.made_customer or one.made_subject or one.before or one.more_subjects):
            told = {"batch": batch.number, "filename": batch.filename, "row": row.row_no, "outcome": one.outcome}
            events.append(
                Event(
                    customer_id=one.customer_id,
                    kind="imported",
                    at=uow.now,
                    data=told,
                    subject_id=one.subject_id,
                    ref_id=batch.batch_id,
                )
            )
    await append_events(uow, events)


_WRITE_BACK = text(
    "UPDATE import_row SET outcome = r.outcome, state = 'done', customer_id = r.customer_id, subject_id = r.subject_id,"
    " made_customer = r.made_customer, made_subject = r.made_subject, before = CAST(r.before AS jsonb),"
    " more_subjects = CAST(r.more_subjects AS jsonb)"
    " FROM unnest(CAST(:row_no AS bigint[]), CAST(:outcome AS text[]), CAST(:customer_id AS uuid[]),"
    " CAST(:subject_id AS uuid[]), CAST(:made_customer AS boolean[]), CAST(:made_subject AS boolean[]),"
    " CAST(:before AS text[]), CAST(:more_subjects AS text[]))"
    " AS r (row_no, outcome, customer_id, subject_id, made_customer, made_subject, before, more_subjects)"
    " WHERE import_row.tenant_id = :tenant_id AND import_row.batch_id = :batch_id AND import_row.row_no = r.row_no"
)


async def _write_back(uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Waiting], done: Mapping[int, Done]) -> None:
    values: dict[str, Any] = {name: [getattr(one, name) for one in done.values()] for name in Done.__struct_fields__}
    for name in ("before", "more_subjects"):
        values[name] = [None if value is None else encode_json(value) for value in values[name]]
    await uow.session.execute(_WRITE_BACK, values | {"tenant_id": uow.tenant_id, "batch_id": batch.batch_id})
    counts = Counter(msgspec.to_builtins(batch.counts) | {"codes": 0, "new_tags": 0})
    counts.subtract(Counter(row.outcome for row in rows))
    counts.update(Counter(one.outcome for one in done.values()))
    rows_done = batch.rows_done + len(rows)
    await uow.session.execute(
        update(_B)
        .where(_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch.batch_id)
        .values(
            next_row=rows[-1].row_no + 1,
            rows_done=rows_done,
            counts=dict(counts) | {"codes": dict(batch.counts.codes), "new_tags": batch.counts.new_tags},
        )
    )
    uow.publish(f"import:{batch.batch_id}", {"state": "running", "done": rows_done, "total": batch.rows_total})


async def _finish(uow: UnitOfWork, batch: BatchRecord) -> None:
    """The file itself is no longer needed: every row stands in the table. Who looks like somebody is found out next."""
    await uow.enqueue(COMPARE_TASK, {}, dedupe_key=f"{COMPARE_TASK}:{batch.batch_id}")
    await uow.session.execute(
        update(_B)
        .where(_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch.batch_id)
        .values(state="done", finished_at=uow.now, rows_done=batch.rows_total, content=b"")
    )
    uow.publish(f"import:{batch.batch_id}", {"state": "done"})
    uow.publish("customers", {"import": str(batch.batch_id)})
    counts = msgspec.to_builtins(batch.counts) | {"codes": None}
    uow.audit("import.finish", "import", batch.batch_id, {"number": batch.number, "counts": counts})
