"""Compiles a tree to SQL for a whole set, with the same answer as the closure gives for each of its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Numeric,
    Select,
    Text,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from core.conditions.rules.catalogue import Catalogue, as_date
from core.conditions.rules.closure import window
from core.hooks.records.conditions import All, AnyOf, Between, Cmp, FieldFacts, Has, In, Not, Plain, Relative, Tree

_COUNT: Final = "members"


@dataclass(frozen=True)
class Lookup:
    """A value that stands in another table: joined once per statement and `group`, however many fields read it."""

    group: str
    make: Callable[[], FromClause]
    """A table's alias or a grouped subquery with at most one row for each key."""
    on: Callable[[FromClause], ColumnElement[bool]]
    read: Callable[[FromClause], ColumnElement[Any]]


@dataclass(frozen=True)
class Source:
    """Rows to be judged. A collection's `key` is the column that names the customer."""

    table: FromClause
    key: ColumnElement[Any]
    where: tuple[ColumnElement[bool], ...]
    columns: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)


@dataclass(frozen=True)
class Bindings:
    """Where each field of a catalogue stands in the database."""

    customers: Source
    collections: Mapping[str, Callable[[], Source]] = field(default_factory=dict)


@dataclass
class _Scope:
    """One FROM that grows by outer joins as fields are named."""

    source: Source
    fields: Mapping[str, FieldFacts]
    table: FromClause = field(init=False)
    _joined: dict[str, FromClause] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = self.source.table

    def column(self, name: str) -> ColumnElement[Any]:
        """The value, NULL where nothing is known; an empty text is nothing."""
        plain = self._plain(name)
        return func.nullif(plain, "") if self.fields[name].kind in {"text", "choice"} else plain

    def _plain(self, name: str) -> ColumnElement[Any]:
        if name in self.source.columns:
            return self.source.columns[name]
        lookup = self.source.lookups[name]
        return lookup.read(self.join(lookup.group, lookup.make, lookup.on))

    def join(
        self, group: str, make: Callable[[], FromClause], on: Callable[[FromClause], ColumnElement[bool]]
    ) -> FromClause:
        if group not in self._joined:
            other = make()
            self._joined[group] = other
            self.table = self.table.outerjoin(other, on(other))
        return self._joined[group]


def select_matching(
    tree: Tree, *, catalogue: Catalogue, bindings: Bindings, today: date, columns: Sequence[ColumnElement[Any]] = ()
) -> Select[Any]:
    """Return the keys (or `columns`) of everybody for whom the tree holds; it was checked with `tree_problems`."""
    scope = _Scope(bindings.customers, catalogue.fields)
    holds = _compile(tree, scope, catalogue, bindings, today)
    chosen = list(columns) or [bindings.customers.key]
    return select(*chosen).select_from(scope.table).where(*bindings.customers.where, holds)


def select_values(names: Sequence[str], *, catalogue: Catalogue, bindings: Bindings) -> Select[Any]:
    """Return the statement that reads plain fields: the key first, then the fields in order."""
    return _values(bindings.customers, catalogue.fields, names)


def select_members(collection: str, *, catalogue: Catalogue, bindings: Bindings) -> tuple[Select[Any], Source]:
    """Return the statement that reads the members of a collection with all their fields, and where it reads them."""
    source = bindings.collections[collection]()
    fields = catalogue.inside(collection)
    return _values(source, fields, list(fields)), source


def _values(source: Source, fields: Mapping[str, FieldFacts], names: Sequence[str]) -> Select[Any]:
    scope = _Scope(source, fields)
    columns = [scope.column(name).label(f"v{place}") for place, name in enumerate(names)]
    return select(source.key.label("key"), *columns).select_from(scope.table).where(*source.where)


def _compile(tree: Tree, scope: _Scope, catalogue: Catalogue, bindings: Bindings, today: date) -> ColumnElement[bool]:
    if isinstance(tree, All):
        return and_(true(), *(_compile(one, scope, catalogue, bindings, today) for one in tree.of))
    if isinstance(tree, AnyOf):
        return or_(false(), *(_compile(one, scope, catalogue, bindings, today) for one in tree.of))
    if isinstance(tree, Not):
        return ~_compile(tree.of, scope, catalogue, bindings, today)
    if isinstance(tree, Has) and tree.field in catalogue.collections and scope.fields is catalogue.fields:
        return _has_members(tree, scope, catalogue, bindings, today)
    return _leaf(tree, scope.fields[tree.field], scope.column(tree.field), today)


def _has_members(
    tree: Has, scope: _Scope, catalogue: Catalogue, bindings: Bindings, today: date
) -> ColumnElement[bool]:
    """Members are counted once for everybody and joined: a hash join, where a subquery per row would be a loop."""
    source = bindings.collections[tree.field]()
    inner = _Scope(source, catalogue.inside(tree.field))
    conditions = list(source.where)
    if tree.where is not None:
        conditions.append(_compile(tree.where, inner, catalogue, bindings, today))
    counted = (
        select(source.key.label("customer_id"), func.count().label(_COUNT))
        .select_from(inner.table)
        .where(*conditions)
        .group_by(source.key)
        .subquery()
    )
    outer = bindings.customers.key
    joined = scope.join(f"has:{id(tree)}", lambda: counted, lambda other: other.c.customer_id == outer)
    return func.coalesce(joined.c[_COUNT], 0) >= tree.at_least


def _leaf(
    tree: Cmp | In | Between | Relative | Has, facts: FieldFacts, column: ColumnElement[Any], today: date
) -> ColumnElement[bool]:
    if isinstance(tree, Has):
        return column.is_not(None)
    if isinstance(tree, Relative):
        low, high = window(tree, today)
        parts = [column >= literal(low, Date)] if low else []
        parts += [column <= literal(high, Date)] if high else []
        return _certain(and_(*parts))
    if isinstance(tree, In):
        return _certain(or_(*(column == _bound(facts, value) for value in tree.values)))
    if isinstance(tree, Between):
        return _certain(and_(column >= _bound(facts, tree.low), column <= _bound(facts, tree.high)))
    value = _bound(facts, tree.value)
    if tree.op == "ne":
        return column.is_distinct_from(value)
    compared: dict[str, ColumnElement[bool]] = {
        "eq": column == value,
        "gt": column > value,
        "gte": column >= value,
        "lt": column < value,
        "lte": column <= value,
    }
    return _certain(compared[tree.op])


def _certain(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Nothing known is no: two values of truth, as in the closure."""
    return func.coalesce(condition, literal(value=False, type_=Boolean))


def _bound(facts: FieldFacts, value: Plain) -> ColumnElement[Any]:
    if facts.kind == "date":
        return literal(as_date(value), Date)
    if facts.kind == "decimal":
        return literal(Decimal(str(value)), Numeric)
    if facts.kind in {"int", "money"}:
        return literal(value, BigInteger)
    if facts.kind == "bool":
        return literal(value, Boolean)
    return literal(value, Text)
