"""Shows the shop's pages: orders, one order, imports, the calculator, readings with a plot, the reach rate, the guide."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from plugins.api import Actor, DecideContext, Page, PageRequest, both, hookimpl
from plugins.supplements.advice import NOT_A_MEDICINE, basis_words, result_words
from plugins.supplements.calcium import DIET_MG, DIET_SOURCE, MONTHS, TABLES, Person, Sex, Special, reckon, row_words
from plugins.supplements.carriers import REMEDIES, STATUS_WORDS, TROUBLE_WORDS
from plugins.supplements.followups import TARGET_PERCENT, TRADE_PERCENT, percent, reach_by_month
from plugins.supplements.orders import find_order, limit_of, list_orders, orders_of
from plugins.supplements.parcels import count_troubles
from plugins.supplements.readings import KINDS, list_readings
from plugins.supplements.remedies import OFFERS
from plugins.supplements.settings import Settings

Context = DecideContext[Settings]
VIEWS = {
    "": both("全部", "All"),
    "trouble": both("物流异常", "Trouble"),
    "open": both("进行中", "Open"),
    "delivered": both("已签收", "Delivered"),
    "refunded": both("已退款", "Refunded"),
}
_TONES = {"delivered": "success", "refused": "danger", "address_wrong": "danger", "returned": "warning"}
_SEXES: dict[str, Sex] = {"female": "female", "male": "male"}
_SPECIAL: tuple[Special, ...] = ("kidney_stone", "hypertension", "pregnant")


def read_id(text: str) -> UUID | None:
    """Return an id of an address, or None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def whole(text: str, low: int, high: int) -> int | None:
    """Return a whole number within bounds, or None."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high else None


def _asked(request: PageRequest, name: str) -> str:
    return request.query.get(name, [""])[-1].strip()


def _remedy_words() -> dict[str, Any]:
    return {offer.id: offer.label for offer in OFFERS}


def may(actor: Actor, permission: str) -> bool:
    """Tell whether the actor holds a right of this plugin."""
    return actor.may(f"supplements.{permission}")


@hookimpl
async def show_page(ctx: Context, request: PageRequest) -> Page | None:
    """Return the page of a GET route; None where nothing is."""
    return await _PAGES[request.route](ctx, request)


async def _orders(ctx: Context, request: PageRequest) -> Page:
    assert ctx.reader is not None
    view = _asked(request, "view")
    view = view if view in VIEWS else ""
    words, number = _asked(request, "q")[:100], whole(_asked(request, "page"), 0, 10_000) or 0
    async with ctx.reader() as session:
        rows, more = await list_orders(session, ctx.tenant_id, view=view, words=words, page=number)
        troubles = await count_troubles(session, ctx.tenant_id)
    for row in rows:
        status = row["status"]
        row["status_words"] = STATUS_WORDS[status] if status else both("待发货", "To be sent")
        row["tone"] = _TONES.get(status or "", "neutral")
        row["trouble_words"] = TROUBLE_WORDS[row["kind"]] if row["kind"] else None
    views = [
        {"id": one, "words": words_, "count": troubles if one == "trouble" else None} for one, words_ in VIEWS.items()
    ]
    data = {"rows": rows, "views": views, "view": view, "asked": words, "number": number, "more": more}
    return Page(template="supplements:orders.html", title=both("订单与物流", "Orders and parcels"), data=data)


async def _new_order(ctx: Context, request: PageRequest) -> Page:
    customer = read_id(_asked(request, "customer"))
    orders: list[dict[str, Any]] = []
    if customer is not None and ctx.reader is not None:
        async with ctx.reader() as session:
            orders = await orders_of(session, ctx.tenant_id, customer)
    return new_order_page(str(customer) if customer is not None else "", orders)


def new_order_page(customer: str, orders: list[dict[str, Any]] | None = None) -> Page:
    """The form for an order of a customer."""
    data = {"customer": customer, "orders": orders or []}
    return Page(template="supplements:new_order.html", title=both("登记订单", "Enter an order"), data=data)


async def _order(ctx: Context, request: PageRequest) -> Page | None:
    order_id = read_id(request.path["order"])
    if order_id is None or ctx.reader is None:
        return None
    async with ctx.reader() as session:
        return await order_page(session, ctx, order_id)


async def order_page(session: Any, ctx: Any, order_id: UUID) -> Page | None:
    """Return the page of one order, for a look and for a form that is shown again."""
    facts = await find_order(session, ctx.tenant_id, order_id)
    if facts is None:
        return None
    remedies = _remedy_words()
    for parcel in facts.parcels:
        parcel["status_words"] = STATUS_WORDS[parcel["status"]]
        parcel["tone"] = _TONES.get(parcel["status"], "neutral")
        for event in parcel["events"]:
            event["words"] = STATUS_WORDS[event["kind"]]
        for trouble in parcel["troubles"]:
            trouble["words"] = TROUBLE_WORDS[trouble["kind"]]
            trouble["remedy_words"] = remedies.get(trouble["remedy"] or "")
            trouble["choices"] = [(one, remedies[one]) for one in REMEDIES[trouble["kind"]]]
    mine = str(ctx.actor.id)
    for one in facts.settlements:
        one["mine"] = one["asked_by"] == mine
    data = {
        "order": facts.order,
        "parcels": list(facts.parcels),
        "settlements": list(facts.settlements),
        "limit_fen": limit_of(ctx.actor.roles, ctx.settings),
        "may_approve": may(ctx.actor, "approve"),
        "may_advice": may(ctx.actor, "advice"),
    }
    number = facts.order["number"]
    return Page(template="supplements:order.html", title=both(f"订单 {number}", f"Order {number}"), data=data)


async def _events(ctx: Context, request: PageRequest) -> Page:
    del ctx, request
    return events_page()


def events_page(bad: list[dict[str, Any]] | None = None) -> Page:
    """The page that takes a carrier's list."""
    data = {"bad": bad or [], "statuses": list(STATUS_WORDS.items())[1:]}
    return Page(template="supplements:events.html", title=both("导入物流动态", "Import carrier events"), data=data)


