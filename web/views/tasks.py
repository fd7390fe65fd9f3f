"""General tasks in the reader's words: whose, until when, about whom, and where its page is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from core.hooks.specs.remedies import complaint_remedies
from core.tasks.queries import TaskLine
from core.uow import Reader
from web.i18n import localized
from web.role_texts import role_name


class TaskItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the page; `path` is below the tenant, `address` is a customer's own page."""

    task_id: UUID
    title: str
    plugin: str
    whose: str
    due_at: datetime
    opened_at: datetime
    overdue: bool
    state: str
    note: str
    ended_by: str
    ended_at: datetime | None
    customer_id: UUID | None
    customer: str
    complaint_id: UUID | None
    path: str
    address: str
    remedies: tuple[str, ...]


def task_items(reader: Reader, lines: Sequence[TaskLine], names: Mapping[UUID, str]) -> list[TaskItem]:
    """Return the lines; what leads to a page that the reader may not open, or to a plugin that is off, leads nowhere."""
    remedies = {one.value.id: localized(one.value.label) for one in reader.plugins.declared(complaint_remedies)}
    return [_item(reader, line, names, remedies) for line in lines]


def _item(reader: Reader, line: TaskLine, names: Mapping[UUID, str], remedies: Mapping[str, str]) -> TaskItem:
    on = reader.plugins.is_on(line.plugin)
    own = line.page if not line.page.startswith("/") else ""
    sees = reader.actor.may("customers.read")
    return TaskItem(
        task_id=line.task_id,
        title=localized(line.title),
        plugin=localized(reader.plugins.title_of(line.plugin)) if on else line.plugin,
        whose=role_name(line.role) if line.staff_id is None else names.get(line.staff_id, ""),
        due_at=line.due_at,
        opened_at=line.opened_at,
        overdue=line.state == "open" and line.due_at < reader.now,
        state=line.state,
        note=localized(line.note),
        ended_by=line.ended_by_name,
        ended_at=line.ended_at,
        customer_id=line.customer_id if sees else None,
        customer=(line.customer_name or "") if sees else "",
        complaint_id=line.complaint_id if reader.actor.may("complaints.read") else None,
        path=f"/x/{line.plugin}/{own}" if own and on else "",
        address=line.page if line.page.startswith("/") and reader.actor.may("forms.share") else "",
        remedies=tuple(remedies[one] for one in line.remedies if one in remedies),
    )
