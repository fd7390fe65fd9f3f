"""Hearings at the desk: planning, inviting experts, releasing evidence, the minutes with their finding, and staff's signatures."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.queries.cases import ComplaintDetail
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hearings.actions import (
    add_staff,
    cancel_hearing,
    finish_minutes,
    invite_expert,
    plan_hearing,
    release,
    renew_word,
    revoke_expert,
)
from core.hearings.queries import HearingFacts, MemberFacts, get_hearing, list_hearings, list_members
from core.hearings.rules import read_shares
from core.hooks.records.events import StaffRef
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.case_sections import CaseSection, add_case_section
from web.hearing_page import (
    ExpertForm,
    MinutesForm,
    PlanForm,
    ReleaseForm,
    SignForm,
    StaffForm,
    root_of,
    show_list,
    show_one,
    sign,
)
from web.i18n import gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to
from web.security import requires
from web.views.hearings import state_badges

HEARINGS: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}/hearings"
HEARING: Final = HEARINGS + "/{hearing_id:uuid}"
MEMBER: Final = HEARING + "/members/{member_id:uuid}"
_SEE, _READ, _WRITE = requires("complaints.read"), requires("evidence.read"), requires("evidence.write")
LIMIT: Final = 256 * 1024
SIGNATURE_LIMIT: Final = 1024 * 1024
_YEARS: Final = range(2000, 2200)


class CaseHearings(msgspec.Struct, frozen=True):
    """What the card on the case shows."""

    hearings: list[HearingFacts]
    states: dict[str, tuple[str, str]]
    may_plan: bool


async def _is_member(reader: Reader, hearing_id: UUID) -> bool:
    return any(one.staff_id == reader.actor.id for one in await list_members(reader, hearing_id) if one.staff_id)


async def _load(reader: Reader, case: ComplaintDetail) -> CaseHearings | None:
    hearings = await list_hearings(reader, case.complaint_id)
    if not reader.actor.may("evidence.read"):
        hearings = [one for one in hearings if await _is_member(reader, one.hearing_id)]
        return CaseHearings(hearings, state_badges(), may_plan=False) if hearings else None
    if not hearings and all(milestone.proof != "hearing" for milestone in case.policy.milestones):
        return None
    return CaseHearings(hearings, state_badges(), reader.actor.may("evidence.write"))


# Who was invited of the house may sign without seeing evidence, so the card asks for less than the locker's.
add_case_section(
    CaseSection(id="hearings", template="pages/hearings/_case.html", load=_load, permission="complaints.read", rank=45)
)


def _instant(text: str, path: str, timezone: str) -> datetime:
    """Read what a datetime-local field sends."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "wrong-form" if text else "required"),)) from None
    if moment.year not in _YEARS:
        raise InvalidInput((FieldProblem(path, "wrong-form"),))
    return moment.replace(tzinfo=ZoneInfo(timezone)) if moment.tzinfo is None else moment


def _uuid(text: str, path: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, "required"),)) from None


def _back(request: WebRequest, complaint_id: UUID, hearing_id: UUID, said: str) -> Response[Any]:
    return go_to(request, f"{root_of(request, complaint_id)}/{hearing_id}", toast=Toast(text=said))


