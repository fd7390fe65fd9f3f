"""Results of surveys: figures that never stand alone, their trend, what people wrote, and the way to call them back."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.errors import NotFound
from core.surveys.interviewing import call_back
from core.surveys.queries import list_campaigns, list_survey_forms
from core.surveys.queue import count_ready, list_today
from core.surveys.results import (
    CommentRow,
    ResultFilter,
    get_figures,
    get_reach,
    get_risk,
    list_answers,
    list_choices,
    list_comments,
)
from core.surveys.rules.metrics import REACH_TARGET
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.staff import list_people
from tenants.survey_segments import SEGMENTS
from web.downloads import Cell, download, workbook
from web.formats import format_datetime
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.survey_tabs import survey_tabs
from web.views.surveys import PERIODS, SOURCES, call_lines, said_of, span_of, tiles_of, trend_of

PATH: Final = "/t/{slug:str}/surveys"
_READ = requires("surveys.read")
COMMENTS: Final = 8
MORE: Final = 100
"""Answers shown of each kind, at first and when more are asked for."""
MAX_ROWS: Final = 100_000

add_entry(
    Entry(
        id="surveys",
        label=N_("Surveys"),
        icon="message-circle-heart",
        path="/surveys",
        permission="surveys.interview",
        rank=60,
        badges=(count_ready,),
    )
)


async def _calls_today(reader: Reader) -> Any:
    lines = call_lines(await list_today(reader, limit=5), reader.actor.id)
    return lines or None


add_section(
    Section(
        id="calls",
        template="pages/surveys/_home.html",
        load=_calls_today,
        permission="surveys.interview",
        rank=45,
    )
)


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the filters say; unknown values count as not said."""

    period: str = "year"
    step: str = "month"
    branch: str = ""
    clinician: str = ""
    species: str = ""
    segment: str = ""
    source: str = ""
    campaign: str = ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def _filter(reader: Reader, wanted: Wanted) -> ResultFilter:
    span = span_of(wanted.period, reader.today)
    members = None
    if wanted.segment:
        try:
            members = await SEGMENTS.get_members(reader, wanted.segment)
        except NotFound:
            members = None
    return ResultFilter(
        first=span.first,
        last=span.last,
        branch_id=_uuid(wanted.branch),
        clinician_id=_uuid(wanted.clinician),
        species=wanted.species[:40] or None,
        campaign_id=_uuid(wanted.campaign),
        source=wanted.source if wanted.source in SOURCES else None,
        members=members,
    )


async def _choices(reader: Reader) -> dict[str, Any]:
    clinicians, species = await list_choices(reader)
    staff = {one.staff_id: one.full_name for one in await list_people(reader)} if clinicians else {}
    return {
        "periods": [(key, gettext(words)) for key, words in PERIODS.items()],
        "branches": [(str(one.branch_id), one.name) for one in await list_branches(reader)],
        "clinicians": [(str(one), staff.get(one, "?")) for one in clinicians],
        "species": [(one, one) for one in species],
        "segments": await SEGMENTS.list_segments(reader),
        "sources": [(key, gettext(words)) for key, words in SOURCES.items()],
        "campaigns": [(str(one.campaign_id), one.title) for one in await list_campaigns(reader)],
    }


@get(PATH, guards=[requires("surveys.interview")])
async def show_results(
    request: WebRequest,
    reader: NamedDependency[Reader],
    *,
    period: FromQuery[str] = "year",
    step: FromQuery[str] = "month",
    branch: FromQuery[str] = "",
    clinician: FromQuery[str] = "",
    species: FromQuery[str] = "",
    segment: FromQuery[str] = "",
    source: FromQuery[str] = "",
    campaign: FromQuery[str] = "",
    more: FromQuery[str] = "",
) -> Response[Any]:
    """Interviewers have no results: their page is the queue."""
    if not reader.actor.may("surveys.read"):
        return go_to(request, tenant_path(request, "/surveys/interviews"))
    wanted = Wanted(
        period=period if period in PERIODS else "year",
        step="quarter" if step == "quarter" else "month",
        branch=branch,
        clinician=clinician,
        species=species,
        segment=segment,
        source=source,
        campaign=campaign,
    )
    return await show(
        request,
        "pages/surveys/results.html",
        partial="pages/surveys/_results.html",
        wanted=wanted,
        has_form=bool(await list_survey_forms(reader)),
        root=tenant_path(request, "/surveys"),
        tenant=tenant_path(request),
        tabs=survey_tabs(reader, tenant_path(request, "/surveys"), "results"),
        may_call=reader.actor.may("surveys.interview"),
        may_manage=reader.actor.may("surveys.manage"),
        target=REACH_TARGET,
        **await _figures(reader, wanted, await _filter(reader, wanted)),
        **await _said(reader, wanted, await _filter(reader, wanted), more=bool(more)),
        **await _choices(reader),
    )


