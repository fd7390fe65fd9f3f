"""What forms, complaints and plugins know about a customer, as sections of the customer's page; and the export."""

from typing import Any, Final, Literal

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency

from core.complaints.queries.cases import list_for_customer
from core.customers.queries import CustomerRecord, CustomerRow, list_customers, list_customers_by_id
from core.customers.rules.phones import national_digits
from core.forms.queries import get_submission, list_forms, list_submissions
from core.hooks.records.customers import CustomerFacts, IntakeFacts, SubjectFacts
from core.hooks.specs.customers import panels
from core.loyalty.queries import get_membership, get_memberships, list_members
from core.programs.queries import get_ladder
from core.uow import Reader, UnitOfWork
from web.customer_sections import CustomerSection, add_customer_section
from web.downloads import csv_download, download, workbook
from web.i18n import gettext, localized
from web.request import WebRequest
from web.security import requires
from web.views.complaints import STATES
from web.views.customers import tier_view

EXPORT_PAGE: Final = 1_000
_INTAKES: Final = 3


class _Forms(msgspec.Struct, frozen=True):
    rows: list[Any]
    titles: dict[str, str]


class _Panels(msgspec.Struct, frozen=True):
    panels: list[Any]
    gaps: list[Any]


async def _load_forms(reader: Reader, record: CustomerRecord) -> _Forms | None:
    rows = await list_submissions(reader, customer_id=record.customer_id, limit=10)
    return _Forms(rows, {form.id: localized(form.title) for form in await list_forms(reader)}) if rows else None


async def _load_complaints(reader: Reader, record: CustomerRecord) -> list[Any] | None:
    rows = await list_for_customer(reader, customer_id=record.customer_id, limit=10)
    return [(row, int(row.severity[-1]), gettext(STATES.get(row.state, row.state))) for row in rows] or None


async def _load_panels(reader: Reader, record: CustomerRecord) -> _Panels | None:
    if not reader.plugins.listeners(panels):
        return None
    card = await get_membership(reader, record.customer_id)
    rows = await list_submissions(reader, customer_id=record.customer_id, purpose="intake", limit=_INTAKES)
    intakes = [await get_submission(reader, row.submission_id) for row in rows]
    facts = CustomerFacts(
        customer_id=record.customer_id,
        full_name=record.full_name,
        tier=card.tier.code if card.tier else None,
        subjects=tuple(
            SubjectFacts(subject_id=one.subject_id, kind=one.kind, name=one.name, data=dict(one.custom))
            for one in record.subjects
        ),
        intakes=tuple(
            IntakeFacts(
                form=one.form_id,
                submission_id=one.submission_id,
                answers=one.data,
                completed_at=one.completed_at,
                flags=one.flags,
            )
            for one in intakes
        ),
    )
    decision = await reader.plugins.decide(
        panels,
        now=reader.now,
        locale=reader.scope.locale,
        actor=reader.actor,
        reader=reader.plugin_reader,
        place="customer.side",
        record=facts,
    )
    found = sorted((one.value for one in decision.answers), key=lambda panel: (panel.priority, panel.id))
    return _Panels(found, list(decision.gaps)) if found or decision.gaps else None


for _section in (
    CustomerSection(
        id="panels",
        template="pages/customers/_panels.html",
        load=_load_panels,
        permission="customers.read",
        place="side",
        rank=10,
    ),
    CustomerSection(
        id="complaints",
        template="pages/customers/_complaints.html",
        load=_load_complaints,
        permission="complaints.read",
        rank=20,
    ),
    CustomerSection(
        id="forms", template="pages/customers/_forms.html", load=_load_forms, permission="forms.read", rank=30
    ),
):
    add_customer_section(_section)


class ExportForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which file, and of which tier; empty means everybody."""

    format: Literal["csv", "xlsx"] = "xlsx"
    tier: str = ""


async def _all_rows(reader: Reader, tier: str) -> list[CustomerRow]:
    rows: list[CustomerRow] = []
    while True:
        last = rows[-1].customer_id if rows else None
        if tier:
            ids = await list_members(reader, tier=tier, after=last, limit=EXPORT_PAGE)
            page = await list_customers_by_id(reader, ids)
        else:
            page = await list_customers(reader, after=("", last) if last else None, limit=EXPORT_PAGE)
        rows += page
        if len(page) < EXPORT_PAGE:
            return rows


async def _table(reader: Reader, rows: list[CustomerRow]) -> list[list[str]]:
    ladder = await get_ladder(reader)
    head = [gettext("Number"), gettext("Member number"), gettext("Full name"), gettext("Phone"), gettext("Pets")]
    table = [[*head, gettext("Tier"), gettext("Spent"), gettext("Last visit"), gettext("Customer since")]]
    for start in range(0, len(rows), EXPORT_PAGE):
        page = rows[start : start + EXPORT_PAGE]
        cards = await get_memberships(reader, [row.customer_id for row in page])
        for row in page:
            card = cards[row.customer_id]
            tier = tier_view(ladder, card.tier)
            table.append(
                [
                    f"K-{row.number}",
                    row.member_no or "",
                    row.full_name,
                    national_digits(row.phone_e164) if row.phone_e164 else "",
                    "、".join(row.pets),
                    tier.label if tier else "",
                    f"{card.spent_fen / 100:.2f}",
                    row.last_visit_on.isoformat() if row.last_visit_on else "",
                    row.created_at.date().isoformat(),
                ]
            )
    return table


@post("/t/{slug:str}/customers/export", guards=[requires("customers.import")], request_max_body_size=4096)
async def do_export(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[bytes]:
    """A POST, for whole lists of phones leave the house and the audit log says who took them."""
    form = await request.read(ExportForm)
    table = await _table(uow, await _all_rows(uow, form.tier))
    uow.audit("customers.export", "customer", None, {"rows": len(table) - 1, "format": form.format})
    name = f"customers-{uow.now:%Y%m%d}.{form.format}"
    if form.format == "csv":
        return csv_download(table, name)
    return download(workbook({gettext("Customers"): table}), name)


routes = [do_export]
