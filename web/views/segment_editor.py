"""The editor of a segment as a form: rows and groups with paths, read into a tree and written from one."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from core.conditions.rules.catalogue import LARGEST, Catalogue, as_date
from core.hooks.records.conditions import (
    All,
    AnyOf,
    Between,
    Cmp,
    FieldFacts,
    Has,
    In,
    Not,
    Plain,
    Relative,
    Tree,
)
from web.i18n import N_

MODES: Final = {
    "all": N_("all of these hold"),
    "any": N_("one of these holds"),
    "none": N_("none of these holds"),
    "not_all": N_("not all of these hold"),
}
UNITS: Final = {"days": N_("days"), "months": N_("months"), "years": N_("years")}
_EQUAL = {"eq": N_("is"), "ne": N_("is not"), "in": N_("is one of")}
_ORDER = {
    "gte": N_("is at least"),
    "lte": N_("is at most"),
    "gt": N_("is more than"),
    "lt": N_("is less than"),
    "between": N_("is between"),
}
_KNOWN = {"known": N_("is known"), "unknown": N_("is not known")}
_DATES = {
    "within_last": N_("lies within the last"),
    "before_last": N_("is longer ago than"),
    "within_next": N_("lies within the next"),
    "gte": N_("is on or after"),
    "lte": N_("is on or before"),
    "gt": N_("is after"),
    "lt": N_("is before"),
    "between": N_("is between"),
    "eq": N_("is"),
    "ne": N_("is not"),
}
_MANY = {"has": N_("has at least"), "has_not": N_("has fewer than")}
OPERATORS: Final[Mapping[str, Mapping[str, str]]] = {
    "text": {**_EQUAL, **_KNOWN},
    "choice": {**_EQUAL, **_KNOWN},
    "bool": {"yes": N_("is yes"), "no": N_("is no"), **_KNOWN},
    "int": {**_ORDER, "eq": N_("is"), "ne": N_("is not"), **_KNOWN},
    "decimal": {**_ORDER, "eq": N_("is"), "ne": N_("is not"), **_KNOWN},
    "money": {**_ORDER, "eq": N_("is"), "ne": N_("is not"), **_KNOWN},
    "date": {**_DATES, **_KNOWN},
    "many": _MANY,
}
_RELATIVE: Final = frozenset({"within_last", "before_last", "within_next"})
_PATH = re.compile(r"(?P<name>mode|field|op|value|other|unit|least)_(?P<path>\d{1,3}(?:-\d{1,3}){0,7})")
_MOST: Final = 60


class Node(msgspec.Struct):
    """A row (with a field) or a group (with a mode); a row about a collection has one group below it."""

    path: str
    mode: str = ""
    field: str = ""
    op: str = ""
    value: str = ""
    values: list[str] = []
    other: str = ""
    unit: str = "days"
    least: str = "1"
    kind: str = ""
    children: "list[Node]" = []
    error: str = ""


def is_part(name: str) -> bool:
    """Tell whether a field of this name belongs to a row of the editor."""
    return _PATH.fullmatch(name) is not None


def read_nodes(posted: Mapping[str, Any], catalogue: Catalogue) -> Node:
    """The editor's form as nodes; there are never more than a bound."""
    found: dict[str, Node] = {}
    for name, given in posted.items():
        match = _PATH.fullmatch(name)
        if match is None or len(found) > _MOST:
            continue
        node = found.setdefault(match["path"], Node(match["path"]))
        texts = [text for text in (given if isinstance(given, list) else [given]) if isinstance(text, str)]
        setattr(node, match["name"], texts[0] if texts else "")
        if match["name"] == "value":
            node.values = texts
    root = found.get("0") or Node("0", mode="all")
    root.mode = root.mode if root.mode in MODES else "all"
    for path in sorted(found, key=lambda one: [int(part) for part in one.split("-")]):
        parent = found.get(path.rpartition("-")[0])
        if path != "0" and parent is not None:
            parent.children.append(found[path])
    _settle(root, catalogue, inside="")
    return root


