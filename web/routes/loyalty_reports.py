"""Loyalty reports: what is owed in points, who comes back, groups, tiers, what offers bring; each as a chart, a table, a file."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from core.churn.queries.lifts import get_lift
from core.days import local_date
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.conditions import All, Between, Cmp, Relative, Tree
from core.programs.queries import get_ladder
from core.reports.queries.cohorts import get_retention
from core.reports.queries.liability import get_liability
from core.reports.queries.movement import get_movement, get_tier_counts
from core.reports.queries.rfm import get_rfm, list_band
from core.reports.queries.shares import get_referral_share, get_repeat
from core.reports.rules.rfm import BANDS, WINDOW_DAYS, frequency_range, recency_range
from core.reports.rules.spans import PERIODS, ReportFilter, span_back
from core.segments.actions import add_segment
from core.segments.rules import SegmentDraft
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.downloads import csv_download, download, workbook
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.loyalty_reports import PERIODS as PERIOD_NAMES
from web.views.loyalty_reports import (
    REPORTS,
    Sheet,
    frequency_name,
    liability_shown,
    lift_shown,
    movement_shown,
    recency_name,
    retention_shown,
    rfm_shown,
)

PATH: Final = "/t/{slug:str}/loyalty/reports"
MAY: Final = [requires("loyalty.reports")]
PAGE: Final = 25
BODY_LIMIT: Final = 64 * 1024
What = Literal["purchases", "visits"]

add_entry(
    Entry(
        id="loyalty-reports",
        label=N_("Loyalty reports"),
        icon="chart-column",
        path="/loyalty/reports",
        permission="loyalty.reports",
        group="manage",
        rank=48,
    )
)


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the filters say; unknown values count as not said."""

    period: str = ""
    branch: str = ""
    what: str = ""


class ExportForm(Wanted, frozen=True, forbid_unknown_fields=True):
    """Which report goes into a file of which kind."""

    report: str = "liability"
    kind: str = "xlsx"


class BandForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of the grid."""

    recency: int = 0
    frequency: int = 0


def _root(request: WebRequest) -> str:
    return tenant_path(request, "/loyalty/reports")


def _filter(reader: Reader, wanted: Wanted) -> ReportFilter:
    zone = reader.scope.timezone
    months = PERIODS.get(wanted.period, PERIODS["year"])
    try:
        branch = UUID(wanted.branch) if wanted.branch else None
    except ValueError:
        branch = None
    return ReportFilter(span=span_back(local_date(reader.now, zone), months, zone), branch_id=branch)


def _what(wanted: Wanted) -> What:
    return "visits" if wanted.what == "visits" else "purchases"


async def _show(request: WebRequest, reader: Reader, report: str, wanted: Wanted, **data: Any) -> Response[Any]:
    root = _root(request)
    whole: dict[str, Any] = {"tiles": [], "charts": [], "heats": [], "grid": [], "empty": False, "still": False} | data
    return await show(
        request,
        "pages/loyalty_reports/page.html",
        partial="pages/loyalty_reports/_report.html",
        report=report,
        title=gettext(REPORTS[report][0]),
        wanted=wanted,
        here=root + REPORTS[report][1],
        root=root,
        tabs=[(gettext(label), root + path, name == report) for name, (label, path) in REPORTS.items()],
        periods=[(key, gettext(words)) for key, words in PERIOD_NAMES.items()],
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        tenant=tenant_path(request),
        **whole,
    )


@get(PATH, guards=MAY)
async def show_liability(
    request: WebRequest, reader: NamedDependency[Reader], period: FromQuery[str] = "", branch: FromQuery[str] = ""
) -> Response[Any]:
    wanted = Wanted(period=period, branch=branch)
    found = await get_liability(reader, _filter(reader, wanted))
    tiles, charts, _ = liability_shown(found)
    empty = not found.points and not found.breakage.earned
    return await _show(request, reader, "liability", wanted, tiles=tiles, charts=charts, empty=empty)


@get(PATH + "/retention", guards=MAY)
async def show_retention(
    request: WebRequest,
    reader: NamedDependency[Reader],
    period: FromQuery[str] = "",
    branch: FromQuery[str] = "",
    what: FromQuery[str] = "",
) -> Response[Any]:
    wanted = Wanted(period=period, branch=branch, what=what)
    asked = _filter(reader, wanted)
    heats, charts, _ = retention_shown(await get_retention(reader, asked, what=_what(wanted)), asked.span.months)
    months = range(len(asked.span.months))
    return await _show(request, reader, "retention", wanted, heats=heats, charts=charts, months=months, empty=not heats)


@get(PATH + "/groups", guards=MAY)
async def show_groups(
    request: WebRequest, reader: NamedDependency[Reader], period: FromQuery[str] = "", branch: FromQuery[str] = ""
) -> Response[Any]:
    wanted = Wanted(period=period, branch=branch)
    found = await get_rfm(reader, _filter(reader, wanted))
    grid, charts, _ = rfm_shown(found)
    heads = [frequency_name(band) for band in range(1, BANDS + 1)]
    return await _show(request, reader, "rfm", wanted, grid=grid, heads=heads, charts=charts, empty=not found.people)


@get(PATH + "/groups/members", guards=MAY)
async def show_members(
    request: WebRequest,
    reader: NamedDependency[Reader],
    *,
    recency: FromQuery[int] = BANDS,
    frequency: FromQuery[int] = 1,
    branch: FromQuery[str] = "",
    after: FromQuery[UUID | None] = None,
) -> Response[Any]:
    recency, frequency = min(max(recency, 1), BANDS), min(max(frequency, 1), BANDS)
    wanted = Wanted(branch=branch)
    rows = await list_band(
        reader, _filter(reader, wanted), recency=recency, frequency=frequency, after=after, limit=PAGE
    )
    root = _root(request)
    query = {"recency": recency, "frequency": frequency, "branch": branch}
    more = None
    if len(rows) == PAGE:
        more = f"{root}/groups/members?{urlencode(query | {'after': str(rows[-1].customer_id)})}"
    return await show(
        request,
        "pages/loyalty_reports/members.html",
        partial="pages/loyalty_reports/_members_more.html" if after else None,
        rows=rows,
        more=more,
        title=f"{recency_name(recency)} · {frequency_name(frequency)}",
        recency=recency,
        frequency=frequency,
        root=root,
        tenant=tenant_path(request),
        may_design=reader.actor.may("customers.design") and not branch,
    )


def _tree(recency: int, frequency: int) -> Tree:
    """The same people as a segment asks for them."""
    above, up_to = recency_range(recency)
    least, most = frequency_range(frequency)
    parts: list[Tree] = []
    if up_to is not None:
        parts.append(Relative(field="last_purchase_on", when="within_last", amount=up_to - 1))
    if above is not None:
        parts.append(Relative(field="last_purchase_on", when="before_last", amount=above - 1))
    name = f"purchases_{WINDOW_DAYS}d"
    parts.append(Cmp(field=name, op="gte", value=least) if most is None else Between(field=name, low=least, high=most))
    return All(of=tuple(parts))


@post(PATH + "/groups/segment", guards=[requires("customers.design")], request_max_body_size=BODY_LIMIT)
async def do_make_segment(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Write a field of the grid down as a segment, to be used in surveys, exports and offers."""
    form = await request.read(BandForm)
    if not (1 <= form.recency <= BANDS and 1 <= form.frequency <= BANDS):
        raise InvalidInput((FieldProblem("recency", "out-of-range", {"min": 1, "max": BANDS}),))
    name = f"{recency_name(form.recency)} · {frequency_name(form.frequency)}"
    segment_id = await add_segment(
        uow, draft=SegmentDraft(name_zh=name, name_en=name, tree=_tree(form.recency, form.frequency))
    )
    toast = Toast(text=gettext("The segment is written down; give it a name of your own"))
    return go_to(request, tenant_path(request, f"/customers/segments/{segment_id}"), toast=toast)


