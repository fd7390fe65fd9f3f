"""A tenant's changes over a plugin's form: it may tighten, add and hide, never loosen, retype or hide the required."""

from collections.abc import Callable
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
from core.forms.rules.placing import arranged, asked_by, joined, replace_field, tidied
from core.hooks.records.forms import Addition, Field, Form, GroupField, NoteField, Section


class Overlay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The tenant's patch; keys inside groups are dotted, and `order` names what comes first."""

    base: str = ""
    """Version of the form it was written for."""
    set: dict[str, dict[str, Any]] = {}
    add: tuple[Addition, ...] = ()
    order: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    place: dict[str, str] = {}
    """Fields that stand in another section than the plugin's, by the section's id."""


class Applied(msgspec.Struct, frozen=True):
    """The form with its overlay; with conflicts it must not go live, and the version before it stays."""

    form: Form
    conflicts: tuple[DefinitionProblem, ...]


def apply_overlay(form: Form, overlay: Overlay, *, base: Form | None = None) -> Applied:
    """Apply an overlay; `base` is the form it was written for, which shows fields whose kind changed since."""
    work = _Overlay(form, base)
    fields, sections = form.fields, form.sections
    for path, changes in overlay.set.items():
        fields = work.change(fields, path, changes)
    for addition in overlay.add:
        fields = work.insert(fields, addition)
        sections = joined(sections, addition.field.key, addition.after)
    # What is hidden keeps its place for the day when it is shown again.
    known = {path for path, _ in walk_fields(fields)}
    for path in overlay.hide:
        fields = work.drop(fields, path)
    fields = work.arrange(fields, overlay.order, known)
    sections = work.place(sections, overlay.place, known)
    if overlay.order or overlay.place:
        sections = _in_document_order(sections, fields)
    applied = tidied(msgspec.structs.replace(form, fields=fields, sections=sections))
    return Applied(applied, (*work.conflicts, *check_form(applied)))


def may_hide(form: Form, path: str) -> bool:
    """Tell whether nobody but the tenant needs this field: the plugin does not require it, nor is it shown by law."""
    return _Overlay(form, None).refusal(path, dict(walk_fields(form.fields))[path]) is None


def without_keys(overlay: Overlay, keys: set[str]) -> Overlay:
    """Return the overlay without what it says of fields that are away for a while, and without own ones that ask them.

    The changes stay in the tenant's patch and count again when the plugin whose fields they are is on again.
    """
    gone = set(keys)
    kept: list[Addition] = []
    for addition in overlay.add:
        if any(one.partition(".")[0] in gone for one in asked_by(addition.field)):
            gone.add(addition.field.key)
        else:
            away = addition.after is not None and addition.after.partition(".")[0] in gone
            kept.append(Addition(addition.field) if away else addition)

    def here(path: str) -> bool:
        return path.partition(".")[0] not in gone

    return msgspec.structs.replace(
        overlay,
        set={path: changes for path, changes in overlay.set.items() if here(path)},
        add=tuple(kept),
        order=tuple(filter(here, overlay.order)),
        hide=tuple(filter(here, overlay.hide)),
        place={path: section for path, section in overlay.place.items() if here(path)},
    )


