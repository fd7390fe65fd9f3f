"""Does what is posted on the shop's pages; whatever is wrong is said on the page it came from, and nothing is kept."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from plugins.api import FormProblem, Outcome, Page, PageRequest, ReactContext, RecordEvent, Text, both, hookimpl
from plugins.supplements.carriers import BadLine, read_events, read_time
from plugins.supplements.orders import (
    MOST_FEN,
    NewOrder,
    add_order,
    add_parcel,
    decide,
    has_open_wish,
    lock_order,
    settle,
)
from plugins.supplements.parcels import handle_trouble, refresh, take_events
from plugins.supplements.readings import KINDS, Reading, ReadingKind, keep_readings, read_list, read_value
from plugins.supplements.settings import Settings
from plugins.supplements.showing import events_page, new_order_page, order_page, read_id, readings_page, whole

Context = ReactContext[Settings]
SHORT, LONG = 60, 500
_SHOWN = 10
"""So many bad lines are told at once."""
REQUIRED = both("必填", "Required")


@hookimpl
async def act_on_page(ctx: Context, request: PageRequest) -> Outcome | None:
    """Do it; None where nothing is."""
    return await _ACTS[request.route](ctx, request)


def read_fen(written: str) -> int | None:
    """Return yuan as fen, exactly; None for what is no sum."""
    try:
        fen = Decimal(written.strip()) * 100
    except InvalidOperation:
        return None
    return int(fen) if fen.is_finite() and fen == fen.to_integral_value() and 0 <= fen <= MOST_FEN else None


def _problem(field: str, code: str, text: Text) -> FormProblem:
    return FormProblem(field=field, code=code, text=text)


def _again(page: Page, *problems: FormProblem) -> Outcome:
    return Outcome(problems=problems, again=page)


def _text(request: PageRequest, name: str, most: int, problems: list[FormProblem]) -> str:
    value = request.field(name).replace("\x00", "")
    if not value:
        problems.append(_problem(name, "required", REQUIRED))
    elif len(value) > most:
        problems.append(_problem(name, "max_length", both(f"最多 {most} 个字", f"At most {most} characters")))
    return value


async def _add_order(ctx: Context, request: PageRequest) -> Outcome:
    problems: list[FormProblem] = []
    number, product = _text(request, "number", SHORT, problems), _text(request, "product", SHORT, problems)
    customer = read_id(request.field("customer").rstrip("/").rpartition("/")[2])
    bottles, fen = whole(request.field("bottles"), 1, 999), read_fen(request.field("yuan"))
    if customer is None:
        problems.append(
            _problem("customer", "required", both("请从客户页面打开本页", "Open this page from the customer's page"))
        )
    if bottles is None:
        problems.append(_problem("bottles", "min", both("1 到 999 的整数", "A whole number from 1 to 999")))
    if fen is None:
        problems.append(_problem("yuan", "type", both("金额，最多两位小数", "A sum with at most two decimals")))
    page = new_order_page(request.field("customer"))
    if problems or customer is None or bottles is None or fen is None:
        return _again(page, *problems)
    made = await add_order(
        ctx, NewOrder(number=number, customer_id=customer, product=product, bottles=bottles, fen=fen)
    )
    if made is None:
        return _again(page, _problem("number", "taken", both("订单号已存在", "There is an order of this number")))
    order_id, event = made
    return Outcome(go_to=f"orders/{order_id}", toast=both("已登记", "Entered"), effects=(event,))


async def _on_order(ctx: Context, request: PageRequest) -> tuple[Any, Page] | None:
    """Lock the order that the address names, with its page for what is wrong."""
    order_id = read_id(request.path["order"])
    order = await lock_order(ctx, order_id) if order_id is not None else None
    if order is None:
        return None
    page = await order_page(ctx.session, ctx, order.order_id)
    return None if page is None else (order, page)


async def _send(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_order(ctx, request)
    if found is None:
        return None
    order, page = found
    problems: list[FormProblem] = []
    carrier, number = _text(request, "carrier", SHORT, problems), _text(request, "tracking_no", SHORT, problems)
    written = request.field("sent_at")
    sent_at = read_time(written) if written else ctx.now
    if sent_at is None or sent_at > ctx.now:
        problems.append(_problem("sent_at", "date", both("时间不对，或在将来", "No time, or in the future")))
    if problems or sent_at is None:
        return _again(page, *problems)
    resent = request.field("resent") == "true"
    shipment = await add_parcel(
        ctx, order.order_id, carrier=carrier, tracking_no=number, sent_at=sent_at, resent=resent
    )
    if shipment is None:
        return _again(page, _problem("tracking_no", "taken", both("运单号已登记", "This number is entered already")))
    effects = await refresh(ctx, shipment)
    return Outcome(go_to=f"orders/{order.order_id}", toast=both("已登记运单", "Parcel entered"), effects=effects)


async def _remedy(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_order(ctx, request)
    if found is None:
        return None
    order, page = found
    shipment = read_id(request.field("shipment"))
    effects = await handle_trouble(ctx, shipment, request.field("remedy")) if shipment is not None else None
    if effects is None:
        text = both("这个异常已处理，或没有选处理办法", "It is dealt with already, or no remedy was chosen")
        return _again(page, _problem("remedy", "option", text))
    return Outcome(go_to=f"orders/{order.order_id}", toast=both("已处理", "Dealt with"), effects=effects)


async def _settle(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_order(ctx, request)
    if found is None:
        return None
    order, page = found
    problems: list[FormProblem] = []
    reason = _text(request, "reason", LONG, problems)
    kind, fen = request.field("kind"), read_fen(request.field("yuan"))
    if kind not in {"refund", "resend"}:
        problems.append(_problem("kind", "option", both("请选退款或补发", "Choose refund or resend")))
    if fen is None or fen > order.fen:
        text = both(f"0 到订单金额 {order.fen / 100:.2f} 元", f"From 0 to the order's {order.fen / 100:.2f} yuan")
        problems.append(_problem("yuan", "max", text))
    if order.state == "refunded":
        problems.append(_problem("kind", "refunded", both("订单已退款", "The order is refunded")))
    elif await has_open_wish(ctx, order.order_id):
        problems.append(_problem("kind", "waiting", both("已有申请在等待审批", "Another wish waits for a decision")))
    if problems or fen is None:
        return _again(page, *problems)
    done, effects = await settle(ctx, order, kind="refund" if kind == "refund" else "resend", fen=fen, reason=reason)
    toast = (
        both("已完成", "Done")
        if done
        else both("超过额度，已提交主管审批", "Above the limit: it waits for the supervisor")
    )
    return Outcome(go_to=f"orders/{order.order_id}", toast=toast, effects=effects)


async def _decide(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_order(ctx, request)
    if found is None:
        return None
    order, page = found
    settlement = read_id(request.field("settlement"))
    if settlement is None:
        return None
    outcome = await decide(ctx, order, settlement, agreed=request.field("agreed") == "true")
    if not isinstance(outcome, tuple):
        return _again(page, _problem("settlement", "refused", outcome))
    return Outcome(go_to=f"orders/{order.order_id}", toast=both("已审批", "Decided"), effects=outcome)


def _lines(bad: tuple[BadLine, ...]) -> list[dict[str, Any]]:
    return [{"line": one.line, "why": one.why} for one in bad[:_SHOWN]]


async def _take_events(ctx: Context, request: PageRequest) -> Outcome:
    events, bad = read_events(request.field("lines"), ctx.now)
    if bad or not events:
        text = both("有看不懂的行，一条也没有导入", "Some lines cannot be read; nothing was taken") if bad else REQUIRED
        return _again(events_page(_lines(bad)), _problem("lines", "lines", text))
    done, effects = await take_events(ctx, events)
    toast = both(
        f"新增 {done.new} 条，重复 {done.known} 条，{done.strange} 条的运单尚未登记",
        f"{done.new} new, {done.known} known before, {done.strange} of parcels not entered yet",
    )
    return Outcome(go_to="events", toast=toast, effects=effects)


async def _add_readings(ctx: Context, request: PageRequest) -> Outcome | None:
    customer, subject = read_id(request.path["customer"]), read_id(request.field("subject"))
    if customer is None:
        return None
    readings, bad = _typed_readings(request, ctx)
    if bad or not readings:
        page = await readings_page(ctx.session, ctx, customer, subject, _lines(bad))
        text = both("请检查数值、时间和设备", "Look at value, time and device")
        return _again(page, _problem("value" if not request.field("lines") else "lines", "lines", text))
    count = await keep_readings(ctx, customer_id=customer, subject_id=subject, readings=readings)
    text = both(f"新增 {count} 条设备读数", f"{count} new readings of devices")
    # On the timeline; core refuses a customer or person of another tenant, and with it the readings.
    noted = RecordEvent(customer_id=customer, subject_id=subject, kind="readings", text=text, data={"count": count})
    whose = f"?subject={subject}" if subject is not None else ""
    return Outcome(go_to=f"readings/{customer}{whose}", toast=text, effects=(noted,) if count else ())


def _typed_readings(request: PageRequest, ctx: Context) -> tuple[tuple[Reading, ...], tuple[BadLine, ...]]:
    if request.field("lines"):
        return read_list(request.field("lines"), ctx.now)
    kind: ReadingKind | None = next((one for one in KINDS if one == request.field("kind")), None)
    written = request.field("measured_at")
    at = read_time(written) if written else ctx.now
    value = read_value(kind, request.field("value")) if kind is not None else None
    device = request.field("device")[:SHORT] or "manual"
    if kind is None or value is None or at is None or at > ctx.now:
        return (), ()
    return (Reading(kind=kind, value=value, measured_at=at, device=device),), ()


_ACTS: dict[str, Callable[[Context, PageRequest], Awaitable[Outcome | None]]] = {
    "add_order": _add_order,
    "send": _send,
    "remedy": _remedy,
    "settle": _settle,
    "decide": _decide,
    "take_events": _take_events,
    "add_readings": _add_readings,
}