def _settle(node: Node, catalogue: Catalogue, *, inside: str) -> None:
    """Give every row an operator that its field has, and number the paths anew."""
    fields = catalogue.inside(inside) if inside else catalogue.fields
    if node.mode:
        node.kind = "group"
    elif not inside and node.field in catalogue.collections:
        node.kind = "many"
    elif node.field in fields:
        node.kind = fields[node.field].kind
    else:
        node.kind = node.field = ""
    if node.kind and node.kind != "group":
        offered = OPERATORS[node.kind]
        node.op = node.op if node.op in offered else next(iter(offered))
    if node.kind == "many":
        group = next((one for one in node.children if one.mode), None) or Node(f"{node.path}-0", mode="all")
        group.mode = group.mode if group.mode in MODES else "all"
        node.children = [group]
    for place, child in enumerate(node.children):
        child.path = f"{node.path}-{place}"
        _settle(child, catalogue, inside=node.field if node.kind == "many" else inside)


def change_nodes(root: Node, command: str, catalogue: Catalogue) -> None:
    """Do what a button says: `add:0`, `group:0-1`, `drop:0-2`."""
    verb, _, path = command.partition(":")
    node = _find(root, path)
    if node is None:
        return
    if verb == "add":
        node.children.append(Node(""))
    elif verb == "group":
        node.children.append(Node("", mode="any", children=[Node("")]))
    elif verb == "drop":
        parent = _find(root, path.rpartition("-")[0])
        if parent is not None:
            parent.children.remove(node)
    _settle(root, catalogue, inside="")


def _find(node: Node, path: str) -> Node | None:
    if node.path == path:
        return node
    return next((found for child in node.children if (found := _find(child, path))), None)


def tree_of(node: Node, catalogue: Catalogue, *, inside: str = "") -> Tree | None:
    """The tree that the nodes say; rows without a field are left out, and a bad row carries its `error`."""
    fields = catalogue.inside(inside) if inside else catalogue.fields
    if node.kind == "group":
        below = [tree for child in node.children if (tree := tree_of(child, catalogue, inside=inside)) is not None]
        return _group(node.mode, tuple(below))
    if node.kind == "many":
        return _many(node, catalogue)
    if not node.field:
        return None
    try:
        return _row(node, fields[node.field])
    except ValueError as error:
        node.error = str(error)
        return None


def _group(mode: str, below: tuple[Tree, ...]) -> Tree:
    inner: Tree = AnyOf(of=below) if mode in {"any", "none"} else All(of=below)
    return Not(of=inner) if mode in {"none", "not_all"} else inner


def _many(node: Node, catalogue: Catalogue) -> Tree | None:
    where = tree_of(node.children[0], catalogue, inside=node.field)
    empty = isinstance(where, All) and not where.of
    least = int(node.least) if node.least.isdecimal() and node.least.isascii() and len(node.least) < 5 else 0
    if not 1 <= least <= 1000:
        node.error = "bad-count"
        return None
    has = Has(field=node.field, where=None if empty else where, at_least=least)
    return Not(of=has) if node.op == "has_not" else has


def _row(node: Node, field: FieldFacts) -> Tree:
    name = field.name
    if node.op in {"known", "unknown"}:
        return Has(field=name) if node.op == "known" else Not(of=Has(field=name))
    if node.op in {"yes", "no"}:
        return Cmp(field=name, op="eq", value=node.op == "yes")
    if node.op in _RELATIVE:
        if not node.value.isdecimal() or not node.value.isascii() or len(node.value) > 5:
            raise ValueError("bad-number")
        unit = node.unit if node.unit in UNITS else "days"
        return Relative(field=name, when=node.op, amount=int(node.value), unit=unit)  # type: ignore[arg-type] # both looked at
    if node.op == "between":
        return Between(field=name, low=_value(field, node.value), high=_value(field, node.other))
    if node.op == "in":
        texts = node.values if field.kind == "choice" else re.split(r"[,，、;；]", node.value)
        values = tuple(_value(field, text.strip()) for text in texts if text.strip())
        if not values:
            raise ValueError("required")
        return In(field=name, values=values)
    return Cmp(field=name, op=node.op, value=_value(field, node.value))  # type: ignore[arg-type] # settled by the kind


