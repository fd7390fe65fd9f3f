"""Who is who: rows of one file that mean the same person or pet, and what a row adds to somebody already known."""

from array import array
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from core.contacts.rules import MAX_CONTACTS
from core.customers.rules.names import name_pinyin
from core.customers.rules.profile import SubjectDraft
from core.imports.rules.beyond import OwnSaid
from core.imports.rules.cells import fold
from core.imports.rules.reading import Problem, Reading
from core.profiles.rules import MAX_TAGS_EACH, fold_tag

Outcome = Literal["new", "pet", "update", "duplicate", "error", "skipped"]
CUSTOMER_FILLS = ("gender", "member_no", "note", "last_visit_on")
PET_FILLS = ("species", "breed", "sex", "birthday", "neutered", "chip")


class InFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the other rows of the file say about one: the first row of the same person, and whether this one repeats."""

    same_as: int | None = None
    repeats: bool = False
    problems: tuple[Problem, ...] = ()


class _Firsts:
    """Which entry was the first with a key: a hash table in two arrays, a tenth of what a dict of texts takes."""

    def __init__(self) -> None:
        self._slots = array("i", bytes(4 * 1024))
        self._keys, self._entries = array("q"), array("i")

    def get(self, key: int) -> int | None:
        slots, keys = self._slots, self._keys
        mask = len(slots) - 1
        place = key & mask
        while number := slots[place]:
            if keys[number - 1] == key:
                return self._entries[number - 1]
            place = (place + 1) & mask
        return None

    def add(self, key: int, entry: int) -> None:
        """Write a key down that is not there."""
        self._keys.append(key)
        self._entries.append(entry)
        if len(self._keys) * 2 > len(self._slots):
            self._slots = array("i", bytes(8 * len(self._slots)))
            for number, known in enumerate(self._keys, 1):
                self._sit(known, number)
        else:
            self._sit(key, len(self._keys))

    def _sit(self, key: int, number: int) -> None:
        mask = len(self._slots) - 1
        place = key & mask
        while self._slots[place]:
            place = (place + 1) & mask
        self._slots[place] = number


class FileIndex:
    """Remembers the rows of a file as they come by, in some sixty bytes each.

    Phones, numbers and names are remembered by their hashes of 64 bits: that two of 300,000 agree by chance happens in
    one list of some hundred million.
    """

    def __init__(self) -> None:
        self._first = _Firsts()
        self._people: dict[tuple[int, int], int] = {}
        """(Key, name) -> the person's first entry, where the first row with that key is about somebody else."""
        self._rows, self._persons = array("q"), array("i")
        self._names, self._pets, self._spent = array("q"), array("q"), array("q")
        self._more_pets: dict[int, set[int]] = {}
        self.raised_fen: dict[int, int] = {}
        """First row of a person -> the largest total that any of the person's rows tells, where the first tells less."""

    def place(self, row_no: int, reading: Reading) -> InFile:
        """Find the person's first row; the same phone with a name that sounds the same is the same person."""
        sound = name_pinyin(reading.full_name)
        mine = [hash(name_pinyin(one.name, person=False)) for one in reading.pets]
        keys = [*reading.phones]
        if reading.member_no:
            keys.append(f"no:{reading.member_no}")
        if not keys and mine:
            # Two people of one name are two people, unless their pets agree.
            keys.append(f"pet:{name_pinyin(reading.pets[0].name, person=False)}")
        name, hashes = hash(sound), [hash(key) for key in keys]
        found = [self._first.get(key) for key in hashes]
        first = next(
            (
                person
                for key, entry in zip(hashes, found, strict=True)
                if entry is not None and (person := self._person(key, entry, name)) is not None
            ),
            None,
        )
        problems = [] if first is not None else self._neighbours(reading, found)
        entry = len(self._rows)
        person = entry if first is None else first
        self._rows.append(row_no)
        self._persons.append(person)
        self._names.append(name)
        self._pets.append(mine[0] if mine else 0)
        self._spent.append(-1)
        for key, known in zip(hashes, found, strict=True):
            if known is None:
                if self._first.get(key) is None:
                    self._first.add(key, entry)
            elif self._names[known] != name:
                self._people.setdefault((key, name), person)
        problems += self._told(person, reading.spent_fen, is_first=person == entry)
        repeats = first is not None and self._has_pets(person, mine)
        if mine and (len(mine) > 1 or first is not None):
            self._more_pets.setdefault(person, set()).update(mine)
        row = self._rows[person]
        if repeats:
            problems.append(Problem("", "duplicate-in-file", warns=True, params={"row": row}))
        return InFile(same_as=None if first is None else row, repeats=repeats, problems=tuple(problems))

    def _person(self, key: int, entry: int, name: int) -> int | None:
        return self._persons[entry] if self._names[entry] == name else self._people.get((key, name))

    def _has_pets(self, person: int, mine: Sequence[int]) -> bool:
        more = self._more_pets.get(person, ())
        return all(pet == self._pets[person] or pet in more for pet in mine)

    def _told(self, person: int, spent_fen: int | None, *, is_first: bool) -> list[Problem]:
        """Keep the largest total of a person."""
        if spent_fen is None:
            return []
        row, known = self._rows[person], self._spent[person]
        self._spent[person] = max(spent_fen, known)
        if not is_first and spent_fen > max(known, 0):
            self.raised_fen[row] = spent_fen
        if known in {-1, spent_fen}:
            return []
        return [Problem("spent", "spent-differs", warns=True, params={"row": row})]

    def _neighbours(self, reading: Reading, found: Sequence[int | None]) -> list[Problem]:
        """`found`: the first entries with each of its phones, and then with its number."""
        problems = []
        phones = len(reading.phones)
        shared = next((entry for entry in found[:phones] if entry is not None), None)
        if shared is not None:
            problems.append(Problem("phone", "phone-shared", warns=True, params={"row": self._rows[shared]}))
        other = found[phones] if reading.member_no else None
        if other is not None:
            problems.append(Problem("member_no", "member-no-twice", warns=True, params={"row": self._rows[other]}))
        return problems


