"""Estimates at the desk: composed from the price list, given in versions, answered by the customer or written down for them."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import FieldProblem, InvalidInput
from core.uow import Reader, UnitOfWork
from core.visits.actions.bills import (
    LineDraft,
)
from core.visits.actions.estimates import answer_estimate, give_estimate
from core.visits.actions.visits import give_link
from core.visits.queries.bills import find_bill, list_estimates
from core.visits.queries.prices import list_live_items
from core.visits.queries.visits import get_visit, list_procedures
from core.visits.rules.bills import Line, quantity_text, read_quantity
from core.visits.rules.prices import AmountUnread, read_yuan
from web.formats import money
from web.i18n import gettext
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import show, tenant_path
from web.security import requires
from web.views.visits import visit_number
from web.visit_page import back_to_visit, item_options, refused_visit

ONE: Final = "/t/{slug:str}/visits/{visit_id:uuid}"
WRITE: Final = [requires("visits.write")]
BODY_LIMIT: Final = 64 * 1024
BLANK_ROWS: Final = 4


class LinesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of lines as typed; an empty item is no line."""

    item: list[str] = []
    quantity: list[str] = []
    discount: list[str] = []
    note: str = ""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer says at the desk."""

    answer: str = ""
    name: str = ""


class RowView(msgspec.Struct, frozen=True):
    """One row of the composer as typed."""

    item: str = ""
    quantity: str = ""
    discount: str = ""


def read_fen(text: str, path: str, problems: list[FieldProblem]) -> int:
    """Return the fen that were typed; what is no amount is 0 and one problem more."""
    try:
        return read_yuan(text) or 0
    except AmountUnread as unread:
        problems.append(FieldProblem(path, unread.code))
        return 0


def read_drafts(form: LinesForm) -> list[LineDraft]:
    """Return the lines that were typed; raise InvalidInput for what is no number."""
    rows = [
        RowView(item.strip()[:200], quantity.strip()[:20], discount.strip()[:20])
        for item, quantity, discount in zip(form.item, form.quantity, form.discount, strict=False)
    ]
    rows = [row for row in rows if row.item]
    problems: list[FieldProblem] = []
    drafts = []
    for number, row in enumerate(rows):
        milli = read_quantity(row.quantity)
        if milli is None:
            problems.append(FieldProblem(f"lines[{number}].quantity", "quantity-range", {"max": 10_000}))
        fen = read_fen(row.discount, f"lines[{number}].discount", problems)
        drafts.append(LineDraft(item=row.item, quantity_milli=milli or 0, discount_fen=fen))
    if problems:
        raise InvalidInput(tuple(problems))
    return drafts


def _typed(form: LinesForm) -> list[RowView]:
    rows = zip(form.item, form.quantity, form.discount, strict=False)
    return [RowView(item, quantity, discount) for item, quantity, discount in rows if item.strip()]


def _row_of(line: Line) -> RowView:
    off = f"{line.discount_fen / 100:.2f}" if line.discount_fen else ""
    return RowView(f"{line.item_code} {line.name_zh}", quantity_text(line.quantity_milli), off)


async def _known_rows(reader: Reader, visit_id: UUID) -> list[RowView]:
    """What a new estimate starts from: the bill as it stands, else the estimate before, else what is planned."""
    bill = await find_bill(reader, visit_id)
    if bill is not None and bill.lines:
        return [_row_of(line) for line in bill.lines]
    estimates = await list_estimates(reader, visit_id)
    if estimates:
        return [_row_of(line) for line in estimates[0].lines]
    planned = await list_procedures(reader, visit_id)
    return [
        RowView(f"{one.item_code} {one.name_zh}", "1") for one in planned if one.item_code and one.state != "cancelled"
    ]


async def _show_composer(
    request: WebRequest,
    reader: Reader,
    visit_id: UUID,
    rows: list[RowView],
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    note: str = "",
) -> Response[Any]:
    visit = await get_visit(reader, visit_id)
    return await show(
        request,
        "pages/visits/estimate.html",
        status=status,
        visit=visit,
        number=visit_number(visit.number),
        rows=[*rows, *([RowView()] * BLANK_ROWS)],
        items=item_options(await list_live_items(reader)),
        errors=errors or {},
        note=note,
        root=tenant_path(request, "/visits"),
        here=tenant_path(request, f"/visits/{visit_id}"),
    )


@get(ONE + "/estimates/new", guards=WRITE)
async def show_new_estimate(
    request: WebRequest, reader: NamedDependency[Reader], visit_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_composer(request, reader, visit_id, await _known_rows(reader, visit_id))


@post(ONE + "/estimates", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_give_estimate(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await get_visit(uow, visit_id)
    form = await request.read(LinesForm, lists=("item", "quantity", "discount"))
    try:
        drafts = read_drafts(form)
        given = await give_estimate(uow, visit_id=visit_id, lines=drafts, note=form.note)
    except InvalidInput as error:
        errors, rows = field_texts(error.problems), _typed(form)
        page = await _show_composer(request, uow, visit_id, rows, status=422, errors=errors, note=form.note)
        raise Refused(page) from error
    await give_link(uow, visit_id=visit_id)
    text = gettext("The estimate of %(amount)s is ready for the customer") % {"amount": money(given.total_fen)}
    return back_to_visit(request, visit_id, text, "#estimate")


@post(ONE + "/estimates/{estimate_id:uuid}/answer", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_answer(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    visit_id: FromPath[UUID],
    estimate_id: FromPath[UUID],
) -> Response[Any]:
    form = await request.read(Answer)
    try:
        await answer_estimate(
            uow,
            visit_id=visit_id,
            estimate_id=estimate_id,
            answer="declined" if form.answer == "declined" else "accepted",
            place="desk",
            name=form.name,
        )
    except InvalidInput as error:
        raise await refused_visit(request, uow, visit_id, error, {"name": form.name}) from error
    return back_to_visit(request, visit_id, gettext("The answer is written down"), "#estimate")


routes = [show_new_estimate, do_give_estimate, do_answer]
