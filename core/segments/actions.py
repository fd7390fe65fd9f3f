"""Writes a tenant's own segments; each change is a version."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.segments.fields import get_fields
from core.segments.models import Segment
from core.segments.rules import MAX_SEGMENTS, SegmentDraft, segment_problems
from core.uow import UnitOfWork

_S = table_of(Segment)


class SegmentChanged(Conflict):
    """Somebody else changed the segment while it was being edited."""

    code = "segment-changed"


async def add_segment(uow: UnitOfWork, *, draft: SegmentDraft, copied_from: str | None = None) -> UUID:
    """Write down a segment and return its id.

    Raises:
        InvalidInput: every problem at once, those of the tree under `tree`.
    """
    await _check(uow, draft)
    known = select(func.count()).select_from(_S).where(_S.c.tenant_id == uow.tenant_id, _S.c.state == "live")
    if (await uow.session.scalar(known) or 0) >= MAX_SEGMENTS:
        raise InvalidInput((FieldProblem("name_zh", "too-many", {"max": MAX_SEGMENTS}),))
    segment_id = new_id()
    await uow.session.execute(
        insert(_S).values(
            tenant_id=uow.tenant_id,
            segment_id=segment_id,
            **_values(uow, draft),
            copied_from=copied_from,
            version=1,
            state="live",
            created_at=uow.now,
            created_by_name=uow.actor.name,
        )
    )
    uow.audit("segment.add", "segment", segment_id, {"name": draft.name_zh or draft.name_en})
    return segment_id


async def change_segment(uow: UnitOfWork, *, segment_id: UUID, draft: SegmentDraft, version: int) -> None:
    """Replace a segment; `version` is the one that the editor saw.

    Raises:
        SegmentChanged: somebody was faster.
    """
    await _check(uow, draft)
    seen = await _locked(uow, segment_id)
    if seen.version != version:
        raise SegmentChanged
    await _set(uow, segment_id, {**_values(uow, draft), "version": version + 1})
    details = {"version": version + 1, "before": seen.tree}
    uow.audit("segment.change", "segment", segment_id, details)


async def remove_segment(uow: UnitOfWork, *, segment_id: UUID, removed: bool = True) -> None:
    """Take a segment off the list, or put it back; its row stays."""
    await _locked(uow, segment_id, live=removed)
    await _set(uow, segment_id, {"state": "removed" if removed else "live"})
    uow.audit("segment.remove" if removed else "segment.restore", "segment", segment_id)


async def _check(uow: UnitOfWork, draft: SegmentDraft) -> None:
    catalogue, _ = await get_fields(uow)
    problems = segment_problems(draft, catalogue)
    if problems:
        raise InvalidInput(problems)


def _values(uow: UnitOfWork, draft: SegmentDraft) -> dict[str, Any]:
    texts = {name: getattr(draft, name) for name in ("name_zh", "name_en", "plan_zh", "plan_en")}
    who = {"changed_at": uow.now, "changed_by": uow.actor.id, "changed_by_name": uow.actor.name}
    return {**texts, "tree": msgspec.to_builtins(draft.tree), **who}


async def _locked(uow: UnitOfWork, segment_id: UUID, *, live: bool = True) -> Any:
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.segment_id == segment_id)
    state = _S.c.state == ("live" if live else "removed")
    row = (await uow.session.execute(select(_S).where(*mine, state).with_for_update(key_share=True))).first()
    if row is None:
        raise NotFound("no such segment")
    return row


async def _set(uow: UnitOfWork, segment_id: UUID, values: dict[str, Any]) -> None:
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.segment_id == segment_id)
    await uow.session.execute(update(_S).where(*mine).values(values))
