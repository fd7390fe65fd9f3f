"""The program: its rules and the policy of its ledger; the stored form, the form that plugins bring and `replay` reads."""

from collections import Counter
from typing import TypeVar

import msgspec

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
from core.hooks.records.loyalty.points import EarnEvent, EarnRate, LedgerPolicy, Redeem, TierLadder
from core.hooks.records.text import Text

AnyRule = (
    TierLadder
    | EarnRate
    | EarnEvent
    | Redeem
    | CouponTemplate
    | Referral
    | Birthday
    | ReviewReward
    | ServiceQuota
    | Winback
    | Churn
    | Campaign
    | Goodwill
)
R = TypeVar("R", bound=AnyRule)


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tenant may pick; `id` is local in the plugin and prefixed by the host. At most one live ladder."""

    id: str = "members"
    label: Text = ""
    rules: tuple[AnyRule, ...] = ()
    ledger: LedgerPolicy = LedgerPolicy()
    source: str = ""

    def __post_init__(self) -> None:
        """Name rules without an id after their kind; refuse an id used twice and two live ladders."""
        kinds: Counter[str] = Counter()
        named = []
        for rule in self.rules:
            kind = kind_of(rule)
            kinds[kind] += 1
            default = kind if kinds[kind] == 1 else f"{kind}_{kinds[kind]}"
            named.append(rule if rule.id else msgspec.structs.replace(rule, id=default))
        msgspec.structs.force_setattr(self, "rules", tuple(named))
        again = [code for code, times in Counter(rule.id for rule in named).items() if times > 1]
        if again:
            raise ValueError(f"rule ids are unique: {', '.join(again)}")
        if sum(isinstance(rule, TierLadder) and rule.live for rule in named) > 1:
            raise ValueError("a program has one live tier ladder")

    @property
    def ladder(self) -> TierLadder | None:
        """The live ladder, if the program has tiers."""
        return next((rule for rule in self.rules if isinstance(rule, TierLadder) and rule.live), None)

    def live(self, kind: type[R]) -> tuple[R, ...]:
        """The live rules of one kind, in their order."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind) and rule.live)

    def find(self, rule_id: str) -> AnyRule | None:
        """The rule with this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def kind_of(rule: AnyRule) -> str:
    """The stored name of a rule's kind: `tier_ladder`."""
    tag = rule.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
