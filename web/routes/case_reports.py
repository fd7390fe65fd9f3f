"""The written report of a case at the desk: the editor with its preview, the approval, the ways to the customer."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.case_reports.actions import ReportMoved, begin_report, decide_report, save_report, submit_report
from core.case_reports.delivering import Reception, hand_over, note_arrival, send_by_post, send_online
from core.case_reports.queries import (
    VersionFacts,
    get_delivery,
    get_report_of,
    list_deliveries,
    list_to_approve,
    list_unopened,
    list_versions,
)
from core.case_reports.rules import ANSWERS, PARTS, Content, approver_of, differences, find_hints, options_of
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import InvalidInput, NotFound
from core.evidence.queries import list_evidence
from core.hearings.queries import list_hearings
from core.remedies.queries import list_remedies
from core.uow import Reader, UnitOfWork
from tenants.roles import ROLES
from web.i18n import gettext, localized
from web.page import Toast
from web.pdf import answer_pdf, answer_picture
from web.problems import Refused, field_texts
from web.report_sections import delivery_lines
from web.request import WebRequest
from web.routes.complaint_case import CASE
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.uploads import witness_of
from web.views.case_reports import (
    ANSWER_NAMES,
    HINT_KINDS,
    PART_HINTS,
    PART_NAMES,
    STATES,
    evidence_lines,
    finding_lines,
    paper_of,
    parts_of,
    prefill,
    report_number,
)
from web.views.complaints import number_text

REPORT: Final = f"{CASE}/report"
_READ, _WRITE, _APPROVE = (requires(f"complaints.{verb}") for verb in ("read", "write", "approve"))
BODY_LIMIT: Final = 256 * 1024
SIGNATURE_LIMIT: Final = 1024 * 1024


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The editor; `deed` is the button."""

    revision: int = 0
    facts: str = ""
    evidence: str = ""
    finding: str = ""
    shortcomings: str = ""
    remedy: str = ""
    plan: str = ""
    options: list[str] = []
    deed: str = "save"

    def content(self) -> Content:
        """What was written."""
        return Content(**{part: getattr(self, part) for part in PARTS}, options=tuple(self.options))


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the director says."""

    version: int = 0
    verdict: str = ""
    reason: str = ""


class Handover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signed on the tablet, or why not."""

    answer: str = ""
    signature: str = ""
    signature__typed: str = ""
    words: str = ""


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number of a letter."""

    post_number: str = ""


def _path(request: WebRequest, complaint_id: UUID, more: str = "") -> str:
    return tenant_path(request, f"/complaints/{complaint_id}/report{more}")


def _address(request: WebRequest, case: ComplaintDetail) -> str:
    return f"{request.runtime.settings.public_url}/s/{case.status_code}/report"


@get("/t/{slug:str}/case-reports", guards=[_APPROVE])
async def show_waiting(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await show(
        request,
        "pages/case_reports/waiting.html",
        waiting=await list_to_approve(reader),
        unopened=await list_unopened(reader),
        report_number=report_number,
        number_text=number_text,
        root=tenant_path(request, "/complaints"),
    )


async def _show(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    status: int = 200,
    content: Content | None = None,
    errors: Mapping[str, str] | None = None,
    moved: bool = False,
) -> Response[Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    report = await get_report_of(reader, complaint_id)
    words = content or report.content
    versions = await list_versions(reader, report.report_id)
    approver = approver_of(case.policy)
    return await show(
        request,
        "pages/case_reports/report.html",
        status=status,
        case=case,
        report=report,
        number=report_number(report.number),
        complaint=number_text(case.number),
        state=STATES[report.state],
        content=words,
        part_names={part: gettext(name) for part, name in PART_NAMES.items()},
        part_hints={part: gettext(name) for part, name in PART_HINTS.items()},
        options=[(one.value, localized(one.label)) for one in options_of(case.policy)],
        hints=find_hints(words),
        hint_kinds={kind: gettext(name) for kind, name in HINT_KINDS.items()},
        changes=differences(report.content, words) if moved else {},
        moved=moved,
        versions=versions,
        waiting=versions[0] if versions and report.state == "submitted" else None,
        waiting_parts=parts_of(versions[0]) if versions and report.state == "submitted" else [],
        deliveries=await delivery_lines(reader, report),
        answers=[(answer, gettext(ANSWER_NAMES[answer])) for answer in ANSWERS],
        may_write=reader.actor.may("complaints.write") and case.state in {"open", "resolved"},
        may_approve=reader.actor.may("complaints.approve") and approver in reader.actor.roles,
        approver=gettext(ROLES[approver].name) if approver in ROLES else approver,
        errors=errors or {},
        root=tenant_path(request, "/complaints"),
        here=_path(request, complaint_id),
    )


@post(f"{REPORT}/begin", guards=[_WRITE])
async def do_begin(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    case = await get_complaint(uow, complaint_id=complaint_id)
    pieces = await list_evidence(uow, complaint_id) if uow.actor.may("evidence.read") else []
    finding = finding_lines(await list_hearings(uow, complaint_id))
    known = prefill(case, await list_remedies(uow, complaint_id), finding=finding, evidence=evidence_lines(pieces))
    await begin_report(uow, complaint_id=complaint_id, prefill=known)
    return go_to(request, _path(request, complaint_id))


@get(REPORT, guards=[_READ])
async def show_report(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show(request, reader, complaint_id)


@post(REPORT, guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_save(request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Draft, lists=("options",))
    content = form.content()
    act = submit_report if form.deed == "submit" else save_report
    try:
        async with uow.attempt():
            await act(uow, complaint_id=complaint_id, revision=form.revision, content=content)
    except ReportMoved as error:
        raise Refused(await _show(request, uow, complaint_id, status=409, content=content, moved=True)) from error
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show(request, uow, complaint_id, status=422, content=content, errors=texts)) from error
    said = gettext("The report waits for approval") if form.deed == "submit" else gettext("The draft is kept")
    return go_to(request, _path(request, complaint_id), toast=Toast(text=said))


def _version(versions: list[VersionFacts], wanted: int | None) -> VersionFacts | None:
    if wanted is None:
        return None
    found = next((one for one in versions if one.version == wanted), None)
    if found is None:
        raise NotFound("no such version")
    return found


async def _paper(request: WebRequest, reader: Reader, complaint_id: UUID, version: int | None) -> dict[str, Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    report = await get_report_of(reader, complaint_id)
    labels = {one.value: localized(one.label) for one in options_of(case.policy)}
    shown = _version(await list_versions(reader, report.report_id), version)
    edition = shown.edition if shown is not None else None
    sent = await list_deliveries(reader, report.report_id) if edition else []
    return paper_of(
        case,
        house=reader.scope.tenant_name,
        number=report.number,
        address=_address(request, case),
        version=shown,
        draft=report.content,
        draft_options=[labels[one] for one in report.content.options if one in labels],
        answered=next((one for one in sent if one.edition == edition and one.answer), None),
    )


@get(f"{REPORT}/preview.png", guards=[_READ])
async def show_preview(
    request: WebRequest,
    reader: NamedDependency[Reader],
    complaint_id: FromPath[UUID],
    version: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await answer_picture("report", await _paper(request, reader, complaint_id, version))


@get(f"{REPORT}/report.pdf", guards=[_READ])
async def show_paper(
    request: WebRequest,
    reader: NamedDependency[Reader],
    complaint_id: FromPath[UUID],
    version: FromQuery[int | None] = None,
) -> Response[bytes]:
    data = await _paper(request, reader, complaint_id, version)
    return await answer_pdf("report", data, filename=f"{data['title']} {data['about'][0][1]}.pdf", download=False)


@post(f"{REPORT}/decide", guards=[_APPROVE], request_max_body_size=BODY_LIMIT)
async def do_decide(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Decision)
    approved = form.verdict == "approve"
    try:
        async with uow.attempt():
            await decide_report(
                uow, complaint_id=complaint_id, version=form.version, approved=approved, reason=form.reason
            )
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show(request, uow, complaint_id, status=422, errors=texts)) from error
    said = gettext("The report is approved") if approved else gettext("The report is sent back")
    return go_to(request, _path(request, complaint_id), toast=Toast(text=said))


@post(f"{REPORT}/online", guards=[_WRITE])
async def do_send_online(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    await send_online(uow, complaint_id=complaint_id)
    said = gettext("The report is on the customer's page; it counts as delivered when they open it")
    return go_to(request, _path(request, complaint_id), toast=Toast(text=said))


@post(f"{REPORT}/post", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_send_by_post(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Letter)
    try:
        async with uow.attempt():
            await send_by_post(uow, complaint_id=complaint_id, post_number=form.post_number)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show(request, uow, complaint_id, status=422, errors=texts)) from error
    return go_to(request, _path(request, complaint_id), toast=Toast(text=gettext("The letter is written down")))


@post(f"{REPORT}/hand-over", guards=[_WRITE], request_max_body_size=SIGNATURE_LIMIT)
async def do_hand_over(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Handover)
    try:
        async with uow.attempt():
            await hand_over(uow, complaint_id=complaint_id, said=_reception(request, form))
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show(request, uow, complaint_id, status=422, errors=texts)) from error
    return go_to(request, _path(request, complaint_id), toast=Toast(text=gettext("The report is handed over")))


def _reception(request: WebRequest, form: Handover) -> Reception:
    seen = witness_of(request)
    return Reception(
        answer=form.answer,
        signer=form.signature__typed,
        signature=form.signature,
        words=form.words,
        ip=seen.ip,
        user_agent=seen.user_agent,
    )


@post("/t/{slug:str}/report-deliveries/{delivery_id:uuid}/arrived", guards=[_WRITE])
async def do_note_arrival(
    request: WebRequest, uow: NamedDependency[UnitOfWork], delivery_id: FromPath[UUID]
) -> Response[Any]:
    delivery = await get_delivery(uow, delivery_id)
    await note_arrival(uow, delivery_id=delivery_id)
    return go_to(request, _path(request, delivery.complaint_id), toast=Toast(text=gettext("The letter arrived")))


routes = [
    show_waiting,
    do_begin,
    show_report,
    do_save,
    show_preview,
    show_paper,
    do_decide,
    do_send_online,
    do_send_by_post,
    do_hand_over,
    do_note_arrival,
]
