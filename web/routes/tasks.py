"""Tasks that plugins opened: mine, everybody's, what was ended; each is done, dropped with a reason, or opened again."""

from typing import Any, Final, cast
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import InvalidInput
from core.tasks.actions import end_task, reopen_task
from core.tasks.queries import TaskLine, View, count_my_tasks, list_tasks
from core.tasks.rules import SEES_ALL, may_end
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web import task_cards  # noqa: F401 - registers the cards of other pages
from web.cursors import pack_cursor, read_moment_cursor
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.tasks import task_items

PATH: Final = "/t/{slug:str}/tasks"
ONE: Final = PATH + "/{general_task_id:uuid}"
_SIGNED_IN = requires()
VIEWS: Final = {"mine": N_("Mine"), "open": N_("All open"), "done": N_("Done or dropped")}

add_entry(Entry(id="tasks", label=N_("Tasks"), icon="list-checks", path="/tasks", rank=15, badges=(count_my_tasks,)))


class Dropped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a task is not needed."""

    note: str = ""
    back: str = ""


class Ended(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the button was pressed."""

    back: str = ""


def _view(text: str) -> View:
    return cast("View", text) if text in VIEWS else "mine"


async def _show(
    request: WebRequest,
    reader: Reader,
    view: View,
    *,
    after: str = "",
    status: int = 200,
    wrong: UUID | None = None,
    errors: dict[str, str] | None = None,
    typed: str = "",
) -> Response[Any]:
    found = await list_tasks(reader, view=view, after=read_moment_cursor(after))
    names = {one.staff_id: one.full_name for one in await list_people(reader)}
    more = f"?view={view}&after={pack_cursor(found.next[0].isoformat(), found.next[1])}" if found.next else None
    actor = reader.actor
    return await show(
        request,
        "pages/tasks/list.html",
        status=status,
        view=view,
        views=[(key, gettext(words)) for key, words in VIEWS.items()],
        sees_all=actor.may(SEES_ALL),
        items=task_items(reader, found.lines, names),
        may_end={
            one.task_id: may_end(one.whose, staff_id=actor.id, roles=actor.roles, permissions=actor.permissions)
            for one in found.lines
        },
        more=more,
        wrong=wrong,
        errors=errors or {},
        typed=typed,
        root=tenant_path(request),
        public=request.runtime.settings.public_url,
    )


@get(PATH, guards=[_SIGNED_IN])
async def show_tasks(
    request: WebRequest, reader: NamedDependency[Reader], view: FromQuery[str] = "mine", after: FromQuery[str] = ""
) -> Response[Any]:
    return await _show(request, reader, _view(view), after=after)


def _back(request: WebRequest, task: TaskLine, text: str, back: str) -> Response[Any]:
    undo = tenant_path(request, f"/tasks/{task.task_id}/open")
    return go_to(request, tenant_path(request, f"/tasks?view={_view(back)}"), toast=Toast(text=text, undo_action=undo))


@post(f"{ONE}/done", guards=[_SIGNED_IN])
async def do_end(
    request: WebRequest, uow: NamedDependency[UnitOfWork], general_task_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Ended)
    task = await end_task(uow, task_id=general_task_id, state="done")
    return _back(request, task, gettext("The task is done"), form.back)


@post(f"{ONE}/dropped", guards=[_SIGNED_IN])
async def do_drop(
    request: WebRequest, uow: NamedDependency[UnitOfWork], general_task_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Dropped)
    try:
        task = await end_task(uow, task_id=general_task_id, state="dropped", note=form.note)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        again = await _show(
            request, uow, _view(form.back), status=422, wrong=general_task_id, errors=errors, typed=form.note
        )
        raise Refused(again) from error
    return _back(request, task, gettext("The task is not needed any more"), form.back)


@post(f"{ONE}/open", guards=[_SIGNED_IN])
async def do_reopen(
    request: WebRequest, uow: NamedDependency[UnitOfWork], general_task_id: FromPath[UUID]
) -> Response[Any]:
    await reopen_task(uow, task_id=general_task_id)
    return go_to(request, tenant_path(request, "/tasks?view=open"), toast=Toast(text=gettext("The task is open again")))


routes = [show_tasks, do_end, do_drop, do_reopen]
