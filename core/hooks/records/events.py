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


class BillOverEstimate(msgspec.Struct, frozen=True, kw_only=True, tag="bill.over_estimate", tag_field="kind"):
    """A bill has reached 130 % of the estimate that the customer accepted; told once for each estimate.

    With `override_reason` it became final without a new acceptance: somebody with the right answered for it.
    """

    event_id: UUID
    occurred_at: datetime
    customer_id: UUID
    visit_id: UUID
    bill_id: UUID
    estimate_fen: int
    bill_fen: int
    override_reason: str = ""


Event = ComplaintResolved | BillOverEstimate
"""A tagged union; it grows, so match the kinds you know and leave the others alone."""
