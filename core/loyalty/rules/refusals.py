"""Why an operation of loyalty is refused: one closed list of words, the same in replay, API and pages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # What was sent
        "bad-event": "the event is no object, or has no known type",
        "bad-time": "the time is no ISO date or datetime",
        "out-of-order": "the event lies before another one that came already",
        "bad-key": "the key is empty, too long or no text",
        "key-reused": "the key belongs to something else: another amount, another purchase",
        "fen-not-whole": "the amount is missing or no whole number of fen",
        "fen-not-positive": "the amount is zero or negative",
        "fen-too-large": "the amount is larger than any bill",
        "points-not-whole": "the points are missing or no whole number",
        "points-not-positive": "the points are zero or negative",
        "points-too-large": "more points than anybody can have",
        "bad-lines": "the lines are no list of objects with fen",
        "lines-differ": "the lines do not sum up to the amount",
        "bad-lifetime": "the lifetime cannot be read, or the end lies in the past",
        "bad-field": "another field of the event cannot be read",
        # Purchases
        "unknown-purchase": "there is no such purchase",
        "nothing-to-refund": "the purchase is refunded wholly already",
        "refund-too-large": "more is to be refunded than was paid and not refunded yet",
        # Points
        "not-enough-points": "fewer usable points than asked",
        "no-redeem-rule": "no live rule lets this member pay with points on this day",
        "not-whole-steps": "points are spent in whole steps",
        "below-minimum": "fewer points than the least that may be spent at once",
        "above-maximum": "more points than may be spent at once",
        "bill-too-small": "the bill is too small to pay with points",
        "above-bill-share": "points may pay for a part of the bill only, and this is more",
        "unknown-redemption": "there is no such redemption",
        "nothing-to-give-back": "all points of the redemption were given back already",
        # Events
        "no-event-rule": "no live rule gives this member points for this event on this day",
        "event-limit": "the event has earned as often as it may in this period",
        # Tiers
        "no-ladder": "the program has no tiers",
        "unknown-tier": "the ladder has no such tier",
        "bad-pin": "the last day of the pinned tier is missing, cannot be read, or lies in the past",
        # Coupons and services
        "unknown-template": "the program has no such live coupon",
        "template-limit": "all coupons of this kind are issued",
        "customer-limit": "this member has as many coupons of this kind as allowed",
        "unknown-coupon": "there is no such coupon",
        "coupon-used": "the coupon is used up",
        "coupon-void": "the coupon was made void",
        "coupon-expired": "the coupon is past its last day",
        "coupon-below-minimum": "the bill is smaller than the coupon asks for",
        "coupon-not-for-this": "nothing on the bill is what the coupon counts for",
        "coupon-not-yet": "the coupon counts from a later day on",
        "coupon-of-another": "the coupon belongs to another member",
        "coupon-unused": "the coupon was not used",
        "coupon-stack": "another coupon of the same group is used on this bill",
        "unknown-service": "no live rule gives this member this service",
        "benefit-cheaper": "the line costs no more without the service's price",
        "benefit-needs-subject": "the service belongs to each pet, and no such pet was named",
        "benefit-period-over": "the service was given for a period that does not hold this day",
        "quota-used": "the service is used up for this period",
    }
)


class Refusal(msgspec.Struct, frozen=True):
    """An operation that is not done, and why; `params` hold the numbers that a text about it names."""

    code: str
    params: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Hold the list closed."""
        if self.code not in CODES:
            raise ValueError(f"no refusal code: {self.code}")


class Refused(Exception):
    """Carries a refusal out of a pure fold."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, params)
