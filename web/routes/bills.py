"""The bill at the desk: lines with a running total, checkout, refunds and voiding."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import AnxinError, FieldProblem, InvalidInput
from core.loyalty.actions import PointsRefused
from core.loyalty.rules.tiers import find_tier
from core.programs.queries import get_ladder
from core.rewards.errors import BenefitRefused, CouponRefused
from core.uow import Reader, UnitOfWork
from core.visits.actions.bills import (
    ChoiceRefused,
    OverEstimate,
    add_lines,
    finalise_bill,
    open_bill,
    remove_line,
    set_discount,
)
from core.visits.actions.payments import PaymentDraft, Settled, refund_bill, settle_bill, void_bill
from core.visits.actions.spending import PriceMoved
from core.visits.actions.visits import give_link
from core.visits.queries.visits import get_visit
from web.formats import money
from web.htmx import wants_partial
from web.i18n import gettext, localized
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.routes.estimates import LinesForm, read_drafts, read_fen
from web.security import requires
from web.views.refusals import refusal_words
from web.views.visits import bill_number, note_number
from web.visit_page import back_to_visit, refused_visit, show_visit_page

ONE: Final = "/t/{slug:str}/visits/{visit_id:uuid}"
WRITE: Final = [requires("visits.write")]
BODY_LIMIT: Final = 64 * 1024
BLANK_ROWS: Final = 4


class OneLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more line for the bill."""

    item: str = ""
    quantity: str = ""
    discount: str = ""


class Discount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the member's discount comes off."""

    with_discount: str = ""


