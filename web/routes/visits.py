"""Visits at the desk: the day's list, starting and ending one, and the customer's address."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.queries import CustomerRecord
from core.days import local_date
from core.db import new_id
from core.errors import FieldProblem, InvalidInput
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from core.visits.actions.visits import (
    end_visit,
    give_link,
    open_visit,
    revoke_links,
)
from core.visits.queries.visits import VisitFilter, VisitRow, get_visit, list_visits
from tenants.staff import list_people
from web.cursors import pack_cursor, read_moment_cursor
from web.customer_sections import CustomerSection, add_customer_section
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.search import Hit, Source, add_search
from web.security import requires
from web.views.visits import BILL_STATES, BILL_TONES, STATE_TONES, STATES, visit_number
from web.visit_page import back_to_visit, refused_visit, show_visit_page

PATH: Final = "/t/{slug:str}/visits"
ONE: Final = PATH + "/{visit_id:uuid}"
READ, WRITE = [requires("visits.read")], [requires("visits.write")]
PAGE: Final = 25
BODY_LIMIT: Final = 32 * 1024
_CLINICIANS: Final = {"doctor", "senior_doctor", "director"}

add_entry(Entry(id="visits", label=N_("Visits"), icon="stethoscope", path="/visits", permission="visits.read", rank=35))


async def _find_hits(reader: Reader, text: str, limit: int) -> list[Hit]:
    """By the number that stands on papers: V-0012, v12 or 12."""
    digits = text.strip().upper().removeprefix("V").removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):
        return []
    rows = await list_visits(reader, wanted=VisitFilter(number=int(digits)), limit=limit)
    return [
        Hit(f"{visit_number(row.number)} {row.customer_name}", f"/visits/{row.visit_id}", row.reason, "visit")
        for row in rows
    ]


add_search(Source(id="visits", label=N_("Visits"), permission="visits.read", find=_find_hits, rank=30))


class VisitLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of visits."""

    visit_id: UUID
    number: str
    title: str
    detail: str
    state: str
    tone: str
    branch: str
    started_at: datetime
    bill_fen: int | None
    bill_state: str
    bill_tone: str
    over: bool


class CustomerVisits(msgspec.Struct, frozen=True, kw_only=True):
    """The card on the customer's page."""

    lines: list[VisitLine]
    subjects: list[tuple[str, str]]
    branches: list[tuple[str, str]]
    clinicians: list[tuple[str, str]]
    my_branch: str
    me: str
    key: str
    may_write: bool


