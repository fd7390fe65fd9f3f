"""What a member pays, and a bill that explains itself: every step of the price order takes something off and says which rule did.

Price order (loyalty.md): list -> best single price per line (tier, activity, member service price, benefit) -> one order-wide
percent -> coupons, one per stack group -> points -> stored value. A percentage is computed on the total of its lines, what is
paid rounded half up, and what it takes off is shared by line in whole fen: floors, the rest on the last line that has room.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from core.hooks.records.loyalty.offers import Campaign, CouponTemplate
from core.hooks.records.loyalty.parts import PercentDiscount
from core.hooks.records.loyalty.points import Redeem, Tier
from core.hooks.records.loyalty.program import Program
from core.hooks.records.text import Text
from core.loyalty.rules.earning import share
from core.loyalty.rules.redeeming import Quote, quote
from core.loyalty.rules.refusals import Refusal
from core.loyalty.rules.tiers import find_tier
from core.rewards.rules.coupons import CouponItem, fits, worth

LARGEST_FEN = 100_000_000_00
"""One bill above one hundred million yuan is a slip of the finger."""


class Price(msgspec.Struct, frozen=True):
    """A bill after the member's discount."""

    list_fen: int
    pay_percent: int
    paid_fen: int

    @property
    def saved_fen(self) -> int:
        return self.list_fen - self.paid_fen


def pay_percent(tier: Tier | None) -> int:
    """What a member of this tier pays of the price: 90 is 9折."""
    shares = [b.pay_percent for b in tier.benefits if isinstance(b, PercentDiscount)] if tier else []
    return min(shares, default=100)


