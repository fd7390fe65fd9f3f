"""The inbox: whom the clocks told what; reading a line acknowledges it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency

from core.casework.queries import count_overdue_tasks, list_my_tasks
from core.complaints.actions.handling import read_notices
from core.complaints.actions.sharing import find_drift, read_drift
from core.complaints.kept import read_policies
from core.complaints.queries.cases import count_unread, list_notices
from core.uow import Reader, UnitOfWork
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaints import Note, notes_of
from web.views.shares import drift_lines

PATH: Final = "/t/{slug:str}/inbox"


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line, or all of them."""

    notice_id: UUID | None = None


async def _notes(reader: Reader) -> Sequence[Note]:
    if reader.actor.id is None:
        return ()
    rows = await list_notices(reader, staff_id=reader.actor.id)
    return notes_of(rows, await read_policies(reader.session, {row.policy_version for row in rows}))


add_entry(
    Entry(
        id="inbox",
        label=N_("Inbox"),
        icon="inbox",
        path="/inbox",
        permission="complaints.read",
        rank=10,
        badges=(count_unread, count_overdue_tasks),
    )
)


@get(PATH, guards=[requires("complaints.read")])
async def show_inbox(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    root = tenant_path(request)
    drift = await find_drift(reader, staff_id=reader.actor.id) if reader.actor.id is not None else None
    lines = drift_lines(drift.shares) if drift is not None else []
    tasks = await list_my_tasks(reader, staff_id=reader.actor.id) if reader.actor.id is not None else []
    return await show(
        request, "pages/inbox/inbox.html", notes=await _notes(reader), tasks=tasks, drift=lines, root=root
    )


@post(f"{PATH}/read", guards=[requires("complaints.read")])
async def do_read(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Read)
    await read_notices(uow, notice_ids=None if form.notice_id is None else (form.notice_id,))
    if form.notice_id is None:
        await read_drift(uow)
    return go_to(request, tenant_path(request, "/inbox"), toast=Toast(text=gettext("Read")))


routes = [show_inbox, do_read]
