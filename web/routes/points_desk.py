"""The points desk: find the member who stands there, see the panel, turn pages of movements, take them along as a list."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.cards.queries import find_card_owner
from core.customers.queries import CustomerRow, find_customers, list_customers_by_id
from core.customers.rules.names import clean_name
from core.holds.queries import count_waiting, list_waiting
from core.loyalty.movements import list_latest_movements, list_movements
from core.loyalty.queries import get_memberships
from core.programs.queries import get_ladder, get_program
from core.rewards.queries.coupons import find_coupon_by_code
from core.uow import Reader, UnitOfWork
from web.api_bodies import get_present
from web.decide_tabs import DecideTab, add_decide_tab
from web.downloads import csv_download
from web.formats import format_datetime
from web.htmx import wants_partial
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.points_page import ROOT, Asked, load_entries, show_member
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.customers import customer_lines
from web.views.points import entry_lines, reason_words

PATH: Final = f"/t/{{slug:str}}{ROOT}"
ONE: Final = PATH + "/{customer_id:uuid}"
READ: Final = [requires("loyalty.read")]
FOUND: Final = 20
RECENT: Final = 8
MAX_SEARCH: Final = 200
EXPORTED: Final = 1_000
BODY_LIMIT: Final = 4 * 1024

add_entry(Entry(id="points", label=N_("Points desk"), icon="coins", path=ROOT, permission="loyalty.read", rank=38))


async def _by_code(reader: Reader, text: str) -> tuple[UUID, str] | None:
    """Whose card or coupon this is, and the coupon's code; None when the text is no code of ours."""
    coupon = await find_coupon_by_code(reader, text)
    if coupon is not None:
        return coupon.customer_id, coupon.code
    owner = await find_card_owner(reader, text.rstrip("/").rpartition("/")[2])
    return (owner, "") if owner else None


add_decide_tab(
    DecideTab(
        id="credits",
        label=N_("Large credits"),
        path="/points",
        permission="loyalty.approve",
        count=count_waiting,
        rank=40,
    )
)


@get(PATH, guards=READ)
async def show_desk(request: WebRequest, reader: NamedDependency[Reader], q: FromQuery[str] = "") -> Response[Any]:
    """A code leads straight to its member; so does a search that finds one person only."""
    text, root = clean_name(q)[:MAX_SEARCH], tenant_path(request, ROOT)
    rows: list[CustomerRow] = []
    if text:
        found = await _by_code(reader, text)
        if found is not None:
            return go_to(request, f"{root}/{found[0]}" + (f"?coupon={found[1]}#coupon" if found[1] else ""))
        rows = await find_customers(reader, text, limit=FOUND)
        if len(rows) == 1:
            return go_to(request, f"{root}/{rows[0].customer_id}")
    cards = await get_memberships(reader, [row.customer_id for row in rows])
    return await show(
        request,
        "pages/points/desk.html",
        q=text,
        lines=customer_lines(rows, cards, await get_ladder(reader)),
        held=await list_waiting(reader),
        recent=[] if text else await _recent(reader),
        me=reader.actor.id,
        reason_words=reason_words,
        may_approve=reader.actor.may("loyalty.approve"),
        may_write=reader.actor.may("customers.write"),
        root=root,
    )


class RecentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of the last hours, and whose it was."""

    entry_id: UUID
    customer_id: UUID
    who: str
    title: str
    points_text: str
    at: Any


async def _recent(reader: Reader) -> list[RecentLine]:
    rows = await list_latest_movements(reader, limit=RECENT)
    names = {
        one.customer_id: one.full_name for one in await list_customers_by_id(reader, [row.customer_id for row in rows])
    }
    lines = entry_lines(rows, None)
    return [
        RecentLine(
            entry_id=row.entry_id,
            customer_id=row.customer_id,
            who=names[row.customer_id],
            title=line.title,
            points_text=line.points_text,
            at=row.occurred_at,
        )
        for row, line in zip(rows, lines, strict=True)
        if row.customer_id in names
    ]


@get(ONE, guards=READ)
async def show_panel(
    request: WebRequest,
    reader: NamedDependency[Reader],
    customer_id: FromPath[UUID],
    bill: FromQuery[str] = "",
    spend: FromQuery[str] = "",
    coupon: FromQuery[str] = "",
    coupon_bill: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[Any]:
    """Looking and quoting never writes, so both are GET: reload and go back as often as you like."""
    record = await get_present(reader, customer_id)
    if record.customer_id != customer_id:
        return go_to(request, tenant_path(request, f"{ROOT}/{record.customer_id}"))
    if before and wants_partial(request.headers):
        here = tenant_path(request, f"{ROOT}/{customer_id}")
        part = await load_entries(reader, record, await get_program(reader), before, here=here)
        return await show(request, "pages/points/_entries_more.html", here=here, **part)
    asked = Asked(bill=bill, spend=spend, coupon=coupon, coupon_bill=coupon_bill, before=before)
    return await show_member(request, reader, record, asked=asked)


@post(ONE + "/export", guards=READ, request_max_body_size=BODY_LIMIT)
async def export_entries(uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[bytes]:
    """A POST, for a person's movements leave the house and the audit log says who took them."""
    record, program = await get_present(uow, customer_id), await get_program(uow)
    head = [gettext(text) for text in _HEAD]
    table, last = [head], None
    while True:
        rows = await list_movements(uow, record.customer_id, after=last, limit=EXPORTED, points_only=True)
        for row, line in zip(rows, entry_lines(rows, program), strict=True):
            at = format_datetime(row.occurred_at)
            table.append([at, line.title, str(row.points), line.until, line.detail, row.rule_version, row.key])
        if len(rows) < EXPORTED:
            break
        last = rows[-1].entry_id
    uow.audit("loyalty.export", "customer", record.customer_id, {"rows": len(table) - 1})
    return csv_download(table, f"points-{record.number}-{uow.now:%Y%m%d}.csv")


_HEAD: Final = (
    N_("When"),
    N_("What"),
    N_("Points"),
    N_("Good until"),
    N_("Detail"),
    N_("Version of the rules"),
    N_("Key"),
)

routes = [show_desk, show_panel, export_entries]
