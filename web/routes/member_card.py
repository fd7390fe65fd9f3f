"""The member card on the customer's phone, behind a code: no account, no name but the given one, nothing to press but print."""

import io
from typing import Any, Final
from uuid import UUID

import msgspec
import segno
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from core.cards.queries import CardFacts, find_open_card, get_open_card
from core.cards.rules import given_name
from core.customers.queries import CustomerRecord, find_present_customer, get_customer
from core.loyalty.queries import Wallet, get_wallet
from core.referrals.queries import find_code, find_rule
from core.uow import Reader
from web.customer_sections import CustomerSection, add_customer_section
from web.formats import number
from web.i18n import gettext
from web.page import current_page
from web.pdf import answer_pdf
from web.points_page import ROOT, load_entries, load_standing
from web.qr import qr_svg
from web.rate_limit import address_of, limit_rate
from web.request import WebRequest
from web.screens import show, tenant_path
from web.security import BY_CODE
from web.views.points import coupon_line, tier_gives

PATH: Final = "/v/{code:str}"
LOOKS_A_MINUTE: Final = 60
"""Of one address at one code; a card is looked at, not polled."""


async def _owner(request: WebRequest, reader: Reader, code: str) -> CustomerRecord:
    await limit_rate(request, reader.tenant_id, "member-card", f"{code}:{address_of(request)}", most=LOOKS_A_MINUTE)
    card = await get_open_card(reader, code)
    return await get_customer(reader, await find_present_customer(reader, card.customer_id))


def _masked(phone: str | None) -> str:
    """The last four digits only: enough to know one's own, nothing for anybody else."""
    return f"···· {phone[-4:]}" if phone else ""


@get(PATH, guards=[BY_CODE])
async def show_card(
    request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str], before: FromQuery[str] = ""
) -> Response[Any]:
    record = await _owner(request, reader, code)
    standing = await load_standing(reader, record)
    here = f"/v/{code}"
    entries = await load_entries(reader, record, standing["program"], before, here=here, staff=False)
    standing["coupons"] = [coupon_line(one, qr=True) for one in standing["coupons"]]
    return await show(
        request,
        "pages/public/member_card.html",
        headers={"cache-control": "no-store", "x-robots-tag": "noindex"},
        **standing,
        **entries,
        name=given_name(record.full_name),
        phone=_masked(record.phone_e164),
        tier_gives=tier_gives(standing["card"].tier),
        referral=await _referral(request, reader, record.customer_id),
        here=here,
    )


class _Invitation(msgspec.Struct, frozen=True):
    address: str
    qr: Markup


async def _referral(request: WebRequest, reader: Reader, customer_id: UUID) -> _Invitation | None:
    """The member's invitation, while a rule promises something and the desk has made the code."""
    code = await find_code(reader, customer_id)
    if code is None or await find_rule(reader) is None:
        return None
    address = f"{request.runtime.settings.public_url.rstrip('/')}/i/{code.code}"
    return _Invitation(address, qr_svg(address))


@get(PATH + "/card.pdf", guards=[BY_CODE])
async def print_card(request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str]) -> Response[bytes]:
    """The card with its coupons on paper, or as a file to keep."""
    record = await _owner(request, reader, code)
    standing = await load_standing(reader, record)
    tier, missing, sums = standing["tier"], standing["missing"], standing["sums"]
    lines = []
    if missing:
        lines.append(gettext("%(amount)s to %(tier)s") % {"amount": missing.amount, "tier": missing.tier})
    if sums["expiring"]:
        lines.append(gettext("%(n)s of them end on %(day)s") % {"n": sums["expiring"], "day": sums["expiring_day"]})
    coupons = [coupon_line(one) for one in standing["coupons"]]
    data = {
        "lang": "zh" if current_page().locale == "zh_CN" else "en",
        "title": gettext("Member card"),
        "house": request.visit.scope.tenant_name,
        "name": given_name(record.full_name) or gettext("Member card"),
        "tier": tier.label if tier else "",
        "points": gettext("%(n)s points") % {"n": f"{standing['wallet'].balance:,}"},
        "lines": lines,
        "qr": _qr(f"{request.runtime.settings.public_url}/v/{code}"),
        "coupons_title": gettext("Your coupons"),
        "coupons": [
            {"title": one.title, "detail": one.detail, "code": one.shown_code, "qr": _qr(one.code)} for one in coupons
        ],
        "foot": gettext("As it stood when it was printed; the page behind the code is always up to date."),
    }
    return await answer_pdf("card", data, filename="member-card.pdf", download=False)


def _qr(text: str) -> str:
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", border=1, scale=8, dark="#0a2b2b")
    return buffer.getvalue().decode()


class _Points(msgspec.Struct, frozen=True):
    customer_id: UUID
    wallet: Wallet
    card: CardFacts | None


async def _load_points(reader: Reader, record: CustomerRecord) -> _Points:
    wallet = await get_wallet(reader, record.customer_id)
    return _Points(record.customer_id, wallet, await find_open_card(reader, record.customer_id))


def _present_points(request: WebRequest, found: _Points) -> dict[str, Any]:
    rows = [(gettext("Points"), number(found.wallet.balance))]
    if found.wallet.household_balance != found.wallet.balance:
        rows.append((gettext("Household together"), number(found.wallet.household_balance)))
    if found.wallet.pending:
        rows.append((gettext("Not yet usable"), number(found.wallet.pending)))
    address = f"{request.runtime.settings.public_url}/v/{found.card.code}" if found.card else ""
    deed = tenant_path(request, f"{ROOT}/{found.customer_id}")
    return {"rows": rows, "address": address, "qr": qr_svg(address) if address else None, "deed": deed}


add_customer_section(
    CustomerSection(
        id="points",
        template="pages/points/_card_section.html",
        load=_load_points,
        present=_present_points,
        permission="loyalty.read",
        place="side",
        rank=15,
    )
)

routes = [show_card, print_card]
