"""Who must still say "taken", until when, and who said it; and on each case the log of whom its clocks told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.actions.answering import take_notice
from core.complaints.kept import read_policies
from core.complaints.queries.answers import ToldLine, list_awaited, list_told
from core.complaints.queries.cases import ComplaintDetail
from core.hooks.records.complaints import Policy
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.case_sections import CaseSection, add_case_section
from web.i18n import N_, gettext, localized
from web.page import Toast
from web.request import WebRequest
from web.role_texts import ROLE_NAMES, role_name
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaints import milestone_label, number_text

PATH: Final = "/t/{slug:str}/inbox/answers"
_READ: Final = [requires("complaints.read")]
_TOLD: Final = {
    "warning": (N_("A promise is near its end"), "warn"),
    "due": (N_("A promise was broken"), "danger"),
    "step": (N_("The case was escalated"), "danger"),
}


class Who(msgspec.Struct, frozen=True):
    """Somebody who was told, and when they said that they have it."""

    name: str
    role: str
    read_at: datetime | None


class AnswerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One telling as pages show it."""

    complaint_id: UUID
    title: str
    level: str
    step: str
    told: str
    state: str
    at: datetime
    people: tuple[Who, ...]
    asks: bool
    waits: bool
    moves_on_at: datetime | None
    next_role: str
    taken_by: str
    taken_at: datetime | None
    mine: UUID | None
    """My own notice, while nobody has answered."""


def _role(policy: Policy | None, code: str | None) -> str:
    if not code or code in ROLE_NAMES:
        return role_name(code) if code else ""
    labels = {role.code: role.label for role in policy.roles} if policy is not None else {}
    return localized(labels[code]) if code in labels else code


def _line(line: ToldLine, policies: Mapping[str, Policy], names: Mapping[UUID, str], me: UUID | None) -> AnswerLine:
    policy = policies.get(line.policy_version)
    told, state = _TOLD.get(line.stage.split(maxsplit=1)[0], _TOLD["step"])
    waits = line.asked is not None and line.acknowledged_at is None and line.live
    readers = sorted((one for one in line.people if one.read_at is not None), key=lambda one: one.read_at)
    return AnswerLine(
        complaint_id=line.complaint_id,
        title=f"{number_text(line.number)} {line.title}",
        level=line.severity,
        step=milestone_label(policy, line.milestone),
        told=gettext(told),
        state=state,
        at=line.at,
        people=tuple(Who(names.get(one.staff_id, ""), _role(policy, one.role), one.read_at) for one in line.people),
        asks=line.asked is not None,
        waits=waits,
        moves_on_at=line.asked.moves_on_at if line.asked is not None else None,
        next_role=_role(policy, line.asked.next_role) if line.asked is not None else "",
        taken_by=names.get(readers[0].staff_id, "") if readers else "",
        taken_at=line.acknowledged_at,
        mine=next((one.notice_id for one in line.people if one.staff_id == me), None) if waits else None,
    )


async def _lines(reader: Reader, found: list[ToldLine]) -> list[AnswerLine]:
    policies = await read_policies(reader.session, {line.policy_version for line in found})
    names = {person.staff_id: person.full_name for person in await list_people(reader)} if found else {}
    return [_line(line, policies, names, reader.actor.id) for line in found]


@get(PATH, guards=_READ)
async def show_answers(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What waits for somebody's answer, mine first, and what was answered in the last days."""
    lines = await _lines(reader, await list_awaited(reader))
    waiting = sorted((one for one in lines if one.waits), key=lambda one: (one.mine is None, one.moves_on_at or one.at))
    return await show(
        request,
        "pages/inbox/answers.html",
        waiting=waiting,
        answered=[one for one in lines if not one.waits],
        root=tenant_path(request),
    )


@post(f"{PATH}/{{notice_id:uuid}}/take", guards=_READ)
async def do_take(request: WebRequest, uow: NamedDependency[UnitOfWork], notice_id: FromPath[UUID]) -> Response[Any]:
    """I have it: the chain stops; of two who tap at once the second is told who was first."""
    before = await take_notice(uow, notice_id=notice_id)
    words = gettext("You have it; it goes no further")
    if before is not None and before != uow.actor.id:
        names = {person.staff_id: person.full_name for person in await list_people(uow)}
        words = gettext("%(who)s has it already") % {"who": names.get(before, "")}
    return go_to(request, tenant_path(request, "/inbox/answers"), toast=Toast(text=words))


async def _load_told(reader: Reader, detail: ComplaintDetail) -> Any:
    return await _lines(reader, await list_told(reader, complaint_id=detail.complaint_id)) or None


add_case_section(
    CaseSection(
        id="told",
        template="pages/inbox/_case.html",
        load=_load_told,
        permission="complaints.read",
        place="side",
        rank=85,
    )
)

routes = [show_answers, do_take]
