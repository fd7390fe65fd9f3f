"""Shift patterns: made, changed from a day on, ended, and taken back; every version stays in the history."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import FieldProblem, InvalidInput
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.roles import ROLES
from tenants.shifts.actions import RosterMoved, add_pattern, change_pattern, end_pattern, undo_pattern
from tenants.shifts.queries import get_pattern
from tenants.shifts.rules.checks import PatternDraft
from tenants.shifts.rules.patterns import MOST_TEAMS, Holidays, Pattern
from tenants.staff import list_people
from web.i18n import gettext
from web.page import Toast
from web.problem_texts import TEXTS
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.role_texts import role_name
from web.routes.rosters import BODY_LIMIT, MANAGE, PATH, read_date, read_uuid
from web.screens import go_to, show, tenant_path
from web.views import rosters as words

ONE: Final = PATH + "/patterns/{pattern_id:uuid}"
TEAMS: Final = tuple(f"team_{number}" for number in range(1, MOST_TEAMS + 1))
_LISTS: Final = ("weekdays", *TEAMS)


class PatternForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern as its form sends it."""

    name: str = ""
    role: str = ""
    branch_id: str = ""
    weekdays: tuple[int, ...] = ()
    starts: str = ""
    ends: str = ""
    holidays: Holidays = "same"
    turn_days: int = 7
    anchor: str = ""
    effective_from: str = ""
    team_1: tuple[str, ...] = ()
    team_2: tuple[str, ...] = ()
    team_3: tuple[str, ...] = ()
    team_4: tuple[str, ...] = ()
    number: int = 0


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which day a pattern plans nothing, and the version that was looked at."""

    number: int
    from_day: str = ""


class Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version that is taken back."""

    number: int


def _minutes(text: str, path: str) -> int:
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute[:2].isdecimal()):
        raise InvalidInput((FieldProblem(path, "wrong-form" if text else "required"),))
    return int(hour) * 60 + int(minute[:2])


def _draft(form: PatternForm) -> PatternDraft:
    teams = [tuple(read_uuid(one, name, "unknown-person") for one in getattr(form, name) if one) for name in TEAMS]
    while teams and not teams[-1]:
        teams.pop()
    begins = read_date(form.effective_from, "effective_from")
    return PatternDraft(
        name=form.name,
        role=form.role,
        branch_id=read_uuid(form.branch_id, "branch_id", "unknown-branch") if form.branch_id else None,
        weekdays=form.weekdays,
        starts=_minutes(form.starts, "starts"),
        ends=_minutes(form.ends, "ends"),
        holidays=form.holidays,
        teams=tuple(teams),
        turn_days=form.turn_days,
        anchor=read_date(form.anchor, "anchor") if form.anchor else begins,
        effective_from=begins,
    )


def _values(pattern: Pattern, reader: Reader) -> dict[str, Any]:
    """What the form of an existing pattern begins with; a change begins tomorrow unless it is said otherwise."""
    hours = pattern.hours
    tomorrow = reader.today + timedelta(days=1)
    teams = {name: [str(one) for one in team] for name, team in zip(TEAMS, pattern.teams, strict=False)}
    return teams | {
        "name": hours.name,
        "role": pattern.role,
        "branch_id": str(pattern.branch_id or ""),
        "weekdays": [str(day) for day in hours.weekdays],
        "starts": words.clock_text(hours.starts),
        "ends": words.clock_text(hours.ends),
        "holidays": hours.holidays,
        "turn_days": str(hours.turn_days),
        "anchor": hours.anchor.isoformat(),
        "effective_from": max(tomorrow, pattern.effective_from).isoformat(),
        "number": pattern.number,
    }


async def _show(
    request: WebRequest,
    reader: Reader,
    *,
    pattern_id: UUID | None = None,
    status: int = 200,
    values: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    told: str = "",
) -> Response[Any]:
    lines = await get_pattern(reader, pattern_id=pattern_id) if pattern_id is not None else []
    people = await list_people(reader)
    names = {person.staff_id: person.full_name for person in people}
    newest = lines[0].pattern if lines else None
    root = tenant_path(request, "/roster")
    return await show(
        request,
        "pages/rosters/pattern.html",
        status=status,
        root=root,
        here=f"{root}/patterns" + (f"/{pattern_id}" if pattern_id else ""),
        newest=newest,
        role=role_name(newest.role) if newest else "",
        history=[
            (
                line,
                words.hours_text(line.pattern.hours),
                words.days_text(line.pattern.hours),
                words.teams_text(line.pattern, names),
            )
            for line in lines
        ],
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        roles=[(code, role_name(code)) for code in ROLES],
        staff=[(str(person.staff_id), person.full_name) for person in people if person.state == "active"],
        weekdays=[(str(day), gettext(label)) for day, label in enumerate(words.WEEKDAYS)],
        holidays=[(code, gettext(label)) for code, label in words.HOLIDAYS.items()],
        turns=[(str(days), gettext(label)) for days, label in words.TURNS.items()],
        teams=TEAMS,
        today=reader.today,
        values=values if values is not None else (_values(newest, reader) if newest else {}),
        errors=errors or {},
        told=told,
    )


