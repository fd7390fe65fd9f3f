"""Customers who stay away: the list, one case with its calls and offers, and what offers were worth."""

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from core.churn.actions.sweep import SWEEP_TASK
from core.churn.actions.winbacks import find_rule
from core.churn.queries.cases import (
    PAGE,
    CaseFilter,
    CaseRow,
    PlannedRow,
    count_cases,
    count_late,
    find_open_case,
    find_planned,
    list_cases,
)
from core.churn.queries.lifts import get_lift
from core.customers.queries import CustomerRecord
from core.uow import Reader, UnitOfWork
from web.cursors import pack_cursor, read_moment_cursor
from web.customer_sections import CustomerSection, add_customer_section
from web.downloads import csv_download
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.churn import (
    SIGNALS,
    arm_cells,
    case_line,
    case_table,
    lift_words,
)

PATH: Final = "/t/{slug:str}/at-risk"
ONE: Final = PATH + "/{case_id:uuid}"
CUSTOMER: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
_READ, _PHONES = [requires("churn.read")], [requires("customers.read")]
_GIVE, _REPORTS = [requires("loyalty.grant")], [requires("loyalty.reports")]
EXPORT_ROWS: Final = 5000
LIFT_DAYS: Final = 730
HOME_ROWS: Final = 5


add_entry(
    Entry(
        id="at-risk",
        label=N_("At risk"),
        icon="user-round-x",
        path="/at-risk",
        permission="churn.read",
        rank=45,
        badges=(count_late,),
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
    rows = await list_cases(reader, which=wanted, after=read_moment_cursor(after), limit=PAGE + 1)
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


@get(PATH + "/list.csv", guards=[requires("customers.export")])
async def show_export(
    reader: NamedDependency[Reader], which: FromQuery[str] = "open", signal: FromQuery[str] = ""
) -> Response[bytes]:
    rows = await list_cases(reader, which=_filter(reader, which, signal), limit=EXPORT_ROWS)
    return csv_download(case_table([case_line(row, reader.now) for row in rows]), "at-risk.csv")


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
    return csv_download(table, "win-back.csv")


routes = [
    show_cases,
    show_export,
    do_look,
    show_lift,
    show_lift_export,
]
