"""Which tier a member has: thresholds reached, ups and downs, reviews, and the tier that somebody pinned."""

import msgspec

from core.hooks.records.loyalty.points import Tier, TierLadder


class Missing(msgspec.Struct, frozen=True):
    """The next tier and what is missing to it."""

    tier: Tier
    fen: int


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
