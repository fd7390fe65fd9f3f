"""The customer's page of a visit: the estimate to accept or decline, every line of the bill, and what was paid."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.queries.cases import list_filing_codes
from core.customers.queries import get_customer
from core.errors import FieldProblem, InvalidInput, NotFound
from core.loyalty.queries import count_points_of, get_membership
from core.programs.queries import get_ladder
from core.reviews.queries import find_rule as find_review_rule
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from core.visits.actions.estimates import EstimateChanged, answer_estimate
from core.visits.queries.bills import BillFacts, find_bill, get_standing, list_estimates
from core.visits.queries.choices import list_applied
from core.visits.queries.visits import VisitRow, get_opened_link, get_visit
from web.formats import format_datetime, money
from web.i18n import N_, gettext
from web.page import current_page
from web.pdf import answer_pdf
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show
from web.security import BY_CODE
from web.views.customers import tier_view
from web.views.rewards import list_fen, step_views
from web.views.visits import (
    METHODS,
    bill_number,
    by_category,
    estimate_state,
    note_number,
    visit_number,
)

PATH: Final = "/b/{code:str}"
_HEAD: Final = (N_("Item"), N_("Quantity"), N_("Price"), N_("Discount"), N_("Amount"))
BODY_LIMIT: Final = 512 * 1024
"""A drawn signature comes along."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer says to the estimate; `signature` is a drawing, `signature__typed` a name."""

    estimate_id: str = ""
    answer: str = ""
    signature: str = ""
    signature__typed: str = ""
    words: str = ""


async def _visit(reader: Reader, code: str) -> VisitRow:
    link = await get_opened_link(reader, code)
    return await get_visit(reader, link.visit_id)


async def _data(reader: Reader, visit: VisitRow, code: str) -> dict[str, Any]:
    estimates = await list_estimates(reader, visit.visit_id)
    bill = await find_bill(reader, visit.visit_id)
    shown = bill if bill is not None and bill.state != "open" else None
    standing = get_standing(estimates, shown.held_fen if shown else 0)
    applied = await list_applied(reader, shown.bill_id) if shown else []
    newest = estimates[0] if estimates else None
    card, ladder = await get_membership(reader, visit.customer_id), await get_ladder(reader)
    codes = await list_filing_codes(reader)
    place = codes.get(visit.branch_id) if visit.branch_id else None
    branch = next((one for one in await list_branches(reader) if one.branch_id == visit.branch_id), None)
    return {
        "visit": visit,
        "number": visit_number(visit.number),
        "branch": branch,
        "customer": await get_customer(reader, visit.customer_id),
        "newest": newest,
        "newest_state": estimate_state(newest, newest) if newest else None,
        "estimate_groups": by_category(newest.lines) if newest else [],
        "earlier": [(one, *estimate_state(one, estimates[0])) for one in estimates[1:]],
        "asks": standing.waiting is not None and visit.state != "cancelled",
        "bill": shown,
        "bill_number": bill_number(shown.number) if shown else "",
        "bill_groups": by_category(shown.lines, applied) if shown else [],
        "steps": step_views(applied),
        "list_fen": list_fen(shown.lines) if shown else 0,
        "staff": False,
        "base": standing.base,
        "difference": shown.total_fen - standing.base.total_fen if shown and standing.base else None,
        "methods": {name: gettext(text) for name, text in METHODS.items()},
        "note_number": note_number,
        "points": await count_points_of(reader, shown.purchase_id) if shown and shown.purchase_id else 0,
        "tier": tier_view(ladder, card.tier),
        "review": await find_review_rule(reader) is not None,
        "question": f"/c/{place or next(iter(codes.values()))}" if codes else "",
        "here": f"/b/{code}",
    }