class NewVisit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes, where, to whom and why; `key` makes sending it twice harmless."""

    subject_id: str = ""
    branch_id: str = ""
    clinician_id: str = ""
    reason: str = ""
    key: str = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    note: str = ""


def _line(row: VisitRow) -> VisitLine:
    detail = " · ".join(part for part in (visit_number(row.number), row.subject_name or "", row.reason) if part)
    return VisitLine(
        visit_id=row.visit_id,
        number=visit_number(row.number),
        title=row.customer_name,
        detail=detail,
        state=gettext(STATES[row.state]),
        tone=STATE_TONES[row.state],
        branch=row.branch_name or "",
        started_at=row.started_at,
        bill_fen=row.bill_fen,
        bill_state=gettext(BILL_STATES[row.bill_state]) if row.bill_state else "",
        bill_tone=BILL_TONES[row.bill_state] if row.bill_state else "",
        over=bool(row.over),
    )


async def _load_visits(reader: Reader, record: CustomerRecord) -> CustomerVisits | None:
    rows = await list_visits(reader, wanted=VisitFilter(customer_id=record.customer_id), limit=6)
    may_write = reader.actor.may("visits.write")
    if not rows and not may_write:
        return None
    people = await list_people(reader) if may_write else []
    clinicians = [p for p in people if p.state == "active" and _CLINICIANS & set(p.roles)]
    alive = [one for one in record.subjects if one.deceased_on is None]
    return CustomerVisits(
        lines=[_line(row) for row in rows],
        subjects=[(str(one.subject_id), one.name) for one in alive],
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        clinicians=[(str(one.staff_id), one.full_name) for one in clinicians],
        my_branch=str(reader.actor.branch_id or record.branch_id or ""),
        me=str(reader.actor.id) if reader.actor.id in {one.staff_id for one in clinicians} else "",
        key=new_id().hex,
        may_write=may_write,
    )


add_customer_section(
    CustomerSection(
        id="visits", template="pages/visits/_customer.html", load=_load_visits, permission="visits.read", rank=10
    )
)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


@get(PATH, guards=READ)
async def show_visits(
    request: WebRequest,
    reader: NamedDependency[Reader],
    day: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    # `state` cannot be a parameter: Litestar keeps the name for its own.
    state, chosen, cursor = request.query_params.get("state", ""), _day(day), read_moment_cursor(after)
    zone, branches = reader.scope.timezone, await list_branches(reader)
    branch_id = next((one.branch_id for one in branches if str(one.branch_id) == branch), None)
    wanted = VisitFilter(
        since=_midnight(chosen, zone) if chosen else None,
        until=_midnight(chosen + timedelta(days=1), zone) if chosen and chosen < date.max else None,
        branch_id=branch_id,
        states=frozenset({state}) & STATES.keys(),
    )
    rows = await list_visits(reader, wanted=wanted, after=cursor, limit=PAGE)
    root = tenant_path(request, "/visits")
    asked = urlencode([(n, v) for n, v in (("day", day), ("branch", branch), ("state", state)) if v])
    last = pack_cursor(rows[-1].started_at.isoformat(), rows[-1].visit_id) if len(rows) == PAGE else ""
    return await show(
        request,
        "pages/visits/list.html",
        partial="pages/visits/_rows_more.html" if cursor else "pages/visits/_list.html",
        lines=[_line(row) for row in rows],
        root=root,
        customers=tenant_path(request, "/customers"),
        day=chosen.isoformat() if chosen else "",
        today=local_date(reader.now, zone).isoformat(),
        branch=branch,
        state=state if state in STATES else "",
        states=[(code, gettext(name)) for code, name in STATES.items()],
        branches=[(str(one.branch_id), one.name) for one in branches],
        filtered=bool(asked),
        more=f"{root}?{asked}&after={last}" if last else None,
    )


def _identity(text: str, path: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput((FieldProblem(path, "option"),)) from None


@post("/t/{slug:str}/customers/{customer_id:uuid}/visits", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_open_visit(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NewVisit)
    clinician_id = _identity(form.clinician_id, "clinician_id")
    if clinician_id is not None and clinician_id not in {one.staff_id for one in await list_people(uow)}:
        raise InvalidInput((FieldProblem("clinician_id", "unknown-person"),))
    visit_id = await open_visit(
        uow,
        customer_id=customer_id,
        subject_id=_identity(form.subject_id, "subject_id"),
        branch_id=_identity(form.branch_id, "branch_id"),
        clinician_id=clinician_id,
        reason=form.reason,
        key=f"desk:{form.key[:60]}" if form.key else None,
    )
    visit = await get_visit(uow, visit_id)
    toast = Toast(text=gettext("Visit %(visit)s has begun") % {"visit": visit_number(visit.number)})
    return go_to(request, tenant_path(request, f"/visits/{visit_id}"), toast=toast)


@get(ONE, guards=READ)
async def show_visit(request: WebRequest, reader: NamedDependency[Reader], visit_id: FromPath[UUID]) -> Response[Any]:
    return await show_visit_page(request, reader, visit_id)


@post(ONE + "/discharge", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_discharge(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await end_visit(uow, visit_id=visit_id, how="discharged")
    return back_to_visit(request, visit_id, gettext("The visit has ended"))


@post(ONE + "/cancel", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_cancel_visit(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Words)
    try:
        await end_visit(uow, visit_id=visit_id, how="cancelled", note=form.note)
    except InvalidInput as error:
        raise await refused_visit(request, uow, visit_id, error, {"note": form.note}) from error
    return back_to_visit(request, visit_id, gettext("The visit was cancelled"))


@post(ONE + "/link", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_give_link(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await give_link(uow, visit_id=visit_id)
    return back_to_visit(request, visit_id, place="#customer-page")


@post(ONE + "/link/revoke", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_revoke_link(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await revoke_links(uow, visit_id=visit_id)
    return back_to_visit(request, visit_id, gettext("The link is taken back; whoever scans it is told to ask you"))


routes = [
    show_visits,
    do_open_visit,
    show_visit,
    do_discharge,
    do_cancel_visit,
    do_give_link,
    do_revoke_link,
]
