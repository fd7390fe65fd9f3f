"""Makes one customer of two in one transaction, with everything written down that the way back needs."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Table, select, update
from sqlalchemy import insert as add

from core.customers.actions import CustomerChanged
from core.customers.bulk import Event, append_events, refresh_words
from core.customers.models import Customer, Subject
from core.customers.queries import CustomerMerged
from core.customers.rules.names import name_pinyin
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.loyalty.transfers import Transfer, transfer_account
from core.merges.models import CustomerMerge, DuplicateSuspect
from core.merges.moving import Moved, list_own_values, move_rows, number_phones, swap_own_values
from core.merges.rules import FIELDS, OWN, PET_FIELDS, PetPair, choose, filled, latest
from core.merges.twins import forget_twins
from core.uow import UnitOfWork

_C, _S = table_of(Customer), table_of(Subject)
_M, _D = table_of(CustomerMerge), table_of(DuplicateSuspect)
SETTLE_TASK: Final = "merges.settle"
_SETTLE_AFTER: Final = timedelta(minutes=2)


async def merge_customers(
    uow: UnitOfWork,
    *,
    winner_id: UUID,
    loser_id: UUID,
    choices: Mapping[str, str] | None = None,
    pets: Sequence[PetPair] = (),
    versions: tuple[int, int] | None = None,
) -> UUID:
    """Let everything of the loser follow to the winner and return the id of the merge, for its undo.

    `choices` says for a field which side stays: left (the winner), right, or for the note both; a field that the
    tenant defined is called `own.key`. `pets` become one each. `versions` are those that the preview showed, winner first.

    Raises:
        CustomerMerged: one of the two was merged meanwhile.
        CustomerChanged: one of the two was changed since the preview.
    """
    if winner_id == loser_id:
        raise InvalidInput((FieldProblem("with", "same-customer"),))
    both = await lock_customers(uow, winner_id, loser_id)
    winner, loser = (_active(both, one) for one in (winner_id, loser_id))
    if versions is not None and versions != (winner.version, loser.version):
        raise CustomerChanged(customer_id=winner_id)
    merge_id = new_id()
    fields = _fields(winner, loser, choices or {})
    own = await _own_fields(uow, winner_id, loser_id, choices or {})
    pairs = await _merge_pets(uow, winner_id, loser_id, pets)
    moved = await move_rows(uow, entity="customer", source=loser_id, into=winner_id, but=[p.source for p in pets])
    for pair in pets:
        moved += await move_rows(uow, entity="subject", source=pair.source, into=pair.into)
    account = await transfer_account(uow, from_id=loser_id, to_id=winner_id, key=f"merge:{merge_id}:0", ref_id=merge_id)
    changes = {name: after for name, (_, after) in fields.items()}
    if "full_name" in changes:
        changes["name_pinyin"] = name_pinyin(changes["full_name"])
    await set_customer(uow, winner_id, changes)
    await set_customer(uow, loser_id, {"state": "merged", "merged_into": winner_id})
    await number_phones(uow, customer_id=winner_id, first=changes.get("phone_e164", winner.phone_e164))
    await uow.session.execute(
        add(_M).values(
            tenant_id=uow.tenant_id,
            merge_id=merge_id,
            winner_id=winner_id,
            loser_id=loser_id,
            state="done",
            fields=msgspec.to_builtins(fields | own),
            pets=pairs,
            moved=[msgspec.to_builtins(one) for one in moved],
            account={"transfers": [msgspec.to_builtins(account)] if account else []},
            merged_at=uow.now,
            merged_by=uow.actor.id,
            merged_by_name=uow.actor.name,
            undone_by_name="",
        )
    )
    await _close(uow, merge_id, winner, loser)
    return merge_id


async def _close(uow: UnitOfWork, merge_id: UUID, winner: Any, loser: Any) -> None:
    """Search words, suspicions, timeline, audit, and the look for what was written in the same moment."""
    a_id, b_id = sorted((winner.customer_id, loser.customer_id))
    pair = (_D.c.tenant_id == uow.tenant_id, _D.c.a_id == a_id, _D.c.b_id == b_id)
    told = {"judged_at": uow.now, "judged_by": uow.actor.id, "judged_by_name": uow.actor.name}
    await uow.session.execute(update(_D).where(*pair).values(state="merged", **told))
    await forget_twins(uow, customer_ids=[loser.customer_id])
    await refresh_words(uow, [winner.customer_id, loser.customer_id])
    data = {"name": loser.full_name, "number": loser.number, "into": winner.full_name}
    event = Event(customer_id=winner.customer_id, kind="merged", at=uow.now, data=data, ref_id=merge_id)
    await append_events(uow, [event])
    ids = {"winner_id": str(winner.customer_id), "loser_id": str(loser.customer_id)}
    uow.audit("customer.merge", "customer", winner.customer_id, ids | {"merge_id": str(merge_id)})
    uow.publish("customers", {"customer_id": str(winner.customer_id)})
    uow.announce("customer.merged", {"customer_id": str(winner.customer_id), "merged_id": str(loser.customer_id)})
    await uow.enqueue(SETTLE_TASK, {"merge_id": str(merge_id)}, run_at=uow.now + _SETTLE_AFTER)


async def settle_merge(uow: UnitOfWork, *, merge_id: UUID) -> int:
    """Let follow what somebody wrote for the loser in the moment of the merge; return how many kinds of rows did.

    A form, a bill or an import that had the loser's id in hand could not know. Done again it finds nothing.
    """
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.merge_id == merge_id)
    merge = (await uow.session.execute(select(_M).where(*mine).with_for_update(key_share=True))).first()
    if merge is None or merge.state != "done":
        return 0
    await lock_customers(uow, merge.winner_id, merge.loser_id)
    stay = [UUID(pair["from"]) for pair in merge.pets]
    moved = await move_rows(uow, entity="customer", source=merge.loser_id, into=merge.winner_id, but=stay)
    for pair in merge.pets:
        moved += await move_rows(uow, entity="subject", source=UUID(pair["from"]), into=UUID(pair["into"]))
    transfers = merge.account["transfers"]
    key = f"merge:{merge_id}:{len(transfers)}"
    late = await transfer_account(uow, from_id=merge.loser_id, to_id=merge.winner_id, key=key, ref_id=merge_id)
    if not moved and late is None:
        return 0
    if late is not None:
        transfers = [*transfers, msgspec.to_builtins(late)]
    values = {"moved": [*merge.moved, *map(msgspec.to_builtins, moved)], "account": {"transfers": transfers}}
    await uow.session.execute(update(_M).where(*mine).values(values))
    await refresh_words(uow, [merge.winner_id])
    further = await uow.session.scalar(
        select(_M.c.merge_id).where(
            _M.c.tenant_id == uow.tenant_id, _M.c.loser_id == merge.winner_id, _M.c.state == "done"
        )
    )
    if further is not None:
        await uow.enqueue(SETTLE_TASK, {"merge_id": str(further)})
    return len(moved) + (late is not None)


async def lock_customers(uow: UnitOfWork, *ids: UUID) -> dict[UUID, Any]:
    """The rows, locked in ascending order so that A->B and B->A never wait for each other in a circle.

    FOR UPDATE also holds back whoever is about to write a row that refers to one of them.
    """
    rows = await uow.session.execute(
        select(_C)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.customer_id.in_(ids))
        .order_by(_C.c.customer_id)
        .with_for_update()
    )
    return {row.customer_id: row for row in rows}


async def set_customer(uow: UnitOfWork, customer_id: UUID, values: Mapping[str, Any]) -> None:
    """Write columns of a customer and raise the version."""
    await _set(uow, _C, customer_id, {**values, "version": _C.c.version + 1, "changed_at": uow.now})


async def set_subject(uow: UnitOfWork, subject_id: UUID, values: Mapping[str, Any]) -> None:
    """Write columns of a subject."""
    await _set(uow, _S, subject_id, {**values, "changed_at": uow.now})


async def _set(uow: UnitOfWork, table: Table, one: UUID, values: Mapping[str, Any]) -> None:
    mine = (table.c.tenant_id == uow.tenant_id, table.c[f"{table.name}_id"] == one)
    await uow.session.execute(update(table).where(*mine).values(dict(values)))


def _active(both: Mapping[UUID, Any], one: UUID) -> Any:
    row = both.get(one)
    if row is not None and row.state == "merged":
        raise CustomerMerged(customer_id=row.merged_into)
    if row is None or row.state != "active":
        raise NotFound("no such customer")
    return row


def _fields(winner: Any, loser: Any, choices: Mapping[str, str]) -> dict[str, list[Any]]:
    """What changes in the record that stays: column -> [before, after]."""
    after = {key: choose(key, getattr(winner, key), getattr(loser, key), choices.get(key)).result for key in FIELDS}
    after["household_id"] = winner.household_id or loser.household_id
    after["last_visit_on"] = latest(winner.last_visit_on, loser.last_visit_on)
    return {name: [getattr(winner, name), value] for name, value in after.items() if getattr(winner, name) != value}


async def _own_fields(
    uow: UnitOfWork, winner_id: UUID, loser_id: UUID, choices: Mapping[str, str]
) -> dict[str, list[Any]]:
    """Exchange the own fields for which the loser's value was chosen; what only one has stays, or follows by itself."""
    left, right = await list_own_values(uow, winner_id), await list_own_values(uow, loser_id)
    chosen = [
        key for key in sorted(left.keys() & right) if choices.get(OWN + key) == "right" and left[key] != right[key]
    ]
    await swap_own_values(uow, winner_id, loser_id, chosen)
    return {OWN + key: [left[key], right[key]] for key in chosen}