def _in_document_order(sections: tuple[Section, ...], fields: tuple[Field, ...]) -> tuple[Section, ...]:
    """What is asked first is shown first, also inside a section: conditions look back only."""
    rank = {field.key: number for number, field in enumerate(fields)}
    return tuple(
        msgspec.structs.replace(section, fields=tuple(sorted(section.fields, key=lambda key: rank.get(key, len(rank)))))
        for section in sections
    )


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
        self._purpose = form.purpose
        self._sections = {section.id for section in form.sections}
        self._now = {path: kind_of(field) for path, field in walk_fields(form.fields)}
        self._kinds = {} if base is None else {path: kind_of(field) for path, field in walk_fields(base.fields)}
        self._required = {path for path, field in walk_fields(form.fields) if _is_required(field)}

    def say(self, path: str, reason: str, code: str, **params: Any) -> None:
        self.conflicts.append(DefinitionProblem(path, reason, code, params))

    def change(self, fields: tuple[Field, ...], path: str, changes: dict[str, Any]) -> tuple[Field, ...]:
        """Return the fields with one of them changed."""
        old = dict(walk_fields(fields)).get(path)
        if old is None:
            self.say(path, "the form has no such field any more", "gone")
            return fields
        if self._retyped(path):
            was, now = self._kinds[path], kind_of(old)
            self.say(path, f"the field was {was} and is now {now}", "retyped", was=was, now=now)
            return fields
        wire: dict[str, Any] = msgspec.to_builtins(old)
        for name in changes:
            if name not in _TIGHTER or not hasattr(old, name):
                self.say(path, f"{name} of this field is not the tenant's to set", "not-yours", name=name)
        try:
            new = msgspec.convert({**wire, **changes}, type(old))
        except msgspec.ValidationError as error:
            self.say(path, str(error), "bad-value")
            return fields
        for name in changes:
            tight = _TIGHTER.get(name, _any)
            if hasattr(old, name) and not tight(getattr(old, name), getattr(new, name)):
                self.say(path, f"{name} may only be tightened", "loosened", name=name)
        return replace_field(fields, path, (new,))

    def _retyped(self, path: str) -> bool:
        return path in self._now and self._kinds.get(path, self._now[path]) != self._now[path]

    def insert(self, fields: tuple[Field, ...], addition: Addition) -> tuple[Field, ...]:
        """Return the fields with one of the tenant's own among them."""
        key = addition.field.key
        if not key.startswith(TENANT_PREFIX):
            self.say(key, f"the key of a field of your own starts with {TENANT_PREFIX}", "own-key")
        for asked in sorted(asked_by(addition.field)):
            if self._retyped(asked):
                was, now = self._kinds[asked], self._now[asked]
                reason = f"it asks {asked}, which was {was} and is now {now}"
                self.say(key, reason, "asks-retyped", asked=asked, was=was, now=now)
        if addition.after is None:
            return (*fields, addition.field)
        before = dict(walk_fields(fields)).get(addition.after)
        if before is None:
            reason = f"the field {addition.after}, after which it stood, is gone"
            self.say(key, reason, "anchor-gone", after=addition.after)
            return (*fields, addition.field)
        return replace_field(fields, addition.after, (before, addition.field))

    def drop(self, fields: tuple[Field, ...], path: str) -> tuple[Field, ...]:
        """Return the fields without one that nobody needs."""
        field = dict(walk_fields(fields)).get(path)
        if field is None:
            self.say(path, "the form has no such field any more", "gone")
            return fields
        refused = self.refusal(path, field)
        if refused is not None:
            self.say(path, refused[1], refused[0])
            return fields
        return replace_field(fields, path, ())

    def refusal(self, path: str, field: Field) -> tuple[str, str] | None:
        """Return why a field may not be hidden, as code and reason."""
        if path in self._required:
            return "required", "the form requires this field"
        if self._purpose == "consent" and isinstance(field, NoteField):
            # forms.md, Consent: what is signed for is the text that was shown.
            return "consent-text", "what is shown before a signature may not be hidden"
        return None

    def arrange(self, fields: tuple[Field, ...], order: tuple[str, ...], known: set[str]) -> tuple[Field, ...]:
        """Return the fields with the named ones first, in that order."""
        for path in order:
            if path not in known:
                self.say(path, "the form has no such field any more", "gone")
        every = dict(walk_fields(fields))
        return arranged(fields, tuple(path for path in order if path in every))

    def place(self, sections: tuple[Section, ...], places: dict[str, str], known: set[str]) -> tuple[Section, ...]:
        """Return the sections with some fields in another one than the plugin's; `tidied` takes hidden ones out."""
        moved: dict[str, str] = {}
        for key, section_id in places.items():
            if key not in known or "." in key:
                self.say(key, "the form has no such field any more", "gone")
            elif section_id not in self._sections:
                self.say(key, f"the form has no section {section_id} any more", "section-gone", section=section_id)
            else:
                moved[key] = section_id
        return tuple(
            msgspec.structs.replace(
                section,
                fields=(
                    *(key for key in section.fields if moved.get(key, section.id) == section.id),
                    *(key for key, wanted in moved.items() if wanted == section.id and key not in section.fields),
                ),
            )
            for section in sections
        )


def _is_required(field: Field) -> bool:
    if isinstance(field, GroupField):
        inside = not field.repeat and any(_is_required(member) for member in field.fields)
        return field.required or bool(field.min_rows) or inside
    return field.required
