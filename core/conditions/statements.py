"""Compiles a tree to SQL for a whole set, with the same answer as the closure gives for each of its rows.

Everything is asked set by set: each other table is read at most once, grouped by customer, and joined. Conditions have
three values of truth until they are negated (`IS NOT TRUE`), so that PostgreSQL sees which joins it may turn round.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

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

from core.conditions.rules.catalogue import Catalogue, as_date, fields_of, walk
from core.conditions.rules.closure import compile_tree, window
from core.hooks.records.conditions import All, AnyOf, Between, Cmp, FieldFacts, Has, In, Not, Plain, Relative, Tree


@dataclass(frozen=True)
class Lookup:
    """A value that stands in another table: joined once per statement and `group`, however many fields read it."""

    group: str
    make: Callable[[frozenset[str]], FromClause]
    """A table's alias or a grouped subquery with at most one row for each key; it is told all fields that are read."""
    on: Callable[[FromClause], ColumnElement[bool]]
    read: Callable[[FromClause], ColumnElement[Any]]
    default: Plain | None = None
    """What counts where the other table has no row."""


@dataclass(frozen=True)
class Source:
    """Rows to be judged. A collection's `key` is the column that names the customer."""

    table: FromClause
    key: ColumnElement[Any]
    where: tuple[ColumnElement[bool], ...]
    columns: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    members: tuple[ColumnElement[bool], ...] = ()
    """Which of the rows are members; `sums` are taken over all rows of `where`."""
    sums: Mapping[str, Sequence[ColumnElement[Any]]] = field(default_factory=dict)
    """For a field of the customer: labelled aggregates over the collection's rows."""


@dataclass(frozen=True)
class Summed:
    """A field of the customer that is read from the aggregates of a collection."""

    collection: str
    read: Callable[[FromClause], ColumnElement[Any]]


@dataclass(frozen=True)
class Bindings:
    """Where each field of a catalogue stands in the database."""

    customers: Source
    collections: Mapping[str, Callable[[], Source]] = field(default_factory=dict)
    summed: Mapping[str, Summed] = field(default_factory=dict)


@dataclass
class _Scope:
    """One FROM that grows by outer joins as fields are named; `names` are all fields that it will be asked for."""

    source: Source
    fields: Mapping[str, FieldFacts]
    names: frozenset[str]
    table: FromClause = field(init=False)
    _joined: dict[str, FromClause] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = self.source.table

    def column(self, name: str) -> ColumnElement[Any]:
        """The value, NULL where nothing is known; an empty text is nothing."""
        plain = self.counting(name)
        return func.nullif(plain, "") if self.fields[name].kind in {"text", "choice"} else plain

    def counting(self, name: str) -> ColumnElement[Any]:
        """The value, with what counts where there is no row."""
        default = self.default(name)
        return (
            self.plain(name) if default is None else func.coalesce(self.plain(name), _bound(self.fields[name], default))
        )

    def plain(self, name: str) -> ColumnElement[Any]:
        """The value as it stands, NULL also where there is no row."""
        if name in self.source.columns:
            return self.source.columns[name]
        lookup = self.source.lookups[name]
        return lookup.read(self.join(lookup.group, lambda: lookup.make(self.names), lookup.on))

    def default(self, name: str) -> Plain | None:
        """What counts where there is no row."""
        return self.source.lookups[name].default if name in self.source.lookups else None

    def join(
        self, group: str, make: Callable[[], FromClause], on: Callable[[FromClause], ColumnElement[bool]]
    ) -> FromClause:
        """Join once for each group; PostgreSQL makes it an inner join where a condition needs the row."""
        if group not in self._joined:
            other = make()
            self._joined[group] = other
            self.table = self.table.outerjoin(other, on(other))
        return self._joined[group]


def select_matching(
    tree: Tree, *, catalogue: Catalogue, bindings: Bindings, today: date, columns: Sequence[ColumnElement[Any]] = ()
) -> Select[Any]:
    """Return the keys (or `columns`) of everybody for whom the tree holds; it was checked with `tree_problems`."""
    whole = _Whole(catalogue, bindings, today, [node for _, node in walk(tree)], frozenset(fields_of(tree)))
    holds = whole.holds(tree)
    chosen = list(columns) or [bindings.customers.key]
    return select(*chosen).select_from(whole.scope.table).where(*bindings.customers.where, *holds)


def select_values(names: Sequence[str], *, catalogue: Catalogue, bindings: Bindings, today: date) -> Select[Any]:
    """Return the statement that reads plain fields: the key first, then the fields in order."""
    whole = _Whole(catalogue, bindings, today, [], frozenset(names))
    return _values(whole.scope, [whole.value(name) for name in names])


def select_members(collection: str, *, catalogue: Catalogue, bindings: Bindings) -> tuple[Select[Any], Source]:
    """Return the statement that reads the members of a collection with all their fields, and where it reads them."""
    source = bindings.collections[collection]()
    fields = catalogue.inside(collection)
    scope = _Scope(source, fields, frozenset(fields))
    return _values(scope, [scope.column(name) for name in fields]), source


def _values(scope: _Scope, columns: Iterable[ColumnElement[Any]]) -> Select[Any]:
    source = scope.source
    labelled = [column.label(f"v{place}") for place, column in enumerate(columns)]
    return select(source.key.label("key"), *labelled).select_from(scope.table).where(*source.where, *source.members)


