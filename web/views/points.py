"""How points, tiers, coupons, benefits and movements read: the same words at the desk and on the member's card."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.parts import FreeService, NamedClinician, PercentDiscount, Perk
from core.hooks.records.loyalty.points import Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import Program
from core.rewards.queries.benefits import GrantFacts
from core.rewards.queries.coupons import CouponFacts
from core.rewards.rules.codes import show_code
from web.formats import format_date, money, number, price_share
from web.i18n import N_, gettext, localized, ngettext
from web.page import current_page
from web.qr import qr_svg

KINDS: Final = {
    "spend": N_("Purchase"),
    "earn": N_("Earned"),
    "burn": N_("Paid with points"),
    "expire": N_("Points expired"),
    "give_back": N_("Points given back"),
    "grant": N_("Given by hand"),
    "goodwill": N_("Goodwill"),
    "reversal": N_("Points taken back"),
    "transfer": N_("Moved when two records became one"),
    "opening": N_("Carried over from before"),
    "adjust": N_("Corrected"),
}
REASONS: Final = {
    "service": N_("To make up for something"),
    "event": N_("An activity"),
    "correction": N_("Points were missing"),
    "thanks": N_("A thank-you"),
    "other": N_("Something else"),
}
"""Why points are given by hand; the ledger keeps the code, and after a colon what somebody typed."""
_PERIODS: Final = {
    "day": N_("a day"),
    "week": N_("a week"),
    "month": N_("a month"),
    "quarter": N_("a quarter"),
    "year": N_("a year"),
    "membership_year": N_("a membership year"),
    "lifetime": N_("once and for all"),
}


class MissingView(msgspec.Struct, frozen=True):
    """The way to the next tier: words, and a bar from `value` to `max`."""

    tier: str
    amount: str
    value: int
    max: int
    note: str = ""


class EntryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One movement as desk and card show it."""

    entry_id: UUID
    title: str
    detail: str
    at: datetime
    points: int
    points_text: str
    until: str
    undo: bool = False
    give_back: bool = False


class CouponLine(msgspec.Struct, frozen=True, kw_only=True):
    """One coupon."""

    coupon_id: UUID
    code: str
    shown_code: str
    title: str
    detail: str
    terms: str = ""
    qr: Markup | None = None


class BenefitLine(msgspec.Struct, frozen=True, kw_only=True):
    """One benefit with what is left of it."""

    grant_id: str
    title: str
    detail: str
    left: str


def signed(points: int) -> str:
    """+300 or -300, with a true minus."""
    return f"+{number(points)}" if points > 0 else f"\N{MINUS SIGN}{number(-points)}" if points else "0"


def points_words(points: int) -> str:
    """300 points."""
    return ngettext("%(num)s point", "%(num)s points", points) % {"num": number(points)}


def tier_amount(ladder: TierLadder, amount: int) -> str:
    """A threshold or what is missing to it, in the unit of the ladder: money, points or visits."""
    if ladder.basis in {"points_earned", "points_balance"}:
        return points_words(amount)
    if ladder.basis == "visits":
        return ngettext("%(num)s visit", "%(num)s visits", amount) % {"num": number(amount)}
    return money(amount)