class KnownPet(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that is there already; `fixed` are fields whose word outweighs a list."""

    subject_id: Any
    name: str
    values: Mapping[str, Any]
    fixed: frozenset[str] = frozenset()
    own: Mapping[str, Any] = {}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who is there already."""

    customer_id: Any
    full_name: str
    phones: tuple[str, ...]
    values: Mapping[str, Any]
    fixed: frozenset[str] = frozenset()
    pets: tuple[KnownPet, ...] = ()
    own: Mapping[str, Any] = {}
    contacts: frozenset[tuple[str, str]] = frozenset()
    tags: frozenset[str] = frozenset()
    """As `fold_tag` writes them."""


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
    new_contacts: tuple[tuple[str, str], ...] = ()
    new_tags: tuple[str, ...] = ()
    own_changes: tuple[OwnSaid, ...] = ()
    pet_own_changes: tuple[OwnSaid, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether something beyond the record is new."""
        return bool(self.new_contacts or self.new_tags or self.own_changes or self.pet_own_changes)


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
    told = [Problem("", "already-there", warns=True, params={"name": known.full_name})]
    beyond = _beyond(reading, known, pet) if update else Match(outcome="duplicate")
    strangers = tuple(one for one in reading.more_pets if _same_pet(one, known) is None)
    if (reading.pet is not None and pet is None) or strangers:
        outcome: Outcome = "pet"
    elif customer_changes or pet_changes or new_phones or beyond.adds or (update and reading.spent_fen):
        outcome = "update"
    else:
        outcome = "duplicate"
    return msgspec.structs.replace(
        beyond,
        outcome=outcome,
        known=known,
        pet=pet,
        customer_changes=customer_changes,
        pet_changes=pet_changes,
        new_phones=new_phones,
        more_pets=strangers,
        problems=(*told, *beyond.problems),
    )


def _beyond(reading: Reading, known: Known, pet: KnownPet | None) -> Match:
    """What the row adds beyond the record, as far as there is room; what is there stays."""
    contacts = [one for one in reading.contacts if one not in known.contacts]
    tags = [one for one in reading.tags if fold_tag(one) not in known.tags]
    room, places = max(0, MAX_CONTACTS - len(known.contacts)), max(0, MAX_TAGS_EACH - len(known.tags))
    problems = []
    if len(contacts) > room:
        problems.append(Problem(contacts[room][0], "contacts-full", warns=True, params={"max": MAX_CONTACTS}))
    if len(tags) > places:
        problems.append(Problem("tags", "tags-full", warns=True, params={"max": MAX_TAGS_EACH}))
    return Match(
        outcome="duplicate",
        new_contacts=tuple(contacts[:room]),
        new_tags=tuple(tags[:places]),
        own_changes=_own_changes(reading.own, known.own, known.fixed),
        pet_own_changes=_own_changes(reading.pet_own, pet.own, pet.fixed) if pet is not None else (),
        problems=tuple(problems),
    )


def _own_changes(told: Sequence[OwnSaid], values: Mapping[str, Any], fixed: frozenset[str]) -> tuple[OwnSaid, ...]:
    return tuple(
        one
        for one in told
        if one.value != values.get(one.key) and (values.get(one.key) is None or one.key not in fixed)
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
