"""One member's points, tier, coupons and benefits, read once: for the desk's panel, the card on the phone and its print."""

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from core.cards.queries import find_open_card
from core.complaints.queries.cases import list_for_customer
from core.customers.queries import CustomerRecord, list_household
from core.db import new_id
from core.errors import FieldProblem
from core.holds.queries import get_points_limit, list_waiting
from core.hooks.records.loyalty.points import Redeem
from core.hooks.records.loyalty.program import Program
from core.imports.rules.cells import CellProblem, read_amount
from core.loyalty.actions.undoing import UNDOABLE
from core.loyalty.movements import Movement, get_answered, list_movements
from core.loyalty.queries import Membership, Wallet, get_membership, get_wallet
from core.loyalty.quotes import get_quote
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_program
from core.rewards.actions import check_coupon
from core.rewards.errors import CouponRefused
from core.rewards.queries.benefits import list_grants
from core.rewards.queries.coupons import CouponFacts, find_coupon_by_code, list_coupons
from core.rewards.rules.coupons import MIN_SPEND, NOT_IN_BILL, CouponItem
from core.uow import Reader
from web.cursors import pack_cursor, read_cursor
from web.formats import format_date, money
from web.i18n import gettext, localized
from web.problems import problem_words
from web.qr import qr_svg
from web.request import WebRequest
from web.screens import show, tenant_path
from web.views.customers import tier_view
from web.views.points import (
    REASONS,
    benefit_line,
    coupon_line,
    entry_lines,
    missing_view,
    points_words,
    reason_words,
    redeem_words,
)
from web.views.refusals import refusal_words

ROOT: Final = "/points"
ENTRIES: Final = 20
COMPLAINTS: Final = 10
UNDO_FOR: Final = timedelta(minutes=15)
"""So long somebody may take back what they have just given; afterwards it is a case for the manager."""
MAX_DIGITS: Final = 12
ABOUT_THE_BILL: Final = {MIN_SPEND, NOT_IN_BILL}
"""Refusals that only say that no bill was typed yet."""


class Asked(msgspec.Struct, frozen=True):
    """What the address asks the panel to work out: a quote for paying with points, a look at a coupon."""

    bill: str = ""
    spend: str = ""
    coupon: str = ""
    coupon_bill: str = ""
    before: str = ""


class QuoteView(msgspec.Struct, frozen=True, kw_only=True):
    """What points would pay, or why they cannot."""

    points: int = 0
    fen: int = 0
    left_fen: int = 0
    stay: int = 0
    refusal: str = ""


class CheckView(msgspec.Struct, frozen=True, kw_only=True):
    """What a coupon is, and whether it fits the bill."""

    code: str
    title: str
    detail: str
    off_text: str = ""
    refusal: str = ""


def typed_number(text: str) -> int | None:
    """A whole number as people type it: 1,200 and full-width digits too; None for nothing.

    Raises:
        CellProblem: this is none.
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", "").replace(" ", "")
    if not plain:
        return None
    if not plain.isascii() or not plain.isdecimal() or len(plain) > MAX_DIGITS:
        raise CellProblem("bad-number")
    return int(plain)


def typed_fen(text: str) -> int | None:
    """Yuan as people type them, in fen; zero is nothing to pay and no bill."""
    fen = read_amount(text)
    if fen == 0:
        raise CellProblem("not-positive")
    return fen


def words_of(problem: CellProblem) -> str:
    """What is wrong with something typed, in the reader's language."""
    return problem_words(FieldProblem("", problem.code, dict(problem.params)))


async def load_standing(reader: Reader, record: CustomerRecord) -> dict[str, Any]:
    """Tier, points, coupons and benefits: what desk and card both show."""
    program = await get_program(reader)
    ladder = program.ladder if program else None
    card, wallet = await get_membership(reader, record.customer_id), await get_wallet(reader, record.customer_id)
    coupons = await list_coupons(reader, record.customer_id, usable=True)
    grants = await list_grants(reader, record.customer_id, tier=card.tier.code if card.tier else None)
    pets = {one.subject_id: one.name for one in record.subjects}
    pooled = program is None or program.ledger.pool == "household"
    return {
        "program": program,
        "card": card,
        "wallet": wallet,
        "pooled": pooled and record.household_id is not None and wallet.household_balance != wallet.balance,
        "tier": tier_view(ladder, card.tier),
        "missing": missing_view(ladder, card.missing.tier, card.missing.fen) if card.missing else None,
        "coupons": coupons,
        "benefits": [benefit_line(one, pets) for one in grants if one.left is None or one.left > 0],
        "sums": _sums(program, wallet),
    }


