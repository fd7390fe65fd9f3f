"""Rules about tiers and points: the ladder, what a purchase or an event earns, and what points buy."""

from typing import Literal

import msgspec

from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.parts import Period, Ratio, Rule, TierBenefit, ratio
from core.hooks.records.text import Text

Basis = Literal["lifetime_spend", "period_spend", "points_earned", "points_balance", "visits"]


class Tier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reached at its threshold inclusive: `min_fen` for spending, `min_points` for points, `min_visits` for visits."""

    code: str
    label: Text = ""
    min_fen: int = 0
    min_points: int = 0
    min_visits: int = 0
    earn_multiplier: Ratio = 1
    """Points of earn_rate rules are multiplied by this for members of the tier."""
    when: Tree | None = None
    """A further condition, such as a health need (supplements: 购买金额、健康需求等指标)."""
    benefits: tuple[TierBenefit, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a multiplier that is none."""
        ratio(self.earn_multiplier)


class TierLadder(Rule, frozen=True, kw_only=True, tag="tier_ladder"):
    """Tiers from the lowest up; the first starts at 0 and thresholds rise strictly.

    `upgrade` now or at the start of the next period; `downgrade` never, at the review after grace, or now.
    `period_spend` counts the last `period_months` (or the calendar year with `period` "calendar_year").
    """

    basis: Basis = "lifetime_spend"
    tiers: tuple[Tier, ...]
    period: Literal["rolling", "calendar_year"] = "rolling"
    period_months: int = 12
    upgrade: Literal["now", "next_period"] = "now"
    downgrade: Literal["never", "review", "now"] = "never"
    review_months: int = 12
    grace_days: int = 0
    refunds_lower_spend: bool = True

    def threshold(self, tier: Tier) -> int:
        """What a tier asks for, in the unit of the basis."""
        if self.basis in ("points_earned", "points_balance"):
            return tier.min_points
        return tier.min_visits if self.basis == "visits" else tier.min_fen

    def __post_init__(self) -> None:
        """Refuse an empty ladder, a first tier above 0, thresholds that do not rise, a code used twice, periods of nothing."""
        if not (1 <= self.period_months <= 1200 and 1 <= self.review_months <= 1200 and 0 <= self.grace_days <= 3660):
            raise ValueError("period_months and review_months lie between 1 and 1200, grace_days between 0 and 3660")
        thresholds = [self.threshold(tier) for tier in self.tiers]
        if not thresholds or thresholds[0] != 0:
            raise ValueError("the first tier starts at 0")
        if thresholds != sorted(set(thresholds)):
            raise ValueError("tier thresholds rise strictly")
        codes = [tier.code for tier in self.tiers]
        if len(set(codes)) != len(codes):
            raise ValueError("tier codes are unique")


class Lifetime(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When points begin to count and when they end: pending days first, then months (or days) until the last usable day.

    Expiry counts from activation. The last usable local day is the day of activation + N months, clamped to the end of
    the month (31 January + 1 month is 28 February), or the end of that month, quarter or year.
    """

    pending_days: int = 0
    months: int | None = None
    days: int | None = None
    until: Literal["day", "month_end", "quarter_end", "year_end"] = "day"

    def __post_init__(self) -> None:
        """Refuse both units at once and negative ones."""
        if self.months is not None and self.days is not None:
            raise ValueError("a lifetime counts in months or in days, not in both")
        if self.pending_days < 0 or (self.months or 0) < 0 or (self.days or 0) < 0:
            raise ValueError("a lifetime is not negative")
        if max(self.pending_days, (self.months or 0) * 30, self.days or 0) > 36_600:
            raise ValueError("a lifetime ends within a hundred years")


class EarnRate(Rule, frozen=True, kw_only=True, tag="earn_rate"):
    """`points` for every whole `per_fen` paid (or `per_quantity` pieces): floor(basis // per_fen * points * multipliers).

    The basis is what was paid for eligible lines after discounts. All rates that fit add up, except that of one
    `group` only the best counts.
    """

    per_fen: int = 0
    per_quantity: int = 0
    """Points by pieces of the eligible lines instead of by money; exactly one of the two is given."""
    points: int
    multiplier: Ratio = 1
    tiers: tuple[str, ...] = ()
    """Members of these tiers only; empty: everybody."""
    categories: tuple[str, ...] = ()
    exclude_categories: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """Lines of these items, or of `categories`; both empty: all lines."""
    exclude_services: tuple[str, ...] = ()
    min_fen: int = 0
    """The least basis that earns at all."""
    max_points_per_purchase: int | None = None
    max_points_per_day: int | None = None
    max_points_per_month: int | None = None
    lifetime: Lifetime = Lifetime()

    def __post_init__(self) -> None:
        """Refuse a rate that divides by nothing or gives nothing."""
        ratio(self.multiplier)
        if min(self.per_fen, self.per_quantity) < 0 or (self.per_fen > 0) == (self.per_quantity > 0) or self.points < 1:
            raise ValueError("points are at least 1, and exactly one of per_fen and per_quantity is")


class EarnEvent(Rule, frozen=True, kw_only=True, tag="earn_event"):
    """`points` when something happens, at most `limit` times per `period`."""

    event: str
    """registered, birthday, review, referral, profile_complete, check_in, or a plugin's own; purchase and first_purchase
    happen by themselves with every bill."""
    points: int
    limit: int | None = 1
    period: Period = "lifetime"
    tiers: tuple[str, ...] = ()
    lifetime: Lifetime = Lifetime()


class Redeem(Rule, frozen=True, kw_only=True, tag="redeem"):
    """Points pay at `fen_per_point`, in whole steps, from a minimum up, and for at most a part of the bill."""

    fen_per_point: int
    step: int = 1
    min_points: int = 0
    max_points: int | None = None
    max_percent: int = 100
    """At most this part of the bill (after discounts and coupons), floored to fen."""
    min_bill_fen: int = 0
    tiers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse steps and shares that mean nothing."""
        if self.fen_per_point < 1 or self.step < 1 or not 1 <= self.max_percent <= 100:
            raise ValueError("fen_per_point and step are at least 1, max_percent lies between 1 and 100")


class LedgerPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the ledger does where the documents leave it open."""

    reversal: Literal["clamp", "deficit"] = "clamp"
    """Points to take back that are spent already: forget them, or owe them; later credits pay the debt first."""
    deficit_limit: int | None = None
    give_back_days: int = 30
    """Points given back live at least so long."""
    pool: Literal["household", "person"] = "household"
    """Whose points pay: a household's together, or each person's own."""
    manual_months: int | None = None
    """Granted by hand, points live so long; None: for ever."""
