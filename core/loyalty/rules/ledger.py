"""One account in memory: applies operations with the same pure functions as the database does, and keeps every entry.

Always: sum of the entries' points = balance + pending - deficit, and sum of their fen = spent_fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from core.hooks.records.loyalty.points import EarnEvent, LedgerPolicy, Lifetime
from core.hooks.records.loyalty.program import Program
from core.loyalty.rules.days import activation, expiry, local_day, months_after, period_bounds
from core.loyalty.rules.earning import Credit, EarnFacts, Line, earn, earn_from_event, events_of_purchase
from core.loyalty.rules.lots import (
    Lot,
    Reversal,
    Take,
    balance,
    due,
    due_activations,
    give_back,
    manual_lifetime,
    pay_deficit,
    pending,
    reversal,
    take,
)
from core.loyalty.rules.redeeming import Quote, quote, redeem_rule
from core.loyalty.rules.refusals import Refusal, Refused
from core.loyalty.rules.tiers import Standing
from core.loyalty.rules.versions import program_version

Kind = Literal["spend", "earn", "grant", "reversal", "burn", "adjust", "give_back", "expire"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One movement: signed points and signed fen of spending. `takes` are the lots that points left."""

    entry_id: int
    kind: Kind
    at: datetime
    points: int = 0
    fen: int = 0
    key: str = ""
    ref: str = ""
    """The key of the purchase or redemption that it belongs to."""
    rule_id: str = ""
    rule_version: str = ""
    lot_id: int | None = None
    expires_at: datetime | None = None
    takes: tuple[Take, ...] = ()


@dataclass
class Bought:
    """One purchase: what was paid, what came back, and the lots that it earned."""

    key: str
    fen: int
    at: datetime
    day: date
    lines: tuple[Line, ...]
    refunded_fen: int = 0
    lots: list[int] = field(default_factory=list)


@dataclass
class Burn:
    """Points that were spent at once."""

    key: str
    points: int
    fen: int
    takes: tuple[Take, ...]
    expiries: tuple[datetime | None, ...]
    given_back: int = 0


