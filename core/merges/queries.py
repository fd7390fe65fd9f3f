"""Reads suspected duplicates with their reasons, the preview of a merge, and what was merged."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, or_, select

from core.customers.models import Customer
from core.customers.queries import CustomerRecord, CustomerRow, SubjectRecord, get_customer, list_customers_by_id
from core.customers.rules.likeness import Likeness, PetLook, Reason, compare
from core.db import table_of
from core.errors import NotFound
from core.loyalty.queries import Membership, get_memberships
from core.merges.models import CustomerMerge, DuplicateSuspect
from core.merges.moving import count_rows
from core.merges.rules import FIELDS, OWN, UNDO_FOR, FieldChoice, Pet, PetPair, choose, propose_pets
from core.merges.twins import load_looks
from core.profiles.queries import list_fields
from core.profiles.rules import OwnField
from core.uow import Reader

_C, _D, _M = table_of(Customer), table_of(DuplicateSuspect), table_of(CustomerMerge)
SuspectState = Literal["open", "dismissed"]


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that may be one person, both as lines of the list."""

    a: CustomerRow
    b: CustomerRow
    score: int
    level: str
    reasons: tuple[Reason, ...]
    found_at: datetime
    judged_by_name: str = ""
    judged_at: datetime | None = None
    note: str = ""


class MergePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge would do: `left` stays, everything of `right` follows to it."""

    left: CustomerRecord
    right: CustomerRecord
    left_card: Membership
    right_card: Membership
    fields: tuple[FieldChoice, ...]
    own: tuple[tuple[OwnField, FieldChoice], ...]
    """Fields that the tenant defined, where both say something else."""
    pets: tuple[tuple[SubjectRecord, SubjectRecord], ...]
    """Pets that are proposed as one: (of the right, the one of the left that stays)."""
    other_pets: tuple[SubjectRecord, ...]
    phones: tuple[str, ...]
    counts: dict[str, int]
    likeness: Likeness


class MergeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A merge that was done."""

    merge_id: UUID
    winner_id: UUID
    loser_id: UUID
    state: str
    loser_name: str
    loser_number: int
    merged_at: datetime
    merged_by_name: str
    may_undo: bool


async def list_suspects(
    reader: Reader,
    *,
    state: SuspectState = "open",
    level: str = "",
    after: tuple[int, UUID, UUID] | None = None,
    limit: int = 20,
) -> list[Suspect]:
    """Return pairs, the surest first; `after` is (score, a, b) of the last one seen."""
    query = _alive(reader, select(_D)).where(_D.c.state == state)
    if level:
        query = query.where(_D.c.level == level)
    if after is not None:
        score, a_id, b_id = after
        later = and_(_D.c.score == score, or_(_D.c.a_id > a_id, and_(_D.c.a_id == a_id, _D.c.b_id > b_id)))
        query = query.where(or_(_D.c.score < score, later))
    query = query.order_by(_D.c.score.desc(), _D.c.a_id, _D.c.b_id).limit(limit)
    return await _suspects(reader, query)


async def list_suspects_of(reader: Reader, customer_id: UUID, *, limit: int = 5) -> list[Suspect]:
    """Return who may be the same person as this customer."""
    mine = or_(_D.c.a_id == customer_id, _D.c.b_id == customer_id)
    query = _alive(reader, select(_D)).where(_D.c.state == "open", mine)
    return await _suspects(reader, query.order_by(_D.c.score.desc()).limit(limit))


async def count_suspects(reader: Reader, *, state: SuspectState = "open") -> dict[str, int]:
    """Return how many pairs there are of each level."""
    query = _alive(reader, select(_D.c.level, func.count())).where(_D.c.state == state).group_by(_D.c.level)
    rows: Any = await reader.session.execute(query)
    return {level: many for level, many in rows}  # noqa: C416 - rows are no pairs to `dict`


def _alive(reader: Reader, query: Any) -> Any:
    """Pairs of which both are still customers of their own."""
    for column in (_D.c.a_id, _D.c.b_id):
        one = _C.alias()
        here = (one.c.tenant_id == reader.tenant_id, one.c.customer_id == column, one.c.state == "active")
        query = query.where(select(1).where(*here).exists())
    return query.where(_D.c.tenant_id == reader.tenant_id)


