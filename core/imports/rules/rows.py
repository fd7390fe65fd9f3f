"""One row of a list: what it says about a person and a pet, and every reason why it cannot be taken as it is."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from core.customers.rules.names import MAX_NOTE, clean_name, name_pinyin, split_honorific
from core.customers.rules.phones import phone_kind, read_phones
from core.customers.rules.profile import MAX_SUBJECTS, SubjectDraft
from core.imports.rules.beyond import CONTACT_TARGETS, TAGS, OwnSaid, read_contacts, read_own, read_tags
from core.imports.rules.cells import (
    NEUTERED_SEX,
    CellProblem,
    fold,
    is_empty,
    plain_cell,
    read_amount,
    read_choice,
    read_gender,
    read_sex,
    read_yes_no,
    whole_digits,
)
from core.imports.rules.columns import SUBJECT_TARGETS, is_below_list, is_header_again
from core.imports.rules.dates import read_date
from core.imports.rules.reading import Judged, Reading, Row, Terms
from core.profiles.rules import MAX_TAGS_EACH, fold_tag

# Outside of brackets: 豆豆(金毛，公)、咪咪 are two.
_PETS = re.compile(
    r"(?:[、，,;；/&\n+＋]|\s和\s|(?<=[)）])和|(?<=[\u4e00-\u9fff]{2})和(?=[\u4e00-\u9fff]{2}))(?![^(（\[【]*[)）\]】])"
)
_IN_BRACKETS = re.compile(r"(.+?)\s*[(（\[【]\s*([^)）\]】]+?)\s*[)）\]】]\s*")
_CHIP = re.compile(r"[0-9A-Za-z]{6,20}")
# What clinics write behind a name although it is about the phone: 张三（微信同号） is 张三.
_BEHIND_NAME = re.compile(r"\s*[(（]\s*(?:手机)?(?:微信)?(?:同号|微信|本人|机主|同微信)\s*[)）]\s*$")
_NUMBER_NAME = re.compile(r"[\d\s+\-()]{5,}")


def judge_row(terms: Terms, row_no: int, cells: Sequence[str]) -> Judged:
    """Read one row; all problems at once."""
    first = next((cell for cell in cells if cell.strip()), "")
    if is_below_list(first) or is_header_again(terms.header.names, cells):
        return Judged(None, is_total=True)
    row = Row(terms, row_no, cells)
    width = len(terms.header.names)
    if terms.strict_width and len(cells) < width:
        row.refuse("", "row-short", found=len(cells), expected=width)
    elif terms.strict_width and any(cell.strip() for cell in cells[width:]):
        row.refuse("", "row-long", found=len(cells), expected=width)
    if row.problems:
        return Judged(None, tuple(row.problems))
    full_name, gender = _name(row)
    phones = _phones(row)
    pets = _pets(row)
    reading = Reading(
        full_name=full_name,
        phones=phones,
        gender=row.read("gender", read_gender) or gender,
        member_no=_code(row, "member_no"),
        note=_note(row),
        last_visit_on=_day(row, "last_visit"),
        spent_fen=row.read("spent", read_amount),
        pet=pets[0] if pets else None,
        more_pets=tuple(pets[1:]),
        contacts=_contacts(row, phones),
        tags=_tags(row),
        own=_own(row, "customer"),
        pet_own=_own(row, "subject") if pets else (),
    )
    _compare(row, reading)
    refused = any(not problem.warns for problem in row.problems)
    return Judged(None if refused else reading, tuple(row.problems))


def _name(row: Row) -> tuple[str, str | None]:
    text = _BEHIND_NAME.sub("", clean_name(row.text("name")))
    already = any(problem.column == "name" and not problem.warns for problem in row.problems)
    if (not text or is_empty(text)) and not already:
        row.refuse("name", "name-missing")
    elif _NUMBER_NAME.fullmatch(text):
        row.refuse("name", "name-is-number", value=text)
    plain = split_honorific(text)
    return plain.name, plain.gender


def _phones(row: Row) -> tuple[str, ...]:
    found: list[str] = []
    for target in ("phone", "phone2"):
        text = row.text(target)
        if not text or is_empty(text) or fold(text) == "0":
            continue
        try:
            reading = read_phones(whole_digits(text))
        except CellProblem as problem:
            row.refuse(target, problem.code, value=text)
            continue
        for part in reading.refused:
            # A good number beside the bad one keeps the row.
            (row.warn if reading.phones else row.refuse)(target, "phone-bad", value=part)
        numbers = [phone.e164 for phone in reading.phones]
        if len(numbers) > 1:
            row.warn(target, "phone-two", count=len(numbers))
            numbers = numbers if row.terms.take_second_phone else numbers[:1]
        found += numbers
        for number in numbers[:1]:
            kind = phone_kind(number)
            if kind != "mobile":
                row.warn(target, f"phone-{kind}", value=number)
    if not found and not any(p.column.startswith("phone") for p in row.problems):
        row.warn("phone", "phone-missing")
    return tuple(dict.fromkeys(found))


def _contacts(row: Row, phones: Sequence[str]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for kind in CONTACT_TARGETS:
        if kind in row.places:
            found += row.read_text(kind, row.text(kind), partial(read_contacts, kind, phones=phones)) or ()
    return tuple(found)


def _tags(row: Row) -> tuple[str, ...]:
    """Of all columns that are mapped to tags."""
    found: dict[str, str] = {}
    for nth in range(len(row.places.get(TAGS, ()))):
        for name in row.read_text(TAGS, row.nth_text(TAGS, nth), read_tags) or ():
            found.setdefault(fold_tag(name), name)
    if len(found) > MAX_TAGS_EACH:
        row.refuse(TAGS, "tags-too-many", max=MAX_TAGS_EACH)
    return tuple(found.values())


def _own(row: Row, entity: str) -> tuple[OwnSaid, ...]:
    said = (
        row.read(target, partial(read_own, field))
        for target, field in row.terms.own.items()
        if field.entity_type == entity and target in row.places
    )
    return tuple(one for one in said if one is not None)


def _code(row: Row, target: str, text: str | None = None) -> str | None:
    text = clean_name(row.text(target) if text is None else text)
    if not text or is_empty(text):
        return None
    try:
        text = whole_digits(text)
    except CellProblem as problem:
        row.refuse(target, problem.code, value=text)
    if target != "chip":
        return text
    plain = text.replace(" ", "").replace("-", "").removesuffix(".0")
    if not _CHIP.fullmatch(plain):
        row.refuse(target, "chip-bad", value=text)
    return plain


def _day(row: Row, target: str, text: str | None = None) -> date | None:
    reading = row.read_text(target, row.text(target) if text is None else text, read_date, today=row.terms.today)
    if reading is None:
        return None
    if reading.partial:
        row.warn(target, "date-partial", value=reading.day.isoformat())
    if reading.short:
        row.warn(target, "date-short", value=reading.day.isoformat())
    day: date = reading.day
    return day


def _note(row: Row) -> str:
    parts = []
    columns = row.columns("note")
    for column, cell in columns:
        try:
            text = plain_cell(cell, max_length=MAX_NOTE)
        except CellProblem as problem:
            row.refuse("note", problem.code, **problem.params)
            continue
        if text and not is_empty(text):
            label = row.terms.header.names[column]
            parts.append(f"{label}：{text}" if len(columns) > 1 else text)
    note = "\n".join(parts)
    if len(note) > MAX_NOTE:
        row.refuse("note", "too-long", max=MAX_NOTE)
    return note


def _pets(row: Row) -> list[SubjectDraft]:
    """The row's pets: each in columns of its own, or several names in one cell."""
    if row.terms.subject_kind is None or "pet_name" not in row.terms.mapping:
        return []
    pets: list[SubjectDraft] = []
    for nth in range(len(row.places["pet_name"])):
        texts = {target: row.nth_text(target, nth) for target in SUBJECT_TARGETS}
        names = _names_in(texts["pet_name"])
        if len(names) < 2:
            pet = _pet(row, texts, quiet=nth > 0)
            pets += [pet] if pet is not None else []
            continue
        row.warn("pet_name", "pet-several", count=len(names))
        pets += [pet for one in _shared_out(texts, names) if (pet := _pet(row, one, quiet=True)) is not None]
    if len(pets) < 2:
        return pets
    known = {name_pinyin(pet.name, person=False): pet for pet in reversed(pets)}
    return [pet for pet in pets if known[name_pinyin(pet.name, person=False)] is pet][:MAX_SUBJECTS]


