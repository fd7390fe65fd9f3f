"""What the sample shop does outside requests: jobs, preparing and winding up, a customer's data, sample data."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, delete, select
from sqlalchemy.dialects.postgresql import insert

from plugins.api import (
    Effect,
    ErasureReceipt,
    ExportPart,
    Job,
    OpenTask,
    ReactContext,
    RecordEvent,
    Seed,
    SeedIntake,
    SeedRow,
    SeedSubject,
    SubjectType,
    both,
    hookimpl,
)

ORDER = Table(
    "x_pageshop_order",
    MetaData(),
    Column("tenant_id", Uuid, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("customer_id", Uuid),
    Column("words", Text, nullable=False),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
)


def _may_fail(ctx: ReactContext[Any], name: str) -> None:
    if ctx.settings.fails == name:
        raise RuntimeError("a customer's words")


async def _write(ctx: ReactContext[Any], number: str) -> None:
    row = {"tenant_id": ctx.tenant_id, "number": number, "words": "", "ordered_at": ctx.now}
    await ctx.session.execute(insert(ORDER).values(row).on_conflict_do_nothing())


@hookimpl
def jobs() -> tuple[Job, ...]:
    """One by the hour, one by the day."""
    return (
        Job(id="late", label=both("查迟到", "Find what is late"), every_minutes=60),
        Job(id="report", label=both("日报", "Daily report"), at="08:30"),
    )


@hookimpl
async def run_job(ctx: ReactContext[Any], job: str) -> tuple[Effect, ...]:
    """Note that it ran, and ask for one task per job, however often it runs."""
    await _write(ctx, f"{job} {ctx.now:%d %H:%M}")
    _may_fail(ctx, job)
    if ctx.settings.fails == "stranger":
        return (RecordEvent(customer_id=UUID(int=7), kind="late", text=both("迟到", "Late")),)
    role = "nobody" if ctx.settings.fails == "effect" else "doctor"
    return (OpenTask(key=f"job:{job}", title=both("催单", "Chase"), due=ctx.now + timedelta(hours=2), role=role),)


@hookimpl
async def tenant_enabled(ctx: ReactContext[Any]) -> None:
    """Note it."""
    await _write(ctx, "opened")
    _may_fail(ctx, "tenant_enabled")


@hookimpl
async def tenant_disabled(ctx: ReactContext[Any]) -> None:
    """Note it."""
    await _write(ctx, "closed")
    _may_fail(ctx, "tenant_disabled")


@hookimpl
async def export_customer(ctx: ReactContext[Any], customer_id: UUID) -> tuple[ExportPart, ...]:
    """Orders of the customer."""
    _may_fail(ctx, "export_customer")
    mine = (ORDER.c.tenant_id == ctx.tenant_id, ORDER.c.customer_id == customer_id)
    found = await ctx.session.execute(select(ORDER.c.number, ORDER.c.words).where(*mine))
    rows = tuple({"number": row.number, "words": row.words} for row in found)
    return (ExportPart(title=both("订单", "Orders"), rows=rows),) if rows else ()


@hookimpl
async def erase_customer(ctx: ReactContext[Any], customer_id: UUID) -> ErasureReceipt:
    """All orders of the customer go."""
    mine = (ORDER.c.tenant_id == ctx.tenant_id, ORDER.c.customer_id == customer_id)
    gone = await ctx.session.execute(delete(ORDER).where(*mine).returning(ORDER.c.number))
    count = len(gone.all())
    _may_fail(ctx, "erase_customer")
    kept = (both("发票按税法保留五年", "Invoices stay for five years by tax law"),) if count else ()
    return ErasureReceipt(erased={ORDER.name: count}, kept=kept)


@hookimpl
def subject_types() -> tuple[SubjectType, ...]:
    """Whom one buys for."""
    return (SubjectType(id="buyer", label=both("使用人", "User"), icon="user-round"),)


@hookimpl
def demo_data() -> tuple[Seed, ...]:
    """A customer who bought for the mother."""
    row = {"number": "D-1", "customer_id": "$customer", "words": "$subject:李妈妈", "ordered_at": "$now-3h"}
    return (
        Seed(
            id="mother",
            full_name="李样例",
            phone="13900001234",
            subjects=(SeedSubject(kind="buyer", name="李妈妈"),),
            intakes=(SeedIntake(form="wishes", answers={"wish": "给妈妈买"}, days_ago=3),),
            rows=(SeedRow(table="x_pageshop_order", values=row),),
        ),
    )
