"""What may stand in a customer's and a subject's record, and whose word outweighs whose."""

from datetime import date
from typing import Literal

import msgspec

from core.customers.rules.names import MAX_NAME, MAX_NOTE
from core.errors import FieldProblem

Gender = Literal["female", "male"]
Sex = Literal["female", "male", "unknown"]
Source = Literal["import", "customer", "staff"]
EntityType = Literal["customer", "subject"]
# An interview by staff outweighs the customer's own form, which outweighs an old list.
RANK: dict[str, int] = {"import": 1, "customer": 2, "staff": 3}
MAX_PHONES = 5
MAX_SUBJECTS = 50
OLDEST_YEAR = 1900
CUSTOMER_FIELDS = ("full_name", "gender", "note", "member_no", "phone")
SUBJECT_FIELDS = (
    "name",
    "species",
    "breed",
    "sex",
    "birthday",
    "neutered",
    "chip",
    "deceased_on",
    "note",
)
_LIMITS = {
    "full_name": MAX_NAME,
    "name": MAX_NAME,
    "species": 40,
    "breed": 60,
    "chip": 40,
    "member_no": 40,
    "note": MAX_NOTE,
}


class SubjectDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A pet or person to be written down; `kind` is the prefixed id of a plugin's subject type."""

    name: str
    kind: str
    species: str | None = None
    breed: str | None = None
    sex: Sex | None = None
    birthday: date | None = None
    neutered: bool | None = None
    chip: str | None = None
    deceased_on: date | None = None
    note: str = ""


class CustomerDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A customer to be written down; `phones` are E.164, the first is the one to call."""

    full_name: str
    phones: tuple[str, ...] = ()
    gender: Gender | None = None
    member_no: str | None = None
    note: str = ""
    last_visit_on: date | None = None
    subjects: tuple[SubjectDraft, ...] = ()


def may_replace(*, current: object, current_source: str, new_source: str) -> bool:
    """Tell whether a value from `new_source` may take the place of the current one; an empty place is free."""
    return current in {None, ""} or RANK.get(new_source, 0) >= RANK.get(current_source, 0)


def customer_problems(draft: CustomerDraft) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong at once."""
    problems: list[FieldProblem] = []
    if not draft.full_name:
        problems.append(FieldProblem("full_name", "required"))
    if len(draft.phones) > MAX_PHONES:
        problems.append(FieldProblem("phones", "too-many", {"max": MAX_PHONES}))
    if len(draft.subjects) > MAX_SUBJECTS:
        problems.append(FieldProblem("subjects", "too-many", {"max": MAX_SUBJECTS}))
    problems += _length_problems({"full_name": draft.full_name, "member_no": draft.member_no, "note": draft.note})
    return tuple(problems)


def subject_problems(draft: SubjectDraft, *, today: date, kinds: frozenset[str]) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong at once; `kinds` are the subject types of the tenant's plugins."""
    problems: list[FieldProblem] = []
    if not draft.name:
        problems.append(FieldProblem("name", "required"))
    if draft.kind not in kinds:
        problems.append(FieldProblem("kind", "unknown-kind"))
    texts = {name: getattr(draft, name) for name in ("name", "species", "breed", "chip", "note")}
    problems += _length_problems(texts)
    problems += _date_problems({"birthday": draft.birthday, "deceased_on": draft.deceased_on}, today=today)
    if draft.birthday and draft.deceased_on and draft.deceased_on < draft.birthday:
        problems.append(FieldProblem("deceased_on", "before-birth"))
    return tuple(problems)


def _length_problems(texts: dict[str, str | None]) -> list[FieldProblem]:
    return [
        FieldProblem(name, "too-long", {"max": _LIMITS[name]})
        for name, text in texts.items()
        if text is not None and len(text) > _LIMITS[name]
    ]


def _date_problems(dates: dict[str, date | None], *, today: date) -> list[FieldProblem]:
    problems = []
    for name, value in dates.items():
        if value is not None and value > today:
            problems.append(FieldProblem(name, "in-the-future"))
        elif value is not None and value.year < OLDEST_YEAR:
            problems.append(FieldProblem(name, "too-old", {"min": OLDEST_YEAR}))
    return problems
