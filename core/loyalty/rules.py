"""Tiers and prices of a loyalty program, computed from integer fen alone."""

import hashlib

import msgspec

from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.hooks.records.loyalty.program import Program

LARGEST_FEN = 100_000_000_00
"""One bill above one hundred million yuan is a slip of the finger."""


class Missing(msgspec.Struct, frozen=True):
    """The next tier and what is missing to it."""

    tier: Tier
    fen: int


class Price(msgspec.Struct, frozen=True):
    """A bill after the member's discount."""

    list_fen: int
    pay_percent: int
    paid_fen: int

    @property
    def saved_fen(self) -> int:
        return self.list_fen - self.paid_fen


def tier_for(ladder: TierLadder, spent_fen: int) -> Tier:
    """The highest tier whose threshold is reached; 累计消费 500 元 reaches silver at exactly 500.00."""
    reached = [tier for tier in ladder.tiers if tier.min_fen <= spent_fen]
    return reached[-1] if reached else ladder.tiers[0]


def find_tier(ladder: TierLadder, code: str | None) -> Tier | None:
    """The tier with this code, or None when the ladder has none (any more)."""
    return next((tier for tier in ladder.tiers if tier.code == code), None)


def tier_after(ladder: TierLadder, *, current: str | None, spent_fen: int, may_fall: bool = False) -> Tier:
    """The tier after the sum changed: up at once; down only where the ladder says `now` or the caller allows it."""
    earned = tier_for(ladder, spent_fen)
    held = find_tier(ladder, current)
    if held is None or may_fall or ladder.downgrade == "now":
        return earned
    return max(held, earned, key=lambda tier: tier.min_fen)


def next_tier(ladder: TierLadder, *, current: str | None, spent_fen: int) -> Missing | None:
    """The tier after the one held and the fen that are missing to it; None at the top."""
    held = find_tier(ladder, current) or tier_for(ladder, spent_fen)
    above = [tier for tier in ladder.tiers if tier.min_fen > held.min_fen]
    return Missing(above[0], max(0, above[0].min_fen - spent_fen)) if above else None


def pay_percent(tier: Tier | None) -> int:
    """What a member of this tier pays of the price: 90 is 9折."""
    shares = [b.pay_percent for b in tier.benefits if isinstance(b, PercentDiscount)] if tier else []
    return min(shares, default=100)


def member_price(list_fen: int, percent: int) -> Price:
    """The discount on the whole bill, half a fen rounded up; shares of lines are never rounded one by one."""
    return Price(list_fen, percent, (list_fen * percent + 50) // 100)


def opening_delta(*, known_fen: int, told_fen: int) -> int:
    """What an opening entry must add so that the openings of one customer sum up to what the list says."""
    return told_fen - known_fen


def program_version(program: Program) -> str:
    """A name for exactly these rules, stored with every entry."""
    return hashlib.sha256(msgspec.json.encode(program, order="sorted")).hexdigest()[:12]