def _sums(program: Program | None, wallet: Wallet) -> dict[str, str]:
    rule = next(iter(program.live(Redeem)), None) if program else None
    day = format_date(wallet.next_expiry_on) if wallet.next_expiry_on else ""
    return {
        "worth": gettext("worth %(amount)s") % {"amount": money(wallet.balance * rule.fen_per_point)} if rule else "",
        "pending": gettext("they count after a waiting time"),
        "expiring": points_words(wallet.next_expiry_points) if wallet.next_expiry_points else "",
        "expiring_on": gettext("last day %(day)s") % {"day": day} if day else gettext("nothing ends soon"),
        "expiring_day": day,
    }


async def load_entries(
    reader: Reader, record: CustomerRecord, program: Program | None, before: str, *, here: str, staff: bool = True
) -> dict[str, Any]:
    """One page of movements of points, newest first, and where the next one begins."""
    cursor = read_cursor(before)
    rows = await list_movements(
        reader, record.customer_id, after=cursor[1] if cursor else None, limit=ENTRIES, points_only=True
    )
    ends = pack_cursor("", rows[-1].entry_id) if len(rows) == ENTRIES else ""
    undo, back = (
        (await _deeds(reader, rows)) if staff and reader.actor.may("loyalty.grant") else (frozenset(), frozenset())
    )
    return {
        "entries": entry_lines(rows, program, may_undo=undo, may_give_back=back, staff=staff),
        "more": f"{here}?before={ends}" if ends else None,
    }


