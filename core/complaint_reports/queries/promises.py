"""Reads which promises were kept: one grouped statement over the clocks of the window's cases."""

from typing import Any

from sqlalchemy import and_, case, func, or_, select

from core.complaint_reports.queries.cases import C, month_of, narrow
from core.complaint_reports.rules.figures import CaseFilter, Kept
from core.complaints.models import ComplaintClock
from core.db import table_of
from core.uow import Reader

_K = table_of(ComplaintClock)


async def list_kept(reader: Reader, wanted: CaseFilter) -> list[Kept]:
    """Return promises of the cases received in the window, by level, milestone, branch, person in charge and month.

    A promise without a deadline is none; a cancelled one was never judged. Broken is arithmetic: a clock that still
    runs past its due time counts as broken whether a worker has looked or not (sla.md, rule 13).
    """
    past = and_(_K.c.status == "running", _K.c.due_at <= reader.now)
    outcome = case(
        (_K.c.status == "met", "met"),
        (or_(_K.c.status.in_(("met_late", "breached")), past), "late"),
        else_="waiting",
    ).label("outcome")
    month = month_of(wanted, C.c.received_at).label("month")
    timed = or_(
        and_(_K.c.status.in_(("met", "running")), _K.c.due_at.is_not(None)),
        _K.c.status.in_(("met_late", "breached", "paused")),
    )
    same = and_(_K.c.tenant_id == C.c.tenant_id, _K.c.complaint_id == C.c.complaint_id)
    sides = (C.c.severity, _K.c.milestone, C.c.branch_id, C.c.assignee_id)
    query = (
        select(*sides, month, outcome, func.count().label("n"))
        .select_from(C.join(_K, same))
        .where(*narrow(reader, wanted), _K.c.tenant_id == reader.tenant_id, timed)
        .group_by(*sides, "month", "outcome")
    )
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for *key, what, n in await reader.session.execute(query):
        found.setdefault(tuple(key), {})[what] = n
    return [
        Kept(
            severity=severity,
            milestone=milestone,
            branch_id=branch_id,
            staff_id=staff_id,
            month=int(place) - 1,
            met=counts.get("met", 0),
            late=counts.get("late", 0),
            waiting=counts.get("waiting", 0),
        )
        for (severity, milestone, branch_id, staff_id, place), counts in found.items()
    ]
