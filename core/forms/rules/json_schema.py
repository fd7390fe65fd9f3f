"""A form as JSON Schema 2020-12, for programmes that send it and for OpenAPI; what a schema cannot say stands in `x-` keys.

It describes answers as they are stored: what is missing or hidden is left out, not sent as null, "" or []. The server judges
again, for a schema knows neither `today` nor an order of texts.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from core.forms.rules.conditions import Names, Slot, comparisons
from core.forms.rules.definition import kind_of, version_of
from core.forms.rules.patterns import portable
from core.forms.rules.schema_conditions import as_schema, at_path
from core.forms.rules.validation import MAX_ROWS
from core.forms.rules.values import MAX_SIGNATURE, MAX_TEXT
from core.hooks.records.forms import (
    BoolField,
    CalcField,
    ChoiceField,
    Condition,
    DateField,
    DateTimeField,
    Field,
    FileField,
    Form,
    GroupField,
    MultiField,
    NoteField,
    NumberField,
    Option,
    RatingField,
    SignatureField,
    TextField,
)
from core.hooks.records.text import Text, localized

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-5][0-9])?$"
Schema = dict[str, Any]


def json_schema(form: Form, locale: str) -> Schema:
    """Return the schema of the form's answers, with titles in this language and every language in `x-labels`."""
    build = _Build(locale)
    root = build.scope(form.fields, "", Names())
    build.hang(root)
    return {
        "$schema": DIALECT,
        "$id": f"urn:anxin:form:{form.id}:{version_of(form)}",
        **_said(form.title, locale),
        **({"description": localized(form.intro, locale)} if form.intro else {}),
        **root,
        "x-form": form.id,
        "x-version": version_of(form),
        "x-purpose": form.purpose,
    }


def _said(text: Text, locale: str) -> Schema:
    words = localized(text, locale)
    return ({"title": words} if words else {}) | ({"x-labels": text} if isinstance(text, dict) else {})


def _choices(options: Iterable[Option], locale: str) -> Schema:
    return {"oneOf": [{"const": one.value, **_said(one.label, locale)} for one in options]}


class _Asked(msgspec.Struct, frozen=True):
    """A condition with the fields it asks, as they are known where it stands."""

    condition: Condition
    slots: dict[str, Slot]

    def below(self, scope: str) -> dict[str, Slot]:
        return {name: Slot(slot.path[len(scope) :], slot.kind) for name, slot in self.slots.items()}


class _Late(msgspec.Struct, frozen=True):
    """A field that must be there when a condition of some scope holds."""

    scope: str
    """Path of the scope whose object the condition is asked of: "" for the form, `past[]` for a row."""
    condition: Schema
    path: str
    """Of the field, below that scope."""


