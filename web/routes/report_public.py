"""The written report on the customer's own page: opened, read exactly as approved, answered."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.case_reports.delivering import Reception, answer_report, open_report
from core.case_reports.queries import Shown, find_shown
from core.case_reports.rules import ANSWERS
from core.complaints.queries.cases import ComplaintDetail, find_by_status_code
from core.errors import InvalidInput, NotFound
from core.uow import Reader, UnitOfWork
from web.case_sections import CaseSection, add_case_section
from web.i18n import gettext
from web.pdf import answer_pdf
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show
from web.security import BY_CODE
from web.uploads import witness_of
from web.views.case_reports import ANSWER_NAMES, paper_of, parts_of, report_number
from web.views.complaints import number_text

PATH: Final = "/s/{code:str}/report"
SIGNATURE_LIMIT: Final = 1024 * 1024


class ReportAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer says; `signature` is a drawing, `signature__typed` a name."""

    answer: str = ""
    signature: str = ""
    signature__typed: str = ""
    words: str = ""


async def _load_status(reader: Reader, case: ComplaintDetail) -> Any:
    shown = await find_shown(reader, case.complaint_id)
    return None if shown is None else {"shown": shown, "href": f"/s/{case.status_code}/report"}


add_case_section(
    CaseSection(
        id="case_report_status",
        template="pages/case_reports/_status.html",
        load=_load_status,
        permission="complaints.read",
        place="status",
        rank=50,
    )
)


async def _shown(reader: Reader, code: str) -> tuple[ComplaintDetail, Shown]:
    case = await find_by_status_code(reader, code=code)
    shown = await find_shown(reader, case.complaint_id) if case is not None else None
    if case is None or shown is None:
        raise NotFound("no report behind this code")
    return case, shown


async def _show(
    request: WebRequest, reader: Reader, code: str, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    case, shown = await _shown(reader, code)
    body = shown.version.body
    return await show(
        request,
        "pages/public/report.html",
        status=status,
        case=case,
        shown=shown,
        house=body.house if body is not None else reader.scope.tenant_name,
        contact=body.contact if body is not None else "",
        number=report_number(shown.report.number),
        complaint=number_text(case.number),
        parts=parts_of(shown.version) if shown.received_at is not None else [],
        answers=[(answer, gettext(ANSWER_NAMES[answer])) for answer in ANSWERS],
        answer_names={answer: gettext(name) for answer, name in ANSWER_NAMES.items()},
        errors=errors or {},
        here=f"/s/{code}/report",
        back=f"/s/{code}",
    )


@get(PATH, guards=[BY_CODE])
async def show_own_report(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    return await _show(request, reader, code)


@post(f"{PATH}/open", guards=[BY_CODE])
async def do_open(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    """Reading begins with a press: programmes that look at links press nothing, so the receipt is a person's."""
    case, _ = await _shown(uow, code)
    seen = witness_of(request)
    await open_report(uow, complaint_id=case.complaint_id, seen=Reception(ip=seen.ip, user_agent=seen.user_agent))
    return go_to(request, f"/s/{code}/report")


@post(f"{PATH}/answer", guards=[BY_CODE], request_max_body_size=SIGNATURE_LIMIT)
async def do_answer(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    case, _ = await _shown(uow, code)
    form = await request.read(ReportAnswer)
    seen = witness_of(request)
    said = Reception(
        answer=form.answer,
        signer=form.signature__typed,
        signature=form.signature,
        words=form.words,
        ip=seen.ip,
        user_agent=seen.user_agent,
    )
    try:
        async with uow.attempt():
            await answer_report(uow, complaint_id=case.complaint_id, said=said)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show(request, uow, code, status=422, errors=texts)) from error
    return go_to(request, f"/s/{code}/report")


@get(f"{PATH}.pdf", guards=[BY_CODE])
async def show_own_paper(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[bytes]:
    case, shown = await _shown(reader, code)
    if shown.received_at is None:
        raise NotFound("not opened yet")
    data = paper_of(
        case,
        house=reader.scope.tenant_name,
        number=shown.report.number,
        address=f"{request.runtime.settings.public_url}/s/{code}/report",
        version=shown.version,
        answered=shown.answered,
    )
    return await answer_pdf("report", data, filename=f"{data['title']} {data['about'][0][1]}.pdf")


routes = [show_own_report, do_open, do_answer, show_own_paper]
