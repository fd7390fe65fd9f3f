"""The API's lists of what a chain has: customers, their pets and history, visits, branches, prices, segments and complaint remedies."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaints.queries.cases import get_complaint
from core.contacts.queries import list_consents, list_contacts
from core.customers.queries import list_customers, list_events, list_subjects
from core.hooks.records.text import localized
from core.remedies.queries import list_remedies
from core.segments.queries import get_segment, list_matching, list_segments
from core.tenancy.queries import list_branches
from core.uow import Reader
from core.visits.queries.prices import find_live_version, list_items
from core.visits.queries.visits import VisitFilter, get_visit, list_visits
from web.api_bodies import get_present, plain
from web.api_pages import PAGE, cursor_of_moment, page_size, whole_page
from web.cursors import pack_cursor
from web.request import WebRequest
from web.screens import locale_of
from web.security import by_key

_ROOT: Final = "/api/v1"
_CUSTOMERS, _VISITS = [by_key("customers.read")], [by_key("visits.read")]
_SETUP, _SEGMENTS = [by_key("setup.read")], [by_key("segments.read")]


@get(f"{_ROOT}/customers", guards=_CUSTOMERS)
async def show_customers(
    reader: NamedDependency[Reader], after: FromQuery[UUID | None] = None, limit: FromQuery[int] = PAGE
) -> Response[Any]:
    """Newest first."""
    size = page_size(limit)
    rows = await list_customers(reader, after=("", after) if after else None, limit=size + 1)
    return whole_page("customers", rows, size, told=plain, mark=lambda row: row.customer_id)


@get(f"{_ROOT}/customers/{{customer_id:uuid}}", guards=_CUSTOMERS)
async def show_customer(reader: NamedDependency[Reader], customer_id: FromPath[UUID]) -> Response[Any]:
    """With their pets; the id of a merged customer leads to the one who stays."""
    person = await get_present(reader, customer_id)
    subjects = await list_subjects(reader, person.customer_id)
    return Response(plain(person) | {"subjects": plain(subjects)})


@get(f"{_ROOT}/customers/{{customer_id:uuid}}/contacts", guards=_CUSTOMERS)
async def show_contacts(reader: NamedDependency[Reader], customer_id: FromPath[UUID]) -> Response[Any]:
    """Ways to reach them, and what they agreed to be reached for."""
    person = await get_present(reader, customer_id)
    consents = await list_consents(reader, [person.customer_id])
    return Response({"contacts": plain(await list_contacts(reader, person.customer_id)), "consents": plain(consents)})


@get(f"{_ROOT}/customers/{{customer_id:uuid}}/timeline", guards=_CUSTOMERS)
async def show_timeline(
    reader: NamedDependency[Reader],
    customer_id: FromPath[UUID],
    after: FromQuery[str] = "",
    limit: FromQuery[int] = PAGE,
) -> Response[Any]:
    """Newest first."""
    person, size = await get_present(reader, customer_id), page_size(limit)
    rows = await list_events(reader, person.customer_id, before=cursor_of_moment(after), limit=size + 1)
    return whole_page("events", rows, size, told=plain, mark=lambda row: pack_cursor(row.at.isoformat(), row.event_id))


@get(f"{_ROOT}/visits", guards=_VISITS)
async def show_visits(
    reader: NamedDependency[Reader],
    after: FromQuery[str] = "",
    limit: FromQuery[int] = PAGE,
    customer_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
) -> Response[Any]:
    """Newest first."""
    size = page_size(limit)
    wanted = VisitFilter(customer_id=customer_id, branch_id=branch_id)
    rows = await list_visits(reader, wanted=wanted, after=cursor_of_moment(after), limit=size + 1)
    return whole_page(
        "visits", rows, size, told=plain, mark=lambda row: pack_cursor(row.started_at.isoformat(), row.visit_id)
    )


@get(f"{_ROOT}/visits/{{visit_id:uuid}}", guards=_VISITS)
async def show_visit(reader: NamedDependency[Reader], visit_id: FromPath[UUID]) -> Response[Any]:
    return Response(plain(await get_visit(reader, visit_id)))


@get(f"{_ROOT}/branches", guards=_SETUP)
async def show_branches(reader: NamedDependency[Reader]) -> Response[Any]:
    return Response({"branches": plain(await list_branches(reader))})


@get(f"{_ROOT}/prices", guards=_SETUP)
async def show_prices(reader: NamedDependency[Reader]) -> Response[Any]:
    """The edition in force; without one, no items."""
    live = await find_live_version(reader)
    items = [] if live is None else [item for item in await list_items(reader, live.version_id) if item.active]
    number, since = (live.number, live.effective_from) if live else (None, None)
    return Response({"number": number, "effective_from": since, "items": plain(items)})


@get(f"{_ROOT}/segments", guards=_SEGMENTS)
async def show_segments(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    locale = locale_of(request)
    found = [
        {"id": one.id, "label": localized(one.label, locale), "shipped": one.shipped, "usable": one.usable}
        for one in await list_segments(reader)
    ]
    return Response({"segments": found})


@get(f"{_ROOT}/segments/{{segment:str}}/members", guards=_SEGMENTS)
async def show_members(
    reader: NamedDependency[Reader],
    segment: FromPath[str],
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = PAGE,
) -> Response[Any]:
    """Ids of customers who are in it now, the newest first."""
    group, size = await get_segment(reader, segment), page_size(limit)
    found = []
    if group.usable:
        found = await list_matching(reader, group.tree, after=after, limit=size + 1)
    return whole_page("members", found, size, told=str, mark=str)


@get(f"{_ROOT}/complaints/{{complaint_id:uuid}}/remedies", guards=[by_key("complaints.read")])
async def show_remedies(reader: NamedDependency[Reader], complaint_id: FromPath[UUID]) -> Response[Any]:
    case = await get_complaint(reader, complaint_id=complaint_id)
    return Response({"remedies": msgspec.to_builtins(await list_remedies(reader, case.complaint_id))})


routes = [
    show_customers,
    show_customer,
    show_contacts,
    show_timeline,
    show_visits,
    show_visit,
    show_branches,
    show_prices,
    show_segments,
    show_members,
    show_remedies,
]
