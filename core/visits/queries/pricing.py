"""Prices an open bill as the rules in force have it, with what the customer wants to use; nothing is spent by asking."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from core.campaigns.queries import find_open_campaigns
from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.points import Redeem
from core.loyalty.queries import get_membership, get_wallet
from core.loyalty.rules.prices import Bill, BillLine, CouponUse, Offer, PointsUse, explain, line_offers
from core.loyalty.rules.redeeming import redeem_rule
from core.loyalty.rules.refusals import Refusal
from core.programs.queries import get_program, get_version_id
from core.rewards.queries import CouponFacts, GrantFacts, get_coupon, get_grant
from core.rewards.rules.coupons import refusal_of
from core.uow import Reader
from core.visits.queries.bills import BillFacts, BillLineFacts
from core.visits.queries.choices import AppliedFacts, ChoiceFacts, list_choices
from core.visits.queries.visits import VisitRow
from core.visits.rules.bills import Line
from core.visits.rules.explaining import (
    StepRow,
    basis_of,
    benefit_offer,
    bill_line,
    priced,
    services_named,
    step_rows,
)


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """What a bill comes to, step by step; `refused` says which choices take nothing off, and why."""

    lines: tuple[Line, ...]
    steps: tuple[StepRow, ...]
    basis_fen: int
    total_fen: int
    pay_percent: int
    choices: tuple[ChoiceFacts, ...] = ()
    refused: dict[UUID, Refusal] = {}
    coupons: dict[UUID, CouponFacts] = {}
    grants: dict[UUID, GrantFacts] = {}
    before_points_fen: int = 0
    """What points may pay a part of: the bill after coupons."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of one bill with what they refer to."""

    choices: tuple[ChoiceFacts, ...]
    coupons: dict[UUID, CouponFacts]
    grants: dict[UUID, GrantFacts]


async def get_chosen(reader: Reader, bill_id: UUID) -> Chosen:
    """Return what shall be used on a bill, with the coupons and grants as they are now."""
    choices = tuple(await list_choices(reader, bill_id))
    return Chosen(
        choices=choices,
        coupons={one.coupon_id: await get_coupon(reader, one.coupon_id) for one in choices if one.coupon_id},
        grants={one.grant_id: await get_grant(reader, one.grant_id) for one in choices if one.grant_id},
    )


async def get_pricing(
    reader: Reader, *, visit: VisitRow, bill: BillFacts, without: frozenset[str] = frozenset()
) -> Pricing:
    """Price the bill's lines with the card, the campaigns and the choices of now; `without` are campaigns to leave out."""
    chosen = await get_chosen(reader, bill.bill_id)
    program = await get_program(reader)
    card = await get_membership(reader, visit.customer_id)
    version = await get_version_id(reader)
    terms = [one.terms for one in chosen.coupons.values()]
    words = services_named(program, terms, (one.service for one in chosen.grants.values()))
    lowest = program.ladder.tiers[0].code if program and program.ladder else None
    is_member = bill.with_discount and card.tier is not None and card.tier.code != lowest
    lines = tuple(bill_line(line, services=words, is_member=is_member) for line in bill.lines)
    offers: tuple[Offer, ...] = ()
    if bill.with_discount and program is not None:
        campaigns = await _campaigns_for(reader, visit.customer_id, without)
        tier = card.tier.code if card.tier else None
        offers = line_offers(program, tier=tier, lines=lines, campaigns=campaigns, version=version)
    sheet = _Sheet(reader, visit, bill.lines, lines, offers, chosen)
    sheet.lay_benefits()
    sheet.lay_coupons()
    before_points = sheet.result.due_fen
    if any(one.kind == "points" for one in chosen.choices):
        sheet.lay_points(*await get_paying_points(reader, visit.customer_id), version)
    return Pricing(
        lines=priced(bill.lines, sheet.result),
        steps=sheet.rows(),
        basis_fen=basis_of(sheet.result),
        total_fen=sheet.result.due_fen,
        pay_percent=card.pay_percent if bill.with_discount else 100,
        choices=chosen.choices,
        refused=sheet.refused,
        coupons=chosen.coupons,
        grants=chosen.grants,
        before_points_fen=before_points,
    )


async def get_paying_points(reader: Reader, customer_id: UUID) -> tuple[Redeem | Refusal | None, int]:
    """By which rule this member may pay with points today, and how many there are: the household's where it pools them."""
    program, card, wallet = (
        await get_program(reader),
        await get_membership(reader, customer_id),
        await get_wallet(reader, customer_id),
    )
    if program is None:
        return None, 0
    trees = {one.id: one.when for one in program.live(Redeem) if one.when is not None}
    rule = redeem_rule(
        program,
        tier=card.tier.code if card.tier else None,
        day=reader.today,
        matches=await reader.match(customer_id, trees),
    )
    return rule, wallet.household_balance if program.ledger.pool == "household" else wallet.balance