@get(HEARINGS, guards=[_READ])
async def show_hearings(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    return await show_list(request, reader, complaint_id)


@post(HEARINGS, guards=[_WRITE], request_max_body_size=LIMIT)
async def do_plan(request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(PlanForm)
    try:
        starts_at = _instant(form.starts_at, "starts_at", uow.scope.timezone)
        hearing_id = await plan_hearing(
            uow, complaint_id=complaint_id, starts_at=starts_at, place=form.place, agenda=form.agenda
        )
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await show_list(request, uow, complaint_id, status=422, values=form, errors=texts)) from error
    return _back(request, complaint_id, hearing_id, gettext("The hearing is planned; invite the experts now"))


@get(HEARING, guards=[_SEE])
async def show_hearing(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    return await show_one(request, reader, complaint_id, hearing_id)


@post(HEARING + "/cancel", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_cancel(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    await cancel_hearing(uow, hearing_id=hearing_id, complaint_id=complaint_id)
    return _back(request, complaint_id, hearing_id, gettext("The hearing was called off; its links are over"))


@post(HEARING + "/experts", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_invite(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    """Answer with the page itself: the word stands in no address, no cookie and no log."""
    form = await request.read(ExpertForm)
    try:
        told = await invite_expert(
            uow,
            hearing_id=hearing_id,
            complaint_id=complaint_id,
            full_name=form.full_name,
            standing=form.standing,
        )
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(
            await show_one(request, uow, complaint_id, hearing_id, status=422, at="experts", values=form, errors=texts)
        ) from error
    return await show_one(request, uow, complaint_id, hearing_id, told=told)


@post(HEARING + "/staff", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_add_staff(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(StaffForm)
    try:
        staff_id = _uuid(form.staff_id, "staff_id")
        person = next((one for one in await list_people(uow) if one.staff_id == staff_id), None)
        if person is None or person.state != "active":
            raise InvalidInput((FieldProblem("staff_id", "required"),))  # noqa: TRY301 - said at its field like the others
        ref = StaffRef(staff_id=person.staff_id, name=person.full_name)
        await add_staff(uow, hearing_id=hearing_id, complaint_id=complaint_id, staff=ref)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(
            await show_one(request, uow, complaint_id, hearing_id, status=422, at="staff", errors=texts)
        ) from error
    return _back(request, complaint_id, hearing_id, gettext("%(name)s takes part") % {"name": person.full_name})


@post(HEARING + "/release", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_release(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(ReleaseForm)
    released = form.released == "yes"
    await release(
        uow,
        hearing_id=hearing_id,
        complaint_id=complaint_id,
        evidence_id=_uuid(form.evidence_id, "evidence_id"),
        released=released,
    )
    said = gettext("The experts can see it now") if released else gettext("The experts no longer see it")
    return _back(request, complaint_id, hearing_id, said)


@post(MEMBER + "/revoke", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_revoke(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    complaint_id: FromPath[UUID],
    hearing_id: FromPath[UUID],
    member_id: FromPath[UUID],
) -> Response[Any]:
    await revoke_expert(uow, hearing_id=hearing_id, complaint_id=complaint_id, member_id=member_id)
    return _back(request, complaint_id, hearing_id, gettext("The link is over at once"))


@post(MEMBER + "/word", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_renew_word(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    complaint_id: FromPath[UUID],
    hearing_id: FromPath[UUID],
    member_id: FromPath[UUID],
) -> Response[Any]:
    """Answer with the page itself, as when the expert was invited."""
    told = await renew_word(uow, hearing_id=hearing_id, complaint_id=complaint_id, member_id=member_id)
    return await show_one(request, uow, complaint_id, hearing_id, told=told)


@post(HEARING + "/minutes", guards=[_WRITE], request_max_body_size=LIMIT)
async def do_finish(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(MinutesForm, lists=("attended",))
    try:
        shares = read_shares(form.shares)
        if isinstance(shares, FieldProblem):
            raise InvalidInput((shares,))  # noqa: TRY301 - said at its field like the others
        members = await list_members(uow, hearing_id)
        await finish_minutes(
            uow,
            hearing_id=hearing_id,
            complaint_id=complaint_id,
            held_at=_instant(form.held_at, "held_at", uow.scope.timezone),
            attended=frozenset(one.member_id for one in members if str(one.member_id) in form.attended),
            minutes=form.minutes,
            finding=form.finding,
            shares=shares,
        )
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(
            await show_one(request, uow, complaint_id, hearing_id, status=422, at="minutes", values=form, errors=texts)
        ) from error
    return _back(
        request, complaint_id, hearing_id, gettext("The minutes are sealed; everybody who came signs them now")
    )


async def _own_seat(uow: UnitOfWork, hearing_id: UUID, complaint_id: UUID) -> MemberFacts:
    await get_hearing(uow, hearing_id, complaint_id=complaint_id)
    found = next((one for one in await list_members(uow, hearing_id) if one.staff_id == uow.actor.id), None)
    if found is None or found.staff_id is None:
        raise NotFound("not a member of this hearing")
    return found


@post(HEARING + "/sign", guards=[_SEE], request_max_body_size=SIGNATURE_LIMIT)
async def do_sign(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID], hearing_id: FromPath[UUID]
) -> Response[Any]:
    """Everybody signs for themselves alone."""
    member = await _own_seat(uow, hearing_id, complaint_id)
    form = await request.read(SignForm)
    try:
        await sign(uow, member, form)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(
            await show_one(request, uow, complaint_id, hearing_id, status=422, at="sign", values=form, errors=texts)
        ) from error
    return _back(request, complaint_id, hearing_id, gettext("Thank you, your signature is kept"))


routes = [
    show_hearings,
    do_plan,
    show_hearing,
    do_cancel,
    do_invite,
    do_add_staff,
    do_release,
    do_revoke,
    do_renew_word,
    do_finish,
    do_sign,
]
