"""What a customer does about a complaint without an account: file it from the poster, watch the promise, answer."""

import secrets
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.actions import file_complaint
from core.complaints.handling import add_information, answer_satisfaction
from core.complaints.queries import ComplaintDetail, FilingPlace, find_by_status_code, find_filing_place
from core.complaints.rules import Filing
from core.errors import FieldProblem, InvalidInput, NotFound
from core.surveys.queries import find_case_survey
from core.uow import Reader, UnitOfWork
from web.case_sections import load_case_sections
from web.i18n import localized
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show
from web.security import BY_CODE
from web.views.complaints import newest_clocks, number_text

BODY_LIMIT: Final = 64 * 1024
_SHOWN_TO_CUSTOMERS: Final = {"filed", "customer_added", "completed", "resolved", "reopened", "archived", "answered"}


class PublicComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The four things that the phone page asks."""

    text: str = ""
    desired: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    key: str = ""


class More(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer adds."""

    text: str = ""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the customer is satisfied."""

    satisfied: str = ""
    rating: str = ""
    words: str = ""


class Promise(msgspec.Struct, frozen=True):
    """One promise in the customer's words."""

    text: str
    state: str
    start: Any
    due: Any
    done_at: Any


async def _place(reader: Reader, code: str) -> FilingPlace:
    place = await find_filing_place(reader, code=code)
    if place is None:
        raise NotFound("no such poster")
    return place


async def _show_filing(
    request: WebRequest,
    place: FilingPlace,
    code: str,
    values: PublicComplaint,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    return await show(
        request,
        "pages/public/complain.html",
        status=status,
        place=place,
        action=f"/c/{code}",
        values=values,
        errors=errors or {},
    )


@get("/c/{code:str}", guards=[BY_CODE])
async def show_filing(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    place = await _place(reader, code)
    return await _show_filing(request, place, code, PublicComplaint(key=secrets.token_urlsafe(18)))


@post("/c/{code:str}", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_complaint(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    place = await _place(uow, code)
    form = await request.read(PublicComplaint)
    filing = Filing(
        text=form.text,
        desired=form.desired,
        contact_name=form.contact_name,
        contact_phone=form.contact_phone,
        branch_id=place.branch_id,
    )
    try:
        filed = await file_complaint(uow, filing=filing, key=f"web:{form.key[:60]}" if form.key else None)
    except InvalidInput as error:
        page = await _show_filing(request, place, code, form, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    return go_to(request, f"/s/{filed.status_code}")


def _promises(detail: ComplaintDetail) -> list[Promise]:
    clocks = newest_clocks(detail)
    return [
        Promise(
            text=localized(milestone.promise),
            state=clock.status,
            start=clock.started_at,
            due=clock.due_at,
            done_at=clock.completed_at,
        )
        for milestone in detail.policy.milestones
        if milestone.promise is not None
        for clock in [clocks.get(milestone.id)]
        if clock is not None and clock.status != "cancelled"
    ]


def _next_promise(promises: list[Promise]) -> Promise | None:
    timed = [one for one in promises if one.due is not None and one.state in {"running", "breached"}]
    return min(timed, key=lambda one: one.due, default=None)


def _status_data(detail: ComplaintDetail) -> dict[str, Any]:
    promises = _promises(detail)
    return {
        "case": detail,
        "number": number_text(detail.number),
        "promises": promises,
        "next": _next_promise(promises),
        "own": [row for row in detail.history if row.kind == "customer_added"],
        "here": f"/s/{detail.status_code}",
    }


async def _case(reader: Reader, code: str) -> ComplaintDetail:
    detail = await find_by_status_code(reader, code=code)
    if detail is None:
        raise NotFound("no such complaint")
    return detail


async def _show_status(
    request: WebRequest,
    reader: Reader,
    detail: ComplaintDetail,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    survey = await find_case_survey(reader, detail.complaint_id)
    return await show(
        request,
        "pages/public/status.html",
        status=status,
        errors=errors or {},
        survey=f"/q/{survey.code}" if survey is not None and survey.code else "",
        sections=await load_case_sections(request, reader, detail, status=True),
        **_status_data(detail),
    )


@get("/s/{code:str}", guards=[BY_CODE])
async def show_status(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    return await _show_status(request, reader, await _case(reader, code))


@post("/s/{code:str}/add", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_more(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    detail = await _case(uow, code)
    form = await request.read(More)
    try:
        await add_information(uow, complaint_id=detail.complaint_id, text=form.text)
    except InvalidInput as error:
        page = await _show_status(request, uow, detail, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    return go_to(request, f"/s/{code}")


@post("/s/{code:str}/answer", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def send_answer(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    detail = await _case(uow, code)
    form = await request.read(Answer)
    if form.satisfied not in {"yes", "no"}:
        problem = FieldProblem("satisfied", "required")
        page = await _show_status(request, uow, detail, status=422, errors=field_texts((problem,)))
        raise Refused(page)
    rating = int(form.rating) if form.rating.isdecimal() and len(form.rating) == 1 else None
    await answer_satisfaction(
        uow, complaint_id=detail.complaint_id, satisfied=form.satisfied == "yes", rating=rating, words=form.words
    )
    return go_to(request, f"/s/{code}")


routes = [show_filing, send_complaint, show_status, send_more, send_answer]
