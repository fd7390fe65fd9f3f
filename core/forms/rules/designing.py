"""One change after another to a tenant's patch, as the builder makes them; each returns the new patch.

`base` is the form as its plugins bring it; a path is a dotted key as in `past.disease`.
"""

from typing import Any

import msgspec

from core.forms.rules.definition import TENANT_PREFIX, walk_fields
from core.forms.rules.overlay import Overlay, apply_overlay
from core.hooks.records.forms import Addition, Field, Form, GroupField

REST = ""
"""The place of fields that no section names: behind all sections."""
_Changes = dict[str, Any]


class NoSuchPlace(ValueError):
    """The form has no such field or section: the page is old, or the request was made up."""


def shown_order(form: Form) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return section ids with their top-level keys as a page shows them; fields of no section come last."""
    sections = tuple((section.id, section.fields) for section in form.sections)
    named = {key for _, keys in sections for key in keys}
    rest = tuple(field.key for field in form.fields if field.key not in named)
    return (*sections, (REST, rest)) if rest or not sections else sections


def siblings_of(form: Form, path: str) -> tuple[str, ...]:
    """Return the paths of the fields beside this one, in document order; raise NoSuchPlace when it is not there."""
    paths = _level(form, path.rpartition(".")[0])
    if path not in paths:
        raise NoSuchPlace(path)
    return paths


def _level(form: Form, parent: str) -> tuple[str, ...]:
    if not parent:
        return tuple(field.key for field in form.fields)
    group = dict(walk_fields(form.fields)).get(parent)
    if not isinstance(group, GroupField):
        raise NoSuchPlace(parent)
    return tuple(f"{parent}.{field.key}" for field in group.fields)


def shifted(base: Form, overlay: Overlay, path: str, step: int) -> Overlay:
    """Move a field one place up (-1) or down (+1) among those it is shown with; at the edge nothing changes."""
    form = apply_overlay(base, overlay).form
    shown = siblings_of(form, path)
    if "." not in path:
        shown = next(keys for _, keys in shown_order(form) if path in keys)
    to = shown.index(path) + step
    if not 0 <= to < len(shown):
        return overlay
    before = to if step < 0 else to + 1
    return moved(base, overlay, path, before=shown[before] if before < len(shown) else None)


def moved(base: Form, overlay: Overlay, path: str, *, before: str | None = None, section: str | None = None) -> Overlay:
    """Put a field before another one; without one, last in `section` or in the section where it is."""
    form = apply_overlay(base, overlay).form
    paths = list(siblings_of(form, path))
    if before == path:
        return overlay
    if before is not None and before not in paths:
        raise NoSuchPlace(before)
    if "." not in path:
        shown = dict(shown_order(form))
        home = _section_of(form, path)
        target = _section_of(form, before) if before is not None else home if section is None else section
        if target not in shown or (target == REST != home):
            raise NoSuchPlace(target)
        if target != home:
            overlay = msgspec.structs.replace(overlay, place={**overlay.place, path: target})
        mates = [key for key in shown[target] if key != path]
    else:
        mates = [one for one in paths if one != path]
    paths.remove(path)
    behind = max((paths.index(one) + 1 for one in mates), default=len(paths))
    paths.insert(behind if before is None else paths.index(before), path)
    return _ordered(base, overlay, path.rpartition(".")[0], paths)


def _section_of(form: Form, key: str) -> str:
    return next((section.id for section in form.sections if key in section.fields), REST)


def _ordered(base: Form, overlay: Overlay, parent: str, paths: list[str]) -> Overlay:
    """Say the order of one level with as few names as possible: those up to the last one that is out of place."""
    others = tuple(one for one in overlay.order if one.rpartition(".")[0] != parent)
    loose = msgspec.structs.replace(overlay, order=others)
    natural = list(_level(apply_overlay(base, loose).form, parent))
    while paths and natural and paths[-1] == natural[-1]:
        paths.pop()
        natural.pop()
    return msgspec.structs.replace(overlay, order=(*others, *paths))


def changed(base: Form, overlay: Overlay, path: str, changes: _Changes) -> Overlay:
    """Set members of a field: of an own one in place, of the plugin's as a change; what equals the plugin's goes."""
    own = next((one for one in overlay.add if path_of(one) == path), None)
    if own is not None:
        better: Field = msgspec.convert({**msgspec.to_builtins(own.field), **changes}, type(own.field))
        add = tuple(Addition(better, one.after) if one is own else one for one in overlay.add)
        return msgspec.structs.replace(overlay, add=add)
    field = dict(walk_fields(base.fields)).get(path)
    if field is None:
        raise NoSuchPlace(path)
    plain = _as_stored(field)
    defaults = {one.name: _as_stored(one.default) for one in msgspec.structs.fields(type(field)) if not one.required}
    wanted = overlay.set.get(path, {}) | _as_stored(changes)
    left = {name: value for name, value in wanted.items() if value != plain.get(name, defaults.get(name))}
    rest = {key: value for key, value in overlay.set.items() if key != path}
    return msgspec.structs.replace(overlay, set={**rest, path: left} if left else rest)


def _as_stored(value: object) -> Any:
    """Lists for tuples, as the patch comes back from its row: what is the same must compare equal."""
    return msgspec.json.decode(msgspec.json.encode(None if value is msgspec.NODEFAULT else value))


def path_of(addition: Addition) -> str:
    """Return the dotted key of a field of the tenant's own: inside the group of the field it stands behind."""
    parent = (addition.after or "").rpartition(".")[0]
    return f"{parent}.{addition.field.key}" if parent else addition.field.key


