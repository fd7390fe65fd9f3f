"""The cases a report is about: by receipt or by resolution, by branch and level; merged ones are another case's."""

from typing import Any, Final

from sqlalchemy import ARRAY, TIMESTAMP, ColumnElement, func, literal, text

from core.complaint_reports.rules.figures import CaseFilter
from core.complaints.models import Complaint
from core.db import table_of
from core.uow import Reader

C = table_of(Complaint)
ROOM: Final = text("SELECT set_config('work_mem', '32MB', true)")
"""Until the transaction ends: grouping half a million promises in memory takes a third of what sorting them on disk does."""


def narrow(reader: Reader, wanted: CaseFilter, at: ColumnElement[Any] | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions; the window is that of the receipt unless another instant is given."""
    where = [C.c.tenant_id == reader.tenant_id, C.c.state.not_in(("merged", "withdrawn"))]
    within = C.c.received_at if at is None else at
    where.append(within >= wanted.span.since)
    if wanted.until is not None:
        where.append(within < wanted.until)
    if wanted.branch_id is not None:
        where.append(C.c.branch_id == wanted.branch_id)
    if wanted.severity is not None:
        where.append(C.c.severity == wanted.severity)
    return where


def month_of(wanted: CaseFilter, at: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the place of an instant's month in the window, from 1."""
    return func.width_bucket(at, literal(wanted.span.edges, ARRAY(TIMESTAMP(timezone=True))))
