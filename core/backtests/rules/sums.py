"""Adds up what two programs gave over the pieces of a run, and makes the figures of an effect of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from core.backtests.rules.effects import Note, Pair, RuleEffect, Span
from core.backtests.rules.replay import Given
from core.hooks.records.loyalty.offers import Campaign, CouponTemplate
from core.hooks.records.loyalty.points import EarnEvent, EarnRate
from core.hooks.records.loyalty.program import AnyRule, Program, kind_of

MIN_DAYS, DAYS, MAX_DAYS = 7, 90, 365
"""90 days: the specification; a tenant may ask for a week up to a year."""
WEEK: Final = 7


class Sums(msgspec.Struct):
    """What one program gave so far; of one program's pieces every list has the same length."""

    rule_points: list[int] = []
    rule_times: list[int] = []
    day_points: list[int] = []
    day_fen: list[int] = []

    def add(self, given: Given) -> None:
        """Add what a piece gave."""
        self.rule_points = added(self.rule_points, given.rule_points)
        self.rule_times = added(self.rule_times, given.rule_times)
        self.day_points = added(self.day_points, given.day_points)
        self.day_fen = added(self.day_fen, given.day_fen)

    @property
    def points(self) -> int:
        """All points of purchases."""
        return sum(self.day_points)

    @property
    def fen(self) -> int:
        """All discounts."""
        return sum(self.day_fen)


class Partial(msgspec.Struct):
    """A run so far."""

    live: Sums
    draft: Sums
    day_purchases: list[int] = []
    members: int = 0


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the replayed days besides purchases."""

    events: Mapping[str, int] = {}
    """How often each event happened that rules may name."""
    by_rule: Mapping[str, int] = {}
    """How often each rule for an event gave points, as the ledger says."""
    coupons: Mapping[str, int] = {}
    """How many coupons of each template were handed out."""


def added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Two lists summed place by place; an empty one counts as zeros."""
    if not one or not other:
        return list(one or other)
    return [left + right for left, right in zip(one, other, strict=True)]


def rule_effects(live: Program | None, draft: Program, partial: Partial, counted: Counted) -> tuple[RuleEffect, ...]:
    """What each rule gave under either program: rates, events and coupons, the rules of the draft first."""
    found: dict[str, RuleEffect] = {}
    for program, sums, is_draft in ((draft, partial.draft, True), (live, partial.live, False)):
        if program is None:
            continue
        places = {rule.id: place for place, rule in enumerate(program.live(EarnRate))}
        rules: tuple[EarnRate | EarnEvent | CouponTemplate, ...] = (
            *program.live(EarnRate),
            *program.live(EarnEvent),
            *program.live(CouponTemplate),
        )
        for rule in rules:
            if isinstance(rule, EarnRate):
                times, points, fen = sums.rule_times[places[rule.id]], sums.rule_points[places[rule.id]], 0
            elif isinstance(rule, EarnEvent):
                times = event_times(rule, live, counted)
                points, fen = times * rule.points, 0
            else:
                times = counted.coupons.get(rule.id, 0)
                points, fen = 0, times * (rule.amount_fen or 0)
            known = found.get(rule.id) or RuleEffect(rule_id=rule.id, kind=kind_of(rule), label=rule.label)
            found[rule.id] = _with(known, times, points, fen, is_draft=is_draft)
    return tuple(one for one in found.values() if _says(one))


def event_times(rule: EarnEvent, live: Program | None, counted: Counted) -> int:
    """How often a rule for an event would have given points: as often as the event happened, or as its like did."""
    if rule.event in counted.events:
        return counted.events[rule.event]
    same = live.live(EarnEvent) if live is not None else ()
    return max((counted.by_rule.get(one.id, 0) for one in same if one.event == rule.event), default=0)


def event_points(effects: Sequence[RuleEffect]) -> Pair:
    """The points of events alone."""
    mine = [one.points for one in effects if one.kind == "earn_event"]
    return Pair(sum(one.live for one in mine), sum(one.draft for one in mine))


def rewards_of(live: Program | None, draft: Program, counted: Counted) -> Pair:
    """Coupons that were handed out, and those of them whose template the draft still has."""
    known = {rule.id for rule in draft.live(CouponTemplate)}
    before = {rule.id for rule in live.live(CouponTemplate)} if live is not None else set()
    kept = sum(number for code, number in counted.coupons.items() if code in known or code not in before)
    return Pair(sum(counted.coupons.values()), kept)


def spans_of(days: Sequence[date], partial: Partial) -> tuple[Span, ...]:
    """The replayed days by week, the last week ending with the last day."""
    found = []
    for first in range(len(days) % WEEK - WEEK if len(days) % WEEK else 0, len(days), WEEK):
        week = slice(max(0, first), first + WEEK)
        found.append(
            Span(
                first=days[max(0, first)],
                purchases=sum(partial.day_purchases[week]),
                points=Pair(sum(partial.live.day_points[week]), sum(partial.draft.day_points[week])),
                discount_fen=Pair(sum(partial.live.day_fen[week]), sum(partial.draft.day_fen[week])),
            )
        )
    return tuple(found)


def notes_of(live: Program | None, draft: Program, *, purchases: int, fen_per_point: int) -> tuple[Note, ...]:
    """What the figures do not say."""
    found = []
    if live is None:
        found.append(Note(code="no-live-program"))
    if not purchases:
        found.append(Note(code="no-purchases"))
    if not fen_per_point and any(rule.live and isinstance(rule, EarnRate | EarnEvent) for rule in draft.rules):
        found.append(Note(code="points-buy-nothing"))
    found += [Note(code="condition-of-today", rule_id=rule.id) for rule in draft.rules if _conditioned(rule)]
    found += [
        Note(code="budget-not-counted", rule_id=rule.id)
        for rule in draft.live(Campaign)
        if rule.budget_fen is not None or rule.budget_points is not None or rule.pay_percent is not None
    ]
    if any(kind_of(rule) in _NOT_COUNTED and rule.live for rule in draft.rules):
        found.append(Note(code="rewards-not-counted"))
    return tuple(found)


_NOT_COUNTED: Final = frozenset({"referral", "birthday", "review_reward", "service_quota", "winback", "goodwill"})


def _conditioned(rule: AnyRule) -> bool:
    return rule.live and rule.when is not None and isinstance(rule, EarnRate | EarnEvent | Campaign)


def _with(known: RuleEffect, times: int, points: int, fen: int, *, is_draft: bool) -> RuleEffect:
    def pair(before: Pair, value: int) -> Pair:
        return Pair(before.live, value) if is_draft else Pair(value, before.draft)

    return msgspec.structs.replace(
        known, times=pair(known.times, times), points=pair(known.points, points), fen=pair(known.fen, fen)
    )


def _says(one: RuleEffect) -> bool:
    return one.kind != "coupon_template" or bool(one.times.live or one.times.draft)
