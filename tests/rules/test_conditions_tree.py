"""Trees of conditions: what is refused, what holds for one customer, and what is said about each condition."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditions.rules.catalogue import Catalogue, as_date, depth_of, fields_of, make_catalogue, tree_problems, walk
from core.conditions.rules.closure import compile_tree, explain, shift, window
from core.hooks.records.conditions import (
    All,
    AnyOf,
    Between,
    Cmp,
    CollectionFacts,
    FieldFacts,
    Has,
    In,
    Not,
    Relative,
    Tree,
    ValueKind,
)

TODAY = date(2026, 11, 23)
KINDS: tuple[ValueKind, ...] = ("text", "choice", "int", "decimal", "money", "bool", "date")


def catalogue() -> Catalogue:
    fields = tuple(FieldFacts(name=kind, label=kind, kind=kind) for kind in KINDS)
    pet = tuple(FieldFacts(name=f"pet.{kind}", label=kind, kind=kind) for kind in ("choice", "date", "decimal"))
    again = FieldFacts(name="text", label="second", kind="int")
    return make_catalogue((*fields, again), (CollectionFacts(name="pet", label="Pets", fields=pet),))


DOG = Cmp(field="pet.choice", op="eq", value="dog")
FACTS: dict[str, Any] = {
    "text": "abc",
    "choice": "female",
    "int": 3,
    "decimal": Decimal("4.5"),
    "money": 50_000,
    "bool": False,
    "date": date(2026, 8, 23),
    "pet": [
        {"pet.choice": "dog", "pet.date": date(2024, 1, 1), "pet.decimal": None},
        {"pet.choice": "cat", "pet.date": None, "pet.decimal": Decimal(4)},
    ],
}


def test_the_first_of_two_fields_with_one_name_stays() -> None:
    assert catalogue().fields["text"].kind == "text"


@pytest.mark.parametrize(
    ("tree", "holds"),
    [
        (Cmp(field="text", op="eq", value="abc"), True),
        (Cmp(field="text", op="ne", value="abc"), False),
        (Cmp(field="int", op="gt", value=2), True),
        (Cmp(field="int", op="gte", value=3), True),
        (Cmp(field="int", op="lt", value=3), False),
        (Cmp(field="int", op="lte", value=3), True),
        (Cmp(field="decimal", op="eq", value=4.5), True),
        (Cmp(field="money", op="gte", value=50_000), True),
        (Cmp(field="bool", op="eq", value=False), True),
        (Cmp(field="date", op="lt", value="2026-08-24"), True),
        (In(field="choice", values=("male", "female")), True),
        (In(field="choice", values=("male",)), False),
        (Between(field="money", low=50_000, high=50_000), True),
        (Between(field="date", low="2026-08-24", high="2026-12-31"), False),
        (Has(field="text"), True),
        (Has(field="pet"), True),
        (Has(field="pet", at_least=2), True),
        (Has(field="pet", at_least=3), False),
        (Has(field="pet", where=DOG), True),
        (Has(field="pet", where=All(of=(DOG, Cmp(field="pet.decimal", op="gt", value=1)))), False),
        (Relative(field="date", when="within_last", amount=3, unit="months"), True),
        (Relative(field="date", when="within_last", amount=91), False),
        (Relative(field="date", when="before_last", amount=3, unit="months"), False),
        (Relative(field="date", when="before_last", amount=91), True),
        (Relative(field="date", when="within_next", amount=1, unit="years"), False),
        (All(), True),
        (AnyOf(), False),
        (Not(of=AnyOf()), True),
        (AnyOf(of=(AnyOf(), Has(field="int"))), True),
    ],
)
def test_a_condition_holds_for_one_customer(tree: Tree, holds: bool) -> None:
    assert tree_problems(tree, catalogue()) == ()
    assert compile_tree(tree, today=TODAY)(FACTS) is holds
    assert msgspec.convert(msgspec.to_builtins(tree), Tree) == tree


@pytest.mark.parametrize(
    "tree",
    [
        Cmp(field="int", op="eq", value=0),
        Cmp(field="text", op="eq", value="x"),
        Cmp(field="date", op="gt", value="2000-01-01"),
        In(field="choice", values=("a",)),
        Between(field="int", low=0, high=9),
        Relative(field="date", when="before_last", amount=1),
        Has(field="text"),
        Has(field="pet"),
    ],
)
@pytest.mark.parametrize("facts", [{}, {"int": None, "text": "", "date": None, "choice": None, "pet": []}])
def test_nothing_known_is_no(tree: Tree, facts: dict[str, Any]) -> None:
    assert compile_tree(tree, today=TODAY)(facts) is False
    assert compile_tree(Not(of=tree), today=TODAY)(facts) is True
    assert compile_tree(Cmp(field="int", op="ne", value=0), today=TODAY)(facts) is True


@pytest.mark.parametrize(
    ("tree", "path", "code"),
    [
        (Cmp(field="nobody", op="eq", value=1), "", "unknown-condition-field"),
        (All(of=(Not(of=Cmp(field="pet.choice", op="eq", value="dog")),)), "of[0].of", "unknown-condition-field"),
        (Has(field="pet", where=Has(field="text")), "where", "unknown-condition-field"),
        (Has(field="pet", where=Has(field="pet")), "where", "unknown-condition-field"),
        (Has(field="pet", at_least=0), "", "bad-count"),
        (Has(field="text", at_least=2), "", "bad-count"),
        (Has(field="text", where=DOG), "", "bad-count"),
        (Cmp(field="text", op="gt", value="a"), "", "bad-operator"),
        (Cmp(field="bool", op="lt", value=True), "", "bad-operator"),
        (Between(field="choice", low="a", high="b"), "", "bad-operator"),
        (Relative(field="int", when="within_last", amount=1), "", "bad-operator"),
        (Relative(field="date", when="within_last", amount=-1), "", "bad-value"),
        (Relative(field="date", when="within_last", amount=101, unit="years"), "", "bad-value"),
        (Cmp(field="int", op="eq", value=True), "", "bad-value"),
        (Cmp(field="int", op="eq", value="1"), "", "bad-value"),
        (Cmp(field="int", op="eq", value=1.5), "", "bad-value"),
        (Cmp(field="money", op="eq", value=10**15), "", "bad-value"),
        (Cmp(field="decimal", op="eq", value=1.00001), "", "bad-value"),
        (Cmp(field="decimal", op="eq", value=float("nan")), "", "bad-value"),
        (Cmp(field="bool", op="eq", value=1), "", "bad-value"),
        (Cmp(field="text", op="eq", value=""), "", "bad-value"),
        (Cmp(field="text", op="eq", value="a\0"), "", "bad-value"),
        (Cmp(field="text", op="eq", value="x" * 201), "", "bad-value"),
        (Cmp(field="date", op="eq", value="2026-02-30"), "", "bad-value"),
        (Cmp(field="date", op="eq", value="20260201"), "", "bad-value"),
        (Between(field="int", low=1, high="2"), "", "bad-value"),
        (In(field="text", values=()), "", "bad-value"),
        (In(field="text", values=tuple(map(str, range(51)))), "", "bad-value"),
        (All(of=tuple(All() for _ in range(50))), "", "too-many-conditions"),
        (Not(of=Not(of=Not(of=Not(of=Not(of=All()))))), "", "too-deep"),
    ],
)
def test_a_bad_tree_is_refused_with_the_place(tree: Tree, path: str, code: str) -> None:
    assert [(one.path, one.code) for one in tree_problems(tree, catalogue())] == [(path, code)]


def test_unknown_parts_of_a_stored_tree_are_refused() -> None:
    for stored in (
        {"kind": "sql", "of": "1=1"},
        {"kind": "cmp", "field": "a", "op": "like", "value": 1},
        {"kind": "cmp", "field": "a", "op": "eq", "value": 1, "sql": ""},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(stored, Tree)


def test_a_tree_is_walked_parents_first() -> None:
    tree = All(of=(Has(field="pet", where=Not(of=DOG)), Cmp(field="int", op="eq", value=1), Has(field="pet")))
    assert [path for path, _ in walk(tree)] == ["", "of[0]", "of[0].where", "of[0].where.of", "of[1]", "of[2]"]
    assert (depth_of(tree), fields_of(tree)) == (4, ("pet", "pet.choice", "int"))


def test_each_condition_is_explained_with_what_the_record_says() -> None:
    tree = All(
        of=(
            Has(field="pet", where=DOG),
            Cmp(field="money", op="gt", value=99_999),
            Not(of=Has(field="text")),
            Has(field="pet"),
        )
    )
    said = {one.path: (one.holds, one.value) for one in explain(tree, FACTS, today=TODAY)}
    assert said == {
        "": (False, None),
        "of[0]": (True, 1),
        "of[1]": (False, 50_000),
        "of[2]": (False, None),
        "of[2].of": (True, "abc"),
        "of[3]": (True, 2),
    }


@pytest.mark.parametrize(
    ("day", "amount", "unit", "other"),
    [
        (date(2026, 1, 31), 1, "months", date(2026, 2, 28)),
        (date(2024, 2, 29), 1, "years", date(2025, 2, 28)),
        (date(2026, 3, 31), -1, "months", date(2026, 2, 28)),
        (date(2026, 1, 15), -1, "months", date(2025, 12, 15)),
        (date(2026, 12, 31), 2, "months", date(2027, 2, 28)),
        (date(2026, 1, 1), -1, "days", date(2025, 12, 31)),
        (date(2026, 1, 1), -100, "years", date(1926, 1, 1)),
    ],
)
def test_days_are_shifted_and_clamped_to_the_month(day: date, amount: int, unit: Any, other: date) -> None:
    assert shift(day, amount, unit) == other


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 400), st.sampled_from(["days", "months", "years"]))
def test_in_the_last_and_longer_ago_never_overlap_and_leave_no_gap(day: date, amount: int, unit: Any) -> None:
    amount = amount if unit != "years" else amount // 4
    low, high = window(Relative(field="d", when="within_last", amount=amount, unit=unit), day)
    before = window(Relative(field="d", when="before_last", amount=amount, unit=unit), day)
    assert high == day
    assert low is not None
    assert before[0] is None
    assert before[1] is not None
    assert (low - before[1]).days == 1


def test_only_iso_days_are_days() -> None:
    assert as_date("2026-11-23") == date(2026, 11, 23)
    assert [as_date(one) for one in ("2026-1-1", "２０２６-11-23", 5, None, "2026-13-01")] == [None] * 5
