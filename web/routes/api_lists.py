"""The API's further reads: the history of a complaint, notices, surveys with their answers, and which files were exported."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaints.queries.cases import get_complaint
from core.complaints.queries.feed import list_notices_after
from core.errors import FieldProblem, InvalidInput
from core.exports.queries import ExportRecord, list_exports
from core.surveys.queries import CampaignRow, get_campaign, get_progress, list_campaigns
from core.surveys.results import CommentRow, ResultFilter, list_answers
from core.uow import Reader
from web.api_bodies import plain
from web.api_pages import PAGE, cursor_of_moment, page_size, whole_page
from web.cursors import pack_cursor
from web.security import by_key

_ROOT: Final = "/api/v1"
_COMPLAINTS, _SURVEYS = [by_key("complaints.read")], [by_key("surveys.read")]
LONGEST: Final = timedelta(days=366)
"""Of one question for answers."""
_NOT_TOLD: Final = ("full_name", "comment_key")


@get(f"{_ROOT}/complaints/{{complaint_id:uuid}}/events", guards=_COMPLAINTS)
async def show_complaint_events(reader: NamedDependency[Reader], complaint_id: FromPath[UUID]) -> Response[Any]:
    """What happened to it, oldest first, with its state as it stands."""
    case = await get_complaint(reader, complaint_id=complaint_id)
    found = sorted(case.history, key=lambda one: one.seq)
    return Response({"id": case.complaint_id, "state": case.state, "level": case.severity, "events": plain(found)})


@get(f"{_ROOT}/notices", guards=_COMPLAINTS)
async def show_notices(
    reader: NamedDependency[Reader], after: FromQuery[UUID | None] = None, limit: FromQuery[int] = PAGE
) -> Response[Any]:
    """Who was told of a promise that is near its end or broken, oldest first; a feed to go on with."""
    size = page_size(limit)
    rows = await list_notices_after(reader, after=after, limit=size)
    last = rows[-1].notice_id if rows else after
    return Response({"notices": plain(rows), "next": last, "more": len(rows) == size})


@get(f"{_ROOT}/surveys", guards=_SURVEYS)
async def show_surveys(reader: NamedDependency[Reader]) -> Response[Any]:
    """The newest campaigns."""
    return Response({"surveys": [_survey(row) for row in await list_campaigns(reader)]})


@get(f"{_ROOT}/surveys/{{campaign_id:uuid}}", guards=_SURVEYS)
async def show_survey(reader: NamedDependency[Reader], campaign_id: FromPath[UUID]) -> Response[Any]:
    """With how far it has come."""
    row = await get_campaign(reader, campaign_id)
    return Response(_survey(row) | {"progress": plain(await get_progress(reader, row))})


@get(f"{_ROOT}/surveys/answers", guards=_SURVEYS)
async def show_answers(
    reader: NamedDependency[Reader],
    first: FromQuery[date],
    last: FromQuery[date],
    after: FromQuery[str] = "",
    limit: FromQuery[int] = PAGE,
    campaign_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
) -> Response[Any]:
    """Answers of local days, newest first."""
    if last < first or last - first > LONGEST:
        raise InvalidInput((FieldProblem("last", "date-range"),))
    size = page_size(limit)
    wanted = ResultFilter(first=first, last=last, campaign_id=campaign_id, branch_id=branch_id)
    rows = await list_answers(reader, wanted, before=cursor_of_moment(after), limit=size + 1)
    return whole_page(
        "answers", rows, size, told=_told, mark=lambda row: pack_cursor(row.answered_at.isoformat(), row.submission_id)
    )


@get(f"{_ROOT}/exports", guards=[by_key("exports.read")])
async def show_exports(
    reader: NamedDependency[Reader], after: FromQuery[UUID | None] = None, limit: FromQuery[int] = PAGE
) -> Response[Any]:
    """Which files of customers were written, by whom and for what; the files themselves are for people."""
    size = page_size(limit)
    rows = await list_exports(reader, before=after, limit=size + 1)
    return whole_page("exports", rows, size, told=_export, mark=lambda row: row.export_id)


def _told(row: CommentRow) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(row).items() if name not in _NOT_TOLD}


def _survey(row: CampaignRow) -> dict[str, Any]:
    facts: dict[str, Any] = plain(row)
    return {name: value for name, value in facts.items() if name not in {"group_link_id", "group_code"}}


def _export(row: ExportRecord) -> dict[str, Any]:
    facts: dict[str, Any] = plain(row)
    return facts


routes = [show_complaint_events, show_notices, show_surveys, show_survey, show_answers, show_exports]
