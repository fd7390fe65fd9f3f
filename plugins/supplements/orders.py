"""Orders of the shop: entered, listed, sent, and settled by the agent within a limit or after the supervisor's word."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.api import CloseTask, Effect, OpenTask, ReactContext, RecordEvent, Text, both
from plugins.supplements.carriers import CarrierEvent
from plugins.supplements.parcels import close_trouble, events_of
from plugins.supplements.settings import Settings
from plugins.supplements.tables import ORDER, SETTLEMENT, SHIPMENT, TROUBLE

Context = ReactContext[Settings]
_O, _S, _T, _P = ORDER.c, SHIPMENT.c, TROUBLE.c, SETTLEMENT.c
PAGE: Final = 50
MOST_FEN: Final = 10_000_000_00
SettleKind = Literal["refund", "resend"]
APPROVAL_HOURS: Final = 2
"""Own design: as long as an order's trouble may take (订单异常2小时内解决)."""


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is typed."""

    number: str
    customer_id: UUID
    subject_id: UUID | None = None
    product: str
    bottles: int
    fen: int


async def add_order(ctx: Context, order: NewOrder) -> tuple[UUID, RecordEvent] | None:
    """Enter an order; None when its number is taken. Core refuses a customer or person of another tenant."""
    order_id = uuid4()
    made = await ctx.session.execute(
        upsert(ORDER)
        .values(
            tenant_id=ctx.tenant_id, order_id=order_id, state="open", placed_at=ctx.now, **msgspec.structs.asdict(order)
        )
        .on_conflict_do_nothing()
        .returning(_O.order_id)
    )
    if made.first() is None:
        return None
    event = RecordEvent(
        customer_id=order.customer_id,
        subject_id=order.subject_id,
        kind="ordered",
        text=both(
            f"下单 {order.number}：{order.product} × {order.bottles}",
            f"Order {order.number}: {order.product} × {order.bottles}",
        ),
        data={"order": str(order_id), "fen": order.fen},
    )
    return order_id, event


async def add_parcel(
    ctx: Context, order_id: UUID, *, carrier: str, tracking_no: str, sent_at: datetime, resent: bool
) -> UUID | None:
    """Enter a parcel of an order; None when the number is taken."""
    shipment_id = uuid4()
    made = await ctx.session.execute(
        upsert(SHIPMENT)
        .values(
            tenant_id=ctx.tenant_id,
            shipment_id=shipment_id,
            order_id=order_id,
            carrier=carrier,
            tracking_no=tracking_no,
            resent=resent,
            status="sent",
            sent_at=sent_at,
            news_at=sent_at,
        )
        .on_conflict_do_nothing()
        .returning(_S.shipment_id)
    )
    return None if made.first() is None else shipment_id


async def lock_order(ctx: Context, order_id: UUID) -> Any:
    """Return the order's row, locked, or None."""
    found = await ctx.session.execute(
        select(ORDER).where(_O.tenant_id == ctx.tenant_id, _O.order_id == order_id).with_for_update()
    )
    return found.first()


def limit_of(roles: Collection[str], settings: Settings) -> int:
    """Return how many fen somebody may give back alone: R25 lets the agent settle simple matters; the sums are settings."""
    if {"director", "tenant_admin"} & set(roles):
        return settings.director_limit_yuan * 100
    if {"service_supervisor", "team_leader"} & set(roles):
        return settings.supervisor_limit_yuan * 100
    return settings.agent_limit_yuan * 100


async def settle(
    ctx: Context, order: Any, *, kind: SettleKind, fen: int, reason: str
) -> tuple[bool, tuple[Effect, ...]]:
    """Refund or resend: at once within the actor's limit, else it waits for the supervisor; returns whether it is done."""
    settlement_id = uuid4()
    done = fen <= limit_of(ctx.actor.roles, ctx.settings)
    await ctx.session.execute(
        insert(SETTLEMENT).values(
            tenant_id=ctx.tenant_id,
            settlement_id=settlement_id,
            order_id=order.order_id,
            kind=kind,
            fen=fen,
            reason=reason,
            state="done" if done else "waiting",
            asked_by=ctx.actor.id,
            asked_name=ctx.actor.name,
            asked_at=ctx.now,
            decided_name=ctx.actor.name if done else None,
            decided_at=ctx.now if done else None,
        )
    )
    if done:
        return True, await _carry_out(ctx, order, kind=kind, fen=fen)
    task = OpenTask(
        key=f"approve:{settlement_id}",
        title=both(
            f"审批：订单 {order.number} {_WORDS[kind][0]} {fen / 100:.2f} 元",
            f"Decide: {_WORDS[kind][1]} {fen / 100:.2f} yuan for order {order.number}",
        ),
        due=ctx.now + timedelta(hours=APPROVAL_HOURS),
        role="service_supervisor",
        customer_id=order.customer_id,
        page=f"orders/{order.order_id}",
    )
    return False, (task,)


