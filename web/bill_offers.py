"""What may be used on an open bill and what was chosen for it: coupons, benefits for lines, points."""

from uuid import UUID

import msgspec

from core.loyalty.queries import get_membership
from core.loyalty.rules.redeeming import Quote, quote
from core.loyalty.rules.refusals import Refusal
from core.rewards.queries import GrantFacts, list_coupons, list_grants
from core.uow import Reader
from core.visits.queries.bills import BillFacts
from core.visits.queries.choices import AppliedFacts, ChoiceFacts
from core.visits.queries.pricing import Pricing, get_paying_points, get_pricing, shown_steps
from core.visits.queries.visits import VisitRow
from core.visits.rules.explaining import service_of
from web.formats import money, price_share
from web.i18n import gettext, localized, ngettext
from web.views.points import coupon_line, points_words
from web.views.refusals import refusal_words
from web.views.visits import item_name


class ChosenView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was chosen for the bill, with what it takes off or why it takes nothing off."""

    choice_id: UUID
    icon: str
    title: str
    detail: str
    refused: bool


class Option(msgspec.Struct, frozen=True):
    """One thing that can be chosen: a value for the form, and words."""

    value: str
    title: str
    detail: str


class BillOffers(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the card "use on this bill" shows."""

    steps: list[AppliedFacts]
    chosen: list[ChosenView]
    coupons: list[Option]
    benefits: list[Option]
    """The value is `line id:service`."""
    points: str = ""
    """How many points there are, in words; empty when none can pay."""
    most: Quote | None = None
    """As many points as this bill may be paid with."""
    is_held: bool = False
    """A choice takes nothing off: the bill cannot become final before it is taken off."""


async def load_bill_offers(reader: Reader, visit: VisitRow, bill: BillFacts) -> BillOffers:
    """Read what may be used on an open bill."""
    pricing = await get_pricing(reader, visit=visit, bill=bill)
    card = await get_membership(reader, visit.customer_id)
    tier = card.tier.code if card.tier else None
    chosen_ids = {one.coupon_id for one in pricing.choices} | {one.grant_id for one in pricing.choices}
    coupons = [
        one for one in await list_coupons(reader, visit.customer_id, usable=True) if one.coupon_id not in chosen_ids
    ]
    grants = await list_grants(reader, visit.customer_id, tier=tier)
    rule, balance = await get_paying_points(reader, visit.customer_id)
    most = None
    if rule is not None and not isinstance(rule, Refusal) and balance:
        quoted = quote(rule, balance, pricing.before_points_fen, None)
        most = quoted if isinstance(quoted, Quote) else None
    return BillOffers(
        steps=shown_steps(pricing, bill.lines),
        chosen=[_chosen(one, pricing, bill) for one in pricing.choices],
        coupons=[Option(str(one.coupon_id), (line := coupon_line(one)).title, line.detail) for one in coupons],
        benefits=_benefits(grants, visit, bill, pricing, reader),
        points=points_words(balance) if balance and rule is not None else "",
        most=most,
        is_held=bool(pricing.refused),
    )


def _chosen(choice: ChoiceFacts, pricing: Pricing, bill: BillFacts) -> ChosenView:
    refusal = pricing.refused.get(choice.choice_id)
    off, icon, title = 0, "coins", ""
    if choice.coupon_id is not None:
        title, icon = coupon_line(pricing.coupons[choice.coupon_id]).title, "ticket"
        off = sum(row.fen for row in pricing.steps if row.ref_id == choice.coupon_id)
    elif choice.grant_id is not None:
        grant = pricing.grants[choice.grant_id]
        names = [item_name(line) for line in bill.lines if line.line_id == choice.line_id]
        title, icon = " · ".join([localized(grant.label) or grant.service, *names]), "gift"
        off = sum(row.fen for row in pricing.steps if row.ref_id == choice.grant_id)
    else:
        title = points_words(choice.points or 0)
        off = sum(row.fen for row in pricing.steps if row.step == "points")
    detail = gettext("%(amount)s off") % {"amount": money(off)}
    if refusal is not None:
        detail = refusal_words(refusal.code, refusal.params)
    return ChosenView(choice_id=choice.choice_id, icon=icon, title=title, detail=detail, refused=refusal is not None)


def _benefits(
    grants: list[GrantFacts], visit: VisitRow, bill: BillFacts, pricing: Pricing, reader: Reader
) -> list[Option]:
    """Which line may be given at the price of which benefit."""
    today = reader.today
    lines = {one.line_id for one in pricing.choices}
    used = {one.grant_id for one in pricing.choices if one.grant_id}
    options = []
    for grant in grants:
        mine = grant.subject_id in {None, visit.subject_id} and grant.grant_id not in used
        if not mine or grant.left == 0 or not grant.is_open(today):
            continue
        for line in bill.lines:
            if line.line_id not in lines and service_of(line, {grant.service}) == grant.service:
                share = price_share(grant.pay_percent) if grant.pay_percent else gettext("free")
                left = (
                    gettext("as often as wished")
                    if grant.left is None
                    else ngettext("%(num)s time left", "%(num)s times left", grant.left) % {"num": grant.left}
                )
                title = localized(grant.label) if grant.label else item_name(line)
                value = f"{line.line_id}:{grant.service}"
                options.append(Option(value, title, f"{item_name(line)} · {share} · {left}"))
    return options
