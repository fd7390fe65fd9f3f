"""The duty roster: a branch's week with its gaps, and the changes of single days; patterns are in shift_patterns.py."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput, NotFound
from core.tenancy.queries import BranchFacts, list_branches
from core.uow import Reader, UnitOfWork
from tenants.duty import cancel_shift, list_shifts, plan_shift
from tenants.roles import ROLES
from tenants.shifts.actions import CannotStandIn, NotOnShift, record_absence, record_swap, undo_change
from tenants.shifts.covering import get_cover, list_gaps, list_now
from tenants.shifts.queries import list_changes, list_swaps
from tenants.shifts.rules.patterns import version_on
from tenants.staff import list_people
from web.downloads import csv_download
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problem_texts import TEXTS
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.role_texts import role_name
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import rosters as words

PATH: Final = "/t/{slug:str}/roster"
READ: Final = [requires("complaints.read")]
MANAGE: Final = [requires("roster.manage")]
BODY_LIMIT: Final = 16 * 1024


class NewShift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of a single shift; times are those of the tenant's clocks on the wall."""

    staff_id: str = ""
    role: str = ""
    branch_id: str = ""
    starts_at: str = ""
    ends_at: str = ""


class Absence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody is away, from one pattern or from all."""

    staff_id: str = ""
    pattern_id: str = ""
    first_on: str = ""
    last_on: str = ""
    words: str = ""


class Swap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody takes another's shift."""

    pattern_id: str = ""
    on: str = ""
    staff_id: str = ""
    stand_in_id: str = ""
    words: str = ""


async def _load_gaps(reader: Reader) -> Any:
    lines = words.gap_lines(await list_gaps(reader), reader.scope.timezone)
    return (f"/t/{reader.scope.slug}/roster", lines) if lines else None


async def _load_duty(reader: Reader) -> Any:
    return await list_now(reader)


add_entry(
    Entry(
        id="roster",
        label=N_("Duty roster"),
        icon="calendar-clock",
        path="/roster",
        permission="complaints.read",
        rank=60,
    )
)
add_section(
    Section(id="roster-gaps", template="pages/rosters/_home.html", load=_load_gaps, permission="roster.manage", rank=5)
)


add_section(
    Section(id="duty", template="pages/home/_duty.html", load=_load_duty, permission="complaints.read", rank=900)
)


def read_uuid(text: str, path: str, code: str) -> UUID:
    """Return the id of a choice."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, code if text else "required"),)) from None


def read_date(text: str, path: str) -> date:
    """Return a date as the browser's field sends it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "bad-date" if text else "required"),)) from None


def _instant(text: str, path: str, timezone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "required" if not text else "wrong-form"),)) from None
    return moment.replace(tzinfo=ZoneInfo(timezone)) if moment.tzinfo is None else moment


async def _place(reader: Reader, branch: str, week: str) -> tuple[BranchFacts, list[BranchFacts], date]:
    """Return the branch that is asked for (one's own, else the first), all of them, and the Monday."""
    branches = await list_branches(reader)
    wanted = branch or str(reader.actor.branch_id or branches[0].branch_id)
    here = next((one for one in branches if str(one.branch_id) == wanted), None)
    if here is None:
        raise NotFound("no such branch")
    try:
        day = date.fromisoformat(week) if week else reader.today
        return here, branches, words.monday_of(day)
    except (ValueError, OverflowError):
        raise NotFound("no such week") from None


async def show_week(
    request: WebRequest,
    reader: Reader,
    *,
    branch: str = "",
    week: str = "",
    status: int = 200,
    form: str = "",
    values: object = None,
    errors: object = None,
    told: str = "",
) -> Response[Any]:
    """Show a branch's week; `form` names the one that was refused, with its values and errors."""
    here, branches, monday = await _place(reader, branch, week)
    covers, plan = await get_cover(reader, branch_id=here.branch_id, first=monday, days=7)
    people = await list_people(reader)
    names = {person.staff_id: person.full_name for person in people}
    zone, today = reader.scope.timezone, reader.today
    versions = [version_on(each, max(today, monday)) or each[-1] for each in plan.patterns.values()]
    patterns = [one for one in versions if one.branch_id in {None, here.branch_id} and not one.hours.ended]
    return await show(
        request,
        "pages/rosters/week.html",
        status=status,
        root=tenant_path(request, "/roster"),
        here=here,
        branches=branches,
        monday=monday,
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
        days=words.day_heads(monday, today),
        rows=words.week_rows(covers, names, zone),
        patterns=[
            (p, words.hours_text(p.hours), words.days_text(p.hours), words.teams_text(p, names)) for p in patterns
        ],
        patterns_of=[(str(p.pattern_id), f"{p.hours.name} · {role_name(p.role)}") for p in patterns],
        pattern_names={one.pattern_id: one.hours.name for one in versions},
        changes=await list_changes(reader, first=today),
        swaps=[one for one in await list_swaps(reader, first=today) if one.state in {"open", "accepted"}],
        shifts=await list_shifts(reader),
        staff=[(str(person.staff_id), person.full_name) for person in people if person.state == "active"],
        names=names,
        roles=[(code, role_name(code)) for code in ROLES],
        may_manage=reader.actor.may("roster.manage"),
        today=today,
        form=form,
        values=values or {},
        errors=errors or {},
        told=told,
    )


