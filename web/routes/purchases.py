"""Purchases: one bill at the counter, with the member's discount, and taking it back."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.customers.queries import get_customer
from core.db import new_id
from core.errors import FieldProblem, InvalidInput, NotFound
from core.imports.rules.cells import CellProblem, read_amount
from core.loyalty.actions import KeyReused, NothingToRefund, Recorded, record_purchase, refund_purchase
from core.loyalty.queries import get_membership, get_purchase
from core.loyalty.rules.tiers import find_tier
from core.programs.queries import get_ladder
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.formats import money
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires

ONE: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
WRITE: Final = [requires("customers.write")]
BODY_LIMIT: Final = 16 * 1024


class PurchaseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bill as typed: yuan in words or digits; no time means now; `key` makes sending it twice harmless."""

    amount: str = ""
    description: str = ""
    occurred_at: str = ""
    branch_id: str = ""
    with_discount: str = ""
    key: str = ""


async def _show_form(
    request: WebRequest,
    reader: Reader,
    customer_id: UUID,
    *,
    status: int = 200,
    values: PurchaseForm | None = None,
    errors: object = None,
) -> Response[Any]:
    return await show(
        request,
        "pages/customers/purchase.html",
        status=status,
        customer=await get_customer(reader, customer_id),
        card=await get_membership(reader, customer_id),
        branches=[(str(branch.branch_id), branch.name) for branch in await list_branches(reader)],
        values=values or PurchaseForm(key=new_id().hex, branch_id=str(reader.actor.branch_id or "")),
        errors=errors or {},
        here=tenant_path(request, f"/customers/{customer_id}"),
        root=tenant_path(request, "/customers"),
    )


@get(ONE + "/purchases/new", guards=WRITE)
async def show_new_purchase(
    request: WebRequest, reader: NamedDependency[Reader], customer_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_form(request, reader, customer_id)


@post(ONE + "/purchases", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_record_purchase(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    form = await request.read(PurchaseForm)
    try:
        fen, moment, branch_id = await _parsed(uow, form)
        done = await record_purchase(
            uow,
            customer_id=customer_id,
            fen=fen,
            key=form.key or new_id().hex,
            occurred_at=moment,
            description=form.description,
            branch_id=branch_id,
            with_discount=form.with_discount == "true",
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_form(request, uow, customer_id, status=422, values=form, errors=errors)) from None
    except KeyReused:
        fresh = msgspec.structs.replace(form, key=new_id().hex)
        texts = {"amount": gettext("Another bill was sent with this form. Look at the timeline, then send it again.")}
        raise Refused(await _show_form(request, uow, customer_id, status=409, values=fresh, errors=texts)) from None
    here = f"/customers/{customer_id}"
    toast = Toast(
        text=await _sentence(uow, done),
        undo_action="" if done.replayed else tenant_path(request, f"{here}/purchases/{done.purchase_id}/undo"),
    )
    return go_to(request, tenant_path(request, here), toast=toast)


async def _parsed(reader: Reader, form: PurchaseForm) -> tuple[int, datetime | None, UUID | None]:
    problems = []
    fen: int | None = None
    moment: datetime | None = None
    try:
        fen = read_amount(form.amount)
        if fen is None:
            problems.append(FieldProblem("amount", "required"))
    except CellProblem as problem:
        problems.append(FieldProblem("amount", problem.code, dict(problem.params)))
    if form.occurred_at:
        try:
            moment = datetime.fromisoformat(form.occurred_at)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(reader.scope.timezone))
        except ValueError:
            problems.append(FieldProblem("occurred_at", "bad-date"))
    branches = {str(branch.branch_id): branch.branch_id for branch in await list_branches(reader)}
    if form.branch_id and form.branch_id not in branches:
        problems.append(FieldProblem("branch_id", "unknown-branch"))
    if problems:
        raise InvalidInput(tuple(problems))
    return fen or 0, moment, branches.get(form.branch_id)


async def _sentence(reader: Reader, done: Recorded) -> str:
    if done.replayed:
        return gettext("This purchase was recorded already")
    text = gettext("%(amount)s was recorded") % {"amount": money(done.paid_fen)}
    ladder = await get_ladder(reader)
    tier = find_tier(ladder, done.tier_change.after) if ladder and done.tier_change else None
    if tier is not None:
        text += " · " + gettext("Is now %(tier)s") % {"tier": localized(tier.label)}
    return text


@post(ONE + "/purchases/{purchase_id:uuid}/refund", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_refund(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], purchase_id: FromPath[UUID]
) -> Response[Any]:
    """The customer brings something back: the tier stays."""
    return await _take_back(request, uow, customer_id, purchase_id, mistake=False)


@post(ONE + "/purchases/{purchase_id:uuid}/undo", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_undo(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], purchase_id: FromPath[UUID]
) -> Response[Any]:
    """Somebody mistyped: the tier that this purchase gave goes too."""
    return await _take_back(request, uow, customer_id, purchase_id, mistake=True)


async def _take_back(
    request: WebRequest, uow: UnitOfWork, customer_id: UUID, purchase_id: UUID, *, mistake: bool
) -> Response[Any]:
    bill = await get_purchase(uow, purchase_id)
    if bill.customer_id != customer_id:
        raise NotFound("no such purchase of this customer")
    try:
        done = await refund_purchase(uow, purchase_id=purchase_id, mistake=mistake)
        toast = Toast(text=gettext("%(amount)s was taken back") % {"amount": money(done.paid_fen)})
    except NothingToRefund:
        toast = Toast(text=gettext("This purchase was taken back already"), state="info")
    return go_to(request, tenant_path(request, f"/customers/{customer_id}"), toast=toast)


routes = [show_new_purchase, do_record_purchase, do_refund, do_undo]
