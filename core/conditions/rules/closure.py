"""Judges a tree for one customer: a closure made once, and an explanation with a verdict for each condition."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeGuard

import msgspec

from core.conditions.rules.catalogue import as_date, walk
from core.hooks.records.conditions import (
    All,
    AnyOf,
    Between,
    Cmp,
    Has,
    In,
    Not,
    Relative,
    TimeUnit,
    Tree,
)

Facts = Mapping[str, Any]
"""Field -> value (None or absent when nothing is known); collection -> a sequence of such mappings, one per member.
Money and whole numbers are int, measures Decimal or int, dates `date`."""
Judge = Callable[[Facts], bool]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What one condition of the tree says about one customer."""

    path: str
    node: Tree
    holds: bool
    value: Any = None
    """What the customer's record holds in the field; of a collection, how many members fulfil it."""


def compile_tree(tree: Tree, *, today: date) -> Judge:
    """Return a function from one customer's facts to the verdict; a date in words is counted from `today`."""
    if isinstance(tree, All):
        every = [compile_tree(one, today=today) for one in tree.of]
        return lambda facts: all(judge(facts) for judge in every)
    if isinstance(tree, AnyOf):
        some = [compile_tree(one, today=today) for one in tree.of]
        return lambda facts: any(judge(facts) for judge in some)
    if isinstance(tree, Not):
        inner = compile_tree(tree.of, today=today)
        return lambda facts: not inner(facts)
    if isinstance(tree, Has):
        return lambda facts: _count(tree, facts, today) >= tree.at_least
    test = _leaf(tree, today)
    name = tree.field
    return lambda facts: test(facts.get(name))


def explain(tree: Tree, facts: Facts, *, today: date) -> tuple[Judged, ...]:
    """Every node with its verdict, parents first; nodes inside `where` are judged with their collection as a whole."""
    said = []
    inside: tuple[str, ...] = ()
    for path, node in walk(tree):
        if path.startswith(inside):
            continue
        holds = compile_tree(node, today=today)(facts)
        value = None
        if isinstance(node, Has):
            value = (
                _count(node, facts, today) if node.where or _is_many(facts.get(node.field)) else facts.get(node.field)
            )
            inside += (f"{path}.where" if path else "where",)
        elif not isinstance(node, All | AnyOf | Not):
            value = facts.get(node.field)
        said.append(Judged(path=path, node=node, holds=holds, value=value))
    return tuple(said)


def _is_many(value: Any) -> TypeGuard[Sequence[Facts]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _count(tree: Has, facts: Facts, today: date) -> int:
    value = facts.get(tree.field)
    if not _is_many(value):
        return int(not _missing(value))
    if tree.where is None:
        return len(value)
    judge = compile_tree(tree.where, today=today)
    return sum(1 for member in value if judge(member))


def _missing(value: Any) -> bool:
    return value is None or value == ""


def _leaf(tree: Cmp | In | Between | Relative, today: date) -> Callable[[Any], bool]:
    if isinstance(tree, Relative):
        low, high = window(tree, today)
        return lambda value: not _missing(value) and (low is None or value >= low) and (high is None or value <= high)
    if isinstance(tree, In):
        wanted = {comparable(value) for value in tree.values}
        return lambda value: not _missing(value) and comparable(value) in wanted
    if isinstance(tree, Between):
        first, last = comparable(tree.low), comparable(tree.high)
        return lambda value: not _missing(value) and first <= comparable(value) <= last
    return _comparison(tree)


def _comparison(tree: Cmp) -> Callable[[Any], bool]:
    wanted = comparable(tree.value)
    if tree.op == "ne":
        return lambda value: _missing(value) or comparable(value) != wanted
    tests: dict[str, Callable[[Any], bool]] = {
        "eq": lambda value: comparable(value) == wanted,
        "gt": lambda value: comparable(value) > wanted,
        "gte": lambda value: comparable(value) >= wanted,
        "lt": lambda value: comparable(value) < wanted,
        "lte": lambda value: comparable(value) <= wanted,
    }
    test = tests[tree.op]
    return lambda value: not _missing(value) and test(value)


def comparable(value: Any) -> Any:
    """The value as both sides compare it: fractions as decimals, ISO texts of dates as dates."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, str):
        return as_date(value) or value
    return value


def window(tree: Relative, today: date) -> tuple[date | None, date | None]:
    """The first and the last day that fulfil a date seen from today; None is open."""
    if tree.when == "within_next":
        return today, shift(today, tree.amount, tree.unit)
    edge = shift(today, -tree.amount, tree.unit)
    if tree.when == "within_last":
        return edge, today
    return None, edge - timedelta(days=1)


def shift(day: date, amount: int, unit: TimeUnit) -> date:
    """So many days, months or years away; a day that the month lacks becomes its last (31 January + 1 month)."""
    if unit == "days":
        return day + timedelta(days=amount)
    months = day.year * 12 + day.month - 1 + amount * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    year = min(max(year, 1), 9998)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