def added(overlay: Overlay, field: Field, after: str | None) -> Overlay:
    """Add a field of the tenant's own."""
    return msgspec.structs.replace(overlay, add=(*overlay.add, Addition(field, after)))


def free_key(overlay: Overlay, wish: str) -> str:
    """Return a key of the tenant's own that is free: the wish, or the wish with a number."""
    stem = f"{TENANT_PREFIX}{wish}"[:36].rstrip("_")
    taken = {addition.field.key for addition in overlay.add}
    number = 1
    key = stem
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key


def removed(overlay: Overlay, path: str) -> Overlay:
    """Take a field of the tenant's own away; what stood behind it stands behind what it stood behind."""
    gone = next((one for one in overlay.add if path_of(one) == path), None)
    if gone is None:
        raise NoSuchPlace(path)
    add = tuple(
        Addition(one.field, gone.after if one.after == path else one.after) for one in overlay.add if one is not gone
    )
    return forgotten(msgspec.structs.replace(overlay, add=add), path)


def hidden(base: Form, overlay: Overlay, path: str) -> Overlay:
    """Hide a field of the plugin's."""
    if path not in dict(walk_fields(base.fields)):
        raise NoSuchPlace(path)
    return msgspec.structs.replace(overlay, hide=(*(one for one in overlay.hide if one != path), path))


def unhidden(overlay: Overlay, path: str) -> Overlay:
    """Show a hidden field again."""
    return msgspec.structs.replace(overlay, hide=tuple(one for one in overlay.hide if one != path))


def forgotten(overlay: Overlay, path: str) -> Overlay:
    """Take out all that the patch says of one field, and what it says of those inside it: what "drop this change" does."""

    def keeps(one: str) -> bool:
        return one != path and not one.startswith(f"{path}.")

    return msgspec.structs.replace(
        overlay,
        set={one: changes for one, changes in overlay.set.items() if keeps(one)},
        add=tuple(one for one in overlay.add if keeps(path_of(one)) and one.field.key != path),
        order=tuple(filter(keeps, overlay.order)),
        hide=tuple(filter(keeps, overlay.hide)),
        place={one: section for one, section in overlay.place.items() if keeps(one)},
    )
