"""Reads a posted form into a record: every mistake has its own sentence at its own field, and nothing typed is lost."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import msgspec

from core.conditions.rules.catalogue import tree_problems
from core.hooks.records.conditions import All
from web.i18n import gettext
from web.rule_forms.fields import (
    REQUIRED,
    Choices,
    Field,
    KindForm,
    Section,
    Values,
    first,
    is_shown,
    variant_of,
)
from web.views.segment_editor import Node, is_part, read_nodes, tree_of

LARGEST_YUAN: Final = 100_000_000
MOST_ROWS: Final = 40
_ROW: Final = re.compile(r"-\d{1,3}\.")
_FOLD: Final = re.compile(r"[\s,，¥￥元]")


class Read(msgspec.Struct):
    """What came of a form: members of the record as plain data, and the sentences by the name of the input."""

    data: dict[str, Any]
    errors: dict[str, str] = {}


class Wrong(Exception):
    """What is typed cannot be taken; the words say what to do."""


def read_sections(sections: tuple[Section, ...], values: Values, choices: Choices) -> Read:
    """Read all fields; what is wrong is left out of the data and named."""
    reader = _Reader(values, choices)
    fields = tuple(field for section in sections for field in section.fields)
    return Read(reader.record(fields, ""), reader.errors)


def unknown_names(form: KindForm, values: Values) -> list[str]:
    """Inputs that no field of this form has."""
    return unknown_in(form.fields, values)


def unknown_in(fields: tuple[Field, ...], values: Values) -> list[str]:
    """Inputs that none of these fields has."""
    known = _paths(fields, "")
    return [name for name in values if not _is_known(name, known)]


def _is_known(name: str, known: set[str]) -> bool:
    path = _ROW.sub(".", name)
    head, slash, tail = path.rpartition("/")
    return (f"{head}/" in known and is_part(name.rpartition("/")[2])) if slash and tail else path in known


def _paths(fields: tuple[Field, ...], prefix: str) -> set[str]:
    found: set[str] = set()
    for field in fields:
        path = prefix + field.name
        found.add(path)
        if field.widget == "words":
            found |= {f"{path}_zh", f"{path}_en"}
        elif field.widget == "span":
            found |= {f"{path}_n", f"{path}_unit"}
        elif field.widget == "when":
            found.add(f"{path}/")
        elif field.widget == "group":
            found |= _paths(field.fields, f"{path}.")
        for variant in field.variants:
            found |= {f"{path}.type"} | _paths(variant.fields, f"{path}.")
    return found


def nodes_in(values: Values, name: str, choices: Choices) -> Node:
    """The rows of conditions below one name."""
    start = f"{name}/"
    inside = {key[len(start) :]: texts for key, texts in values.items() if key.startswith(start)}
    return read_nodes(inside, choices.catalogue)


def plain(text: str) -> str:
    """Digits as a keyboard of any width types them, without thousands' commas, blanks and signs of money."""
    return _FOLD.sub("", unicodedata.normalize("NFKC", text))


def read_yuan(text: str) -> int:
    """500 or ¥1,000.50 as fen."""
    try:
        amount = Decimal(plain(text)) * 100
    except InvalidOperation:
        raise Wrong(gettext("Type an amount in yuan, such as 500 or 49.90.")) from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise Wrong(gettext("Type an amount in yuan with at most two decimals."))
    if not 0 <= amount <= LARGEST_YUAN * 100:
        raise Wrong(gettext("The amount lies between 0 and 100,000,000 yuan."))
    return int(amount)


