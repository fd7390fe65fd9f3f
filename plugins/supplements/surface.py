"""The shop's own rights, addresses, lines in the menu and work by the clock."""

from plugins.api import Job, NavItem, Permission, Route, Text, both, hookimpl

_ORDERS, _ADVICE = both("订单与物流", "Orders and parcels"), both("补钙计算器", "Calcium calculator")
_REACH, _GUIDE = (
    both("效果跟踪到达率", "Reach of the effect questionnaire"),
    both("辅食补钙指南", "Calcium with first foods"),
)
_READINGS, _EVENTS = both("设备读数", "Readings of devices"), both("导入物流动态", "Import carrier events")


@hookimpl
def permissions() -> tuple[Permission, ...]:
    """Who works on orders, who decides above an agent's limit, who advises."""
    desk = ("front_desk", "service_supervisor", "team_leader")
    return (
        Permission(id="orders", label=both("处理订单、包裹与补偿", "Work on orders, parcels and refunds"), roles=desk),
        Permission(
            id="approve",
            label=both("审批超过客服额度的退款和补发", "Decide refunds and resends above an agent's limit"),
            roles=("service_supervisor", "team_leader"),
        ),
        Permission(
            id="advice",
            label=both("使用计算器、查看设备读数和到达率", "Use the calculator, see readings and the reach rate"),
            roles=(*desk, "doctor", "senior_doctor"),
        ),
    )


def _route(local: str, path: str, label: Text, permission: str = "orders") -> Route:
    return Route(id=local, path=path, permission=permission, label=label)


def _post(local: str, path: str, label: Text, permission: str = "orders") -> Route:
    return Route(id=local, path=path, method="POST", permission=permission, label=label)


@hookimpl
def routes() -> tuple[Route, ...]:
    """Pages first, then what is done on them."""
    return (
        _route("home", "", _ORDERS),
        _route("orders", "orders", _ORDERS),
        _route("new_order", "orders/new", both("登记订单", "Enter an order")),
        _route("order", "orders/{order}", _ORDERS),
        _route("events", "events", _EVENTS),
        _route("calculator", "calculator", _ADVICE, "advice"),
        _route("guide", "guide", _GUIDE, "advice"),
        _route("readings", "readings/{customer}", _READINGS, "advice"),
        _route("reach", "reach", _REACH, "advice"),
        _post("add_order", "orders/new", both("登记订单", "Enter an order")),
        _post("send", "orders/{order}/parcels", both("登记运单", "Enter a parcel")),
        _post("remedy", "orders/{order}/remedy", both("处理物流异常", "Settle trouble with a parcel")),
        _post("settle", "orders/{order}/settle", both("退款或补发", "Refund or resend")),
        _post("decide", "orders/{order}/decide", both("审批", "Decide"), "approve"),
        _post("take_events", "events", _EVENTS),
        _post("add_readings", "readings/{customer}", _READINGS, "advice"),
    )


@hookimpl
def nav_items() -> tuple[NavItem, ...]:
    """Three lines; the rest is reached from them."""
    return (
        NavItem(id="orders", route="orders", label=_ORDERS, icon="package", rank=30),
        NavItem(id="calculator", route="calculator", label=_ADVICE, icon="calculator", rank=31),
        NavItem(id="reach", route="reach", label=_REACH, icon="chart-line", rank=32),
    )


@hookimpl
def jobs() -> tuple[Job, ...]:
    """Parcels every quarter of an hour, questionnaires once a day."""
    return (
        Job(id="troubles", label=both("查找物流异常", "Look for trouble with parcels"), every_minutes=15),
        Job(id="effect", label=both("发送效果问卷", "Send the effect questionnaires"), at="09:30"),
    )
