"""One row while it is read: what it is judged by, what it says, and the problems that its cells collect."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from core.customers.rules.names import MAX_NAME, MAX_NOTE
from core.customers.rules.profile import SubjectDraft
from core.imports.rules.beyond import TAGS, OwnSaid
from core.imports.rules.cells import CellProblem, plain_cell
from core.imports.rules.columns import OWN_PREFIX, Header
from core.profiles.rules import MAX_TAG, MAX_TAGS_EACH, MAX_TEXT, OwnField

_LIMITS = {"name": MAX_NAME, "pet_name": MAX_NAME, "note": MAX_NOTE, "breed": 60, "member_no": 40, "chip": 40}
_LIMITS |= {"address": 300, "email": 300, TAGS: MAX_TAGS_EACH * (MAX_TAG + 2)}

_PLAIN_DAY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,4})?")
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
    more_pets: tuple[SubjectDraft, ...] = ()
    """The others of a row that names several."""
    contacts: tuple[tuple[str, str], ...] = ()
    """(email, wechat or address; value)."""
    tags: tuple[str, ...] = ()
    own: tuple[OwnSaid, ...] = ()
    """Fields of the tenant's own: the person's here, the first pet's in `pet_own`."""
    pet_own: tuple[OwnSaid, ...] = ()

    @property
    def pets(self) -> tuple[SubjectDraft, ...]:
        """All of the row, the first one first."""
        return (self.pet, *self.more_pets) if self.pet is not None else ()


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
    own: Mapping[str, OwnField] = {}
    """The tenant's own fields by their targets."""


@functools.lru_cache(maxsize=64)
def _places(mapping: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Target -> its columns."""
    return {target: tuple(i for i, mapped in enumerate(mapping) if mapped == target) for target in set(mapping)}


class Row:
    """Collects the problems of one row while its cells are read."""

    def __init__(self, terms: Terms, row_no: int, cells: Sequence[str]) -> None:
        self.terms = terms
        self.row_no = row_no
        self.cells = cells
        self.places = _places(terms.mapping)
        self.problems: list[Problem] = []
        self._texts: dict[str, str] = {}
        self._width = len(cells)

    def columns(self, target: str) -> list[tuple[int, str]]:
        cells, width = self.cells, self._width
        return [(column, cells[column] if column < width else "") for column in self.places.get(target, ())]

    def nth_text(self, target: str, nth: int) -> str:
        """The cell of the target's second, third … column, as far as there is one."""
        if nth == 0:
            return self.text(target)
        columns = self.columns(target)
        if nth >= len(columns):
            return ""
        try:
            return plain_cell(columns[nth][1], max_length=_limit(target))
        except CellProblem as problem:
            self.refuse(target, problem.code, **problem.params)
            return ""

    def text(self, target: str) -> str:
        """The stored form of the target's cell, looked at once; a refused one reads as empty."""
        text = self._texts.get(target)
        if text is None:
            text = self._texts[target] = self._text(target) if target in self.places else ""
        return text

    def _text(self, target: str) -> str:
        if not self.terms.formulas:
            column = self.places[target][0]
            cell = self.cells[column] if column < self._width else ""
            if not cell or (len(cell) <= _SHORT and (cell.isalnum() or _PLAIN_DAY.fullmatch(cell))):
                return cell  # most cells: nothing in them could be cleaned, nothing calculated
        for column, cell in self.columns(target):
            if self.terms.formulas and (self.row_no, column) in self.terms.formulas:
                if not cell.strip():
                    self.refuse(target, "formula-without-value")
                    return ""
                self.warn(target, "formula-value-used")
            try:
                return plain_cell(cell, max_length=_limit(target))
            except CellProblem as problem:
                self.refuse(target, problem.code, **problem.params)
                return ""
        return ""

    def read(self, target: str, reader: Callable[..., Any], **more: Any) -> Any:
        return self.read_text(target, self.text(target), reader, **more)

    def read_text(self, target: str, text: str, reader: Callable[..., Any], **more: Any) -> Any:
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


def _limit(target: str) -> int:
    return MAX_TEXT if target.startswith(OWN_PREFIX) else _LIMITS.get(target, 200)


def _short(params: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value[:60] if isinstance(value, str) else value for name, value in params.items()}