def missing_view(ladder: TierLadder | None, tier: Tier | None, missing: int) -> MissingView | None:
    """What is missing to a tier; None at the top."""
    if ladder is None or tier is None:
        return None
    most = max(ladder.threshold(tier), 1)
    done = max(0, most - missing)
    return MissingView(localized(tier.label), tier_amount(ladder, missing), done * 100 // most, 100)


def last_day(ends: datetime | None) -> date | None:
    """The last usable local day of something that ends at a local midnight."""
    return (ends.astimezone(ZoneInfo(current_page().timezone)) - timedelta(microseconds=1)).date() if ends else None


def until_text(ends: datetime | None) -> str:
    """The same as words."""
    day = last_day(ends)
    return format_date(day) if day else ""


def reason_words(reason: str) -> str:
    """The choice in the reader's language, and what was typed."""
    code, _, typed = reason.partition(": ")
    return " · ".join(part for part in (gettext(REASONS[code]), typed) if part) if code in REASONS else reason


def entry_lines(
    entries: Sequence[Any],
    program: Program | None,
    *,
    may_undo: frozenset[UUID] = frozenset(),
    may_give_back: frozenset[UUID] = frozenset(),
    staff: bool = True,
) -> list[EntryLine]:
    """Movements for the desk, or without names of staff and reasons for the member's own card."""
    lines = []
    for one in entries:
        rule = program.find(one.rule_id) if program and one.rule_id else None
        parts = [localized(rule.label) if rule else "", reason_words(one.reason), one.actor_name]
        detail = " · ".join(part for part in (parts if staff else parts[:1]) if part)
        lines.append(
            EntryLine(
                entry_id=one.entry_id,
                title=gettext(KINDS[one.kind]) if one.kind in KINDS else one.kind,
                detail=detail,
                at=one.occurred_at,
                points=one.points,
                points_text=signed(one.points),
                until=until_text(one.expires_at) if one.points > 0 else "",
                undo=one.entry_id in may_undo,
                give_back=one.entry_id in may_give_back,
            )
        )
    return lines


def coupon_gives(terms: CouponTemplate) -> str:
    """¥20 off from ¥100; 8折; a free service."""
    if terms.amount_fen is not None:
        what = gettext("%(amount)s off") % {"amount": money(terms.amount_fen)}
    elif terms.service:
        share = price_share(terms.pay_percent) if terms.pay_percent else gettext("free")
        what = f"{localized(terms.label) or terms.service} · {share}"
    elif terms.gift:
        what = gettext("a gift: %(what)s") % {"what": localized(terms.label) or terms.gift}
    else:
        what = price_share(terms.pay_percent or 0)
        if terms.max_discount_fen is not None:
            what += " · " + gettext("at most %(amount)s off") % {"amount": money(terms.max_discount_fen)}
    if terms.min_spend_fen:
        what += " · " + gettext("from %(amount)s") % {"amount": money(terms.min_spend_fen)}
    return what


def coupon_line(coupon: CouponFacts, *, qr: bool = False) -> CouponLine:
    """One coupon; with its QR code for the member's card."""
    parts = [coupon_gives(coupon.terms)]
    if coupon.valid_until is not None:
        parts.append(gettext("good until %(day)s") % {"day": until_text(coupon.valid_until)})
    if coupon.uses > 1:
        parts.append(gettext("%(left)s of %(uses)s uses left") % {"left": coupon.left, "uses": coupon.uses})
    return CouponLine(
        coupon_id=coupon.coupon_id,
        code=coupon.code,
        shown_code=show_code(coupon.code),
        title=localized(coupon.terms.label) or coupon_gives(coupon.terms),
        detail=" · ".join(parts),
        terms=localized(coupon.terms.terms),
        qr=qr_svg(coupon.code) if qr else None,
    )


def benefit_line(grant: GrantFacts, pets: Mapping[UUID, str]) -> BenefitLine:
    """One benefit, whose it is, and how often it can still be had."""
    left = grant.left
    share = price_share(grant.pay_percent) if grant.pay_percent else gettext("free")
    whose = pets.get(grant.subject_id, "") if grant.subject_id else ""
    if grant.holder == "household":
        whose = gettext("for the household")
    until = gettext("good until %(day)s") % {"day": format_date(grant.last_on)} if grant.last_on else ""
    return BenefitLine(
        grant_id=f"{grant.benefit}-{grant.subject_id or grant.household_id or grant.customer_id}".replace(":", "-"),
        title=localized(grant.label) or grant.service,
        detail=" · ".join(part for part in (whose, share, until) if part),
        left=gettext("as often as wished")
        if left is None
        else ngettext("%(num)s time left", "%(num)s times left", left) % {"num": left},
    )


def tier_gives(tier: Tier | None) -> list[tuple[str, str]]:
    """What a tier promises, for the member: (what, detail)."""
    told = []
    for benefit in tier.benefits if tier else ():
        if isinstance(benefit, PercentDiscount):
            told.append((price_share(benefit.pay_percent), gettext("on your bills")))
        elif isinstance(benefit, FreeService):
            often = gettext(_PERIODS[benefit.period])
            times = (
                ngettext("%(num)s time, %(often)s", "%(num)s times, %(often)s", benefit.quota)
                % {"num": benefit.quota, "often": often}
                if benefit.quota is not None
                else gettext("as often as wished")
            )
            told.append((localized(benefit.label) or benefit.service, times))
        elif isinstance(benefit, NamedClinician):
            told.append((localized(benefit.label) or gettext("A clinician of your own"), ""))
        elif isinstance(benefit, Perk):
            told.append((localized(benefit.label) or benefit.code, ""))
    return told


def redeem_words(rule: Redeem | None) -> str:
    """The terms of paying with points, in one line for the desk."""
    if rule is None:
        return ""
    parts = [
        gettext("%(points)s pay %(amount)s")
        % {"points": points_words(rule.step), "amount": money(rule.step * rule.fen_per_point)}
    ]
    if rule.min_points:
        parts.append(gettext("from %(points)s") % {"points": points_words(rule.min_points)})
    if rule.max_percent < 100:
        parts.append(gettext("at most %(n)s %% of the bill") % {"n": rule.max_percent})
    if rule.max_points is not None:
        parts.append(gettext("at most %(points)s at once") % {"points": points_words(rule.max_points)})
    return " · ".join(parts)
