"""The customer's own page of a complaint: the next promise, what was done, what is offered, and what they say to it."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.actions.brought import announce_files
from core.complaints.actions.handling import answer_satisfaction
from core.complaints.actions.wishes import add_more, answer_solution, ask_call
from core.complaints.queries.cases import ComplaintDetail, find_by_status_code
from core.errors import FieldProblem, InvalidInput, NotFound
from core.files.actions import keep_prepared, prepare_aside
from core.files.rules import IMAGES, FileRefused
from core.remedies.actions import accept_remedy, decline_remedy
from core.remedies.queries import list_remedies
from core.surveys.queries import find_case_survey
from core.uow import Reader, UnitOfWork
from tenants.roster import Roster
from web.case_sections import load_case_sections
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest
from web.screens import go_to, show
from web.security import BY_CODE
from web.uploads import UPLOAD_LIMIT
from web.views.case_status import next_promise, promises_of, proposals_of, standings_of
from web.views.complaints import number_text

BODY_LIMIT: Final = 64 * 1024
PHOTOS: Final = 6
"""Pictures at a time; more can follow."""
AN_HOUR: Final = 30
_ROSTER: Final = Roster()


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the customer is satisfied."""

    satisfied: str = ""
    rating: str = ""
    words: str = ""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A yes or a no to what is proposed, with words."""

    answer: str = ""
    words: str = ""


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When it suits the customer to be called."""

    when: str = ""


async def _case(reader: Reader, code: str) -> ComplaintDetail:
    detail = await find_by_status_code(reader, code=code)
    if detail is None:
        raise NotFound("no such complaint")
    return detail


async def _show(
    request: WebRequest,
    reader: Reader,
    detail: ComplaintDetail,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    at: str = "",
    typed: str = "",
) -> Response[Any]:
    """`at` names the form that was refused, `typed` what stood in it."""
    survey = await find_case_survey(reader, detail.complaint_id)
    remedies = await list_remedies(reader, detail.complaint_id)
    promises = promises_of(detail, reader.now)
    here = f"/s/{detail.status_code}"
    called = [row for row in detail.history if row.kind == "call_wanted"]
    return await show(
        request,
        "pages/public/status.html",
        status=status,
        case=detail,
        number=number_text(detail.number),
        promises=promises,
        next=next_promise(promises) if detail.state == "open" else None,
        proposals=proposals_of(detail, remedies, here),
        standings=standings_of(remedies),
        own=[row for row in detail.history if row.kind == "customer_added"],
        answer=next((row.data for row in reversed(detail.history) if row.kind == "answered"), None),
        called=called[-1].at if called else None,
        here=here,
        errors=errors or {},
        at=at,
        typed=typed,
        photos=PHOTOS,
        survey=f"/q/{survey.code}" if survey is not None and survey.code else "",
        sections=await load_case_sections(request, reader, detail, status=True),
    )


async def _refuse(
    request: WebRequest, reader: Reader, detail: ComplaintDetail, error: InvalidInput, *, at: str, typed: str = ""
) -> Refused:
    errors = field_texts(error.problems)
    return Refused(await _show(request, reader, detail, status=422, errors=errors, at=at, typed=typed))


async def _limit(request: WebRequest, uow: UnitOfWork, code: str) -> None:
    await limit_rate(request, uow.tenant_id, "case-status", f"{code}:{address_of(request)}", most=AN_HOUR, seconds=3600)


