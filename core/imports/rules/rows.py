"""One row of a list: what it says about a person and a pet, and every reason why it cannot be taken as it is."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from core.customers.rules.names import MAX_NAME, MAX_NOTE, clean_name, split_honorific
from core.customers.rules.phones import phone_kind, read_phones
from core.customers.rules.profile import SubjectDraft
from core.imports.rules.cells import (
    CellProblem,
    fold,
    is_empty,
    plain_cell,
    read_amount,
    read_choice,
    read_date,
    read_gender,
    read_sex,
    read_yes_no,
    refuse_lost_digits,
)
from core.imports.rules.columns import Header

_LIMITS = {"name": MAX_NAME, "pet_name": MAX_NAME, "note": MAX_NOTE, "breed": 60, "member_no": 40, "chip": 40}
_TOTAL_ROW = frozenset({"合计", "总计", "小计", "总数", "汇总", "合計", "total", "sum", "subtotal", "grand total"})
_CHIP = re.compile(r"[0-9A-Za-z]{6,20}")
_NUMBER_NAME = re.compile(r"[\d\s+\-()]{5,}")


_SHORT = 40
"""Characters; the smallest limit of a field."""


class Problem(msgspec.Struct, frozen=True, array_like=True):
    """What is wrong in one cell; a warning keeps the row. `column` is the target, or "" for the whole row."""

    column: str
    code: str
    warns: bool = False
    params: dict[str, str | int] = {}


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a good row says; stored between the dry run and the run."""

    full_name: str
    phones: tuple[str, ...] = ()
    gender: str | None = None
    member_no: str | None = None
    note: str = ""
    last_visit_on: date | None = None
    spent_fen: int | None = None
    pet: SubjectDraft | None = None


class Judged(msgspec.Struct, frozen=True):
    """A reading, or None when a problem refuses the row; `is_total` marks the sum below a list."""

    reading: Reading | None
    problems: tuple[Problem, ...] = ()
    is_total: bool = False


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What rows are judged by."""

    header: Header
    mapping: tuple[str, ...]
    today: date
    species: Mapping[str, frozenset[str]] = {}
    subject_kind: str | None = None
    """None: the tenant has no kinds of subject, so pet columns say nothing."""
    take_second_phone: bool = True
    strict_width: bool = False
    """A CSV row with too few or too many cells has lost or gained a delimiter; a sheet's rows end where they end."""
    formulas: frozenset[tuple[int, int]] = frozenset()


