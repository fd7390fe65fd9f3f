"""Reads which promises were kept: one grouped statement over the clocks of the window's cases."""

from sqlalchemy import and_, func, or_, select

from core.complaint_reports.queries.cases import ROOM, C, month_of, narrow
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
    met = and_(_K.c.status == "met", _K.c.due_at.is_not(None))
    late = or_(_K.c.status.in_(("met_late", "breached")), past)
    waiting = or_(_K.c.status == "paused", and_(_K.c.status == "running", _K.c.due_at > reader.now))
    sides = ("severity", "branch_id", "assignee_id")
    # A plain subquery: set aside as a table of its own it is read by one process, and its groups are sorted on disk.
    cases = (
        select(C.c.complaint_id, *(C.c[name] for name in sides), month_of(wanted, C.c.received_at).label("month"))
        .where(*narrow(reader, wanted))
        .subquery("cases")
    )
    keys = (cases.c.severity, _K.c.milestone, cases.c.branch_id, cases.c.assignee_id, cases.c.month)
    query = (
        select(
            *keys,
            *(
                func.count().filter(one).label(name)
                for name, one in (("met", met), ("late", late), ("waiting", waiting))
            ),
        )
        .select_from(cases.join(_K, _K.c.complaint_id == cases.c.complaint_id))
        .where(_K.c.tenant_id == reader.tenant_id)
        .group_by(*keys)
    )
    await reader.session.execute(ROOM)
    return [
        Kept(
            severity=row.severity,
            milestone=row.milestone,
            branch_id=row.branch_id,
            staff_id=row.assignee_id,
            month=row.month - 1,
            met=row.met,
            late=row.late,
            waiting=row.waiting,
        )
        for row in await reader.session.execute(query)
        if row.met or row.late or row.waiting
    ]