@dataclass
class Account:
    """The ledger of one member, and where they stand. `matches` are ids of rules and codes of tiers whose `when` holds."""

    program: Program
    zone: str
    matches: frozenset[str] = frozenset()
    lots: dict[int, Lot] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    purchases: dict[str, Bought] = field(default_factory=dict)
    burns: dict[str, Burn] = field(default_factory=dict)
    spent_fen: int = 0
    deficit: int = 0
    standing: Standing = field(default_factory=Standing)
    now: datetime | None = None
    joined: date | None = None
    given: list[tuple[str, date, int]] = field(default_factory=list)
    """What each rule gave on which local day; refunds do not lower it."""
    returned: set[int] = field(default_factory=set)
    """Lots of points given back: they were earned once already."""

    def __post_init__(self) -> None:
        """Name the rules once; entries carry the name."""
        self.version = program_version(self.program)

    @property
    def policy(self) -> LedgerPolicy:
        """What the ledger does where rules leave it open."""
        return self.program.ledger

    @property
    def balance(self) -> int:
        """Points that can be spent at the account's present moment."""
        return balance(self.lots.values(), self.now) if self.now is not None else 0

    @property
    def pending(self) -> int:
        """Points that count later."""
        return pending(self.lots.values(), self.now) if self.now is not None else 0

    def day(self) -> date:
        """The local day of the account's present moment."""
        assert self.now is not None
        return local_day(self.now, self.zone)

    def purchase(self, key: str, lines: Sequence[Line], at: datetime, *, facts: EarnFacts) -> tuple[Credit, ...]:
        """Add a paid bill and what it earns; `facts` bring the tier and the open campaigns, the account its caps."""
        first = not any(one.refunded_fen < one.fen for one in self.purchases.values())
        bought = Bought(key, sum(line.fen for line in lines), at, local_day(at, self.zone), tuple(lines))
        self.purchases[key] = bought
        self.spent_fen += bought.fen
        self._enter("spend", at, fen=bought.fen, key=key, ref=key)
        credits_ = list(earn(self.program, lines, self.facts(bought.day, facts), at, self.zone))
        for event in events_of_purchase(first=first):
            found = self._event(event, facts, at)
            credits_ += [] if isinstance(found, Refusal) else found
        for credit in credits_:
            bought.lots.append(self._credit("earn", credit, at, key=f"{key}:{credit.rule_id}", ref=key))
        return tuple(credits_)

    def facts(self, day: date, known: EarnFacts) -> EarnFacts:
        """The facts of earning with what each rule gave on the day and in its month so far."""
        today: dict[str, int] = {}
        month: dict[str, int] = {}
        first, last = period_bounds("month", day)
        for rule_id, on, points in self.given:
            if on == day:
                today[rule_id] = today.get(rule_id, 0) + points
            if first <= on <= last:
                month[rule_id] = month.get(rule_id, 0) + points
        return msgspec.structs.replace(
            known, points_today=today, points_this_month=month, matches=known.matches | self.matches
        )

    def refund(self, of: str, fen: int | None, key: str, at: datetime) -> tuple[int, tuple[Reversal, ...]]:
        """Take back `fen` of a purchase (None: all that is left) and the points of it; return the fen and what happened.

        Raises:
            Refused: unknown-purchase, nothing-to-refund, refund-too-large.
        """
        bought = self.purchases.get(of)
        if bought is None:
            raise Refused("unknown-purchase", of=of)
        left = bought.fen - bought.refunded_fen
        amount = left if fen is None else fen
        if left == 0:
            raise Refused("nothing-to-refund", of=of)
        if amount > left:
            raise Refused("refund-too-large", fen=amount, left_fen=left)
        bought.refunded_fen += amount
        done = tuple(self._reverse(self.lots[lot_id], bought, at) for lot_id in bought.lots)
        takes = tuple(take_ for one in done for take_ in one.takes)
        points = -sum(one.points for one in done)
        lowers = self.program.ladder is None or self.program.ladder.refunds_lower_spend
        spent = -amount if lowers else 0
        self.spent_fen += spent
        self._enter("reversal", at, fen=spent, points=points, key=key, ref=of, takes=takes)
        return amount, done

    def redeem(
        self, points: int | None, at: datetime, *, key: str, bill_fen: int | None = None, clamp: bool = False
    ) -> Quote:
        """Spend points by the rule that fits; all or nothing unless clamped.

        Raises:
            Refused: whatever `redeem_rule` and `quote` refuse.
        """
        rule = redeem_rule(self.program, tier=self.standing.shown, day=local_day(at, self.zone), matches=self.matches)
        found = rule if isinstance(rule, Refusal) else quote(rule, self.balance, bill_fen, points, clamp=clamp)
        if isinstance(found, Refusal):
            raise Refused(found.code, **found.params)
        self._burn("burn", found, at, key)
        return found

    def adjust(self, points: int, at: datetime, *, key: str) -> None:
        """Take points by hand, all or nothing, in the order in which they are spent."""
        self._burn("adjust", Quote(points, 0), at, key)

    def give_back(self, of: str, points: int | None, key: str, at: datetime) -> Credit:
        """Give points of a redemption back as one new lot.

        Raises:
            Refused: unknown-redemption, nothing-to-give-back.
        """
        burn = self.burns.get(of)
        if burn is None:
            raise Refused("unknown-redemption", of=of)
        found = give_back(
            spent=burn.points,
            given_back=burn.given_back,
            points=points,
            expiries=burn.expiries,
            policy=self.policy,
            now=at,
            zone=self.zone,
        )
        if isinstance(found, Refusal):
            raise Refused(found.code, **found.params)
        burn.given_back += found.points
        credit = Credit(rule_id="", points=found.points, expires_at=found.expires_at)
        self.returned.add(self._credit("give_back", credit, at, key=key, ref=of))
        return credit

    def grant(
        self,
        points: int,
        at: datetime,
        *,
        key: str,
        lifetime: Lifetime | None = None,
        expires_at: datetime | None = None,
    ) -> Credit:
        """Give points by hand; without a lifetime or an end they live as long as the policy says.

        Raises:
            Refused: bad-lifetime, when the end is over already.
        """
        lifetime = lifetime or manual_lifetime(self.policy)
        begins = activation(at, lifetime, self.zone)
        ends = expires_at or expiry(begins or at, lifetime, self.zone)
        if ends is not None and ends <= (begins or at):
            raise Refused("bad-lifetime")
        credit = Credit(rule_id="", points=points, activates_at=begins, expires_at=ends)
        self._credit("grant", credit, at, key=key)
        return credit

    def event(self, event: str, at: datetime, *, key: str, facts: EarnFacts) -> tuple[Credit, ...]:
        """Give what an event earns.

        Raises:
            Refused: no-event-rule, event-limit.
        """
        found = self._event(event, facts, at)
        if isinstance(found, Refusal):
            raise Refused(found.code, **found.params)
        for credit in found:
            self._credit("earn", credit, at, key=f"{key}:{credit.rule_id}", ref=event)
        return found

    def activate_due(self, now: datetime) -> int:
        """Let pending lots whose time has come count; return their points."""
        found = due_activations(self.lots.values(), now)
        for lot_id in found:
            self.lots[lot_id] = msgspec.structs.replace(self.lots[lot_id], active=True)
        return sum(self.lots[lot_id].remaining for lot_id in found)

    def expire_due(self, now: datetime) -> int:
        """Close lots past their end, one entry each; return their points."""
        found = due(self.lots.values(), now)
        for one in found:
            lot = self.lots[one.lot_id]
            self.lots[one.lot_id] = msgspec.structs.replace(lot, remaining=0, expired=lot.expired + one.points)
            self._enter("expire", lot.expires_at or now, points=-one.points, lot_id=one.lot_id, takes=(one,))
        return sum(one.points for one in found)

    def measure(self, first: date, last: date) -> int:
        """What the ladder counts, of the purchases between two days."""
        ladder = self.program.ladder
        assert ladder is not None
        lowered = ladder.refunds_lower_spend
        if ladder.basis == "lifetime_spend":
            return self.spent_fen
        if ladder.basis == "points_balance":
            return self.balance
        if ladder.basis == "points_earned":
            counted = (one for one in self.lots.values() if one.active and one.lot_id not in self.returned)
            return sum(one.earned - (one.reversed if lowered else 0) for one in counted)
        within = [one for one in self.purchases.values() if first <= one.day <= last]
        if ladder.basis == "visits":
            return sum(1 for one in within if not lowered or one.refunded_fen < one.fen)
        return sum(one.fen - (one.refunded_fen if lowered else 0) for one in within)

    def window_turns(self) -> list[date]:
        """The days on which a purchase leaves the window that `period_spend` sums up."""
        ladder = self.program.ladder
        if ladder is None or ladder.basis != "period_spend":
            return []
        if ladder.period == "calendar_year":
            return [date(one.day.year + 1, 1, 1) for one in self.purchases.values()]
        found = []
        for one in self.purchases.values():
            day = months_after(one.day, ladder.period_months) + timedelta(days=1)
            while months_after(day, -ladder.period_months) <= one.day:  # the end of a short month
                day += timedelta(days=1)
            found.append(day)
        return found

    def _event(self, event: str, facts: EarnFacts, at: datetime) -> tuple[Credit, ...] | Refusal:
        day = local_day(at, self.zone)
        counts = {rule.id: self._times(rule, day) for rule in self.program.live(EarnEvent)}
        known = self.facts(day, facts)
        return earn_from_event(self.program, event, given=counts, facts=known, at=at, zone=self.zone)

    def _times(self, rule: EarnEvent, day: date) -> int:
        first, last = period_bounds(rule.period, day, self.joined)
        return sum(1 for rule_id, on, _points in self.given if rule_id == rule.id and first <= on <= last)

    def _reverse(self, lot: Lot, bought: Bought, at: datetime) -> Reversal:
        found = reversal(
            lot,
            self.lots.values(),
            refunded_fen=bought.refunded_fen,
            paid_fen=bought.fen,
            deficit=self.deficit,
            policy=self.policy,
            now=at,
        )
        self._take(found.takes)
        self.deficit += found.owed
        lot = self.lots[lot.lot_id]
        self.lots[lot.lot_id] = msgspec.structs.replace(lot, reversed=lot.reversed + found.settled)
        return found

    def _burn(self, kind: Kind, found: Quote, at: datetime, key: str) -> None:
        if key in self.burns:
            raise Refused("key-reused", key=key)
        takes = take(self.lots.values(), found.points, at)
        if isinstance(takes, Refusal):
            raise Refused(takes.code, **takes.params)
        expiries = tuple(self.lots[one.lot_id].expires_at for one in takes)
        self._take(takes)
        self.burns[key] = Burn(key, found.points, found.fen, takes, expiries)
        self._enter(kind, at, points=-found.points, key=key, ref=key, rule_id=found.rule_id, takes=takes)

    def _take(self, takes: Sequence[Take]) -> None:
        for one in takes:
            lot = self.lots[one.lot_id]
            self.lots[one.lot_id] = msgspec.structs.replace(lot, remaining=lot.remaining - one.points)

    def _credit(self, kind: Kind, credit: Credit, at: datetime, *, key: str, ref: str = "") -> int:
        paid, rest = pay_deficit(credit.points, self.deficit)
        self.deficit -= paid
        lot = Lot(
            lot_id=len(self.lots) + 1,
            earned=credit.points,
            remaining=rest,
            activates_at=credit.activates_at,
            expires_at=credit.expires_at,
            active=credit.activates_at is None,
        )
        self.lots[lot.lot_id] = lot
        if credit.rule_id:
            self.given.append((credit.rule_id, local_day(at, self.zone), credit.points))
        self._enter(
            kind,
            at,
            points=credit.points,
            key=key,
            ref=ref,
            rule_id=credit.rule_id,
            lot_id=lot.lot_id,
            expires_at=credit.expires_at,
        )
        return int(lot.lot_id)

    def _enter(self, kind: Kind, at: datetime, **more: Any) -> None:
        entry_id = len(self.entries) + 1
        self.entries.append(Entry(entry_id=entry_id, kind=kind, at=at, rule_version=self.version, **more))
