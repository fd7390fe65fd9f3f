"""Issues and redeems coupons, grants and consumes benefits."""

from core.rewards.actions.benefits import (
    Consumed,
    consume_benefit,
    give_back_benefit,
    grant_benefit,
    grant_tier_benefits,
    name_clinician,
    secure_benefit,
)
from core.rewards.actions.coupons import (
    Redeemed,
    check_coupon,
    expire_coupons,
    redeem_coupon,
    restore_coupon,
    void_coupon,
)
from core.rewards.actions.issuing import issue_coupon, issue_reward

__all__ = [
    "Consumed",
    "Redeemed",
    "check_coupon",
    "consume_benefit",
    "expire_coupons",
    "give_back_benefit",
    "grant_benefit",
    "grant_tier_benefits",
    "issue_coupon",
    "issue_reward",
    "name_clinician",
    "redeem_coupon",
    "restore_coupon",
    "secure_benefit",
    "void_coupon",
]
