"""Changes a tenant's design of a form: saved with each step, published as a revision, rolled back by publishing again."""

from collections.abc import Callable

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from core.forms.designs import Design, find_draft, get_design, get_stand, rows_of
from core.forms.in_force import IN_FORCE, Stand, get_stands, read_definitions, reapply
from core.forms.intake import keep_definition
from core.forms.models import FormOverlay
from core.forms.rules import Overlay
from core.hooks.records.forms import Form
from core.tenancy.actions import raise_plugin_epoch
from core.uow import UnitOfWork

PERMISSION = "forms.design"
UNDO_STEPS = 20
MAX_PATCH_BYTES = 256_000
_O = table_of(FormOverlay)


class DesignChanged(Conflict):
    """Somebody else changed the design of this form since it was opened here."""

    code = "form-design-changed"


class DesignInConflict(Conflict):
    """The changes do not fit the form as its plugin brings it now; each must be dropped or edited first."""

    code = "form-design-conflict"


class NothingToPublish(Conflict):
    """The draft is what is in force already, or there is none."""

    code = "form-design-same"


async def change_design(
    uow: UnitOfWork, *, form_id: str, seen: str, change: Callable[[Form, Overlay], Overlay]
) -> Design:
    """Save one change to the draft; the first one begins it.

    `change` gets the form as its plugins bring it and the patch, and returns the new patch (core.forms.rules.designing).

    Raises:
        DesignChanged: somebody else's change is not in `seen`.
        InvalidInput: the change would loosen, retype, or hide what is needed: (path, code, params) each.
    """
    design = await _opened(uow, form_id, seen)
    overlay = msgspec.structs.replace(change(design.stand.base, design.overlay), base=design.stand.base_version)
    if overlay == msgspec.structs.replace(design.overlay, base=overlay.base):
        return design
    if len(msgspec.json.encode(overlay)) > MAX_PATCH_BYTES:
        raise InvalidInput((FieldProblem("", "too_large", {"max": MAX_PATCH_BYTES}),))
    await _keep(uow, design, overlay, refuse=True)
    return await get_design(uow, form_id)


async def undo_design(uow: UnitOfWork, *, form_id: str, seen: str) -> Design:
    """Take back the last change to the draft; raise NotFound when there is none."""
    design = await _opened(uow, form_id, seen)
    row = await find_draft(uow, form_id)
    if row is None or not row.undo:
        raise NotFound("nothing to undo")
    mine = rows_of(uow, form_id, 0)
    await uow.session.execute(
        update(_O)
        .where(*mine)
        .values(
            patch=row.undo[-1],
            undo=row.undo[:-1],
            edits=row.edits + 1,
            created_by=uow.actor.id,
            created_by_name=uow.actor.name,
            created_at=uow.now,
        )
    )
    return await get_design(uow, design.stand.base.id)


async def discard_design(uow: UnitOfWork, *, form_id: str, seen: str) -> None:
    """Throw the draft away; what is in force stays."""
    await _opened(uow, form_id, seen)
    await uow.session.execute(delete(_O).where(*rows_of(uow, form_id, 0)))
    uow.audit("form.design.discard", "form", None, {"form": form_id})


async def publish_design(uow: UnitOfWork, *, form_id: str, seen: str) -> int:
    """Put the draft in force as a new revision and return its number; from the next page on everybody gets it.

    Raises:
        DesignChanged: somebody else's change is not in `seen`.
        DesignInConflict: it does not fit the form as it is now.
        NothingToPublish: it changes nothing.
    """
    design = await _opened(uow, form_id, seen)
    if design.conflicts:
        raise DesignInConflict(form=form_id)
    same = design.overlay == msgspec.structs.replace(design.stand.overlay, base=design.overlay.base)
    if not design.has_draft or (same and not design.stand.conflicts):
        raise NothingToPublish(form=form_id)
    revision = await _publish(uow, design.stand, design.overlay, None)
    await uow.session.execute(delete(_O).where(*rows_of(uow, form_id, 0)))
    return revision


async def restore_design(uow: UnitOfWork, *, form_id: str, revision: int) -> int:
    """Publish an older revision again (0: the form as its plugins bring it) and return the new number.

    A draft somebody is working on stays as it is.

    Raises:
        NotFound: no such revision.
        DesignInConflict: it does not fit the form as its plugin brings it now.
        NothingToPublish: it is in force already.
    """
    _allow(uow)
    await _lock(uow, form_id)
    stand = await _fresh_stand(uow, form_id)
    overlay, owners, base = Overlay(), stand.owners, None
    if revision:
        row = (await uow.session.execute(select(_O).where(*rows_of(uow, form_id, revision)))).first()
        if row is None:
            raise NotFound("no such revision")
        overlay, owners = msgspec.convert(row.patch, Overlay), row.owners
        if row.base_version != stand.base_version:
            base = (await read_definitions(uow, [(form_id, row.base_version)])).get((form_id, row.base_version))
    if reapply(stand, overlay, owners, base)[0].conflicts:
        raise DesignInConflict(form=form_id)
    overlay = msgspec.structs.replace(overlay, base=stand.base_version)
    if not stand.conflicts and overlay == msgspec.structs.replace(stand.overlay, base=overlay.base):
        raise NothingToPublish(form=form_id)
    return await _publish(uow, stand, overlay, revision, owners)


