"""A loyalty program as data: a ladder of tiers by lifetime spend, and the benefits of each tier."""

from typing import Literal

import msgspec

from core.hooks.records.text import Text


class PercentDiscount(msgspec.Struct, frozen=True, kw_only=True, tag="percent_discount", tag_field="type"):
    """The member pays `pay_percent` of the price: 90 is 9折."""

    pay_percent: int

    def __post_init__(self) -> None:
        """Refuse a percentage that is no discount."""
        if not 1 <= self.pay_percent <= 99:
            raise ValueError("pay_percent lies between 1 and 99")


class FreeService(msgspec.Struct, frozen=True, kw_only=True, tag="free_service", tag_field="type"):
    """`quota` times per `period` and holder; None leaves the number to the tenant."""

    service: str
    label: Text
    quota: int | None = None
    period: Literal["month", "quarter", "year", "lifetime"] = "year"
    holder: Literal["household", "subject"] = "subject"


class NamedClinician(msgspec.Struct, frozen=True, kw_only=True, tag="named_clinician", tag_field="type"):
    """The member is assigned one clinician."""

    label: Text


TierBenefit = PercentDiscount | FreeService | NamedClinician


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Reached at `min_fen` inclusive."""

    code: str
    label: Text
    min_fen: int
    benefits: tuple[TierBenefit, ...] = ()


class TierLadder(msgspec.Struct, frozen=True, kw_only=True, tag="tier_ladder", tag_field="kind"):
    """Tiers from the lowest up; the first starts at 0 and thresholds rise strictly."""

    basis: Literal["lifetime_spend"] = "lifetime_spend"
    tiers: tuple[Tier, ...]
    downgrade: Literal["never", "review", "now"] = "never"
    upgrade: Literal["now", "next_period"] = "now"
    refunds_lower_spend: bool = True

    def __post_init__(self) -> None:
        """Refuse an empty ladder, a first tier above 0, and thresholds that do not rise."""
        if not self.tiers or self.tiers[0].min_fen != 0:
            raise ValueError("the first tier starts at 0 fen")
        thresholds = [tier.min_fen for tier in self.tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError("tier thresholds rise strictly")
        codes = [tier.code for tier in self.tiers]
        if len(set(codes)) != len(codes):
            raise ValueError("tier codes are unique")


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant may pick; `id` is local in the plugin and prefixed by the host."""

    id: str
    label: Text
    ladder: TierLadder
    source: str = ""