@get(PATH + "/tiers", guards=MAY)
async def show_movement(
    request: WebRequest, reader: NamedDependency[Reader], period: FromQuery[str] = "", branch: FromQuery[str] = ""
) -> Response[Any]:
    wanted = Wanted(period=period, branch=branch)
    asked = _filter(reader, wanted)
    ladder = await get_ladder(reader)
    tiles, charts, _ = movement_shown(await get_movement(reader, asked), ladder, await get_tier_counts(reader, asked))
    return await _show(
        request, reader, "movement", wanted, tiles=tiles, charts=charts, empty=ladder is None, still=not charts
    )


@get(PATH + "/lift", guards=MAY)
async def show_lift(
    request: WebRequest, reader: NamedDependency[Reader], period: FromQuery[str] = "", branch: FromQuery[str] = ""
) -> Response[Any]:
    wanted = Wanted(period=period, branch=branch)
    tiles, charts, _ = await _lift(reader, _filter(reader, wanted))
    return await _show(request, reader, "lift", wanted, tiles=tiles, charts=charts)


async def _lift(reader: Reader, asked: ReportFilter) -> Any:
    return lift_shown(
        await get_lift(reader, since=asked.span.since),
        await get_referral_share(reader, asked),
        await get_repeat(reader, asked),
    )


async def _liability_sheet(reader: Reader, wanted: Wanted) -> Sheet:
    return liability_shown(await get_liability(reader, _filter(reader, wanted)))[2]


async def _retention_sheet(reader: Reader, wanted: Wanted) -> Sheet:
    asked = _filter(reader, wanted)
    return retention_shown(await get_retention(reader, asked, what=_what(wanted)), asked.span.months)[2]


async def _rfm_sheet(reader: Reader, wanted: Wanted) -> Sheet:
    return rfm_shown(await get_rfm(reader, _filter(reader, wanted)))[2]


async def _movement_sheet(reader: Reader, wanted: Wanted) -> Sheet:
    asked = _filter(reader, wanted)
    counts = await get_tier_counts(reader, asked)
    return movement_shown(await get_movement(reader, asked), await get_ladder(reader), counts)[2]


async def _lift_sheet(reader: Reader, wanted: Wanted) -> Sheet:
    sheet: Sheet = (await _lift(reader, _filter(reader, wanted)))[2]
    return sheet


_SHEETS: Final[dict[str, Callable[[Reader, Wanted], Awaitable[Sheet]]]] = {
    "liability": _liability_sheet,
    "retention": _retention_sheet,
    "rfm": _rfm_sheet,
    "movement": _movement_sheet,
    "lift": _lift_sheet,
}


@post(PATH + "/export", guards=MAY, request_max_body_size=BODY_LIMIT)
async def do_export(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """A POST, for it is written down; a file of figures holds nobody's name."""
    form = await request.read(ExportForm)
    if form.report not in _SHEETS or form.kind not in {"csv", "xlsx"}:
        raise InvalidInput((FieldProblem("report", "bad-choice"),))
    sheet = await _SHEETS[form.report](uow, form)
    uow.audit("loyalty.report_export", "report", None, {"report": form.report, "rows": len(sheet.rows)})
    name = f"loyalty-{form.report}-{uow.now:%Y%m%d}"
    if form.kind == "xlsx":
        return download(workbook({sheet.title: [sheet.head, *sheet.rows]}), f"{name}.xlsx")
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.rows]
    return csv_download([sheet.head, *rows], f"{name}.csv")


routes = [
    show_liability,
    show_retention,
    show_groups,
    show_members,
    do_make_segment,
    show_movement,
    show_lift,
    do_export,
]
