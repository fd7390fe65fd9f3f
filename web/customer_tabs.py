"""The tabs above the customers: the list, segments, and duplicates with how many wait for somebody to decide."""

from core.merges.queries import count_suspects
from core.uow import Reader
from web.i18n import gettext
from web.request import WebRequest
from web.screens import tenant_path


async def customer_tabs(request: WebRequest, reader: Reader, current: str) -> list[tuple[object, ...]]:
    """Return the tabs that this reader may open."""
    root = tenant_path(request, "/customers")
    tabs: list[tuple[object, ...]] = [
        (gettext("Customers"), root, current == "customers"),
        (gettext("Segments"), f"{root}/segments", current == "segments"),
    ]
    if reader.actor.may("customers.merge"):
        waiting = sum((await count_suspects(reader)).values())
        tabs.append((gettext("Duplicates"), f"{root}/duplicates", current == "duplicates", waiting))
    return tabs
