"""Takes an import back chunk by chunk: what it made goes, what it changed returns, and what was touched since stays."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.customers.bulk import Event, append_events, refresh_words, remove_customers
from core.customers.models import Customer, CustomerEvent, CustomerPhone, ProfileValue, Subject
from core.db import one_of, table_of
from core.errors import NotFound
from core.imports.actions import ImportElsewhere
from core.imports.beyond import (
    find_touched_beyond,
    remove_all_beyond,
    remove_made_tags,
    remove_values,
    take_back_beyond,
)
from core.imports.models import ImportBatch, ImportRow
from core.imports.queries import BatchRecord, get_batch
from core.imports.references import find_references
from core.imports.rules.plan import chunk_size
from core.loyalty.openings import reverse_openings
from core.uow import UnitOfWork

_B, _R = table_of(ImportBatch), table_of(ImportRow)
_C, _P, _S = table_of(Customer), table_of(CustomerPhone), table_of(Subject)
_E, _H = table_of(CustomerEvent), table_of(ProfileValue)
_DATES = frozenset({"birthday", "last_visit_on"})


async def start_undo(uow: UnitOfWork, *, batch_id: UUID) -> None:
    """Ask the worker to take a finished import back."""
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch_id)
    state = await uow.session.scalar(select(_B.c.state).where(*mine).with_for_update(key_share=True))
    if state is None:
        raise NotFound("no such import")
    if state not in {"done", "cancelled"}:
        raise ImportElsewhere(state=state)
    values = {"state": "undoing", "rows_done": 0, "started_at": uow.now, "finished_at": None}
    await uow.session.execute(update(_B).where(*mine).values(values))
    await uow.enqueue("imports.undo", {"batch_id": str(batch_id)}, dedupe_key=f"imports.undo:{batch_id}")
    uow.audit("import.undo", "import", batch_id)


async def undo_chunk(uow: UnitOfWork, *, batch_id: UUID) -> bool:
    """Take back the next rows, the last ones first; True while there are more."""
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch_id)
    state = await uow.session.scalar(select(_B.c.state).where(*mine).with_for_update(key_share=True))
    if state is None:
        raise NotFound("no such import")
    if state != "undoing":
        return False
    batch = await get_batch(uow, batch_id)
    rows = list(
        await uow.session.execute(
            select(_R)
            .where(_R.c.tenant_id == uow.tenant_id, _R.c.batch_id == batch_id, _R.c.state == "done")
            .where(_R.c.customer_id.is_not(None))
            .order_by(_R.c.row_no.desc())
            .limit(chunk_size(batch.rows_total))
        )
    )
    if rows:
        kept = await _take_back(uow, batch, rows)
        await _write_back(uow, batch, rows, kept)
    else:
        values = {"state": "undone", "finished_at": uow.now, "rows_done": batch.rows_total}
        await uow.session.execute(update(_B).where(*mine).values(values))
        uow.publish(f"import:{batch_id}", {"state": "undone"})
    return bool(rows)


async def _take_back(uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Any]) -> dict[int, str]:
    """Undo these rows; return why some stay, by row number."""
    made = {row.customer_id: row.row_no for row in rows if row.made_customer}
    firsts = await _first_rows(uow, batch, rows)
    ours = {*made, *(row.customer_id for row in firsts)}
    touched = await _touched_customers(uow, batch, [*rows, *firsts], list(ours))
    # Whoever the list made and who stays, stays whole: with the pets and all that it told.
    kept = {row.row_no: touched[row.customer_id] for row in rows if row.customer_id in touched}
    leaving = [one for one in made if one not in touched]
    others = [row for row in rows if row.customer_id not in leaving and row.customer_id not in touched]
    pets = {row.subject_id: row for row in others if row.made_subject}
    pets |= {UUID(one): row for row in others for one in row.more_subjects or ()}
    kept |= await _remove_pets(uow, batch, pets)
    for row in others:
        if row.before and not await _restore(uow, row.before, row.customer_id, row.subject_id):
            kept[row.row_no] = "changed-since"
    kept |= dict.fromkeys(await take_back_beyond(uow, others), "changed-since")
    stuck = await _remove(uow, leaving)
    kept |= {made[one]: "in-use" for one in stuck}
    await remove_made_tags(uow, rows)
    opened = [row.customer_id for row in rows if row.row_no not in kept]
    await reverse_openings(uow, customer_ids=opened, ref_id=batch.batch_id)
    staying = {row.customer_id for row in rows} - set(leaving) | set(stuck)
    await refresh_words(uow, staying)
    told = {"batch": batch.number, "filename": batch.filename}
    await append_events(
        uow,
        [Event(customer_id=one, kind="import_undone", at=uow.now, data=told, ref_id=batch.batch_id) for one in staying],
    )
    return kept


async def _first_rows(uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Any]) -> list[Any]:
    """The rows above these that made their people; their turn comes later."""
    here = {row.row_no for row in rows}
    wanted = {row.same_as for row in rows if row.same_as is not None} - here
    if not wanted:
        return []
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.batch_id == batch.batch_id, one_of(_R.c.row_no, wanted))
    return list(await uow.session.execute(select(_R).where(*mine, _R.c.made_customer)))


async def _touched_customers(
    uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Any], ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Customers whom somebody changed, bought something from, wrote to, or complained about, since the import; why."""
    changed = await uow.session.scalars(
        select(_C.c.customer_id).where(
            _C.c.tenant_id == uow.tenant_id,
            one_of(_C.c.customer_id, ids),
            or_(_C.c.version > 1, _C.c.state != "active"),
        )
    )
    active = await uow.session.scalars(
        select(_E.c.customer_id)
        .where(_E.c.tenant_id == uow.tenant_id, one_of(_E.c.customer_id, ids))
        .where(or_(_E.c.ref_id.is_(None), _E.c.ref_id != batch.batch_id))
        .distinct()
    )
    beyond = await find_touched_beyond(uow, rows, ids, batch_id=batch.batch_id)
    owners = await _owners(uow, ids)
    held = {owners[one]: why for one, why in (await find_references(uow, "subject", list(owners))).items()}
    held |= await find_references(uow, "customer", ids)
    return dict.fromkeys([*changed, *active, *beyond], "changed-since") | held


