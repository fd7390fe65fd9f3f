"""What happened, as plugins are told after commit: at least once, keyed by the event's id."""

from datetime import datetime
from uuid import UUID

import msgspec

from core.hooks.records.complaints import Severity


class StaffRef(msgspec.Struct, frozen=True, kw_only=True):
    staff_id: UUID
    name: str


class ComplaintResolved(msgspec.Struct, frozen=True, kw_only=True, tag="complaint.resolved", tag_field="kind"):
    """A complaint reached its resolution: the last milestone before the archive gate is complete."""

    event_id: UUID
    occurred_at: datetime
    complaint_id: UUID
    number: str
    severity: Severity
    category: str | None = None
    summary: str = ""
    staff: tuple[StaffRef, ...] = ()
    """The people whom the complaint concerns, not those who handled it."""


Event = ComplaintResolved
"""Grows to a tagged union with the next event."""