@get("/s/{code:str}", guards=[BY_CODE])
async def show_status(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    return await _show(request, reader, await _case(reader, code))


@post("/s/{code:str}/add", guards=[BY_CODE], request_max_body_size=UPLOAD_LIMIT)
async def send_more(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    detail = await _case(uow, code)
    await _limit(request, uow, code)
    form = await request.open_form()
    text = str(form.get("text") or "")
    try:
        kept = await _keep_photos(uow, detail.complaint_id, form.get("photos"))
        await add_more(uow, complaint_id=detail.complaint_id, text=text, file_ids=kept, roster=_ROSTER)
    except InvalidInput as error:
        raise await _refuse(request, uow, detail, error, at="more", typed=text) from error
    return go_to(request, f"/s/{code}", toast=Toast(text=gettext("Thank you, it is with the people who work on it")))


async def _keep_photos(uow: UnitOfWork, complaint_id: UUID, sent: object) -> list[UUID]:
    uploads = [one for one in (sent if isinstance(sent, list) else [sent]) if isinstance(one, UploadFile)]
    kept: list[UUID] = []
    for upload in uploads:
        content = await upload.read()
        if not content and not upload.filename:
            continue
        if len(kept) == PHOTOS:
            raise InvalidInput((FieldProblem("photos", "rows_max", {"max": PHOTOS}),))
        try:
            ready = await prepare_aside(content, filename=upload.filename or "photo.jpg", accept=IMAGES)
        except FileRefused as refused:
            raise InvalidInput((FieldProblem("photos", refused.code, dict(refused.params)),)) from refused
        file = await keep_prepared(
            uow, ready, purpose="complaint", owner_kind="complaint", owner_id=complaint_id, retain_until=None
        )
        kept.append(file.file_id)
    if kept:
        await announce_files(uow, complaint_id=complaint_id)
    return kept


@post("/s/{code:str}/answer", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_answer(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    detail = await _case(uow, code)
    await _limit(request, uow, code)
    form = await request.read(Answer)
    if form.satisfied not in {"yes", "no"}:
        error = InvalidInput((FieldProblem("satisfied", "required"),))
        raise await _refuse(request, uow, detail, error, at="answer", typed=form.words)
    if form.satisfied == "no" and not form.words.strip():
        error = InvalidInput((FieldProblem("words", "required"),))
        raise await _refuse(request, uow, detail, error, at="answer")
    rating = int(form.rating) if form.rating in {"1", "2", "3", "4", "5"} else None
    satisfied = form.satisfied == "yes"
    try:
        await answer_satisfaction(
            uow, complaint_id=detail.complaint_id, satisfied=satisfied, rating=rating, words=form.words
        )
    except InvalidInput as error:
        raise await _refuse(request, uow, detail, error, at="answer", typed=form.words) from error
    said = gettext("Thank you for telling us") if satisfied else gettext("We go on with it")
    return go_to(request, f"/s/{code}", toast=Toast(text=said))


@post("/s/{code:str}/call", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_call(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    detail = await _case(uow, code)
    await _limit(request, uow, code)
    form = await request.read(Call)
    try:
        await ask_call(uow, complaint_id=detail.complaint_id, when=form.when, roster=_ROSTER)
    except InvalidInput as error:
        raise await _refuse(request, uow, detail, error, at="call", typed=form.when) from error
    return go_to(request, f"/s/{code}", toast=Toast(text=gettext("We have noted it and will call you")))


def _yes(form: Choice) -> bool:
    if form.answer not in {"yes", "no"}:
        raise InvalidInput((FieldProblem("answer", "required"),))
    return form.answer == "yes"


@post("/s/{code:str}/remedies/{remedy_id:uuid}", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str], remedy_id: FromPath[UUID]
) -> Response[Any]:
    detail = await _case(uow, code)
    await _limit(request, uow, code)
    form = await request.read(Choice)
    if remedy_id not in {one.remedy_id for one in await list_remedies(uow, detail.complaint_id)}:
        raise NotFound("no such remedy")
    try:
        if _yes(form):
            await accept_remedy(uow, remedy_id=remedy_id, complaint_id=detail.complaint_id)
        else:
            await decline_remedy(uow, remedy_id=remedy_id, words=form.words, complaint_id=detail.complaint_id)
    except InvalidInput as error:
        raise await _refuse(request, uow, detail, error, at=str(remedy_id), typed=form.words) from error
    return go_to(request, f"/s/{code}", toast=Toast(text=gettext("Thank you, we have your answer")))


@post("/s/{code:str}/solution/{milestone:str}", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_solution(
    request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str], milestone: FromPath[str]
) -> Response[Any]:
    detail = await _case(uow, code)
    await _limit(request, uow, code)
    form = await request.read(Choice)
    try:
        await answer_solution(
            uow,
            complaint_id=detail.complaint_id,
            milestone_id=milestone,
            accepted=_yes(form),
            words=form.words,
            roster=_ROSTER,
        )
    except InvalidInput as error:
        raise await _refuse(request, uow, detail, error, at=milestone, typed=form.words) from error
    return go_to(request, f"/s/{code}", toast=Toast(text=gettext("Thank you, we have your answer")))


routes = [show_status, send_more, send_answer, send_call, send_remedy, send_solution]
