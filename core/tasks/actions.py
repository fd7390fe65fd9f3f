"""Opens general tasks for plugins and ends them, by a person or by the plugin that opened them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from core.hooks.records.text import Text
from core.tasks.models import GeneralTask
from core.tasks.queries import TaskLine, get_task
from core.tasks.rules import ENDS_ALL, MAX_NOTE, in_languages, may_end
from core.uow import UnitOfWork

_T = table_of(GeneralTask)
TOPIC = "tasks"


class GeneralTaskEnded(Conflict):
    """The task was ended meanwhile; `who` says by whom."""

    code = "task-ended"


class TaskOpenAgain(Conflict):
    """The plugin has opened the same task once more, so the old one stays ended."""

    code = "task-open-again"


async def open_task(
    uow: UnitOfWork,
    *,
    plugin: str,
    key: str,
    title: Text,
    due_at: datetime,
    role: str = "",
    staff_id: UUID | None = None,
    customer_id: UUID | None = None,
    complaint_id: UUID | None = None,
    page: str = "",
    remedies: tuple[str, ...] = (),
) -> UUID | None:
    """Open a task of a plugin; None when one with this key is open, which stays as it is. Ids are checked by the caller."""
    task_id = new_id()
    values = {
        "tenant_id": uow.tenant_id,
        "task_id": task_id,
        "plugin": plugin,
        "key": key,
        "title": in_languages(title),
        "role": role,
        "staff_id": staff_id,
        "customer_id": customer_id,
        "complaint_id": complaint_id,
        "page": page,
        "remedies": list(remedies),
        "due_at": due_at,
        "state": "open",
        "note": {},
        "opened_at": uow.now,
        "ended_by_name": "",
    }
    once = (
        insert(_T)
        .values(values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "plugin", "key"], index_where=text("state = 'open'"))
        .returning(_T.c.task_id)
    )
    opened: UUID | None = await uow.session.scalar(once)
    if opened is not None:
        uow.publish(TOPIC, {"task_id": str(task_id)})
    return opened


async def close_task(uow: UnitOfWork, *, plugin: str, key: str, note: Text = "", by: str = "") -> bool:
    """Let a plugin say that its task is done or no longer needed; False when none with this key is open."""
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.plugin == plugin, _T.c.key == key, _T.c.state == "open")
    said = in_languages(note) if note else {}
    changes = {"state": "done", "note": said, "ended_by_name": by, "ended_at": uow.now}
    closed = await uow.session.scalar(update(_T).where(*mine).values(changes).returning(_T.c.task_id))
    if closed is not None:
        uow.publish(TOPIC, {"task_id": str(closed)})
    return closed is not None


async def drop_tasks_of(uow: UnitOfWork, *, plugin: str, note: Text) -> int:
    """End every open task of a plugin that is being removed, with the reason; return how many there were."""
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.plugin == plugin, _T.c.state == "open")
    changes = {"state": "dropped", "note": in_languages(note), "ended_by_name": uow.actor.name, "ended_at": uow.now}
    gone = await uow.session.execute(update(_T).where(*mine).values(changes).returning(_T.c.task_id))
    count = len(gone.all())
    if count:
        uow.publish(TOPIC, {"plugin": plugin})
    return count


async def end_task(uow: UnitOfWork, *, task_id: UUID, state: Literal["done", "dropped"], note: str = "") -> TaskLine:
    """Say that a task is done, or not needed any more, and why.

    Raises:
        NotFound: no such task, or not for the actor's eyes.
        Forbidden: somebody else's.
        GeneralTaskEnded: it was ended meanwhile.
        InvalidInput: too many words, or none where a task is dropped.
    """
    task = await _locked(uow, task_id)
    words = note.strip()
    if state == "dropped" and not words:
        raise InvalidInput((FieldProblem("note", "required"),))
    if len(words) > MAX_NOTE:
        raise InvalidInput((FieldProblem("note", "too-long", {"max": MAX_NOTE}),))
    if task.state != "open":
        raise GeneralTaskEnded(state=task.state, who=task.ended_by_name)
    said = in_languages(words) if words else {}
    await _set(uow, task_id, state=state, note=said, ended_by_name=uow.actor.name, ended_at=uow.now)
    uow.audit(f"task.{state}", "task", task_id, {"plugin": task.plugin, "key": task.key})
    return task


async def reopen_task(uow: UnitOfWork, *, task_id: UUID) -> TaskLine:
    """Take back that a task was ended.

    Raises:
        NotFound, Forbidden: as for ending it.
        TaskOpenAgain: the plugin has opened the same one meanwhile.
    """
    task = await _locked(uow, task_id)
    if task.state == "open":
        return task
    same = (_T.c.tenant_id == uow.tenant_id, _T.c.plugin == task.plugin, _T.c.key == task.key, _T.c.state == "open")
    if await uow.session.scalar(select(_T.c.task_id).where(*same).limit(1)) is not None:
        raise TaskOpenAgain(key=task.key)
    await _set(uow, task_id, state="open", note={}, ended_by_name="", ended_at=None)
    uow.audit("task.reopen", "task", task_id, {"plugin": task.plugin, "key": task.key})
    return task


async def _locked(uow: UnitOfWork, task_id: UUID) -> TaskLine:
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.task_id == task_id)
    await uow.session.execute(select(_T.c.task_id).where(*mine).with_for_update())
    task = await get_task(uow, task_id)
    actor = uow.actor
    if actor.kind != "system" and not may_end(
        task.whose, staff_id=actor.id, roles=actor.roles, permissions=actor.permissions
    ):
        raise Forbidden(permission=ENDS_ALL)
    return task


async def _set(uow: UnitOfWork, task_id: UUID, **values: Any) -> None:
    await uow.session.execute(
        update(_T).where(_T.c.tenant_id == uow.tenant_id, _T.c.task_id == task_id).values(**values)
    )
    uow.publish(TOPIC, {"task_id": str(task_id)})
