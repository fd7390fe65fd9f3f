"""Remedies at the desk: what was offered on a case, a new one, what waits for an approver, the limits of roles and the numbers of closing."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.db import new_id
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.text import Text
from core.lessons.actions.closing import set_numbers
from core.lessons.rules.closing import Numbers
from core.loyalty.queries import list_purchases
from core.remedies.actions import (
    RemedyDraft,
    accept_remedy,
    approve_remedy,
    decline_remedy,
    propose_remedy,
    refuse_remedy,
    set_limit,
)
from core.remedies.giving import give_remedy, take_back_remedy
from core.remedies.queries import (
    Terms,
    count_waiting,
    get_cost,
    get_limits,
    get_remedy,
    get_standing,
    list_coupon_choices,
    list_offers,
    list_remedies,
    list_waiting_remedies,
)
from core.remedies.rules import KINDS, Limit, left_of, limit_of
from core.uow import Reader, UnitOfWork
from tenants.roles import ROLES
from web.case_sections import CaseSection, add_case_section
from web.complaint_form import fen_of
from web.decide_tabs import DecideTab, add_decide_tab, decide_tabs
from web.formats import money
from web.i18n import N_, gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.role_texts import role_name
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views import remedies as words
from web.views.complaints import number_text

CASE: Final = "/t/{slug:str}/complaints/{complaint_id:uuid}/remedies"
ONE: Final = "/t/{slug:str}/complaints/remedies/{remedy_id:uuid}"
WAITING: Final = "/t/{slug:str}/decide/remedies"
LIMITS: Final = "/t/{slug:str}/complaints/limits"
_WRITE, _APPROVE, _MANAGE = (requires(f"complaints.{verb}") for verb in ("write", "approve", "manage"))
BODY_LIMIT: Final = 16 * 1024
POINTS: Final = 1_000_000


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A remedy as it is typed."""

    kind: str = ""
    label: str = ""
    cost: str = ""
    note: str = ""
    offer: str = ""
    points: str = ""
    template: str = ""
    purchase_id: str = ""
    item: str = ""
    key: str = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reason."""

    words: str = ""
    back: str = ""


class LimitForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a role may offer alone, in yuan; empty is no limit."""

    role: str = ""
    remedy: str = ""
    case: str = ""


class NumbersForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tenant's numbers of closing."""

    contacts: str = ""
    check_days: str = ""
    repeat_days: str = ""


class CaseRemedies(msgspec.Struct, frozen=True, kw_only=True):
    """What the card on the case's page shows."""

    lines: list[words.RemedyLine]
    cost: str
    may_offer: bool


async def _load(reader: Reader, case: ComplaintDetail) -> CaseRemedies:
    rows = await list_remedies(reader, case.complaint_id)
    return CaseRemedies(
        lines=[words.remedy_line(one, reader.actor) for one in rows],
        cost=money(await get_cost(reader, case.complaint_id)),
        may_offer=case.state in {"open", "resolved"} and reader.actor.may("complaints.write"),
    )


add_case_section(
    CaseSection(id="remedies", template="pages/remedies/_case.html", load=_load, permission="complaints.read", rank=60)
)
add_decide_tab(
    DecideTab(
        id="remedies",
        label=N_("Remedies"),
        path="/decide/remedies",
        permission="complaints.approve",
        count=count_waiting,
        rank=40,
    )
)