class Finalising(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a bill over its estimate is let pass; empty for every other."""

    override_reason: str = ""


class Checkout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money in one or several ways, and the tick that the lines were explained."""

    method: list[str] = []
    amount: list[str] = []
    detail: list[str] = []
    explained: str = ""
    key: str = ""


class Refund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes back of each line, in the order of the bill."""

    line: list[str] = []
    amount: list[str] = []
    reason: str = ""
    method: str = ""
    key: str = ""


class Voiding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a bill is taken back as a whole."""

    reason: str = ""
    key: str = ""


async def _bill_again(request: WebRequest, uow: UnitOfWork, visit_id: UUID) -> Response[Any]:
    """The bill alone for htmx, so that the running total moves while lines are added; the page otherwise."""
    if wants_partial(request.headers):
        return await show_visit_page(request, uow, visit_id, part="pages/visits/_bill.html")
    return back_to_visit(request, visit_id, place="#bill")


@post(ONE + "/bill", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_open_bill(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await open_bill(uow, visit_id=visit_id)
    return back_to_visit(request, visit_id, place="#bill")


@post(ONE + "/bill/lines", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_add_line(request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]) -> Response[Any]:
    await get_visit(uow, visit_id)
    form = await request.read(OneLine)
    typed = LinesForm(item=[form.item or "?"], quantity=[form.quantity], discount=[form.discount])
    try:
        drafts = read_drafts(typed)
        await add_lines(uow, visit_id=visit_id, lines=drafts)
    except InvalidInput as error:
        plain = tuple(FieldProblem(p.path.rpartition(".")[2], p.code, p.params) for p in error.problems)
        values = {"line": form}
        errors = {f"line.{path}": text for path, text in field_texts(plain).items()}
        page = await show_visit_page(
            request,
            uow,
            visit_id,
            status=422,
            errors=errors,
            values=values,
            part="pages/visits/_bill.html",
        )
        raise Refused(page) from error
    return await _bill_again(request, uow, visit_id)


@post(ONE + "/bill/lines/{line_id:uuid}/remove", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_remove_line(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID], line_id: FromPath[UUID]
) -> Response[Any]:
    await remove_line(uow, visit_id=visit_id, line_id=line_id)
    return await _bill_again(request, uow, visit_id)


@post(ONE + "/bill/discount", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_set_discount(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Discount)
    await set_discount(uow, visit_id=visit_id, with_discount=form.with_discount == "true")
    return await _bill_again(request, uow, visit_id)


@post(ONE + "/bill/finalise", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_finalise(request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Finalising)
    try:
        bill = await finalise_bill(uow, visit_id=visit_id, override_reason=form.override_reason)
    except OverEstimate as error:
        warning = gettext("The customer has to accept an estimate first: give a new one, and let them answer it")
        raise Refused(await show_visit_page(request, uow, visit_id, status=409, warning=warning)) from error
    except ChoiceRefused as error:
        warning = gettext("Something chosen for this bill takes nothing off")
        raise Refused(await show_visit_page(request, uow, visit_id, status=409, warning=warning)) from error
    except InvalidInput as error:
        raise await refused_visit(request, uow, visit_id, error, {}) from error
    await give_link(uow, visit_id=visit_id)
    text = gettext("Bill %(bill)s is final") % {"bill": bill_number(bill.number)}
    return back_to_visit(request, visit_id, text, "#bill")


def _payments(form: Checkout) -> list[PaymentDraft]:
    problems: list[FieldProblem] = []
    drafts = []
    details = [*form.detail, *([""] * len(form.amount))]
    for number, (method, amount) in enumerate(zip(form.method, form.amount, strict=False)):
        if amount.strip():
            fen = read_fen(amount, f"payment-{number}", problems)
            drafts.append(PaymentDraft(method=method, fen=fen, detail=details[number]))
    if problems:
        raise InvalidInput(tuple(problems))
    return drafts


@post(ONE + "/bill/payments", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_settle(request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Checkout, lists=("method", "amount", "detail"))
    try:
        drafts = _payments(form)
        explained = form.explained == "true"
        async with uow.attempt():
            done = await settle_bill(uow, visit_id=visit_id, payments=drafts, explained=explained, key=form.key)
    except (CouponRefused, BenefitRefused, PointsRefused, PriceMoved) as error:
        raise await _used_elsewhere(request, uow, visit_id, error) from error
    except InvalidInput as error:
        values = {"method": form.method, "amount": form.amount, "detail": form.detail}
        raise await refused_visit(request, uow, visit_id, error, values) from error
    return back_to_visit(request, visit_id, await _settled_text(uow, done), "#bill")


async def _used_elsewhere(request: WebRequest, uow: UnitOfWork, visit_id: UUID, error: AnxinError) -> Refused:
    """What the total counts on was used since the bill became final: nothing was taken, and the bill is written anew."""
    words = {"why": refusal_words(error.code, error.params)}
    warning = gettext(
        "Something on this bill was used elsewhere: %(why)s Nothing was taken. Void the bill and write it again."
    )
    return Refused(await show_visit_page(request, uow, visit_id, status=409, warning=warning % words))


async def _settled_text(reader: Reader, done: Settled) -> str:
    if done.replayed:
        return gettext("This payment was written down already")
    if done.bill.state != "paid":
        return gettext("%(amount)s is still to be paid") % {"amount": money(done.bill.due_fen)}
    text = gettext("Bill %(bill)s was paid: %(amount)s") % {
        "bill": bill_number(done.bill.number),
        "amount": money(done.bill.total_fen),
    }
    ladder = await get_ladder(reader)
    change = done.recorded.tier_change if done.recorded else None
    tier = find_tier(ladder, change.after) if ladder and change else None
    return f"{text} · {gettext('Is now %(tier)s') % {'tier': localized(tier.label)}}" if tier else text


def _asked(form: Refund) -> dict[UUID, int]:
    problems: list[FieldProblem] = []
    asked: dict[UUID, int] = {}
    for line, amount in zip(form.line, form.amount, strict=False):
        if amount.strip():
            fen = read_fen(amount, f"refund-{line}", problems)
            try:
                asked[UUID(line)] = fen
            except ValueError:
                problems.append(FieldProblem("line", "option"))
    if problems:
        raise InvalidInput(tuple(problems))
    return asked


@post(ONE + "/bill/refund", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_refund_bill(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Refund, lists=("line", "amount"))
    try:
        asked = _asked(form)
        note = await refund_bill(
            uow, visit_id=visit_id, fen_by_line=asked, reason=form.reason, method=form.method, key=form.key
        )
    except InvalidInput as error:
        raise await refused_visit(request, uow, visit_id, error, {"reason": form.reason}) from error
    words = {"amount": money(note.amount_fen), "note": note_number(note.number)}
    return back_to_visit(request, visit_id, gettext("%(amount)s went back, credit note %(note)s") % words, "#bill")


@post(ONE + "/bill/void", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_void(request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(Voiding)
    try:
        bill = await void_bill(uow, visit_id=visit_id, reason=form.reason, key=form.key)
    except InvalidInput as error:
        raise await refused_visit(request, uow, visit_id, error, {"void_reason": form.reason}) from error
    return back_to_visit(
        request, visit_id, gettext("Bill %(bill)s was voided") % {"bill": bill_number(bill.number)}, "#bill"
    )


routes = [
    do_open_bill,
    do_add_line,
    do_remove_line,
    do_set_discount,
    do_finalise,
    do_settle,
    do_refund_bill,
    do_void,
]