@functools.lru_cache(maxsize=1024)
def _names_in(text: str) -> tuple[str, ...]:
    return tuple(name for part in _PETS.split(text) if (name := part.strip()) and not is_empty(name))


def _shared_out(texts: Mapping[str, str], names: Sequence[str]) -> list[dict[str, str]]:
    """Cells that hold as many parts as there are names are dealt out; a kind told once is everybody's, the rest the first's."""
    dealt: list[dict[str, str]] = [{"pet_name": name} for name in names]
    for target, text in texts.items():
        if target == "pet_name" or not text:
            continue
        parts = [part.strip() for part in re.split(r"[、，,;；/&\n+]", text)]
        if len(parts) == len(names):
            for one, part in zip(dealt, parts, strict=True):
                one[target] = part
        else:
            for one in dealt if target == "species" else dealt[:1]:
                one[target] = text
    return dealt


def _pet(row: Row, texts: Mapping[str, str], *, quiet: bool) -> SubjectDraft | None:
    """One pet; 豆豆(金毛) brings its breed in brackets. `quiet`: a missing name is no news, for there are others."""
    said = dict.fromkeys(SUBJECT_TARGETS, "") | dict(texts)
    name = _open_brackets(row, said)
    written = fold(said["species"])
    species = None
    if row.terms.species:
        species = row.read_text("species", said["species"], read_choice, options=dict(row.terms.species))
    breed = clean_name(said["breed"])
    breed_or_none = None if not breed or is_empty(breed) else breed
    if breed_or_none is None and species is not None and written not in {species, ""} and species == "exotic":
        breed_or_none = clean_name(said["species"])  # 守宫 says more than "exotic"
    if not name or is_empty(name):
        if not any((not is_empty(written), breed_or_none, said["birthday"], said["chip"])):
            return None
        name = breed_or_none or clean_name(said["species"]) or said["chip"] or "?"
        if not quiet:
            row.warn("pet_name", "pet-unnamed", value=name)
    neutered = row.read_text("neutered", said["neutered"], read_yes_no)
    if neutered is None:
        neutered = _neutered_of(fold(said["sex"]))
    return SubjectDraft(
        name=name,
        kind=row.terms.subject_kind or "",
        species=species,
        breed=breed_or_none,
        sex=row.read_text("sex", said["sex"], read_sex),
        birthday=_day(row, "birthday", said["birthday"]),
        neutered=neutered,
        chip=_code(row, "chip", said["chip"]),
    )