async def _calculator(ctx: Context, request: PageRequest) -> Page:
    settings = ctx.settings
    years, months = whole(_asked(request, "years"), 0, 120), whole(_asked(request, "months"), 0, 11)
    diet, other = _asked(request, "diet"), _asked(request, "other")
    special: frozenset[Special] = frozenset(one for one in _SPECIAL if _asked(request, one))
    table = TABLES[settings.calcium_table]
    data: dict[str, Any] = {
        "typed": {name: _asked(request, name) for name in ("years", "months", "sex", "diet", "other", *_SPECIAL)},
        "diet_mg": DIET_MG,
        "diet_source": DIET_SOURCE,
        "product_mg": settings.product_daily_mg,
        "table": {"id": table.id, "source": table.source},
        "rows": [{"words": row_words(row), "value": row.value, "kind": row.kind, "ul": row.ul} for row in table.rows],
        "medicine": NOT_A_MEDICINE,
        "answer": None,
        "wrong": [],
    }
    asked = bool(_asked(request, "years") or _asked(request, "months"))
    if asked:
        diet_mg = DIET_MG if not diet else whole(diet, 0, 10_000)
        other_mg = 0 if not other else whole(other, 0, 10_000)
        if (years is None and months is None) or diet_mg is None or other_mg is None:
            data["wrong"] = [
                both(
                    "请填整数：年龄 0–120 岁，月龄 0–11，毫克 0–10000",
                    "Whole numbers please: 0 to 120 years, 0 to 11 months, 0 to 10000 mg",
                )
            ]
        else:
            person = Person(
                months=(years or 0) * MONTHS + (months or 0),
                sex=_SEXES.get(_asked(request, "sex"), "unknown"),
                special=special,
            )
            advice = reckon(
                table,
                person,
                diet_mg=diet_mg,
                other_mg=other_mg,
                product_mg=settings.product_daily_mg,
                adult_age=settings.adult_age,
            )
            data["answer"] = {
                "words": result_words(advice),
                "basis": basis_words(advice),
                "adviser": advice.dose is None,
                "dose": advice.dose,
            }
    return Page(template="supplements:calculator.html", title=both("补钙计算器", "Calcium calculator"), data=data)


async def _guide(ctx: Context, request: PageRequest) -> Page:
    del request
    table = TABLES[ctx.settings.calcium_table]
    young = [row for row in table.rows if row.first < 4 * MONTHS]
    rows = [{"words": row_words(row), "value": row.value, "kind": row.kind, "ul": row.ul} for row in young]
    data = {"rows": rows, "table": {"id": table.id, "source": table.source}, "medicine": NOT_A_MEDICINE}
    return Page(template="supplements:guide.html", title=both("辅食补钙指南", "Calcium with first foods"), data=data)


async def _readings(ctx: Context, request: PageRequest) -> Page | None:
    customer = read_id(request.path["customer"])
    if customer is None or ctx.reader is None:
        return None
    async with ctx.reader() as session:
        return await readings_page(session, ctx, customer, read_id(_asked(request, "subject")))


async def readings_page(
    session: Any, ctx: Any, customer: UUID, subject: UUID | None, bad: list[dict[str, Any]] | None = None
) -> Page:
    """One person's readings (a member of the family, or the customer): a plot for each kind, and the form to add some."""
    rows = await list_readings(session, ctx.tenant_id, customer, subject)
    plots = []
    for kind, (label, unit, _, _) in KINDS.items():
        mine = [row for row in rows if row.kind == kind]
        points = [(row.measured_at.isoformat(), row.value, row.device) for row in mine]
        change = round(mine[-1].value - mine[0].value, 2) if len(mine) > 1 else None
        plots.append({"kind": kind, "label": label, "unit": unit, "points": points, "change": change})
    data = {
        "customer": str(customer),
        "subject": str(subject) if subject else "",
        "plots": plots,
        "bad": bad or [],
        "any": bool(rows),
    }
    return Page(template="supplements:readings.html", title=both("设备读数", "Readings of devices"), data=data)


async def _reach(ctx: Context, request: PageRequest) -> Page:
    del request
    assert ctx.reader is not None
    async with ctx.reader() as session:
        months = await reach_by_month(session, ctx.tenant_id, now=ctx.now)
    rows = [(month, [percent(reached, due)]) for month, due, reached in months]
    due, reached = sum(one[1] for one in months), sum(one[2] for one in months)
    data = {
        "rows": rows,
        "percent": percent(reached, due),
        "due": due,
        "reached": reached,
        "target": TARGET_PERCENT,
        "trade": TRADE_PERCENT,
        "days": "、".join(ctx.settings.effect_days)
        if ctx.locale.startswith("zh")
        else ", ".join(ctx.settings.effect_days),
    }
    title = both("效果跟踪到达率", "Reach of the effect questionnaire")
    return Page(template="supplements:reach.html", title=title, data=data)


_PAGES: dict[str, Callable[[Context, PageRequest], Awaitable[Page | None]]] = {
    "home": _orders,
    "orders": _orders,
    "new_order": _new_order,
    "order": _order,
    "events": _events,
    "calculator": _calculator,
    "guide": _guide,
    "readings": _readings,
    "reach": _reach,
}
