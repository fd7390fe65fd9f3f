"""Conditions in the reader's language: one sentence for a tree, and a phrase for each condition with what the record says."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from core.conditions.rules.catalogue import Catalogue, as_date
from core.conditions.rules.closure import Judged
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
from web.formats import format_date, money, number
from web.i18n import N_, gettext, localized, ngettext

COMPARED: Final = {
    "eq": N_("%(field)s is %(value)s"),
    "ne": N_("%(field)s is not %(value)s"),
    "gt": N_("%(field)s is more than %(value)s"),
    "gte": N_("%(field)s is at least %(value)s"),
    "lt": N_("%(field)s is less than %(value)s"),
    "lte": N_("%(field)s is at most %(value)s"),
}
DATED: Final = {
    "gt": N_("%(field)s is after %(value)s"),
    "gte": N_("%(field)s is on or after %(value)s"),
    "lt": N_("%(field)s is before %(value)s"),
    "lte": N_("%(field)s is on or before %(value)s"),
}
WHEN: Final = {
    "within_last": N_("%(field)s lies within the last %(time)s"),
    "before_last": N_("%(field)s is longer ago than %(time)s"),
    "within_next": N_("%(field)s lies within the next %(time)s"),
}


def sentence(tree: Tree, catalogue: Catalogue) -> str:
    """The whole tree as one sentence."""
    return _say(tree, catalogue, catalogue.fields, inside=False)


def phrase(judged: Judged, catalogue: Catalogue) -> str:
    """One condition of an explanation."""
    return _say(judged.node, catalogue, catalogue.fields, inside=True)


def _say(tree: Tree, catalogue: Catalogue, fields: Mapping[str, FieldFacts], *, inside: bool) -> str:
    if isinstance(tree, All | AnyOf):
        return _join(tree, catalogue, fields, inside=inside)
    if isinstance(tree, Not):
        return gettext("not (%(what)s)") % {"what": _say(tree.of, catalogue, fields, inside=False)}
    if isinstance(tree, Has) and tree.field in catalogue.collections and fields is catalogue.fields:
        return _collection(tree, catalogue)
    return _leaf(tree, fields.get(tree.field) or FieldFacts(name=tree.field, label=tree.field, kind="text"))


def _join(tree: All | AnyOf, catalogue: Catalogue, fields: Mapping[str, FieldFacts], *, inside: bool) -> str:
    if not tree.of:
        return gettext("everybody") if isinstance(tree, All) else gettext("nobody")
    parts = [_say(one, catalogue, fields, inside=True) for one in tree.of]
    whole = (gettext(" and ") if isinstance(tree, All) else gettext(" or ")).join(parts)
    return gettext("(%(what)s)") % {"what": whole} if inside and len(parts) > 1 else whole


def _collection(tree: Has, catalogue: Catalogue) -> str:
    collection = catalogue.collections[tree.field]
    told = {"what": localized(collection.label), "n": tree.at_least}
    said = gettext("has %(what)s") % told if tree.at_least == 1 else gettext("has at least %(n)s of: %(what)s") % told
    if tree.where is None:
        return said
    where = _say(tree.where, catalogue, catalogue.inside(tree.field), inside=False)
    return gettext("%(has)s with (%(where)s)") % {"has": said, "where": where}


def _leaf(tree: Cmp | In | Between | Relative | Has, field: FieldFacts) -> str:
    told: dict[str, Any] = {"field": localized(field.label)}
    if isinstance(tree, Has):
        return gettext("%(field)s is known") % told
    if isinstance(tree, Relative):
        return gettext(WHEN[tree.when]) % (told | {"time": duration_words(tree.amount, tree.unit)})
    if isinstance(tree, In):
        values = "、".join(value_words(field, one) for one in tree.values)
        return gettext("%(field)s is one of %(values)s") % (told | {"values": values})
    if isinstance(tree, Between):
        ends = {"low": value_words(field, tree.low), "high": value_words(field, tree.high)}
        return gettext("%(field)s is between %(low)s and %(high)s") % (told | ends)
    words = (DATED if field.kind == "date" else {}).get(tree.op) or COMPARED[tree.op]
    return gettext(words) % (told | {"value": value_words(field, tree.value)})


def duration_words(amount: int, unit: str) -> str:
    """3 months, 1 year."""
    if unit == "years":
        return ngettext("%(n)s year", "%(n)s years", amount) % {"n": amount}
    if unit == "months":
        return ngettext("%(n)s month", "%(n)s months", amount) % {"n": amount}
    return ngettext("%(n)s day", "%(n)s days", amount) % {"n": amount}


def value_words(field: FieldFacts, value: Plain | Any) -> str:
    """A value as people write it."""
    if value is None or value == "":
        return gettext("not known")
    if field.kind == "bool":
        return gettext("yes") if value else gettext("no")
    if field.kind == "money":
        return money(int(value))
    if field.kind == "date":
        day = value if isinstance(value, date) else as_date(value)
        return format_date(day) if day else str(value)
    if field.kind in {"int", "decimal"}:
        unit = localized(field.unit)
        return f"{number(float(value))} {unit}".strip()
    return localized(dict(field.options).get(str(value), str(value)))


def said_value(judged: Judged, catalogue: Catalogue) -> str:
    """What the customer's record says to one condition."""
    node = judged.node
    if isinstance(node, All | AnyOf | Not):
        return ""
    if node.field in catalogue.collections:
        return number(judged.value or 0)
    field = catalogue.fields.get(node.field)
    return value_words(field, judged.value) if field else ""


def grouped_fields(catalogue: Catalogue) -> list[tuple[str, list[tuple[str, str]]]]:
    """The fields under their headings, in the order of the catalogue; collections first."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for collection in catalogue.collections.values():
        groups.setdefault(gettext("Has"), []).append((collection.name, localized(collection.label)))
    for field in catalogue.fields.values():
        groups.setdefault(localized(field.group), []).append((field.name, localized(field.label)))
    return list(groups.items())
