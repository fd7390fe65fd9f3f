"""Who is who: rows of one file that mean the same person or pet, and what a row adds to somebody already known."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from core.customers.rules.names import name_pinyin
from core.customers.rules.profile import SubjectDraft
from core.imports.rules.cells import fold
from core.imports.rules.rows import Problem, Reading

Outcome = Literal["new", "pet", "update", "duplicate", "error", "skipped"]
CUSTOMER_FILLS = ("gender", "member_no", "note", "last_visit_on")
PET_FILLS = ("species", "breed", "sex", "birthday", "neutered", "chip")


class InFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the other rows of the file say about one: the first row of the same person, and whether this one repeats."""

    same_as: int | None = None
    repeats: bool = False
    problems: tuple[Problem, ...] = ()


class FileIndex:
    """Remembers the rows of a file as they come by; 100,000 of them fit into some tens of megabytes."""

    def __init__(self) -> None:
        self._people: dict[tuple[str, str], int] = {}
        self._by_phone: dict[str, int] = {}
        self._by_member_no: dict[str, int] = {}
        self._pets: dict[int, set[str]] = {}
        self.spent_fen: dict[int, int] = {}
        """First row of a person -> the largest total that any of the person's rows tells."""
        self.raised_fen: dict[int, int] = {}
        """The same for those only whose first row tells less, or nothing."""

    def place(self, row_no: int, reading: Reading) -> InFile:
        """Find the person's first row; the same phone with a name that sounds the same is the same person."""
        sound = name_pinyin(reading.full_name)
        mine = [name_pinyin(one.name, person=False) for one in reading.pets]
        pet = mine[0] if mine else ""
        keys = [(phone, sound) for phone in reading.phones]
        if reading.member_no:
            keys.append((f"no:{reading.member_no}", sound))
        if not keys and pet:
            keys.append((f"pet:{pet}", sound))  # two people of one name are two people, unless their pets agree
        first = next((self._people[key] for key in keys if key in self._people), None)
        problems = [] if first is not None else self._neighbours(row_no, reading)
        person = row_no if first is None else first
        for key in keys:
            self._people.setdefault(key, person)
        for phone in reading.phones:
            self._by_phone.setdefault(phone, row_no)
        if reading.member_no:
            self._by_member_no.setdefault(reading.member_no, row_no)
        if reading.spent_fen is not None:
            known = self.spent_fen.get(person)
            if known is not None and known != reading.spent_fen:
                problems.append(Problem("spent", "spent-differs", warns=True, params={"row": person}))
            self.spent_fen[person] = max(reading.spent_fen, known or 0)
            if person != row_no and reading.spent_fen > (known or 0):
                self.raised_fen[person] = reading.spent_fen
        pets = self._pets.setdefault(person, set())
        repeats = first is not None and pets.issuperset(mine)
        pets.update(mine)
        if repeats:
            problems.append(Problem("", "duplicate-in-file", warns=True, params={"row": person}))
        return InFile(same_as=first, repeats=repeats, problems=tuple(problems))

    def _neighbours(self, row_no: int, reading: Reading) -> list[Problem]:
        problems = []
        shared = next((self._by_phone[phone] for phone in reading.phones if phone in self._by_phone), None)
        if shared is not None:
            problems.append(Problem("phone", "phone-shared", warns=True, params={"row": shared}))
        other = self._by_member_no.get(reading.member_no or "")
        if other is not None and other != row_no:
            problems.append(Problem("member_no", "member-no-twice", warns=True, params={"row": other}))
        return problems


class KnownPet(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that is there already; `fixed` are fields whose word outweighs a list."""

    subject_id: Any
    name: str
    values: Mapping[str, Any]
    fixed: frozenset[str] = frozenset()


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who is there already."""

    customer_id: Any
    full_name: str
    phones: tuple[str, ...]
    values: Mapping[str, Any]
    fixed: frozenset[str] = frozenset()
    pets: tuple[KnownPet, ...] = ()


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a row means for what is there: nobody yet, one more pet, new values, or nothing new."""

    outcome: Outcome
    known: Known | None = None
    pet: KnownPet | None = None
    customer_changes: Mapping[str, Any] = {}
    pet_changes: Mapping[str, Any] = {}
    new_phones: tuple[str, ...] = ()
    more_pets: tuple[SubjectDraft, ...] = ()
    """Of the row's other pets those whom nobody knows."""
    problems: tuple[Problem, ...] = ()


def match_row(reading: Reading, candidates: Sequence[Known], *, update: bool) -> Match:
    """Compare a row with the customers who have one of its phones or its member number.

    With `update`, gaps are filled and what an earlier list said is renewed; without, everybody stays as they are.
    """
    sound = name_pinyin(reading.full_name)
    known = next((one for one in candidates if name_pinyin(one.full_name) == sound), None)
    if known is None:
        others = [one for one in candidates if set(one.phones) & set(reading.phones)]
        problems = [Problem("phone", "phone-known", warns=True, params={"name": one.full_name}) for one in others[:1]]
        return Match(outcome="new", problems=tuple(problems))
    pet = _same_pet(reading.pet, known)
    customer_changes = _changes(reading, known.values, known.fixed, CUSTOMER_FILLS) if update else {}
    new_phones = tuple(phone for phone in reading.phones if phone not in known.phones) if update else ()
    pet_changes = (
        _changes(reading.pet, pet.values, pet.fixed, PET_FILLS) if update and pet is not None and reading.pet else {}
    )
    told = Problem("", "already-there", warns=True, params={"name": known.full_name})
    strangers = tuple(one for one in reading.more_pets if _same_pet(one, known) is None)
    if (reading.pet is not None and pet is None) or strangers:
        outcome: Outcome = "pet"
    elif customer_changes or pet_changes or new_phones or (update and reading.spent_fen):
        outcome = "update"
    else:
        outcome = "duplicate"
    return Match(
        outcome=outcome,
        known=known,
        pet=pet,
        customer_changes=customer_changes,
        pet_changes=pet_changes,
        new_phones=new_phones,
        more_pets=strangers,
        problems=(told,),
    )


def _same_pet(told: SubjectDraft | None, known: Known) -> KnownPet | None:
    if told is None:
        return None
    if told.chip:
        same_chip = next((pet for pet in known.pets if pet.values.get("chip") == told.chip), None)
        if same_chip is not None:
            return same_chip
    sound = name_pinyin(told.name, person=False)
    return next((pet for pet in known.pets if name_pinyin(pet.name, person=False) == sound), None)


def _changes(told: Any, values: Mapping[str, Any], fixed: frozenset[str], names: Sequence[str]) -> dict[str, Any]:
    changes = {}
    for name in names:
        new, old = getattr(told, name), values.get(name)
        if new in (None, "") or new == old or (old not in (None, "") and name in fixed):
            continue
        if name == "last_visit_on" and isinstance(old, date) and new <= old:
            continue
        if name == "sex" and new == "unknown" and old:
            continue
        if name == "note" and old and fold(str(new)) in fold(str(old)):
            continue
        changes[name] = new
    return changes
