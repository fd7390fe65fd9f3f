"""Procedures of a visit: planned from the price list, and begun only on the papers they need."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import FieldProblem, InvalidInput, NotFound
from core.forms.actions import create_link
from core.forms.queries import list_forms
from core.uow import UnitOfWork
from core.visits.actions.visits import (
    PapersMissing,
    cancel_procedure,
    finish_procedure,
    plan_procedure,
    start_procedure,
)
from core.visits.queries.visits import get_procedure, get_visit
from web.form_titles import title_of
from web.i18n import gettext, localized
from web.problems import Refused
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import show, tenant_path
from web.security import requires
from web.views.visits import visit_number
from web.visit_page import back_to_visit, refused_visit, show_visit_page

ONE: Final = "/t/{slug:str}/visits/{visit_id:uuid}"
STEP: Final = ONE + "/procedures/{procedure_id:uuid}"
WRITE: Final = [requires("visits.write")]
BODY_LIMIT: Final = 16 * 1024


class Planned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of the price list, by code or name."""

    item: str = ""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of a procedure's forms is handed over."""

    form_id: str = ""


@post(ONE + "/procedures", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_plan(request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]) -> Response[Any]:
    await get_visit(uow, visit_id)
    form = await request.read(Planned)
    try:
        await plan_procedure(uow, visit_id=visit_id, item=form.item)
    except InvalidInput as error:
        renamed = InvalidInput(tuple(FieldProblem("procedure", p.code, p.params) for p in error.problems))
        raise await refused_visit(request, uow, visit_id, renamed, {"procedure": form.item}) from error
    return back_to_visit(request, visit_id, place="#procedures")


@post(STEP + "/start", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_start(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    visit_id: FromPath[UUID],
    procedure_id: FromPath[UUID],
) -> Response[Any]:
    try:
        await start_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    except PapersMissing as error:
        titles = {form.id: localized(form.title) for form in await list_forms(uow)}
        names = "、".join(title_of(titles, form_id) for _, form_id in _needs(error))
        warning = gettext("This cannot begin yet: %(papers)s is missing, older than the plan, or withdrawn") % {
            "papers": names
        }
        raise Refused(await show_visit_page(request, uow, visit_id, status=409, warning=warning)) from error
    return back_to_visit(request, visit_id, gettext("It has begun"), "#procedures")


def _needs(error: PapersMissing) -> tuple[tuple[str, str], ...]:
    needs = error.params.get("needs", ())
    return needs if isinstance(needs, tuple) else ()


@post(STEP + "/done", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_finish(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    visit_id: FromPath[UUID],
    procedure_id: FromPath[UUID],
) -> Response[Any]:
    await finish_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    return back_to_visit(request, visit_id, place="#procedures")


@post(STEP + "/cancel", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_cancel(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    visit_id: FromPath[UUID],
    procedure_id: FromPath[UUID],
) -> Response[Any]:
    await cancel_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    return back_to_visit(request, visit_id, place="#procedures")


@post(STEP + "/paper", guards=[requires("forms.share")], request_max_body_size=BODY_LIMIT)
async def do_hand_over(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    visit_id: FromPath[UUID],
    procedure_id: FromPath[UUID],
) -> Response[Any]:
    """A code for the customer's phone; the paper that comes back opens the gate."""
    visit = await get_visit(uow, visit_id)
    procedure = await get_procedure(uow, visit_id=visit_id, procedure_id=procedure_id)
    form = await request.read(Wanted)
    if form.form_id not in {need.form_id for need in procedure.needs}:
        raise NotFound("the procedure does not need this form")
    link = await create_link(
        uow,
        form_id=form.form_id,
        branch_id=visit.branch_id,
        customer_id=visit.customer_id,
        subject_id=visit.subject_id,
    )
    address = f"{request.runtime.settings.public_url}/q/{link.code}"
    titles = {one.id: localized(one.title) for one in await list_forms(uow)}
    return await show(
        request,
        "pages/visits/hand_over.html",
        title=title_of(titles, form.form_id),
        visit=visit,
        number=visit_number(visit.number),
        qr=qr_svg(address),
        address=address,
        root=tenant_path(request, "/visits"),
        here=tenant_path(request, f"/visits/{visit_id}"),
    )


routes = [do_plan, do_start, do_finish, do_cancel, do_hand_over]
