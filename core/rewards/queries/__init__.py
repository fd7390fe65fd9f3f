"""Reads coupons and benefits."""

from core.rewards.queries.benefits import (
    GrantFacts,
    UseFacts,
    find_named_clinician,
    get_grant,
    get_use,
    list_customers_of_clinician,
    list_grants,
    list_uses,
)
from core.rewards.queries.coupons import (
    CouponFacts,
    RedemptionFacts,
    find_coupon_by_code,
    get_coupon,
    get_coupon_by_code,
    list_coupons,
    list_redemptions,
)

__all__ = [
    "CouponFacts",
    "GrantFacts",
    "RedemptionFacts",
    "UseFacts",
    "find_coupon_by_code",
    "find_named_clinician",
    "get_coupon",
    "get_coupon_by_code",
    "get_grant",
    "get_use",
    "list_coupons",
    "list_customers_of_clinician",
    "list_grants",
    "list_redemptions",
    "list_uses",
]