async def _suspects(reader: Reader, query: Any) -> list[Suspect]:
    found = list(await reader.session.execute(query))
    people = await list_customers_by_id(reader, list({one for row in found for one in (row.a_id, row.b_id)}))
    by_id = {person.customer_id: person for person in people}
    return [
        Suspect(
            a=by_id[row.a_id],
            b=by_id[row.b_id],
            score=row.score,
            level=row.level,
            reasons=tuple(msgspec.convert(row.reasons, list[Reason])),
            found_at=row.found_at,
            judged_by_name=row.judged_by_name,
            judged_at=row.judged_at,
            note=row.note,
        )
        for row in found
        if row.a_id in by_id and row.b_id in by_id
    ]


async def get_merge_preview(
    reader: Reader, *, winner_id: UUID, loser_id: UUID, choices: dict[str, str] | None = None
) -> MergePreview:
    """Return what would happen, without changing anything.

    Raises:
        NotFound, CustomerMerged: one of the two is no customer of their own (any more).
    """
    if winner_id == loser_id:
        raise NotFound("a customer is not merged with themselves")
    left, right = await get_customer(reader, winner_id), await get_customer(reader, loser_id)
    cards = await get_memberships(reader, [winner_id, loser_id])
    looks = await load_looks(reader, [winner_id, loser_id])
    wanted = choices or {}
    pairs = propose_pets(_pets(left), _pets(right))
    of_left = {pet.subject_id: pet for pet in left.subjects}
    of_right = {pet.subject_id: pet for pet in right.subjects}
    paired = {pair.source for pair in pairs}
    return MergePreview(
        left=left,
        right=right,
        left_card=cards[winner_id],
        right_card=cards[loser_id],
        fields=tuple(choose(key, getattr(left, key), getattr(right, key), wanted.get(key)) for key in FIELDS),
        own=_own_choices(await list_fields(reader, entity_type="customer"), left.custom, right.custom, wanted),
        pets=tuple((of_right[pair.source], of_left[pair.into]) for pair in pairs),
        other_pets=tuple(pet for pet in right.subjects if pet.subject_id not in paired),
        phones=tuple(dict.fromkeys(phone.e164 for phone in (*left.phones, *right.phones))),
        counts=await count_rows(reader, "customer", loser_id),
        likeness=compare(looks[winner_id], looks[loser_id]),
    )


def _own_choices(
    fields: Sequence[OwnField], left: Mapping[str, Any], right: Mapping[str, Any], wanted: Mapping[str, str]
) -> tuple[tuple[OwnField, FieldChoice], ...]:
    found = [
        (one, choose(OWN + one.key, left.get(one.key), right.get(one.key), wanted.get(OWN + one.key))) for one in fields
    ]
    return tuple((one, choice) for one, choice in found if choice.differs)


def _pets(record: CustomerRecord) -> list[Pet]:
    return [
        Pet(
            subject_id=one.subject_id,
            kind=one.kind,
            look=PetLook(name=one.name, species=one.species, breed=one.breed, chip=one.chip, birthday=one.birthday),
        )
        for one in record.subjects
    ]


def list_pet_pairs(preview: MergePreview) -> tuple[PetPair, ...]:
    """The pairs of a preview, as `merge_customers` takes them."""
    return tuple(PetPair(source.subject_id, into.subject_id) for source, into in preview.pets)


async def get_merge(reader: Reader, merge_id: UUID) -> MergeRecord:
    """Return one merge; raise NotFound when there is none."""
    found = await _merges(reader, _M.c.merge_id == merge_id)
    if not found:
        raise NotFound("no such merge")
    return found[0]


async def list_merges(reader: Reader, customer_id: UUID) -> list[MergeRecord]:
    """Return who was merged into this customer and still is, newest first."""
    return await _merges(reader, and_(_M.c.winner_id == customer_id, _M.c.state == "done"))


async def _merges(reader: Reader, which: Any) -> list[MergeRecord]:
    loser = _C.alias()
    joined = _M.join(loser, and_(loser.c.tenant_id == _M.c.tenant_id, loser.c.customer_id == _M.c.loser_id))
    rows = await reader.session.execute(
        select(_M, loser.c.full_name, loser.c.number)
        .select_from(joined)
        .where(_M.c.tenant_id == reader.tenant_id, which)
        .order_by(_M.c.merge_id.desc())
    )
    return [
        MergeRecord(
            merge_id=row.merge_id,
            winner_id=row.winner_id,
            loser_id=row.loser_id,
            state=row.state,
            loser_name=row.full_name,
            loser_number=row.number,
            merged_at=row.merged_at,
            merged_by_name=row.merged_by_name,
            may_undo=row.state == "done" and reader.now - row.merged_at <= UNDO_FOR,
        )
        for row in rows
    ]