def read_pay(text: str, low: int, high: int) -> int:
    """90, 90% or 9折 as 90. A bare 9 is asked back: most who type it mean 9折."""
    typed = plain(text)
    tenths, percent = typed.endswith("折"), typed.endswith("%")
    try:
        share = Decimal(typed.rstrip("折%")) * (10 if tenths else 1)
    except InvalidOperation:
        raise Wrong(gettext("Type what the member pays in percent: 90 for 9折, 85 for 8.5折.")) from None
    if not share.is_finite() or share != share.to_integral_value() or not low <= share <= high:
        words = gettext("Type a whole percentage between %(low)s and %(high)s: 90 means 9折.")
        raise Wrong(words % {"low": low, "high": high})
    if 0 < share < 10 and not tenths and not percent:
        told = {"typed": typed, "meant": str(int(share) * 10)}
        raise Wrong(
            gettext("For %(typed)s折 type %(meant)s. Who really pays %(typed)s percent: type %(typed)s%%.") % told
        )
    return int(share)


def read_whole(text: str, low: int, high: int) -> int:
    """A whole number within its bounds."""
    typed = plain(text)
    if not re.fullmatch(r"-?[0-9]{1,15}", typed):
        raise Wrong(gettext("Type a whole number."))
    if not low <= int(typed) <= high:
        raise Wrong(gettext("Type a whole number between %(low)s and %(high)s.") % {"low": low, "high": f"{high:,}"})
    return int(typed)


def read_ratio(text: str) -> int | float | str:
    """2, 1.5 or 3/2, kept exactly."""
    typed = plain(text).rstrip("倍x×")
    if re.fullmatch(r"[0-9]{1,6}", typed):
        return int(typed)
    if re.fullmatch(r"[0-9]{1,6}\.[0-9]{1,4}", typed):
        return float(typed)
    if re.fullmatch(r"[0-9]{1,6}/[1-9][0-9]{0,5}", typed):
        Fraction(typed)
        return typed
    raise Wrong(gettext("Type how many times as many, such as 2, 1.5 or 3/2."))


