"""My shifts of the weeks ahead, and swaps: to ask, to accept, to decline, to withdraw."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.roles import ROLES
from tenants.shifts.queries import SwapLine, get_plan, list_swaps
from tenants.shifts.rules.checks import may_stand_in
from tenants.shifts.rules.patterns import Pattern, version_on
from tenants.shifts.rules.plans import Plan, Span
from tenants.shifts.swapping import accept_swap, ask_swap, decline_swap, withdraw_swap
from tenants.staff import list_people
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.routes.rosters import BODY_LIMIT, read_date, read_uuid
from web.screens import go_to, show, tenant_path
from web.security import requires

PATH: Final = "/t/{slug:str}/my-shifts"
_ANYBODY: Final = [requires()]
AHEAD: Final = 28

add_entry(Entry(id="my-shifts", label=N_("My shifts"), icon="calendar-check", path="/my-shifts", rank=65))


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which shift, whom, and why."""

    pattern_id: str = ""
    on: str = ""
    colleague_id: str = ""
    words: str = ""


class Mine(msgspec.Struct, frozen=True):
    """One shift of mine; the parts before and after midnight are one."""

    span: Span
    ends_at: Any
    branch: str
    colleagues: tuple[tuple[str, str], ...]
    asked: bool


def _mine(plan: Plan, me: UUID, first: Any, last: Any) -> list[Span]:
    """Return my duties at every branch, each once."""
    found: dict[tuple[Any, ...], Span] = {}
    places = {versions[0].branch_id for versions in plan.patterns.values()}
    places |= {one.branch_id for one in plan.singles} | {None}
    for role in ROLES:
        for place in places:
            for span in plan.spans(role, place, first, last):
                if span.staff_id == me:
                    found[span.pattern_id or span.shift_id, span.starts_at] = span
    return sorted(found.values(), key=lambda span: span.starts_at)


def _whole(spans: list[Span]) -> list[tuple[Span, Any]]:
    """Join what goes on after midnight."""
    joined: list[tuple[Span, Any]] = []
    for span in spans:
        before, ends = joined[-1] if joined else (None, None)
        same = before is not None and (before.pattern_id, before.begins_on) == (span.pattern_id, span.begins_on)
        if before is not None and same and span.pattern_id is not None and ends == span.starts_at:
            joined[-1] = before, span.ends_at
            continue
        joined.append((span, span.ends_at))
    return joined


def _colleagues(plan: Plan, pattern: Pattern | None, span: Span, names: dict[UUID, str]) -> tuple[tuple[str, str], ...]:
    if pattern is None:
        return ()
    holders = {one.staff_id for one in plan.holders if one.role == pattern.role}
    may = [
        (str(one), name)
        for one, name in names.items()
        if may_stand_in(pattern, span.begins_on, plan.changes, person=one, holders=holders)
    ]
    return tuple(sorted(may, key=lambda each: each[1]))


@get(PATH, guards=_ANYBODY)
async def show_my_shifts(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What I am on duty for in the four weeks ahead, and the swaps that are asked of me."""
    me = reader.actor.id
    first = reader.today
    last = first + timedelta(days=AHEAD - 1)
    plan = await get_plan(reader, first=first, last=last)
    names = {person.staff_id: person.full_name for person in await list_people(reader) if person.state == "active"}
    branches = {one.branch_id: one.name for one in await list_branches(reader)}
    swaps = await list_swaps(reader, first=first)
    asked = {(one.pattern_id, one.on_date) for one in swaps if one.staff_id == me and one.state == "open"}
    mine = [
        Mine(
            span=span,
            ends_at=ends,
            branch=branches.get(span.branch_id, "") if span.branch_id else "",
            colleagues=_colleagues(plan, _version(plan, span.pattern_id, span.begins_on), span, names),
            asked=(span.pattern_id, span.begins_on) in asked,
        )
        for span, ends in (_whole(_mine(plan, me, first, last)) if me is not None else [])
        if ends > reader.now and span.begins_on >= first - timedelta(days=1)
    ]
    return await show(
        request,
        "pages/rosters/mine.html",
        root=tenant_path(request, "/my-shifts"),
        mine=mine,
        own=[one for one in swaps if one.staff_id == me],
        offered=[one for one in swaps if one.state == "open" and _may_accept(plan, one, me)],
        shift_names={key: versions[-1].hours.name for key, versions in plan.patterns.items()},
        names=names,
        me=me,
        today=first,
    )


def _version(plan: Plan, pattern_id: UUID | None, day: Any) -> Pattern | None:
    return version_on(plan.patterns.get(pattern_id, ()), day) if pattern_id is not None else None


def _may_accept(plan: Plan, line: SwapLine, me: UUID | None) -> bool:
    """Tell whether a request is one that I could accept."""
    pattern = _version(plan, line.pattern_id, line.on_date)
    if me is None or pattern is None or line.staff_id == me or line.colleague_id not in {None, me}:
        return False
    holders = {one.staff_id for one in plan.holders if one.role == pattern.role}
    return may_stand_in(pattern, line.on_date, plan.changes, person=me, holders=holders)


def _back(request: WebRequest, text: str) -> Response[Any]:
    return go_to(request, tenant_path(request, "/my-shifts"), toast=Toast(text=text))


@post(f"{PATH}/swaps", guards=_ANYBODY, request_max_body_size=BODY_LIMIT)
async def do_ask_swap(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Ask)
    await ask_swap(
        uow,
        pattern_id=read_uuid(form.pattern_id, "pattern_id", "option"),
        on=read_date(form.on, "on"),
        colleague_id=read_uuid(form.colleague_id, "colleague_id", "unknown-person") if form.colleague_id else None,
        words=form.words,
    )
    return _back(request, gettext("Your colleagues are asked"))


@post(f"{PATH}/swaps/{{swap_id:uuid}}/accept", guards=_ANYBODY, request_max_body_size=BODY_LIMIT)
async def do_accept_swap(
    request: WebRequest, uow: NamedDependency[UnitOfWork], swap_id: FromPath[UUID]
) -> Response[Any]:
    await accept_swap(uow, request_id=swap_id)
    return _back(request, gettext("The shift is yours"))


@post(f"{PATH}/swaps/{{swap_id:uuid}}/decline", guards=_ANYBODY, request_max_body_size=BODY_LIMIT)
async def do_decline_swap(
    request: WebRequest, uow: NamedDependency[UnitOfWork], swap_id: FromPath[UUID]
) -> Response[Any]:
    await decline_swap(uow, request_id=swap_id)
    return _back(request, gettext("Declined; your colleague sees it"))


@post(f"{PATH}/swaps/{{swap_id:uuid}}/withdraw", guards=_ANYBODY, request_max_body_size=BODY_LIMIT)
async def do_withdraw_swap(
    request: WebRequest, uow: NamedDependency[UnitOfWork], swap_id: FromPath[UUID]
) -> Response[Any]:
    await withdraw_swap(uow, request_id=swap_id)
    return _back(request, gettext("Withdrawn"))


routes = [show_my_shifts, do_ask_swap, do_accept_swap, do_decline_swap, do_withdraw_swap]
