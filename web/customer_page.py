"""One customer's whole page: record, pets, card, sections of other areas, and the timeline."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from core.customers.queries import TimelineEvent, get_customer, get_subject_types, list_events
from core.customers.rules.phones import national_digits
from core.db import new_id
from core.errors import InvalidInput
from core.forms.queries import list_forms
from core.loyalty.queries import get_membership, list_open_purchases
from core.profiles.queries import NOTE_CHANGES, get_note_states, list_fields
from core.programs.queries import get_ladder
from core.tenancy.queries import list_branches
from core.uow import Reader
from web.cursors import pack_cursor, read_moment_cursor
from web.customer_sections import load_customer_sections
from web.htmx import wants_partial
from web.i18n import gettext
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import show, tenant_path
from web.views.customers import GENDERS, subject_lines, tier_view
from web.views.timeline import KINDS, event_lines

EVENTS: Final = 20
"""Entries of the timeline per page."""


async def _refundable(reader: Reader, events: list[TimelineEvent]) -> list[UUID]:
    if not reader.actor.may("customers.write"):
        return []
    ids = [event.ref_id for event in events if event.kind == "purchase" and event.ref_id]
    return await list_open_purchases(reader, ids)


async def show_page(
    request: WebRequest,
    reader: Reader,
    customer_id: UUID,
    *,
    status: int = 200,
    kind: str = "",
    before: str = "",
    errors: object = None,
    values: object = None,
    revealed: bool = False,
) -> Response[Any]:
    """Show one customer; the timeline alone when htmx asks for more of it."""
    cursor, ladder = read_moment_cursor(before), await get_ladder(reader)
    record = await get_customer(reader, customer_id)
    timeline = await _timeline(request, reader, customer_id, kind, cursor)
    if wants_partial(request.headers) and status == 200 and not revealed:
        name = "pages/customers/_events_more.html" if cursor else "pages/customers/_timeline.html"
        return await show(request, name, **timeline)
    card = await get_membership(reader, customer_id)
    types = {one.id: one for one in get_subject_types(reader)}
    branches = {branch.branch_id: branch.name for branch in await list_branches(reader)}
    return await show(
        request,
        "pages/customers/customer.html",
        status=status,
        **timeline,
        customer=record,
        number=record.member_no or f"K-{record.number}",
        gender=gettext(GENDERS[record.gender]) if record.gender else "",
        branch=branches.get(record.branch_id) if record.branch_id else None,
        branches=[(str(one), name) for one, name in branches.items()],
        my_branch=str(reader.actor.branch_id or ""),
        pets=subject_lines(
            record.subjects,
            types,
            reader.today,
            await list_fields(reader, entity_type="subject") if record.subjects else (),
        ),
        may_add_pet=bool(types),
        card=card,
        has_ladder=ladder is not None,
        tier=tier_view(ladder, card.tier),
        next_tier=tier_view(ladder, card.missing.tier) if card.missing else None,
        sections=await load_customer_sections(request, reader, record),
        revealed=[national_digits(phone.e164) for phone in record.phones] if revealed else None,
        purchase_key=new_id().hex,
        root=tenant_path(request, "/customers"),
        may_write=reader.actor.may("customers.write"),
        may_share=reader.actor.may("forms.share"),
        errors=errors or {},
        values=values or {},
    )


async def _timeline(
    request: WebRequest, reader: Reader, customer_id: UUID, kind: str, cursor: tuple[datetime, UUID] | None
) -> dict[str, Any]:
    kinds = KINDS[kind][1] if kind in KINDS else ()
    ladder, here = await get_ladder(reader), tenant_path(request, f"/customers/{customer_id}")
    events = await list_events(reader, customer_id, kinds=kinds, without=NOTE_CHANGES, before=cursor, limit=EVENTS)
    notes = await get_note_states(reader, [event.event_id for event in events if event.kind == "note"])
    last = pack_cursor(events[-1].at.isoformat(), events[-1].event_id) if len(events) == EVENTS else ""
    return {
        "events": event_lines(
            await _without_forms_that_are_off(reader, events), ladder, await _refundable(reader, events), notes
        ),
        "kind": kind if kind in KINDS else "",
        "kinds": [(name, gettext(words)) for name, (words, _) in KINDS.items()],
        "more": f"{here}?kind={kind if kind in KINDS else ''}&before={last}" if last else None,
        "here": here,
        "tenant": tenant_path(request),
    }


async def refuse_with_page(
    request: WebRequest, reader: Reader, customer_id: UUID, error: InvalidInput, prefix: str, form: msgspec.Struct
) -> Refused:
    """The page once more, with what was typed into one of its forms and what is wrong with it."""
    errors = {f"{prefix}{path}": text for path, text in field_texts(error.problems).items()}
    values = {f"{prefix}{name}": value for name, value in msgspec.structs.asdict(form).items()}
    return Refused(await show_page(request, reader, customer_id, status=422, errors=errors, values=values))


async def _without_forms_that_are_off(reader: Reader, events: list[TimelineEvent]) -> list[TimelineEvent]:
    """Entries of a plugin that is off stay, without its words and without a way to what is hidden."""
    offered = {form.id for form in await list_forms(reader)}
    return [
        msgspec.structs.replace(event, data={}, ref_id=None)
        if event.data.get("form", "") not in {"", *offered}
        else event
        for event in events
    ]
