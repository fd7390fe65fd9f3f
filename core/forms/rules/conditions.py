"""When a field is shown: the condition tree over earlier answers, equal to the frontend's lib/conditions.js."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from core.hooks.records.forms import Condition

TODAY = "today"
DATE_KINDS = frozenset({"date", "datetime"})


class Slot(msgspec.Struct, frozen=True):
    """A declared field as a condition sees it: where its answer stands, and what kind it is."""

    path: str
    kind: str


class Names:
    """The fields declared so far in one scope; a row of a group is a scope inside its form's.

    A name is looked up in its row first, then in the form. The fields of a group that does not repeat are
    also known outside it, as `group.key` and, where no other field has it, by their bare key.
    """

    def __init__(self, parent: "Names | None" = None) -> None:
        self.own: dict[str, Slot] = {}
        self.lent: dict[str, Slot | None] = {}
        self._parent = parent

    def declare(self, key: str, slot: Slot) -> None:
        """Make a field known to those that come after it."""
        self.own[key] = slot

    def adopt(self, group: str, inner: "Names") -> None:
        """Make the fields of a group that does not repeat known outside it."""
        for key, slot in (*inner.own.items(), *inner.lent.items()):
            self.lent[f"{group}.{key}"] = slot
            if "." not in key:
                self.lent[key] = None if key in self.lent else slot

    def find(self, key: str) -> Slot | None:
        """Return the field of this name, or None when no earlier field (or more than one group) has it."""
        found = self.own.get(key) or self.lent.get(key)
        if found is None and self._parent is not None:
            return self._parent.find(key)
        return found


def is_empty(value: object) -> bool:
    """Missing, "" and [] are empty; 0 and False are answers."""
    return value is None or value == "" or (isinstance(value, list | tuple) and not value)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _number(value: Any) -> float:
    # Both languages compare numbers as IEEE doubles, so that 2**53 + 1 behaves alike in both.
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _pair(left: object, right: object) -> tuple[Any, Any] | None:
    """Both sides ready to be compared, or None when their kinds differ: nothing is ever coerced."""
    kind = _kind(left)
    if kind == "other" or kind != _kind(right):
        return None
    return (_number(left), _number(right)) if kind == "number" else (left, right)


def _same(left: object, right: object) -> bool:
    pair = _pair(left, right)
    return pair is not None and pair[0] == pair[1]


def _ordered(left: object, op: str, right: object) -> bool:
    pair = _pair(left, right)
    if pair is None:
        return False
    a, b = pair
    return bool({"gt": a > b, "gte": a >= b, "lt": a < b, "lte": a <= b}[op])


def _contains(answer: object, value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_contains(answer, one) for one in value)
    if isinstance(answer, list | tuple):
        return any(_same(member, value) for member in answer)
    return isinstance(answer, str) and isinstance(value, str) and value in answer


def _compare(answer: object, op: str, value: object) -> bool:
    if is_empty(answer):
        return op in {"empty", "ne", "not_contains"}
    if op in {"empty", "not_empty"}:
        return op == "not_empty"
    if op in {"contains", "not_contains"}:
        return _contains(answer, value) == (op == "contains")
    members = answer if isinstance(answer, list | tuple) else (answer,)
    if op in {"eq", "ne"}:
        return any(_same(member, value) for member in members) == (op == "eq")
    if op == "in":
        wanted = value if isinstance(value, list | tuple) else (value,)
        return any(_same(member, one) for member in members for one in wanted)
    return any(_ordered(member, op, value) for member in members)


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Tell whether a resolved condition is true for these answers; hidden fields must be left out of them."""
    if condition.all is not UNSET:
        return all(holds(one, values) for one in condition.all)
    if condition.any is not UNSET:
        return any(holds(one, values) for one in condition.any)
    if condition.not_ is not UNSET:
        return not holds(condition.not_, values)
    value = None if condition.value is UNSET else condition.value
    return _compare(values.get(str(condition.field)), str(condition.op), value)


def rewrite(condition: Condition, leaf: Callable[[Condition], Condition]) -> Condition:
    """Return the same tree with every comparison replaced."""
    if condition.all is not UNSET:
        return Condition(all=tuple(rewrite(one, leaf) for one in condition.all))
    if condition.any is not UNSET:
        return Condition(any=tuple(rewrite(one, leaf) for one in condition.any))
    if condition.not_ is not UNSET:
        return Condition(not_=rewrite(condition.not_, leaf))
    return leaf(condition)


def parts(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that this one is made of; none for a comparison."""
    if condition.all is not UNSET:
        return condition.all
    if condition.any is not UNSET:
        return condition.any
    return () if condition.not_ is UNSET else (condition.not_,)


def comparisons(condition: Condition) -> tuple[Condition, ...]:
    """Every comparison of the tree, in order."""
    if condition.field is not UNSET:
        return (condition,)
    return tuple(leaf for one in parts(condition) for leaf in comparisons(one))


def resolve(condition: Condition, names: Names, today: str) -> Condition:
    """Put the path of each answer for its field's name, and the date for `today` where a date is asked.

    What comes out is what the browser gets: it needs no scopes and no clock.
    """

    def leaf(one: Condition) -> Condition:
        slot = names.find(str(one.field))
        value = one.value
        if slot is not None and slot.kind in DATE_KINDS:
            if isinstance(value, tuple):
                value = tuple(today if member == TODAY else member for member in value)
            elif value == TODAY:
                value = today
        return Condition(field=slot.path if slot else "", op=one.op, value=value)

    return rewrite(condition, leaf)