def _typed(form: PatternForm) -> dict[str, Any]:
    kept: dict[str, Any] = msgspec.to_builtins(form)
    return kept | {"weekdays": [str(day) for day in form.weekdays], "turn_days": str(form.turn_days)}


@get(f"{PATH}/patterns/new", guards=MANAGE)
async def show_new_pattern(
    request: WebRequest, reader: NamedDependency[Reader], branch: FromQuery[str] = "", role: FromQuery[str] = ""
) -> Response[Any]:
    """An empty pattern: every day from today on."""
    today = reader.today.isoformat()
    values = {
        "branch_id": branch,
        "role": role,
        "weekdays": [str(day) for day in range(7)],
        "starts": "08:00",
        "ends": "20:00",
        "anchor": words.monday_of(reader.today).isoformat(),
        "effective_from": today,
    }
    return await _show(request, reader, values=values)


@post(f"{PATH}/patterns", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_add_pattern(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(PatternForm, lists=_LISTS)
    try:
        pattern_id = await add_pattern(uow, draft=_draft(form))
    except InvalidInput as error:
        page = await _show(request, uow, status=422, values=_typed(form), errors=field_texts(error.problems))
        raise Refused(page) from None
    path = tenant_path(request, f"/roster/patterns/{pattern_id}")
    return go_to(request, path, toast=Toast(text=gettext("The shift is on the roster")))


@get(ONE, guards=MANAGE)
async def show_pattern(
    request: WebRequest, reader: NamedDependency[Reader], pattern_id: FromPath[UUID]
) -> Response[Any]:
    """A pattern with its history, and the form of its next version."""
    return await _show(request, reader, pattern_id=pattern_id)


@post(ONE, guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_change_pattern(
    request: WebRequest, uow: NamedDependency[UnitOfWork], pattern_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(PatternForm, lists=_LISTS)
    try:
        await change_pattern(uow, pattern_id=pattern_id, draft=_draft(form), based_on=form.number)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        page = await _show(request, uow, pattern_id=pattern_id, status=422, values=_typed(form), errors=errors)
        raise Refused(page) from None
    except RosterMoved as error:
        told = gettext(TEXTS[error.code].next_step)
        page = await _show(request, uow, pattern_id=pattern_id, status=409, values=_typed(form), told=told)
        raise Refused(page) from None
    return _back(request, pattern_id, gettext("The change is on the roster"))


@post(f"{ONE}/end", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_end_pattern(
    request: WebRequest, uow: NamedDependency[UnitOfWork], pattern_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Ending)
    try:
        day = read_date(form.from_day, "from_day")
        await end_pattern(uow, pattern_id=pattern_id, from_day=day, based_on=form.number)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show(request, uow, pattern_id=pattern_id, status=422, errors=errors)) from None
    return _back(request, pattern_id, gettext("The shift ends on that day"))


@post(f"{ONE}/undo", guards=MANAGE, request_max_body_size=BODY_LIMIT)
async def do_undo_pattern(
    request: WebRequest, uow: NamedDependency[UnitOfWork], pattern_id: FromPath[UUID]
) -> Response[Any]:
    """Go back to the version before."""
    form = await request.read(Undo)
    await undo_pattern(uow, pattern_id=pattern_id, based_on=form.number)
    return _back(request, pattern_id, gettext("The last change is taken back"))


def _back(request: WebRequest, pattern_id: UUID, text: str) -> Response[Any]:
    return go_to(request, tenant_path(request, f"/roster/patterns/{pattern_id}"), toast=Toast(text=text))


routes = [show_new_pattern, do_add_pattern, show_pattern, do_change_pattern, do_end_pattern, do_undo_pattern]
