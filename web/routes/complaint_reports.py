"""Complaint reports: promises kept, pace, outcomes, the mix and the hours, as charts with tables, a workbook, and months on paper."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaint_reports.months import get_month_file, list_months
from core.complaint_reports.queries.mix import get_hours, get_mix
from core.complaint_reports.queries.outcomes import list_outcomes
from core.complaint_reports.queries.pace import get_cycle, get_first_response
from core.complaint_reports.queries.promises import list_kept
from core.complaint_reports.rules.figures import CaseFilter
from core.days import local_date
from core.errors import NotFound
from core.hooks.records.complaints import SEVERITIES, Severity
from core.hooks.specs.complaints import complaint_categories, complaint_causes
from core.policies.queries import get_policies
from core.reports.rules.spans import PERIODS, span_back
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from web.downloads import download, workbook
from web.i18n import N_, gettext, localized
from web.navigation import Entry, add_entry
from web.request import WebRequest
from web.screens import show, tenant_path
from web.security import requires
from web.views.complaint_figures import Block, Names, pace_shown, promises_shown
from web.views.complaint_reports import (
    REPORTS,
    Whole,
    hours_shown,
    mix_shown,
    outcomes_shown,
    overview_shown,
)
from web.views.complaints import LEVEL_NAMES, LEVELS
from web.views.loyalty_reports import PERIODS as PERIOD_NAMES

PATH: Final = "/t/{slug:str}/complaint-reports"
_LEVELS: Final[dict[str, Severity]] = {one: one for one in SEVERITIES}
MAY: Final = [requires("complaints.reports")]
BODY_LIMIT: Final = 64 * 1024

add_entry(
    Entry(
        id="complaint-reports",
        label=N_("Complaint reports"),
        icon="chart-no-axes-combined",
        path="/complaint-reports",
        permission="complaints.reports",
        group="manage",
        rank=47,
    )
)


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the filters say; unknown values count as not said."""

    period: str = ""
    branch: str = ""
    level: str = ""


def _filter(reader: Reader, wanted: Wanted) -> CaseFilter:
    zone = reader.scope.timezone
    span = span_back(local_date(reader.now, zone), PERIODS.get(wanted.period, PERIODS["year"]), zone)
    try:
        branch = UUID(wanted.branch) if wanted.branch else None
    except ValueError:
        branch = None
    return CaseFilter(span=span, branch_id=branch, severity=_LEVELS.get(wanted.level))


async def _names(reader: Reader) -> Names:
    return Names(
        policies=await get_policies(reader),
        branches={one.branch_id: one.name for one in await list_branches(reader)},
        people={one.staff_id: one.full_name for one in await list_people(reader)},
        categories={one.value.id: localized(one.value.label) for one in reader.plugins.declared(complaint_categories)},
        causes={one.value.id: localized(one.value.label) for one in reader.plugins.declared(complaint_causes)},
    )


async def _whole(reader: Reader, asked: CaseFilter) -> Whole:
    return Whole(
        kept=await list_kept(reader, asked),
        response=await get_first_response(reader, asked),
        cycle=await get_cycle(reader, asked),
        outcomes=await list_outcomes(reader, asked),
        mix=await get_mix(reader, asked),
    )


def _sized(head: list[str]) -> list[tuple[str, str]]:
    return [(words, "number" if at else "wide") for at, words in enumerate(head)]


async def _show(request: WebRequest, reader: Reader, report: str, wanted: Wanted, **data: Any) -> Response[Any]:
    root = tenant_path(request, "/complaint-reports")
    whole: dict[str, Any] = {"tiles": [], "blocks": [], "heats": [], "months": []} | data
    return await show(
        request,
        "pages/complaint_reports/page.html",
        partial="pages/complaint_reports/_report.html",
        report=report,
        title=gettext(REPORTS[report][0]),
        wanted=wanted,
        here=root + REPORTS[report][1],
        root=root,
        tabs=[(gettext(label), root + path, name == report) for name, (label, path) in REPORTS.items()],
        periods=[(key, gettext(words)) for key, words in PERIOD_NAMES.items()],
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        levels=[(code, gettext(LEVEL_NAMES[code])) for code in LEVELS],
        tenant=tenant_path(request),
        sized=_sized,
        may_judge=reader.actor.may("complaints.judge"),
        may_try=reader.actor.may("complaints.manage"),
        empty=not (whole["blocks"] or whole["heats"]),
        **whole,
    )


