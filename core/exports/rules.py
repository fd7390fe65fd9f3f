"""What a file of customers holds: its columns, how each value is written, and how it is made safe for a spreadsheet."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from core.customers.rules.phones import national_digits
from core.errors import FieldProblem
from core.imports.rules.files import safe_cell

Kind = Literal["csv", "xlsx"]
KINDS: Final = ("csv", "xlsx")
INLINE_ROWS: Final = 1_000
"""So many customers are written while the person waits; more go to the worker."""
PIECE: Final = 1_000
KEPT_DAYS: Final = 7
MIN_REASON, MAX_REASON = 4, 200

# The headings are words that an import knows again: what goes out can be taken in elsewhere as it is.
HEADINGS: Final[dict[str, tuple[str, str]]] = {
    "number": ("客户序号", "customer serial"),
    "member_no": ("会员号", "member no"),
    "name": ("姓名", "name"),
    "phone": ("手机", "phone"),
    "gender": ("主人性别", "customer gender"),
    "branch": ("门店", "branch"),
    "tier": ("会员等级", "tier"),
    "tags": ("标签名", "labels"),
    "created": ("建档日期", "registered on"),
    "last_visit": ("最近就诊", "last visit"),
    "spent": ("累计消费", "total spent"),
    "note": ("备注", "note"),
    "pet_name": ("宠物名", "pet name"),
    "species": ("宠物种类", "species"),
    "breed": ("品种", "breed"),
    "sex": ("宠物性别", "pet sex"),
    "birthday": ("宠物生日", "pet birthday"),
    "neutered": ("绝育", "neutered"),
    "chip": ("芯片号", "chip"),
}
COLUMNS: Final = tuple(HEADINGS)
PET_COLUMNS: Final = frozenset({"pet_name", "species", "breed", "sex", "birthday", "neutered", "chip"})
ONCE: Final = frozenset({"note", "spent"})
"""Only in a customer's first line: below it a remark would be taken for one about the pet."""
_WORDS: Final = {
    "female": ("女", "female"),
    "male": ("男", "male"),
    "pet:female": ("母", "female"),
    "pet:male": ("公", "male"),
    "pet:unknown": ("未知", "unknown"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who goes into the file; empty means everybody."""

    q: str = ""
    tier: str = ""
    tag: str = ""
    segment: str = ""


class ExportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Stored with the export."""

    columns: tuple[str, ...]
    wanted: Wanted = Wanted()
    whole_phones: bool = False
    reason: str = ""
    language: Literal["zh", "en"] = "zh"


class Pet(msgspec.Struct, frozen=True, kw_only=True):
    """A subject as it goes out; `species` in words already."""

    name: str
    species: str = ""
    breed: str | None = None
    sex: str | None = None
    birthday: date | None = None
    neutered: bool | None = None
    chip: str | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as it goes out."""

    customer_id: UUID
    number: int
    full_name: str
    member_no: str | None = None
    phones: tuple[str, ...] = ()
    gender: str | None = None
    branch: str = ""
    tier: str = ""
    tags: tuple[str, ...] = ()
    created_on: date | None = None
    last_visit_on: date | None = None
    spent_fen: int = 0
    note: str = ""
    pets: tuple[Pet, ...] = ()


def plan_problems(plan: ExportPlan, kind: str) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong at once."""
    problems = []
    if not plan.columns:
        problems.append(FieldProblem("columns", "required"))
    if set(plan.columns) - set(COLUMNS):
        problems.append(FieldProblem("columns", "unknown-column"))
    if kind not in KINDS:
        problems.append(FieldProblem("kind", "bad-choice"))
    if plan.whole_phones and len(plan.reason) < MIN_REASON:
        problems.append(FieldProblem("reason", "required"))
    if len(plan.reason) > MAX_REASON:
        problems.append(FieldProblem("reason", "too-long", {"max": MAX_REASON}))
    return tuple(problems)


def headings(plan: ExportPlan) -> list[str]:
    """The first line of the file."""
    return [HEADINGS[column][plan.language == "en"] for column in plan.columns]


def lines(plan: ExportPlan, person: Person) -> list[list[str]]:
    """One line per pet, the customer's own columns again in each; one line when there is none or none is asked for."""
    pets: Sequence[Pet | None] = person.pets if PET_COLUMNS & set(plan.columns) and person.pets else (None,)
    said = _said(plan, person)
    table = []
    for number, pet in enumerate(pets):
        of_pet = _of_pet(plan, pet) if pet is not None else {}
        table.append(
            [
                of_pet.get(column, "") if column in PET_COLUMNS else "" if number and column in ONCE else said[column]
                for column in plan.columns
            ]
        )
    return table


def _said(plan: ExportPlan, person: Person) -> dict[str, str]:
    write = national_digits_of if plan.whole_phones else masked
    return {
        "number": f"K-{person.number}",
        "member_no": person.member_no or "",
        "name": person.full_name,
        "phone": "/".join(write(phone) for phone in person.phones),
        "gender": _word(plan, person.gender),
        "branch": person.branch,
        "tier": person.tier,
        "tags": "、".join(person.tags),
        "created": _day(person.created_on),
        "last_visit": _day(person.last_visit_on),
        "spent": yuan(person.spent_fen) if person.spent_fen else "",
        "note": person.note,
    }


def _of_pet(plan: ExportPlan, pet: Pet) -> dict[str, str]:
    return {
        "pet_name": pet.name,
        "species": pet.species,
        "breed": pet.breed or "",
        "sex": _word(plan, f"pet:{pet.sex}" if pet.sex else None),
        "birthday": _day(pet.birthday),
        "neutered": "" if pet.neutered is None else _word(plan, "yes" if pet.neutered else "no"),
        "chip": pet.chip or "",
    }


def _word(plan: ExportPlan, key: str | None) -> str:
    return _WORDS[key][plan.language == "en"] if key in _WORDS else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def yuan(fen: int) -> str:
    """129950 -> 1299.50."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def national_digits_of(e164: str) -> str:
    """As people dial it; a number abroad keeps its plus."""
    return national_digits(e164) if e164.startswith("+86") else e164


def masked(e164: str) -> str:
    """138****6871: enough to recognise, not enough to call."""
    digits = national_digits(e164)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****"


def csv_piece(rows: Sequence[Sequence[str]], *, head: Sequence[str] | None = None) -> bytes:
    """Lines of the file: UTF-8 with a BOM before the headings, and no cell that a spreadsheet would calculate."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if head is not None:
        writer.writerow(head)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
    return (b"\xef\xbb\xbf" if head is not None else b"") + buffer.getvalue().encode()


def species_words(options: Mapping[str, Mapping[str, str] | str], language: str) -> dict[str, str]:
    """The plugin's words for each kind of subject, in the file's language."""
    code = "zh-CN" if language == "zh" else "en"
    return {
        value: label if isinstance(label, str) else label.get(code) or next(iter(label.values()), value)
        for value, label in options.items()
    }
