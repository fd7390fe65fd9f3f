"""One case at the desk: its steps with their clocks, its history, and everything that can be done with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from core.casework.actions import CaseMoved, hold_unchanged, write_note
from core.complaints.actions.handling import (
    ComplaintClosed,
    archive_case,
    claim_case,
    complete_step,
    facts_form,
    judge_level,
    pause_step,
    reopen_case,
    resume_step,
)
from core.complaints.cases.case import topic_of
from core.complaints.queries.cases import get_complaint
from core.errors import FieldProblem, InvalidInput
from core.forms.rules import decode_post
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.case_page import PAUSE_REASONS, Kept, kept_of, show_case_page
from web.i18n import gettext
from web.live import Live, stream
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, tenant_path
from web.security import requires
from web.views.complaints import LEVELS, history_of, steps_of
from web.views.risks import add_step_risks

CASE: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}"
_READ, _WRITE, _JUDGE = (requires(f"complaints.{verb}") for verb in ("read", "write", "judge"))
BODY_LIMIT: Final = 64 * 1024


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Free text."""

    text: str = ""


class NewNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note for colleagues, and whom it is to reach."""

    text: str = ""
    mention: list[UUID] = []


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level and why."""

    severity: str = ""
    reason: str = ""
    seen: int | None = None


class Rest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a promise rests."""

    reason: str = "other"
    note: str = ""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the button was pressed."""

    back: str = ""


@get(CASE, guards=[_READ])
async def show_case(
    request: WebRequest,
    reader: NamedDependency[Reader],
    complaint_id: FromPath[UUID],
    macro: FromQuery[str] = "",
) -> Response[Any]:
    return await show_case_page(request, reader, complaint_id, macro=macro)


async def render_case(live: Live, _: Sequence[dict[str, Any]] | None) -> str:
    """Send steps and history of the case, whatever changed in it."""
    assert live.about is not None
    detail = await get_complaint(live.reader, complaint_id=live.about)
    return live.html(
        "pages/complaints/_case_live.html",
        case=detail,
        here=f"/t/{live.reader.scope.slug}/complaints/{live.about}",
        steps=await add_step_risks(live.reader, detail, steps_of(detail, {})),
        history=history_of(detail),
    )


@get(f"{CASE}/live", guards=[_READ])
async def follow_case(
    request: WebRequest,
    reader: NamedDependency[Reader],
    complaint_id: FromPath[UUID],
) -> Stream:
    await get_complaint(reader, complaint_id=complaint_id)
    topics = [topic_of(complaint_id)]
    return stream(request, topics, render_case, permission="complaints.read", about=complaint_id)


def _back(request: WebRequest, complaint_id: UUID, text: str) -> Response[Any]:
    return go_to(request, tenant_path(request, f"/complaints/{complaint_id}"), toast=Toast(text=text))


def _instant(text: str, timezone: str) -> datetime | None:
    """Read a datetime-local value in the tenant's zone."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem("_at", "wrong-form"),)) from None
    return moment.replace(tzinfo=ZoneInfo(timezone)) if moment.tzinfo is None else moment


@post(f"{CASE}/steps/{{milestone:str}}", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_complete(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], milestone: FromPath[str]
) -> Response[Any]:
    detail = await get_complaint(uow, complaint_id=complaint_id)
    step = next((one for one in detail.policy.milestones if one.id == milestone), None)
    fields = await request.open_form()
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    posted = decode_post(facts_form(step), pairs) if step is not None else None
    answers = posted.answers if posted is not None else {}
    seen = str(fields.get("_seen") or "")
    try:
        await hold_unchanged(uow, complaint_id, seen=int(seen) if seen.isdecimal() and len(seen) < 10 else None)
        at = _instant(posted.system.get("_at", ""), uow.scope.timezone) if posted is not None else None
        await complete_step(uow, complaint_id=complaint_id, milestone_id=milestone, facts=answers, at=at)
    except InvalidInput as error:
        page = await show_case_page(
            request, uow, complaint_id, status=422, posted={milestone: answers}, errors=error.problems
        )
        raise Refused(page) from error
    except (CaseMoved, ComplaintClosed) as error:
        kept = kept_of("step", "\n".join(str(value) for value in answers.values()), error)
        page = await show_case_page(request, uow, complaint_id, status=409, posted={milestone: answers}, kept=kept)
        raise Refused(page) from error
    return _back(request, complaint_id, gettext("The step is done"))


@post(f"{CASE}/steps/{{milestone:str}}/pause", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_pause(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], milestone: FromPath[str]
) -> Response[Any]:
    form = await request.read(Rest)
    if form.reason not in PAUSE_REASONS:
        raise InvalidInput((FieldProblem("reason", "option"),))
    reason: Any = form.reason
    await pause_step(uow, complaint_id=complaint_id, milestone_id=milestone, reason=reason, note=form.note)
    return _back(request, complaint_id, gettext("The promise rests; nothing is due until it runs again"))


@post(f"{CASE}/steps/{{milestone:str}}/resume", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_resume(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], milestone: FromPath[str]
) -> Response[Any]:
    await resume_step(uow, complaint_id=complaint_id, milestone_id=milestone)
    return _back(request, complaint_id, gettext("The promise runs again"))


@post(f"{CASE}/note", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_note(request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(NewNote, lists=("mention",))
    people = {one.staff_id: one.full_name for one in await list_people(uow) if one.state == "active"}
    try:
        await write_note(uow, complaint_id=complaint_id, text=form.text, people=people, chosen=tuple(form.mention))
    except InvalidInput as error:
        kept = Kept(which="note", words=form.text, errors=field_texts(error.problems))
        raise Refused(await show_case_page(request, uow, complaint_id, status=422, kept=kept)) from error
    except ComplaintClosed as error:
        kept = kept_of("note", form.text, error)
        raise Refused(await show_case_page(request, uow, complaint_id, status=409, kept=kept)) from error
    return _back(request, complaint_id, gettext("The note is kept"))


@post(f"{CASE}/level", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_judge(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    """Change the level; whoever works on the case raises it, `judge_level` lets only who judges lower it."""
    form = await request.read(Judgement)
    if form.severity not in LEVELS:
        raise InvalidInput((FieldProblem("severity", "option"),))
    severity: Any = form.severity
    try:
        await hold_unchanged(uow, complaint_id, seen=form.seen)
        await judge_level(uow, complaint_id=complaint_id, severity=severity, reason=form.reason)
    except (CaseMoved, ComplaintClosed) as error:
        kept = kept_of("level", form.reason, error, severity=form.severity)
        raise Refused(await show_case_page(request, uow, complaint_id, status=409, kept=kept)) from error
    return _back(request, complaint_id, gettext("The level is changed; the deadlines follow it"))


@post(f"{CASE}/claim", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_claim(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Claim)
    await claim_case(uow, complaint_id=complaint_id)
    path = "/complaints" if form.back == "list" else f"/complaints/{complaint_id}"
    return go_to(request, tenant_path(request, path), toast=Toast(text=gettext("The case is yours")))


@post(f"{CASE}/archive", guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_archive(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    await archive_case(uow, complaint_id=complaint_id)
    return _back(request, complaint_id, gettext("The case is archived"))


@post(f"{CASE}/reopen", guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_reopen(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Words)
    await reopen_case(uow, complaint_id=complaint_id, reason=form.text)
    return _back(request, complaint_id, gettext("The case is open again"))


routes = [
    show_case,
    follow_case,
    do_complete,
    do_pause,
    do_resume,
    do_note,
    do_judge,
    do_claim,
    do_archive,
    do_reopen,
]
