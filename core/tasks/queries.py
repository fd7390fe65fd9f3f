"""Reads general tasks: pages of what is open, whose, and what was ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, false, func, or_, select, tuple_

from core.asked import Asked
from core.counts import Counter
from core.customers.models import Customer
from core.db import one_of, table_of
from core.errors import NotFound
from core.scope import Actor
from core.tasks.models import GeneralTask
from core.tasks.rules import SEES_ALL, Whose, is_mine
from core.uow import Reader

_T, _C = table_of(GeneralTask), table_of(Customer)
View = Literal["mine", "open", "done"]
PAGE = 30


class TaskLine(msgspec.Struct, frozen=True, kw_only=True):
    """One task as lists show it."""

    task_id: UUID
    plugin: str
    key: str
    title: dict[str, Any]
    role: str
    staff_id: UUID | None
    customer_id: UUID | None
    complaint_id: UUID | None
    page: str
    remedies: list[str]
    due_at: datetime
    state: str
    note: dict[str, Any]
    opened_at: datetime
    ended_by_name: str
    ended_at: datetime | None
    customer_name: str | None

    @property
    def whose(self) -> Whose:
        """Of a role or a person."""
        return Whose(self.role, self.staff_id)


class TaskPage(msgspec.Struct, frozen=True):
    """A page of tasks, and where the next one begins."""

    lines: tuple[TaskLine, ...]
    next: tuple[datetime, UUID] | None = None


_NAMES = tuple(name for name in TaskLine.__struct_fields__ if name != "customer_name")


def _query() -> Select[Any]:
    return (
        select(*(_T.c[name] for name in _NAMES), _C.c.full_name)
        .select_from(_T)
        .join(_C, and_(_C.c.tenant_id == _T.c.tenant_id, _C.c.customer_id == _T.c.customer_id), isouter=True)
    )


def _line(row: Sequence[Any]) -> TaskLine:
    return TaskLine(**dict(zip((*_NAMES, "customer_name"), row, strict=True)))


def _mine(actor: Actor | Any, roles: Sequence[str]) -> Any:
    by_role = one_of(_T.c.role, sorted(roles)) if roles else false()
    return or_(_T.c.staff_id == actor.id, by_role)


async def list_tasks(
    reader: Reader,
    *,
    view: View,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
    customer_id: UUID | None = None,
    complaint_id: UUID | None = None,
) -> TaskPage:
    """Return a page: what is open in the order in which it is due (so what is overdue comes first), what ended newest first.

    Who may not see customers gets their own tasks in every view.
    """
    query = _query().where(_T.c.tenant_id == reader.tenant_id)
    if view == "mine" or not reader.actor.may(SEES_ALL):
        query = query.where(_mine(reader.actor, sorted(reader.actor.roles)))
    if customer_id is not None:
        query = query.where(_T.c.customer_id == customer_id)
    if complaint_id is not None:
        query = query.where(_T.c.complaint_id == complaint_id)
    if view == "done":
        place = tuple_(_T.c.ended_at, _T.c.task_id)
        query = query.where(_T.c.state != "open").order_by(_T.c.ended_at.desc(), _T.c.task_id.desc())
        query = query if after is None else query.where(place < tuple_(*after))
    else:
        place = tuple_(_T.c.due_at, _T.c.task_id)
        query = query.where(_T.c.state == "open").order_by(_T.c.due_at, _T.c.task_id)
        query = query if after is None else query.where(place > tuple_(*after))
    rows = (await reader.session.execute(query.limit(limit + 1))).all()
    lines = tuple(_line(row) for row in rows[:limit])
    if len(rows) <= limit:
        return TaskPage(lines)
    last = lines[-1]
    return TaskPage(lines, (last.ended_at if view == "done" and last.ended_at else last.due_at, last.task_id))


async def get_task(reader: Reader, task_id: UUID) -> TaskLine:
    """Return one task; raise NotFound when there is none, or it is not for the reader's eyes."""
    row = (
        await reader.session.execute(_query().where(_T.c.tenant_id == reader.tenant_id, _T.c.task_id == task_id))
    ).first()
    found = _line(tuple(row)) if row is not None else None
    actor = reader.actor
    if found is None or not (actor.may(SEES_ALL) or is_mine(found.whose, staff_id=actor.id, roles=actor.roles)):
        raise NotFound("no such task")
    return found


async def list_open_keys(reader: Reader, *, plugin: str) -> frozenset[str]:
    """Return the keys of a plugin's tasks that are open."""
    rows = await reader.session.scalars(
        select(_T.c.key).where(_T.c.tenant_id == reader.tenant_id, _T.c.plugin == plugin, _T.c.state == "open")
    )
    return frozenset(rows)


@Counter
def count_my_tasks(asked: Asked) -> Select[int]:
    """Return how many open tasks are the reader's, by name or by role."""
    mine = _mine(asked.actor, sorted(asked.actor.roles))
    return select(func.count()).select_from(_T).where(_T.c.tenant_id == asked.tenant_id, _T.c.state == "open", mine)