async def _merge_pets(
    uow: UnitOfWork, winner_id: UUID, loser_id: UUID, pets: Sequence[PetPair]
) -> list[dict[str, Any]]:
    """Fill the gaps of the pets that stay, and mark the others; return what the undo needs."""
    ids = {one for pair in pets for one in (pair.source, pair.into)}
    if not ids:
        return []
    rows = await uow.session.execute(
        select(_S)
        .where(_S.c.tenant_id == uow.tenant_id, _S.c.subject_id.in_(ids))
        .order_by(_S.c.subject_id)
        .with_for_update()
    )
    found = {row.subject_id: row for row in rows}
    said = []
    for pair in pets:
        source, into = found.get(pair.source), found.get(pair.into)
        fits = (
            source is not None and into is not None and (source.customer_id, into.customer_id) == (loser_id, winner_id)
        )
        if not fits or len(ids) != 2 * len(pets):
            raise InvalidInput((FieldProblem("pets", "bad-choice"),))
        changes = filled(*({name: getattr(row, name) for name in PET_FIELDS} for row in (into, source)))
        await set_subject(uow, pair.into, {name: after for name, (_, after) in changes.items()})
        await set_subject(uow, pair.source, {"merged_into": pair.into})
        said.append({"from": str(pair.source), "into": str(pair.into), "fields": msgspec.to_builtins(changes)})
    return said


def typed_value(table: Table, column: str, value: Any) -> Any:
    """A value that was kept as JSON, as its column holds it."""
    kind = table.c[column].type.python_type
    if not isinstance(value, str) or kind is str:
        return value
    return date.fromisoformat(value) if kind is date else UUID(value) if kind is UUID else value


def kept_moves(moved: Sequence[Any]) -> list[Moved]:
    """What followed, as it was written down."""
    return msgspec.convert(list(moved), list[Moved])


def kept_transfers(account: Mapping[str, Any]) -> list[Transfer]:
    """What the account got, as it was written down."""
    return msgspec.convert(account["transfers"], list[Transfer])
