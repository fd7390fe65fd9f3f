"""Questions that plugins add to each other's forms: whose field each is, and what does not fit together."""

from collections.abc import Iterable

import msgspec

from core.forms.rules.definition import BadDefinition, check_form
from core.forms.rules.placing import joined, replace_field
from core.hooks.records.forms import Addition, Field, Form, FormPatch, Section

Patches = Iterable[tuple[str, FormPatch]]
"""Each with the plugin it comes from, in the tenant's order."""


class Clash(msgspec.Struct, frozen=True):
    """Two plugins want one key of one form."""

    form: str
    key: str
    first: str
    second: str


class LeftOut(msgspec.Struct, frozen=True):
    """A patch that does not fit the form as it is now; its plugin's other patches still count."""

    form: str
    plugin: str
    reason: str


class Extended(msgspec.Struct, frozen=True):
    """A form with what other plugins add; `owners` names the plugin of every field that was added."""

    form: Form
    owners: dict[str, str]
    left_out: tuple[LeftOut, ...]


def owner_of(record_id: str) -> str:
    """The plugin in a prefixed id: `petclinic` of `petclinic.intake`."""
    return record_id.partition(".")[0]


def refuse_bad_patch(patch: FormPatch) -> None:
    """Raise BadDefinition when a patch breaks a rule that can be seen without the form: what the plugin loader asks."""
    plugin = owner_of(patch.id)
    where = f"patch {patch.id} of form {patch.form}"
    if "." not in patch.form or owner_of(patch.form) == plugin:
        raise BadDefinition(f"{where}: a patch names a form of another plugin, as in petclinic.intake")
    keys = [addition.field.key for addition in patch.add]
    for addition in patch.add:
        key = addition.field.key
        if not key.startswith(f"{plugin}_"):
            raise BadDefinition(f"{where}: the key {key} does not start with {plugin}_")
        if addition.after is not None and "." in addition.after:
            raise BadDefinition(f"{where}: {key} stands inside a group of the other plugin")
    named = [*(key for section in patch.sections for key in section.fields)]
    foreign = sorted(set(named) - set(keys))
    if foreign:
        raise BadDefinition(f"{where}: a section names {', '.join(foreign)}, which this patch does not add")
    if not (patch.add or patch.flags or patch.completeness):
        raise BadDefinition(f"{where}: it adds nothing")


def find_clashes(forms: Iterable[Form], patches: Patches) -> tuple[Clash, ...]:
    """Return every key that two of the plugins want in one form."""
    owners = {form.id: {field.key: owner_of(form.id) for field in form.fields} for form in forms}
    found: list[Clash] = []
    for plugin, patch in patches:
        taken = owners.get(patch.form, {})
        for addition in patch.add if patch.form in owners else ():
            first = taken.setdefault(addition.field.key, plugin)
            if first != plugin:
                found.append(Clash(patch.form, addition.field.key, first, plugin))
    return tuple(found)


def extend_form(form: Form, patches: Patches) -> Extended:
    """Add what the patches bring to this form, one after the other; what does not fit is left out and named."""
    owners: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for plugin, patch in patches:
        if patch.form != form.id:
            continue
        more = _added(form, plugin, patch)
        reason = _unfit(form, patch, more)
        if reason:
            left_out.append(LeftOut(form.id, plugin, reason))
            continue
        form = more
        owners |= {addition.field.key: plugin for addition in patch.add}
    return Extended(form, owners, tuple(left_out))


def _unfit(form: Form, patch: FormPatch, more: Form) -> str:
    known = {field.key for field in form.fields}
    for addition in patch.add:
        if addition.after is not None and addition.after not in known:
            return f"the form has no field {addition.after}, after which {addition.field.key} stands"
        known.add(addition.field.key)
    problems = check_form(more)
    return "; ".join(f"{one.field or 'the form'}: {one.reason}" for one in problems)


def _added(form: Form, plugin: str, patch: FormPatch) -> Form:
    fields, sections = form.fields, form.sections
    own = {key for section in patch.sections for key in section.fields}
    behind: dict[str | None, str] = {}
    for addition in patch.add:
        # Two that name the same field stand in the order they are written in.
        after = behind.get(addition.after, addition.after)
        fields = _inserted(fields, addition.field, after)
        behind[addition.after] = addition.field.key
        if addition.field.key not in own:
            sections = joined(sections, addition.field.key, after)
    return msgspec.structs.replace(
        form,
        fields=fields,
        sections=_with_steps(sections, plugin, patch),
        completeness=(
            *form.completeness,
            *(msgspec.structs.replace(item, id=f"{plugin}.{item.id}") for item in patch.completeness),
        ),
        flags=(*form.flags, *(msgspec.structs.replace(flag, id=f"{plugin}.{flag.id}") for flag in patch.flags)),
    )


def _inserted(fields: tuple[Field, ...], field: Field, after: str | None) -> tuple[Field, ...]:
    before = next((one for one in fields if one.key == after), None)
    return (*fields, field) if before is None else replace_field(fields, before.key, (before, field))


def _with_steps(sections: tuple[Section, ...], plugin: str, patch: FormPatch) -> tuple[Section, ...]:
    """Put a step of the plugin's own behind the one that its first field follows; else it comes last."""
    if not sections:
        return ()  # a form without steps stays one
    placed = list(sections)
    anchors: dict[str, Addition] = {addition.field.key: addition for addition in patch.add}
    for section in patch.sections:
        own = msgspec.structs.replace(section, id=f"{plugin}.{section.id}")
        first = anchors[section.fields[0]].after if section.fields else None
        at = next((number for number, one in enumerate(placed) if first in one.fields), len(placed) - 1)
        placed.insert(at + 1, own)
    return tuple(placed)