async def _figures(reader: Reader, wanted: Wanted, asked: ResultFilter) -> dict[str, Any]:
    figures, points = await get_figures(reader, asked, step="quarter" if wanted.step == "quarter" else "month")
    reach = await get_reach(reader, asked)
    tiles, alone = tiles_of(figures, reach, await get_risk(reader, asked))
    nps_rows, share_rows = trend_of(points, wanted.step, with_nps=not alone)
    return {
        "answers": figures.answers,
        "asked": reach.asked,
        "tiles": tiles,
        "alone": alone,
        "nps_rows": nps_rows,
        "share_rows": share_rows,
        "reach_rows": [(gettext("Reach"), [reach.rate])] if reach.rate is not None else [],
    }


async def _said(reader: Reader, wanted: Wanted, asked: ResultFilter, *, more: bool) -> dict[str, Any]:
    limit = MORE if more else COMMENTS
    unhappy = await list_comments(reader, asked, unhappy=True, limit=limit)
    comments = await list_comments(reader, asked, limit=limit)
    may_see = reader.actor.may("customers.read")
    again = {key: value for key, value in msgspec.structs.asdict(wanted).items() if value} | {"more": "1"}
    longer = not more and COMMENTS in {len(unhappy), len(comments)}
    return {
        "unhappy": said_of(unhappy, may_see=may_see),
        "comments": said_of(comments, may_see=may_see),
        "more": f"/t/{reader.scope.slug}/surveys?{urlencode(again)}" if longer else "",
    }


@post(PATH + "/answers/{submission_id:uuid}/call-back", guards=[_READ])
async def do_call_back(
    request: WebRequest, uow: NamedDependency[UnitOfWork], submission_id: FromPath[UUID]
) -> Response[Any]:
    await call_back(uow, submission_id=submission_id)
    toast = Toast(text=gettext("Somebody will call back; it stands in the queue"))
    return go_to(request, tenant_path(request, "/surveys"), toast=toast)


async def _everything(reader: Reader, wanted: ResultFilter) -> list[CommentRow]:
    rows: list[CommentRow] = []
    while True:
        before = (rows[-1].answered_at, rows[-1].submission_id) if rows else None
        page = await list_answers(reader, wanted, before=before)
        rows += page
        if len(page) < 1000 or len(rows) >= MAX_ROWS:
            return rows


@post(PATH + "/export", guards=[_READ])
async def do_export(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """A POST, for it is written down; names go out only with those who may export customers."""
    wanted = await request.read(Wanted)
    rows = await _everything(uow, await _filter(uow, wanted))
    named = uow.actor.may("customers.export")
    branches = {one.branch_id: one.name for one in await list_branches(uow)}
    head: list[Cell] = [
        gettext("When"),
        gettext("Asked by"),
        gettext("Branch"),
        "NPS",
        "CSAT",
        "CES",
        gettext("Comment"),
    ]
    head += [gettext("Customer")] if named else []
    table: list[list[Cell]] = [
        [
            format_datetime(row.answered_at),
            gettext(SOURCES[row.source]),
            branches.get(row.branch_id, "") if row.branch_id else "",
            row.nps,
            row.csat,
            row.ces,
            row.comment,
            *([row.full_name or ""] if named else []),
        ]
        for row in rows
    ]
    uow.audit("survey.export", "survey_answer", None, {"rows": len(table), "named": named})
    return download(workbook({gettext("Survey results"): [head, *table]}), f"surveys-{uow.now:%Y%m%d}.xlsx")


routes = [show_results, do_call_back, do_export]
