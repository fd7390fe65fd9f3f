"""Customers who stay away: the list, one case with its calls and offers, and what offers were worth."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.churn.actions.cases import (
    CaseOpen,
    add_note,
    close_case,
    give_case,
    log_call,
    open_by_hand,
    plan_visit,
)
from core.churn.actions.sweep import SWEEP_TASK
from core.churn.actions.winbacks import find_rule, give_winback
from core.churn.queries.cases import (
    PAGE,
    CaseFilter,
    CaseRow,
    PlannedRow,
    count_cases,
    find_open_case,
    find_planned,
    find_winback,
    get_case,
    list_cases,
    list_signs,
    list_steps,
)
from core.churn.queries.lifts import get_lift
from core.churn.rules import OUTCOMES
from core.contacts.permission import may_contact
from core.customers.actions import reveal_phones
from core.customers.queries import CustomerRecord, get_customer
from core.customers.rules.phones import national_digits
from core.errors import FieldProblem, InvalidInput
from core.imports.rules.files import write_csv
from core.programs.queries import get_program
from core.uow import Reader, UnitOfWork
from tenants.churn_team import TEAM
from web.cursors import pack_cursor, read_cursor
from web.customer_sections import CustomerSection, add_customer_section
from web.home import Section, add_section
from web.i18n import N_, gettext, localized
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.churn import (
    OUTCOME_NAMES,
    SIGNALS,
    arm_cells,
    case_line,
    case_table,
    lift_words,
    reward_words,
    sign_words,
    step_line,
)

PATH: Final = "/t/{slug:str}/at-risk"
ONE: Final = PATH + "/{case_id:uuid}"
CUSTOMER: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
_READ, _PHONES = [requires("churn.read")], [requires("customers.read")]
_GIVE, _REPORTS = [requires("loyalty.grant")], [requires("loyalty.reports")]
EXPORT_ROWS: Final = 5000
LIFT_DAYS: Final = 730
HOME_ROWS: Final = 5


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


async def _count_late(reader: Reader) -> int:
    return (await count_cases(reader))["late"]


add_entry(
    Entry(
        id="at-risk",
        label=N_("At risk"),
        icon="user-round-x",
        path="/at-risk",
        permission="churn.read",
        rank=45,
        badge=_count_late,
    )
)


async def _load_home(reader: Reader) -> Any:
    mine = CaseFilter(which="open", owner_id=reader.actor.id)
    rows = await list_cases(reader, which=mine, limit=HOME_ROWS)
    return [case_line(row, reader.now) for row in rows] or None


add_section(Section(id="churn", template="pages/churn/_home.html", load=_load_home, permission="churn.read", rank=60))


async def _load_customer(reader: Reader, record: CustomerRecord) -> tuple[CaseRow | None, PlannedRow | None, str]:
    found = await find_open_case(reader, record.customer_id)
    planned = await find_planned(reader, record.customer_id)
    return found, planned, gettext(SIGNALS[found.signal][0]) if found else ""


add_customer_section(
    CustomerSection(
        id="churn",
        template="pages/churn/_of_customer.html",
        load=_load_customer,
        permission="churn.read",
        place="side",
        rank=60,
    )
)


def _tabs(reader: Reader, root: str, current: str) -> list[tuple[str, str, bool]]:
    tabs = [(gettext("Cases"), root, current == "cases")]
    if reader.actor.may("loyalty.reports"):
        tabs.append((gettext("What offers are worth"), f"{root}/lift", current == "lift"))
    return tabs


def _filter(reader: Reader, which: str, signal: str) -> CaseFilter:
    kind = which if which in {"open", "late", "closed"} else "open"
    return CaseFilter(
        which=kind,
        signal=signal if signal in SIGNALS else "",
        owner_id=reader.actor.id if which == "mine" else None,
    )


@get(PATH, guards=_READ)
async def show_cases(
    request: WebRequest,
    reader: NamedDependency[Reader],
    which: FromQuery[str] = "open",
    signal: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    wanted = _filter(reader, which, signal)
    cursor = read_cursor(after)
    key = (_instant(cursor[0]), cursor[1]) if cursor and _instant(cursor[0]) else ()
    rows = await list_cases(reader, which=wanted, after=key, limit=PAGE + 1)
    root = tenant_path(request, "/at-risk")
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    more = ""
    if last is not None:
        at = last.closed_at if wanted.which == "closed" else last.due_at
        assert at is not None
        more = f"{root}?which={which}&signal={wanted.signal}&after={pack_cursor(at.isoformat(), last.case_id)}"
    counts = await count_cases(reader)
    views = [("open", gettext("Open")), ("late", gettext("Overdue")), ("mine", gettext("Mine"))]
    return await show(
        request,
        "pages/churn/list.html",
        partial="pages/churn/_list.html",
        lines=[case_line(row, reader.now) for row in rows[:PAGE]],
        more=more,
        counts=counts,
        views=[(label, f"{root}?which={code}", code == which) for code, label in views]
        + [(gettext("Closed"), f"{root}?which=closed", which == "closed")],
        which=which,
        signal=wanted.signal,
        signals=[(code, gettext(label)) for code, (label, _icon) in SIGNALS.items()],
        root=root,
        here=f"{root}?which={which}&signal={wanted.signal}",
        tabs=_tabs(reader, root, "cases"),
    )


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@get(PATH + "/list.csv", guards=[requires("customers.export")])
async def show_export(
    reader: NamedDependency[Reader], which: FromQuery[str] = "open", signal: FromQuery[str] = ""
) -> Response[bytes]:
    rows = await list_cases(reader, which=_filter(reader, which, signal), limit=EXPORT_ROWS)
    return _csv(case_table([case_line(row, reader.now) for row in rows]), "at-risk")


def _csv(table: list[list[str]], name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return Response(write_csv(table), media_type="text/csv; charset=utf-8", headers=headers)


@post(PATH + "/look", guards=[requires("loyalty.reports")])
async def do_look(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """The night's work now; the worker does it, for it reads every household."""
    await uow.enqueue(SWEEP_TASK, {})
    toast = Toast(text=gettext("We are looking; new cases appear here in a moment"), state="info")
    return go_to(request, tenant_path(request, "/at-risk"), toast=toast)


