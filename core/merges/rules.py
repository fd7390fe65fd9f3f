"""What a merge keeps of two records, which pets become one, and which tables follow the customer."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from core.customers.rules.likeness import PetLook, same_pet
from core.customers.rules.names import MAX_NOTE

UNDO_FOR: Final = timedelta(days=30)
"""Own design: so long a merge can be taken back; after that the two have usually grown together."""

Side = Literal["left", "right", "both"]
FIELDS: Final = ("full_name", "phone_e164", "gender", "member_no", "branch_id", "note")
"""Fields of the record for which somebody chooses; `left` is the one who stays."""
OWN: Final = "own."
"""Before the key of a field that the tenant defined, among the fields for which somebody chooses."""
PET_FIELDS: Final = ("species", "breed", "sex", "birthday", "neutered", "chip", "deceased_on", "note")

# Tables that name a customer or subject and are left alone by a merge, each with the reason.
KEPT: Final[Mapping[str, str]] = {
    "customer": "the two records themselves",
    "customer_word": "made anew from the records",
    "customer_event": "append-only: the timeline is read over everybody who became this customer",
    "profile_value": "append-only: the history of values is read by record",
    "contact_consent": "append-only: permissions are read over everybody who became this customer",
    "consent_seal": "append-only: sealed under the customer who signed",
    "privacy_receipt": "append-only: says what was erased of whom, and stays with that record",
    "privacy_tombstone": "who was erased, by the key of that day",
    "ledger_entry": "append-only: entries on both sides move the sum",
    "campaign_use": "append-only: what a campaign gave is counted by the record it was given to",
    "loyalty_account": "moved by entries of the ledger",
    "lot": "carried over as new lots of the same root, with entries on both sides",
    "coupon_redemption": "append-only: says who used it; the coupon itself follows",
    "benefit_use": "append-only: says for which pet; the grant itself follows",
    "backtest_mover": "what a backtest found on its day; thrown away after thirty days",
    "import_row": "tells what an import made; its undo keeps a customer who was merged since",
    "duplicate_key": "made anew from the records",
    "duplicate_look": "made anew from the records",
    "duplicate_suspect": "judged by the merge itself",
    "customer_merge": "the merges themselves",
}


class FieldChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One field of both records, and what stays."""

    key: str
    left: Any
    right: Any
    chosen: Side

    @property
    def differs(self) -> bool:
        """Both say something, and not the same."""
        return self.left not in {None, ""} and self.right not in {None, ""} and self.left != self.right

    @property
    def result(self) -> Any:
        """What the record says afterwards."""
        if self.chosen == "both" and isinstance(self.left, str) and isinstance(self.right, str):
            return join_notes(self.left, self.right)
        return self.right if self.chosen == "right" else self.left


def join_notes(left: str, right: str) -> str:
    """Both notes, one below the other; a note that stands in the other is not said twice."""
    if not right or right in left:
        return left
    if not left or left in right:
        return right
    return f"{left}\n{right}"[:MAX_NOTE]


def choose(key: str, left: Any, right: Any, wanted: str | None) -> FieldChoice:
    """What stays: what was chosen; else what is known; of two notes both; else the left."""
    if wanted in {"left", "right"} or (wanted == "both" and key == "note"):
        side: Side = wanted  # type: ignore[assignment] # one of the three, as just seen
    elif left in {None, ""} and right not in {None, ""}:
        side = "right"
    elif key == "note" and right not in {None, ""}:
        side = "both"
    else:
        side = "left"
    return FieldChoice(key=key, left=left, right=right, chosen=side)


def latest(left: date | None, right: date | None) -> date | None:
    """The later of two days; one that is not known loses."""
    return max((day for day in (left, right) if day is not None), default=None)


class Pet(msgspec.Struct, frozen=True, kw_only=True):
    """A pet or person of one of the two."""

    subject_id: UUID
    kind: str
    look: PetLook


class PetPair(msgspec.Struct, frozen=True):
    """Two records that are proposed as one animal; `into` stays."""

    source: UUID
    into: UUID


def propose_pets(left: Sequence[Pet], right: Sequence[Pet]) -> tuple[PetPair, ...]:
    """Pair the pets that nothing tells apart, each at most once; a chip decides before a name does."""
    pairs: list[PetPair] = []
    taken: set[UUID] = set()
    for by_chip in (True, False):
        for pet in right:
            if any(pair.source == pet.subject_id for pair in pairs):
                continue
            for other in left:
                chips = bool(pet.look.chip) and pet.look.chip == other.look.chip
                fitting = chips if by_chip else same_pet(other.look, pet.look)
                if fitting and other.kind == pet.kind and other.subject_id not in taken:
                    pairs.append(PetPair(pet.subject_id, other.subject_id))
                    taken.add(other.subject_id)
                    break
    return tuple(pairs)


def filled(into: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What the pet that stays takes over from the other: its gaps only. Column -> [before, after]."""
    changes = {}
    for name in PET_FIELDS:
        gap = into[name] in {None, ""} or (name == "sex" and into[name] == "unknown")
        if gap and source[name] not in {None, "", "unknown"}:
            changes[name] = [into[name], source[name]]
    return changes