async def _owners(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    pets = select(_S.c.subject_id, _S.c.customer_id)
    rows = await uow.session.execute(
        pets.where(_S.c.tenant_id == uow.tenant_id, one_of(_S.c.customer_id, customer_ids))
    )
    return {row.subject_id: row.customer_id for row in rows}


async def _remove_pets(uow: UnitOfWork, batch: BatchRecord, pets: Mapping[UUID, Any]) -> dict[int, str]:
    """Delete pets that nobody touched; return the rows of the others."""
    ids = list(pets)
    if not ids:
        return {}
    changed = await uow.session.scalars(
        select(_S.c.subject_id).where(
            _S.c.tenant_id == uow.tenant_id,
            one_of(_S.c.subject_id, ids),
            or_(_S.c.changed_at > _S.c.created_at, _S.c.merged_into.is_not(None)),
        )
    )
    told = await uow.session.scalars(
        select(_H.c.entity_id).where(_H.c.tenant_id == uow.tenant_id, one_of(_H.c.entity_id, ids)).distinct()
    )
    active = await uow.session.scalars(
        select(_E.c.subject_id)
        .where(_E.c.tenant_id == uow.tenant_id, one_of(_E.c.customer_id, {row.customer_id for row in pets.values()}))
        .where(one_of(_E.c.subject_id, ids), or_(_E.c.ref_id.is_(None), _E.c.ref_id != batch.batch_id))
        .distinct()
    )
    why = dict.fromkeys([*changed, *told, *(one for one in active if one)], "changed-since")
    why |= await find_references(uow, "subject", ids)
    stuck = await _delete_pets(uow, [one for one in ids if one not in why])
    why |= dict.fromkeys(stuck, "in-use")
    return {pets[one].row_no: reason for one, reason in why.items()}


async def _delete_pets(uow: UnitOfWork, ids: Sequence[UUID]) -> list[UUID]:
    """Delete pets with their own values; return those to which something that we do not know clings."""
    if not ids:
        return []
    try:
        async with uow.session.begin_nested():
            await remove_values(uow, ids)
            await uow.session.execute(delete(_S).where(_S.c.tenant_id == uow.tenant_id, one_of(_S.c.subject_id, ids)))
    except IntegrityError:
        if len(ids) == 1:
            return list(ids)
        halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
        return [one for half in halves for one in await _delete_pets(uow, half)]
    return []


async def _remove(uow: UnitOfWork, ids: Sequence[UUID]) -> list[UUID]:
    """Remove customers; return those to whom something that we do not know clings."""
    try:
        async with uow.session.begin_nested():
            await remove_all_beyond(uow, ids)
            await remove_customers(uow, ids)
    except IntegrityError:
        if len(ids) == 1:
            return list(ids)
        return [one for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]) for one in await _remove(uow, half)]
    return []


