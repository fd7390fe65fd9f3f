"""A tenant's changes over a plugin's form: it may tighten, add and hide, never loosen, retype or hide the required."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from core.forms.rules.conditions import TODAY
from core.forms.rules.definition import (
    TENANT_PREFIX,
    DefinitionProblem,
    check_form,
    kind_of,
    walk_fields,
)
from core.hooks.records.forms import Field, Form, GroupField, Section


class Addition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of the tenant's own, placed after another (`past.disease` inside a group); None puts it last."""

    field: Field
    after: str | None = None


class Overlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The tenant's patch; keys inside groups are dotted, and `order` names what comes first."""

    base: str = ""
    """Version of the form it was written for."""
    set: dict[str, dict[str, Any]] = {}
    add: tuple[Addition, ...] = ()
    order: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()


class Applied(msgspec.Struct, frozen=True):
    """The form with its overlay; with conflicts it must not go live, and the version before it stays."""

    form: Form
    conflicts: tuple[DefinitionProblem, ...]


def apply_overlay(form: Form, overlay: Overlay, *, base: Form | None = None) -> Applied:
    """Apply an overlay; `base` is the form it was written for, which shows fields whose kind changed since."""
    work = _Overlay(form, base)
    fields = form.fields
    for path, changes in overlay.set.items():
        fields = work.change(fields, path, changes)
    for addition in overlay.add:
        fields = work.insert(fields, addition)
    for path in overlay.hide:
        fields = work.drop(fields, path)
    fields = work.arrange(fields, overlay.order)
    kept = {field.key for field in fields}
    every = {path for path, _ in walk_fields(fields)}
    applied = msgspec.structs.replace(
        form,
        fields=fields,
        sections=tuple(_without(section, kept) for section in form.sections),
        completeness=tuple(
            msgspec.structs.replace(item, fields=left)
            for item in form.completeness
            if (left := tuple(path for path in item.fields if path in every))
        ),
    )
    return Applied(applied, (*work.conflicts, *check_form(applied)))


def _without(section: Section, kept: set[str]) -> Section:
    return msgspec.structs.replace(section, fields=tuple(key for key in section.fields if key in kept))


def _at_least(old: Any, new: Any) -> bool:
    return old is None or new == old or (_comparable(old, new) and new >= old)


def _at_most(old: Any, new: Any) -> bool:
    return old is None or new == old or (_comparable(old, new) and new <= old)


def _comparable(old: Any, new: Any) -> bool:
    # `today` moves, so no fixed day is tighter than it, nor it tighter than a fixed day.
    return new is not None and TODAY not in (old, new)


def _subset(old: Any, new: Any) -> bool:
    values = {option.value for option in old}
    return all(option.value in values for option in new)


def _any(_old: Any, _new: Any) -> bool:
    return True


# What a tenant may set, and when the new value is at least as tight as the plugin's.
_TIGHTER: dict[str, Callable[[Any, Any], bool]] = {
    "label": _any,
    "help": _any,
    "required": lambda old, new: new or not old,
    "min": _at_least,
    "min_length": _at_least,
    "min_rows": _at_least,
    "max": _at_most,
    "max_length": _at_most,
    "max_rows": _at_most,
    "max_bytes": _at_most,
    "decimals": _at_most,
    # Whether one pattern is tighter than another cannot be told, so only a missing one may be given.
    "pattern": lambda old, new: old is None or new == old,
    "options": _subset,
    "accept": lambda old, new: set(new) <= set(old),
}


class _Overlay:
    def __init__(self, form: Form, base: Form | None) -> None:
        self.conflicts: list[DefinitionProblem] = []
        self._kinds = {} if base is None else {path: kind_of(field) for path, field in walk_fields(base.fields)}
        self._required = {path for path, field in walk_fields(form.fields) if _is_required(field)}

    def say(self, path: str, reason: str) -> None:
        self.conflicts.append(DefinitionProblem(path, reason))

    def change(self, fields: tuple[Field, ...], path: str, changes: dict[str, Any]) -> tuple[Field, ...]:
        """Return the fields with one of them changed."""
        old = dict(walk_fields(fields)).get(path)
        if old is None:
            self.say(path, "the form has no such field any more")
            return fields
        if self._kinds.get(path, kind_of(old)) != kind_of(old):
            self.say(path, f"the field was {self._kinds[path]} and is now {kind_of(old)}")
            return fields
        wire: dict[str, Any] = msgspec.to_builtins(old)
        for name in changes:
            if name not in _TIGHTER or not hasattr(old, name):
                self.say(path, f"{name} of this field is not the tenant's to set")
        try:
            new = msgspec.convert({**wire, **changes}, type(old))
        except msgspec.ValidationError as error:
            self.say(path, str(error))
            return fields
        for name in changes:
            tight = _TIGHTER.get(name, _any)
            if hasattr(old, name) and not tight(getattr(old, name), getattr(new, name)):
                self.say(path, f"{name} may only be tightened")
        return _replace(fields, path, (new,))

    def insert(self, fields: tuple[Field, ...], addition: Addition) -> tuple[Field, ...]:
        """Return the fields with one of the tenant's own among them."""
        key = addition.field.key
        if not key.startswith(TENANT_PREFIX):
            self.say(key, f"the key of a field of your own starts with {TENANT_PREFIX}")
        if addition.after is None:
            return (*fields, addition.field)
        before = dict(walk_fields(fields)).get(addition.after)
        if before is None:
            self.say(key, f"the field {addition.after}, after which it stood, is gone")
            return (*fields, addition.field)
        return _replace(fields, addition.after, (before, addition.field))

    def drop(self, fields: tuple[Field, ...], path: str) -> tuple[Field, ...]:
        """Return the fields without one that nobody needs."""
        if path not in dict(walk_fields(fields)):
            self.say(path, "the form has no such field any more")
            return fields
        if path in self._required:
            self.say(path, "the form requires this field")
            return fields
        return _replace(fields, path, ())

    def arrange(self, fields: tuple[Field, ...], order: tuple[str, ...]) -> tuple[Field, ...]:
        """Return the fields with the named ones first, in that order."""
        by_key = {field.key: field for field in fields}
        for key in order:
            if key not in by_key:
                self.say(key, "the form has no such field any more")
        first = tuple(by_key[key] for key in dict.fromkeys(order) if key in by_key)
        return first + tuple(field for field in fields if field not in first)


def _is_required(field: Field) -> bool:
    if isinstance(field, GroupField):
        inside = not field.repeat and any(_is_required(member) for member in field.fields)
        return field.required or bool(field.min_rows) or inside
    return field.required


def _replace(fields: tuple[Field, ...], path: str, new: tuple[Field, ...]) -> tuple[Field, ...]:
    def places() -> Iterator[Field]:
        key, _, rest = path.partition(".")
        for field in fields:
            if field.key != key:
                yield field
            elif not rest:
                yield from new
            else:
                assert isinstance(field, GroupField)
                yield msgspec.structs.replace(field, fields=_replace(field.fields, rest, new))

    return tuple(places())
