"""Looks for customers who may be one person: keys written for whoever changed, candidates by shared keys, pairs judged."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from core.bulk_insert import insert_many
from core.contacts.models import CustomerContact
from core.customers.models import Customer, CustomerPhone, Subject
from core.customers.rules.likeness import RULES_VERSION, Likeness, Look, PetLook, blocking_keys, compare
from core.db import table_of
from core.merges.models import DuplicateKey, DuplicateLook, DuplicateSuspect
from core.uow import Reader, UnitOfWork

_C, _P, _S = table_of(Customer), table_of(CustomerPhone), table_of(Subject)
_K, _L, _D = table_of(DuplicateKey), table_of(DuplicateLook), table_of(DuplicateSuspect)
_O = table_of(CustomerContact)

BLOCK: Final = 40
"""Own design: a key that more customers share (a frequent name, a company's switchboard) says too little to look at."""
PIECE: Final = 200
SWEEP_TASK: Final = "duplicates.sweep"

# Each key of the new ones is read from its index up to one row more than a block may have.
_CANDIDATES = text(
    "SELECT m.customer_id AS mine, o.customer_id AS other"
    " FROM duplicate_key m CROSS JOIN LATERAL ("
    "   SELECT k.customer_id, count(*) OVER () AS size FROM ("
    "     SELECT customer_id FROM duplicate_key WHERE tenant_id = :tenant_id AND key = m.key LIMIT :most"
    "   ) k"
    " ) o"
    " WHERE m.tenant_id = :tenant_id AND m.customer_id = ANY(CAST(:ids AS uuid[]))"
    " AND o.size < :most AND o.customer_id <> m.customer_id"
)


async def look_for_twins(uow: UnitOfWork, *, customer_ids: Sequence[UUID]) -> int:
    """Compare these customers with all others and write down who may be twins; return how many pairs are open.

    Costs a few index reads for each customer, however many customers there are. A pair that somebody told apart
    stays so; a pair that nothing speaks for any more is forgotten.
    """
    ids = sorted(set(customer_ids))
    looks = await load_looks(uow, ids)
    await _write_keys(uow, ids, looks)
    pairs: set[tuple[UUID, UUID]] = set()
    rows = await uow.session.execute(_CANDIDATES, {"tenant_id": uow.tenant_id, "ids": ids, "most": BLOCK + 1})
    for mine, other in rows:
        pairs.add((min(mine, other), max(mine, other)))
    others = {one for pair in pairs for one in pair} - set(looks)
    looks |= await load_looks(uow, sorted(others))
    found = {
        pair: likeness
        for pair in pairs
        if pair[0] in looks
        and pair[1] in looks
        and (likeness := compare(looks[pair[0]], looks[pair[1]])).level != "none"
    }
    await _write_suspects(uow, ids, found)
    if found:
        uow.publish("duplicates", {"open": len(found)})
    return len(found)


async def load_looks(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Look]:
    """Return what tells these customers apart; those who are merged or removed are left out."""
    if not ids:
        return {}
    parts: dict[UUID, dict[str, Any]] = {}
    people = select(_C.c.customer_id, _C.c.full_name, _C.c.member_no, _C.c.gender)
    for row in await reader.session.execute(
        people.where(_C.c.tenant_id == reader.tenant_id, _C.c.customer_id.in_(ids), _C.c.state == "active")
    ):
        parts[row.customer_id] = {"full_name": row.full_name, "member_no": row.member_no, "gender": row.gender}
    more: dict[UUID, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    phones = select(_P.c.customer_id, _P.c.phone_e164).order_by(_P.c.position)
    for one, phone in await reader.session.execute(
        phones.where(_P.c.tenant_id == reader.tenant_id, _P.c.customer_id.in_(ids))
    ):
        more[one]["phones"].append(phone)
    pets = select(_S.c.customer_id, *(_S.c[name] for name in PetLook.__struct_fields__))
    for row in await reader.session.execute(
        pets.where(_S.c.tenant_id == reader.tenant_id, _S.c.customer_id.in_(ids), _S.c.merged_into.is_(None))
    ):
        more[row.customer_id]["pets"].append(
            PetLook(**{name: getattr(row, name) for name in PetLook.__struct_fields__})
        )
    contacts = select(_O.c.customer_id, _O.c.kind, _O.c.value).order_by(_O.c.contact_id)
    for one, kind, value in await reader.session.execute(
        contacts.where(
            _O.c.tenant_id == reader.tenant_id, _O.c.customer_id.in_(ids), _O.c.kind.in_(["email", "address"])
        )
    ):
        more[one][kind].append(value)
    return {
        one: Look(
            **part,
            phones=tuple(more[one]["phones"]),
            pets=tuple(more[one]["pets"]),
            emails=tuple(more[one]["email"]),
            address=next(iter(more[one]["address"]), None),
        )
        for one, part in parts.items()
    }


async def _write_keys(uow: UnitOfWork, ids: Sequence[UUID], looks: dict[UUID, Look]) -> None:
    gone = (_K.c.tenant_id == uow.tenant_id, _K.c.customer_id.in_(ids))
    await uow.session.execute(delete(_K).where(*gone))
    keys = [
        {"tenant_id": uow.tenant_id, "key": key, "customer_id": one}
        for one, look in looks.items()
        for key in sorted(blocking_keys(look))
    ]
    await insert_many(uow.session, _K, keys)
    seen = [
        {"tenant_id": uow.tenant_id, "customer_id": one, "rules_version": RULES_VERSION, "looked_at": uow.now}
        for one in looks
    ]
    if seen:
        fresh = upsert(_L).values(seen)
        told = {name: fresh.excluded[name] for name in ("rules_version", "looked_at")}
        await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "customer_id"], set_=told))