class _Reader:
    def __init__(self, values: Values, choices: Choices) -> None:
        self._values, self._choices = values, choices
        self.errors: dict[str, str] = {}

    def record(self, fields: tuple[Field, ...], prefix: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for field in fields:
            shown = is_shown(field, self._values, prefix)
            if not shown and field.forgets:
                continue
            before = dict(self.errors)
            try:
                data |= self._member(field, prefix)
            except Wrong as wrong:
                self.errors.setdefault(self._spot(field, prefix), str(wrong))
            if not shown:
                # Out of sight nobody can mend it.
                self.errors = before
        return data

    def _spot(self, field: Field, prefix: str) -> str:
        name = prefix + field.name
        return {"words": f"{name}_zh", "span": f"{name}_n"}.get(field.widget, name)

    def _member(self, field: Field, prefix: str) -> dict[str, Any]:
        name = prefix + field.name
        if field.widget == "group":
            return {field.name: self.record(field.fields, f"{name}.")}
        if field.widget == "span":
            return self._span(field, name)
        wide: dict[str, Callable[[Field, str], Any]] = {
            "rows": self._rows,
            "when": self._when,
            "words": self._words,
            "flag": self._flag,
            "many": self._many,
            "code": self._code,
        }
        return {field.name: wide.get(field.widget, self._single)(field, name)}

    def _single(self, field: Field, name: str) -> Any:
        text = first(self._values, name)
        if text:
            return _SINGLE[field.widget](field, text)
        if field.empty is REQUIRED:
            raise Wrong(gettext("This is needed."))
        return field.empty

    def _flag(self, _: Field, name: str) -> bool:
        return first(self._values, name) == "true"

    def _code(self, field: Field, name: str) -> str:
        """The code of a row; a new one gets one that no other row of the list has."""
        known = first(self._values, name)
        if known:
            return known[: field.most]
        place = name.rpartition("-")[0]
        taken = {
            first(self._values, key) for key in self._values if key.startswith(f"{place}-") and key.endswith(field.name)
        }
        number = 1
        while f"{field.prefix}_{number}" in taken:
            number += 1
        self._values[name] = [f"{field.prefix}_{number}"]
        return f"{field.prefix}_{number}"

    def _many(self, field: Field, name: str) -> list[Any]:
        texts = [text.strip() for text in self._values.get(name, []) if text.strip()]
        if isinstance(field.options, tuple) and not set(texts) <= set(dict(field.options)):
            raise Wrong(gettext("Choose from the list."))
        if not texts and field.empty is REQUIRED:
            raise Wrong(gettext("Choose at least one."))
        unique = list(dict.fromkeys(texts))
        return [int(text) for text in unique] if field.numbers else unique

    def _words(self, field: Field, name: str) -> str | dict[str, str]:
        zh, en = first(self._values, f"{name}_zh"), first(self._values, f"{name}_en")
        for text, spot in ((zh, f"{name}_zh"), (en, f"{name}_en")):
            if len(text) > field.most:
                self.errors[spot] = gettext("At most %(most)s characters.") % {"most": field.most}
        if not zh and not en:
            if field.empty is REQUIRED:
                raise Wrong(gettext("This is needed."))
            return ""
        if not en:
            return zh
        return {"zh-CN": zh, "en": en} if zh else {"en": en}

    def _span(self, field: Field, name: str) -> dict[str, Any]:
        months, days = field.members
        text = first(self._values, f"{name}_n")
        if not text:
            if field.empty is REQUIRED:
                raise Wrong(gettext("This is needed."))
            return {months: None, days: None}
        amount = read_whole(text, max(field.low, 1), 36_500)
        in_days = first(self._values, f"{name}_unit") == "days"
        return {months: None, days: amount} if in_days else {months: amount, days: None}

    def _when(self, _: Field, name: str) -> Any:
        node = nodes_in(self._values, name, self._choices)
        tree = tree_of(node, self._choices.catalogue)
        if tree is None or has_gap(node):
            raise Wrong(gettext("Fill in each condition, or remove it."))
        if isinstance(tree, All) and not tree.of:
            return None
        if isinstance(tree, All) and len(tree.of) == 1:
            tree = tree.of[0]
        if tree_problems(tree, self._choices.catalogue):
            raise Wrong(gettext("These conditions do not fit the fields; choose them again."))
        return msgspec.to_builtins(tree)

    def _rows(self, field: Field, name: str) -> list[Any]:
        keys = [key for key in self._values.get(name, []) if key.isdecimal()]
        if len(keys) > MOST_ROWS:
            raise Wrong(gettext("At most %(most)s rows.") % {"most": MOST_ROWS})
        if not keys and field.empty is REQUIRED:
            raise Wrong(gettext("Add at least one."))
        found = []
        for key in keys:
            row = f"{name}-{key}."
            variant = variant_of(field, self._values, row)
            data = self.record(variant.fields, row)
            found.append(data | {"type": variant.type} if variant.type else data)
        return found


def has_gap(node: Node) -> bool:
    """Tell whether a condition is not filled in: left out, it would let everybody in."""
    return bool(node.error) or not node.kind or any(has_gap(child) for child in node.children)


def _read_amount(field: Field, text: str) -> int:
    fen = read_yuan(text)
    if fen < field.low:
        raise Wrong(gettext("The amount is too small."))
    return fen


def _read_day(_: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Wrong(gettext("Type a day such as 2026-11-11.")) from None


def _read_choice(field: Field, text: str) -> str:
    if len(text) > field.most or (isinstance(field.options, tuple) and text not in dict(field.options)):
        raise Wrong(gettext("Choose one of the list."))
    return text


def _read_text(field: Field, text: str) -> str:
    if len(text) > field.most:
        raise Wrong(gettext("At most %(most)s characters.") % {"most": field.most})
    return text


_SINGLE: Final[dict[str, Callable[[Field, str], Any]]] = {
    "text": _read_text,
    "whole": lambda field, text: read_whole(text, field.low, field.high),
    "yuan": _read_amount,
    "pay": lambda field, text: read_pay(text, field.low, min(field.high, 99)),
    "ratio": lambda _, text: read_ratio(text),
    "date": _read_day,
    "choice": _read_choice,
}
