"""What is written on a case's page: contacts, replies, tasks, macros; each refusal keeps the words that were typed."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.casework.actions import (
    CaseMoved,
    WordingDoubtful,
    add_task,
    complete_task,
    drop_task,
    log_call,
    reopen_task,
    send_reply,
    take_back_reply,
)
from core.casework.applying import apply_macro, remove_macro, save_macro, undo_macro
from core.casework.queries import get_values, list_macros, list_replies, list_scripts
from core.casework.rules.macros import MacroDraft
from core.complaints.actions.handling import ComplaintClosed
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.casework import VARIABLES
from core.policies.queries import get_policies
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.case_page import Kept, kept_of, show_case_page
from web.case_sections import CaseSection, add_case_section
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires

CASE: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}"
TASKS: Final = "/t/{slug:str}/case-tasks/{task_id:uuid}"
MACROS: Final = "/t/{slug:str}/macros"
_WRITE, _MANAGE = requires("complaints.write"), requires("complaints.manage")
BODY_LIMIT: Final = 64 * 1024
WAYS: Final = ("phone", "in_person")


class NewCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contact as it is logged."""

    way: str = "phone"
    direction: str = "out"
    number: str = ""
    minutes: str = ""
    reached: str = "yes"
    outcome: str = ""
    words: str = ""
    at: str = ""


class NewReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message, and why it goes as it is."""

    words: str = ""
    reason: str = ""
    urgent: str = ""
    seen: int | None = None
    macro: str = ""


class NewTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task as it is given."""

    words: str = ""
    assignee_id: str = ""
    due_at: str = ""
    milestone: str = ""


class MacroForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A macro of the tenant's own."""

    macro_id: str = ""
    name: str = ""
    words: str = ""
    note: str = ""
    task: str = ""
    task_hours: str = "24"
    pause: str = ""


