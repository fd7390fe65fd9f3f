"""The one table: which implant of which lot a customer has; handed out and erased with the customer."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, MetaData, Table, Text, Uuid, delete, select

from anxin_dental.settings import Settings
from plugins.api import ErasureReceipt, ExportPart, ReactContext, Seed, SeedIntake, SeedRow, both, hookimpl

IMPLANT = Table(
    "x_dental_implant",
    MetaData(),
    Column("tenant_id", Uuid, primary_key=True),
    Column("implant_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("tooth", Text, nullable=False),
    Column("placed_on", Date, nullable=False),
)
Context = ReactContext[Settings]


def _of(ctx: Context, customer_id: UUID) -> Any:
    return (IMPLANT.c.tenant_id == ctx.tenant_id) & (IMPLANT.c.customer_id == customer_id)


@hookimpl
async def export_customer(ctx: Context, customer_id: UUID) -> tuple[ExportPart, ...]:
    columns = (IMPLANT.c.product, IMPLANT.c.lot, IMPLANT.c.tooth, IMPLANT.c.placed_on)
    found = await ctx.session.execute(select(*columns).where(_of(ctx, customer_id)).order_by(IMPLANT.c.placed_on))
    rows = tuple(
        {"product": product, "lot": lot, "tooth": tooth, "placed_on": day.isoformat()}
        for product, lot, tooth, day in found
    )
    return (ExportPart(title=both("种植体", "Implants"), rows=rows),) if rows else ()


@hookimpl
async def erase_customer(ctx: Context, customer_id: UUID) -> ErasureReceipt:
    gone = await ctx.session.execute(delete(IMPLANT).where(_of(ctx, customer_id)).returning(IMPLANT.c.implant_id))
    return ErasureReceipt(erased={IMPLANT.name: len(gone.all())})


@hookimpl
def demo_data() -> tuple[Seed, ...]:
    row = SeedRow(
        table="x_dental_implant",
        values={
            "implant_id": "5eed0000-0000-4000-8000-0000000000d1",
            "customer_id": "$customer",
            "product": "样例种植体",
            "lot": "LOT-2026-11",
            "tooth": "36",
            "placed_on": "2026-10-12",
        },
    )
    answers = {"full_name": "林小雨", "phone": "13905460088", "reason": "implant", "thinner": True, "allergy": "青霉素"}
    return (
        Seed(
            id="lin",
            full_name="林小雨",
            phone="13905460088",
            intakes=(SeedIntake(form="intake", answers=answers, days_ago=30),),
            rows=(row,),
        ),
    )