class _Build:
    def __init__(self, locale: str) -> None:
        self._locale = locale
        self._late: list[_Late] = []

    def scope(self, fields: tuple[Field, ...], prefix: str, names: Names, outer: tuple[_Asked, ...] = ()) -> Schema:
        """The object of the form, of a group or of one row; `prefix` is `past[].`, `outer` what shows the group."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in fields:
            path = prefix + field.key
            if isinstance(field, NoteField):
                names.declare(field.key, Slot(path, "note"))
                continue
            when = () if field.visible_when is None else (_asked(field.visible_when, names),)
            if self._property(field, path, names, properties, (*outer, *when)):
                if when:
                    self._needed_when((*outer, *when), path)
                else:
                    required.append(field.key)
            if not isinstance(field, GroupField):
                names.declare(field.key, Slot(path, kind_of(field)))
        found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return found | ({"required": required} if required else {})

    def _property(
        self, field: Field, path: str, names: Names, properties: dict[str, Schema], when: tuple[_Asked, ...]
    ) -> bool:
        """Write one field down and tell whether it must be there whenever it is shown."""
        more: Schema = _said(field.label, self._locale)
        if field.help:
            more["description"] = localized(field.help, self._locale)
        if field.visible_when is not None:
            more["x-visible-when"] = msgspec.to_builtins(field.visible_when)
        if field.profile is not None:
            more["x-profile"] = field.profile
        needed = field.required and not isinstance(field, CalcField)
        if isinstance(field, GroupField):
            schema, inside = self._group(field, path, names, when)
            needed = needed or inside
        else:
            schema = self._leaf(field)
        properties[field.key] = schema | more
        return needed

    def _group(self, field: GroupField, path: str, names: Names, when: tuple[_Asked, ...]) -> tuple[Schema, bool]:
        inner = Names(names)
        if field.repeat:
            items = self.scope(field.fields, f"{path}[].", inner)
            names.declare(field.key, Slot(path, "group"))
            low = max(field.min_rows or 0, 1 if field.required else 0)
            rows: Schema = {"type": "array", "items": items, "maxItems": field.max_rows or MAX_ROWS}
            return rows | ({"minItems": low} if low else {}), bool(field.min_rows)
        once = self.scope(field.fields, f"{path}.", inner, when)
        names.declare(field.key, Slot(path, "group"))
        names.adopt(field.key, inner)
        return once | ({"minProperties": 1} if field.required else {}), bool(once.get("required"))

    def _leaf(self, field: Field) -> Schema:
        if isinstance(field, CalcField):
            return {"readOnly": True}  # the server calculates, whatever is sent
        return _LEAVES[type(field)](field, self._locale)

    def _needed_when(self, asked: tuple[_Asked, ...], path: str) -> None:
        """Note that a field must be there when all of this holds, if one object can be asked about all of it."""
        slots = [slot for one in asked for slot in one.slots.values()]
        scope = _scope_of([slot.path for slot in slots], path)
        if scope is None:
            return
        said = [as_schema(one.condition, one.below(scope)) for one in asked]
        if all(one is not None for one in said):
            self._late.append(_Late(scope, {"allOf": said}, path[len(scope) :]))

    def hang(self, root: Schema) -> None:
        """Put each conditional need where its condition can be asked."""
        for late in self._late:
            place = root
            for part in late.scope.split(".")[:-1]:
                place = place["properties"][part.removesuffix("[]")]
                place = place["items"] if part.endswith("[]") else place
            place.setdefault("allOf", []).append({"if": late.condition, "then": at_path(late.path)})


def _asked(condition: Condition, names: Names) -> _Asked:
    slots = {str(leaf.field): names.find(str(leaf.field)) for leaf in comparisons(condition)}
    return _Asked(condition, {name: slot for name, slot in slots.items() if slot is not None})


def _scope_of(asked: list[str], path: str) -> str | None:
    """The innermost row (or the form) in which all that is asked stands, with the field; None when there are two."""
    rows = {path[: path.rindex("[].") + 3] if "[]." in path else "" for path in asked}
    if len(rows) > 1:
        return None
    found = rows.pop() if rows else ""
    return found if path.startswith(found) else None


def _named(**limits: float | None) -> Schema:
    return {name: value for name, value in limits.items() if value is not None}


def _text(field: TextField, _locale: str) -> Schema:
    found: Schema = {"type": "string", "minLength": max(field.min_length or 0, 1)}
    found["maxLength"] = MAX_TEXT if field.max_length is None else field.max_length
    if field.input == "email":
        found["x-input"] = "email"
    if field.pattern is not None:
        ours = portable(field.pattern)
        found |= {"x-pattern": field.pattern} if ours is None else {"pattern": f"^(?:{ours})$"}
    return found


def _number(field: NumberField, locale: str) -> Schema:
    found: Schema = {"type": "integer" if field.decimals == 0 else "number"}
    if field.decimals:
        found["x-decimals"] = field.decimals
    if field.unit:
        found["x-unit"] = localized(field.unit, locale)
    return found | _named(minimum=field.min, maximum=field.max)


def _bool(field: BoolField, _locale: str) -> Schema:
    return {"type": "boolean"} if field.risk is None else {"const": True}


def _choice(field: ChoiceField, locale: str) -> Schema:
    return _choices(field.options, locale)


def _multi(field: MultiField, locale: str) -> Schema:
    ticks: Schema = {"type": "array", "items": _choices(field.options, locale)}
    low = field.min_rows or (1 if field.required else None)
    return ticks | _named(minItems=low, maxItems=field.max_rows)


def _rating(field: RatingField, _locale: str) -> Schema:
    return {"type": "integer", "minimum": field.min, "maximum": field.max}


def _date(field: DateField | DateTimeField, _locale: str) -> Schema:
    day: Schema = {"type": "string", "format": "date", "pattern": DATE}
    found: Schema = day if isinstance(field, DateField) else {"type": "string", "pattern": MOMENT}
    bounds = {"x-minimum": field.min, "x-maximum": field.max}
    return found | {name: bound for name, bound in bounds.items() if bound is not None}


def _file(field: FileField, _locale: str) -> Schema:
    one: Schema = {
        "type": "object",
        "properties": {
            "token": {"type": "string"},
            "name": {"type": "string"},
            "type": {"enum": list(field.accept)},
            "size": {"type": "integer", "maximum": field.max_bytes},
        },
        "required": ["token", "name", "type", "size"],
        "additionalProperties": False,
    }
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": field.max_rows}]}


def _signature(_field: SignatureField, _locale: str) -> Schema:
    name: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_SIGNATURE}
    drawn = name | {"pattern": "^data:image/png;base64,"}
    given: Schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "image": drawn},
        "anyOf": [{"required": ["name"]}, {"required": ["image"]}],
        "additionalProperties": False,
    }
    return {"oneOf": [name, given]}


_LEAVES: dict[type[Any], Callable[[Any, str], Schema]] = {
    TextField: _text,
    NumberField: _number,
    DateField: _date,
    DateTimeField: _date,
    BoolField: _bool,
    ChoiceField: _choice,
    MultiField: _multi,
    RatingField: _rating,
    FileField: _file,
    SignatureField: _signature,
}