def _value(field: FieldFacts, text: str) -> Plain:
    typed = text.strip()
    if not typed:
        raise ValueError("required")
    if field.kind == "date":
        if as_date(typed) is None:
            raise ValueError("bad-date")
        return typed
    if field.kind not in {"int", "decimal", "money"}:
        return typed
    try:
        read = Decimal(typed.replace(",", ""))
    except InvalidOperation:
        raise ValueError("bad-number") from None
    if not read.is_finite() or abs(read) >= LARGEST // 100:
        raise ValueError("bad-number")
    read = read * 100 if field.kind == "money" else read
    if read == read.to_integral_value():
        return int(read)
    if field.kind != "decimal" or round(read, 4) != read:
        raise ValueError("bad-number")
    return float(read)


def nodes_of(tree: Tree, catalogue: Catalogue) -> Node:
    """The editor's rows for a tree; what the editor has no row for is put into a group of its own."""
    root = _node(tree, catalogue, inside="")
    if root.mode == "":
        root = Node("0", mode="all", children=[root])
    root.path = "0"
    _settle(root, catalogue, inside="")
    return root


def _node(tree: Tree, catalogue: Catalogue, *, inside: str) -> Node:
    if isinstance(tree, Not):
        return _negated(tree.of, catalogue, inside=inside)
    if isinstance(tree, All | AnyOf):
        below = [_node(one, catalogue, inside=inside) for one in tree.of]
        return Node("", mode="all" if isinstance(tree, All) else "any", children=below)
    if isinstance(tree, Has) and not inside and tree.field in catalogue.collections:
        where = _node(tree.where, catalogue, inside=tree.field) if tree.where is not None else Node("", mode="all")
        group = where if where.mode else Node("", mode="all", children=[where])
        return Node("", field=tree.field, op="has", least=str(tree.at_least), children=[group])
    field = (catalogue.inside(inside) if inside else catalogue.fields).get(tree.field)
    return _leaf(tree, field) if field else Node("", field=tree.field)


def _negated(tree: Tree, catalogue: Catalogue, *, inside: str) -> Node:
    node = _node(tree, catalogue, inside=inside)
    turned = {"all": "not_all", "any": "none", "none": "any", "not_all": "all"}
    if node.mode:
        node.mode = turned[node.mode]
    elif node.op in {"has", "known"}:
        node.op = "has_not" if node.op == "has" else "unknown"
    else:
        node = Node("", mode="none", children=[node])
    return node


def _leaf(tree: Cmp | In | Between | Relative | Has, field: FieldFacts) -> Node:
    node = Node("", field=field.name)
    if isinstance(tree, Has):
        node.op = "known"
    elif isinstance(tree, Relative):
        node.op, node.value, node.unit = tree.when, str(tree.amount), tree.unit
    elif isinstance(tree, Between):
        node.op, node.value, node.other = "between", _typed(field, tree.low), _typed(field, tree.high)
    elif isinstance(tree, In):
        node.op, node.values = "in", [_typed(field, one) for one in tree.values]
        node.value = ", ".join(node.values)
    elif field.kind == "bool":
        node.op = "yes" if tree.value is True else "no"
        # "Is not yes" also holds for whom nothing is known of; "is no" does not.
        node = Node("", mode="none", children=[node]) if tree.op == "ne" else node
    else:
        node.op, node.value = tree.op, _typed(field, tree.value)
        node.values = [node.value]
    return node


def _typed(field: FieldFacts, value: Plain) -> str:
    """A value as it is typed: money in yuan."""
    if field.kind == "money":
        return f"{Decimal(str(value)) / 100:f}"
    return str(value)
