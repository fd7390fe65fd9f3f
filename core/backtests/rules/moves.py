"""Who changes tier when rules are published: judged once for all members who stand alike, by the rules of the ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from core.backtests.rules.effects import Move, Pair, TierCount
from core.hooks.records.loyalty.points import TierLadder
from core.loyalty.rules.tiers import Standing, evaluate, find_tier, reached

NO_TIER = ""


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Members who stand alike.

    The tier they hold (empty: none yet), how many thresholds of the tried ladder they reach, and which of its conditions
    hold, as bits.
    """

    tier: str
    step: int
    mask: int = 0
    people: int = 0
    pinned: bool = False


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """Where members who stand alike would go."""

    alike: Alike
    whence: Literal["publish", "review"]
    before: str | None
    after: str
    is_up: bool


def value_of(ladder: TierLadder, step: int) -> int:
    """Any sum that reaches so many thresholds; below the first there is only what refunds made negative."""
    return ladder.threshold(ladder.tiers[step - 1]) if step else -1


def fates(
    live: TierLadder | None,
    draft: TierLadder | None,
    groups: Sequence[Alike],
    *,
    conditions: Sequence[str],
    at: datetime,
    zone: str,
) -> tuple[Fate, ...]:
    """Everybody who would be elsewhere, on the day of publishing and after the next review; who is pinned stays.

    `conditions` are the codes of tiers with a condition, in the order of the bits.
    """
    found = []
    for one in groups:
        if one.pinned:
            continue
        before = one.tier or (live.tiers[0].code if live is not None else None)
        after = tier_published(draft, one, conditions, at=at, zone=zone)
        if draft is None:
            if before is not None and live is not None and before != live.tiers[0].code:
                found.append(Fate(alike=one, whence="publish", before=before, after=NO_TIER, is_up=False))
            continue
        if (one.tier or draft.tiers[0].code) != after:
            up = not falls(live, draft, before, after)
            found.append(Fate(alike=one, whence="publish", before=before, after=after, is_up=up))
        later = tier_reviewed(draft, one, conditions, after)
        if later != after:
            up = not falls(draft, draft, after, later)
            found.append(Fate(alike=one, whence="review", before=after, after=later, is_up=up))
    return tuple(found)


def tier_published(draft: TierLadder | None, one: Alike, conditions: Sequence[str], *, at: datetime, zone: str) -> str:
    """The tier right after publishing: what the ledger itself makes of this standing."""
    if draft is None:
        return NO_TIER
    standing = Standing(tier=one.tier or None, since=at)
    value = value_of(draft, one.step)
    after = evaluate(draft, standing, value, at=at, zone=zone, allowed=allowed_of(conditions, one.mask))
    return after.tier or draft.tiers[0].code


def tier_reviewed(draft: TierLadder, one: Alike, conditions: Sequence[str], held: str) -> str:
    """The tier after the next review, if nothing were bought until then."""
    earned = reached(draft, value_of(draft, one.step), allowed_of(conditions, one.mask))
    standing = find_tier(draft, held) or draft.tiers[0]
    rises = draft.threshold(earned) > draft.threshold(standing)
    may = draft.upgrade == "next_period" if rises else draft.downgrade == "review"
    return earned.code if may else held


def allowed_of(conditions: Sequence[str], mask: int) -> frozenset[str]:
    """The tiers whose condition holds, read from the bits."""
    return frozenset(code for place, code in enumerate(conditions) if mask >> place & 1)


def falls(live: TierLadder | None, draft: TierLadder, before: str | None, after: str) -> bool:
    """Whether a way leads down: by the tried ladder where it knows both tiers, else by their places."""
    held, new = find_tier(draft, before), find_tier(draft, after)
    if held is not None and new is not None:
        return draft.threshold(new) < draft.threshold(held)
    return _place(draft, after) < (_place(live, before) if live is not None else 0)


def tier_counts(
    live: TierLadder | None, draft: TierLadder | None, groups: Sequence[Alike], *, conditions: Sequence[str],
    at: datetime, zone: str,
) -> tuple[TierCount, ...]:  # fmt: skip
    """How many members hold each tier, before and after; tiers of both ladders, those of the tried one first."""
    labels = {tier.code: tier.label for ladder in (draft, live) if ladder for tier in reversed(ladder.tiers)}
    order = [tier.code for tier in draft.tiers] if draft else []
    order += [tier.code for tier in live.tiers if tier.code not in order] if live else []
    before, after = dict.fromkeys(order, 0), dict.fromkeys(order, 0)
    for one in groups:
        old = one.tier or (live.tiers[0].code if live is not None else "")
        new = one.tier if one.pinned else tier_published(draft, one, conditions, at=at, zone=zone)
        for counts, code in ((before, old), (after, new)):
            if code in counts:
                counts[code] += one.people
    return tuple(TierCount(code=code, label=labels[code], people=Pair(before[code], after[code])) for code in order)


def moves_of(counted: Mapping[tuple[str | None, str, bool], int]) -> tuple[Move, ...]:
    """The ways with how many go them, falls first, the busiest first."""
    found = [
        Move(before=before, after=after, people=people, is_up=is_up)
        for (before, after, is_up), people in counted.items()
    ]
    return tuple(sorted(found, key=lambda move: (move.is_up, -move.people, move.before or "", move.after)))


def _place(ladder: TierLadder, code: str | None) -> int:
    return next((place for place, tier in enumerate(ladder.tiers) if tier.code == code), 0)