async def _restore(uow: UnitOfWork, before: Mapping[str, Any], customer_id: UUID, subject_id: UUID | None) -> bool:
    """Give fields their earlier values where nobody changed them since; False when one was."""
    whole = True
    if not before.keys() & {"customer", "pet", "phones"}:
        return whole
    for table, key, one, said in (
        (_C, _C.c.customer_id, customer_id, before.get("customer", {})),
        (_S, _S.c.subject_id, subject_id, before.get("pet", {})),
    ):
        mine = (table.c.tenant_id == uow.tenant_id, key == one)
        row = (await uow.session.execute(select(table).where(*mine).with_for_update(key_share=True))).first()
        if row is None or not said:
            whole = whole and not said
            continue
        values = {
            name: _value(name, old) for name, (old, new) in said.items() if getattr(row, name) == _value(name, new)
        }
        whole = whole and len(values) == len(said)
        if values:
            await uow.session.execute(update(table).where(*mine).values(**values, changed_at=uow.now))
    if before.get("phones"):
        gone = (_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id)
        await uow.session.execute(delete(_P).where(*gone, _P.c.phone_e164.in_(before["phones"])))
    return whole


def _value(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name in _DATES and isinstance(value, str) else value


async def _write_back(uow: UnitOfWork, batch: BatchRecord, rows: Sequence[Any], kept: Mapping[int, str]) -> None:
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.batch_id == batch.batch_id)
    undone = [row.row_no for row in rows if row.row_no not in kept]
    await uow.session.execute(update(_R).where(*mine, one_of(_R.c.row_no, undone)).values(state="undone"))
    for reason in set(kept.values()):
        those = [row_no for row_no, why in kept.items() if why == reason]
        await uow.session.execute(
            update(_R).where(*mine, one_of(_R.c.row_no, those)).values(state="kept", kept_reason=reason)
        )
    counts = Counter(msgspec.to_builtins(batch.counts) | {"codes": 0, "new_tags": 0})
    counts.update({"undone": len(undone), "kept": len(kept)})
    rows_done = batch.rows_done + len(rows)
    await uow.session.execute(
        update(_B)
        .where(_B.c.tenant_id == uow.tenant_id, _B.c.batch_id == batch.batch_id)
        .values(
            rows_done=rows_done,
            counts=dict(counts) | {"codes": dict(batch.counts.codes), "new_tags": batch.counts.new_tags},
        )
    )
    uow.publish(f"import:{batch.batch_id}", {"state": "undoing", "done": rows_done, "total": batch.rows_total})