async def _campaigns_for(reader: Reader, customer_id: UUID, without: frozenset[str]) -> list[Campaign]:
    """The campaigns that are open today for this customer."""
    today = reader.today
    opened = [one for one in await find_open_campaigns(reader, today) if one.id not in without]
    holds = await reader.match(customer_id, {one.id: one.when for one in opened if one.when is not None})
    return [one for one in opened if one.when is None or one.id in holds]


class _Sheet:
    """One bill while its choices are laid on it one after another; one that is refused leaves the bill as it was."""

    def __init__(
        self,
        reader: Reader,
        visit: VisitRow,
        items: Sequence[BillLineFacts],
        lines: Sequence[BillLine],
        offers: Sequence[Offer],
        chosen: Chosen,
    ) -> None:
        self.reader, self.visit, self.items, self.lines = reader, visit, items, lines
        self.offers, self.chosen = tuple(offers), chosen
        self.coupons: list[CouponUse] = []
        self.points: PointsUse | None = None
        self.refused: dict[UUID, Refusal] = {}
        plain = explain(self.lines, offers=self.offers)
        assert isinstance(plain, Bill)  # prices alone are never refused
        self.result = plain

    def _of(self, kind: str) -> list[ChoiceFacts]:
        return [one for one in self.chosen.choices if one.kind == kind]

    def lay_benefits(self) -> None:
        today = self.reader.today
        places = {line.line_id: place for place, line in enumerate(self.items)}
        for choice in self._of("benefit"):
            assert choice.grant_id is not None
            assert choice.line_id is not None
            grant, place = self.chosen.grants[choice.grant_id], places.get(choice.line_id)
            if grant.left == 0 or not grant.is_open(today):
                self.refused[choice.choice_id] = Refusal("quota-used")
                continue
            if place is None:
                self.refused[choice.choice_id] = Refusal("unknown-service")
                continue
            offer = benefit_offer(
                self.items[place],
                place=place,
                pay_percent=grant.pay_percent,
                rule_id=grant.rule_id or grant.benefit,
                rule_version=grant.rule_version,
                label=grant.label or self.items[place].name_zh,
            )
            tried = explain(self.lines, offers=(*self.offers, offer))
            assert isinstance(tried, Bill)
            if not any(one.step == "benefit" and one.line == place for one in tried.applied):
                self.refused[choice.choice_id] = Refusal("benefit-cheaper")
                continue
            self.offers = (*self.offers, offer)
            self.result = tried

    def lay_coupons(self) -> None:
        for choice in self._of("coupon"):
            assert choice.coupon_id is not None
            coupon = self.chosen.coupons[choice.coupon_id]
            code = refusal_of(coupon.standing, coupon.terms, customer_id=self.visit.customer_id, now=self.reader.now)
            if code is not None:
                self.refused[choice.choice_id] = Refusal(
                    code, {"until": coupon.valid_until, "since": coupon.valid_from}
                )
                continue
            use = CouponUse(coupon_id=str(coupon.coupon_id), terms=coupon.terms, rule_version=coupon.rule_version)
            tried = explain(self.lines, offers=self.offers, coupons=(*self.coupons, use))
            if isinstance(tried, Refusal):
                params = tried.params | {"least_fen": coupon.terms.min_spend_fen}
                self.refused[choice.choice_id] = Refusal(tried.code, params)
                continue
            self.coupons.append(use)
            self.result = tried

    def lay_points(self, rule: Redeem | Refusal | None, balance: int, version: str) -> None:
        for choice in self._of("points"):
            if rule is None or isinstance(rule, Refusal):
                self.refused[choice.choice_id] = rule or Refusal("no-redeem-rule")
                continue
            use = PointsUse(rule=rule, balance=balance, points=choice.points, rule_version=version)
            tried = explain(self.lines, offers=self.offers, coupons=self.coupons, points=use)
            if isinstance(tried, Refusal):
                self.refused[choice.choice_id] = tried
                continue
            self.result = tried

    def rows(self) -> tuple[StepRow, ...]:
        """The steps with the coupon, the grant and the points behind them."""
        templates = {use.terms.id: UUID(use.coupon_id) for use in self.coupons}
        grants = {
            place: choice.grant_id
            for choice in self._of("benefit")
            for place, line in enumerate(self.items)
            if choice.line_id == line.line_id
        }
        spent, found = self.result.points.points if self.result.points else 0, []
        for row in step_rows(self.items, self.result.applied):
            ref = templates.get(row.rule_id) if row.step == "coupon" else None
            if row.step == "benefit" and row.line is not None:
                ref = grants.get(row.line)
            points, spent = (spent, 0) if row.step == "points" else (0, spent)
            found.append(msgspec.structs.replace(row, ref_id=ref, points=points))
        return tuple(found)


def shown_steps(pricing: Pricing, lines: Sequence[BillLineFacts]) -> list[AppliedFacts]:
    """The steps of an open bill in the form of those that a final one keeps."""
    return [
        AppliedFacts(
            step=row.step,
            line_id=lines[row.line].line_id if row.line is not None else None,
            rule_id=row.rule_id,
            rule_version=row.rule_version,
            label=row.label,
            ref_id=row.ref_id,
            points=row.points,
            fen=row.fen,
        )
        for row in pricing.steps
    ]
