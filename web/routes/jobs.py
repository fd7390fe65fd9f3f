"""Work that was given up: why, and how to run it again or leave it."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput, NotFound
from core.outbox.actions import discard_dead, retry_all_dead, retry_dead
from core.outbox.queries import count_dead, list_dead
from core.uow import Reader, UnitOfWork
from web.i18n import N_, gettext, ngettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires

_MANAGE = requires("jobs.manage")
PAGE_ROWS = 30

# What each kind of work is to the people who read this page; a name that is not here is shown as it is.
TASKS = {
    "complaints.clock": N_("Deadline of a complaint"),
    "imports.check": N_("Check of an import"),
    "imports.run": N_("Import of customers"),
    "imports.undo": N_("Undoing an import"),
    "plugins.on_event": N_("Telling plugins what happened"),
    "plugins.hear": N_("A plugin's own work"),
    "plugins.job": N_("A plugin's work by the clock"),
    "plugins.switch": N_("Preparing a plugin, or winding it up"),
    "plugins.schedule": N_("Planning the work of plugins"),
    "sign_ins.purge": N_("Clearing old sign-ins"),
    "forms.purge_drafts": N_("Clearing old drafts"),
    "files.purge": N_("Erasing files whose time is over"),
    "outbox.purge": N_("Clearing finished work"),
    "case_reports.remind": N_("Asking after a report that was not opened"),
    "staff_records.purge": N_("Erasing staff records whose time is over"),
    "api.purge_answers": N_("Clearing answers of the API"),
    "webhooks.deliver": N_("Message to a webhook"),
    "webhooks.purge": N_("Clearing the log of webhooks"),
    "schedule.start": N_("First schedule of this organisation"),
}

add_entry(
    Entry(
        id="jobs",
        label=N_("Failed work"),
        icon="refresh-cw-off",
        path="/jobs",
        permission="jobs.manage",
        group="manage",
        rank=300,
        badges=(count_dead,),
        urgent=True,
    )
)


class Discard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The word that was typed."""

    confirm: str


def discard_word() -> str:
    """Return the word to type, in the reader's language."""
    return gettext("discard")


def task_name(task: str) -> str:
    """Return what the work is, in the reader's language."""
    return gettext(TASKS[task]) if task in TASKS else task


def _cursor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


@get("/t/{slug:str}/jobs", guards=[_MANAGE])
async def show_jobs(
    request: WebRequest, reader: NamedDependency[Reader], before: FromQuery[str | None] = None
) -> Response[Any]:
    rows = await list_dead(reader, before=_cursor(before), limit=PAGE_ROWS + 1)
    root = tenant_path(request, "/jobs")
    more = f"{root}?before={rows[PAGE_ROWS - 1].outbox_id}" if len(rows) > PAGE_ROWS else None
    return await show(
        request,
        "pages/jobs/list.html",
        rows=rows[:PAGE_ROWS],
        total=await count_dead(reader),
        more=more,
        root=root,
        task_name=task_name,
        word=discard_word(),
    )


@post("/t/{slug:str}/jobs/retry", guards=[_MANAGE])
async def retry_all(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    count = await retry_all_dead(uow)
    text = ngettext("%(n)s piece of work runs again", "%(n)s pieces of work run again", count) % {"n": count}
    return go_to(request, tenant_path(request, "/jobs"), toast=Toast(text=text))


@post("/t/{slug:str}/jobs/{job:uuid}/retry", guards=[_MANAGE])
async def retry_one(request: WebRequest, uow: NamedDependency[UnitOfWork], job: FromPath[UUID]) -> Response[Any]:
    await retry_dead(uow, job)
    return go_to(request, tenant_path(request, "/jobs"), toast=Toast(text=gettext("It runs again now")))


@post("/t/{slug:str}/jobs/{job:uuid}/discard", guards=[_MANAGE])
async def discard_one(request: WebRequest, uow: NamedDependency[UnitOfWork], job: FromPath[UUID]) -> Response[Any]:
    typed = await request.read(Discard)
    if typed.confirm.strip() != discard_word():
        raise InvalidInput((FieldProblem("confirm", "not-confirmed", {"word": discard_word()}),))
    await discard_dead(uow, job)
    toast = Toast(text=gettext("It was given up; the audit log keeps what it was"), state="info")
    return go_to(request, tenant_path(request, "/jobs"), toast=toast)


routes = [show_jobs, retry_all, retry_one, discard_one]