@get(PATH, guards=[BY_CODE])
async def show_bill(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[Any]:
    visit = await _visit(reader, code)
    return await show(request, "pages/public/bill.html", errors={}, **await _data(reader, visit, code))


@post(PATH + "/estimate", guards=[BY_CODE], request_max_body_size=BODY_LIMIT)
async def answer_by_phone(request: WebRequest, uow: NamedDependency[UnitOfWork], code: FromPath[str]) -> Response[Any]:
    visit = await _visit(uow, code)
    form = await request.read(Answer)
    try:
        await answer_estimate(
            uow,
            visit_id=visit.visit_id,
            estimate_id=_identity(form.estimate_id),
            answer=_answer(form.answer),
            place="phone",
            name=form.signature__typed,
            signature=form.signature,
            words=form.words,
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        errors.setdefault("signature", errors.get("name", ""))
        page = await show(request, "pages/public/bill.html", status=422, errors=errors, **await _data(uow, visit, code))
        raise Refused(page) from error
    except EstimateChanged as error:
        changed = {"": gettext("This estimate was answered or replaced meanwhile; below is how it stands now")}
        page = await show(
            request, "pages/public/bill.html", status=409, errors=changed, **await _data(uow, visit, code)
        )
        raise Refused(page) from error
    return go_to(request, f"/b/{code}")


def _identity(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("no such estimate of this visit") from None


def _answer(text: str) -> Any:
    if text not in {"accepted", "declined"}:
        raise InvalidInput((FieldProblem("answer", "option"),))
    return text


@get(PATH + "/bill.pdf", guards=[BY_CODE])
async def print_bill(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[bytes]:
    """The same lines on paper; the estimate while there is no bill."""
    data = await _data(reader, await _visit(reader, code), code)
    if data["bill"] is None and data["newest"] is None:
        raise NotFound("nothing to print yet")
    name = data["bill_number"] or data["number"]
    return await answer_pdf("bill", _paper(request, data), filename=f"{name}.pdf", download=False)


def _paper(request: WebRequest, data: dict[str, Any]) -> dict[str, Any]:
    bill, newest, visit = data["bill"], data["newest"], data["visit"]
    groups = data["bill_groups"] if bill else data["estimate_groups"]
    total = bill.total_fen if bill else newest.total_fen
    title = gettext("Bill %(bill)s") % {"bill": data["bill_number"]} if bill else gettext("Estimate")
    who = " · ".join(part for part in (data["customer"].full_name, visit.subject_name or "") if part)
    sums = [
        (f"{one.title} · {one.rule}" if one.rule else one.title, money(-one.fen)) for one in data["steps"] if one.fen
    ]
    if sums:
        sums.insert(0, (gettext("List price"), money(data["list_fen"])))
    bold = len(sums)
    sums.append((gettext("Total"), money(total)))
    if bill:
        sums += _bill_sums(data, bill)
    return {
        "lang": "zh" if current_page().locale == "zh_CN" else "en",
        "title": title,
        "house": request.visit.scope.tenant_name,
        "branch": " · ".join(part for part in (visit.branch_name or "", _address(data)) if part),
        "facts": [
            (gettext("For"), who),
            (gettext("Visit"), data["number"]),
            (gettext("Date"), _date(bill.finalised_at if bill else newest.given_at)),
        ],
        "head": [gettext(text) for text in _HEAD],
        "groups": [
            {
                "name": group.name,
                "fen": money(group.fen),
                "lines": [
                    [
                        one.name,
                        one.quantity,
                        money(one.unit_fen),
                        money(-one.off_fen) if one.off_fen else "",
                        money(one.amount_fen),
                    ]
                    for one in group.lines
                ],
            }
            for group in groups
        ],
        "sums": sums,
        "bold": bold,
        "foot": f"{request.visit.scope.tenant_name} · {title}",
    }


def _address(data: dict[str, Any]) -> str:
    return data["branch"].address if data["branch"] else ""


def _date(moment: datetime | None) -> str:
    return format_datetime(moment) if moment else ""


def _bill_sums(data: dict[str, Any], bill: BillFacts) -> list[tuple[str, str]]:
    sums = []
    if data["base"] is not None:
        sums.append((gettext("Estimate accepted"), money(data["base"].total_fen)))
    sums += [
        (
            f"{data['methods'][one.method]} · {_date(one.at)}",
            money(one.amount_fen if one.kind == "payment" else -one.amount_fen),
        )
        for one in bill.payments
    ]
    if bill.due_fen:
        sums.append((gettext("Still to be paid"), money(bill.due_fen)))
    return sums


routes = [show_bill, answer_by_phone, print_bill]
