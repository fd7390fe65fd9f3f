"""What every rule of a program has, and the things that rules give: points, coupons, services, gifts."""

import re
from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

from core.hooks.records.conditions import Tree
from core.hooks.records.text import Text

Ratio = int | float | str
"""An exact multiplier: 2, "3/2" or 1.5, which is read as it is written and never as a binary fraction."""

Period = Literal["day", "week", "month", "quarter", "year", "membership_year", "lifetime"]
Holder = Literal["household", "person", "subject"]


_RATIO = re.compile(r"\d{1,9}(\.\d{1,18})?(e[+-]?\d{1,2})?|\d{1,9}/0*[1-9]\d{0,8}", re.ASCII)


def ratio(value: Ratio) -> Fraction:
    """Read a multiplier exactly; ValueError when it is none or negative."""
    text = str(value).strip()
    if _RATIO.fullmatch(text) is None:
        raise ValueError("a multiplier is a number that is not negative, or a fraction such as 3/2")
    return Fraction(text)


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all kinds of rules share; `id` is unique in its program and defaults to its kind.

    Of two live rules with the same `group` only one may stand in a program. `starts_on` and `ends_on` are days of the
    tenant's zone, both included. `when` is a condition about the customer.
    """

    id: str = ""
    label: Text = ""
    source: str = ""
    live: bool = True
    group: str = ""
    when: Tree | None = None
    starts_on: date | None = None
    ends_on: date | None = None


class PointsReward(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="points", tag_field="type"
):
    """So many points."""

    points: int


class CouponReward(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="coupon", tag_field="type"
):
    """A coupon of this template (the id of a coupon_template of the same program)."""

    template: str


class ServiceReward(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="service", tag_field="type"
):
    """A service at `pay_percent` of its price, 0 is free, `uses` times within `valid_days`."""

    service: str
    label: Text = ""
    pay_percent: int = 0
    uses: int = 1
    valid_days: int | None = None


class GiftReward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gift", tag_field="type"):
    """A thing that is handed over at the desk."""

    item: str
    label: Text = ""
    valid_days: int | None = None


Reward = PointsReward | CouponReward | ServiceReward | GiftReward


class PercentDiscount(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="percent_discount", tag_field="type"
):
    """The member pays `pay_percent` of the price (90 is 9折), of everything or of the named categories only."""

    pay_percent: int
    categories: tuple[str, ...] = ()
    exclude_categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a percentage that is no discount."""
        if not 1 <= self.pay_percent <= 99:
            raise ValueError("pay_percent lies between 1 and 99")


class FreeService(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="free_service", tag_field="type"
):
    """`quota` times per `period` and holder at `pay_percent` of the price (0 is free); quota None is without limit."""

    service: str
    label: Text = ""
    quota: int | None = None
    period: Period = "year"
    holder: Holder = "subject"
    pay_percent: int = 0
    carry_over: bool = False
    """What is left of one period may be used in the next."""


class NamedClinician(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="named_clinician", tag_field="type"
):
    """The member is assigned one clinician."""

    label: Text = ""


class Perk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="perk", tag_field="type"):
    """Anything else that people give without counting it: a private room, a hand-written card."""

    code: str
    label: Text = ""


TierBenefit = PercentDiscount | FreeService | NamedClinician | Perk
