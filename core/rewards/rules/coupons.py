"""What a coupon is worth on a bill, how long it is good, and why it is refused."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.loyalty.parts import GiftReward, ServiceReward
from core.rewards.rules.periods import midnight, months_after

EXPIRED: Final = "coupon-expired"
NOT_YET: Final = "coupon-not-yet"
USED_UP: Final = "coupon-used"
VOID: Final = "coupon-void"
OTHER_CUSTOMER: Final = "coupon-of-another"
MIN_SPEND: Final = "coupon-below-minimum"
NOT_IN_BILL: Final = "coupon-not-for-this"
STACKED: Final = "coupon-stack"
SERVICE_PREFIX: Final = "service:"
GIFT_PREFIX: Final = "gift:"


class CouponItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill as a coupon sees it, after the discounts before it."""

    fen: int
    category: str = ""
    service: str = ""
    quantity: int = 1


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a coupon stands: whose it is, how often it was used, and between which instants it is good."""

    state: str
    customer_id: object
    uses: int
    used: int
    valid_from: datetime
    valid_until: datetime | None


def valid_between(
    terms: CouponTemplate, *, issued_on: date, at: datetime, timezone: str
) -> tuple[datetime, datetime | None]:
    """From when until when a coupon is good that is issued on a day; its last usable day ends with the local midnight.

    The days of the rule itself narrow it: nothing is good before the first or after the last of them.
    """
    last: date | None = None
    if terms.valid_days is not None:
        last = issued_on + timedelta(days=terms.valid_days)
    elif terms.valid_months is not None:
        last = months_after(issued_on, terms.valid_months)
    if terms.ends_on is not None:
        last = min(last, terms.ends_on) if last else terms.ends_on
    begins = max(at, midnight(terms.starts_on, timezone)) if terms.starts_on else at
    return begins, midnight(last + timedelta(days=1), timezone) if last else None


def refusal_of(coupon: Standing, terms: CouponTemplate, *, customer_id: object, now: datetime) -> str | None:
    """Return why a coupon cannot be used by this customer now, or None; the boundary of its time is too late."""
    if coupon.state == "void":
        return VOID
    if coupon.used >= coupon.uses:
        return USED_UP
    if coupon.state == "expired" or (coupon.valid_until is not None and now >= coupon.valid_until):
        return EXPIRED
    if now < coupon.valid_from:
        return NOT_YET
    if coupon.customer_id != customer_id and not terms.transferable:
        return OTHER_CUSTOMER
    return None


def fits(terms: CouponTemplate, item: CouponItem) -> bool:
    """Tell whether a coupon counts for a line; one that names neither categories nor services counts for all."""
    if terms.service:
        return item.service == terms.service
    if not terms.categories and not terms.services:
        return True
    return item.category in terms.categories or item.service in terms.services


def worth(terms: CouponTemplate, items: Sequence[CouponItem]) -> int | str:
    """Return the fen that a coupon takes off these lines, or why it takes nothing off.

    The least spend is held against the lines that it counts for; a service is given once, at the dearest line of it.
    """
    if terms.gift:
        total = sum(item.fen for item in items)
        return 0 if total >= terms.min_spend_fen else MIN_SPEND
    matching = [item for item in items if fits(terms, item)]
    if not matching:
        return NOT_IN_BILL
    basis = sum(item.fen for item in (items if terms.service else matching))
    if basis < terms.min_spend_fen:
        return MIN_SPEND
    if terms.amount_fen is not None:
        return min(terms.amount_fen, basis)
    if terms.service:
        unit = max(item.fen // max(item.quantity, 1) for item in matching)
        return unit - _share(unit, terms.pay_percent or 0)
    assert terms.pay_percent is not None
    off = basis - _share(basis, terms.pay_percent)
    return off if terms.max_discount_fen is None else min(off, terms.max_discount_fen)


def _share(fen: int, percent: int) -> int:
    """A percentage of an amount, half a fen up."""
    return (fen * percent + 50) // 100


def template_of(reward: ServiceReward | GiftReward) -> CouponTemplate:
    """The coupon by which a service or a gift is given: so it has a code to show and a day until which it is good."""
    if isinstance(reward, ServiceReward):
        return CouponTemplate(
            id=f"{SERVICE_PREFIX}{reward.service}",
            label=reward.label,
            service=reward.service,
            pay_percent=reward.pay_percent or None,
            uses=reward.uses,
            valid_days=reward.valid_days,
            stack_group=f"{SERVICE_PREFIX}{reward.service}",
        )
    return CouponTemplate(
        id=f"{GIFT_PREFIX}{reward.item}",
        label=reward.label,
        gift=reward.item,
        valid_days=reward.valid_days,
        stack_group=f"{GIFT_PREFIX}{reward.item}",
    )
