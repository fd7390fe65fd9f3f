"""Filing at the desk in half a minute: who, what happened, what they wish; everything else is found while one types."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from core.complaints.actions.filing import assess, file_complaint
from core.complaints.queries.twins import Draft, Twin, find_twins
from core.complaints.rules.filing import TEXT_LIMIT, Filing, Verdict
from core.complaints.rules.sources import source_key
from core.customers.queries import CustomerRow, SubjectRecord, find_customers, list_customers_by_id, list_subjects
from core.customers.rules.phones import read_phone
from core.errors import InvalidInput
from core.hooks.records.complaints import Category, Cause
from core.hooks.specs.complaints import complaint_categories, complaint_causes
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.complaint_form import DESK_CHANNELS, SOURCE_FIELDS, NewComplaint, contact_of, filing_of
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaints import CHANNELS, number_text
from web.views.twins import TwinLine, twin_lines

PATH: Final = "/t/{slug:str}/complaints"
_WRITE: Final = [requires("complaints.write")]
BODY_LIMIT: Final = 2 * 1024 * 1024
"""100 KB of Chinese are 300 KB in a form; it is refused by its field, with everything that was typed."""
SUGGESTED: Final = 5
_FEWEST: Final = 2


class Look(msgspec.Struct, frozen=True):
    """What is known before anything is sent."""

    customers: list[CustomerRow]
    subjects: list[SubjectRecord]
    verdict: Verdict | None
    twins: list[TwinLine]


def options_of(found: list[Category] | list[Cause]) -> list[tuple[str, str]]:
    """Return the leaves of a tree with their parents' names, as a list to choose from."""
    names = {node.id: localized(node.label) for node in found}
    return [
        (node.id, f"{names.get(node.parent, '')} · {localized(node.label)}")
        for node in found
        if node.parent is not None
    ]


def category_options(reader: Reader) -> list[tuple[str, str]]:
    """Return what a complaint can be about."""
    return options_of([one.value for one in reader.plugins.declared(complaint_categories)])


def cause_options(reader: Reader) -> list[tuple[str, str]]:
    """Return why a complaint can have come about."""
    return options_of([one.value for one in reader.plugins.declared(complaint_causes)])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def _customers(reader: Reader, form: NewComplaint) -> list[CustomerRow]:
    if not reader.actor.may("customers.read"):
        return []
    chosen = _uuid(form.customer_id)
    rows = await list_customers_by_id(reader, [chosen]) if chosen is not None else []
    name, phone = contact_of(form)
    typed = phone or name
    if len(typed) >= _FEWEST:
        known = {row.customer_id for row in rows}
        found = await find_customers(reader, typed[:80], limit=SUGGESTED)
        rows += [row for row in found if row.customer_id not in known]
    return rows[:SUGGESTED]


async def _look(reader: Reader, form: NewComplaint) -> Look:
    """Search, judge and compare, and write nothing; what cannot be read yet is left out."""
    customers = await _customers(reader, form)
    customer_id = next((row.customer_id for row in customers if str(row.customer_id) == form.customer_id), None)
    subjects = await list_subjects(reader, customer_id) if customer_id is not None else []
    if len(form.text.strip()) < _FEWEST or len(form.text) > TEXT_LIMIT:
        return Look(customers, subjects, None, [])
    filing = await _readable(reader, form)
    verdict = await assess(reader, filing=filing, received_at=reader.now)
    reading = read_phone(filing.contact_phone) if filing.contact_phone else None
    twins: list[Twin] = await find_twins(
        reader,
        draft=Draft(
            text=filing.text,
            customer_id=customer_id,
            phone=reading.e164 if reading else "",
            subject_id=_uuid(form.subject_id),
            source_key=source_key(filing.source),
        ),
    )
    return Look(customers, subjects, verdict, twin_lines(twins))


async def _readable(reader: Reader, form: NewComplaint) -> Filing:
    try:
        return await filing_of(reader, form)
    except InvalidInput:
        return Filing(text=form.text, desired=form.desired)


async def _show_new(
    request: WebRequest,
    reader: Reader,
    values: NewComplaint,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    look: Look | None = None,
) -> Response[Any]:
    branches = [(str(branch.branch_id), branch.name) for branch in await list_branches(reader)]
    texts = {path.removeprefix("source."): text for path, text in (errors or {}).items()}
    if "contact_phone" in texts and not values.contact_phone:
        texts["who"] = texts.pop("contact_phone")
    return await show(
        request,
        "pages/complaints/new.html",
        partial="pages/complaints/_look.html",
        status=status,
        values=values,
        errors=texts,
        look=look or await _look(reader, values),
        root=tenant_path(request, "/complaints"),
        branches=branches,
        channels=[(code, gettext(CHANNELS[code])) for code in DESK_CHANNELS],
        source_fields=[(name, gettext(label), kind) for name, label, kind in SOURCE_FIELDS.get(values.channel, ())],
        categories=category_options(reader),
        limit=TEXT_LIMIT,
    )


@get(f"{PATH}/new", guards=_WRITE)
async def show_new(
    request: WebRequest,
    reader: NamedDependency[Reader],
    customer_id: FromQuery[str] = "",
    channel: FromQuery[str] = "phone",
) -> Response[Any]:
    key = f"desk:{request.request_id}"
    kept = channel if channel in DESK_CHANNELS else "phone"
    return await _show_new(request, reader, NewComplaint(customer_id=customer_id[:36], key=key, channel=kept))


@post(f"{PATH}/new/look", guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def look_first(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What the form would become: with script below the fields while one types, without it as the page again."""
    return await _show_new(request, reader, await request.read(NewComplaint))


@post(PATH, guards=_WRITE, request_max_body_size=BODY_LIMIT)
async def do_file(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(NewComplaint)
    try:
        filed = await file_complaint(uow, filing=await filing_of(uow, form), key=form.key[:100] or None)
    except InvalidInput as error:
        texts = field_texts(error.problems)
        raise Refused(await _show_new(request, uow, form, status=422, errors=texts)) from error
    toast = Toast(text=gettext("%(number)s is filed, its clocks run") % {"number": number_text(filed.number)})
    return go_to(request, tenant_path(request, f"/complaints/{filed.complaint_id}"), toast=toast)


routes = [show_new, look_first, do_file]
