"""Writes a record into the form as somebody would have typed it: fen as yuan, rows with their keys, conditions as rows."""

from collections.abc import Mapping
from typing import Any

import msgspec

from core.conditions.rules.catalogue import Catalogue
from core.hooks.records.conditions import Tree
from web.rule_forms.fields import REQUIRED, Field, KindForm, Section, Values
from web.views.segment_editor import Node, nodes_of


def values_of(form: KindForm, rule: Any, catalogue: Catalogue) -> Values:
    """The whole form of a rule."""
    data = msgspec.to_builtins(rule)
    if form.kind == "coupon_template":
        data["gives"] = _gives(data)
    if form.kind == "review_reward":
        data["platforms"] = [{"code": code, "label": name} for code, name in data["platforms"]]
    return write_sections(form.sections, data, catalogue)


def write_sections(sections: tuple[Section, ...], data: Mapping[str, Any], catalogue: Catalogue) -> Values:
    """Plain data of a record as the inputs of its form."""
    writer = _Writer(catalogue)
    writer.record(tuple(field for section in sections for field in section.fields), data, "")
    return writer.values


def _gives(data: Mapping[str, Any]) -> str:
    if data.get("amount_fen") is not None:
        return "amount"
    if data.get("service"):
        return "service"
    return "gift" if data.get("gift") else "percent"


def yuan(fen: int) -> str:
    """50000 as 500, 4990 as 49.90."""
    whole, rest = divmod(fen, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def node_values(node: Node, name: str) -> Values:
    """Rows of conditions as inputs below one name."""
    found: Values = {}
    _put_node(node, f"{name}/", found)
    return found


def _put_node(node: Node, start: str, found: Values) -> None:
    if node.mode:
        found[f"{start}mode_{node.path}"] = [node.mode]
    else:
        found[f"{start}field_{node.path}"] = [node.field]
        found[f"{start}op_{node.path}"] = [node.op]
        found[f"{start}value_{node.path}"] = (node.values or [node.value]) if node.kind == "choice" else [node.value]
        for member in ("other", "unit", "least"):
            found[f"{start}{member}_{node.path}"] = [str(getattr(node, member))]
    for child in node.children:
        _put_node(child, start, found)


class _Writer:
    def __init__(self, catalogue: Catalogue) -> None:
        self.values: Values = {}
        self._catalogue = catalogue

    def record(self, fields: tuple[Field, ...], data: Mapping[str, Any], prefix: str) -> None:
        for field in fields:
            self._member(field, data, prefix + field.name)

    def _member(self, field: Field, data: Mapping[str, Any], name: str) -> None:
        value = data.get(field.name)
        match field.widget:
            case "group":
                self.record(field.fields, value or {}, f"{name}.")
            case "rows":
                self._rows(field, value or [], name)
            case "words":
                words = {"zh-CN": value} if isinstance(value, str) else value or {}
                self.values[f"{name}_zh"] = [words.get("zh-CN", "")]
                self.values[f"{name}_en"] = [words.get("en", "")]
            case "span":
                months, days = (data.get(member) for member in field.members)
                amount = days if months is None else months
                self.values[f"{name}_n"] = ["" if amount is None else str(amount)]
                self.values[f"{name}_unit"] = ["days" if months is None and days is not None else "months"]
            case "when":
                if value is not None:
                    tree: Tree = msgspec.convert(value, type=Tree)
                    self.values |= node_values(nodes_of(tree, self._catalogue), name)
            case "flag":
                if value:
                    self.values[name] = ["true"]
            case "many":
                self.values[name] = [str(one) for one in value or ()]
            case _:
                self.values[name] = [_typed(field, value)]

    def _rows(self, field: Field, rows: list[Any], name: str) -> None:
        self.values[name] = [str(place) for place in range(len(rows))]
        for place, row in enumerate(rows):
            start = f"{name}-{place}."
            kind = row.get("type", "")
            if kind:
                self.values[f"{start}type"] = [kind]
            variant = next((one for one in field.variants if one.type == kind), field.variants[0])
            self.record(variant.fields, row, start)


def _typed(field: Field, value: Any) -> str:
    if value is None or (field.empty is not REQUIRED and value == field.empty):
        return ""
    if field.widget == "yuan":
        return yuan(value)
    if field.widget == "pay":
        # A bare 9 would be asked back when it is read again.
        return f"{value}%" if 0 < value < 10 else str(value)
    return str(value)
