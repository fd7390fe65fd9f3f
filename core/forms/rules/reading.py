"""What a submission says: completeness, flags, the profile it fills, and what an older draft can carry over."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from core.forms.rules.conditions import holds, is_empty, resolve
from core.forms.rules.definition import kind_of, walk_fields
from core.forms.rules.validation import Result, evaluate
from core.hooks.records.forms import (
    BoolField,
    CalcField,
    Field,
    Flag,
    Form,
    GroupField,
    MultiField,
    NoteField,
    NumberField,
)
from core.hooks.records.text import Text

_ROW = re.compile(r"\[\d+\]")


class MissingItem(msgspec.Struct, frozen=True):
    """Something the reader expects to know and does not."""

    id: str
    label: Text


class Completeness(msgspec.Struct, frozen=True):
    """How many of the marked items are answered; items whose every field is hidden do not count."""

    answered: int
    total: int
    missing: tuple[MissingItem, ...]


class Leftover(msgspec.Struct, frozen=True):
    """An answer of an older draft that no longer fits: shown to the writer, not lost."""

    key: str
    label: Text
    value: Any


class Carried(msgspec.Struct, frozen=True):
    """An older draft in a newer form."""

    answers: dict[str, Any]
    leftovers: tuple[Leftover, ...]


def completeness(form: Form, result: Result) -> Completeness:
    """Count the marked items; an item is answered when any of its fields is ("none", 0 and False are answers)."""
    shown = {_ROW.sub("", path) for path in result.visible}
    given = {_ROW.sub("", path) for path in result.values}
    items = [item for item in form.completeness if shown.intersection(item.fields)]
    missing = tuple(MissingItem(item.id, item.label) for item in items if not given.intersection(item.fields))
    return Completeness(len(items) - len(missing), len(items), missing)


def flags(form: Form, result: Result, today: str) -> tuple[Flag, ...]:
    """The alerts that the form's own rules raise."""
    return tuple(
        Flag(id=rule.id, title=rule.title, reason=rule.reason, tone=rule.tone, source=rule.source, stops=rule.stops)
        for rule in form.flags
        if holds(resolve(rule.when, result.names, today), result.values)
    )


def prefill(form: Form, profile: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that are already known; `profile` holds values by target (`subject.species`)."""
    return _known(form.fields, profile)


def _known(fields: tuple[Field, ...], profile: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for field in fields:
        if isinstance(field, GroupField):
            inside = {} if field.repeat else _known(field.fields, profile)
            if inside:
                known[field.key] = inside
        elif field.profile is not None:
            value = _revived(field, profile.get(field.profile))
            if not is_empty(value) and _fits(field, value, ""):
                known[field.key] = value
    return known


def _revived(field: Field, value: Any) -> Any:
    """A profile keeps numbers with decimals and lists as text, and yes and no as 1 and 0."""
    if isinstance(value, str) and isinstance(field, NumberField | MultiField):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    if isinstance(field, BoolField) and value in {0, 1}:
        return bool(value)
    return value


def profile_values(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the stored answers say about the customer and the subject, by target."""
    return dict(_targets(form.fields, data))


def _targets(fields: tuple[Field, ...], data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field in fields:
        value = data.get(field.key)
        if isinstance(field, GroupField):
            if not field.repeat and isinstance(value, dict):
                found += _targets(field.fields, value)
        elif field.profile is not None and not is_empty(value):
            found.append((field.profile, value))
    return found


def profile_fields(form: Form) -> dict[str, str]:
    """The path of the field that fills each target, so that an error can be shown where it was typed."""
    return {field.profile: path for path, field in walk_fields(form.fields) if field.profile is not None}


def hash_of_key(key: str) -> str:
    """What is kept of a draft's key: whoever reads the table cannot open a draft with it."""
    return hashlib.sha256(key.encode()).hexdigest()


def carry_over(old: Form, new: Form, answers: Mapping[str, Any], today: str) -> Carried:
    """Take an older draft into a newer form field by field; what no longer fits is handed back with its label."""
    kept: dict[str, Any] = {}
    leftovers: list[Leftover] = []
    fields = {field.key: field for field in new.fields}
    for field in old.fields:
        value = answers.get(field.key)
        if is_empty(value) or isinstance(field, NoteField | CalcField):
            continue
        target = fields.get(field.key)
        if target is not None and kind_of(target) == kind_of(field) and _fits(target, value, today):
            kept[field.key] = value
        else:
            leftovers.append(Leftover(field.key, field.label, value))
    return Carried(kept, tuple(leftovers))


def _fits(field: Field, value: Any, today: str) -> bool:
    alone = msgspec.structs.replace(field, visible_when=None, required=False)
    errors = evaluate(Form(id="draft", title="", fields=(alone,)), {field.key: value}, today).errors
    # A draft may be unfinished: what is missing is asked again, what is wrong in kind is left over.
    return all(error.code in {"required", "not_signed", "rows_min", "min_length"} for error in errors)
