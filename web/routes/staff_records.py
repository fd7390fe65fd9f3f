"""Staff records: entered from a case's report, seen and answered by the person, decided by the director, taken along."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.case_reports.queries import get_report_of
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.events import StaffRef
from core.staff_records.actions import (
    decide_objection,
    enter_nobody,
    enter_record,
    object_to,
    reply,
    see_record,
)
from core.staff_records.queries import (
    LEADS,
    RecordFacts,
    count_records_in,
    count_unseen,
    get_record,
    list_objected,
    list_records_in,
    list_records_of,
    list_unseen,
)
from core.staff_records.rules import MEASURES, RecordDraft
from core.uow import Reader, UnitOfWork
from tenants.staff import Person, get_person, list_people
from web.downloads import csv_download
from web.formats import format_datetime
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.complaint_case import CASE
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.case_reports import MEASURE_NAMES, report_number
from web.views.complaints import number_text

PATH: Final = "/t/{slug:str}/staff-records"
ONE: Final = f"{PATH}/{{record_id:uuid}}"
PERSON: Final = "/t/{slug:str}/staff/{staff_id:uuid}/records"
IN_CASE: Final = f"{CASE}/staff-records"
_JUDGE, _LEADS = requires("complaints.judge"), requires(LEADS)
BODY_LIMIT: Final = 64 * 1024
STATE_NAMES: Final = {
    "standing": (N_("Entered"), "neutral"),
    "objected": (N_("Objection waits"), "warn"),
    "kept": (N_("Kept after an objection"), "neutral"),
    "withdrawn": (N_("Withdrawn"), "ok"),
}


class NewRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the leader writes about one person."""

    staff_id: str = ""
    involvement: str = ""
    finding: str = ""
    learned: str = ""
    measure: str = ""


class Nobody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why nobody's file is concerned."""

    reason: str = ""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reply or an objection."""

    text: str = ""


class ObjectionDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the director decides."""

    verdict: str = ""
    reason: str = ""


add_entry(
    Entry(
        id="staff_records",
        label=N_("My records"),
        icon="notebook-text",
        path="/staff-records",
        rank=96,
        badges=(count_unseen,),
    )
)


async def _load_home(reader: Reader) -> Any:
    unseen = await list_unseen(reader)
    objected = await list_objected(reader) if reader.actor.may(LEADS) else []
    return {"unseen": unseen, "objected": objected} if unseen or objected else None


add_section(Section(id="staff_records", template="pages/staff_records/_home.html", load=_load_home, rank=14))


def _frame(request: WebRequest) -> dict[str, Any]:
    return {
        "states": {state: (gettext(name), tone) for state, (name, tone) in STATE_NAMES.items()},
        "measures": {measure: gettext(name) for measure, name in MEASURE_NAMES.items()},
        "number_text": number_text,
        "root": tenant_path(request, "/staff-records"),
    }


