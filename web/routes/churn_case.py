"""One household that may be leaving: calls, notes, owner, offer, the end; and the customer's page, where cases begin."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.churn.actions.cases import (
    CaseOpen,
    add_note,
    close_case,
    give_case,
    log_call,
    open_by_hand,
    plan_visit,
)
from core.churn.actions.winbacks import find_rule, give_winback
from core.churn.queries.cases import (
    find_open_case,
    find_winback,
    get_case,
    list_signs,
    list_steps,
)
from core.churn.rules import OUTCOMES
from core.contacts.permission import may_contact
from core.customers.actions import reveal_phones
from core.customers.queries import get_customer
from core.customers.rules.phones import national_digits
from core.errors import FieldProblem, InvalidInput
from core.programs.queries import get_program
from core.uow import Reader, UnitOfWork
from tenants.churn_team import TEAM
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.churn import (
    OUTCOME_NAMES,
    case_line,
    reward_words,
    sign_words,
    step_line,
)

ONE: Final = "/t/{slug:str}/at-risk/{case_id:uuid}"
CUSTOMER: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
_READ, _PHONES, _GIVE = [requires("churn.read")], [requires("customers.read")], [requires("loyalty.grant")]


class CallForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a call led to."""

    reached: str = ""
    words: str = ""
    again_on: str = ""


class CloseForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a case ended."""

    outcome: str = ""
    words: str = ""


class WordsForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note, or why a case is opened by hand."""

    words: str = ""


class OwnerForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose the case is from now on."""

    owner_id: str = ""


class OfferForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the rewards, by its place."""

    choice: str = ""


class PlanForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the customer is to come again; empty takes it back."""

    planned_on: str = ""
    reason: str = ""


async def _show_one(
    request: WebRequest,
    reader: Reader,
    case_id: UUID,
    *,
    status: int = 200,
    call: CallForm | None = None,
    close: CloseForm | None = None,
    errors: dict[str, str] | None = None,
    phones: list[str] | None = None,
) -> Response[Any]:
    case = await get_case(reader, case_id)
    customer = await get_customer(reader, case.customer_id)
    program, rule = await get_program(reader), await find_rule(reader)
    root = tenant_path(request, "/at-risk")
    return await show(
        request,
        "pages/churn/case.html",
        status=status,
        case=case,
        line=case_line(case, reader.now),
        customer=customer,
        pets=[pet.name for pet in customer.subjects if pet.deceased_on is None],
        signs=[(*sign_words(one), one.at) for one in await list_signs(reader, case_id)],
        steps=[step_line(one) for one in await list_steps(reader, case_id)],
        winback=await find_winback(reader, case_id),
        rewards=[(str(place), reward_words(one, program)) for place, one in enumerate(rule.choose_one_of)]
        if rule
        else [],
        invite=localized(rule.invite) if rule else "",
        may_write_marketing=await may_contact(reader, case.customer_id, purpose="marketing", channel="phone"),
        owners=[(str(one.staff_id), one.name) for one in await TEAM.list_owners(reader)],
        outcomes=[(code, gettext(OUTCOME_NAMES[code])) for code in OUTCOMES],
        phones=phones,
        call=call or CallForm(),
        close=close or CloseForm(),
        errors=errors or {},
        root=root,
        here=f"{root}/{case_id}",
        tenant=tenant_path(request),
        may_give=reader.actor.may("loyalty.grant"),
        may_see=reader.actor.may("customers.read"),
    )


@get(ONE, guards=_READ)
async def show_case(request: WebRequest, reader: NamedDependency[Reader], case_id: FromPath[UUID]) -> Response[Any]:
    return await _show_one(request, reader, case_id)


@post(ONE + "/reveal", guards=_PHONES)
async def do_reveal(request: WebRequest, uow: NamedDependency[UnitOfWork], case_id: FromPath[UUID]) -> Response[Any]:
    """A POST, for it writes down who asked."""
    case = await get_case(uow, case_id)
    phones = [national_digits(one) for one in await reveal_phones(uow, customer_id=case.customer_id)]
    return await _show_one(request, uow, case_id, phones=phones)


def _day(text: str, path: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput((FieldProblem(path, "bad-date"),)) from None


@post(ONE + "/call", guards=_READ)
async def do_call(request: WebRequest, uow: NamedDependency[UnitOfWork], case_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(CallForm)
    try:
        if form.reached not in {"yes", "no"}:
            raise InvalidInput((FieldProblem("reached", "required"),))  # noqa: TRY301 - shown like the action's own
        again_on = _day(form.again_on, "again_on")
        await log_call(uow, case_id=case_id, reached=form.reached == "yes", words=form.words, again_on=again_on)
    except InvalidInput as error:
        page = await _show_one(request, uow, case_id, status=422, call=form, errors=field_texts(error.problems))
        raise Refused(page) from error
    return _back(request, case_id, gettext("The call was written down"))


def _back(request: WebRequest, case_id: UUID, words: str) -> Response[Any]:
    return go_to(request, tenant_path(request, f"/at-risk/{case_id}"), toast=Toast(text=words))


@post(ONE + "/note", guards=_READ)
async def do_note(request: WebRequest, uow: NamedDependency[UnitOfWork], case_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(WordsForm)
    try:
        await add_note(uow, case_id=case_id, words=form.words)
    except InvalidInput as error:
        problems = {"note": field_texts(error.problems).get("words", "")}
        raise Refused(await _show_one(request, uow, case_id, status=422, errors=problems)) from error
    return _back(request, case_id, gettext("The note is kept"))


@post(ONE + "/owner", guards=_READ)
async def do_give(request: WebRequest, uow: NamedDependency[UnitOfWork], case_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(OwnerForm)
    try:
        owner_id = UUID(form.owner_id)
    except ValueError:
        problems = {"owner_id": gettext("Choose somebody")}
        raise Refused(await _show_one(request, uow, case_id, status=422, errors=problems)) from None
    await give_case(uow, case_id=case_id, owner_id=owner_id, team=TEAM)
    return _back(request, case_id, gettext("The case has a new owner"))


@post(ONE + "/close", guards=_READ)
async def do_close(request: WebRequest, uow: NamedDependency[UnitOfWork], case_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(CloseForm)
    try:
        await close_case(uow, case_id=case_id, outcome=form.outcome, words=form.words)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        if "words" in texts:
            texts["close_words"] = texts.pop("words")
        raise Refused(await _show_one(request, uow, case_id, status=422, close=form, errors=texts)) from error
    toast = Toast(text=gettext("The case is closed"))
    return go_to(request, tenant_path(request, "/at-risk"), toast=toast)


@post(ONE + "/offer", guards=_GIVE)
async def do_offer(request: WebRequest, uow: NamedDependency[UnitOfWork], case_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(OfferForm)
    try:
        choice = int(form.choice) if form.choice.isdecimal() else -1
        await give_winback(uow, case_id=case_id, choice=choice)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_one(request, uow, case_id, status=422, errors=texts)) from error
    return _back(request, case_id, gettext("The offer was given"))


@post(CUSTOMER + "/at-risk", guards=_READ)
async def do_open(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(WordsForm)
    try:
        case_id = await open_by_hand(uow, customer_id=customer_id, words=form.words, team=TEAM)
    except CaseOpen:
        found = await find_open_case(uow, customer_id)
        assert found is not None
        await add_note(uow, case_id=found.case_id, words=form.words)
        return _back(request, found.case_id, gettext("There is an open case already; your words were added to it"))
    return _back(request, case_id, gettext("The case is open"))


@post(CUSTOMER + "/planned-visit", guards=_READ)
async def do_plan(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(PlanForm)
    planned_on = _day(form.planned_on, "planned_on")
    await plan_visit(uow, customer_id=customer_id, planned_on=planned_on, reason=form.reason)
    words = gettext("The next visit is noted") if planned_on else gettext("No next visit is planned any more")
    return go_to(request, tenant_path(request, f"/customers/{customer_id}#churn"), toast=Toast(text=words))


routes = [
    show_case,
    do_reveal,
    do_call,
    do_note,
    do_give,
    do_close,
    do_offer,
    do_open,
    do_plan,
]