async def _show_form(
    request: WebRequest,
    reader: Reader,
    complaint_id: UUID,
    *,
    values: Draft,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    limit = limit_of(await get_limits(reader), reader.actor.roles)
    bought = await list_purchases(reader, case.customer_id) if case.customer_id is not None else []
    return await show(
        request,
        "pages/remedies/new.html",
        status=status,
        case=case,
        number=number_text(case.number),
        root=tenant_path(request, "/complaints"),
        here=tenant_path(request, f"/complaints/{complaint_id}"),
        values=values,
        errors=errors or {},
        kinds=words.kind_options(),
        offers=words.offer_cards(list_offers(reader, case)),
        coupons=words.coupon_options(await list_coupon_choices(reader)),
        purchases=words.purchase_options(bought),
        left=words.left_words(left_of(limit, await get_standing(reader, complaint_id))),
    )


@get(f"{CASE}/new", guards=[_WRITE])
async def show_new_remedy(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID], offer: FromQuery[str] = ""
) -> Response[Any]:
    values = Draft(key=new_id().hex)
    case = await get_complaint(reader, complaint_id=complaint_id)
    chosen = next((one for one in list_offers(reader, case) if one.id == offer), None)
    if chosen is not None:
        values = Draft(
            kind=chosen.kind,
            label=localized(chosen.label),
            cost="" if chosen.cost_fen is None else f"{chosen.cost_fen / 100:.2f}",
            offer=chosen.id,
            points=str(chosen.points or ""),
            template=chosen.template,
            item=chosen.item,
            key=new_id().hex,
        )
    return await _show_form(request, reader, complaint_id, values=values)


def _draft(reader: Reader, case: ComplaintDetail, form: Draft) -> RemedyDraft:
    """An offer that was not renamed keeps its words in both languages."""
    chosen = next((one for one in list_offers(reader, case) if one.id == form.offer), None)
    label: Text = form.label.strip()
    if chosen is not None and localized(chosen.label) == label:
        label = chosen.label
    try:
        purchase = UUID(form.purchase_id) if form.purchase_id and form.kind in {"refund", "fee_reduction"} else None
    except ValueError:
        raise InvalidInput((FieldProblem("purchase_id", "option"),)) from None
    plain = form.points.strip()
    points = int(plain) if plain.isdecimal() and len(plain) < 10 else 0
    return RemedyDraft(
        kind=form.kind if form.kind in KINDS else "",
        label=label,
        cost_fen=fen_of(form.cost, "cost"),
        note=form.note,
        offer=chosen.id if chosen is not None else "",
        terms=Terms(
            points=min(points, POINTS) if form.kind == "points" else 0,
            template=form.template if form.kind == "coupon" else "",
            purchase_id=purchase,
            item=form.item if form.kind in {"redo", "gift"} else "",
        ),
    )


@post(CASE, guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_propose(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Draft)
    case = await get_complaint(uow, complaint_id=complaint_id)
    try:
        draft = _draft(uow, case, form)
        key = form.key[:60] or new_id().hex
        done = await propose_remedy(uow, complaint_id=complaint_id, draft=draft, key=f"desk:{key}")
    except InvalidInput as error:
        texts = field_texts(error.problems)
        page = await _show_form(request, uow, complaint_id, values=form, status=422, errors=texts)
        raise Refused(page) from error
    said = (
        gettext("Offered; the customer sees it on their page")
        if done.state == "offered"
        else gettext("It is above your limit and waits for an approval")
    )
    toast = Toast(text=said, state="ok" if done.state == "offered" else "warn")
    return go_to(request, tenant_path(request, f"/complaints/{complaint_id}"), toast=toast)


async def _back(request: WebRequest, uow: UnitOfWork, remedy_id: UUID, text: str, back: str = "") -> Response[Any]:
    remedy = await get_remedy(uow, remedy_id)
    path = "/decide/remedies" if back == "decide" else f"/complaints/{remedy.complaint_id}"
    return go_to(request, tenant_path(request, path), toast=Toast(text=text))


@post(f"{ONE}/approve", guards=[_APPROVE], request_max_body_size=BODY_LIMIT)
async def do_approve_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], remedy_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Words)
    await approve_remedy(uow, remedy_id=remedy_id)
    return await _back(request, uow, remedy_id, gettext("Offered; the customer sees it on their page"), form.back)


@post(f"{ONE}/refuse", guards=[_APPROVE], request_max_body_size=BODY_LIMIT)
async def do_refuse_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], remedy_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Words)
    await refuse_remedy(uow, remedy_id=remedy_id, words=form.words)
    return await _back(request, uow, remedy_id, gettext("It is not offered"), form.back)


@post(f"{ONE}/accept", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_accept_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], remedy_id: FromPath[UUID]
) -> Response[Any]:
    await accept_remedy(uow, remedy_id=remedy_id)
    return await _back(request, uow, remedy_id, gettext("Noted that the customer accepts"))


