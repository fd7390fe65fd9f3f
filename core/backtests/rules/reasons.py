"""Puts reasons together: which conditions hold with the value on record, why a tier stays, what a tier brings."""

from datetime import date
from typing import Any, Literal

from core.backtests.rules.effects import Held
from core.backtests.rules.moves import falls
from core.conditions.rules.closure import Facts, explain
from core.hooks.records.conditions import All, AnyOf, Not, Tree
from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import Tier, TierLadder
from core.hooks.records.text import Text, both
from core.loyalty.rules.tiers import find_tier, reached

Reason = Literal["rises", "falls", "stays", "kept", "pinned", "no-ladder"]


def held_of(tree: Tree | None, facts: Facts, today: date) -> tuple[Held, ...]:
    """Each condition of a tree with its verdict; what only joins others is left out."""
    if tree is None:
        return ()
    return tuple(
        Held(field=one.node.field, holds=one.holds, value=plain_of(one.value), path=one.path)
        for one in explain(tree, facts, today=today)
        if not isinstance(one.node, All | AnyOf | Not)
    )


def plain_of(value: Any) -> str | int | bool | None:
    """A value as JSON holds it; days and measures as text."""
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def reason_of(
    live: TierLadder | None, draft: TierLadder | None, before: str, after: str, *, total: int, pinned: bool
) -> Reason:
    """Why the tier is what it is after publishing."""
    if draft is None:
        return "no-ladder"
    if pinned:
        return "pinned"
    if before != after:
        return "falls" if falls(live, draft, before or None, after) else "rises"
    held = find_tier(draft, after)
    lower = held is not None and draft.threshold(reached(draft, total)) < draft.threshold(held)
    return "kept" if lower else "stays"


def benefit_labels(tier: Tier | None) -> tuple[Text, ...]:
    """What a tier brings, in words; a discount says itself: 9折, pays 90 %."""
    found: list[Text] = []
    for benefit in tier.benefits if tier else ():
        if isinstance(benefit, PercentDiscount):
            found.append(discount_label(benefit.pay_percent))
        else:
            found.append(benefit.label or getattr(benefit, "service", "") or getattr(benefit, "code", ""))
    return tuple(found)


def discount_label(percent: int) -> Text:
    """90 is 9折, 85 is 8.5折."""
    whole, part = divmod(percent, 10)
    return both(f"{whole}.{part}折" if part else f"{whole}折", f"{100 - percent} % off")
