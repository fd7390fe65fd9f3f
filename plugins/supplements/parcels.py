"""Parcels and what carriers tell of them: each event once, the state from all of them, troubles opened and closed."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Row, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.api import CloseTask, Effect, OpenTask, ReactContext, RecordEvent, both, localized
from plugins.supplements.carriers import (
    REMEDIES,
    STATUS_WORDS,
    TROUBLE_WORDS,
    CarrierEvent,
    State,
    state_of,
    trouble_of,
)
from plugins.supplements.settings import Settings
from plugins.supplements.tables import CARRIER_EVENT, ORDER, SHIPMENT, TROUBLE

Context = ReactContext[Settings]
_S, _E, _T, _O = SHIPMENT.c, CARRIER_EVENT.c, TROUBLE.c, ORDER.c
AT_ONCE = 500
"""So many parcels are looked at in one piece; the next run goes on."""
MOVING = ("sent", "picked_up", "moving", "out_for_delivery", "refused", "address_wrong")


class Imported(msgspec.Struct, frozen=True):
    """What came of a list of events."""

    new: int = 0
    known: int = 0
    """Had come before."""
    strange: int = 0
    """Of the new ones: of parcels that nobody has entered yet."""


async def take_events(ctx: Context, events: Collection[CarrierEvent]) -> tuple[Imported, tuple[Effect, ...]]:
    """Store what is new and bring the parcels concerned up to date; the same event again changes nothing."""
    rows = {
        (event.carrier, event.event_id): {
            "tenant_id": ctx.tenant_id,
            "carrier": event.carrier,
            "event_id": event.event_id,
            "tracking_no": event.tracking_no,
            "kind": event.kind,
            "at": event.at,
            "place": event.place,
            "received_at": ctx.now,
        }
        for event in events
    }
    if not rows:
        return Imported(), ()
    stored = await ctx.session.execute(
        upsert(CARRIER_EVENT).values(list(rows.values())).on_conflict_do_nothing().returning(_E.carrier, _E.tracking_no)
    )
    touched = [(row.carrier, row.tracking_no) for row in stored]
    parcels = await _parcels(ctx, tuple_(_S.carrier, _S.tracking_no).in_(sorted(set(touched)))) if touched else []
    known = {(row.carrier, row.tracking_no) for row in parcels}
    strange = sum(one not in known for one in touched)
    effects = await _bring_up_to_date(ctx, parcels)
    return Imported(len(touched), len(events) - len(touched), strange), effects


async def refresh(ctx: Context, shipment_id: UUID) -> tuple[Effect, ...]:
    """Bring one parcel up to date: events may have come before it was entered."""
    return await _bring_up_to_date(ctx, await _parcels(ctx, _S.shipment_id == shipment_id))


async def find_troubles(ctx: Context) -> tuple[Effect, ...]:
    """Look for parcels that are silent for too long, or whose trouble nobody has seen; a second look finds no more."""
    silent = ctx.now - timedelta(hours=ctx.settings.stuck_hours)
    open_ones = select(_T.shipment_id).where(_T.tenant_id == ctx.tenant_id, _T.closed_at.is_(None))
    quiet = _S.news_at <= silent
    parcels = await _parcels(
        ctx,
        _S.status.in_(MOVING)
        & (quiet | _S.status.in_(("refused", "address_wrong")))
        & (_S.handled_at.is_(None) | (_S.handled_at < _S.news_at) | (_S.handled_at <= silent))
        & _S.shipment_id.not_in(open_ones),
    )
    return await _judge(ctx, [(row, State(row.status, row.news_at, row.delivered_at)) for row in parcels])


async def _parcels(ctx: Context, where: Any) -> list[Row[Any]]:
    """Lock parcels with their order, in one order for all."""
    found = await ctx.session.execute(
        select(SHIPMENT, _O.number, _O.customer_id, _O.subject_id, _O.state.label("order_state"))
        .join(ORDER, (_O.tenant_id == _S.tenant_id) & (_O.order_id == _S.order_id))
        .where(_S.tenant_id == ctx.tenant_id, where)
        .order_by(_S.shipment_id)
        .limit(AT_ONCE)
        .with_for_update(of=SHIPMENT)
    )
    return list(found)


async def events_of(
    session: AsyncSession, tenant_id: UUID, parcels: Iterable[Any]
) -> dict[tuple[str, str], list[CarrierEvent]]:
    """Return the stored events of parcels by carrier and number, oldest first."""
    keys = sorted({(row.carrier, row.tracking_no) for row in parcels})
    found: dict[tuple[str, str], list[CarrierEvent]] = {key: [] for key in keys}
    if not keys:
        return found
    rows = await session.execute(
        select(CARRIER_EVENT)
        .where(_E.tenant_id == tenant_id, tuple_(_E.carrier, _E.tracking_no).in_(keys))
        .order_by(_E.at, _E.event_id)
    )
    for row in rows:
        event = CarrierEvent(
            carrier=row.carrier,
            event_id=row.event_id,
            tracking_no=row.tracking_no,
            kind=row.kind,
            at=row.at,
            place=row.place,
        )
        found[row.carrier, row.tracking_no].append(event)
    return found


async def _bring_up_to_date(ctx: Context, parcels: list[Row[Any]]) -> tuple[Effect, ...]:
    events = await events_of(ctx.session, ctx.tenant_id, parcels)
    told: list[Effect] = []
    judged: list[tuple[Row[Any], State]] = []
    for row in parcels:
        state = state_of(row.sent_at, events[row.carrier, row.tracking_no])
        judged.append((row, state))
        if state == State(row.status, row.news_at, row.delivered_at):
            continue
        await ctx.session.execute(
            update(SHIPMENT)
            .where(_S.tenant_id == ctx.tenant_id, _S.shipment_id == row.shipment_id)
            .values(status=state.status, news_at=state.news_at, delivered_at=state.delivered_at)
        )
        if state.status != row.status:
            told.append(_told(row, state))
            await _keep_order(ctx, row, state)
    return (*told, *await _judge(ctx, judged))


async def _keep_order(ctx: Context, row: Row[Any], state: State) -> None:
    wanted = "delivered" if state.status == "delivered" else "open"
    if row.order_state in {"open", "delivered"} and row.order_state != wanted:
        await ctx.session.execute(
            update(ORDER)
            .where(_O.tenant_id == ctx.tenant_id, _O.order_id == row.order_id, _O.state != "refunded")
            .values(state=wanted)
        )


def _told(row: Row[Any], state: State) -> RecordEvent:
    zh, en = (localized(STATUS_WORDS[state.status], locale) for locale in ("zh-CN", "en"))
    return RecordEvent(
        customer_id=row.customer_id,
        subject_id=row.subject_id,
        kind="parcel",
        text=both(f"订单 {row.number}：{zh}", f"Order {row.number}: {en}"),
        data={"order": str(row.order_id), "status": state.status},
    )


async def _judge(ctx: Context, parcels: list[tuple[Row[Any], State]]) -> tuple[Effect, ...]:
    """Open what is wrong and close what is right again."""
    ids = [row.shipment_id for row, _ in parcels]
    if not ids:
        return ()
    rows = await ctx.session.execute(
        select(TROUBLE).where(_T.tenant_id == ctx.tenant_id, _T.shipment_id.in_(ids), _T.closed_at.is_(None))
    )
    open_ones = {row.shipment_id: row for row in rows}
    effects: list[Effect] = []
    for row, state in parcels:
        wrong = trouble_of(state, handled_at=row.handled_at, now=ctx.now, stuck_hours=ctx.settings.stuck_hours)
        if row.order_state == "refunded":
            wrong = None
        known = open_ones.get(row.shipment_id)
        if known is not None and known.kind != wrong:
            effects.append(await close_trouble(ctx, known.trouble_id, remedy=None))
            known = None
        if known is None and wrong is not None:
            effects.append(await _open(ctx, row, wrong))
    return tuple(effects)


async def _open(ctx: Context, row: Row[Any], kind: str) -> OpenTask:
    trouble_id = uuid4()
    due = ctx.now + timedelta(hours=ctx.settings.anomaly_hours)  # 订单异常2小时内解决
    await ctx.session.execute(
        insert(TROUBLE).values(
            tenant_id=ctx.tenant_id,
            trouble_id=trouble_id,
            shipment_id=row.shipment_id,
            kind=kind,
            found_at=ctx.now,
            due_at=due,
        )
    )
    zh, en = (localized(TROUBLE_WORDS[kind], locale) for locale in ("zh-CN", "en"))
    return OpenTask(
        key=f"trouble:{trouble_id}",
        title=both(
            f"{zh}：订单 {row.number}，请联系客户并处理", f"{en}: order {row.number}, call the customer and settle it"
        ),
        due=due,
        role="front_desk",
        customer_id=row.customer_id,
        remedies=REMEDIES[kind],
        page=f"orders/{row.order_id}",
    )


async def close_trouble(ctx: Context, trouble_id: UUID, *, remedy: str | None) -> CloseTask:
    """Say that a trouble is over: by itself (news came), or by a remedy."""
    await ctx.session.execute(
        update(TROUBLE)
        .where(_T.tenant_id == ctx.tenant_id, _T.trouble_id == trouble_id, _T.closed_at.is_(None))
        .values(closed_at=ctx.now, remedy=remedy)
    )
    note = both("包裹已有新动态", "There is news of the parcel") if remedy is None else both("已处理", "Dealt with")
    return CloseTask(key=f"trouble:{trouble_id}", note=note)


async def handle_trouble(ctx: Context, shipment_id: UUID, remedy: str) -> tuple[Effect, ...] | None:
    """Write down what was done about a parcel's open trouble; None when there is none or the remedy is not one of it."""
    row = (
        await ctx.session.execute(
            select(TROUBLE)
            .where(_T.tenant_id == ctx.tenant_id, _T.shipment_id == shipment_id, _T.closed_at.is_(None))
            .with_for_update()
        )
    ).first()
    if row is None or remedy not in REMEDIES[row.kind]:
        return None
    await ctx.session.execute(
        update(SHIPMENT).where(_S.tenant_id == ctx.tenant_id, _S.shipment_id == shipment_id).values(handled_at=ctx.now)
    )
    return (await close_trouble(ctx, row.trouble_id, remedy=remedy),)


async def erase_events(ctx: Context, customer_id: UUID) -> int:
    """Erase the carriers' events of a customer's parcels; returns how many."""
    parcels = (
        select(_S.carrier, _S.tracking_no)
        .join(ORDER, (_O.tenant_id == _S.tenant_id) & (_O.order_id == _S.order_id))
        .where(_S.tenant_id == ctx.tenant_id, _O.customer_id == customer_id)
    )
    gone = await ctx.session.execute(
        delete(CARRIER_EVENT)
        .where(_E.tenant_id == ctx.tenant_id, tuple_(_E.carrier, _E.tracking_no).in_(parcels))
        .returning(_E.event_id)
    )
    return len(gone.all())


async def count_troubles(session: AsyncSession, tenant_id: UUID) -> int:
    """Return how many troubles are open."""
    query = select(func.count()).select_from(TROUBLE).where(_T.tenant_id == tenant_id, _T.closed_at.is_(None))
    return int(await session.scalar(query) or 0)