@get(PATH, guards=MAY)
async def show_overview(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period, branch, level)
    asked = _filter(reader, wanted)
    tiles, blocks = overview_shown(await _whole(reader, asked), asked.span.months)
    return await _show(request, reader, "overview", wanted, tiles=tiles, blocks=blocks)


@get(f"{PATH}/promises", guards=MAY)
async def show_promises(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period, branch, level)
    rows = await list_kept(reader, _filter(reader, wanted))
    tiles, blocks = promises_shown(rows, await _names(reader))
    return await _show(request, reader, "promises", wanted, tiles=tiles, blocks=blocks)


@get(f"{PATH}/pace", guards=MAY)
async def show_pace(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period, branch, level)
    asked = _filter(reader, wanted)
    response, cycle = await get_first_response(reader, asked), await get_cycle(reader, asked)
    tiles, blocks = pace_shown(response, cycle, asked.span.months)
    return await _show(request, reader, "pace", wanted, tiles=tiles, blocks=blocks)


@get(f"{PATH}/outcomes", guards=MAY)
async def show_outcomes(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period, branch, level)
    asked = _filter(reader, wanted)
    tiles, blocks = outcomes_shown(await list_outcomes(reader, asked), asked.span.months)
    return await _show(request, reader, "outcomes", wanted, tiles=tiles, blocks=blocks)


@get(f"{PATH}/mix", guards=MAY)
async def show_mix(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period, branch, level)
    blocks = mix_shown(await get_mix(reader, _filter(reader, wanted)), await _names(reader))
    return await _show(request, reader, "mix", wanted, blocks=blocks)


@get(f"{PATH}/hours", guards=MAY)
async def show_hours(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period, branch, level)
    grid = await get_hours(reader, _filter(reader, wanted))
    heats = hours_shown(grid)[0] if any(map(any, grid)) else []
    return await _show(request, reader, "hours", wanted, heats=heats)


@get(f"{PATH}/months", guards=MAY)
async def show_months(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show(request, reader, "months", Wanted(), months=await list_months(reader))


@get(f"{PATH}/months/{{month:str}}", guards=MAY)
async def send_month(reader: NamedDependency[Reader], month: FromPath[str]) -> Response[bytes]:
    """The PDF of a month, `2026-10`."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise NotFound("no such month") from None
    return download(await get_month_file(reader, month=first), f"complaints-{month}.pdf")


@post(f"{PATH}/export", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_export(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """Every report as a sheet. A POST, for it is written down; it holds nobody's name but colleagues'."""
    wanted = await request.read(Wanted)
    asked = _filter(uow, wanted)
    whole, names, months = await _whole(uow, asked), await _names(uow), asked.span.months
    parts: list[tuple[str, list[Block]]] = [
        ("overview", overview_shown(whole, months)[1][:2]),
        ("promises", promises_shown(whole.kept, names)[1]),
        ("pace", pace_shown(whole.response, whole.cycle, months)[1]),
        ("outcomes", outcomes_shown(whole.outcomes, months)[1]),
        ("mix", mix_shown(whole.mix, names)),
        ("hours", [hours_shown(await get_hours(uow, asked))[1]]),
    ]
    sheets: dict[str, list[Any]] = {}
    for _, blocks in parts:
        for block in blocks:
            sheets[block.title] = [block.head, *block.rows]
    uow.audit("complaint.report_export", "report", None, {"sheets": len(sheets)})
    return download(workbook(sheets), f"complaints-{uow.now:%Y%m%d}.xlsx")


routes = [
    show_overview,
    show_promises,
    show_pace,
    show_outcomes,
    show_mix,
    show_hours,
    show_months,
    send_month,
    do_export,
]
