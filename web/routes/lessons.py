"""Closing a case at the desk: root cause, corrective actions with their checks, silence, repeats; and the lists over all cases."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.casework.queries import list_calls
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import FieldProblem, InvalidInput
from core.lessons.actions.causes import name_cause
from core.lessons.actions.closing import decide_silence, note_silence
from core.lessons.actions.corrective import add_corrective, check_corrective, finish_corrective
from core.lessons.queries.closing import (
    CauseFacts,
    cause_labels,
    find_cause,
    get_action,
    get_numbers,
    get_silence,
    list_actions,
    list_causes,
    list_open_actions,
    list_recurrences,
    list_repeats,
    list_silences,
)
from core.lessons.queries.library import EntryFacts, find_entry_of, list_alike
from core.lessons.rules.closing import Contact
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.case_sections import CaseSection, add_case_section
from web.cursors import pack_cursor, read_day_cursor
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import lessons as words
from web.views.complaints import number_text

CLOSING: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}/closing"
ACTIONS: Final = "/t/{slug:str}/complaints/actions"
_READ, _WRITE, _JUDGE = (requires(f"complaints.{verb}") for verb in ("read", "write", "judge"))
BODY_LIMIT: Final = 32 * 1024
PAGE: Final = 25


class CauseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it happened."""

    cause: str = ""
    words: str = ""
    branch_id: str = ""
    staff_id: str = ""


class ActionForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is changed, by whom, until when."""

    words: str = ""
    owner_id: str = ""
    due_on: str = ""


class DoneForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it was done."""

    words: str = ""


class CheckForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it works; if not, what is done instead."""

    effective: str = ""
    words: str = ""
    instead: str = ""
    due_on: str = ""


class SilenceForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That the customer does not say, with the tries to reach them."""

    why: str = ""
    reason: str = ""
    at: list[str] = []
    how: list[str] = []


class CaseLessons(msgspec.Struct, frozen=True, kw_only=True):
    """What the card on the case's page shows."""

    cause: CauseFacts | None
    cause_label: str
    repeats: int
    actions: list[words.ActionLine]
    alike: list[EntryFacts]
    alike_titles: list[str]
    entry: EntryFacts | None
    silent: bool


async def _people(reader: Reader) -> dict[UUID, str]:
    return {person.staff_id: person.full_name for person in await list_people(reader) if person.state == "active"}


async def _load(reader: Reader, case: ComplaintDetail) -> CaseLessons:
    cause = await find_cause(reader, case.complaint_id)
    today = reader.today
    rows = await list_actions(reader, case.complaint_id)
    people = await _people(reader) if rows else {}
    alike = await list_alike(reader, case)
    return CaseLessons(
        cause=cause,
        cause_label=words.label_of(cause_labels(reader), cause.cause) if cause else "",
        repeats=len(await list_repeats(reader, cause)) if cause else 0,
        actions=[words.action_line(one, people, reader.actor, today) for one in rows],
        alike=alike,
        alike_titles=[one.situation.splitlines()[0][:60] if one.situation else "" for one in alike],
        entry=await find_entry_of(reader, case.complaint_id) if case.state == "archived" else None,
        silent=any(one.state == "waiting" for one in await list_silences(reader, case.complaint_id)),
    )


add_case_section(
    CaseSection(id="lessons", template="pages/lessons/_case.html", load=_load, permission="complaints.read", rank=70)
)