@get(PATH + "/lift", guards=_REPORTS)
async def show_lift(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    report = await get_lift(reader, since=reader.now - timedelta(days=LIFT_DAYS))
    root = tenant_path(request, "/at-risk")
    months = [
        (one.month.strftime("%Y-%m"), [_rounded(one.lift.offered.percent), _rounded(one.lift.held_out.percent)])
        for one in report.months
    ]
    return await show(
        request,
        "pages/churn/lift.html",
        report=report,
        words=lift_words(report.whole),
        arms=[
            (gettext("Offered something"), arm_cells(report.whole.offered)),
            (gettext("Offered nothing (comparison)"), arm_cells(report.whole.held_out)),
        ],
        months=months,
        rule=await find_rule(reader),
        root=root,
        tabs=_tabs(reader, root, "lift"),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


@get(PATH + "/lift.csv", guards=_REPORTS)
async def show_lift_export(reader: NamedDependency[Reader]) -> Response[bytes]:
    report = await get_lift(reader, since=reader.now - timedelta(days=LIFT_DAYS))
    head = ["Month", "Which group", "Households", "Came back", "Share", "Paid"]
    table = [[gettext(one) for one in head]]
    for one in report.months:
        for name, arm in (
            (gettext("Offered something"), one.lift.offered),
            (gettext("Comparison group"), one.lift.held_out),
        ):
            table.append([one.month.strftime("%Y-%m"), name, *arm_cells(arm)])
    return _csv(table, "win-back")


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
    show_cases,
    show_export,
    do_look,
    show_lift,
    show_lift_export,
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
