"""Reviews that wait for somebody who is not concerned: the list, the proof, and the decision."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import InvalidInput
from core.files.queries import FileFacts, get_file
from core.programs.queries import get_program
from core.reviews.actions import OWNER, approve_claim, reject_claim
from core.reviews.queries import ClaimRecord, count_waiting, find_rule, get_claim, list_claims
from core.reviews.rules import approver_problem
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.decide_tabs import DecideTab, add_decide_tab, decide_tabs
from web.downloads import csv_download
from web.file_links import add_file_owner, staff_address
from web.i18n import N_, gettext
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.decide import need, read_id
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import reviews as words

PATH: Final = "/t/{slug:str}/decide/reviews"
ONE: Final = PATH + "/{claim_id:uuid}"
_MAY = [requires("loyalty.approve")]
_EXPORT: Final = [requires("customers.export")]
BODY_LIMIT: Final = 16 * 1024
PAGE: Final = 25
EXPORT_ROWS: Final = 5000
VIEWS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "waiting": (N_("To decide"), ("waiting",)),
    "approved": (N_("Rewarded"), ("approved",)),
    "rejected": (N_("Rejected"), ("rejected",)),
}

add_file_owner(OWNER, "loyalty.approve")
add_decide_tab(
    DecideTab(
        id="reviews",
        label=N_("Reviews"),
        path="/decide/reviews",
        permission="loyalty.approve",
        count=count_waiting,
        rank=20,
    )
)


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which reward, and why in spite of what speaks against it."""

    choice: str = ""
    reason: str = ""


class Rejection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why not."""

    why: str = ""


@get(PATH, guards=_MAY)
async def show_reviews(
    request: WebRequest,
    reader: NamedDependency[Reader],
    which: FromQuery[str] = "waiting",
    after: FromQuery[str] = "",
) -> Response[Any]:
    which = which if which in VIEWS else "waiting"
    rows = await list_claims(reader, states=VIEWS[which][1], before=read_id(after), limit=PAGE + 1)
    root = tenant_path(request, "/decide/reviews")
    program = await get_program(reader)
    return await show(
        request,
        "pages/decide/reviews.html",
        partial="pages/decide/_reviews_more.html",
        lines=[words.claim_line(row, program) for row in rows[:PAGE]],
        more=f"{root}?which={which}&after={rows[PAGE - 1].claim_id}" if len(rows) > PAGE else "",
        which=which,
        views=[(gettext(label), f"{root}?which={code}", code == which) for code, (label, _) in VIEWS.items()],
        rule=await find_rule(reader),
        root=root,
        tenant=tenant_path(request),
        tabs=await decide_tabs(reader, tenant_path(request), "reviews"),
    )


@get("/t/{slug:str}/decide/reviews.csv", guards=_EXPORT)
async def export_reviews(reader: NamedDependency[Reader], which: FromQuery[str] = "") -> Response[bytes]:
    need(reader, "loyalty.approve")
    states = VIEWS[which][1] if which in VIEWS else ()
    program = await get_program(reader)
    rows = await list_claims(reader, states=states, limit=EXPORT_ROWS)
    return csv_download(words.claims_table([words.claim_line(row, program) for row in rows]), "reviews.csv")


async def _about(reader: Reader, claim: ClaimRecord) -> str:
    if not claim.concerned:
        return ""
    return "、".join(one.full_name for one in await list_people(reader) if one.staff_id in claim.concerned)


async def _picture(reader: Reader, claim: ClaimRecord) -> FileFacts | None:
    return await get_file(reader, claim.file_id) if claim.file_id is not None else None


async def _show_one(
    request: WebRequest,
    reader: Reader,
    claim: ClaimRecord,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    choice: str = "",
) -> Response[Any]:
    program = await get_program(reader)
    picture = await _picture(reader, claim)
    root = tenant_path(request, "/decide/reviews")
    problem = approver_problem(reader.actor.id, concerned=claim.concerned, filed_by=claim.filed_by)
    chosen = choice or ("" if claim.choice is None else str(claim.choice))
    options = words.reward_options(claim.terms.choose_one_of, program)
    return await show(
        request,
        "pages/decide/review.html",
        status=status,
        claim=claim,
        line=words.claim_line(claim, program),
        facts=words.claim_facts(claim, await _about(reader, claim)),
        picture=staff_address(request, picture.file_id) if picture is not None else "",
        problem=problem if claim.state == "waiting" else None,
        options=options,
        chosen=chosen or ("0" if len(options) == 1 else ""),
        positive_only=claim.terms.positive_only,
        errors=errors or {},
        root=root,
        tenant=tenant_path(request),
        here=f"{root}/{claim.claim_id}",
        may_see=reader.actor.may("customers.read"),
    )


@get(ONE, guards=_MAY)
async def show_review(request: WebRequest, reader: NamedDependency[Reader], claim_id: FromPath[UUID]) -> Response[Any]:
    return await _show_one(request, reader, await get_claim(reader, claim_id))


@post(ONE + "/approve", guards=_MAY, request_max_body_size=BODY_LIMIT)
async def do_approve_review(
    request: WebRequest, uow: NamedDependency[UnitOfWork], claim_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Approval)
    try:
        await approve_claim(uow, claim_id=claim_id, choice=read_choice(form.choice), reason=form.reason)
    except InvalidInput as error:
        claim = await get_claim(uow, claim_id)
        errors = field_texts(error.problems)
        page = await _show_one(request, uow, claim, status=422, errors=errors, choice=form.choice)
        raise Refused(page) from error
    return _done(request, gettext("The review is rewarded"))


def read_choice(text: str) -> int | None:
    """The place of a choice; what is none is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None


@post(ONE + "/reject", guards=_MAY, request_max_body_size=BODY_LIMIT)
async def do_reject_review(
    request: WebRequest, uow: NamedDependency[UnitOfWork], claim_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Rejection)
    try:
        await reject_claim(uow, claim_id=claim_id, reason=form.why)
    except InvalidInput as error:
        claim = await get_claim(uow, claim_id)
        found = field_texts(error.problems)
        page = await _show_one(request, uow, claim, status=422, errors={"why": found.get("reason", "")})
        raise Refused(page) from error
    return _done(request, gettext("The review is rejected"))


def _done(request: WebRequest, text: str) -> Response[Any]:
    return go_to(request, tenant_path(request, "/decide/reviews"), toast=Toast(text=text))


routes = [show_reviews, export_reviews, show_review, do_approve_review, do_reject_review]
