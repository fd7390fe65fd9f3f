"""Works out the forms in force: a plugin's definition, what other plugins add, and the tenant's own changes over it."""

from typing import Any

import msgspec
from sqlalchemy import select, tuple_

from core.db import table_of
from core.forms.models import FormDefinition, FormOverlay
from core.forms.rules import (
    Applied,
    DefinitionProblem,
    Extended,
    LeftOut,
    Overlay,
    apply_overlay,
    extend_form,
    version_of,
    without_fields,
    without_keys,
)
from core.forms.rules.definition import walk_fields
from core.forms.rules.designing import path_of
from core.hooks.records.forms import Form
from core.hooks.specs.forms import intake_extensions, intake_forms
from core.uow import Reader

_D, _O = table_of(FormDefinition), table_of(FormOverlay)
_MEMO = "forms in force"
IN_FORCE = ("live", "conflict")


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """One form of a tenant: as its plugins bring it, and as it is in force."""

    base: Form
    """The plugin's definition with what other plugins add, before the tenant's own changes."""
    base_version: str
    form: Form
    version: str
    owners: dict[str, str]
    """The plugin of each field that another plugin than the form's adds."""
    left_out: tuple[LeftOut, ...] = ()
    revision: int = 0
    """Of the tenant's changes in force; 0: none."""
    overlay: Overlay = Overlay()
    conflicts: tuple[DefinitionProblem, ...] = ()
    """Why the changes no longer fit; the form in force is then the one before the plugin changed."""


async def get_stands(reader: Reader) -> dict[str, Stand]:
    """Return every form of the tenant by its id, worked out once per epoch: whoever publishes changes raises it."""
    known: dict[str, Stand] | None = reader.plugins.memo.get(_MEMO)
    if known is None:
        known = reader.plugins.memo[_MEMO] = await _work_out(reader)
    return known


async def _work_out(reader: Reader) -> dict[str, Stand]:
    patches = [(one.plugin, one.value) for one in reader.plugins.declared(intake_extensions)]
    extended = [extend_form(one.value, patches) for one in reader.plugins.declared(intake_forms)]
    rows = await reader.session.execute(
        select(_O.c.form_id, _O.c.revision, _O.c.base_version, _O.c.version, _O.c.patch, _O.c.owners).where(
            _O.c.tenant_id == reader.tenant_id, _O.c.status.in_(IN_FORCE)
        )
    )
    live = {row.form_id: row for row in rows}
    stands = {one.form.id: _plain(one) for one in extended}
    old = await _old_definitions(
        reader, {stand.base.id: live[stand.base.id] for stand in stands.values() if stand.base.id in live}, stands
    )
    return {form_id: _with_overlay(stand, live.get(form_id), old) for form_id, stand in stands.items()}


def _plain(one: Extended) -> Stand:
    version = version_of(one.form)
    return Stand(
        base=one.form, base_version=version, form=one.form, version=version, owners=one.owners, left_out=one.left_out
    )


async def _old_definitions(
    reader: Reader, live: dict[str, Any], stands: dict[str, Stand]
) -> dict[tuple[str, str], Form]:
    """Read the definitions that patches were written for, where a plugin has changed since: mostly none."""
    wanted = [
        (form_id, version)
        for form_id, row in live.items()
        if row.base_version != stands[form_id].base_version
        for version in {row.base_version, row.version}
    ]
    return await read_definitions(reader, wanted) if wanted else {}


async def read_definitions(reader: Reader, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], Form]:
    """Return stored definitions by (form, version); one that this engine cannot read any more is missing."""
    rows = await reader.session.execute(
        select(_D.c.form_id, _D.c.version, _D.c.definition).where(
            _D.c.tenant_id == reader.tenant_id, tuple_(_D.c.form_id, _D.c.version).in_(wanted)
        )
    )
    found: dict[tuple[str, str], Form] = {}
    for row in rows:
        try:
            found[row.form_id, row.version] = msgspec.convert(row.definition, Form)
        except msgspec.ValidationError:
            continue
    return found


def _with_overlay(stand: Stand, row: Any, old: dict[tuple[str, str], Form]) -> Stand:
    if row is None:
        return stand
    overlay = msgspec.convert(row.patch, Overlay)
    applied, away = reapply(stand, overlay, row.owners, old.get((stand.base.id, row.base_version)))
    form = applied.form
    if applied.conflicts:
        before = old.get((stand.base.id, row.version))
        form = stand.base if before is None else without_fields(before, away)
    return msgspec.structs.replace(
        stand,
        form=form,
        version=version_of(form),
        revision=row.revision,
        overlay=overlay,
        conflicts=applied.conflicts,
    )


def reapply(stand: Stand, overlay: Overlay, owners: dict[str, str], base: Form | None) -> tuple[Applied, set[str]]:
    """Apply a patch to the form as its plugins bring it today, and name the fields that are away.

    What the patch says of a field whose plugin is off for now waits until it is on again; it is no conflict. Nor is a
    place in the order of a field that is gone: the others keep theirs.
    """
    away = {key for key in owners if key not in stand.owners}
    present = without_keys(overlay, away)
    known = {path for path, _ in walk_fields(stand.base.fields)} | {path_of(one) for one in present.add}
    present = msgspec.structs.replace(present, order=tuple(path for path in present.order if path in known))
    return apply_overlay(stand.base, present, base=base), away