class Ended(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the button was pressed."""

    back: str = ""


def _instant(text: str, path: str, timezone: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "wrong-form"),)) from None
    return moment.replace(tzinfo=ZoneInfo(timezone)) if moment.tzinfo is None else moment


def _due(text: str, timezone: str) -> datetime:
    due = _instant(text, "due_at", timezone)
    if due is None:
        raise InvalidInput((FieldProblem("due_at", "required"),))
    return due


def _check_way(form: NewCall) -> None:
    if form.way not in WAYS or form.direction not in {"out", "in"}:
        raise InvalidInput((FieldProblem("way", "option"),))


def _whole(text: str, path: str, empty: int) -> int:
    plain = text.strip()
    if not plain:
        return empty
    if not plain.isascii() or not plain.isdecimal() or len(plain) > 6:
        raise InvalidInput((FieldProblem(path, "wrong-form"),))
    return int(plain)


async def _people(reader: Reader) -> dict[UUID, str]:
    return {one.staff_id: one.full_name for one in await list_people(reader) if one.state == "active"}


def _back(request: WebRequest, complaint_id: UUID, toast: Toast) -> Response[Any]:
    return go_to(request, tenant_path(request, f"/complaints/{complaint_id}"), toast=toast)


@post(f"{CASE}/calls", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_log_call(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NewCall)
    try:
        _check_way(form)
        way: Literal["phone", "in_person"] = "phone" if form.way == "phone" else "in_person"
        logged = await log_call(
            uow,
            complaint_id=complaint_id,
            way=way,
            direction="out" if form.direction == "out" else "in",
            number=form.number,
            minutes=_whole(form.minutes, "minutes", 0),
            outcome=form.outcome,
            words=form.words,
            reached=form.reached == "yes",
            at=_instant(form.at, "at", uow.scope.timezone),
        )
    except InvalidInput as error:
        values = {"way": form.way, "direction": form.direction, "number": form.number, "minutes": form.minutes}
        more = {"reached": form.reached, "outcome": form.outcome, "at": form.at}
        texts = {f"call-{path}": text for path, text in field_texts(error.problems).items()}
        kept = Kept(which="call", words=form.words, values=values | more, errors=texts)
        raise Refused(await show_case_page(request, uow, complaint_id, status=422, kept=kept)) from error
    except ComplaintClosed as error:
        kept = kept_of("call", form.words, error)
        raise Refused(await show_case_page(request, uow, complaint_id, status=409, kept=kept)) from error
    text = (
        gettext("The contact is logged, and the step is done") if logged.completed else gettext("The contact is logged")
    )
    return _back(request, complaint_id, Toast(text=text))


@post(f"{CASE}/replies", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_reply(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NewReply)
    root = tenant_path(request, "/complaints")
    try:
        if form.macro:
            undo = f"{root}/macro-uses/{await _apply(uow, complaint_id, form)}/undo"
            text = gettext("The macro is applied")
        else:
            sent = await send_reply(
                uow,
                complaint_id=complaint_id,
                words=form.words,
                reason=form.reason,
                urgent=form.urgent == "true",
                seen=form.seen,
            )
            undo = f"{root}/replies/{sent.reply_id}/take-back"
            text = gettext("It stands on the customer's page; copy it for SMS or WeChat from the timeline")
    except InvalidInput as error:
        texts = {f"reply-{path}": text for path, text in field_texts(error.problems).items()}
        kept = Kept(which="reply", words=form.words, values={"reason": form.reason}, errors=texts)
        page = await show_case_page(request, uow, complaint_id, status=422, kept=kept, macro=form.macro)
        raise Refused(page) from error
    except (CaseMoved, WordingDoubtful, ComplaintClosed) as error:
        kept = kept_of("reply", form.words, error, reason=form.reason)
        page = await show_case_page(request, uow, complaint_id, status=409, kept=kept, macro=form.macro)
        raise Refused(page) from error
    return _back(request, complaint_id, Toast(text=text, undo_action=undo))


async def _apply(uow: UnitOfWork, complaint_id: UUID, form: NewReply) -> UUID:
    detail = await get_complaint(uow, complaint_id=complaint_id)
    scripts = await list_scripts(uow, detail, await get_values(uow, detail))
    macro = next((one for one in scripts if one.id == form.macro), None)
    if macro is None:
        raise NotFound("no such macro for this case")
    filled = msgspec.structs.replace(macro, text=form.words)
    return await apply_macro(
        uow,
        complaint_id=complaint_id,
        macro=filled,
        people=await _people(uow),
        reason=form.reason,
        urgent=form.urgent == "true",
        seen=form.seen,
    )


@post("/t/{slug:str}/complaints/replies/{reply_id:uuid}/take-back", guards=[_WRITE])
async def do_take_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], reply_id: FromPath[UUID]
) -> Response[Any]:
    complaint_id = await take_back_reply(uow, reply_id=reply_id)
    return _back(request, complaint_id, Toast(text=gettext("The message is taken back")))


@post("/t/{slug:str}/complaints/macro-uses/{use_id:uuid}/undo", guards=[_WRITE])
async def do_undo_macro(request: WebRequest, uow: NamedDependency[UnitOfWork], use_id: FromPath[UUID]) -> Response[Any]:
    complaint_id = await undo_macro(uow, use_id=use_id)
    return _back(request, complaint_id, Toast(text=gettext("The macro is undone")))


@post(f"{CASE}/tasks", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_add_task(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NewTask)
    try:
        try:
            assignee = UUID(form.assignee_id)
        except ValueError:
            raise InvalidInput((FieldProblem("assignee_id", "required"),)) from None
        due = _due(form.due_at, uow.scope.timezone)
        await add_task(
            uow,
            complaint_id=complaint_id,
            words=form.words,
            assignee_id=assignee,
            due_at=due,
            people=await _people(uow),
            milestone=form.milestone or None,
        )
    except InvalidInput as error:
        values = {"assignee_id": form.assignee_id, "due_at": form.due_at, "milestone": form.milestone}
        texts = {f"task-{path}": text for path, text in field_texts(error.problems).items()}
        kept = Kept(which="task", words=form.words, values=values, errors=texts)
        raise Refused(await show_case_page(request, uow, complaint_id, status=422, kept=kept)) from error
    except ComplaintClosed as error:
        kept = kept_of("task", form.words, error)
        raise Refused(await show_case_page(request, uow, complaint_id, status=409, kept=kept)) from error
    return _back(request, complaint_id, Toast(text=gettext("The task is given")))


async def _after_task(request: WebRequest, complaint_id: UUID, toast: Toast) -> Response[Any]:
    form = await request.read(Ended)
    path = "/inbox" if form.back == "inbox" else f"/complaints/{complaint_id}"
    return go_to(request, tenant_path(request, path), toast=toast)


@post(f"{TASKS}/done", guards=[_WRITE])
async def do_complete_task(
    request: WebRequest, uow: NamedDependency[UnitOfWork], task_id: FromPath[UUID]
) -> Response[Any]:
    task = await complete_task(uow, task_id=task_id)
    undo = tenant_path(request, f"/case-tasks/{task_id}/open")
    return await _after_task(request, task.complaint_id, Toast(text=gettext("The task is done"), undo_action=undo))


@post(f"{TASKS}/drop", guards=[_WRITE])
async def do_drop_task(request: WebRequest, uow: NamedDependency[UnitOfWork], task_id: FromPath[UUID]) -> Response[Any]:
    task = await drop_task(uow, task_id=task_id)
    undo = tenant_path(request, f"/case-tasks/{task_id}/open")
    return await _after_task(request, task.complaint_id, Toast(text=gettext("The task is dropped"), undo_action=undo))


@post(f"{TASKS}/open", guards=[_WRITE])
async def do_reopen_task(
    request: WebRequest, uow: NamedDependency[UnitOfWork], task_id: FromPath[UUID]
) -> Response[Any]:
    task = await reopen_task(uow, task_id=task_id)
    return await _after_task(request, task.complaint_id, Toast(text=gettext("The task is open again")))


async def _show_macros(
    request: WebRequest, reader: Reader, form: MacroForm, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    steps = {
        m.id: localized(m.label) for one in (await get_policies(reader)).values() for m in one.milestones if m.pausable
    }
    return await show(
        request,
        "pages/complaints/macros.html",
        status=status,
        macros=await list_macros(reader),
        steps=list(steps.items()),
        labels=steps,
        places=[f"{{{name}}}" for name in VARIABLES],
        values=form,
        errors=errors or {},
        root=tenant_path(request, "/macros"),
        rules=tenant_path(request, "/complaint-rules"),
    )


@get(MACROS, guards=[_MANAGE])
async def show_macros(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    wanted = request.query_params.get("edit", "")
    found = next((one for one in await list_macros(reader) if str(one.macro_id) == wanted), None)
    kept = {name: getattr(found, name) for name in ("name", "words", "note", "task", "pause")} if found else {}
    hours = str(found.task_hours) if found else "24"
    return await _show_macros(request, reader, MacroForm(macro_id=wanted if found else "", task_hours=hours, **kept))


@post(MACROS, guards=[_MANAGE], request_max_body_size=BODY_LIMIT)
async def do_save_macro(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(MacroForm)
    try:
        try:
            macro_id = UUID(form.macro_id) if form.macro_id else None
        except ValueError:
            raise NotFound("no such macro") from None
        kept = {name: getattr(form, name) for name in ("name", "words", "note", "task", "pause")}
        draft = MacroDraft(task_hours=_whole(form.task_hours, "task_hours", 24), **kept)
        await save_macro(uow, draft=draft, macro_id=macro_id)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_macros(request, uow, form, status=422, errors=texts)) from error
    return go_to(request, tenant_path(request, "/macros"), toast=Toast(text=gettext("The macro is kept")))


@post(f"{MACROS}/{{macro_id:uuid}}/remove", guards=[_MANAGE])
async def do_remove_macro(
    request: WebRequest, uow: NamedDependency[UnitOfWork], macro_id: FromPath[UUID]
) -> Response[Any]:
    await remove_macro(uow, macro_id=macro_id)
    return go_to(request, tenant_path(request, "/macros"), toast=Toast(text=gettext("The macro is removed")))


async def _load_replies(reader: Reader, case: ComplaintDetail) -> Any:
    return await list_replies(reader, case.complaint_id, shown=True) or None


add_case_section(
    CaseSection(
        id="replies",
        template="pages/complaints/_replies_public.html",
        load=_load_replies,
        permission="complaints.read",
        place="status",
        rank=5,
    )
)

routes = [
    do_log_call,
    do_reply,
    do_take_back,
    do_undo_macro,
    do_add_task,
    do_complete_task,
    do_drop_task,
    do_reopen_task,
    show_macros,
    do_save_macro,
    do_remove_macro,
]
