"""An effect as data: who changes tier, and points and yuan under the live program beside the draft."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.hooks.records.text import Text

NoteCode = Literal[
    "no-live-program",
    "no-purchases",
    "condition-of-today",
    "rewards-not-counted",
    "budget-not-counted",
    "points-buy-nothing",
    "effective-later",
]
When = Literal["publish", "review"]


class Pair(msgspec.Struct, frozen=True):
    """The same figure under the live program and under the draft."""

    live: int = 0
    draft: int = 0

    @property
    def change(self) -> int:
        """What the draft gives more; negative when it gives less."""
        return self.draft - self.live


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """So many members go from one tier to another; codes. `before` is None where the live program has no tiers."""

    before: str | None
    after: str
    people: int
    is_up: bool


class TierCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many members hold a tier today (`live`), and right after publishing (`draft`), lowest tier first."""

    code: str
    label: Text
    people: Pair


class RuleEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule alone gave in the replayed days: `times` it gave anything, `points` and `fen` in all."""

    rule_id: str
    kind: str
    label: Text
    times: Pair = Pair()
    points: Pair = Pair()
    fen: Pair = Pair()


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A week of the replayed days, by its first day: the chart."""

    first: date
    purchases: int
    points: Pair
    discount_fen: Pair


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the figures do not say, or say with a reservation; `rule_id` empty: about the whole."""

    code: NoteCode
    rule_id: str = ""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing would do, exactly, and what the last days would have looked like.

    `moves` is what happens on the day of publishing, member by member, from the sums of today. `later` is what the next
    tier review would change on top of it. Everything else replays the purchases from `first` to `last` (days of the
    tenant's zone, both included) under both programs.
    """

    digest: str
    live_version: str
    backtest_id: UUID
    """Where the names behind `moves` and `later` are: core.backtests.queries.list_movers."""
    made_at: datetime
    days: int
    first: date
    last: date
    members: int = 0
    purchases: int = 0
    moves: tuple[Move, ...] = ()
    later: tuple[Move, ...] = ()
    tiers: tuple[TierCount, ...] = ()
    points: Pair = Pair()
    discount_fen: Pair = Pair()
    rewards: Pair = Pair()
    """Coupons, gifts and services handed out, as far as they can be counted."""
    liability_fen: Pair = Pair()
    """Open points x fen per point, on the day of publishing."""
    liability_replayed_fen: Pair = Pair()
    """The same, had the draft been in force during the replayed days."""
    rules: tuple[RuleEffect, ...] = ()
    spans: tuple[Span, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def rising(self) -> int:
        """Members who rise on the day of publishing."""
        return sum(move.people for move in self.moves if move.is_up)

    @property
    def falling(self) -> int:
        """Members who fall on the day of publishing; 0 where the ladder never lowers anybody."""
        return sum(move.people for move in self.moves if not move.is_up)

    @property
    def falling_later(self) -> int:
        """Members whom the next review would lower."""
        return sum(move.people for move in self.later if not move.is_up)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of a rule about one customer: the field's path in the tree, whether it holds, and what is known."""

    field: str
    holds: bool
    value: str | int | bool | None = None
    path: str = ""


class TierTrial(msgspec.Struct, frozen=True, kw_only=True):
    """Why a customer has a tier of the tried ladder or misses it: the sum beside the threshold, and each condition."""

    code: str
    label: Text
    threshold: int
    reached: bool
    missing: int
    conditions: tuple[Held, ...] = ()


class RuleTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says about one customer: whether it applies, the conditions one by one, and what it would give."""

    rule_id: str
    kind: str
    label: Text
    applies: bool
    conditions: tuple[Held, ...] = ()
    points: int = 0


class PurchaseTrial(msgspec.Struct, frozen=True, kw_only=True):
    """The last purchase under both programs: what would be paid and earned."""

    purchase_id: UUID
    occurred_at: datetime
    list_fen: int
    paid_fen: Pair
    points: Pair


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The rules tried on one customer: the tier before and after with the reason, the last purchase, the benefits."""

    customer_id: UUID
    full_name: str
    basis: str
    total: int
    """The sum that the tried ladder looks at: fen, points or visits by `basis`."""
    tier_before: str | None
    tier_after: str | None
    label_before: Text = ""
    label_after: Text = ""
    reason: Literal["rises", "falls", "stays", "kept", "pinned", "no-ladder"] = "stays"
    """`kept`: the sum gives a lower tier, but the ladder does not lower at once; `pinned`: set by hand until a day."""
    tiers: tuple[TierTrial, ...] = ()
    rules: tuple[RuleTrial, ...] = ()
    last: PurchaseTrial | None = None
    pay_percent: Pair = Pair(100, 100)
    benefits_before: tuple[Text, ...] = ()
    benefits_after: tuple[Text, ...] = ()