@post(f"{ONE}/decline", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_decline_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], remedy_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Words)
    await decline_remedy(uow, remedy_id=remedy_id, words=form.words)
    return await _back(request, uow, remedy_id, gettext("Noted that the customer does not accept"))


@post(f"{ONE}/give", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_give_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], remedy_id: FromPath[UUID]
) -> Response[Any]:
    done = await give_remedy(uow, remedy_id=remedy_id)
    said = gettext("Given") if done.state == "given" else gettext("It waits for an approval at the points desk")
    return await _back(request, uow, remedy_id, said)


@post(f"{ONE}/take-back", guards=[_WRITE], request_max_body_size=BODY_LIMIT)
async def do_take_back_remedy(
    request: WebRequest, uow: NamedDependency[UnitOfWork], remedy_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Words)
    await take_back_remedy(uow, remedy_id=remedy_id, words=form.words)
    return await _back(request, uow, remedy_id, gettext("Taken back"))


@get(WAITING, guards=[_APPROVE])
async def show_waiting_remedies(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    rows = await list_waiting_remedies(reader)
    limit = limit_of(await get_limits(reader), reader.actor.roles)
    return await show(
        request,
        "pages/remedies/waiting.html",
        rows=[
            (
                one,
                localized(one.label),
                number_text(one.number),
                one.asked_by is not None and one.asked_by == reader.actor.id,
            )
            for one in rows
        ],
        limit=limit,
        limit_text=words.limit_words(limit.remedy_fen),
        root=tenant_path(request, "/complaints"),
        may_manage=reader.actor.may("complaints.manage"),
        tabs=await decide_tabs(reader, tenant_path(request), "remedies"),
    )


async def _show_limits(
    request: WebRequest, reader: Reader, *, status: int = 200, form: LimitForm | None = None, errors: Any = None
) -> Response[Any]:
    rows = words.limit_rows(await get_limits(reader))
    return await show(
        request,
        "pages/remedies/limits.html",
        status=status,
        rows=[
            (role, role_name(role), words.limit_words(limit.remedy_fen), words.limit_words(limit.case_fen))
            for role, limit in rows
        ],
        roles=[(role, role_name(role)) for role in ROLES],
        form=form or LimitForm(),
        errors=errors or {},
        root=tenant_path(request, "/complaints"),
        here=tenant_path(request, "/complaints/limits"),
    )


@get(LIMITS, guards=[_MANAGE])
async def show_limits(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_limits(request, reader)


@post(LIMITS, guards=[_MANAGE], request_max_body_size=BODY_LIMIT)
async def do_set_limit(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(LimitForm)
    try:
        if form.role not in ROLES:
            raise InvalidInput((FieldProblem("role", "option"),))  # noqa: TRY301 - said at its field like the others
        limit = Limit(fen_of(form.remedy, "remedy_fen"), fen_of(form.case, "case_fen"))
        await set_limit(uow, role=form.role, limit=limit)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_limits(request, uow, status=422, form=form, errors=texts)) from error
    return go_to(
        request, tenant_path(request, "/complaints/limits"), toast=Toast(text=gettext("The limit holds from now on"))
    )


@post("/t/{slug:str}/complaints/actions/numbers", guards=[_MANAGE], request_max_body_size=BODY_LIMIT)
async def do_set_numbers(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(NumbersForm)
    typed = msgspec.structs.asdict(form)
    numbers = {name: int(text) if text.isdecimal() and len(text) < 6 else 0 for name, text in typed.items()}
    await set_numbers(uow, numbers=Numbers(**numbers))
    return go_to(request, tenant_path(request, "/complaints/actions"), toast=Toast(text=gettext("Saved")))


routes = [
    show_new_remedy,
    do_propose,
    do_approve_remedy,
    do_refuse_remedy,
    do_accept_remedy,
    do_decline_remedy,
    do_give_remedy,
    do_take_back_remedy,
    show_waiting_remedies,
    show_limits,
    do_set_limit,
    do_set_numbers,
]