def _neutered_of(sex: str) -> bool | None:
    if sex in NEUTERED_SEX:
        return True
    if not any(word in sex for word in ("绝育", "去势", "节育", "已育", "未育")):
        return None
    return not any(word in sex for word in ("未", "没"))


def _fits(reader: Callable[[str], str | None], text: str) -> bool:
    try:
        return reader(text) is not None
    except CellProblem:
        return False


def _open_brackets(row: Row, said: dict[str, str]) -> str:
    """Take what stands behind the name in brackets as kind, sex or breed, where its own cell is empty."""
    name = clean_name(said["pet_name"])
    found = _IN_BRACKETS.fullmatch(name)
    if found is None:
        return name
    for part in re.split(r"[,，、/\s]+", found[2]):
        if _fits(partial(read_choice, options=dict(row.terms.species)), part):
            said["species"] = said["species"] or part
        elif _fits(read_sex, part):
            said["sex"] = said["sex"] or part
        elif not any(c.isdecimal() for c in part):
            said["breed"] = said["breed"] or part
    return found[1].strip()


def _compare(row: Row, reading: Reading) -> None:
    for pet in reading.pets:
        if pet.birthday and reading.last_visit_on and reading.last_visit_on < pet.birthday:
            row.warn("birthday", "born-after-visit", value=pet.birthday.isoformat())
