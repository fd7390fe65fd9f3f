"""Reads the board: a column per stage with its count, its next deadline and its first cards; and claims many cases at once."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from core.complaints.actions.handling import ComplaintClosed, claim_case
from core.complaints.models import Complaint
from core.complaints.queries.cases import ComplaintFilter, ComplaintRow, get_conditions, list_complaints
from core.db import table_of
from core.hooks.records.complaints import STAGES, Stage
from core.policies.queries import get_policies
from core.uow import Reader, UnitOfWork

_C = table_of(Complaint)


class Column(msgspec.Struct, frozen=True):
    """One column: how many cases, the earliest promise among them, and the most urgent ones."""

    stage: Stage
    count: int
    next_due_at: datetime | None
    rows: tuple[ComplaintRow, ...]


async def list_columns(reader: Reader, *, wanted: ComplaintFilter, cards: int = 20) -> list[Column]:
    """Return the columns in the order of the work; counts come from the index, cards are the first of each column."""
    query = select(_C.c.stage, func.count(), func.min(_C.c.next_due_at)).where(*get_conditions(reader, wanted))
    found = {row[0]: row[1:] for row in await reader.session.execute(query.group_by(_C.c.stage))}
    columns = []
    for stage in STAGES:
        count, due = found.get(stage, (0, None))
        here = msgspec.structs.replace(wanted, stage=stage)
        rows = await list_complaints(reader, wanted=here, limit=cards) if count else []
        columns.append(Column(stage, count, due, tuple(rows)))
    return columns


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
