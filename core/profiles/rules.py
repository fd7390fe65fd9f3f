"""What tags, preferences and a tenant's own fields may be, and how a typed value is read."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from core.customers.rules.names import name_pinyin
from core.customers.rules.profile import EntityType
from core.errors import FieldProblem

Colour = Literal["grey", "green", "blue", "amber", "red", "violet"]
FieldKind = Literal["text", "number", "date", "bool", "choice"]
COLOURS: tuple[Colour, ...] = ("grey", "green", "blue", "amber", "red", "violet")
FIELD_KINDS: tuple[FieldKind, ...] = ("text", "number", "date", "bool", "choice")
CHANNELS = ("phone", "sms", "wechat", "email")
TIMES = ("morning", "noon", "afternoon", "evening", "weekend")
MAX_TAG, MAX_TAGS_EACH, MAX_TAGS = 30, 20, 500
MAX_FIELDS, MAX_LABEL, MAX_OPTIONS, MAX_OPTION, MAX_TEXT = 60, 60, 40, 60, 500
# custom_value keeps whole numbers as bigint; JavaScript and Excel count exactly up to here.
MAX_NUMBER = 2**53 - 1
_KEY = re.compile(r"x_[a-z0-9_]{1,38}")
_YES = frozenset({"yes", "true", "1", "是", "有", "y"})
_NO = frozenset({"no", "false", "0", "否", "无", "没有", "n"})


class OwnField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that the tenant defined, or one that we ship; `options` are (value, label) pairs."""

    entity_type: EntityType
    key: str
    label: dict[str, str]
    kind: FieldKind
    options: tuple[tuple[str, dict[str, str]], ...] = ()
    position: int = 0
    archived: bool = False
    shipped: bool = False


# intake.profile_360 (2025东营宠物诊所客户服务策略): 消费偏好 and 家庭结构(是否有孩子) are asked of every customer; the
# other four parts of the profile are in the record, its pets and their forms.
SHIPPED: tuple[OwnField, ...] = (
    OwnField(
        entity_type="customer",
        key="children_at_home",
        label={"zh-CN": "家中有孩子", "en": "Children at home"},
        kind="bool",
        shipped=True,
    ),
    OwnField(
        entity_type="customer",
        key="spending",
        label={"zh-CN": "消费偏好", "en": "Spending preference"},
        kind="choice",
        options=(
            ("budget", {"zh-CN": "预算优先", "en": "Mind the budget"}),
            ("balanced", {"zh-CN": "均衡", "en": "Balanced"}),
            ("quality", {"zh-CN": "品质优先", "en": "Quality first"}),
        ),
        shipped=True,
    ),
)


def clean_tag(text: str) -> str:
    """One line, single blanks, compatible forms, no # in front."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).lstrip("#").strip()


def fold_tag(text: str) -> str:
    """What two spellings of one tag have in common: VIP, vip and "V I P"."""
    return clean_tag(text).casefold().replace(" ", "")


def tag_problems(*, name: str, colour: str) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong with a tag at once."""
    problems = []
    if not name:
        problems.append(FieldProblem("name", "required"))
    elif len(name) > MAX_TAG:
        problems.append(FieldProblem("name", "too-long", {"max": MAX_TAG}))
    if colour not in COLOURS:
        problems.append(FieldProblem("colour", "bad-choice"))
    return tuple(problems)


def make_key(label: str, taken: Sequence[str]) -> str:
    """A key out of a label, unlike those that are taken: 付款习惯 -> x_fu_kuan_xi_guan."""
    word = re.sub(r"[^a-z0-9]+", "_", name_pinyin(label, person=False).casefold()).strip("_")[:30] or "field"
    key, number = f"x_{word}", 2
    while key in taken:
        key, number = f"x_{word}_{number}", number + 1
    return key


