"""Publishes what complaints are promised: the preview, the history of versions with their differences, and the way back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.queries.foreseeing import foresee_policies
from core.errors import InvalidInput
from core.policies.actions import publish_rules, roll_back_rules
from core.policies.queries import get_version, list_moves, list_versions
from core.policies.rules.changes import PolicyChanges, apply_changes, differences, read_changes
from core.policies.rules.checks import check_changes
from core.policies.rules.versions import POLICIES
from core.uow import Reader, UnitOfWork
from tenants.shifts.covering import list_gaps
from web.formats import format_date
from web.htmx import redirect_headers, wants_partial
from web.i18n import gettext
from web.page import Toast
from web.policy_desk import get_working, read_day, read_mode, tabs_of, typed
from web.problems import Refused, field_texts, problem_words
from web.request import WebRequest
from web.routes.complaint_policies import GUARD, PATH, TOLD, root_of, told_of
from web.screens import go_to, show, tenant_path
from web.views.policies import MODES, diffs_of
from web.views.rosters import gap_lines

VERSION: Final = PATH + "/versions/{number:int}"


async def _show_publish(
    request: WebRequest,
    reader: Reader,
    changes: PolicyChanges,
    action: str,
    *,
    number: int | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    told: str = "",
    status: int = 200,
) -> Response[Any]:
    working = await get_working(reader)
    policies = apply_changes(working.declared, changes)
    problems = check_changes(working.declared, changes, frozenset(working.timetable.versions))
    root = root_of(request)
    return await show(
        request,
        "pages/policies/publish.html",
        status=status,
        root=root,
        title=gettext("Publish the draft") if number is None else gettext("Go back to version %(n)s") % {"n": number},
        crumbs=[(gettext("Complaint rules"), root), (gettext("Publish"), None)],
        diffs=diffs_of(differences(working.live, policies), working.roles, working.names),
        problems=[(one.path, problem_words(one)) for one in problems],
        cover=[] if problems else gap_lines(await list_gaps(reader, policies=policies.values()), reader.scope.timezone),
        roster=tenant_path(request, "/roster"),
        foresight=None if problems else await foresee_policies(reader, policies=policies),
        revision=working.revision,
        action=action,
        modes=MODES,
        values=values or {},
        errors=errors or {},
        told=told,
    )


@get(PATH + "/publish", guards=GUARD)
async def show_publish(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What the draft changes, how many running clocks it would move and how many promises it would break."""
    working = await get_working(reader)
    return await _show_publish(request, reader, working.changes, f"{root_of(request)}/publish")


@post(PATH + "/publish", guards=GUARD)
async def do_publish(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    posted = typed(await request.open_form())
    working = await get_working(uow)
    try:
        version = await publish_rules(
            uow,
            subject=POLICIES,
            revision=int(posted.get("revision") or 0),
            mode=read_mode(posted.get("mode", "")),
            effective_from=read_day(posted.get("effective_from", ""), uow.scope.timezone),
            note=posted.get("note", ""),
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        page = await _show_publish(
            request, uow, working.changes, f"{root_of(request)}/publish", values=posted, errors=errors, status=422
        )
        raise Refused(page) from error
    except TOLD as error:
        action = f"{root_of(request)}/publish"
        page = await _show_publish(
            request, uow, working.changes, action, values=posted, told=told_of(error), status=409
        )
        raise Refused(page) from error
    return _published(request, version.number, version.effective_from)


def _published(request: WebRequest, number: int, begins: datetime) -> Response[Any]:
    words = gettext("Version %(n)s is published; it is in force from %(day)s")
    toast = Toast(text=words % {"n": number, "day": format_date(begins)})
    return go_to(request, f"{root_of(request)}/versions/{number}", toast=toast)


@get(PATH + "/versions", guards=GUARD)
async def show_versions(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """Every published version, the newest first."""
    working = await get_working(reader)
    root = root_of(request)
    return await show(
        request,
        "pages/policies/versions.html",
        root=root,
        tabs=tabs_of(root, "versions"),
        versions=await list_versions(reader, subject=POLICIES),
        moves=await list_moves(reader, subject=POLICIES),
        live=working.version.number if working.version else 0,
        modes=MODES,
    )


@get(VERSION, guards=GUARD)
async def show_version(request: WebRequest, reader: NamedDependency[Reader], number: FromPath[int]) -> Response[Any]:
    """What a version changed against the one before it, and how far the running clocks have followed it."""
    version = await get_version(reader, subject=POLICIES, number=number)
    move = (await list_moves(reader, subject=POLICIES)).get(number)
    root = root_of(request)
    here = f"{root}/versions/{number}"
    if wants_partial(request.headers) and (move is None or move.state == "done"):
        return Response(None, status_code=204, headers=redirect_headers(here))
    if wants_partial(request.headers):
        return await show(request, "pages/policies/_progress.html", move=move, here=here)
    working = await get_working(reader)
    before = PolicyChanges()
    if number > 1:
        before = read_changes((await get_version(reader, subject=POLICIES, number=number - 1)).body)
    old, new = (apply_changes(working.declared, one) for one in (before, read_changes(version.body)))
    return await show(
        request,
        "pages/policies/version.html",
        root=root,
        here=here,
        version=version,
        crumbs=[
            (gettext("Complaint rules"), root),
            (gettext("History"), f"{root}/versions"),
            (gettext("Version %(n)s") % {"n": number}, None),
        ],
        diffs=diffs_of(differences(old, new), working.roles, working.names),
        move=move,
        modes=MODES,
        live=working.version.number if working.version else 0,
    )


async def _changes_of(reader: Reader, number: int) -> PolicyChanges:
    """The changes of an older version; 0 is what the plugins declare."""
    return (
        PolicyChanges()
        if number == 0
        else read_changes((await get_version(reader, subject=POLICIES, number=number)).body)
    )


@get(VERSION + "/roll-back", guards=GUARD)
async def show_roll_back(request: WebRequest, reader: NamedDependency[Reader], number: FromPath[int]) -> Response[Any]:
    """What going back to a version would change."""
    action = f"{root_of(request)}/versions/{number}/roll-back"
    return await _show_publish(request, reader, await _changes_of(reader, number), action, number=number)


@post(VERSION + "/roll-back", guards=GUARD)
async def do_roll_back(request: WebRequest, uow: NamedDependency[UnitOfWork], number: FromPath[int]) -> Response[Any]:
    posted = typed(await request.open_form())
    changes = await _changes_of(uow, number)
    action = f"{root_of(request)}/versions/{number}/roll-back"
    try:
        version = await roll_back_rules(
            uow,
            subject=POLICIES,
            number=number,
            mode=read_mode(posted.get("mode", "")),
            effective_from=read_day(posted.get("effective_from", ""), uow.scope.timezone),
            note=posted.get("note", ""),
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        page = await _show_publish(
            request, uow, changes, action, number=number, values=posted, errors=errors, status=422
        )
        raise Refused(page) from error
    except TOLD as error:
        page = await _show_publish(
            request, uow, changes, action, number=number, values=posted, told=told_of(error), status=409
        )
        raise Refused(page) from error
    return _published(request, version.number, version.effective_from)


routes = [show_publish, do_publish, show_versions, show_version, show_roll_back, do_roll_back]
