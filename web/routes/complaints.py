"""The desk's complaints: the list and the board by the next promise, live, and posters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream

from core.casework.board import claim_cases, list_columns
from core.complaints.actions.filing import give_filing_code
from core.complaints.actions.sharing import get_shares
from core.complaints.cases.case import TOPIC
from core.complaints.kept import read_policies
from core.complaints.queries.cases import (
    ComplaintFilter,
    ComplaintRow,
    Cursor,
    count_open,
    list_complaints,
    list_filing_codes,
)
from core.errors import NotFound
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.roles import ROLES
from tenants.staff import list_people
from web.home import Section, add_section
from web.i18n import N_, gettext
from web.live import Live, live_source, stream
from web.navigation import Entry, add_entry
from web.page import Toast
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.search import Hit, Source, add_search
from web.security import requires
from web.views.board import STAGES, columns_of, read_filters
from web.views.complaints import CHANNELS, LEVEL_NAMES, LEVELS, STATES, Line, lines_of, number_text
from web.views.risks import add_risks
from web.views.shares import drift_lines

PATH: Final = "/t/{slug:str}/complaints"
_READ, _WRITE = [requires("complaints.read")], [requires("complaints.write")]
PAGE: Final = 25
CARDS: Final = 20
"""Cards of a column; the rest is counted, and the list shows them."""
BODY_LIMIT: Final = 64 * 1024


async def _rows_as_lines(reader: Reader, rows: Sequence[ComplaintRow]) -> list[Line]:
    policies = await read_policies(reader.session, {row.policy_version for row in rows})
    staff = {person.staff_id: person.full_name for person in await list_people(reader)} if rows else {}
    return lines_of(rows, policies, staff, reader.actor.id)


async def _find_hits(reader: Reader, text: str, limit: int) -> list[Hit]:
    rows = await list_complaints(reader, wanted=ComplaintFilter(words=text), limit=limit)
    return [
        Hit(
            row.title, f"/complaints/{row.complaint_id}", f"{number_text(row.number)} · {row.contact_name}", "complaint"
        )
        for row in rows
    ]


async def _load_urgent(reader: Reader) -> list[Line] | None:
    rows = await list_complaints(reader, wanted=ComplaintFilter(), limit=5)
    return await _rows_as_lines(reader, rows)


add_entry(
    Entry(
        id="complaints",
        label=N_("Complaints"),
        icon="siren",
        path="/complaints",
        permission="complaints.read",
        rank=20,
        badges=(count_open,),
        urgent=True,
    )
)
add_search(Source(id="complaints", label=N_("Complaints"), permission="complaints.read", find=_find_hits, rank=20))
add_section(
    Section(
        id="complaints",
        template="pages/complaints/_home.html",
        load=_load_urgent,
        permission="complaints.read",
        rank=10,
    )
)


def _cursor(text: str) -> Cursor | None:
    """Read `2026-..Z_uuid`; what is no cursor begins at the first page."""
    at, _, found = text.rpartition("_")
    try:
        return Cursor(datetime.fromisoformat(at) if at else None, UUID(found)) if text else None
    except ValueError:
        return None


def _next(rows: Sequence[ComplaintRow], state: str) -> str:
    last = rows[-1]
    at = last.next_due_at if state == "open" else last.received_at
    return f"{at.isoformat() if at else ''}_{last.complaint_id}"


@get(PATH, guards=_READ)
async def show_complaints(
    request: WebRequest,
    reader: NamedDependency[Reader],
    q: FromQuery[str] = "",
    level: FromQuery[list[str] | None] = None,
    view: FromQuery[str] = "list",
    after: FromQuery[str] = "",
) -> Response[Any]:
    live = await live_source(request, tenant_path(request, "/complaints/live"), [TOPIC])
    asked = read_filters(request, reader, q=q, levels=level or ())
    chosen, kept = asked.wanted.severities, asked.wanted.state
    query = urlencode(asked.query)
    wanted = await asked.narrowed(reader)
    columns = await list_columns(reader, wanted=wanted, cards=CARDS) if view == "board" and kept == "open" else []
    cards = [row for column in columns for row in column.rows]
    rows = cards if columns else await list_complaints(reader, wanted=wanted, after=_cursor(after), limit=PAGE)
    # A board without filters has counted all of them already.
    count = await count_open(reader) if query or not columns else sum(column.count for column in columns)
    lines = await _rows_as_lines(reader, rows)
    shown = await add_risks(reader, rows, lines) if columns else lines
    root = tenant_path(request, "/complaints")
    more = f"{root}?{urlencode([('after', _next(rows, kept))])}&{query}" if len(rows) == PAGE and not columns else None
    return await show(
        request,
        "pages/complaints/list.html",
        partial="pages/complaints/_list.html",
        lines=shown,
        root=root,
        live=live,
        may_write=reader.actor.may("complaints.write"),
        view=view,
        columns=columns_of(columns, shown) if columns else [],
        stages=[(code, gettext(name)) for code, name in STAGES.items()],
        asked=asked,
        branches=[(str(branch.branch_id), branch.name) for branch in await list_branches(reader)],
        roles=[(code, gettext(role.name)) for code, role in ROLES.items()],
        channels=[(code, gettext(name)) for code, name in CHANNELS.items()],
        words=q,
        chosen=chosen,
        state="" if kept == "open" else kept,
        states=[(code, gettext(name)) for code, name in STATES.items() if code != "open"],
        levels=[(code, gettext(LEVEL_NAMES[code])) for code in LEVELS],
        filtered=bool(query),
        paging=bool(after),
        more=more,
        list_url=f"{root}?{query}",
        board_url=f"{root}?{query}&view=board",
        subtitle=gettext("%(n)s open, the next deadline first") % {"n": count},
        roster_gaps=tenant_path(request, "/roster/gaps"),
        may_judge=reader.actor.may("complaints.judge"),
    )


@get(f"{PATH}/shares", guards=[requires("complaints.judge")])
async def show_shares(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """The levels that come more or less often than expected; the list asks for them once it stands."""
    return await show(
        request,
        "pages/complaints/shares.html",
        partial="pages/complaints/_shares.html",
        drift=drift_lines(await get_shares(reader)),
        root=tenant_path(request, "/complaints"),
    )


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cases whose boxes are ticked."""

    case: list[UUID] = []