def member_price(list_fen: int, percent: int) -> Price:
    """The discount on the whole bill, half a fen rounded up; shares of lines are never rounded one by one."""
    return Price(list_fen, percent, (list_fen * percent + 50) // 100)


Step = Literal["tier", "campaign", "member_price", "benefit", "order_percent", "coupon", "points", "stored_value"]


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line at its list price (all pieces together)."""

    fen: int
    category: str = ""
    service: str = ""
    quantity: int = 1
    member_fen: int | None = None
    """All pieces at the price list's price for members."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A lower price for some lines: a percentage to pay of their total, or a price in fen for each of them."""

    step: Step
    rule_id: str = ""
    rule_version: str = ""
    label: Text = ""
    pay_percent: int | None = None
    fen: int | None = None
    lines: tuple[int, ...]


class CouponUse(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon laid on the bill; whether it is still good was judged before."""

    coupon_id: str
    terms: CouponTemplate
    rule_version: str = ""


class PointsUse(msgspec.Struct, frozen=True, kw_only=True):
    """Points laid on the bill; `points` None is as many as possible."""

    rule: Redeem | None
    balance: int
    points: int | None = None
    clamp: bool = False
    rule_version: str = ""


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What one step took off one line, and by which rule; stored value and a gift are about the whole bill."""

    step: Step
    rule_id: str
    rule_version: str
    label: Text
    line: int | None
    fen: int


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill after all steps. `due_fen` is what is paid, with stored value too: the basis of points."""

    list_fen: int
    lines: tuple[int, ...]
    """What is paid for each line; their sum is `due_fen`."""
    applied: tuple[Applied, ...]
    due_fen: int
    stored_fen: int = 0
    points: Quote | None = None

    @property
    def total_fen(self) -> int:
        """What is still to be paid in money."""
        return self.due_fen - self.stored_fen


def share_off(off: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share what comes off: as `share`, but no line below 0; what the last has no room for goes to the lines before it."""
    parts = list(share(off, weights))
    over = 0
    for place in reversed(range(len(parts))):
        parts[place] += over
        over = max(0, parts[place] - max(0, weights[place]))
        parts[place] -= over
    return tuple(parts)


def line_offers(
    program: Program,
    *,
    tier: str | None,
    lines: Sequence[BillLine],
    campaigns: Sequence[Campaign] = (),
    version: str = "",
) -> tuple[Offer, ...]:
    """The lower prices that a program has for a member: of the tier, of the open campaigns, of the price list."""
    found = []
    ladder = program.ladder
    held = find_tier(ladder, tier) if ladder is not None else None
    for benefit in held.benefits if held is not None else ():
        if isinstance(benefit, PercentDiscount) and ladder is not None and held is not None:
            mine = tuple(place for place, line in enumerate(lines) if _covers(benefit, line))
            found.append(
                Offer(
                    step="tier",
                    rule_id=ladder.id,
                    rule_version=version,
                    label=held.label,
                    pay_percent=benefit.pay_percent,
                    lines=mine,
                )
            )
    total = sum(line.fen for line in lines)
    for campaign in campaigns:
        if campaign.pay_percent is not None and total >= campaign.min_fen:
            named = bool(campaign.categories or campaign.services)
            mine = tuple(
                place
                for place, line in enumerate(lines)
                if not named or line.category in campaign.categories or line.service in campaign.services
            )
            found.append(
                Offer(
                    step="campaign",
                    rule_id=campaign.id,
                    rule_version=version,
                    label=campaign.label,
                    pay_percent=campaign.pay_percent,
                    lines=mine,
                )
            )
    found += [
        Offer(step="member_price", fen=line.member_fen, lines=(place,))
        for place, line in enumerate(lines)
        if line.member_fen is not None and held is not None
    ]
    return tuple(found)


def explain(
    lines: Sequence[BillLine],
    *,
    offers: Sequence[Offer] = (),
    order_percents: Sequence[Offer] = (),
    coupons: Sequence[CouponUse] = (),
    points: PointsUse | None = None,
    stored_fen: int = 0,
) -> Bill | Refusal:
    """Price a bill in the order above; a coupon or points that cannot be used refuse it whole."""
    paper = _Paper(lines)
    paper.best_prices(offers)
    paper.order_percent(order_percents)
    refusal = paper.lay_coupons(coupons)
    quoted = paper.pay_with_points(points) if refusal is None and points is not None else None
    if refusal is None and isinstance(quoted, Refusal):
        refusal = quoted
    if refusal is not None:
        return refusal
    due = sum(paper.fen)
    stored = max(0, min(stored_fen, due))
    if stored:
        paper.applied.append(Applied(step="stored_value", rule_id="", rule_version="", label="", line=None, fen=stored))
    return Bill(
        list_fen=sum(line.fen for line in lines),
        lines=tuple(paper.fen),
        applied=tuple(paper.applied),
        due_fen=due,
        stored_fen=stored,
        points=quoted if isinstance(quoted, Quote) else None,
    )


class _Paper:
    """The lines while steps are applied to them."""

    def __init__(self, lines: Sequence[BillLine]) -> None:
        self.lines = lines
        self.fen = [line.fen for line in lines]
        self.applied: list[Applied] = []

    def best_prices(self, offers: Sequence[Offer]) -> None:
        """Give each line the lowest of the prices offered for it, the first of equals; compare before any rounding."""
        chosen: dict[int, list[int]] = {}
        for place, line in enumerate(self.lines):
            priced = [
                (_hundredths(offer, line.fen), number) for number, offer in enumerate(offers) if place in offer.lines
            ]
            best = min(priced, default=None)
            if best is not None and best[0] < line.fen * 100:
                chosen.setdefault(best[1], []).append(place)
        for number in sorted(chosen):
            offer, places = offers[number], chosen[number]
            if offer.fen is None:
                self._percent(offer, places)
            else:
                for place in places:
                    self._off(offer, place, self.fen[place] - offer.fen)

    def order_percent(self, offers: Sequence[Offer]) -> None:
        """Apply the best one of the percentages on the whole bill."""
        percents = [offer for offer in offers if offer.pay_percent is not None]
        if percents:
            best = min(percents, key=lambda offer: offer.pay_percent or 0)
            self._percent(best, list(best.lines))

    def lay_coupons(self, coupons: Sequence[CouponUse]) -> Refusal | None:
        """Take coupons off one after another; the least spend is held against the bill before any coupon."""
        before = self._items()
        groups: set[str] = set()
        for coupon in coupons:
            terms = coupon.terms
            if terms.stack_group in groups:
                return Refusal("coupon-stack", {"group": terms.stack_group, "coupon": coupon.coupon_id})
            groups.add(terms.stack_group)
            judged = worth(terms, before)
            now = self._items()
            off = worth(msgspec.structs.replace(terms, min_spend_fen=0), now) if isinstance(judged, int) else judged
            if isinstance(off, str):
                return Refusal(off, {"coupon": coupon.coupon_id, "min_spend_fen": terms.min_spend_fen})
            offer = Offer(
                step="coupon", rule_id=terms.id, rule_version=coupon.rule_version, label=terms.label, lines=()
            )
            weights = [one.fen if fits(terms, one) else 0 for one in now]
            if terms.gift:
                self.applied.append(_row(offer, None, 0))
            elif terms.service:
                dearest = max(
                    range(len(now)), key=lambda place: (weights[place] // max(now[place].quantity, 1), -place)
                )
                self._off(offer, dearest, off)
            else:
                self._share(offer, off, weights)
        return None

    def pay_with_points(self, use: PointsUse) -> Quote | Refusal:
        """Let points pay for the lines that their rule names."""
        named = use.rule.categories if use.rule is not None else ()
        weights = [
            fen if not named or line.category in named else 0 for fen, line in zip(self.fen, self.lines, strict=True)
        ]
        found = quote(use.rule, use.balance, sum(weights), use.points, clamp=use.clamp)
        if isinstance(found, Quote):
            label = use.rule.label if use.rule is not None else ""
            offer = Offer(step="points", rule_id=found.rule_id, rule_version=use.rule_version, label=label, lines=())
            self._share(offer, found.fen, weights)
        return found

    def _percent(self, offer: Offer, places: Sequence[int]) -> None:
        total = sum(self.fen[place] for place in places)
        off = member_price(total, offer.pay_percent or 0).saved_fen
        self._share(offer, off, [fen if place in places else 0 for place, fen in enumerate(self.fen)])

    def _share(self, offer: Offer, off: int, weights: Sequence[int]) -> None:
        for place, part in enumerate(share_off(off, weights)):
            if part:
                self._off(offer, place, part)

    def _off(self, offer: Offer, place: int, fen: int) -> None:
        self.fen[place] -= fen
        self.applied.append(_row(offer, place, fen))

    def _items(self) -> list[CouponItem]:
        return [
            CouponItem(fen=fen, category=line.category, service=line.service, quantity=line.quantity)
            for fen, line in zip(self.fen, self.lines, strict=True)
        ]


def _row(offer: Offer, line: int | None, fen: int) -> Applied:
    return Applied(
        step=offer.step,
        rule_id=offer.rule_id,
        rule_version=offer.rule_version,
        label=offer.label,
        line=line,
        fen=fen,
    )


def _hundredths(offer: Offer, fen: int) -> int:
    return offer.fen * 100 if offer.fen is not None else fen * (100 if offer.pay_percent is None else offer.pay_percent)


def _covers(benefit: PercentDiscount, line: BillLine) -> bool:
    if line.category in benefit.exclude_categories:
        return False
    return not benefit.categories or line.category in benefit.categories
