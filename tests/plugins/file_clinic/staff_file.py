"""A plugin's own table: a resolved complaint of level 2 or 3 is written down for everybody it names."""

from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import insert

from plugins.api import ComplaintResolved, DeclareContext, Event, EventKind, ReactContext, both, hookimpl

RECORD = Table(
    "x_fileclinic_staff_record",
    MetaData(),
    Column("tenant_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("staff_name", Text, nullable=False),
    Column("complaint_id", Uuid, nullable=False),
    Column("complaint_number", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("category", Text),
    Column("summary", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
)


@hookimpl
async def on_event(ctx: ReactContext[Any], event: Event) -> None:
    """Idempotent by event."""
    match event:
        case ComplaintResolved(severity="L2" | "L3") if event.staff:
            await _record(ctx, event)


async def _record(ctx: ReactContext[Any], event: ComplaintResolved) -> None:
    rows = [
        {
            "tenant_id": ctx.tenant_id,
            "event_id": event.event_id,
            "staff_id": member.staff_id,
            "staff_name": member.name,
            "complaint_id": event.complaint_id,
            "complaint_number": event.number,
            "severity": event.severity,
            "category": event.category,
            "summary": event.summary,
            "occurred_at": event.occurred_at,
            "recorded_at": ctx.now,
        }
        for member in event.staff
    ]
    await ctx.session.execute(insert(RECORD).values(rows).on_conflict_do_nothing())


@hookimpl
def event_kinds(ctx: DeclareContext[Any]) -> tuple[EventKind, ...]:
    """One kind of its own, for webhooks."""
    del ctx
    return (EventKind("filed", both("已归档", "A record was filed")),)
