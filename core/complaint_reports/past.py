"""Reads past clocks in bulk, case by case in the order of their ids: events travel as one text per clock."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.clocks.rules import ClockEvent
from core.complaint_reports.rules.judging import PastCase, PastClock
from core.complaints.models import ClockEvent as ClockEventRow
from core.complaints.models import Complaint, ComplaintPolicy
from core.db import table_of
from core.hooks.records.complaints import Severity
from core.uow import Reader

_C, _E, _P = table_of(Complaint), table_of(ClockEventRow), table_of(ComplaintPolicy)
_EVENTS: Final = msgspec.json.Decoder(tuple[ClockEvent, ...])


async def list_past_cases(
    reader: Reader, *, after: UUID | None, limit: int, since: datetime | None = None
) -> list[PastCase]:
    """Return the next cases by id, with the events of their clocks: two statements, both along the key."""
    page = select(_C.c.complaint_id, _C.c.severity, _C.c.branch_id, _C.c.received_at)
    page = page.where(_C.c.tenant_id == reader.tenant_id).order_by(_C.c.complaint_id).limit(limit)
    if after is not None:
        page = page.where(_C.c.complaint_id > after)
    if since is not None:
        page = page.where(_C.c.received_at >= since)
    cases = {
        row.complaint_id: PastCase(row.complaint_id, row.severity, row.branch_id, row.received_at, [])
        for row in await reader.session.execute(page)
    }
    if not cases:
        return []
    ids = list(cases)
    text = func.string_agg(cast(_E.c.event, Text), aggregate_order_by(literal(","), _E.c.seq))
    # The bounds say where in the key to read: a join alone would read the whole table for every page.
    query = (
        select(_E.c.complaint_id, _E.c.milestone, _E.c.cycle, text.label("events"))
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.complaint_id >= ids[0], _E.c.complaint_id <= ids[-1])
        .group_by(_E.c.complaint_id, _E.c.milestone, _E.c.cycle)
        .order_by(_E.c.complaint_id, _E.c.milestone, _E.c.cycle)
    )
    for complaint_id, milestone, cycle, events in await reader.session.execute(query):
        case = cases.get(complaint_id)
        if case is not None:
            case.clocks.append(PastClock(milestone, cycle, read_all(events)))
    return list(cases.values())


def read_all(joined: str) -> tuple[ClockEvent, ...]:
    """Read events that stand behind each other with commas between."""
    return _EVENTS.decode(f"[{joined}]")


async def get_levels_of_versions(reader: Reader) -> dict[str, Severity]:
    """Return of which level each kept policy version is: a clock's plan names its version."""
    rows: Any = await reader.session.execute(
        select(_P.c.version, _P.c.severity).where(_P.c.tenant_id == reader.tenant_id)
    )
    return {row.version: row.severity for row in rows}


async def count_past_cases(reader: Reader) -> int:
    """Return how many cases there are."""
    query = select(func.count()).select_from(_C).where(_C.c.tenant_id == reader.tenant_id)
    return int(await reader.session.scalar(query) or 0)