async def _deeds(reader: Reader, rows: Sequence[Movement]) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Which of these movements can be undone (a gift of the last minutes), and which payments can come back."""
    since = reader.now - UNDO_FOR
    fresh = [one for one in rows if one.kind in UNDOABLE and one.points > 0 and one.recorded_at >= since]
    spent = [one for one in rows if one.kind == "burn"]
    gone = await get_answered(reader, [one.entry_id for one in (*fresh, *spent)])
    undo = {one.entry_id for one in fresh if one.entry_id not in gone}
    back = {one.entry_id for one in spent if gone.get(one.entry_id, 0) < -one.points}
    return frozenset(undo), frozenset(back)


async def _quote(reader: Reader, record: CustomerRecord, asked: Asked, errors: dict[str, str]) -> QuoteView | None:
    """What the typed bill and points come to; what cannot be read is an error beside its field."""
    bill = points = None
    try:
        bill = typed_fen(asked.bill)
    except CellProblem as problem:
        errors["bill"] = words_of(problem)
    try:
        points = typed_number(asked.spend)
    except CellProblem as problem:
        errors["spend"] = words_of(problem)
    if points is not None and points < 1:
        errors["spend"] = gettext("Give a number above zero")
    if bill is None or "spend" in errors:
        return None
    found = await get_quote(reader, record.customer_id, points=points, bill_fen=bill)
    if isinstance(found, Refusal):
        return QuoteView(refusal=refusal_words(found.code, found.params))
    balance = (await get_wallet(reader, record.customer_id)).household_balance
    return QuoteView(points=found.points, fen=found.fen, left_fen=max(0, bill - found.fen), stay=balance - found.points)


async def _check(reader: Reader, record: CustomerRecord, asked: Asked, errors: dict[str, str]) -> CheckView | None:
    """What the typed or scanned coupon is, and what it takes off the typed bill."""
    if not asked.coupon:
        return None
    coupon = await find_coupon_by_code(reader, asked.coupon)
    if coupon is None:
        errors["coupon"] = gettext("No coupon has this code. Look at it again, sign by sign, or scan it.")
        return None
    bill = None
    try:
        bill = typed_fen(asked.coupon_bill)
    except CellProblem as problem:
        errors["coupon_bill"] = words_of(problem)
    line = coupon_line(coupon)
    refusal = off = ""
    try:
        taken = check_coupon(coupon, customer_id=record.customer_id, now=reader.now, items=coupon_items(coupon, bill))
        if bill is not None:
            left = gettext("%(amount)s is left to pay") % {"amount": money(max(0, bill - taken))}
            off = gettext("%(amount)s off") % {"amount": money(taken)} + " · " + left
    except CouponRefused as refused:
        if bill is not None or refused.code not in ABOUT_THE_BILL:
            refusal = refusal_words(refused.code, refused.params)
    return CheckView(code=coupon.code, title=line.title, detail=line.detail, off_text=off, refusal=refusal)


def coupon_items(coupon: CouponFacts, bill: int | None) -> tuple[CouponItem, ...]:
    """The typed amount as one line that the coupon counts for: the desk knows the amount, not the lines behind it."""
    terms = coupon.terms
    category, service = next(iter(terms.categories), ""), terms.service or next(iter(terms.services), "")
    return (CouponItem(fen=bill, category=category, service=service),) if bill is not None else ()


async def card_link(request: WebRequest, reader: Reader, customer_id: UUID, *, deed: str) -> dict[str, Any]:
    """The address of a customer's card with its QR code, for the desk and the customer's page."""
    card = await find_open_card(reader, customer_id)
    address = f"{request.runtime.settings.public_url}/v/{card.code}" if card else ""
    return {
        "address": address,
        "qr": qr_svg(address) if address else None,
        "deed": deed,
        "may": reader.actor.may("loyalty.grant"),
    }


async def show_member(
    request: WebRequest,
    reader: Reader,
    record: CustomerRecord,
    *,
    asked: Asked | None = None,
    status: int = 200,
    values: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    """The whole panel of one member, with what was asked, typed and refused."""
    here = tenant_path(request, f"{ROOT}/{record.customer_id}")
    wrong, asked = dict(errors or {}), asked or Asked()
    standing = await load_standing(reader, record)
    program: Program | None = standing["program"]
    limit = await get_points_limit(reader)
    rules = program.live(Redeem) if program else ()
    may_grant = reader.actor.may("loyalty.grant")
    standing["coupons"] = [coupon_line(one) for one in standing["coupons"]]
    return await show(
        request,
        "pages/points/member.html",
        status=status,
        **standing,
        **await load_entries(reader, record, program, asked.before, here=here),
        customer=record,
        number=record.member_no or f"K-{record.number}",
        household=await list_household(reader, record),
        quote=await _quote(reader, record, asked, wrong) if asked.bill and may_grant else None,
        checked=await _check(reader, record, asked, wrong) if may_grant else None,
        tiers=[(one.code, localized(one.label)) for one in program.ladder.tiers] if program and program.ladder else [],
        tier_facts=_pin_facts(standing["card"]),
        has_redeem=bool(rules) or program is None,
        redeem_hint=redeem_words(rules[0]) if rules else None,
        reasons=[(code, gettext(words)) for code, words in REASONS.items()],
        limit_hint=_limit_hint(reader, limit),
        complaints=await _complaints(reader, record.customer_id) if may_grant else [],
        waiting=await list_waiting(reader, customer_id=record.customer_id),
        keys={name: new_id().hex for name in ("redeem", "grant", "coupon")},
        member_card=await card_link(request, reader, record.customer_id, deed=here),
        values=msgspec.structs.asdict(asked) | (values or {}),
        errors=wrong,
        may_grant=may_grant,
        may_approve=reader.actor.may("loyalty.approve"),
        me=reader.actor.id,
        reason_words=reason_words,
        here=here,
        root=tenant_path(request, ROOT),
    )


async def _complaints(reader: Reader, customer_id: UUID) -> list[tuple[str, str]]:
    """The member's complaints to choose from, for those who may see complaints."""
    if not reader.actor.may("complaints.read"):
        return []
    cases = await list_for_customer(reader, customer_id=customer_id, limit=COMPLAINTS)
    chosen = [(str(one.complaint_id), f"C-{one.number} · {one.title}") for one in cases]
    return [("", gettext("No complaint")), *chosen] if chosen else []


def _limit_hint(reader: Reader, limit: int) -> str:
    if reader.actor.may("loyalty.approve"):
        return gettext("Above %(points)s you are asked once more.") % {"points": points_words(limit)}
    return gettext("Up to %(points)s at once; more waits until somebody has approved it.") % {
        "points": points_words(limit)
    }


def _pin_facts(card: Membership) -> list[tuple[str, str]]:
    if card.pinned_until is None:
        return []
    return [(gettext("Set by hand until"), format_date(card.pinned_until))]
