"""What a campaign has spent, and whether anything is left of it."""

import msgspec

from core.hooks.records.loyalty.offers import Campaign


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign has given: fen taken off, points, and how often."""

    fen: int = 0
    points: int = 0
    uses: int = 0


def is_spent(campaign: Campaign, spent: Spent) -> bool:
    """Whether nothing is left of one of its budgets."""
    return (campaign.budget_fen is not None and spent.fen >= campaign.budget_fen) or (
        campaign.budget_points is not None and spent.points >= campaign.budget_points
    )
