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
    """Return the next cases by id, with the events of their clocks, in one statement."""
    page = select(_C.c.complaint_id, _C.c.severity, _C.c.branch_id, _C.c.received_at)
    page = page.where(_C.c.tenant_id == reader.tenant_id).order_by(_C.c.complaint_id).limit(limit)
    if after is not None:
        page = page.where(_C.c.complaint_id > after)
    if since is not None:
        page = page.where(_C.c.received_at >= since)
    cases = page.cte("page").prefix_with("MATERIALIZED")
    text = func.string_agg(cast(_E.c.event, Text), aggregate_order_by(literal(","), _E.c.seq))
    clocks = (
        select(_E.c.complaint_id, _E.c.milestone, _E.c.cycle, text.label("events"))
        .join(cases, cases.c.complaint_id == _E.c.complaint_id)
        .where(_E.c.tenant_id == reader.tenant_id)
        .group_by(_E.c.complaint_id, _E.c.milestone, _E.c.cycle)
        .subquery("clocks")
    )
    query = (
        select(cases, clocks.c.milestone, clocks.c.cycle, clocks.c.events)
        .outerjoin(clocks, clocks.c.complaint_id == cases.c.complaint_id)
        .order_by(cases.c.complaint_id, clocks.c.milestone, clocks.c.cycle)
    )
    found: list[PastCase] = []
    for row in await reader.session.execute(query):
        complaint_id, severity, branch_id, received_at, milestone, cycle, events = row
        if not found or found[-1].complaint_id != complaint_id:
            found.append(PastCase(complaint_id, severity, branch_id, received_at, []))
        if milestone is not None:
            found[-1].clocks.append(PastClock(milestone, cycle, read_all(events)))
    return found


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
