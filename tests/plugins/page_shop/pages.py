"""Pages of the sample shop: each order number tells the plugin how to behave."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from plugins.api import (
    CloseTask,
    CustomerFacts,
    DecideContext,
    FormProblem,
    OpenTask,
    Outcome,
    Page,
    PageRequest,
    Panel,
    PanelRow,
    ReactContext,
    RecordEvent,
    SendForm,
    both,
    hookimpl,
)


def _page(order: str) -> Page:
    return Page(template="pageshop:order.html", title=both("订单", "Order"), data={"order": order, "status": "<late>"})


@hookimpl
async def show_page(ctx: DecideContext[Any], request: PageRequest) -> Page | None:
    """Orders beginning with 0 do not exist."""
    if request.route == "orders":
        rows = [{"number": "4711", "tone": "warning", "at": ctx.now, "day": ctx.now.date()}]
        data = {"rows": rows, "asked": request.query.get("q", [""])[0]}
        return Page(template="pageshop:orders.html", title=both("订单列表", "All orders"), data=data)
    if request.route == "broken":
        return Page(template="pageshop:broken.html", title="x")
    if request.route == "thief":
        return Page(template="petclinic:panel.html", title="x")
    order = request.path.get("order", "")
    return None if order.startswith("0") else _page(order or "new")


@hookimpl
async def panels(ctx: DecideContext[Any], place: str, record: CustomerFacts) -> tuple[Panel, ...]:
    """Say what the database answers to somebody who only reads."""
    del place
    assert ctx.reader is not None
    async with ctx.reader() as session:
        mode = await session.scalar(text("SHOW transaction_read_only"))
    row = PanelRow(label=record.full_name, value=f"read only {mode}")
    return (Panel(id="orders", title=both("订单", "Orders"), rows=(row,)),)


@hookimpl
async def act_on_page(ctx: ReactContext[Any], request: PageRequest) -> Outcome | None:
    """Resend an order; the form says for whom."""
    order = request.path.get("order", "")
    if not request.field("reason"):
        problem = FormProblem(field="reason", code="required", text=both("请写明原因", "Say why"))
        return Outcome(problems=(problem,), again=_page(order))
    if request.field("reason") == "fault":
        raise RuntimeError("a customer's words")
    if request.field("reason") == "commit":
        await ctx.session.commit()
    if request.field("reason") == "astray":
        return Outcome(go_to="https://elsewhere.example/")
    customer = UUID(request.field("customer"))
    async with ctx.session.begin_nested():  # its own savepoint is allowed
        await ctx.session.execute(text("SELECT 1"))
    opened = OpenTask(
        key=f"resend:{order}",
        title=both(f"补发 {order}", f"Resend {order}"),
        due=ctx.now + timedelta(hours=2),
        role=request.field("role", "front_desk"),
        customer_id=customer,
        page=f"orders/{order}",
        remedies=("parcel",),
    )
    told = RecordEvent(customer_id=customer, kind="resent", text=both("已补发", "Sent again"), data={"order": order})
    if request.field("reason") == "close":
        return Outcome(go_to="", effects=(CloseTask(key=f"resend:{order}", note=both("已签收", "Arrived")),))
    more = (SendForm(form=request.field("form"), customer_id=customer),) if request.field("form") else ()
    toast = both("已安排补发", "It will be sent again")
    return Outcome(go_to=f"orders/{order}?tab=history", toast=toast, effects=(opened, told, *more))
