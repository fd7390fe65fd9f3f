"""Reads segments, who is in them, and why somebody is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text

from core.conditions.rules.catalogue import Catalogue, fields_of, tree_problems
from core.conditions.rules.closure import Facts, Judged, compile_tree, explain
from core.conditions.statements import Bindings, select_matching, select_members, select_values
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.conditions import All, Tree
from core.hooks.records.text import Text
from core.hooks.specs.segments import segments as shipped_segments
from core.segments.fields import get_fields
from core.segments.models import Segment
from core.segments.rules import in_both
from core.uow import Reader

_S = table_of(Segment)
# Groups of 100,000 customers fit into memory; with the usual 4 MB they are written to disk and read again.
_ROOM = text("SELECT set_config('work_mem', '32MB', true)")


class SegmentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of the tenant or of a plugin; `id` is a UUID or `plugin.local`."""

    id: str
    label: Text
    plan: Text
    tree: Tree
    shipped: bool
    about: Text = ""
    source: str = ""
    name_zh: str = ""
    name_en: str = ""
    plan_zh: str = ""
    plan_en: str = ""
    version: int = 0
    changed_at: datetime | None = None
    changed_by_name: str = ""
    usable: bool = True
    """False when the tree names a field that the tenant does not have (any more)."""


class Explanation(msgspec.Struct, frozen=True):
    """Whether somebody is in, and what each condition says."""

    customer_id: UUID
    holds: bool
    judged: tuple[Judged, ...]


async def list_segments(reader: Reader) -> list[SegmentRecord]:
    """Return the segments of the plugins, then the tenant's own, by name."""
    catalogue, _ = await get_fields(reader)
    rows = await reader.session.execute(
        select(_S)
        .where(_S.c.tenant_id == reader.tenant_id, _S.c.state == "live")
        .order_by(_S.c.name_zh, _S.c.segment_id)
    )
    return [*_shipped(reader, catalogue), *(_own(row, catalogue) for row in rows)]


async def get_segment(reader: Reader, segment_id: str) -> SegmentRecord:
    """Return one segment, of a plugin or of the tenant; raise NotFound when there is none."""
    found = next((one for one in await list_segments(reader) if one.id == segment_id), None)
    if found is None:
        raise NotFound("no such segment")
    return found


def _shipped(reader: Reader, catalogue: Catalogue) -> list[SegmentRecord]:
    return [
        SegmentRecord(
            id=one.value.id,
            label=one.value.label,
            plan=one.value.plan,
            tree=one.value.tree,
            shipped=True,
            about=one.value.about,
            source=one.value.source,
            usable=not tree_problems(one.value.tree, catalogue),
        )
        for one in reader.plugins.declared(shipped_segments)
    ]


def _own(row: Any, catalogue: Catalogue) -> SegmentRecord:
    tree: Tree = msgspec.convert(row.tree, Tree)
    return SegmentRecord(
        id=str(row.segment_id),
        label=in_both(row.name_zh, row.name_en),
        plan=in_both(row.plan_zh, row.plan_en),
        tree=tree,
        shipped=False,
        name_zh=row.name_zh,
        name_en=row.name_en,
        plan_zh=row.plan_zh,
        plan_en=row.plan_en,
        version=row.version,
        changed_at=row.changed_at,
        changed_by_name=row.changed_by_name,
        usable=not tree_problems(tree, catalogue),
    )


async def count_matching(reader: Reader, tree: Tree) -> int:
    """Return how many customers fulfil the tree, which was checked before."""
    catalogue, bindings = await get_fields(reader)
    statement = select_matching(
        tree, catalogue=catalogue, bindings=bindings, today=reader.today, columns=[func.count()]
    )
    await reader.session.execute(_ROOM)
    return int(await reader.session.scalar(statement) or 0)


async def list_matching(reader: Reader, tree: Tree, *, after: UUID | None = None, limit: int = 25) -> list[UUID]:
    """Return customers who fulfil the tree, newest first; `after` is the last one seen."""
    catalogue, bindings = await get_fields(reader)
    key = bindings.customers.key
    statement = select_matching(tree, catalogue=catalogue, bindings=bindings, today=reader.today)
    if after is not None:
        statement = statement.where(key < after)
    await reader.session.execute(_ROOM)
    return list(await reader.session.scalars(statement.order_by(key.desc()).limit(limit)))


async def list_explanations(reader: Reader, tree: Tree, customer_ids: Sequence[UUID]) -> list[Explanation]:
    """Return for each of these customers whether they are in and what each condition says, in their order."""
    today = reader.today
    judge = compile_tree(tree, today=today)
    facts = await list_facts(reader, tree, customer_ids)
    return [
        Explanation(one, judge(facts[one]), explain(tree, facts[one], today=today))
        for one in customer_ids
        if one in facts
    ]


async def list_segments_of(reader: Reader, customer_id: UUID) -> list[SegmentRecord]:
    """Return the segments that one customer is in; everything is read once, and judged here."""
    known = [one for one in await list_segments(reader) if one.usable]
    if not known:
        return []
    facts = await list_facts(reader, All(of=tuple(one.tree for one in known)), [customer_id])
    if customer_id not in facts:
        return []
    today = reader.today
    return [one for one in known if compile_tree(one.tree, today=today)(facts[customer_id])]


async def list_facts(reader: Reader, tree: Tree, customer_ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Return what the tree asks about, for these customers; from the same places as the compiled statement."""
    catalogue, bindings = await get_fields(reader)
    named = fields_of(tree)
    plain = [name for name in named if name in catalogue.fields]
    key = bindings.customers.key
    statement = select_values(plain, catalogue=catalogue, bindings=bindings, today=reader.today)
    # One customer is a constant that PostgreSQL carries into every sum; a list would be compared after summing all.
    statement = statement.where(key == customer_ids[0] if len(customer_ids) == 1 else key.in_(customer_ids))
    facts: dict[UUID, dict[str, Any]] = {
        row[0]: dict(zip(plain, row[1:], strict=True)) for row in await reader.session.execute(statement)
    }
    for collection in [name for name in named if name in catalogue.collections]:
        for one in facts.values():
            one[collection] = []
        await _add_members(reader, facts, collection, catalogue, bindings)
    return dict(facts)


async def _add_members(
    reader: Reader, facts: Mapping[UUID, dict[str, Any]], collection: str, catalogue: Catalogue, bindings: Bindings
) -> None:
    statement, source = select_members(collection, catalogue=catalogue, bindings=bindings)
    names = list(catalogue.inside(collection))
    for row in await reader.session.execute(statement.where(source.key.in_(list(facts)))):
        facts[row[0]][collection].append(dict(zip(names, row[1:], strict=True)))