_WORDS: Final = {"refund": ("退款", "refund"), "resend": ("补发", "resend")}


async def _carry_out(ctx: Context, order: Any, *, kind: SettleKind, fen: int) -> tuple[Effect, ...]:
    zh, en = _WORDS[kind]
    effects: list[Effect] = [
        RecordEvent(
            customer_id=order.customer_id,
            subject_id=order.subject_id,
            kind=kind,
            text=both(f"订单 {order.number} 已{zh}", f"Order {order.number}: {en}"),
            data={"order": str(order.order_id), "fen": fen},
        )
    ]
    if kind == "refund":
        await ctx.session.execute(
            update(ORDER).where(_O.tenant_id == ctx.tenant_id, _O.order_id == order.order_id).values(state="refunded")
        )
    else:
        effects.append(
            OpenTask(
                key=f"resend:{order.order_id}:{ctx.now:%Y%m%d%H%M%S%f}",
                title=both(
                    f"补发订单 {order.number} 并填写运单号", f"Send order {order.number} again and enter its number"
                ),
                due=ctx.now + timedelta(hours=ctx.settings.anomaly_hours),
                role="front_desk",
                customer_id=order.customer_id,
                page=f"orders/{order.order_id}",
            )
        )
    troubles = await ctx.session.execute(
        select(_T.trouble_id, _T.shipment_id)
        .join(SHIPMENT, (_S.tenant_id == _T.tenant_id) & (_S.shipment_id == _T.shipment_id))
        .where(_T.tenant_id == ctx.tenant_id, _S.order_id == order.order_id, _T.closed_at.is_(None))
    )
    for row in troubles.all():
        effects.append(await close_trouble(ctx, row.trouble_id, remedy=kind))
        await ctx.session.execute(
            update(SHIPMENT)
            .where(_S.tenant_id == ctx.tenant_id, _S.shipment_id == row.shipment_id)
            .values(handled_at=ctx.now)
        )
    return tuple(effects)


async def decide(ctx: Context, order: Any, settlement_id: UUID, *, agreed: bool) -> tuple[Effect, ...] | Text:
    """Approve or refuse what waits; words when it cannot be: gone, one's own, or above one's limit."""
    found = await ctx.session.execute(
        select(SETTLEMENT)
        .where(
            _P.tenant_id == ctx.tenant_id,
            _P.order_id == order.order_id,
            _P.settlement_id == settlement_id,
            _P.state == "waiting",
        )
        .with_for_update()
    )
    row: Any = found.first()
    if row is None:
        return both("没有等待审批的申请，可能已被处理", "Nothing waits here; perhaps it is decided already")
    if row.asked_by == ctx.actor.id:
        return both("不能审批自己的申请", "Nobody decides on a wish of his own")
    if agreed and row.fen > limit_of(ctx.actor.roles, ctx.settings):
        return both("金额超过您的额度", "It is above your limit")
    await ctx.session.execute(
        update(SETTLEMENT)
        .where(_P.tenant_id == ctx.tenant_id, _P.settlement_id == settlement_id)
        .values(state="done" if agreed else "refused", decided_name=ctx.actor.name, decided_at=ctx.now)
    )
    note = both("已批准", "Approved") if agreed else both("未批准", "Refused")
    closed = CloseTask(key=f"approve:{settlement_id}", note=note)
    return (closed, *(await _carry_out(ctx, order, kind=row.kind, fen=row.fen))) if agreed else (closed,)