@functools.lru_cache(maxsize=64)
def _places(mapping: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Target -> its columns."""
    return {target: tuple(i for i, mapped in enumerate(mapping) if mapped == target) for target in set(mapping)}


class _Row:
    """Collects the problems of one row while its cells are read."""

    def __init__(self, terms: Terms, row_no: int, cells: Sequence[str]) -> None:
        self.terms = terms
        self.row_no = row_no
        self.cells = cells
        self.places = _places(terms.mapping)
        self.problems: list[Problem] = []
        self._texts: dict[str, str] = {}

    def columns(self, target: str) -> list[tuple[int, str]]:
        width = len(self.cells)
        return [(column, self.cells[column] if column < width else "") for column in self.places.get(target, ())]

    def text(self, target: str) -> str:
        """The stored form of the target's cell, looked at once; a refused one reads as empty."""
        text = self._texts.get(target)
        if text is None:
            text = self._texts[target] = self._text(target) if target in self.places else ""
        return text

    def _text(self, target: str) -> str:
        for column, cell in self.columns(target):
            if len(cell) <= _SHORT and cell.isalnum() and not self.terms.formulas:
                return cell  # most cells: nothing in them could be cleaned, and nothing calculated
            if self.terms.formulas and (self.row_no, column) in self.terms.formulas:
                if not cell.strip():
                    self.refuse(target, "formula-without-value")
                    return ""
                self.warn(target, "formula-value-used")
            try:
                return plain_cell(cell, max_length=_LIMITS.get(target, 200))
            except CellProblem as problem:
                self.refuse(target, problem.code, **problem.params)
                return ""
        return ""

    def read(self, target: str, reader: Callable[..., Any], **more: Any) -> Any:
        text = self.text(target)
        if not text:
            return None
        try:
            return reader(text, **more)
        except CellProblem as problem:
            self.refuse(target, problem.code, **problem.params)
            return None

    def refuse(self, column: str, code: str, **params: str | int) -> None:
        self.problems.append(Problem(column, code, params=_short(params)))

    def warn(self, column: str, code: str, **params: str | int) -> None:
        self.problems.append(Problem(column, code, warns=True, params=_short(params)))


def _short(params: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value[:60] if isinstance(value, str) else value for name, value in params.items()}


def judge_row(terms: Terms, row_no: int, cells: Sequence[str]) -> Judged:
    """Read one row; all problems at once."""
    first = next((cell for cell in cells if cell.strip()), "")
    if fold(first).rstrip(":：") in _TOTAL_ROW:
        return Judged(None, is_total=True)
    row = _Row(terms, row_no, cells)
    width = len(terms.header.names)
    if terms.strict_width and len(cells) < width:
        row.refuse("", "row-short", found=len(cells), expected=width)
    elif terms.strict_width and any(cell.strip() for cell in cells[width:]):
        row.refuse("", "row-long", found=len(cells), expected=width)
    if row.problems:
        return Judged(None, tuple(row.problems))
    full_name, gender = _name(row)
    phones = _phones(row)
    reading = Reading(
        full_name=full_name,
        phones=phones,
        gender=row.read("gender", read_gender) or gender,
        member_no=_code(row, "member_no"),
        note=_note(row),
        last_visit_on=_day(row, "last_visit"),
        spent_fen=row.read("spent", read_amount),
        pet=_pet(row),
    )
    _compare(row, reading)
    refused = any(not problem.warns for problem in row.problems)
    return Judged(None if refused else reading, tuple(row.problems))


def _name(row: _Row) -> tuple[str, str | None]:
    text = clean_name(row.text("name"))
    already = any(problem.column == "name" and not problem.warns for problem in row.problems)
    if (not text or is_empty(text)) and not already:
        row.refuse("name", "name-missing")
    elif _NUMBER_NAME.fullmatch(text):
        row.refuse("name", "name-is-number", value=text)
    plain = split_honorific(text)
    return plain.name, plain.gender


def _phones(row: _Row) -> tuple[str, ...]:
    found: list[str] = []
    for target in ("phone", "phone2"):
        text = row.text(target)
        if not text or is_empty(text) or fold(text) == "0":
            continue
        try:
            refuse_lost_digits(text)
        except CellProblem as problem:
            row.refuse(target, problem.code, value=text)
            continue
        reading = read_phones(text)
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


def _code(row: _Row, target: str) -> str | None:
    text = clean_name(row.text(target))
    if not text or is_empty(text):
        return None
    try:
        refuse_lost_digits(text)
    except CellProblem as problem:
        row.refuse(target, problem.code, value=text)
    if target == "chip" and not _CHIP.fullmatch(text.replace(" ", "").replace("-", "")):
        row.refuse(target, "chip-bad", value=text)
    return text.replace(" ", "").replace("-", "") if target == "chip" else text


def _day(row: _Row, target: str) -> date | None:
    reading = row.read(target, read_date, today=row.terms.today)
    if reading is None:
        return None
    if reading.partial:
        row.warn(target, "date-partial", value=reading.day.isoformat())
    day: date = reading.day
    return day


def _note(row: _Row) -> str:
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


def _pet(row: _Row) -> SubjectDraft | None:
    if row.terms.subject_kind is None or "pet_name" not in row.terms.mapping:
        return None
    name = clean_name(row.text("pet_name"))
    written = fold(row.text("species"))
    species = row.read("species", read_choice, options=dict(row.terms.species)) if row.terms.species else None
    breed = clean_name(row.text("breed")) or None
    if breed is None and species is not None and written not in {species, ""} and species == "exotic":
        breed = clean_name(row.text("species"))  # 守宫 says more than "exotic"
    sex_text = row.text("sex")
    neutered = row.read("neutered", read_yes_no)
    if neutered is None and "绝育" in sex_text:
        neutered = "未绝育" not in sex_text
    if not name or is_empty(name):
        if not any((written, breed, row.text("birthday"), row.text("chip"))):
            return None
        name = breed or clean_name(row.text("species")) or row.text("chip") or "?"
        row.warn("pet_name", "pet-unnamed", value=name)
    return SubjectDraft(
        name=name,
        kind=row.terms.subject_kind,
        species=species,
        breed=breed,
        sex=row.read("sex", read_sex),
        birthday=_day(row, "birthday"),
        neutered=neutered,
        chip=_code(row, "chip"),
    )


def _compare(row: _Row, reading: Reading) -> None:
    born = reading.pet.birthday if reading.pet else None
    if born and reading.last_visit_on and reading.last_visit_on < born:
        row.warn("birthday", "born-after-visit", value=born.isoformat())