class _Whole:
    """One statement about customers."""

    def __init__(
        self, catalogue: Catalogue, bindings: Bindings, today: date, nodes: Sequence[Tree], names: frozenset[str]
    ) -> None:
        self._catalogue, self._bindings, self._today = catalogue, bindings, today
        self.scope = _Scope(bindings.customers, catalogue.fields, names)
        self._counted: dict[str, list[Has]] = {}
        for node in nodes:
            if isinstance(node, Has) and node.field in catalogue.collections:
                self._counted.setdefault(node.field, []).append(node)

    def holds(self, tree: Tree) -> list[ColumnElement[bool]]:
        """The conditions that must all hold, the outermost of a tree one by one."""
        if isinstance(tree, All):
            return [part for one in tree.of for part in self.holds(one)]
        if isinstance(tree, Has) and tree.at_least == 1 and self._is_alone(tree):
            source, inner = self._inside(tree.field, [tree.where])
            test = self._member(source, inner, tree.where)
            found = select(source.key).select_from(inner.table).where(*source.where, test)
            return [self._bindings.customers.key.in_(found)]
        return [self._compile(tree, self.scope, negated=False)]

    def _is_alone(self, tree: Has) -> bool:
        """Nothing else is asked of the collection, so that no group has to be counted."""
        summed = (self._bindings.summed.get(name) for name in self.scope.names)
        return len(self._counted.get(tree.field, ())) == 1 and all(
            one is None or one.collection != tree.field for one in summed
        )

    def value(self, name: str) -> ColumnElement[Any]:
        """A field of the customer."""
        summed = self._bindings.summed.get(name)
        return summed.read(self._grouped(summed.collection)) if summed else self.scope.column(name)

    def _compile(self, tree: Tree, scope: _Scope, *, negated: bool) -> ColumnElement[bool]:
        """Negation goes down to the leaves: there nothing known becomes two values of truth, as in the closure."""
        if isinstance(tree, Not):
            return self._compile(tree.of, scope, negated=not negated)
        if isinstance(tree, All | AnyOf):
            parts = [self._compile(one, scope, negated=negated) for one in tree.of]
            return and_(true(), *parts) if isinstance(tree, All) is not negated else or_(false(), *parts)
        condition = self._leaf(tree, scope)
        return condition.is_not(true()) if negated else condition

    def _leaf(self, tree: Cmp | In | Between | Relative | Has, scope: _Scope) -> ColumnElement[bool]:
        if scope is not self.scope:
            return _compare(tree, scope.fields[tree.field], _read(tree, scope, self._today), self._today)
        if isinstance(tree, Has) and tree.field in self._catalogue.collections:
            place = self._wheres(tree.field).index(tree.where)
            counted: ColumnElement[Any] = self._grouped(tree.field).c[f"n{place}"]
            return counted >= tree.at_least
        summed = tree.field in self._bindings.summed
        column = self.value(tree.field) if summed else _read(tree, scope, self._today)
        return _compare(tree, scope.fields[tree.field], column, self._today)

    def _wheres(self, collection: str) -> list[Tree | None]:
        return list(dict.fromkeys(node.where for node in self._counted.get(collection, ())))

    def _grouped(self, collection: str) -> FromClause:
        """The collection, read once and grouped by customer, with everything that is asked of it."""
        outer = self._bindings.customers.key
        return self.scope.join(
            f"members:{collection}", lambda: self._group(collection), lambda other: other.c.customer_id == outer
        )

    def _group(self, collection: str) -> FromClause:
        wheres = self._wheres(collection)
        source, inner = self._inside(collection, wheres)
        tests = [self._member(source, inner, where) for where in wheres]
        sums = [one for name, some in source.sums.items() if name in self.scope.names for one in some]
        alone = len(tests) == 1 and not sums
        counts = [func.count() if alone else func.count().filter(test) for test in tests]
        columns = [one.label(f"n{place}") for place, one in enumerate(counts)]
        query = select(source.key.label("customer_id"), *columns, *sums).select_from(inner.table).where(*source.where)
        if not sums:
            query = query.where(or_(*tests))
        return query.group_by(source.key).subquery()

    def _inside(self, collection: str, wheres: Iterable[Tree | None]) -> tuple[Source, _Scope]:
        source = self._bindings.collections[collection]()
        names = frozenset(name for where in wheres if where is not None for name in fields_of(where))
        return source, _Scope(source, self._catalogue.inside(collection), names)

    def _member(self, source: Source, inner: _Scope, where: Tree | None) -> ColumnElement[bool]:
        tests = [] if where is None else [self._compile(where, inner, negated=False)]
        return and_(true(), *source.members, *tests)


def _read(tree: Cmp | In | Between | Relative | Has, scope: _Scope, today: date) -> ColumnElement[Any]:
    """The column of a leaf: what counts without a row is only written where it would fulfil the condition."""
    default = scope.default(tree.field)
    if default is None:
        return scope.plain(tree.field)
    distinct = isinstance(tree, Cmp) and tree.op == "ne"
    fulfils = compile_tree(tree, today=today)({tree.field: default})
    return scope.counting(tree.field) if distinct or fulfils else scope.plain(tree.field)


def _compare(
    tree: Cmp | In | Between | Relative | Has, facts: FieldFacts, column: ColumnElement[Any], today: date
) -> ColumnElement[bool]:
    """An empty text is nothing; no condition names one, so only whether something is known has to look."""
    if isinstance(tree, Has):
        return column != "" if facts.kind in {"text", "choice"} else column.is_not(None)
    if isinstance(tree, Relative):
        low, high = window(tree, today)
        parts = [column >= literal(low, Date)] if low else []
        parts += [column <= literal(high, Date)] if high else []
        return and_(*parts)
    if isinstance(tree, In):
        return or_(*(column == _bound(facts, value) for value in tree.values))
    if isinstance(tree, Between):
        return and_(column >= _bound(facts, tree.low), column <= _bound(facts, tree.high))
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
    return compared[tree.op]


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
