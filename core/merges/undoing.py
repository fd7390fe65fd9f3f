"""Takes a merge back exactly, or says what happened since that would be lost."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update

from core.customers.bulk import Event, append_events, refresh_words
from core.customers.models import Customer, CustomerPhone, Subject
from core.customers.rules.names import name_pinyin
from core.db import table_of
from core.errors import Conflict, NotFound
from core.loyalty.models import LedgerEntry, Purchase
from core.loyalty.transfers import return_account
from core.merges.merging import (
    kept_moves,
    kept_transfers,
    lock_customers,
    set_customer,
    set_subject,
    typed_value,
)
from core.merges.models import CustomerMerge, DuplicateSuspect
from core.merges.moving import find_gone_elsewhere, list_own_values, move_back, number_phones, swap_own_values
from core.merges.rules import OWN, UNDO_FOR
from core.uow import UnitOfWork

_C, _P, _S = table_of(Customer), table_of(CustomerPhone), table_of(Subject)
_M, _D = table_of(CustomerMerge), table_of(DuplicateSuspect)
_E, _B = table_of(LedgerEntry), table_of(Purchase)


class MergeGrown(Conflict):
    """Something happened since the merge that its undo would lose; `reasons` says what."""

    code = "merge-grown"


class MergeTooOld(Conflict):
    """A merge can be taken back for 30 days."""

    code = "merge-too-old"


class MergeUndone(Conflict):
    """Somebody took this merge back already."""

    code = "merge-undone"


async def undo_merge(uow: UnitOfWork, *, merge_id: UUID) -> UUID:
    """Make two customers again and return the id of the one who comes back.

    Raises:
        MergeUndone, MergeTooOld: it is over.
        MergeGrown: with `reasons`, codes of what was changed since: `field:note`, `pet:chip`, `refund`, ...
    """
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.merge_id == merge_id)
    merge = (await uow.session.execute(select(_M).where(*mine).with_for_update(key_share=True))).first()
    if merge is None:
        raise NotFound("no such merge")
    if merge.state != "done":
        raise MergeUndone
    if uow.now - merge.merged_at > UNDO_FOR:
        raise MergeTooOld
    both = await lock_customers(uow, merge.winner_id, merge.loser_id)
    winner, loser = both[merge.winner_id], both[merge.loser_id]
    reasons = await _grown(uow, merge, winner, loser)
    if reasons:
        raise MergeGrown(reasons=tuple(dict.fromkeys(reasons)))
    await _take_back(uow, merge)
    await uow.session.execute(
        update(_M).where(*mine).values(state="undone", undone_at=uow.now, undone_by_name=uow.actor.name)
    )
    await _tell(uow, merge, winner, loser)
    loser_id: UUID = loser.customer_id
    return loser_id


async def _grown(uow: UnitOfWork, merge: Any, winner: Any, loser: Any) -> list[str]:
    if winner.state != "active":
        return [f"winner-{winner.state}"]
    if loser.state != "merged" or loser.merged_into != winner.customer_id:
        return ["loser-moved"]
    fields, own = _sorts(merge.fields)
    reasons = [f"field:{name}" for name in _changed(_C, winner, fields)]
    now = msgspec.to_builtins(await list_own_values(uow, winner.customer_id)) if own else {}
    reasons += [f"field:{OWN}{key}" for key, (_, after) in own.items() if now.get(key) != after]
    for pair in merge.pets:
        pet = await _subject(uow, UUID(pair["into"]))
        if pet is None or pet.customer_id != winner.customer_id:
            reasons.append("pet:gone")
        else:
            reasons += [f"pet:{name}" for name in _changed(_S, pet, pair["fields"])]
    for moved in kept_moves(merge.moved):
        if await find_gone_elsewhere(uow, moved):
            reasons.append(f"moved:{moved.table}")
    if await _refunds(uow, merge):
        reasons.append("refund")
    return reasons


def _sorts(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns of the record, and fields that the tenant defined by their key."""
    own = {name.removeprefix(OWN): change for name, change in fields.items() if name.startswith(OWN)}
    return {name: change for name, change in fields.items() if not name.startswith(OWN)}, own


