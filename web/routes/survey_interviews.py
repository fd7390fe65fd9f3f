"""The interviewer's desk: the queue, and one person at a time with script, survey and what came of the call."""

from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.actions import reveal_phones
from core.customers.queries import get_customer
from core.customers.rules.phones import national_digits
from core.errors import FieldProblem, InvalidInput
from core.forms.queries import get_submission
from core.forms.rules import decode_post, form_view
from core.surveys.interviewing import claim_interview, claim_next, give_back, record_call, record_interview
from core.surveys.queries import find_interview_form, find_sample, get_script, get_settings
from core.surveys.queue import InterviewRow, get_counts, get_interview, list_attempts, list_interviews
from core.surveys.rules.interviews import Outcome
from core.uow import Reader, UnitOfWork
from web.i18n import gettext
from web.page import Toast, current_page
from web.problems import Refused, field_texts, problem_words
from web.request import WebRequest
from web.screens import go_to, locale_of, show, tenant_path
from web.security import requires
from web.survey_tabs import survey_tabs
from web.views.surveys import CALL_STATES, REASONS, attempt_lines, call_lines, left_out_of

PATH: Final = "/t/{slug:str}/surveys/interviews"
ONE: Final = PATH + "/{interview_id:uuid}"
_CALL = [requires("surveys.interview")]
BODY_LIMIT: Final = 256 * 1024


class CallForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a call led to."""

    outcome: str = ""
    call_at: str = ""
    note: str = ""
    never_again: str = ""


def _root(request: WebRequest) -> str:
    return tenant_path(request, "/surveys")


@get(PATH, guards=_CALL)
async def show_queue(
    request: WebRequest, reader: NamedDependency[Reader], which: FromQuery[str] = "waiting"
) -> Response[Any]:
    shown = "over" if which == "over" else "waiting"
    month = reader.today.replace(day=1)
    sample = await find_sample(reader, month)
    settings = await get_settings(reader)
    root = _root(request)
    return await show(
        request,
        "pages/surveys/interviews.html",
        counts=await get_counts(reader),
        lines=call_lines(await list_interviews(reader, state=shown), reader.actor.id),
        state=shown,
        sample=sample,
        left_out=left_out_of(sample.left_out) if sample else [],
        has_form=await find_interview_form(reader, settings) is not None,
        root=root,
        here=f"{root}/interviews",
        tabs=survey_tabs(reader, root, "interviews"),
    )


@post(PATH + "/next", guards=_CALL)
async def do_take_next(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    interview_id = await claim_next(uow)
    here = f"{_root(request)}/interviews"
    if interview_id is None:
        return go_to(request, here, toast=Toast(text=gettext("Nobody is left to call for now"), state="info"))
    return go_to(request, f"{here}/{interview_id}")


async def _about(reader: Reader, row: InterviewRow, locale: str) -> Any:
    """What somebody answered who is to be called back."""
    return await get_submission(reader, row.about_id, locale=locale) if row.about_id is not None else None


async def _show_one(
    request: WebRequest,
    reader: Reader,
    row: InterviewRow,
    *,
    status: int = 200,
    answers: dict[str, Any] | None = None,
    problems: tuple[FieldProblem, ...] = (),
    values: CallForm | None = None,
    errors: dict[str, str] | None = None,
    phones: list[str] | None = None,
) -> Response[Any]:
    locale = locale_of(request)
    settings = await get_settings(reader)
    customer = await get_customer(reader, row.customer_id)
    form = await find_interview_form(reader, settings) if row.reason == "sample" and row.state == "waiting" else None
    view = form_view(form, answers or {}, problems, current_page().lang, reader.today.isoformat()) if form else None
    script = await get_script(reader, locale=locale)
    held = row.lease_until is not None and row.lease_until > reader.now
    root = _root(request)
    return await show(
        request,
        "pages/surveys/interview.html",
        status=status,
        interview=row,
        customer=customer,
        pets=[pet.name for pet in customer.subjects if pet.deceased_on is None],
        phones=phones,
        state=gettext(CALL_STATES[row.state][0]),
        tone=CALL_STATES[row.state][1],
        reason=gettext(REASONS[row.reason]),
        mine=held and row.claimed_by == reader.actor.id,
        taken=row.claimed_by_name if held and row.claimed_by != reader.actor.id else "",
        script=script.spoken(name=customer.full_name, clinic=reader.scope.tenant_name, me=reader.actor.name),
        view=view,
        about=await _about(reader, row, locale),
        filled=await get_submission(reader, row.submission_id, locale=locale) if row.submission_id else None,
        attempts=attempt_lines(await list_attempts(reader, row.interview_id)),
        max_attempts=settings.max_attempts,
        problem=problem_words,
        values=values or CallForm(),
        errors=errors or {},
        root=root,
        here=f"{root}/interviews/{row.interview_id}",
        tenant=tenant_path(request),
        may_see=reader.actor.may("customers.read"),
    )


@get(ONE, guards=_CALL)
async def show_interview(
    request: WebRequest, reader: NamedDependency[Reader], interview_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_one(request, reader, await get_interview(reader, interview_id))


@post(ONE + "/claim", guards=_CALL)
async def do_claim(
    request: WebRequest, uow: NamedDependency[UnitOfWork], interview_id: FromPath[UUID]
) -> Response[Any]:
    await claim_interview(uow, interview_id=interview_id)
    return go_to(request, f"{_root(request)}/interviews/{interview_id}")


@post(ONE + "/give-back", guards=_CALL)
async def do_give_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], interview_id: FromPath[UUID]
) -> Response[Any]:
    await give_back(uow, interview_id=interview_id)
    return go_to(request, f"{_root(request)}/interviews", toast=Toast(text=gettext("Somebody else can take the call")))


@post(ONE + "/reveal", guards=_CALL)
async def do_reveal(
    request: WebRequest, uow: NamedDependency[UnitOfWork], interview_id: FromPath[UUID]
) -> Response[Any]:
    """A POST, for it writes down who asked; the person is theirs from then on."""
    await claim_interview(uow, interview_id=interview_id)
    row = await get_interview(uow, interview_id)
    phones = [national_digits(one) for one in await reveal_phones(uow, customer_id=row.customer_id)]
    return await _show_one(request, uow, row, phones=phones)


@post(ONE + "/answers", guards=_CALL, request_max_body_size=BODY_LIMIT)
async def do_fill(request: WebRequest, uow: NamedDependency[UnitOfWork], interview_id: FromPath[UUID]) -> Response[Any]:
    row = await get_interview(uow, interview_id)
    fields = await request.open_form()
    form = await find_interview_form(uow, await get_settings(uow))
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    answers = decode_post(form, pairs).answers if form is not None else {}
    try:
        await record_interview(uow, interview_id=interview_id, answers=answers)
    except InvalidInput as error:
        page = await _show_one(request, uow, row, status=422, answers=answers, problems=error.problems)
        raise Refused(page) from error
    toast = Toast(text=gettext("The interview is kept. Thank you!"))
    return go_to(request, f"{_root(request)}/interviews", toast=toast)


def _moment(text: str, timezone: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)) if text else None
    except ValueError:
        return None


@post(ONE + "/call", guards=_CALL)
async def do_record_call(
    request: WebRequest, uow: NamedDependency[UnitOfWork], interview_id: FromPath[UUID]
) -> Response[Any]:
    row = await get_interview(uow, interview_id)
    form = await request.read(CallForm)
    try:
        await record_call(
            uow,
            interview_id=interview_id,
            outcome=cast("Outcome", form.outcome),
            note=form.note,
            call_at=_moment(form.call_at, uow.scope.timezone) if form.outcome == "call_later" else None,
            never_again=form.never_again == "true",
        )
    except InvalidInput as error:
        page = await _show_one(request, uow, row, status=422, values=form, errors=field_texts(error.problems))
        raise Refused(page) from error
    return go_to(request, f"{_root(request)}/interviews", toast=Toast(text=gettext("The call was written down")))


routes = [
    show_queue,
    do_take_next,
    show_interview,
    do_claim,
    do_give_back,
    do_reveal,
    do_fill,
    do_record_call,
]