@get(PATH, guards=READ)
async def show_roster(
    request: WebRequest, reader: NamedDependency[Reader], branch: FromQuery[str] = "", week: FromQuery[str] = ""
) -> Response[Any]:
    """The week of a branch: who is on duty for each role that the policies name, and where nobody is."""
    return await show_week(request, reader, branch=branch, week=week)


@get(f"{PATH}/week.csv", guards=READ)
async def download_week(
    reader: NamedDependency[Reader], branch: FromQuery[str] = "", week: FromQuery[str] = ""
) -> Response[bytes]:
    """The same week as a list, for a spreadsheet or a notice board."""
    here, _, monday = await _place(reader, branch, week)
    covers, _ = await get_cover(reader, branch_id=here.branch_id, first=monday, days=7)
    names = {person.staff_id: person.full_name for person in await list_people(reader)}
    return csv_download(words.week_table(covers, names, reader.scope.timezone), f"roster-{monday.isoformat()}.csv")


@get(f"{PATH}/gaps", guards=READ)
async def show_gaps(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """The gaps of the next seven days at every branch; the board asks for it once it stands."""
    return await show(
        request,
        "pages/rosters/gaps.html",
        partial="pages/rosters/_gaps.html",
        gaps=words.gap_lines(await list_gaps(reader), reader.scope.timezone),
        root=tenant_path(request, "/roster"),
    )


def _back(request: WebRequest, text: str) -> Response[Any]:
    return go_to(request, tenant_path(request, "/roster"), toast=Toast(text=text))


@post(f"{PATH}/shifts", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_plan_shift(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Somebody extra, once."""
    form = await request.read(NewShift)
    timezone = uow.scope.timezone
    try:
        await plan_shift(
            uow,
            staff_id=read_uuid(form.staff_id, "staff_id", "unknown-person"),
            role=form.role,
            branch_id=read_uuid(form.branch_id, "branch_id", "unknown-branch") if form.branch_id else None,
            starts_at=_instant(form.starts_at, "starts_at", timezone),
            ends_at=_instant(form.ends_at, "ends_at", timezone),
        )
    except InvalidInput as error:
        raise await _refused(request, uow, "shift", form, error) from None
    return _back(request, gettext("The shift is planned"))


@post(f"{PATH}/shifts/{{shift_id:uuid}}/cancel", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_cancel_shift(
    request: WebRequest, uow: NamedDependency[UnitOfWork], shift_id: FromPath[UUID]
) -> Response[Any]:
    await cancel_shift(uow, shift_id=shift_id)
    return _back(request, gettext("The shift was taken off"))


@post(f"{PATH}/absences", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_record_absence(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Somebody is away; the week shows at once where that leaves a gap."""
    form = await request.read(Absence)
    try:
        first = read_date(form.first_on, "first_on")
        await record_absence(
            uow,
            staff_id=read_uuid(form.staff_id, "staff_id", "unknown-person"),
            pattern_id=read_uuid(form.pattern_id, "pattern_id", "option") if form.pattern_id else None,
            first=first,
            last=read_date(form.last_on, "last_on") if form.last_on else first,
            words=form.words,
        )
    except InvalidInput as error:
        raise await _refused(request, uow, "absence", form, error) from None
    return _back(request, gettext("The absence is on the roster"))


@post(f"{PATH}/swaps", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_record_swap(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """A leader gives somebody's shift to another."""
    form = await request.read(Swap)
    try:
        await record_swap(
            uow,
            pattern_id=read_uuid(form.pattern_id, "pattern_id", "option"),
            on=read_date(form.on, "on"),
            staff_id=read_uuid(form.staff_id, "staff_id", "unknown-person"),
            stand_in_id=read_uuid(form.stand_in_id, "stand_in_id", "unknown-person"),
            words=form.words,
        )
    except InvalidInput as error:
        raise await _refused(request, uow, "swap", form, error) from None
    except (NotOnShift, CannotStandIn) as error:
        path = "staff_id" if isinstance(error, NotOnShift) else "stand_in_id"
        told = {path: gettext(TEXTS[error.code].title)}
        page = await show_week(request, uow, status=409, form="swap", values=msgspec.to_builtins(form), errors=told)
        raise Refused(page) from None
    return _back(request, gettext("The swap is on the roster"))


@post(f"{PATH}/changes/{{change_id:uuid}}/undo", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_undo_change(
    request: WebRequest, uow: NamedDependency[UnitOfWork], change_id: FromPath[UUID]
) -> Response[Any]:
    """Take an absence or a swap back."""
    await undo_change(uow, change_id=change_id)
    return _back(request, gettext("Taken back"))


async def _refused(request: WebRequest, uow: UnitOfWork, form: str, values: Any, error: InvalidInput) -> Refused:
    errors = field_texts(error.problems)
    return Refused(
        await show_week(request, uow, status=422, form=form, values=msgspec.to_builtins(values), errors=errors)
    )


routes = [
    show_roster,
    download_week,
    show_gaps,
    do_plan_shift,
    do_cancel_shift,
    do_record_absence,
    do_record_swap,
    do_undo_change,
]