async def has_open_wish(ctx: Context, order_id: UUID) -> bool:
    """Tell whether a refund or resend of this order waits for somebody's word."""
    query = select(_P.settlement_id).where(
        _P.tenant_id == ctx.tenant_id, _P.order_id == order_id, _P.state == "waiting"
    )
    return await ctx.session.scalar(query) is not None


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page of one order shows."""

    order: dict[str, Any]
    parcels: tuple[dict[str, Any], ...]
    settlements: tuple[dict[str, Any], ...]


async def find_order(session: AsyncSession, tenant_id: UUID, order_id: UUID) -> OrderFacts | None:
    """Return one order with its parcels, their events and troubles, and what was given back."""
    order = (await session.execute(select(ORDER).where(_O.tenant_id == tenant_id, _O.order_id == order_id))).first()
    if order is None:
        return None
    parcels = (
        await session.execute(
            select(SHIPMENT)
            .where(_S.tenant_id == tenant_id, _S.order_id == order_id)
            .order_by(_S.sent_at, _S.shipment_id)
        )
    ).all()
    events = await events_of(session, tenant_id, parcels)
    troubles: dict[UUID, list[dict[str, Any]]] = {}
    for row in await session.execute(
        select(TROUBLE)
        .join(SHIPMENT, (_S.tenant_id == _T.tenant_id) & (_S.shipment_id == _T.shipment_id))
        .where(_T.tenant_id == tenant_id, _S.order_id == order_id)
        .order_by(_T.found_at.desc())
    ):
        troubles.setdefault(row.shipment_id, []).append(_plain(row))
    settlements = await session.execute(
        select(SETTLEMENT).where(_P.tenant_id == tenant_id, _P.order_id == order_id).order_by(_P.asked_at.desc())
    )
    return OrderFacts(
        order=_plain(order),
        parcels=tuple(
            _plain(row)
            | {
                "events": [_told(event) for event in reversed(events[row.carrier, row.tracking_no])],
                "troubles": troubles.get(row.shipment_id, []),
            }
            for row in parcels
        ),
        settlements=tuple(_plain(row) for row in settlements),
    )


def _told(event: CarrierEvent) -> dict[str, Any]:
    return {"kind": event.kind, "at": event.at, "place": event.place}


def _plain(row: Any) -> dict[str, Any]:
    """A row as a template reads it: ids as texts."""
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in row._mapping.items()  # noqa: SLF001 - the public name of SQLAlchemy's row as a mapping
        if name != "tenant_id"
    }


async def list_orders(
    session: AsyncSession, tenant_id: UUID, *, view: str, words: str, page: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return a page of orders, newest first, with the newest parcel's state; and whether there are more."""
    open_trouble = (
        select(_S.order_id, _T.kind, _T.due_at)
        .join(TROUBLE, (_T.tenant_id == _S.tenant_id) & (_T.shipment_id == _S.shipment_id))
        .where(_S.tenant_id == tenant_id, _T.closed_at.is_(None))
        .ext(distinct_on(_S.order_id))
        .order_by(_S.order_id, _T.due_at)
        .subquery()
    )
    newest = (
        select(_S.order_id, _S.status, _S.news_at, _S.tracking_no)
        .where(_S.tenant_id == tenant_id)
        .ext(distinct_on(_S.order_id))
        .order_by(_S.order_id, _S.sent_at.desc(), _S.shipment_id)
        .subquery()
    )
    query = (
        select(
            ORDER, newest.c.status, newest.c.news_at, newest.c.tracking_no, open_trouble.c.kind, open_trouble.c.due_at
        )
        .outerjoin(newest, newest.c.order_id == _O.order_id)
        .outerjoin(open_trouble, open_trouble.c.order_id == _O.order_id)
        .where(_O.tenant_id == tenant_id)
    )
    if view == "trouble":
        query = query.where(open_trouble.c.kind.is_not(None))
    elif view in {"open", "delivered", "refunded"}:
        query = query.where(_O.state == view)
    if words:
        query = query.where(
            _O.number.contains(words, autoescape=True) | newest.c.tracking_no.contains(words, autoescape=True)
        )
    rows: Sequence[Any] = (
        await session.execute(query.order_by(_O.placed_at.desc(), _O.order_id).offset(page * PAGE).limit(PAGE + 1))
    ).all()
    return [_plain(row) for row in rows[:PAGE]], len(rows) > PAGE


async def orders_of(session: AsyncSession, tenant_id: UUID, customer_id: UUID) -> list[dict[str, Any]]:
    """Return a customer's orders, newest first."""
    rows = await session.execute(
        select(ORDER)
        .where(_O.tenant_id == tenant_id, _O.customer_id == customer_id)
        .order_by(_O.placed_at.desc())
        .limit(PAGE)
    )
    return [_plain(row) for row in rows]
