"""The cards of what plugins ask people to do about one customer, or about one complaint, on the pages of these."""

from typing import Any, Final
from uuid import UUID

from core.complaints.queries.cases import ComplaintDetail
from core.customers.queries import CustomerRecord
from core.tasks.queries import list_tasks
from core.uow import Reader
from tenants.staff import list_people
from web.case_sections import CaseSection, add_case_section
from web.customer_sections import CustomerSection, add_customer_section
from web.request import WebRequest
from web.screens import tenant_path
from web.views.tasks import task_items

SHOWN: Final = 10
_CARD: Final = "pages/tasks/_card.html"


async def _load(reader: Reader, *, customer_id: UUID | None = None, complaint_id: UUID | None = None) -> Any:
    found = await list_tasks(reader, view="open", customer_id=customer_id, complaint_id=complaint_id, limit=SHOWN)
    if not found.lines:
        return None
    named = any(line.staff_id for line in found.lines)
    names = {one.staff_id: one.full_name for one in await list_people(reader)} if named else {}
    return {"tasks": task_items(reader, found.lines, names), "more": found.next is not None}


async def _of_customer(reader: Reader, record: CustomerRecord) -> Any:
    return await _load(reader, customer_id=record.customer_id)


async def _of_case(reader: Reader, case: ComplaintDetail) -> Any:
    return await _load(reader, complaint_id=case.complaint_id)


def _present(request: WebRequest, data: dict[str, Any]) -> dict[str, Any]:
    return data | {"root": tenant_path(request)}


add_customer_section(
    CustomerSection(
        id="general-tasks", template=_CARD, load=_of_customer, permission="customers.read", rank=5, present=_present
    )
)
add_case_section(
    CaseSection(
        id="general-tasks", template=_CARD, load=_of_case, permission="complaints.read", rank=5, present=_present
    )
)
