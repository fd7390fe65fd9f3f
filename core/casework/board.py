"""Reads the board: a column per stage with its count, its next deadline and its first cards; and claims many cases at once."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select, true

from core.asked import Asked, given
from core.complaints.actions.handling import ComplaintClosed, claim_case
from core.complaints.models import Complaint
from core.complaints.queries.cases import ROW, ComplaintFilter, ComplaintRow, get_conditions
from core.db import table_of
from core.hooks.records.complaints import STAGES, Stage
from core.policies.queries import get_policies
from core.uow import Reader, UnitOfWork

_C = table_of(Complaint)
KEPT: Final = 256
"""Statements kept ready: one for each filter."""


class Column(msgspec.Struct, frozen=True):
    """One column: how many cases, the earliest promise among them, and the most urgent ones."""

    stage: Stage
    count: int
    next_due_at: datetime | None
    rows: tuple[ComplaintRow, ...]


async def list_columns(reader: Reader, *, wanted: ComplaintFilter, cards: int) -> list[Column]:
    """Return the columns in the order of the work; counts come from the index, cards are the first of each column."""
    found: dict[str, Column] = {}
    for row in await reader.session.execute(_columns(wanted, cards), given(reader)):
        values: list[Any] = list(row)
        before = found.get(row.stage)
        rows = (*(before.rows if before else ()), ComplaintRow(*values[3:]))
        found[row.stage] = Column(row.stage, row.cases, row.earliest, rows)
    return [found.get(stage, Column(stage, 0, None, ())) for stage in STAGES]


@lru_cache(KEPT)
def _columns(wanted: ComplaintFilter, cards: int) -> Select[Any]:
    """Return the statement for all columns with their cards; of each it reads no more rows than it shows."""
    where = get_conditions(Asked(), wanted)
    columns = (
        select(_C.c.stage, func.count().label("cases"), func.min(_C.c.next_due_at).label("earliest"))
        .where(*where)
        .group_by(_C.c.stage)
        .cte("columns")
    )
    first = (
        ROW.where(*where, _C.c.stage == columns.c.stage)
        .order_by(_C.c.next_due_at.asc(), _C.c.complaint_id)
        .limit(cards)
        .lateral("first")
    )
    return select(columns, *first.c).select_from(columns.join(first, true()))


async def find_steps_of_role(reader: Reader, *, role: str) -> frozenset[str]:
    """Return the milestones that a role answers for, on any level."""
    policies = (await get_policies(reader)).values()
    return frozenset(m.id for policy in policies for m in policy.milestones if m.owner_role == role)


async def claim_cases(uow: UnitOfWork, *, complaint_ids: Sequence[UUID]) -> int:
    """Make the actor the person in charge of each case that is worked on; return how many were not theirs before."""
    claimed = 0
    for complaint_id in sorted(set(complaint_ids)):
        with suppress(ComplaintClosed):
            claimed += await claim_case(uow, complaint_id=complaint_id) != uow.actor.id
    return claimed
