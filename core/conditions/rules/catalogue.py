"""The fields that conditions may name, and what is wrong with a tree that names them badly."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from core.errors import FieldProblem
from core.hooks.records.conditions import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    MAX_VALUES,
    All,
    AnyOf,
    Between,
    Cmp,
    CollectionFacts,
    FieldFacts,
    Has,
    In,
    Not,
    Plain,
    Relative,
    Tree,
)

LARGEST = 10**15
MOST_TIME = {"days": 36_500, "months": 1_200, "years": 100}
_ORDERED = frozenset({"int", "decimal", "money", "date"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Catalogue(msgspec.Struct, frozen=True):
    """All fields by name, and all collections by name; a member's field is called `collection.key`."""

    fields: Mapping[str, FieldFacts]
    collections: Mapping[str, CollectionFacts] = {}

    def inside(self, collection: str) -> Mapping[str, FieldFacts]:
        """The fields that a condition about one member may name."""
        return {field.name: field for field in self.collections[collection].fields}


def make_catalogue(fields: tuple[FieldFacts, ...], collections: tuple[CollectionFacts, ...] = ()) -> Catalogue:
    """Put a catalogue together; of two fields with one name the first stays."""
    by_name: dict[str, FieldFacts] = {}
    for field in fields:
        by_name.setdefault(field.name, field)
    return Catalogue(by_name, {one.name: one for one in collections})


def tree_problems(tree: Tree, catalogue: Catalogue) -> tuple[FieldProblem, ...]:
    """Everything that is wrong with a tree; the path leads to the node: `of[0].where.of[1]`."""
    size = sum(1 for _ in walk(tree))
    if size > MAX_NODES:
        return (FieldProblem("", "too-many-conditions", {"max": MAX_NODES}),)
    if depth_of(tree) > MAX_DEPTH:
        return (FieldProblem("", "too-deep", {"max": MAX_DEPTH}),)
    return tuple(_problems(tree, catalogue, catalogue.fields, "", inside=False))


def walk(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    """Every node with its path, parents first."""
    yield path, tree
    for place, child in children(tree):
        yield from walk(child, f"{path}.{place}" if path else place)


def children(tree: Tree) -> tuple[tuple[str, Tree], ...]:
    """The nodes below one, each with its place."""
    if isinstance(tree, All | AnyOf):
        return tuple((f"of[{index}]", child) for index, child in enumerate(tree.of))
    if isinstance(tree, Not):
        return (("of", tree.of),)
    if isinstance(tree, Has) and tree.where is not None:
        return (("where", tree.where),)
    return ()


def depth_of(tree: Tree) -> int:
    """How many nodes lie on the longest way down; one leaf is 1."""
    return 1 + max((depth_of(child) for _, child in children(tree)), default=0)


def fields_of(tree: Tree) -> tuple[str, ...]:
    """Every field and collection that the tree names, once, in order."""
    return tuple(dict.fromkeys(node.field for _, node in walk(tree) if not isinstance(node, All | AnyOf | Not)))


def _problems(
    tree: Tree, catalogue: Catalogue, fields: Mapping[str, FieldFacts], path: str, *, inside: bool
) -> Iterator[FieldProblem]:
    if isinstance(tree, All | AnyOf | Not):
        for place, child in children(tree):
            yield from _problems(child, catalogue, fields, f"{path}.{place}" if path else place, inside=inside)
        return
    if isinstance(tree, Has) and not inside and tree.field in catalogue.collections:
        if not 1 <= tree.at_least <= 1000:
            yield FieldProblem(path, "bad-count")
        if tree.where is not None:
            below = f"{path}.where" if path else "where"
            yield from _problems(tree.where, catalogue, catalogue.inside(tree.field), below, inside=True)
        return
    field = fields.get(tree.field)
    if field is None:
        yield FieldProblem(path, "unknown-condition-field", {"field": tree.field})
        return
    code = _leaf_problem(tree, field)
    if code:
        yield FieldProblem(path, code, {"field": tree.field})


def _leaf_problem(leaf: Cmp | In | Between | Relative | Has, field: FieldFacts) -> str:
    if isinstance(leaf, Has):
        return "bad-count" if leaf.where is not None or leaf.at_least != 1 else ""
    if isinstance(leaf, Relative):
        good_kind, good = field.kind == "date", 0 <= leaf.amount <= MOST_TIME[leaf.unit]
    elif isinstance(leaf, Between):
        good_kind, good = field.kind in _ORDERED, fits(field, leaf.low) and fits(field, leaf.high)
    elif isinstance(leaf, In):
        good_kind, good = True, 0 < len(leaf.values) <= MAX_VALUES and all(fits(field, one) for one in leaf.values)
    else:
        good_kind, good = leaf.op in {"eq", "ne"} or field.kind in _ORDERED, fits(field, leaf.value)
    return ("" if good else "bad-value") if good_kind else "bad-operator"


def fits(field: FieldFacts, value: Plain) -> bool:
    """Tell whether a value is one that this field could have; there is no coercion: true is not 1, "1" is not 1."""
    if isinstance(value, bool) or field.kind == "bool":
        return isinstance(value, bool) and field.kind == "bool"
    if isinstance(value, int | float):
        # Four places are more than any field of ours measures; beyond them a binary fraction and a text differ.
        whole = isinstance(value, int) and field.kind in {"int", "money", "decimal"}
        return abs(value) < LARGEST and (whole or (field.kind == "decimal" and round(value, 4) == value))
    if field.kind == "date":
        return as_date(value) is not None
    return field.kind in {"text", "choice"} and 0 < len(value) <= MAX_TEXT and "\0" not in value


def as_date(value: Any) -> date | None:
    """An ISO date, and nothing else."""
    if not isinstance(value, str) or not _DATE.fullmatch(value) or not value.isascii():
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
