"""One visit's whole page: procedures with their gates, the estimate, the bill, papers, and what happened."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from core.customers.queries import get_customer, list_events
from core.db import new_id
from core.errors import InvalidInput
from core.forms.queries import list_forms, list_submissions
from core.loyalty.queries import get_membership
from core.programs.queries import get_ladder
from core.uow import Reader
from core.visits.actions.bills import OVERRIDE
from core.visits.queries.bills import find_bill, get_standing, list_estimates, list_void_bills
from core.visits.queries.choices import list_applied
from core.visits.queries.papers import find_gates
from core.visits.queries.prices import list_live_items
from core.visits.queries.visits import VisitRow, find_open_link, get_visit, list_procedures
from core.visits.rules.prices import Item
from tenants.staff import list_people
from web.bill_offers import load_bill_offers
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.views.customers import tier_view
from web.views.rewards import list_fen, step_views
from web.views.timeline import event_lines
from web.views.visits import (
    BILL_STATES,
    BILL_TONES,
    METHODS,
    STATE_TONES,
    STATES,
    VISIT_KINDS,
    bill_number,
    by_category,
    estimate_state,
    item_name,
    line_views,
    meter_of,
    note_number,
    procedure_views,
    unit_text,
    visit_number,
)

PAPERS: Final = 8
PAYMENT_ROWS: Final = 2


class ItemOption(msgspec.Struct, frozen=True):
    """One suggestion of the price list."""

    value: str
    fen: int


def item_options(items: list[Item]) -> list[ItemOption]:
    """What the browser suggests while an item is typed; the code comes first, so that the server finds it again."""
    return [ItemOption(f"{item.code} {item_name(item)}", item.price_fen) for item in items]


def public_address(request: WebRequest, code: str) -> str:
    """The customer's address of a visit's bill."""
    return f"{request.runtime.settings.public_url}/b/{code}"


async def show_visit_page(
    request: WebRequest,
    reader: Reader,
    visit_id: UUID,
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    warning: str = "",
    part: str = "",
) -> Response[Any]:
    """Show one visit; `part` names the template that htmx wants alone."""
    visit = await get_visit(reader, visit_id)
    data = await _common(request, reader, visit)
    data |= await _money(reader, visit)
    data |= {"errors": errors or {}, "values": values or {}, "warning": warning, "key": new_id().hex}
    name = "pages/visits/visit.html"
    return await show(request, name, partial=part or None, status=status, **data)


async def _common(request: WebRequest, reader: Reader, visit: VisitRow) -> dict[str, Any]:
    procedures = await list_procedures(reader, visit.visit_id)
    gates = await find_gates(reader, visit=visit, procedures=procedures)
    forms = await list_forms(reader)
    staff = {person.staff_id: person.full_name for person in await list_people(reader)}
    link = await find_open_link(reader, visit.visit_id)
    address = public_address(request, link.code) if link else ""
    events = await list_events(reader, visit.customer_id, kinds=VISIT_KINDS, limit=100)
    mine = [event for event in events if event.ref_id == visit.visit_id]
    papers = []
    if reader.actor.may("forms.read"):
        whose = None if visit.subject_id else visit.customer_id
        papers = await list_submissions(reader, customer_id=whose, subject_id=visit.subject_id, limit=PAPERS)
    root = tenant_path(request, "/visits")
    return {
        "visit": visit,
        "number": visit_number(visit.number),
        "state": gettext(STATES[visit.state]),
        "tone": STATE_TONES[visit.state],
        "is_over": visit.state in {"discharged", "cancelled"},
        "clinician": staff.get(visit.clinician_id, "") if visit.clinician_id else "",
        "customer": await get_customer(reader, visit.customer_id),
        "procedures": procedure_views(procedures, gates, {form.id: form.title for form in forms}),
        "items": item_options(await list_live_items(reader)),
        "papers": [
            (row, localized(next((f.title for f in forms if f.id == row.form_id), row.form_id))) for row in papers
        ],
        "events": event_lines(mine, None),
        "link": link,
        "address": address,
        "qr": qr_svg(address) if address else "",
        "root": root,
        "here": f"{root}/{visit.visit_id}",
        "tenant": tenant_path(request),
        "may_write": reader.actor.may("visits.write"),
        "may_share": reader.actor.may("forms.share"),
        "may_override": reader.actor.may(OVERRIDE),
    }


async def _money(reader: Reader, visit: VisitRow) -> dict[str, Any]:
    estimates = await list_estimates(reader, visit.visit_id)
    bill = await find_bill(reader, visit.visit_id)
    standing = get_standing(estimates, bill.held_fen if bill else 0)
    writes = bill is not None and bill.state == "open"
    offers = await load_bill_offers(reader, visit, bill) if bill is not None and writes else None
    applied = offers.steps if offers else await list_applied(reader, bill.bill_id) if bill is not None else []
    ladder = await get_ladder(reader)
    card = await get_membership(reader, visit.customer_id)
    newest = estimates[0] if estimates else None
    return {
        "estimates": [(one, *estimate_state(one, estimates[0])) for one in estimates],
        "newest": newest,
        "newest_lines": line_views(newest.lines) if newest else [],
        "bill": bill,
        "bill_number": bill_number(bill.number) if bill else "",
        "bill_state": gettext(BILL_STATES[bill.state]) if bill else "",
        "bill_tone": BILL_TONES[bill.state] if bill else "",
        "groups": by_category(bill.lines, applied) if bill else [],
        "lines": line_views(bill.lines) if bill else [],
        "offers": offers,
        "steps": step_views(applied),
        "list_fen": list_fen(bill.lines) if bill else 0,
        "staff": True,
        "standing": standing,
        "meter": meter_of(bill, standing),
        "void_bills": [(one, bill_number(one.number)) for one in await list_void_bills(reader, visit.visit_id)],
        "methods": [(code, gettext(name)) for code, name in METHODS.items()],
        "method_names": {code: gettext(name) for code, name in METHODS.items()},
        "note_number": note_number,
        "unit_text": unit_text,
        "tier": tier_view(ladder, card.tier),
        "card": card,
        "payment_rows": PAYMENT_ROWS,
    }


def back_to_visit(request: WebRequest, visit_id: UUID, text: str = "", place: str = "") -> Response[Any]:
    """Go back to the visit's page, to the card that was worked on."""
    return go_to(request, tenant_path(request, f"/visits/{visit_id}{place}"), toast=Toast(text=text) if text else None)


async def refused_visit(
    request: WebRequest, reader: Reader, visit_id: UUID, error: InvalidInput, values: Mapping[str, Any]
) -> Refused:
    """The page again with what was typed and why it was refused; raise it."""
    errors = field_texts(error.problems)
    return Refused(await show_visit_page(request, reader, visit_id, status=422, errors=errors, values=values))