async def _write_suspects(uow: UnitOfWork, ids: Sequence[UUID], found: dict[tuple[UUID, UUID], Likeness]) -> None:
    known = await uow.session.execute(
        select(_D.c.a_id, _D.c.b_id)
        .where(_D.c.tenant_id == uow.tenant_id, _D.c.state == "open")
        .where(or_(_D.c.a_id.in_(ids), _D.c.b_id.in_(ids)))
    )
    for a_id, b_id in known:
        if (a_id, b_id) not in found:
            mine = (_D.c.tenant_id == uow.tenant_id, _D.c.a_id == a_id, _D.c.b_id == b_id, _D.c.state == "open")
            await uow.session.execute(delete(_D).where(*mine))
    rows = [_suspect(uow, a_id, b_id, likeness) for (a_id, b_id), likeness in sorted(found.items(), key=_by_pair)]
    for start in range(0, len(rows), PIECE):
        fresh = upsert(_D).values(rows[start : start + PIECE])
        told = {name: fresh.excluded[name] for name in ("score", "level", "reasons")}
        await uow.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["tenant_id", "a_id", "b_id"], set_=told, where=_D.c.state == "open"
            )
        )


def _by_pair(item: tuple[tuple[UUID, UUID], Likeness]) -> tuple[UUID, UUID]:
    """In one order for everybody, so that two looks never wait for each other in a circle."""
    return item[0]


def _suspect(uow: UnitOfWork, a_id: UUID, b_id: UUID, likeness: Likeness) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "a_id": a_id,
        "b_id": b_id,
        "score": likeness.score,
        "level": likeness.level,
        "reasons": [msgspec.to_builtins(reason) for reason in likeness.reasons],
        "state": "open",
        "found_at": uow.now,
        "judged_by_name": "",
        "note": "",
    }


async def sweep_for_twins(uow: UnitOfWork) -> bool:
    """Look at the next customers whom nobody has looked at under the present rules; True while there are more."""
    looked = select(_L.c.customer_id).where(
        _L.c.tenant_id == uow.tenant_id,
        _L.c.customer_id == _C.c.customer_id,
        _L.c.rules_version == RULES_VERSION,
        _L.c.looked_at >= _C.c.changed_at,
    )
    ids = list(
        await uow.session.scalars(
            select(_C.c.customer_id)
            .where(_C.c.tenant_id == uow.tenant_id, _C.c.state == "active", ~looked.exists())
            .order_by(_C.c.customer_id)
            .limit(PIECE)
        )
    )
    if ids:
        await look_for_twins(uow, customer_ids=ids)
    return len(ids) == PIECE


async def forget_twins(uow: UnitOfWork, *, customer_ids: Iterable[UUID]) -> None:
    """Take customers who are merged or erased out of the search: their keys hold names and phones."""
    ids = list(customer_ids)
    for table in (_K, _L):
        await uow.session.execute(delete(table).where(table.c.tenant_id == uow.tenant_id, table.c.customer_id.in_(ids)))
    mine = or_(_D.c.a_id.in_(ids), _D.c.b_id.in_(ids))
    await uow.session.execute(delete(_D).where(_D.c.tenant_id == uow.tenant_id, mine, _D.c.state == "open"))