async def recheck_designs(uow: UnitOfWork) -> int:
    """Write down which changes no longer fit since a plugin was upgraded, and which fit again; return how many moved."""
    moved = 0
    for form_id, stand in (await get_stands(uow)).items():
        if not stand.revision:
            continue
        status = "conflict" if stand.conflicts else "live"
        changed = await uow.session.execute(
            update(_O)
            .where(*rows_of(uow, form_id, stand.revision), _O.c.status.in_(IN_FORCE), _O.c.status != status)
            .values(status=status, conflicts=msgspec.to_builtins(stand.conflicts))
            .returning(_O.c.revision)
        )
        if changed.first() is not None:
            moved += 1
            uow.audit(f"form.design.{status}", "form", None, {"form": form_id, "conflicts": len(stand.conflicts)})
    return moved


def _allow(uow: UnitOfWork) -> None:
    if not uow.actor.may(PERMISSION):
        raise Forbidden(permission=PERMISSION)


async def _opened(uow: UnitOfWork, form_id: str, seen: str) -> Design:
    """Return the design for a change; of two at once the second waits here and is then told."""
    _allow(uow)
    await _lock(uow, form_id)
    await _fresh_stand(uow, form_id)
    design = await get_design(uow, form_id)
    if design.seen != seen:
        raise DesignChanged(form=form_id, by=design.changed_by_name, at=design.changed_at)
    return design


async def _lock(uow: UnitOfWork, form_id: str) -> None:
    place = func.hashtextextended(f"{uow.tenant_id}:form-design:{form_id}", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))


async def _fresh_stand(uow: UnitOfWork, form_id: str) -> Stand:
    """Return the form; whoever waited while another published must not build on what was in force before."""
    stand = await get_stand(uow, form_id)
    in_force = await uow.session.scalar(
        select(_O.c.revision).where(_O.c.tenant_id == uow.tenant_id, _O.c.form_id == form_id, _O.c.status.in_(IN_FORCE))
    )
    if (in_force or 0) != stand.revision:
        raise DesignChanged(form=form_id, by="", at=None)
    return stand


async def _keep(uow: UnitOfWork, design: Design, overlay: Overlay, *, refuse: bool) -> None:
    """Write the draft; it stays bound to the form it was begun for until nothing of it is in conflict."""
    stand, form_id = design.stand, design.stand.base.id
    row = await find_draft(uow, form_id)
    owners = (row.owners if row is not None else await _live_owners(uow, form_id)) | stand.owners
    version = row.base_version if row is not None else (stand.overlay.base or stand.base_version)
    base = None
    if version != stand.base_version:
        base = (await read_definitions(uow, [(form_id, version)])).get((form_id, version))
    conflicts = reapply(stand, overlay, owners, base)[0].conflicts
    fresh = [one for one in conflicts if one not in design.conflicts]
    if refuse and fresh:
        raise InvalidInput(tuple(FieldProblem(one.field, one.code, one.params) for one in fresh))
    if not conflicts or base is None:
        version = await keep_definition(uow, stand.base)
    values = {
        "status": "draft",
        "base_version": version,
        "version": version,
        "patch": msgspec.to_builtins(overlay),
        "owners": owners,
        "conflicts": msgspec.to_builtins(conflicts),
        "edits": (row.edits if row is not None else 0) + 1,
        "undo": [*(row.undo if row is not None else []), msgspec.to_builtins(design.overlay)][-UNDO_STEPS:],
        "created_by": uow.actor.id,
        "created_by_name": uow.actor.name,
        "created_at": uow.now,
    }
    first = upsert(_O).values(tenant_id=uow.tenant_id, form_id=form_id, revision=0, **values)
    await uow.session.execute(
        first.on_conflict_do_update(index_elements=["tenant_id", "form_id", "revision"], set_=values)
    )


async def _live_owners(uow: UnitOfWork, form_id: str) -> dict[str, str]:
    owners: dict[str, str] | None = await uow.session.scalar(
        select(_O.c.owners).where(_O.c.tenant_id == uow.tenant_id, _O.c.form_id == form_id, _O.c.status.in_(IN_FORCE))
    )
    return owners or {}


async def _publish(
    uow: UnitOfWork,
    stand: Stand,
    overlay: Overlay,
    restored_from: int | None,
    owners: dict[str, str] | None = None,
) -> int:
    form_id = stand.base.id
    known = (owners or await _live_owners(uow, form_id)) | stand.owners
    form = reapply(stand, overlay, known, None)[0].form
    base_version, version = await keep_definition(uow, stand.base), await keep_definition(uow, form)
    last = await uow.session.scalar(
        select(func.max(_O.c.revision)).where(_O.c.tenant_id == uow.tenant_id, _O.c.form_id == form_id)
    )
    await uow.session.execute(
        update(_O)
        .where(_O.c.tenant_id == uow.tenant_id, _O.c.form_id == form_id, _O.c.status.in_(IN_FORCE))
        .values(status="retired")
    )
    revision = int(last or 0) + 1
    await uow.session.execute(
        insert(_O).values(
            tenant_id=uow.tenant_id,
            form_id=form_id,
            revision=revision,
            status="live",
            base_version=base_version,
            version=version,
            patch=msgspec.to_builtins(overlay),
            owners=known,
            conflicts=[],
            edits=0,
            undo=[],
            restored_from=restored_from,
            created_by=uow.actor.id,
            created_by_name=uow.actor.name,
            created_at=uow.now,
            published_at=uow.now,
        )
    )
    await raise_plugin_epoch(uow)
    said = {"form": form_id, "revision": revision, "version": version, "restored_from": restored_from}
    uow.audit("form.design.publish", "form", None, said)
    return revision
