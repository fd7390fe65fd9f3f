"""Where a field stands: put, replaced or taken out by its dotted path, and kept in step with the sections."""

from collections.abc import Iterable, Iterator

import msgspec

from core.forms.rules.conditions import comparisons
from core.forms.rules.definition import walk_fields
from core.hooks.records.forms import CalcField, CompletenessItem, Condition, Field, Form, GroupField, Section


def replace_field(fields: tuple[Field, ...], path: str, new: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields with what stands at `path` replaced by none, one or several."""

    def places() -> Iterator[Field]:
        key, _, rest = path.partition(".")
        for field in fields:
            if field.key != key:
                yield field
            elif not rest:
                yield from new
            else:
                assert isinstance(field, GroupField)
                yield msgspec.structs.replace(field, fields=replace_field(field.fields, rest, new))

    return tuple(places())


def arrange(fields: tuple[Field, ...], order: Iterable[str]) -> tuple[Field, ...]:
    """Return the fields with the named ones first, in that order; names of no field are passed over."""
    by_key = {field.key: field for field in fields}
    first = tuple(by_key[key] for key in dict.fromkeys(order) if key in by_key)
    return first + tuple(field for field in fields if field not in first)


def arranged(fields: tuple[Field, ...], order: Iterable[str]) -> tuple[Field, ...]:
    """Arrange the fields, and by dotted names (`past.since`) those inside groups too."""
    inside: dict[str, list[str]] = {}
    top: list[str] = []
    for path in order:
        head, dot, rest = path.partition(".")
        if dot:
            inside.setdefault(head, []).append(rest)
        else:
            top.append(head)
    for key, rests in inside.items():
        group = next((field for field in fields if field.key == key), None)
        if isinstance(group, GroupField):
            better = msgspec.structs.replace(group, fields=arranged(group.fields, rests))
            fields = replace_field(fields, key, (better,))
    return arrange(fields, top)


def joined(sections: tuple[Section, ...], key: str, after: str | None) -> tuple[Section, ...]:
    """Return the sections with a field beside the one it stands behind; without one it stays outside of them."""
    return tuple(
        msgspec.structs.replace(section, fields=(*section.fields[: at + 1], key, *section.fields[at + 1 :]))
        if after is not None and (at := _place(section, after)) >= 0
        else section
        for section in sections
    )


def _place(section: Section, key: str) -> int:
    return section.fields.index(key) if key in section.fields else -1


def tidied(form: Form) -> Form:
    """Return the form whose sections and completeness name only fields it has; a section of nothing goes away."""
    top = {field.key for field in form.fields}
    every = {path for path, _ in walk_fields(form.fields)}
    sections = (
        section
        if top.issuperset(section.fields)
        else msgspec.structs.replace(section, fields=tuple(key for key in section.fields if key in top))
        for section in form.sections
    )
    completeness = (_left(item, every) for item in form.completeness)
    return msgspec.structs.replace(
        form,
        sections=tuple(section for section in sections if section.fields),
        completeness=tuple(item for item in completeness if item.fields),
    )


def _left(item: CompletenessItem, every: set[str]) -> CompletenessItem:
    return msgspec.structs.replace(item, fields=tuple(path for path in item.fields if path in every))


def asked_by(field: Field) -> set[str]:
    """Return the names that a field's own condition or calculation asks."""
    asked = set() if field.visible_when is None else asked_in(field.visible_when)
    return asked | set(field.of) if isinstance(field, CalcField) else asked


def asked_in(condition: Condition) -> set[str]:
    """Return the names that a condition asks."""
    return {str(leaf.field) for leaf in comparisons(condition)}


def without_fields(form: Form, keys: set[str]) -> Form:
    """Return the form without some of its top-level fields, nor any field or flag that asks one of them."""
    gone = set(keys)
    kept: list[Field] = []
    for field in form.fields:
        if field.key in gone or any(one.partition(".")[0] in gone for one in _all_asked(field)):
            gone.add(field.key)
        else:
            kept.append(field)
    flags = tuple(flag for flag in form.flags if not any(one.partition(".")[0] in gone for one in asked_in(flag.when)))
    return tidied(msgspec.structs.replace(form, fields=tuple(kept), flags=flags))


def _all_asked(field: Field) -> set[str]:
    asked = asked_by(field)
    if isinstance(field, GroupField):
        own = {member.key for _, member in walk_fields(field.fields)}
        asked = asked.union(*(asked_by(member) for _, member in walk_fields(field.fields))) - own
    return asked
