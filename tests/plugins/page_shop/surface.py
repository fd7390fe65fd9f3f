"""Rights, addresses, menu, remedies and a form of the sample shop."""

from plugins.api import (
    Form,
    NavItem,
    Permission,
    RemedyOffer,
    Route,
    TextField,
    both,
    hookimpl,
)


@hookimpl
def permissions() -> tuple[Permission, ...]:
    """The desk may; nobody else but those who always may."""
    return (Permission(id="orders", label=both("处理订单", "Work on orders"), roles=("front_desk",)),)


@hookimpl
def routes() -> tuple[Route, ...]:
    """A list, an order, and what is done with it."""
    label = both("订单", "Orders")
    get = {"orders": "", "order": "orders/{order}", "new": "orders/new", "broken": "broken", "thief": "thief"}
    post = {"resend": "orders/{order}/resend", "add": "orders"}
    return (
        *(Route(id=one, path=path, permission="orders", label=label) for one, path in get.items()),
        *(Route(id=one, path=path, method="POST", permission="orders", label=label) for one, path in post.items()),
    )


@hookimpl
def nav_items() -> tuple[NavItem, ...]:
    """One line, with an icon that does not exist."""
    return (
        NavItem(id="orders", route="orders", label=both("样例订单", "Sample orders"), icon="no-such-icon", rank=40),
    )


@hookimpl
def complaint_remedies() -> tuple[RemedyOffer, ...]:
    """A new parcel."""
    return (RemedyOffer(id="parcel", kind="gift", label=both("再寄一件", "Another parcel"), cost_fen=0),)


@hookimpl
def intake_forms() -> tuple[Form, ...]:
    """A short form."""
    field = TextField(key="wish", label=both("需求", "Wish"))
    return (Form(id="wishes", title=both("需求表", "Wishes"), fields=(field,)),)
