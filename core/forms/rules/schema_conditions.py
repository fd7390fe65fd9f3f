"""A condition as JSON Schema, asked of the object in which its fields stand; None for what a schema cannot say."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from core.forms.rules.conditions import DATE_KINDS, TODAY, Slot
from core.hooks.records.forms import Condition

Schema = dict[str, Any]
LISTS = frozenset({"multi"})
PLAIN = frozenset({"text", "number", "date", "datetime", "bool", "choice", "rating"})
BOUNDS = {"gt": "exclusiveMinimum", "gte": "minimum", "lt": "exclusiveMaximum", "lte": "maximum"}
NUMBERS = frozenset({"number", "rating"})
EMPTY: list[Any] = [None, "", []]
NEVER: Schema = {"not": {}}


def as_schema(condition: Condition, slots: Mapping[str, Slot]) -> Schema | None:
    """Return a schema that an object fits when the condition holds for it; `slots` have paths below that object."""
    if condition.all is not UNSET:
        return _together("allOf", condition.all, slots, of_none={})
    if condition.any is not UNSET:
        return _together("anyOf", condition.any, slots, of_none=NEVER)
    if condition.not_ is not UNSET:
        inner = as_schema(condition.not_, slots)
        return None if inner is None else {"not": inner}
    return _comparison(condition, slots[str(condition.field)])


def _together(word: str, parts: tuple[Condition, ...], slots: Mapping[str, Slot], *, of_none: Schema) -> Schema | None:
    found = [as_schema(one, slots) for one in parts]
    if any(one is None for one in found):
        return None
    return {word: found} if found else of_none


def _comparison(leaf: Condition, slot: Slot) -> Schema | None:
    op = str(leaf.op)
    value = None if leaf.value is UNSET else leaf.value
    asked = value if isinstance(value, tuple) else (value,)
    if slot.kind == "calc" or (slot.kind in DATE_KINDS and TODAY in asked):
        return None  # what the server works out, and the day it is
    given = at_path(slot.path, {"not": {"enum": EMPTY}})
    if op == "not_empty":
        return given
    if op == "empty":
        return {"not": given}
    if slot.kind not in PLAIN | LISTS:
        return None
    test = _test({"ne": "eq", "not_contains": "contains"}.get(op, op), value, slot.kind)
    if test is None:
        return None
    holds = {"allOf": [given, at_path(slot.path, test)]}
    return {"not": holds} if op in {"ne", "not_contains"} else holds


def _test(op: str, value: Any, kind: str) -> Schema | None:
    """What an answer is tested by; the answer is known not to be empty."""
    many = kind in LISTS
    if op in {"eq", "in"}:
        one: Schema = {"const": value}
        if isinstance(value, tuple):
            one = {"enum": list(value)} if op == "in" and value else NEVER
        return {"contains": one} if many else one
    if op == "contains":
        return _contains(value, many=many)
    # Texts have no order in JSON Schema, so dates are compared by the server alone.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None if isinstance(value, str) else NEVER
    return {"type": "number", BOUNDS[op]: value} if kind in NUMBERS else NEVER


def _contains(value: Any, *, many: bool) -> Schema:
    if isinstance(value, tuple):
        return {"allOf": [_contains(one, many=many) for one in value]}
    if many:
        return {"contains": {"const": value}}
    return {"type": "string", "pattern": _literal(value)} if isinstance(value, str) else NEVER


def _literal(text: str) -> str:
    """A pattern for just this text; only what has a meaning is escaped, for ECMA-262 refuses more."""
    return re.sub(r"[\^$\\.*+?()\[\]{}|/]", r"\\\g<0>", text)


def at_path(path: str, test: Schema | None = None) -> Schema:
    """An object that has the answer at this path (`a.b`, `past[].disease` in every row), and there fits the test."""
    head, _, rest = path.partition(".")
    key = head.removesuffix("[]")
    inner = at_path(rest, test) if rest else test or {}
    if head.endswith("[]"):
        inner = {"items": inner}
    if "[]" in path:
        # Rows that are not there need nothing, nor does what leads to them.
        return {"properties": {key: inner}}
    found: Schema = {"type": "object", "required": [key]}
    return found | ({"properties": {key: inner}} if inner else {})