def field_problems(field: OwnField) -> tuple[FieldProblem, ...]:
    """Say everything that is wrong with a definition at once."""
    problems = []
    if _KEY.fullmatch(field.key) is None:
        problems.append(FieldProblem("key", "bad-field-key"))
    if not field.label.get("zh-CN") and not field.label.get("en"):
        problems.append(FieldProblem("label", "required"))
    if any(len(text) > MAX_LABEL for text in field.label.values()):
        problems.append(FieldProblem("label", "too-long", {"max": MAX_LABEL}))
    if field.kind not in FIELD_KINDS:
        problems.append(FieldProblem("kind", "bad-choice"))
    values = [value for value, _ in field.options]
    if field.kind == "choice" and not values:
        problems.append(FieldProblem("options", "required"))
    if len(values) > MAX_OPTIONS:
        problems.append(FieldProblem("options", "too-many", {"max": MAX_OPTIONS}))
    if len(set(values)) < len(values):
        problems.append(FieldProblem("options", "twice"))
    if any(not value or len(value) > MAX_OPTION for value in values):
        problems.append(FieldProblem("options", "too-long", {"max": MAX_OPTION}))
    return tuple(problems)


def read_options(text: str) -> tuple[tuple[str, dict[str, str]], ...]:
    """One option a line, as typed by an administrator; `中文 | English` gives both languages."""
    options = []
    for line in text.splitlines():
        chinese, _, english = (part.strip() for part in line.partition("|"))
        if chinese or english:
            label = {"zh-CN": chinese or english}
            options.append((chinese or english, label | ({"en": english} if english else {})))
    return tuple(options)


def write_options(options: Sequence[tuple[str, dict[str, str]]]) -> str:
    """The lines that `read_options` reads."""
    lines = []
    for value, label in options:
        english = label.get("en", "")
        lines.append(f"{label.get('zh-CN', value)} | {english}" if english else label.get("zh-CN", value))
    return "\n".join(lines)


def read_value(field: OwnField, text: str) -> tuple[Any, str | None]:
    """Return (value, None), or (None, code of what is wrong); an empty text empties the field."""
    typed = " ".join(unicodedata.normalize("NFKC", text).split()) if field.kind != "text" else text.strip()
    if not typed:
        return None, None
    return _READERS[field.kind](field, typed)


def _read_text(_: OwnField, typed: str) -> tuple[Any, str | None]:
    return (typed, None) if len(typed) <= MAX_TEXT else (None, "too-long")


def _read_number(_: OwnField, typed: str) -> tuple[Any, str | None]:
    plain = typed.replace(",", "").replace(" ", "")
    if re.fullmatch(r"[+-]?[0-9]{1,16}(\.0+)?", plain) is None:
        return None, "bad-number"
    number = int(plain.partition(".")[0])
    return (number, None) if abs(number) <= MAX_NUMBER else (None, "bad-number")


def _read_date(_: OwnField, typed: str) -> tuple[Any, str | None]:
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", typed)
    try:
        return (date(*(int(part) for part in match.groups())), None) if match else (None, "bad-date")
    except ValueError:
        return None, "bad-date"


def _read_bool(_: OwnField, typed: str) -> tuple[Any, str | None]:
    folded = typed.casefold()
    if folded in _YES:
        return True, None
    return (False, None) if folded in _NO else (None, "bad-choice")


def _read_choice(field: OwnField, typed: str) -> tuple[Any, str | None]:
    for value, label in field.options:
        if typed == value or typed.casefold() in {words.casefold() for words in label.values()}:
            return value, None
    return None, "bad-choice"


_READERS = {
    "text": _read_text,
    "number": _read_number,
    "date": _read_date,
    "bool": _read_bool,
    "choice": _read_choice,
}


def show_value(field: OwnField, value: Any, locale: str) -> str:
    """A stored value in words; what no longer fits its definition is shown as it stands."""
    if value is None:
        return ""
    if field.kind == "bool" and value in {0, 1}:
        words = {"zh-CN": ("否", "是")}.get(locale, ("No", "Yes"))
        return words[int(value)]
    for option, label in field.options:
        if option == value:
            return label.get(locale) or label.get("zh-CN") or label.get("en") or option
    return str(value)
