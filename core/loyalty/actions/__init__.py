"""What moves purchases, points and tiers: each operation is one transaction on locked accounts."""

from core.loyalty.actions.burns import UnknownRedemption, give_back_points, redeem_points
from core.loyalty.actions.giving import GivenReward, give_reward, use_benefit
from core.loyalty.actions.goodwill import ComplaintCredited, NeedsApproval, credit_goodwill
from core.loyalty.actions.ledger import KeyReused
from core.loyalty.actions.pinning import pin_tier
from core.loyalty.actions.points import PointsRefused, Posted, adjust_points, earn_event, grant_points
from core.loyalty.actions.purchases import PurchaseLine, Recorded, record_purchase
from core.loyalty.actions.refunds import NothingToRefund, refund_purchase
from core.loyalty.actions.sweeps import close_due, sweep_account
from core.loyalty.actions.tiers import TierChange

__all__ = [
    "ComplaintCredited",
    "GivenReward",
    "KeyReused",
    "NeedsApproval",
    "NothingToRefund",
    "PointsRefused",
    "Posted",
    "PurchaseLine",
    "Recorded",
    "TierChange",
    "UnknownRedemption",
    "adjust_points",
    "close_due",
    "credit_goodwill",
    "earn_event",
    "give_back_points",
    "give_reward",
    "grant_points",
    "pin_tier",
    "record_purchase",
    "redeem_points",
    "refund_purchase",
    "sweep_account",
    "use_benefit",
]