def _changed(table: Any, row: Any, fields: dict[str, Any]) -> Iterable[str]:
    return [name for name, (_, after) in fields.items() if getattr(row, name) != typed_value(table, name, after)]


async def _subject(uow: UnitOfWork, subject_id: UUID) -> Any:
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.subject_id == subject_id)
    return (await uow.session.execute(select(_S).where(*mine))).first()


async def _refunds(uow: UnitOfWork, merge: Any) -> int:
    """Bills of the one who would come back that were taken back since: their sums are no longer what moved."""
    bills = [UUID(key[0]) for moved in kept_moves(merge.moved) if moved.table == _B.name for key in moved.keys]
    if not bills:
        return 0
    found = select(func.count()).select_from(_E)
    since = (_E.c.ref_id.in_(bills), _E.c.kind == "reversal", _E.c.recorded_at >= merge.merged_at)
    return await uow.session.scalar(found.where(_E.c.tenant_id == uow.tenant_id, *since)) or 0


async def _take_back(uow: UnitOfWork, merge: Any) -> None:
    for place, moved in reversed(list(enumerate(kept_transfers(merge.account)))):
        key = f"merge:{merge.merge_id}:{place}"
        await return_account(
            uow, moved=moved, from_id=merge.loser_id, to_id=merge.winner_id, key=key, ref_id=merge.merge_id
        )
    for moved_rows in reversed(kept_moves(merge.moved)):
        await move_back(uow, moved_rows)
    for pair in merge.pets:
        before = {name: typed_value(_S, name, old) for name, (old, _) in pair["fields"].items()}
        await set_subject(uow, UUID(pair["into"]), before)
        await set_subject(uow, UUID(pair["from"]), {"merged_into": None})
    columns, own = _sorts(merge.fields)
    await swap_own_values(uow, merge.winner_id, merge.loser_id, list(own))
    fields = {name: typed_value(_C, name, old) for name, (old, _) in columns.items()}
    if "full_name" in fields:
        fields["name_pinyin"] = name_pinyin(fields["full_name"])
    await set_customer(uow, merge.winner_id, fields)
    await set_customer(uow, merge.loser_id, {"state": "active", "merged_into": None})
    for one in (merge.winner_id, merge.loser_id):
        await _own_phone_first(uow, one)


async def _own_phone_first(uow: UnitOfWork, customer_id: UUID) -> None:
    """Number the phones again; whoever was given a number to call that went back is called at the next one."""
    whose = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
    mine = (_P.c.tenant_id == uow.tenant_id, _P.c.customer_id == customer_id)
    first = await uow.session.scalar(select(_C.c.phone_e164).where(*whose))
    phones = list(await uow.session.scalars(select(_P.c.phone_e164).where(*mine).order_by(_P.c.position)))
    if first not in phones:
        first = phones[0] if phones else None
        await uow.session.execute(update(_C).where(*whose).values(phone_e164=first))
    await number_phones(uow, customer_id=customer_id, first=first)


async def _tell(uow: UnitOfWork, merge: Any, winner: Any, loser: Any) -> None:
    ids = [winner.customer_id, loser.customer_id]
    await refresh_words(uow, ids)
    a_id, b_id = sorted(ids)
    pair = (_D.c.tenant_id == uow.tenant_id, _D.c.a_id == a_id, _D.c.b_id == b_id)
    again = {"state": "open", "judged_at": None, "judged_by": None, "judged_by_name": ""}
    await uow.session.execute(update(_D).where(*pair).values(again))
    data = {"name": loser.full_name, "number": loser.number, "into": winner.full_name}
    await append_events(
        uow, [Event(customer_id=one, kind="merge_undone", at=uow.now, data=data, ref_id=merge.merge_id) for one in ids]
    )
    uow.audit("customer.merge_undone", "customer", winner.customer_id, {"merge_id": str(merge.merge_id)})
    uow.publish("customers", {"customer_id": str(winner.customer_id)})
