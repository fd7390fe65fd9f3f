"""The pages of hearings at the desk: what is read for them, and the forms they send."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from core.complaints.queries.cases import get_complaint
from core.errors import NotFound
from core.evidence.queries import list_evidence
from core.hearings.actions import Invitation, sign_minutes
from core.hearings.queries import MemberFacts, get_hearing, list_hearings, list_members, list_released
from core.hearings.rules import MAX_EXPERTS, MIN_EXPERTS
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.i18n import gettext
from web.request import WebRequest
from web.screens import show, tenant_path
from web.views.complaints import number_text
from web.views.evidence import KINDS
from web.views.hearings import state_badges


class PlanForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When, where and about what."""

    starts_at: str = ""
    place: str = ""
    agenda: str = ""


class ExpertForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An expert from outside."""

    full_name: str = ""
    standing: str = ""


class StaffForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody of the house."""

    staff_id: str = ""


class ReleaseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece, and whether the members may see it."""

    evidence_id: str = ""
    released: str = ""


class MinutesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who came, what was said, and what was found."""

    held_at: str = ""
    attended: tuple[str, ...] = ()
    minutes: str = ""
    finding: str = ""
    shares: str = ""


class SignForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature, or a dissent with reasons; `signature` is a drawing, `signature__typed` a name."""

    stance: str = ""
    words: str = ""
    signature: str = ""
    signature__typed: str = ""


async def sign(uow: UnitOfWork, member: MemberFacts, form: SignForm) -> None:
    """Take what somebody signed, at the desk or behind their own link; raises as `sign_minutes`."""
    await sign_minutes(
        uow,
        member=member,
        stance=form.stance,
        words=form.words,
        name=form.signature__typed,
        drawing=form.signature,
    )


def root_of(request: WebRequest, complaint_id: UUID) -> str:
    """The address of the case's hearings."""
    return tenant_path(request, f"/complaints/{complaint_id}/hearings")


async def show_list(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    status: int = 200,
    values: PlanForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    """The hearings of a case, with the form for another."""
    case = await get_complaint(reader, complaint_id=complaint_id)
    return await show(
        request,
        "pages/hearings/list.html",
        status=status,
        number=number_text(case.number),
        root=tenant_path(request, "/complaints"),
        back=tenant_path(request, f"/complaints/{complaint_id}"),
        here=root_of(request, complaint_id),
        hearings=await list_hearings(reader, complaint_id),
        states=state_badges(),
        may_write=reader.actor.may("evidence.write"),
        values=values or PlanForm(),
        errors=errors or {},
    )


async def show_one(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    hearing_id: UUID,
    *,
    status: int = 200,
    at: str = "",
    values: object = None,
    errors: dict[str, str] | None = None,
    told: Invitation | None = None,
) -> Response[Any]:
    """One hearing; who was not invited and may not see evidence is told that there is none."""
    hearing = await get_hearing(reader, hearing_id, complaint_id=complaint_id)
    members = await list_members(reader, hearing_id)
    mine = next((one for one in members if one.staff_id is not None and one.staff_id == reader.actor.id), None)
    sees = reader.actor.may("evidence.read")
    if mine is None and not sees:
        raise NotFound("no such hearing")
    case = await get_complaint(reader, complaint_id=complaint_id)
    released = {one.evidence_id for one in await list_released(reader, hearing)}
    pieces = [one for one in await list_evidence(reader, complaint_id) if one.act == "added" and one.state == "kept"]
    known = {one.staff_id for one in members}
    people = [one for one in await list_people(reader) if one.state == "active" and one.staff_id not in known]
    experts = [one for one in members if one.kind == "expert"]
    return await show(
        request,
        "pages/hearings/hearing.html",
        status=status,
        number=number_text(case.number),
        root=tenant_path(request, "/complaints"),
        back=tenant_path(request, f"/complaints/{complaint_id}"),
        here=f"{root_of(request, complaint_id)}/{hearing_id}",
        hearings_at=root_of(request, complaint_id),
        hearing=hearing,
        state=state_badges()[hearing.state],
        experts=experts,
        house=[one for one in members if one.kind == "staff"],
        members=[one for one in members if one.revoked_at is None or one.attended],
        mine=mine,
        site=request.runtime.settings.public_url,
        told=told,
        told_name=next((one.full_name for one in experts if told is not None and one.member_id == told.member_id), ""),
        room=MAX_EXPERTS - sum(one.revoked_at is None for one in experts),
        wanted=MIN_EXPERTS,
        people=[(str(one.staff_id), one.full_name) for one in people],
        pieces=[(piece, gettext(KINDS.get(piece.kind, piece.kind)), piece.evidence_id in released) for piece in pieces],
        sees=sees,
        may_write=reader.actor.may("evidence.write"),
        at=at,
        values=values,
        unsigned=SignForm(),
        errors=errors or {},
    )