@get(PATH, guards=[requires()])
async def show_own_records(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    assert reader.actor.id is not None
    records = await list_records_of(reader, reader.actor.id)
    data = _frame(request) | {"records": records, "person": None, "copy": tenant_path(request, "/staff-records.csv")}
    objected = await list_objected(reader) if reader.actor.may(LEADS) else []
    return await show(request, "pages/staff_records/list.html", objected=objected, **data)


@get("/t/{slug:str}/staff-records.csv", guards=[requires()])
async def copy_own_records(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    del request
    assert reader.actor.id is not None
    return _copy(await list_records_of(reader, reader.actor.id))


@get(PERSON, guards=[_LEADS])
async def show_records_of(
    request: WebRequest, reader: NamedDependency[Reader], staff_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_person(reader, staff_id=staff_id)
    records = await list_records_of(reader, staff_id)
    data = _frame(request) | {
        "records": records,
        "person": person,
        "copy": tenant_path(request, f"/staff/{staff_id}/records.csv"),
    }
    return await show(request, "pages/staff_records/list.html", objected=[], **data)


@get(f"{PERSON}.csv", guards=[_LEADS])
async def copy_records_of(
    request: WebRequest, reader: NamedDependency[Reader], staff_id: FromPath[UUID]
) -> Response[Any]:
    del request
    await get_person(reader, staff_id=staff_id)
    return _copy(await list_records_of(reader, staff_id))


def _copy(records: list[RecordFacts]) -> Response[bytes]:
    head = [
        *(gettext("Person"), gettext("Complaint"), gettext("Entered"), gettext("Part in the case"), gettext("Finding")),
        *(gettext("Points to learn"), gettext("Measure"), gettext("Reply"), gettext("Objection"), gettext("Decision")),
        *(gettext("Reason"), gettext("Kept until")),
    ]
    rows = [head]
    for one in records:
        said = {word.kind: word.text for word in one.words}
        decision = one.decision
        rows.append(
            [
                *(one.staff_name, number_text(one.complaint_number), format_datetime(one.recorded_at)),
                *(one.involvement, one.finding, one.learned, gettext(MEASURE_NAMES[one.measure])),
                *(said.get("reply", ""), said.get("objection", "")),
                gettext(STATE_NAMES[decision.kind][0]) if decision else "",
                decision.text if decision else "",
                one.retain_until.isoformat(),
            ]
        )
    return csv_download(rows, f"{gettext('Staff records')}.csv")


async def _show_one(
    request: WebRequest, reader: Reader, record: RecordFacts, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    mine = record.staff_id == reader.actor.id
    return await show(
        request,
        "pages/staff_records/record.html",
        status=status,
        record=record,
        mine=mine,
        may_decide=reader.actor.may(LEADS) and not mine and record.state == "objected",
        people=tenant_path(request, "/staff"),
        errors=errors or {},
        **_frame(request),
    )


@get(ONE, guards=[requires()])
async def show_record(request: WebRequest, reader: NamedDependency[Reader], record_id: FromPath[UUID]) -> Response[Any]:
    return await _show_one(request, reader, await get_record(reader, record_id))


@post(f"{ONE}/seen", guards=[requires()])
async def do_see(request: WebRequest, uow: NamedDependency[UnitOfWork], record_id: FromPath[UUID]) -> Response[Any]:
    await see_record(uow, record_id=record_id)
    return go_to(request, tenant_path(request, f"/staff-records/{record_id}"), toast=Toast(text=gettext("Read")))


@post(f"{ONE}/reply", guards=[requires()], request_max_body_size=BODY_LIMIT)
async def do_reply(request: WebRequest, uow: NamedDependency[UnitOfWork], record_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Said)
    return await _speak(request, uow, record_id, reply, form.text, gettext("Your reply stays beside the record"))


@post(f"{ONE}/object", guards=[requires()], request_max_body_size=BODY_LIMIT)
async def do_object(request: WebRequest, uow: NamedDependency[UnitOfWork], record_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Said)
    return await _speak(request, uow, record_id, object_to, form.text, gettext("The director decides your objection"))


async def _speak(
    request: WebRequest, uow: UnitOfWork, record_id: UUID, act: Any, text: str, said: str
) -> Response[Any]:
    try:
        async with uow.attempt():
            await act(uow, record_id=record_id, text=text)
    except InvalidInput as error:
        record = await get_record(uow, record_id)
        page = await _show_one(request, uow, record, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    return go_to(request, tenant_path(request, f"/staff-records/{record_id}"), toast=Toast(text=said))


@post(f"{ONE}/decide", guards=[_LEADS], request_max_body_size=BODY_LIMIT)
async def do_decide_objection(
    request: WebRequest, uow: NamedDependency[UnitOfWork], record_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(ObjectionDecision)
    try:
        async with uow.attempt():
            kept = form.verdict != "withdraw"
            await decide_objection(uow, record_id=record_id, kept=kept, reason=form.reason)
    except InvalidInput as error:
        record = await get_record(uow, record_id)
        page = await _show_one(request, uow, record, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    here = tenant_path(request, f"/staff-records/{record_id}")
    return go_to(request, here, toast=Toast(text=gettext("The objection is decided")))


async def _show_case(
    request: WebRequest,
    reader: Reader,
    case: ComplaintDetail,
    *,
    status: int = 200,
    values: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    report = await get_report_of(reader, case.complaint_id)
    return await show(
        request,
        "pages/staff_records/new.html",
        status=status,
        case=case,
        number=number_text(case.number),
        report=report,
        report_number=report_number(report.number),
        records=await list_records_in(reader, case.complaint_id),
        count=await count_records_in(reader, case.complaint_id),
        people=[(str(one.staff_id), one.full_name) for one in await list_people(reader)],
        measure_options=[(measure, gettext(MEASURE_NAMES[measure])) for measure in MEASURES],
        values=values or {},
        errors=errors or {},
        complaints=tenant_path(request, "/complaints"),
        here=tenant_path(request, f"/complaints/{case.complaint_id}/staff-records"),
        **_frame(request),
    )


@get(IN_CASE, guards=[_JUDGE])
async def show_case_records(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_case(request, reader, await get_complaint(reader, complaint_id=complaint_id))


def _person(people: list[Person], staff_id: str) -> StaffRef:
    found = next((one for one in people if str(one.staff_id) == staff_id), None)
    if found is None:
        raise InvalidInput((FieldProblem("staff_id", "required"),))
    return StaffRef(staff_id=found.staff_id, name=found.full_name)


@post(IN_CASE, guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_enter(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NewRecord)
    case = await get_complaint(uow, complaint_id=complaint_id)
    draft = RecordDraft(involvement=form.involvement, finding=form.finding, learned=form.learned, measure=form.measure)
    try:
        async with uow.attempt():
            ref = _person(await list_people(uow), form.staff_id)
            await enter_record(uow, complaint_id=complaint_id, staff=ref, draft=draft)
    except InvalidInput as error:
        values = msgspec.to_builtins(form)
        page = await _show_case(request, uow, case, status=422, values=values, errors=field_texts(error.problems))
        raise Refused(page) from error
    here = tenant_path(request, f"/complaints/{complaint_id}/staff-records")
    return go_to(request, here, toast=Toast(text=gettext("The record is entered, and the person is told")))


@post(f"{IN_CASE}/nobody", guards=[_JUDGE], request_max_body_size=BODY_LIMIT)
async def do_enter_nobody(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Nobody)
    case = await get_complaint(uow, complaint_id=complaint_id)
    try:
        async with uow.attempt():
            await enter_nobody(uow, complaint_id=complaint_id, reason=form.reason)
    except InvalidInput as error:
        page = await _show_case(request, uow, case, status=422, errors=field_texts(error.problems))
        raise Refused(page) from error
    return go_to(
        request, tenant_path(request, f"/complaints/{complaint_id}"), toast=Toast(text=gettext("Written down"))
    )


routes = [
    show_own_records,
    copy_own_records,
    show_records_of,
    copy_records_of,
    show_record,
    do_see,
    do_reply,
    do_object,
    do_decide_objection,
    show_case_records,
    do_enter,
    do_enter_nobody,
]
