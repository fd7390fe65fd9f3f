"""Calendars of a tenant: weekly hours, holidays and make-up days, a year at a glance, versions, and their publication."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.calendars.holidays.queries import list_holiday_tables
from core.calendars.holidays.rules import missing_year_warning
from core.calendars.rules import DAY_NAMES, parse_calendar
from core.complaints.queries.foreseeing import foresee_calendar
from core.errors import FieldProblem, InvalidInput, NotFound
from core.policies.actions import discard_rules, publish_rules, roll_back_rules, save_calendar_draft
from core.policies.queries import (
    find_draft,
    find_version,
    get_timetable,
    get_version,
    list_calendar_uses,
    list_drafts,
    list_moves,
    list_newest_calendars,
    list_versions,
)
from core.policies.rules.calendars import WORKDAYS, CalendarBody, CalendarVersion, newer_tables, working_days
from core.policies.rules.versions import calendar_id_of, calendar_subject, is_calendar_id
from core.uow import Reader, UnitOfWork
from web.calendar_forms import WEEKDAYS, diffs_of_calendars, errors_of, form_of, read_form, year_of
from web.formats import format_date
from web.htmx import redirect_headers, wants_partial
from web.i18n import gettext
from web.page import Toast
from web.policy_desk import read_day, read_mode, tabs_of, typed
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.complaint_policies import GUARD, TOLD, Revision, root_of, told_of
from web.screens import go_to, show
from web.views.policies import MODES, calendar_name

PATH: Final = "/t/{slug:str}/complaint-rules/calendars"
ONE: Final = PATH + "/{calendar:str}"
VERSION: Final = ONE + "/versions/{number:int}"
_ZONES: Final = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "UTC")


def _subject(calendar_id: str) -> str:
    if not is_calendar_id(calendar_id):
        raise NotFound("no such calendar")
    return calendar_subject(calendar_id)


async def _body(reader: Reader, calendar_id: str, *, draft: bool = True) -> CalendarBody:
    """Return the draft, else the newest version, else (of working days) what it begins as."""
    subject = _subject(calendar_id)
    found = await find_draft(reader, subject=subject) if draft else None
    newest = found or await find_version(reader, subject=subject)
    if newest is not None:
        return msgspec.convert(newest.body, CalendarBody)
    if calendar_id == WORKDAYS:
        return working_days(reader.scope.timezone, list_holiday_tables())
    raise NotFound("no such calendar")


def _missing(reader: Reader) -> int | None:
    return missing_year_warning(reader.today, list_holiday_tables())


@get(PATH, guards=GUARD)
async def show_calendars(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """Every calendar with its newest version, and whether official holidays are missing."""
    root = root_of(request)
    newest = {calendar_id_of(one.subject) or "": one for one in await list_newest_calendars(reader)}
    drafts = {calendar_id_of(one.subject) for one in await list_drafts(reader)} - {None}
    names = sorted({*newest, *(one for one in drafts if one), WORKDAYS})
    lines = []
    for name in names:
        body = await _body(reader, name)
        uses = await list_calendar_uses(reader, name)
        lines.append((name, calendar_name(body.name), body, newest.get(name), name in drafts, len(uses)))
    return await show(
        request,
        "pages/policies/calendars.html",
        root=root,
        tabs=tabs_of(root, "calendars"),
        lines=lines,
        missing=_missing(reader),
    )


@get(ONE, guards=GUARD)
async def show_calendar(
    request: WebRequest, reader: NamedDependency[Reader], calendar: FromPath[str], year: FromQuery[int] = 0
) -> Response[Any]:
    """One calendar: its week, its year with holidays and make-up days, its versions."""
    body = (
        await _body(reader, calendar, draft=False)
        if await _published(reader, calendar)
        else await _body(reader, calendar)
    )
    now = reader.today
    shown = year if 2000 <= year <= 2100 else now.year
    tables = list_holiday_tables()
    root = root_of(request)
    return await show(
        request,
        "pages/policies/calendar.html",
        root=root,
        here=f"{root}/calendars/{calendar}",
        calendar_id=calendar,
        name=calendar_name(body.name),
        body=body,
        form=form_of(body),
        weekdays=list(zip(DAY_NAMES, (gettext(day) for day in WEEKDAYS), strict=True)),
        year=shown,
        year_view=year_of(parse_calendar(body.resolved), shown),
        draft=await find_draft(reader, subject=_subject(calendar)),
        versions=await list_versions(reader, subject=_subject(calendar)),
        uses=await list_calendar_uses(reader, calendar),
        newer=newer_tables(body, tables),
        table=tables.get(shown) if body.mainland else None,
        missing=_missing(reader) if body.mainland else None,
        modes=MODES,
    )


async def _published(reader: Reader, calendar_id: str) -> bool:
    return await find_version(reader, subject=_subject(calendar_id)) is not None


async def _show_edit(
    request: WebRequest,
    reader: Reader,
    calendar_id: str,
    form: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    told: str = "",
    status: int = 200,
) -> Response[Any]:
    root = root_of(request)
    draft = await find_draft(reader, subject=_subject(calendar_id)) if calendar_id else None
    zones = dict.fromkeys((form.get("tz") or reader.scope.timezone, reader.scope.timezone, *_ZONES))
    return await show(
        request,
        "pages/policies/calendar_edit.html",
        status=status,
        root=root,
        action=f"{root}/calendars/{calendar_id}/edit" if calendar_id else f"{root}/calendars",
        calendar_id=calendar_id,
        form=form,
        errors=errors or {},
        told=told,
        revision=draft.revision if draft else 0,
        zones=[(zone, zone) for zone in zones],
        weekdays=list(zip(DAY_NAMES, (gettext(day) for day in WEEKDAYS), strict=True)),
        title=form.get("name") or gettext("New calendar"),
    )


@get(PATH + "/new", guards=GUARD)
async def show_new(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """A new calendar, with the week most have."""
    form = form_of(working_days(reader.scope.timezone, list_holiday_tables())) | {"name": ""}
    return await _show_edit(request, reader, "", form)


@get(ONE + "/edit", guards=GUARD)
async def show_edit(request: WebRequest, reader: NamedDependency[Reader], calendar: FromPath[str]) -> Response[Any]:
    return await _show_edit(request, reader, calendar, form_of(await _body(reader, calendar)))


async def _refuse_taken(reader: Reader, calendar_id: str) -> None:
    if not is_calendar_id(calendar_id) or await _published(reader, calendar_id):
        raise InvalidInput((FieldProblem("id", "wrong-form"),))


async def _keep(request: WebRequest, uow: UnitOfWork, calendar_id: str, posted: Mapping[str, str]) -> Response[Any]:
    shown = calendar_id
    try:
        if not calendar_id:
            calendar_id = posted.get("id", "").strip().lower()
            await _refuse_taken(uow, calendar_id)
        revision = int(posted.get("revision") or 0)
        await save_calendar_draft(uow, calendar_id=calendar_id, body=read_form(posted), revision=revision)
    except InvalidInput as error:
        page = await _show_edit(request, uow, shown, posted, errors=errors_of(error.problems), status=422)
        raise Refused(page) from error
    except TOLD as error:
        raise Refused(await _show_edit(request, uow, shown, posted, told=told_of(error), status=409)) from error
    toast = Toast(text=gettext("Kept in the draft; nothing holds before it is published"))
    return go_to(request, f"{root_of(request)}/calendars/{calendar_id}/publish", toast=toast)


@post(PATH, guards=GUARD)
async def do_add(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    return await _keep(request, uow, "", typed(await request.open_form()))


@post(ONE + "/edit", guards=GUARD)
async def do_edit(request: WebRequest, uow: NamedDependency[UnitOfWork], calendar: FromPath[str]) -> Response[Any]:
    _subject(calendar)
    return await _keep(request, uow, calendar, typed(await request.open_form()))


@post(ONE + "/discard", guards=GUARD)
async def do_discard_calendar(
    request: WebRequest, uow: NamedDependency[UnitOfWork], calendar: FromPath[str]
) -> Response[Any]:
    form = await request.read(Revision)
    await discard_rules(uow, subject=_subject(calendar), revision=form.revision)
    return go_to(request, f"{root_of(request)}/calendars", toast=Toast(text=gettext("The draft is thrown away")))


@post(ONE + "/holidays", guards=GUARD)
async def do_take_holidays(
    request: WebRequest, uow: NamedDependency[UnitOfWork], calendar: FromPath[str]
) -> Response[Any]:
    """Begin a draft that takes over the official tables of today."""
    body = await _body(uow, calendar)
    draft = await find_draft(uow, subject=_subject(calendar))
    await save_calendar_draft(uow, calendar_id=calendar, body=body, revision=draft.revision if draft else 0)
    return go_to(request, f"{root_of(request)}/calendars/{calendar}/publish")


async def _show_publish(
    request: WebRequest,
    reader: Reader,
    calendar_id: str,
    *,
    number: int | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    told: str = "",
    status: int = 200,
) -> Response[Any]:
    subject = _subject(calendar_id)
    draft = await find_draft(reader, subject=subject)
    if number is not None:
        body = msgspec.convert((await get_version(reader, subject=subject, number=number)).body, CalendarBody)
    elif draft is not None:
        body = msgspec.convert(draft.body, CalendarBody)
    else:
        raise NotFound("no draft of this calendar")
    newest = await find_version(reader, subject=subject)
    before = msgspec.convert(newest.body, CalendarBody) if newest else None
    version = CalendarVersion(
        calendar_id=calendar_id,
        number=(newest.number if newest else 0) + 1,
        effective_from=reader.now,
        mode="migrate_running",
        name=body.name,
        calendar=parse_calendar(body.resolved),
    )
    root = root_of(request)
    here = f"{root}/calendars/{calendar_id}"
    return await show(
        request,
        "pages/policies/publish.html",
        status=status,
        root=root,
        title=gettext("Publish “%(name)s”") % {"name": calendar_name(body.name)},
        crumbs=[
            (gettext("Complaint rules"), root),
            (gettext("Calendars"), f"{root}/calendars"),
            (calendar_name(body.name), here if newest else None),
            (gettext("Publish"), None),
        ],
        diffs=diffs_of_calendars(before, body),
        problems=[],
        foresight=await foresee_calendar(reader, version=version),
        revision=draft.revision if draft else 0,
        action=f"{here}/publish" if number is None else f"{here}/versions/{number}/roll-back",
        modes=MODES,
        values=values or {},
        errors=errors or {},
        told=told,
    )


@get(ONE + "/publish", guards=GUARD)
async def show_calendar_publish(
    request: WebRequest, reader: NamedDependency[Reader], calendar: FromPath[str]
) -> Response[Any]:
    """What the draft changes and how many running clocks it would move."""
    return await _show_publish(request, reader, calendar)


@post(ONE + "/publish", guards=GUARD)
async def do_publish_calendar(
    request: WebRequest, uow: NamedDependency[UnitOfWork], calendar: FromPath[str]
) -> Response[Any]:
    return await _publish(request, uow, calendar, None)


@get(VERSION + "/roll-back", guards=GUARD)
async def show_calendar_back(
    request: WebRequest, reader: NamedDependency[Reader], calendar: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    return await _show_publish(request, reader, calendar, number=number)


@post(VERSION + "/roll-back", guards=GUARD)
async def do_calendar_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], calendar: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    return await _publish(request, uow, calendar, number)


async def _publish(request: WebRequest, uow: UnitOfWork, calendar_id: str, number: int | None) -> Response[Any]:
    posted = typed(await request.open_form())
    subject = _subject(calendar_id)
    try:
        given: dict[str, Any] = {
            "subject": subject,
            "mode": read_mode(posted.get("mode", "")),
            "effective_from": read_day(posted.get("effective_from", ""), uow.scope.timezone),
            "note": posted.get("note", ""),
        }
        if number is None:
            version = await publish_rules(uow, revision=int(posted.get("revision") or 0), **given)
        else:
            version = await roll_back_rules(uow, number=number, **given)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        page = await _show_publish(request, uow, calendar_id, number=number, values=posted, errors=errors, status=422)
        raise Refused(page) from error
    except TOLD as error:
        if number is None and await find_draft(uow, subject=subject) is None:
            raise
        page = await _show_publish(
            request, uow, calendar_id, number=number, values=posted, told=told_of(error), status=409
        )
        raise Refused(page) from error
    words = gettext("Version %(n)s is published; it is in force from %(day)s")
    toast = Toast(text=words % {"n": version.number, "day": format_date(version.effective_from)})
    return go_to(request, f"{root_of(request)}/calendars/{calendar_id}/versions/{version.number}", toast=toast)


@get(VERSION, guards=GUARD)
async def show_calendar_version(
    request: WebRequest, reader: NamedDependency[Reader], calendar: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """What a version changed, and how far the running clocks have followed it."""
    subject = _subject(calendar)
    version = await get_version(reader, subject=subject, number=number)
    move = (await list_moves(reader, subject=subject)).get(number)
    root = root_of(request)
    here = f"{root}/calendars/{calendar}/versions/{number}"
    if wants_partial(request.headers) and (move is None or move.state == "done"):
        return Response(None, status_code=204, headers=redirect_headers(here))
    if wants_partial(request.headers):
        return await show(request, "pages/policies/_progress.html", move=move, here=here)
    body = msgspec.convert(version.body, CalendarBody)
    older = await get_version(reader, subject=subject, number=number - 1) if number > 1 else None
    holding = (await get_timetable(reader)).holding(calendar, reader.now)
    return await show(
        request,
        "pages/policies/version.html",
        root=root,
        here=here,
        version=version,
        crumbs=[
            (gettext("Complaint rules"), root),
            (gettext("Calendars"), f"{root}/calendars"),
            (calendar_name(body.name), f"{root}/calendars/{calendar}"),
            (gettext("Version %(n)s") % {"n": number}, None),
        ],
        diffs=diffs_of_calendars(msgspec.convert(older.body, CalendarBody) if older else None, body),
        move=move,
        modes=MODES,
        live=holding.number if holding else 0,
    )


routes = [
    show_calendars,
    show_new,
    do_add,
    show_calendar,
    show_edit,
    do_edit,
    do_discard_calendar,
    do_take_holidays,
    show_calendar_publish,
    do_publish_calendar,
    show_calendar_back,
    do_calendar_back,
    show_calendar_version,
]
