"""A tenant's own changes to its forms as the builder shows them: the draft, what is in force, and what was published."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from core.db import table_of
from core.forms.in_force import IN_FORCE, Stand, get_stands, read_definitions, reapply
from core.forms.models import FormOverlay
from core.forms.queries import FormNotOffered
from core.forms.rules import DefinitionProblem, Difference, Overlay, compare_forms
from core.hooks.records.forms import Form
from core.uow import Reader

_O = table_of(FormOverlay)


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """One form as its editor shows it."""

    stand: Stand
    overlay: Overlay
    """The patch in the editor: the draft, or what is in force when nobody has begun one."""
    form: Form
    """The form with that patch."""
    conflicts: tuple[DefinitionProblem, ...]
    differences: tuple[Difference, ...]
    """Against the form in force."""
    seen: str
    """Give it back with a change; another one's change since then makes it old."""
    has_draft: bool
    can_undo: bool
    changed_by_name: str = ""
    changed_at: datetime | None = None

    @property
    def can_publish(self) -> bool:
        return self.has_draft and not self.conflicts and bool(self.differences)


class DesignRow(msgspec.Struct, frozen=True, kw_only=True):
    """One form in the list."""

    stand: Stand
    has_draft: bool
    draft_by_name: str
    published_by_name: str
    published_at: datetime | None


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One published state; it never changes, only its status does."""

    revision: int
    status: str
    base_version: str
    version: str
    restored_from: int | None
    created_by_name: str
    published_at: datetime


async def list_designs(reader: Reader) -> list[DesignRow]:
    """Return every form of the tenant with the state of its changes, in two statements."""
    stands = await get_stands(reader)
    rows = await reader.session.execute(
        select(_O.c.form_id, _O.c.revision, _O.c.created_by_name, _O.c.published_at).where(
            _O.c.tenant_id == reader.tenant_id, _O.c.status.in_(("draft", *IN_FORCE))
        )
    )
    drafts: dict[str, Any] = {}
    live: dict[str, Any] = {}
    for row in rows:
        (drafts if row.revision == 0 else live)[row.form_id] = row
    return [
        DesignRow(
            stand=stand,
            has_draft=form_id in drafts,
            draft_by_name=drafts[form_id].created_by_name if form_id in drafts else "",
            published_by_name=live[form_id].created_by_name if form_id in live else "",
            published_at=live[form_id].published_at if form_id in live else None,
        )
        for form_id, stand in stands.items()
    ]


async def get_design(reader: Reader, form_id: str) -> Design:
    """Return what the editor shows; raise FormNotOffered when no plugin of the tenant brings this form."""
    stand = await get_stand(reader, form_id)
    row = await find_draft(reader, form_id)
    seen = f"{stand.revision}.{row.edits if row is not None else 0}"
    if row is None:
        return _design(stand, stand.overlay, stand.conflicts, stand.owners, seen)
    overlay = msgspec.convert(row.patch, Overlay)
    base = None
    if row.base_version != stand.base_version:
        base = (await read_definitions(reader, [(form_id, row.base_version)])).get((form_id, row.base_version))
    applied, _ = reapply(stand, overlay, row.owners, base)
    return msgspec.structs.replace(
        _design(stand, overlay, applied.conflicts, row.owners, seen),
        has_draft=True,
        can_undo=bool(row.undo),
        changed_by_name=row.created_by_name,
        changed_at=row.created_at,
    )


def _design(
    stand: Stand, overlay: Overlay, conflicts: tuple[DefinitionProblem, ...], owners: dict[str, str], seen: str
) -> Design:
    form = reapply(stand, overlay, owners, None)[0].form
    return Design(
        stand=stand,
        overlay=overlay,
        form=form,
        conflicts=conflicts,
        differences=compare_forms(stand.form, form),
        seen=seen,
        has_draft=False,
        can_undo=False,
    )


async def list_revisions(reader: Reader, form_id: str) -> list[Revision]:
    """Return what was published, latest first."""
    columns = (_O.c[name] for name in Revision.__struct_fields__)
    rows = await reader.session.execute(
        select(*columns)
        .where(_O.c.tenant_id == reader.tenant_id, _O.c.form_id == form_id, _O.c.revision > 0)
        .order_by(_O.c.revision.desc())
    )
    return [Revision(**row._mapping) for row in rows]  # noqa: SLF001 - a public name of SQLAlchemy


async def get_stand(reader: Reader, form_id: str) -> Stand:
    """Return where a form stands; raise FormNotOffered when no plugin of the tenant brings it."""
    stand = (await get_stands(reader)).get(form_id)
    if stand is None:
        raise FormNotOffered(form=form_id)
    return stand


def rows_of(reader: Reader, form_id: str, revision: int) -> tuple[Any, ...]:
    """What holds for the row of one revision; 0 is the draft."""
    return (_O.c.tenant_id == reader.tenant_id, _O.c.form_id == form_id, _O.c.revision == revision)


async def find_draft(reader: Reader, form_id: str) -> Any:
    """Return the row of the draft, or None."""
    return (await reader.session.execute(select(_O).where(*rows_of(reader, form_id, 0)))).first()