@post(f"{PATH}/claim", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def do_claim_many(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Claims, lists=("case",))
    count = await claim_cases(uow, complaint_ids=form.case[: PAGE * 4])
    toast = Toast(text=gettext("%(n)s cases are yours now") % {"n": count})
    return go_to(request, tenant_path(request, "/complaints"), toast=toast)


async def render_pulse(live: Live, _: Sequence[dict[str, Any]] | None) -> str:
    """Tell each viewer to ask again for the list, in their own order and with their own filters."""
    return live.html("pages/complaints/_pulse.html")


@get(f"{PATH}/live", guards=_READ)
async def follow_complaints(request: WebRequest, reader: NamedDependency[Reader]) -> Stream:  # noqa: ARG001 - ends the visit's transaction
    return stream(request, [TOPIC], render_pulse, permission="complaints.read")


@get(f"{PATH}/posters", guards=_READ)
async def show_posters(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    codes = await list_filing_codes(reader)
    base = request.runtime.settings.public_url
    posters = [
        (branch, f"{base}/c/{code}" if code else "", qr_svg(f"{base}/c/{code}") if code else "")
        for branch in await list_branches(reader)
        for code in [codes.get(branch.branch_id, "")]
    ]
    return await show(
        request,
        "pages/complaints/posters.html",
        posters=posters,
        root=tenant_path(request, "/complaints"),
        may_write=reader.actor.may("complaints.write"),
    )


class Poster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which branch gets a poster."""

    branch_id: UUID


@post(f"{PATH}/posters", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def make_poster(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Poster)
    if form.branch_id not in {branch.branch_id for branch in await list_branches(uow)}:
        raise NotFound("no such branch")
    await give_filing_code(uow, branch_id=form.branch_id)
    return go_to(request, tenant_path(request, "/complaints/posters"))


routes = [show_complaints, show_shares, do_claim_many, follow_complaints, show_posters, make_poster]
