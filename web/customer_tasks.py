"""The customer page's card of what plugins ask people to do about this customer."""

from typing import Any

from core.customers.queries import CustomerRecord
from core.tasks.queries import list_tasks
from core.uow import Reader
from tenants.staff import list_people
from web.customer_sections import CustomerSection, add_customer_section
from web.request import WebRequest
from web.screens import tenant_path
from web.views.tasks import task_items

SHOWN = 10


async def _load(reader: Reader, record: CustomerRecord) -> Any:
    found = await list_tasks(reader, view="open", customer_id=record.customer_id, limit=SHOWN)
    if not found.lines:
        return None
    named = any(line.staff_id for line in found.lines)
    names = {one.staff_id: one.full_name for one in await list_people(reader)} if named else {}
    return {"tasks": task_items(reader, found.lines, names), "more": found.next is not None}


def _present(request: WebRequest, data: dict[str, Any]) -> dict[str, Any]:
    return data | {"root": tenant_path(request)}


add_customer_section(
    CustomerSection(
        id="tasks",
        template="pages/customers/_tasks.html",
        load=_load,
        permission="customers.read",
        place="side",
        rank=5,
        present=_present,
    )
)
