"""A condition about a customer as data: one closed tree, the fields that it may name, and nothing that has to be parsed."""

from typing import Literal

import msgspec

from core.hooks.records.text import Text

MAX_DEPTH = 5
MAX_NODES = 50
# Both from the loyalty specification: "depth <= 5, <= 50 nodes".
MAX_VALUES = 50
MAX_TEXT = 200

Plain = bool | int | float | str
Compare = Literal["eq", "ne", "gt", "gte", "lt", "lte"]
TimeUnit = Literal["days", "months", "years"]
When = Literal["within_last", "before_last", "within_next"]
ValueKind = Literal["text", "choice", "int", "decimal", "money", "bool", "date"]


class Cmp(msgspec.Struct, frozen=True, kw_only=True, tag="cmp", tag_field="kind", forbid_unknown_fields=True):
    """The field stands in this relation to the value. Nothing known: only `ne` holds. Dates are ISO text, money is fen."""

    field: str
    op: Compare
    value: Plain


class In(msgspec.Struct, frozen=True, kw_only=True, tag="in", tag_field="kind", forbid_unknown_fields=True):
    """The field is one of the values."""

    field: str
    values: tuple[Plain, ...]


class Between(msgspec.Struct, frozen=True, kw_only=True, tag="between", tag_field="kind", forbid_unknown_fields=True):
    """The field lies between the two, both included."""

    field: str
    low: Plain
    high: Plain


class Relative(msgspec.Struct, frozen=True, kw_only=True, tag="relative", tag_field="kind", forbid_unknown_fields=True):
    """A date as seen from today: in the last 3 months, longer ago, in the next 7 days; the edge lies inside."""

    field: str
    when: When
    amount: int
    unit: TimeUnit = "days"


class Has(msgspec.Struct, frozen=True, kw_only=True, tag="has", tag_field="kind", forbid_unknown_fields=True):
    """A plain field is known; or, of a collection (pets, tags), at least so many members fulfil `where`."""

    field: str
    where: "Tree | None" = None
    at_least: int = 1


class All(msgspec.Struct, frozen=True, kw_only=True, tag="all", tag_field="kind", forbid_unknown_fields=True):
    """Every one holds; none at all holds too."""

    of: tuple["Tree", ...] = ()


class AnyOf(msgspec.Struct, frozen=True, kw_only=True, tag="any", tag_field="kind", forbid_unknown_fields=True):
    """One of them holds; of none, none does."""

    of: tuple["Tree", ...] = ()


class Not(msgspec.Struct, frozen=True, kw_only=True, tag="not", tag_field="kind", forbid_unknown_fields=True):
    """It does not hold."""

    of: "Tree"


Leaf = Cmp | In | Between | Relative | Has
Tree = Cmp | In | Between | Relative | Has | All | AnyOf | Not


class FieldFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One field that a condition may name; members of a collection are called `pet.species`, a customer's own `gender`."""

    name: str
    label: Text
    kind: ValueKind
    unit: Text = ""
    options: tuple[tuple[str, Text], ...] = ()
    sensitive: bool = False
    """Health and the like: shown in an explanation only to those who may see the record."""
    group: Text = ""
    """The heading under which an editor lists it."""


class CollectionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Several things that a customer has, each with fields of its own."""

    name: str
    label: Text
    fields: tuple[FieldFacts, ...] = ()
