"""What the desk reads about remedies: kinds, states, limits and choices in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from core.hooks.records.remedies import RemedyOffer
from core.loyalty.queries import PurchaseRecord
from core.remedies.queries import CouponChoice, RemedyFacts
from core.remedies.rules import Limit, deeds_of
from core.scope import Actor
from web.formats import format_date, money
from web.i18n import N_, gettext, localized

KIND_NAMES: Final[Mapping[str, str]] = {
    "points": N_("Points"),
    "coupon": N_("Coupon"),
    "refund": N_("Refund"),
    "redo": N_("Do it again"),
    "fee_reduction": N_("Lower the fee"),
    "gift": N_("Gift"),
}
KIND_ICONS: Final[Mapping[str, str]] = {
    "points": "coins",
    "coupon": "ticket",
    "refund": "undo-2",
    "redo": "rotate-ccw",
    "fee_reduction": "receipt",
    "gift": "gift",
}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": (N_("Waits for approval"), "warn"),
    "refused": (N_("Not approved"), "neutral"),
    "offered": (N_("Offered"), "info"),
    "accepted": (N_("Accepted"), "brand"),
    "declined": (N_("Declined"), "danger"),
    "held": (N_("Held at the points desk"), "warn"),
    "given": (N_("Given"), "ok"),
    "taken_back": (N_("Taken back"), "neutral"),
}


class RemedyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy on the case's page."""

    remedy_id: UUID
    title: str
    icon: str
    kind: str
    cost: str
    state: str
    tone: str
    who: str
    at: datetime
    words: str
    ref: str
    deeds: frozenset[str]


def remedy_line(one: RemedyFacts, actor: Actor) -> RemedyLine:
    """Return a remedy in words, with what this reader can do with it."""
    state, tone = STATES[one.state]
    own = one.asked_by is not None and one.asked_by == actor.id
    possible: set[str] = set(deeds_of(one.state)) if actor.may("complaints.write") else set()
    if own or not actor.may("complaints.approve"):
        possible -= {"approve", "refuse"}
    if not actor.may("complaints.approve") and not (own and one.state in {"waiting", "offered"}):
        possible.discard("take_back")
    if one.state == "held":
        possible.discard("give")
    who = one.given_by_name or one.answered_by_name or one.decided_by_name or one.asked_by_name
    return RemedyLine(
        remedy_id=one.remedy_id,
        title=localized(one.label),
        icon=KIND_ICONS[one.kind],
        kind=gettext(KIND_NAMES[one.kind]),
        cost=money(one.cost_fen),
        state=gettext(state),
        tone=tone,
        who=who,
        at=one.given_at or one.answered_at or one.decided_at or one.asked_at,
        words=one.words or one.note,
        ref=one.ref_text,
        deeds=frozenset(possible),
    )


def limit_words(fen: int | None) -> str:
    """Return an amount that somebody may give alone."""
    return gettext("no limit") if fen is None else money(fen)


def left_words(left: int | None) -> str:
    """Return what is left of one's own limit on this case."""
    if left is None:
        return gettext("You may offer any amount yourself.")
    return gettext("You may offer up to %(amount)s yourself; more waits for an approval.") % {"amount": money(left)}


def kind_options() -> list[tuple[str, str, str]]:
    """Return the kinds to choose from."""
    return [(code, gettext(name), KIND_ICONS[code]) for code, name in KIND_NAMES.items()]


def offer_cards(offers: Sequence[RemedyOffer]) -> list[tuple[str, str, str]]:
    """Return what the plugin suggests, as links that fill the form in: id, label, detail."""
    return [
        (
            one.id,
            localized(one.label),
            " · ".join(
                filter(
                    None,
                    (
                        gettext(KIND_NAMES[one.kind]),
                        money(one.cost_fen) if one.cost_fen is not None else "",
                        one.source,
                    ),
                )
            ),
        )
        for one in offers
    ]


def coupon_options(choices: Sequence[CouponChoice]) -> list[tuple[str, str]]:
    """Return the coupons to choose from."""
    return [(one.template, localized(one.label)) for one in choices]


def purchase_options(rows: Sequence[PurchaseRecord]) -> list[tuple[str, str]]:
    """Return the purchases of which something is left."""
    return [
        (
            str(row.purchase_id),
            f"{format_date(row.occurred_at)} {row.description or gettext('Purchase')} · {money(row.paid_fen - row.refunded_fen)}",
        )
        for row in rows
        if row.refunded_fen < row.paid_fen
    ]


def limit_rows(limits: Mapping[str, Limit]) -> list[tuple[str, Limit]]:
    """Return the roles in the order of what they may give, least first."""
    return sorted(limits.items(), key=lambda one: (one[1].remedy_fen is None, one[1].remedy_fen or 0, one[0]))