async def _show(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    status: int = 200,
    at: str = "",
    typed: Any = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    """`at` names the form that was refused, `typed` what stood in it."""
    case = await get_complaint(reader, complaint_id=complaint_id)
    cause, people = await find_cause(reader, complaint_id), await _people(reader)
    today, numbers = reader.today, await get_numbers(reader)
    return await show(
        request,
        "pages/lessons/closing.html",
        status=status,
        case=case,
        number=number_text(case.number),
        root=tenant_path(request, "/complaints"),
        here=tenant_path(request, f"/complaints/{complaint_id}"),
        cause=cause,
        cause_label=words.label_of(cause_labels(reader), cause.cause) if cause else "",
        causes=words.tree_options(list_causes(reader)),
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        people=[(str(one), name) for one, name in people.items()],
        names=people,
        repeats=await list_repeats(reader, cause) if cause else [],
        numbers=numbers,
        actions=[
            words.action_line(one, people, reader.actor, today) for one in await list_actions(reader, complaint_id)
        ],
        silences=[
            (
                one,
                gettext(words.WHYS[one.why]),
                gettext(words.SILENCE_STATES[one.state][0]),
                words.SILENCE_STATES[one.state][1],
            )
            for one in await list_silences(reader, complaint_id)
        ],
        whys=[(code, gettext(text)) for code, text in words.WHYS.items()],
        tried=words.tries_of(await list_calls(reader, complaint_id), numbers.contacts, reader.scope.timezone),
        entry=await find_entry_of(reader, complaint_id),
        today=today.isoformat(),
        me=reader.actor.id,
        may_write=reader.actor.may("complaints.write"),
        may_judge=reader.actor.may("complaints.judge"),
        at=at,
        typed=typed,
        errors=errors or {},
    )


@get(CLOSING, guards=[_READ])
async def show_closing(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show(request, reader, complaint_id)


def _identity(text: str, path: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput((FieldProblem(path, "option"),)) from None


def _day(text: str, path: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "wrong-form"),)) from None


async def _known(reader: Reader, text: str, path: str) -> UUID:
    found = _identity(text, path)
    if found is None or found not in await _people(reader):
        raise InvalidInput((FieldProblem(path, "option" if text else "required"),))
    return found


def _go(request: WebRequest, complaint_id: UUID, text: str) -> Response[Any]:
    path = tenant_path(request, f"/complaints/{complaint_id}/closing")
    return go_to(request, path, toast=Toast(text=text))


async def _refused(
    request: WebRequest, uow: UnitOfWork, complaint_id: UUID, error: InvalidInput, at: str, typed: Any
) -> Refused:
    texts = field_texts(error.problems)
    return Refused(await _show(request, uow, complaint_id, status=422, at=at, typed=typed, errors=texts))


@post(f"{CLOSING}/cause", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_name_cause(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(CauseForm)
    await get_complaint(uow, complaint_id=complaint_id)
    try:
        branch_id = _identity(form.branch_id, "branch_id")
        if branch_id is not None and branch_id not in {one.branch_id for one in await list_branches(uow)}:
            raise InvalidInput((FieldProblem("branch_id", "option"),))  # noqa: TRY301 - said at its field like the others
        staff_id = await _known(uow, form.staff_id, "staff_id") if form.staff_id else None
        await name_cause(
            uow,
            complaint_id=complaint_id,
            cause=form.cause,
            words=form.words,
            branch_id=branch_id,
            staff_id=staff_id,
        )
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "cause", form) from error
    return _go(request, complaint_id, gettext("The cause is named"))


@post(f"{CLOSING}/actions", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_add_corrective(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(ActionForm)
    await get_complaint(uow, complaint_id=complaint_id)
    try:
        owner_id = await _known(uow, form.owner_id, "owner_id")
        due_on = _day(form.due_on, "due_on")
        await add_corrective(uow, complaint_id=complaint_id, words=form.words, owner_id=owner_id, due_on=due_on)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "action", form) from error
    return _go(request, complaint_id, gettext("The action is on the list of its owner"))


@post(f"{ACTIONS}/{{action_id:uuid}}/done", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_finish_corrective(
    request: WebRequest, uow: NamedDependency[UnitOfWork], action_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(DoneForm)
    action = await get_action(uow, action_id)
    try:
        await finish_corrective(uow, action_id=action_id, words=form.words)
    except InvalidInput as error:
        raise await _refused(request, uow, action.complaint_id, error, f"done-{action_id}", form) from error
    return _go(request, action.complaint_id, gettext("Done; somebody else looks later whether it works"))


@post(f"{ACTIONS}/{{action_id:uuid}}/check", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_check_corrective(
    request: WebRequest, uow: NamedDependency[UnitOfWork], action_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(CheckForm)
    action = await get_action(uow, action_id)
    try:
        if form.effective not in {"yes", "no"}:
            raise InvalidInput((FieldProblem("effective", "required"),))  # noqa: TRY301 - said at its field like the others
        await check_corrective(
            uow,
            action_id=action_id,
            effective=form.effective == "yes",
            words=form.words,
            instead=form.instead,
            due_on=_day(form.due_on, "due_on") if form.due_on else None,
        )
    except InvalidInput as error:
        raise await _refused(request, uow, action.complaint_id, error, f"check-{action_id}", form) from error
    said = gettext("It works; noted") if form.effective == "yes" else gettext("A new action stands in its place")
    return _go(request, action.complaint_id, said)


def _contacts(form: SilenceForm, timezone: str) -> list[Contact]:
    found = []
    for number, text in enumerate(form.at[:10]):
        if not text.strip():
            continue
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidInput((FieldProblem("contacts", "wrong-form"),)) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
        found.append(Contact(at=moment, how=(form.how[number] if number < len(form.how) else "")[:200]))
    return found


@post(f"{CLOSING}/silence", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_note_silence(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(SilenceForm, lists=("at", "how"))
    await get_complaint(uow, complaint_id=complaint_id)
    try:
        contacts = _contacts(form, uow.scope.timezone)
        await note_silence(uow, complaint_id=complaint_id, why=form.why, reason=form.reason, contacts=contacts)
    except InvalidInput as error:
        raise await _refused(request, uow, complaint_id, error, "silence", form) from error
    return _go(request, complaint_id, gettext("Written down; a leader confirms it"))


@post(
    "/t/{slug:str}/complaints/silence/{silence_id:uuid}/{answer:str}", guards=[_JUDGE], request_max_body_size=BODY_LIMIT
)
async def do_decide_silence(
    request: WebRequest, uow: NamedDependency[UnitOfWork], silence_id: FromPath[UUID], answer: FromPath[str]
) -> Response[Any]:
    if answer not in {"confirm", "reject"}:
        raise InvalidInput((FieldProblem("answer", "option"),))
    silence = await get_silence(uow, silence_id)
    await decide_silence(uow, silence_id=silence_id, confirm=answer == "confirm")
    said = gettext("Confirmed; the case may be archived") if answer == "confirm" else gettext("Not confirmed")
    return _go(request, silence.complaint_id, said)


@get(ACTIONS, guards=[_READ])
async def show_actions(
    request: WebRequest, reader: NamedDependency[Reader], after: FromQuery[str] = "", mine: FromQuery[str] = ""
) -> Response[Any]:
    owner = reader.actor.id if mine == "yes" else None
    rows = await list_open_actions(reader, owner_id=owner, after=read_day_cursor(after), limit=PAGE + 1)
    people = await _people(reader)
    today = reader.today
    here = tenant_path(request, "/complaints/actions")
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    labels, branches = cause_labels(reader), {one.branch_id: one.name for one in await list_branches(reader)}
    own = "&mine=yes" if owner else ""
    return await show(
        request,
        "pages/lessons/actions.html",
        partial="pages/lessons/_actions_more.html",
        lines=[words.action_line(one, people, reader.actor, today) for one in rows[:PAGE]],
        more=f"{here}?after={pack_cursor(last.due_on.isoformat(), last.action_id)}{own}" if last else "",
        recurrences=[
            (
                words.label_of(labels, one.cause),
                branches.get(one.branch_id, "—") if one.branch_id else "—",
                people.get(one.staff_id, "") if one.staff_id else "",
                one,
                number_text(one.newest_number),
            )
            for one in await list_recurrences(reader)
        ],
        views=[(gettext("All"), here, not owner), (gettext("Mine"), f"{here}?mine=yes", bool(owner))],
        root=tenant_path(request, "/complaints"),
        here=here,
        numbers=await get_numbers(reader),
        may_manage=reader.actor.may("complaints.manage"),
        errors={},
    )


routes = [
    show_closing,
    do_name_cause,
    do_add_corrective,
    do_finish_corrective,
    do_check_corrective,
    do_note_silence,
    do_decide_silence,
    show_actions,
]
