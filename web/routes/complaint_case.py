"""One case at the desk: its steps with their clocks, its history, and everything that can be done with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from core.complaints.case import topic_of
from core.complaints.handling import (
    add_note,
    archive_case,
    claim_case,
    complete_step,
    facts_form,
    judge_level,
    pause_step,
    reopen_case,
    resume_step,
)
from core.complaints.queries import ComplaintDetail, get_complaint
from core.complaints.rules import ARCHIVE, blocked_by
from core.customers.queries import get_customer
from core.errors import FieldProblem, InvalidInput
from core.forms.queries import get_today
from core.forms.rules import FormView, decode_post, form_view
from core.hooks.records.complaints import Milestone
from core.surveys.queries import find_case_survey
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.case_sections import load_case_sections
from web.i18n import gettext
from web.live import Live, live_source, stream
from web.page import Toast, current_page
from web.problems import Refused, field_texts, problem_words
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaints import LEVEL_NAMES, LEVELS, excerpts_of, history_of, newest_clocks, number_text, steps_of

CASE: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}"
_READ, _WRITE, _JUDGE = (requires(f"complaints.{verb}") for verb in ("read", "write", "judge"))
BODY_LIMIT: Final = 64 * 1024
PAUSE_REASONS: Final = ("customer", "laboratory", "expert", "third_party", "disaster", "other")


class StepForm(msgspec.Struct, frozen=True):
    """A step that can be done now, with what must be written down."""

    milestone: Milestone
    view: FormView
    pausable: bool
    paused: bool


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Free text."""

    text: str = ""


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level and why."""

    severity: str = ""
    reason: str = ""


class Rest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a promise rests."""

    reason: str = "other"
    note: str = ""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the button was pressed."""

    back: str = ""


def _ready(detail: ComplaintDetail) -> list[Milestone]:
    """Return the steps that nothing stands before."""
    clocks = newest_clocks(detail)
    closed = {name for name, clock in clocks.items() if clock.status == "cancelled"} | detail.done
    return [
        milestone
        for milestone in detail.policy.milestones
        if milestone.id not in closed and not blocked_by(detail.policy, milestone.id, detail.done)
    ]


def _step_forms(
    reader: Reader, detail: ComplaintDetail, posted: Mapping[str, dict[str, Any]], errors: Sequence[FieldProblem]
) -> list[StepForm]:
    clocks = newest_clocks(detail)
    today, lang = get_today(reader), current_page().lang
    forms = []
    for milestone in _ready(detail):
        found = tuple(errors) if milestone.id in posted else ()
        view = form_view(facts_form(milestone), posted.get(milestone.id, {}), found, lang, today)
        status = clocks[milestone.id].status if milestone.id in clocks else "waiting"
        may_rest = milestone.pausable and status in {"running", "paused", "breached"}
        forms.append(StepForm(milestone, view, may_rest, status == "paused"))
    return forms


async def _data(
    request_root: str,
    reader: Reader,
    detail: ComplaintDetail,
    *,
    posted: Mapping[str, dict[str, Any]] | None = None,
    errors: Sequence[FieldProblem] = (),
) -> dict[str, Any]:
    staff = {person.staff_id: person.full_name for person in await list_people(reader)}
    may_see = detail.customer_id is not None and reader.actor.may("customers.read")
    return {
        "case": detail,
        "number": number_text(detail.number),
        "root": request_root,
        "here": f"{request_root}/{detail.complaint_id}",
        "steps": steps_of(detail, {}),
        "forms": _step_forms(reader, detail, posted or {}, errors),
        "history": history_of(detail),
        "excerpts": excerpts_of(detail),
        "assignee": staff.get(detail.assignee_id, "") if detail.assignee_id else "",
        "customer": await get_customer(reader, detail.customer_id) if may_see and detail.customer_id else None,
        "customers": f"/t/{reader.scope.slug}/customers",
        "may_write": reader.actor.may("complaints.write"),
        "may_judge": reader.actor.may("complaints.judge"),
        "may_archive": detail.state == "resolved" and not blocked_by(detail.policy, ARCHIVE, detail.done),
        "levels": [(code, gettext(LEVEL_NAMES[code])) for code in LEVELS],
        "pause_reasons": PAUSE_REASONS,
        "problem": problem_words,
        "me": reader.actor.id,
        "survey": await find_case_survey(reader, detail.complaint_id),
    }


async def _show_case(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    status: int = 200,
    texts: Mapping[str, str] | None = None,
    posted: Mapping[str, dict[str, Any]] | None = None,
    errors: Sequence[FieldProblem] = (),
) -> Response[Any]:
    live = await live_source(
        request, tenant_path(request, f"/complaints/{complaint_id}/live"), [topic_of(complaint_id)]
    )
    detail = await get_complaint(reader, complaint_id=complaint_id)
    data = await _data(tenant_path(request, "/complaints"), reader, detail, posted=posted, errors=errors)
    data["sections"] = await load_case_sections(request, reader, detail)
    return await show(request, "pages/complaints/case.html", status=status, errors=texts or {}, live=live, **data)


@get(CASE, guards=[_READ])
async def show_case(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_case(request, reader, complaint_id)


async def render_case(live: Live, _: Sequence[dict[str, Any]] | None) -> str:
    """Send steps and history of the case, whatever changed in it."""
    assert live.about is not None
    detail = await get_complaint(live.reader, complaint_id=live.about)
    return live.html(
        "pages/complaints/_case_live.html",
        case=detail,
        here=f"/t/{live.reader.scope.slug}/complaints/{live.about}",
        steps=steps_of(detail, {}),
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
    try:
        at = _instant(posted.system.get("_at", ""), uow.scope.timezone) if posted is not None else None
        await complete_step(uow, complaint_id=complaint_id, milestone_id=milestone, facts=answers, at=at)
    except InvalidInput as error:
        page = await _show_case(
            request, uow, complaint_id, status=422, posted={milestone: answers}, errors=error.problems
        )
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
    form = await request.read(Words)
    try:
        await add_note(uow, complaint_id=complaint_id, text=form.text)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_case(request, uow, complaint_id, status=422, texts=texts)) from error
    return _back(request, complaint_id, gettext("The note is kept"))


@post(f"{CASE}/level", guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_judge(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Judgement)
    if form.severity not in LEVELS:
        raise InvalidInput((FieldProblem("severity", "option"),))
    severity: Any = form.severity
    await judge_level(uow, complaint_id=complaint_id, severity=severity, reason=form.reason)
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
