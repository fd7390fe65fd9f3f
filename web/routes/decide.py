"""What waits for a manager: referrals that failed a check, with their history and what is done about them."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import Forbidden, InvalidInput
from core.programs.queries import get_program
from core.referrals.cases import approve_case, reject_case, reverse_case
from core.referrals.queries import CaseRecord, count_by_state, count_held, find_rule, get_case, list_cases
from core.referrals.rules import STATES
from core.uow import Reader, UnitOfWork
from web.decide_tabs import DecideTab, add_decide_tab, decide_tabs, what_waits
from web.downloads import csv_download
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import referrals as words

PATH: Final = "/t/{slug:str}/decide"
ONE: Final = PATH + "/referrals/{referral_id:uuid}"
_MAY = [requires("loyalty.approve")]
_EXPORT: Final = [requires("customers.export")]
BODY_LIMIT: Final = 16 * 1024
PAGE: Final = 25
EXPORT_ROWS: Final = 5000
VIEWS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "held": (N_("To decide"), ("held",)),
    "open": (N_("On their way"), ("invited", "registered", "qualified")),
    "rewarded": (N_("Rewarded"), ("rewarded",)),
    "over": (N_("Rejected or over"), ("rejected", "reversed", "expired")),
    "all": (N_("All"), STATES),
}


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a case passes or does not."""

    reason: str = ""


add_decide_tab(
    DecideTab(
        id="referrals",
        label=N_("Referrals"),
        path="/decide",
        permission="loyalty.approve",
        count=count_held,
        rank=10,
    )
)
add_entry(
    Entry(
        id="decide",
        label=N_("To decide"),
        icon="scale",
        path="/decide",
        permission="loyalty.approve",
        rank=47,
        badges=what_waits,
    )
)


@get(PATH, guards=_MAY)
async def show_referrals(
    request: WebRequest, reader: NamedDependency[Reader], which: FromQuery[str] = "held", after: FromQuery[str] = ""
) -> Response[Any]:
    which = which if which in VIEWS else "held"
    rows = await list_cases(reader, states=VIEWS[which][1], before=read_id(after), limit=PAGE + 1)
    root = tenant_path(request, "/decide")
    counts = await count_by_state(reader)
    more = f"{root}?which={which}&after={rows[PAGE - 1].case_id}" if len(rows) > PAGE else ""
    return await show(
        request,
        "pages/decide/referrals.html",
        partial="pages/decide/_referrals_more.html",
        lines=[words.case_line(row) for row in rows[:PAGE]],
        more=more,
        which=which,
        views=[
            (gettext(label), f"{root}?which={code}", code == which, sum(counts.get(one, 0) for one in states))
            for code, (label, states) in VIEWS.items()
        ],
        rule=await find_rule(reader),
        root=root,
        tenant=tenant_path(request),
        tabs=await decide_tabs(reader, tenant_path(request), "referrals"),
    )


def read_id(text: str) -> UUID | None:
    """The last line that was seen; what is none begins at the first page."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@get(PATH + "/referrals.csv", guards=_EXPORT)
async def export_referrals(reader: NamedDependency[Reader], which: FromQuery[str] = "all") -> Response[bytes]:
    need(reader, "loyalty.approve")
    states = VIEWS[which if which in VIEWS else "all"][1]
    rows = await list_cases(reader, states=states, limit=EXPORT_ROWS)
    return csv_download(words.table_of([words.case_line(row) for row in rows]), "referrals.csv")


def need(reader: Reader, permission: str) -> None:
    """One guard opens one transaction; a second permission is asked here."""
    if not reader.actor.may(permission):
        raise Forbidden(permission=permission)


async def _show_one(
    request: WebRequest, reader: Reader, case: CaseRecord, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    program = await get_program(reader)
    root = tenant_path(request, "/decide")
    return await show(
        request,
        "pages/decide/referral.html",
        status=status,
        case=words.case_line(case),
        checks=words.check_lines(case.failed) if case.state == "held" else [],
        terms=words.terms_of(case.terms, program),
        gifts=words.gift_lines(case.given, program),
        steps=words.history(case),
        early=case.resumes == "registered",
        may_reject=case.state in {"registered", "qualified"},
        rewarded=case.state == "rewarded",
        held=case.state == "held",
        errors=errors or {},
        root=root,
        tenant=tenant_path(request),
        here=f"{root}/referrals/{case.case_id}",
        may_see=reader.actor.may("customers.read"),
    )


@get(ONE, guards=_MAY)
async def show_referral(
    request: WebRequest, reader: NamedDependency[Reader], referral_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_one(request, reader, await get_case(reader, referral_id))


async def _decide(request: WebRequest, uow: UnitOfWork, referral_id: UUID, act: Any, text: str) -> Response[Any]:
    form = await request.read(Decision)
    try:
        await act(uow, case_id=referral_id, reason=form.reason)
    except InvalidInput as error:
        case = await get_case(uow, referral_id)
        raise Refused(await _show_one(request, uow, case, status=422, errors=field_texts(error.problems))) from error
    return go_to(request, tenant_path(request, f"/decide/referrals/{referral_id}"), toast=Toast(text=text))


@post(ONE + "/approve", guards=_MAY, request_max_body_size=BODY_LIMIT)
async def do_approve(
    request: WebRequest, uow: NamedDependency[UnitOfWork], referral_id: FromPath[UUID]
) -> Response[Any]:
    return await _decide(request, uow, referral_id, approve_case, gettext("The referral passes"))


@post(ONE + "/reject", guards=_MAY, request_max_body_size=BODY_LIMIT)
async def do_reject(
    request: WebRequest, uow: NamedDependency[UnitOfWork], referral_id: FromPath[UUID]
) -> Response[Any]:
    return await _decide(request, uow, referral_id, reject_case, gettext("The referral is rejected"))


@post(ONE + "/reverse", guards=_MAY, request_max_body_size=BODY_LIMIT)
async def do_reverse(
    request: WebRequest, uow: NamedDependency[UnitOfWork], referral_id: FromPath[UUID]
) -> Response[Any]:
    return await _decide(request, uow, referral_id, reverse_case, gettext("The rewards were taken back"))


routes = [show_referrals, export_referrals, show_referral, do_approve, do_reject, do_reverse]
