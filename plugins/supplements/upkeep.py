"""Work by the clock, what is handed out and erased about a customer, and a sample family for demo tenants."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, delete, select, update

from plugins.api import (
    Effect,
    ErasureReceipt,
    ExportPart,
    ReactContext,
    Seed,
    SeedIntake,
    SeedRow,
    SeedSubject,
    Text,
    both,
    hookimpl,
)
from plugins.supplements.followups import send_due
from plugins.supplements.parcels import erase_events, find_troubles
from plugins.supplements.settings import Settings
from plugins.supplements.tables import FOLLOWUP, ORDER, READING, SETTLEMENT, SHIPMENT

Context = ReactContext[Settings]
SAMPLE_ORDER: Final = UUID("5eed0000-0000-4000-8000-000000000010")
"""No money was ever paid for it, so that the books need nothing of it."""


@hookimpl
async def run_job(ctx: Context, job: str) -> tuple[Effect, ...]:
    """Look for trouble with parcels, or send the questionnaires that are due; right afterwards there is nothing more."""
    return await find_troubles(ctx) if job == "troubles" else await send_due(ctx)


def _of_orders(ctx: Context, customer_id: UUID) -> Any:
    return select(ORDER.c.order_id).where(ORDER.c.tenant_id == ctx.tenant_id, ORDER.c.customer_id == customer_id)


async def _rows(ctx: Context, table: Table, where: Any, names: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    columns = [table.c[name] for name in names]
    found = await ctx.session.execute(select(*columns).where(table.c.tenant_id == ctx.tenant_id, where))
    return tuple(
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in found
    )


@hookimpl
async def export_customer(ctx: Context, customer_id: UUID) -> tuple[ExportPart, ...]:
    """Orders, parcels, what was given back, readings and questionnaires; parts without rows are left out."""
    orders = _of_orders(ctx, customer_id)
    wanted: tuple[tuple[Text, Table, Any, tuple[str, ...]], ...] = (
        (both("订单", "Orders"), ORDER, ORDER.c.customer_id == customer_id, ("number", "product", "bottles", "fen", "state", "placed_at")),
        (both("包裹", "Parcels"), SHIPMENT, SHIPMENT.c.order_id.in_(orders), ("carrier", "tracking_no", "status", "sent_at", "delivered_at")),
        (both("退款与补发", "Refunds and resends"), SETTLEMENT, SETTLEMENT.c.order_id.in_(orders), ("kind", "fen", "reason", "state", "asked_at")),
        (both("设备读数", "Readings of devices"), READING, READING.c.customer_id == customer_id, ("kind", "value", "measured_at", "device")),
        (both("效果问卷", "Effect questionnaires"), FOLLOWUP, FOLLOWUP.c.customer_id == customer_id, ("day", "due_at", "sent_at")),
    )  # fmt: skip
    parts = [
        ExportPart(title=title, rows=await _rows(ctx, table, where, names)) for title, table, where, names in wanted
    ]
    return tuple(part for part in parts if part.rows)


@hookimpl
async def erase_customer(ctx: Context, customer_id: UUID) -> ErasureReceipt:
    """Erase all but the sums: an order stays without its person, for the books; asked again it finds nothing."""
    erased = {"x_supplements_carrier_event": await erase_events(ctx, customer_id)}
    orders = _of_orders(ctx, customer_id)
    for table, where in (
        (SHIPMENT, SHIPMENT.c.order_id.in_(orders)),
        (FOLLOWUP, FOLLOWUP.c.customer_id == customer_id),
        (READING, READING.c.customer_id == customer_id),
    ):
        gone = await ctx.session.execute(
            delete(table).where(table.c.tenant_id == ctx.tenant_id, where).returning(table.c.tenant_id)
        )
        erased[table.name] = len(gone.all())
    words = await ctx.session.execute(
        update(SETTLEMENT)
        .where(SETTLEMENT.c.tenant_id == ctx.tenant_id, SETTLEMENT.c.order_id.in_(orders), SETTLEMENT.c.reason != "")
        .values(reason="")
        .returning(SETTLEMENT.c.settlement_id)
    )
    erased["x_supplements_settlement"] = len(words.all())
    await ctx.session.execute(
        delete(ORDER).where(
            ORDER.c.tenant_id == ctx.tenant_id, ORDER.c.customer_id == customer_id, ORDER.c.order_id == SAMPLE_ORDER
        )
    )
    nobody = UUID(int=0)
    kept = await ctx.session.execute(
        update(ORDER)
        .where(ORDER.c.tenant_id == ctx.tenant_id, ORDER.c.customer_id == customer_id)
        .values(customer_id=nobody, subject_id=None)
        .returning(ORDER.c.order_id)
    )
    count = len(kept.all())
    why = both(
        f"{count} 笔订单的金额（账目需要，已与本人无关联）",
        f"The sums of {count} orders, for the books, without the person",
    )
    return ErasureReceipt(
        erased={name: number for name, number in erased.items() if number}, kept=(why,) if count else ()
    )


def _sample_order() -> tuple[SeedRow, ...]:
    order = str(SAMPLE_ORDER)
    return (
        SeedRow(
            table="x_supplements_order",
            values={
                "order_id": order,
                "number": "DEMO-1001",
                "customer_id": "$customer",
                "subject_id": "$subject:妈妈",
                "product": "钙+维生素K2",
                "bottles": 3,
                "fen": 29_700,
                "state": "open",
                "placed_at": "$now-5d",
            },
        ),
        SeedRow(
            table="x_supplements_shipment",
            values={
                "shipment_id": "5eed0000-0000-4000-8000-000000000011",
                "order_id": order,
                "carrier": "中通",
                "tracking_no": "ZT-DEMO-1001",
                "resent": False,
                "status": "moving",
                "sent_at": "$now-5d",
                "news_at": "$now-4d",
            },
        ),
    )


@hookimpl
def demo_data() -> tuple[Seed, ...]:
    """A daughter who buys for her mother: three questions, an order that is stuck, one that arrived, and readings."""
    density = ((300, -2.1), (200, -1.9), (100, -1.8), (10, -1.6))
    readings = tuple(
        SeedRow(
            table="x_supplements_reading",
            values={
                "reading_id": f"5eed0000-0000-4000-8000-00000000000{place}",
                "customer_id": "$customer",
                "subject_id": "$subject:妈妈",
                "kind": "bone_density",
                "value": value,
                "measured_at": f"$now-{days}d",
                "device": "DXA",
            },
        )
        for place, (days, value) in enumerate(density)
    )
    answers = {
        "owner_name": "周晓燕",
        "owner_phone": "13905460001",
        "member_name": "妈妈",
        "purpose": "elder",
        "age": 63,
    }
    return (
        Seed(
            id="daughter",
            full_name="周晓燕",
            phone="13905460001",
            subjects=(
                SeedSubject(kind="member", name="妈妈", data={"sex": "female", "age": 63, "calcium_purpose": "elder"}),
            ),
            intakes=(SeedIntake(form="presale", answers=answers, days_ago=6),),
            rows=(*_sample_order(), *readings),
        ),
    )
