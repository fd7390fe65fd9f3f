"""What a rule hands out and names, whatever its kind: rewards with their place, services, categories, tiers, roles."""

from collections.abc import Iterator

from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.care import Churn, Winback
from core.hooks.records.loyalty.offers import (
    Birthday,
    Campaign,
    CouponTemplate,
    Goodwill,
    Referral,
    ReviewReward,
    ServiceQuota,
)
from core.hooks.records.loyalty.parts import FreeService, PercentDiscount, Reward, ServiceReward
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import AnyRule

Named = Iterator[tuple[str, str]]
"""(path, code) pairs."""


def rewards_of(rule: AnyRule) -> Iterator[tuple[str, Reward]]:
    """Every reward that the rule may give, with its path: `referrer[0]`."""
    for name in _reward_fields(rule):
        for index, reward in enumerate(getattr(rule, name)):
            yield f"{name}[{index}]", reward


def _reward_fields(rule: AnyRule) -> tuple[str, ...]:
    if isinstance(rule, Referral):
        return ("referrer", "referee")
    if isinstance(rule, Birthday | ReviewReward | Winback):
        return ("choose_one_of",)
    return ("rewards",) if isinstance(rule, Campaign) else ()


def services_of(rule: AnyRule) -> Named:
    """Every service item that the rule names."""
    if isinstance(rule, TierLadder):
        for at, tier in enumerate(rule.tiers):
            for index, benefit in enumerate(tier.benefits):
                if isinstance(benefit, FreeService):
                    yield f"tiers[{at}].benefits[{index}].service", benefit.service
    if isinstance(rule, CouponTemplate | ServiceQuota) and rule.service:
        yield "service", rule.service
    for name in ("services", "exclude_services"):
        yield from ((f"{name}[{index}]", code) for index, code in enumerate(getattr(rule, name, ())))
    for path, reward in rewards_of(rule):
        if isinstance(reward, ServiceReward):
            yield f"{path}.service", reward.service


def categories_of(rule: AnyRule) -> Named:
    """Every kind of fee that the rule names."""
    for name in ("categories", "exclude_categories"):
        yield from ((f"{name}[{index}]", code) for index, code in enumerate(getattr(rule, name, ())))
    if isinstance(rule, TierLadder):
        for at, tier in enumerate(rule.tiers):
            for index, benefit in enumerate(tier.benefits):
                if isinstance(benefit, PercentDiscount):
                    for name in ("categories", "exclude_categories"):
                        for place, code in enumerate(getattr(benefit, name)):
                            yield f"tiers[{at}].benefits[{index}].{name}[{place}]", code


def tiers_of(rule: AnyRule) -> Named:
    """Every tier that the rule is for; a ladder's own are not among them."""
    if not isinstance(rule, TierLadder):
        yield from ((f"tiers[{index}]", code) for index, code in enumerate(getattr(rule, "tiers", ())))


def roles_of(rule: AnyRule) -> Named:
    """Every role of the staff that the rule names."""
    if isinstance(rule, Churn):
        yield from ((f"roles[{index}]", code) for index, code in enumerate(rule.roles))
    if isinstance(rule, Goodwill):
        yield from ((f"limits[{index}].role", limit.role) for index, limit in enumerate(rule.limits))


def trees_of(rule: AnyRule) -> Iterator[tuple[str, Tree]]:
    """Every condition about the customer."""
    if rule.when is not None:
        yield "when", rule.when
    if isinstance(rule, TierLadder):
        for at, tier in enumerate(rule.tiers):
            if tier.when is not None:
                yield f"tiers[{at}].when", tier.when
