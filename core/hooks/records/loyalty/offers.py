"""Rules that hand something over: coupons, referrals, birthdays, reviews, quotas, campaigns, goodwill."""

from datetime import date
from typing import Literal

import msgspec

from core.hooks.records.loyalty.parts import Holder, Period, Ratio, Reward, Rule, ratio
from core.hooks.records.text import Text


class CouponTemplate(Rule, frozen=True, kw_only=True, tag="coupon_template"):
    """A coupon: an amount off, a percent to pay, a service at a price, or a thing; one of the four.

    A coupon counts from its issue for `valid_days` days or `valid_months` months, its last day included.
    """

    amount_fen: int | None = None
    pay_percent: int | None = None
    max_discount_fen: int | None = None
    """The most that a percentage takes off."""
    service: str = ""
    """A service item of the price list at `pay_percent` of its price; free without a percentage."""
    gift: str = ""
    min_spend_fen: int = 0
    categories: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """Items that it counts for; with `categories` empty too: for everything."""
    valid_days: int | None = None
    valid_months: int | None = None
    uses: int = 1
    total_limit: int | None = None
    per_customer_limit: int | None = None
    stack_group: str = "coupon"
    """One coupon of each group per bill."""
    transferable: bool = False
    terms: Text = ""

    def __post_init__(self) -> None:
        """Refuse a coupon that gives nothing or two things."""
        given = [self.amount_fen is not None, bool(self.service), bool(self.gift)]
        if not self.service:
            given.append(self.pay_percent is not None)
        if sum(given) != 1:
            raise ValueError("a coupon gives exactly one of: amount, percent, service, gift")
        if self.amount_fen is not None and self.amount_fen < 1:
            raise ValueError("an amount off is at least 1 fen")
        if self.pay_percent is not None and not 0 <= self.pay_percent <= 99:
            raise ValueError("pay_percent lies between 0 and 99")


ReferralCheck = Literal["household", "phone", "payer", "device", "existing", "monthly", "staff"]


class Referral(Rule, frozen=True, kw_only=True, tag="referral"):
    """A member brings a new customer; both are given something when the newcomer has qualified.

    Qualified: the first paid visit of at least `min_fen`, not refunded for `hold_days` days. Whoever fails one of the
    `checks` waits for a manager.
    """

    referrer: tuple[Reward, ...] = ()
    referee: tuple[Reward, ...] = ()
    event: Literal["first_purchase", "registered"] = "first_purchase"
    referee_when: Literal["registered", "qualified"] = "qualified"
    """When the newcomer is given theirs: at once, to use it on the first visit, or after it."""
    min_fen: int = 0
    hold_days: int = 7
    expires_days: int = 90
    """An invitation that led to nothing ends after so many days."""
    monthly_limit: int = 10
    checks: tuple[ReferralCheck, ...] = ("household", "phone", "payer", "device", "existing", "monthly", "staff")


class Birthday(Rule, frozen=True, kw_only=True, tag="birthday"):
    """Something to choose on a birthday, to be picked up between `lead_days` before and `grace_days` after it."""

    subject: Literal["subject", "person"] = "subject"
    """Whose birthday: each pet's (or patient's), or the customer's own."""
    subject_type: str = ""
    choose_one_of: tuple[Reward, ...] = ()
    lead_days: int = 7
    grace_days: int = 7
    once_per: Literal["subject", "household"] = "subject"
    tiers: tuple[str, ...] = ()


class ReviewReward(Rule, frozen=True, kw_only=True, tag="review_reward"):
    """A reward for a genuine review with a picture on a public platform, after somebody has looked at the proof.

    `positive_only` stays off by default: paying only for praise is fined in China (好评返现, 反不正当竞争法 §8).
    """

    platforms: tuple[tuple[str, Text], ...] = ()
    """Code and name of each platform."""
    needs_picture: bool = True
    choose_one_of: tuple[Reward, ...] = ()
    positive_only: bool = False
    cooldown_days: int = 90
    """One reward per platform in so many days, and one per visit."""


class ServiceQuota(Rule, frozen=True, kw_only=True, tag="service_quota"):
    """A service at `pay_percent` of its price (0 is free) `quota` times per period; quota None is without limit.

    年度体检享8折 is a quota of one a year at 80 percent, for `tiers` or, when empty, for every member.
    """

    service: str
    quota: int | None = 1
    period: Period = "year"
    holder: Holder = "subject"
    pay_percent: int = 0
    tiers: tuple[str, ...] = ()
    carry_over: bool = False


class DayWindow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="days", tag_field="type"):
    """From one day to another, both included: once (`2026-11-11`), or every year as month and day (`11-11`)."""

    first: str
    last: str

    def __post_init__(self) -> None:
        """Refuse what is no day, and a once beside an every year."""
        lengths = {len(day) for day in (self.first, self.last)}
        if lengths not in ({5}, {10}):
            raise ValueError("days are both 2026-11-11 or both 11-11")
        for day in (self.first, self.last):
            date.fromisoformat(day if len(day) == 10 else f"2024-{day}")


class FestivalWindow(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="festival", tag_field="type"
):
    """Around a festival, by the lunar calendar where the festival is: spring, lantern, dragon_boat, qixi, mid_autumn, double_ninth."""

    festival: str
    before_days: int = 0
    after_days: int = 0


class WeekdayWindow(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="weekday", tag_field="type"
):
    """On these days of the week; 1 is Monday."""

    days: tuple[int, ...]


Window = DayWindow | FestivalWindow | WeekdayWindow


class Campaign(Rule, frozen=True, kw_only=True, tag="campaign"):
    """While one of its windows is open: more points, a lower price, or something given once; never above its budget.

    Date and festival windows are alternatives; weekday windows narrow them. Without windows `starts_on` and `ends_on` are the
    whole of it.
    """

    windows: tuple[Window, ...] = ()
    earn_multiplier: Ratio = 1
    pay_percent: int | None = None
    categories: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    rewards: tuple[Reward, ...] = ()
    min_fen: int = 0
    per_customer_limit: int | None = None
    budget_fen: int | None = None
    budget_points: int | None = None
    message: Text = ""

    def __post_init__(self) -> None:
        """Refuse a multiplier that is none and a percentage that is no discount."""
        ratio(self.earn_multiplier)
        if self.pay_percent is not None and not 1 <= self.pay_percent <= 99:
            raise ValueError("pay_percent lies between 1 and 99")


class RoleLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to how many fen (or points' worth) a role may give by itself."""

    role: str
    max_fen: int


class Goodwill(Rule, frozen=True, kw_only=True, tag="goodwill"):
    """A credit because of a complaint; above the limit of one's role somebody with a higher one approves."""

    limits: tuple[RoleLimit, ...] = ()
    max_fen_per_complaint: int | None = None
    valid_months: int | None = 12
