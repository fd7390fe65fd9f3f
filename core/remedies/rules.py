"""Which remedy may be offered by whom, what fits a case, and what may become of one: pure, in fen."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from core.hooks.records.complaints import Severity
from core.hooks.records.loyalty.offers import CouponTemplate
from core.hooks.records.remedies import RemedyOffer

State = Literal["waiting", "refused", "offered", "accepted", "declined", "held", "given", "taken_back"]
Deed = Literal["approve", "refuse", "accept", "decline", "give", "take_back"]
KINDS: Final = ("points", "coupon", "refund", "redo", "fee_reduction", "gift")
NEEDS_CUSTOMER: Final = frozenset({"points", "coupon", "refund"})
"""Kinds that are written to somebody's account; the others can be handed to whoever stands there."""
STANDING: Final = frozenset({"waiting", "offered", "accepted", "held", "given"})
"""States whose cost counts against the limit of a case."""
SPENT: Final = frozenset({"held", "given"})
"""States whose cost is a cost of the case."""
MOVES: Final[Mapping[Deed, frozenset[str]]] = {
    "approve": frozenset({"waiting"}),
    "refuse": frozenset({"waiting"}),
    "accept": frozenset({"offered"}),
    "decline": frozenset({"offered", "accepted"}),
    "give": frozenset({"accepted", "held"}),
    "take_back": frozenset({"waiting", "offered", "accepted", "given"}),
}
"""From which states each deed is possible; a held one is decided where it is held."""


class Limit(msgspec.Struct, frozen=True):
    """What somebody may offer alone: for one remedy, and for all of one case; None is no limit."""

    remedy_fen: int | None
    case_fen: int | None


NOTHING: Final = Limit(0, 0)
# Ours: no document states a limit (facts: compensation_offers, limits_stated_in_any_seed: none). A tenant changes them.
DEFAULT_LIMITS: Final[Mapping[str, Limit]] = {
    "front_desk": Limit(50_00, 50_00),
    "doctor": Limit(50_00, 100_00),
    "head_nurse": Limit(100_00, 200_00),
    "senior_doctor": Limit(100_00, 200_00),
    "service_supervisor": Limit(300_00, 500_00),
    "team_leader": Limit(1000_00, 2000_00),
    "director": Limit(None, None),
    "tenant_admin": Limit(None, None),
}


def _wider(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else max(left, right)


def limit_of(limits: Mapping[str, Limit], roles: Iterable[str]) -> Limit:
    """Return the widest limit of these roles; a role that is not named offers nothing alone."""
    most = NOTHING
    for role in roles:
        one = limits.get(role, NOTHING)
        most = Limit(_wider(most.remedy_fen, one.remedy_fen), _wider(most.case_fen, one.case_fen))
    return most


def is_within(limit: Limit, *, cost_fen: int, standing_fen: int) -> bool:
    """Tell whether a remedy may be offered alone, beside what stands on the case already; the limit is included."""
    fits = limit.remedy_fen is None or cost_fen <= limit.remedy_fen
    return fits and (limit.case_fen is None or standing_fen + cost_fen <= limit.case_fen)


def may(deed: Deed, state: str) -> bool:
    """Tell whether a remedy in this state can have this done to it."""
    return state in MOVES[deed]


def deeds_of(state: str) -> frozenset[Deed]:
    """Return what can be done with a remedy in this state."""
    return frozenset(deed for deed, states in MOVES.items() if state in states)


def suggest(
    offers: Iterable[RemedyOffer], *, severity: Severity, category: str | None, parents: Mapping[str, str | None]
) -> tuple[RemedyOffer, ...]:
    """Return the offers that fit the case: those for its category first, in the order of the plugin."""
    line = set(_ancestors(category, parents))
    near: list[RemedyOffer] = []
    general: list[RemedyOffer] = []
    for offer in offers:
        plugin = offer.id.partition(".")[0]
        wanted = {name if "." in name else f"{plugin}.{name}" for name in offer.categories}
        if severity not in offer.severities or (wanted and not wanted & line):
            continue
        (near if wanted else general).append(offer)
    return (*near, *general)


def _ancestors(category: str | None, parents: Mapping[str, str | None]) -> Iterable[str]:
    seen: set[str] = set()
    while category is not None and category not in seen:
        seen.add(category)
        category = parents.get(category)
    return seen


def template_cost(template: CouponTemplate) -> int | None:
    """Return what a coupon costs at most: its amount for each use, or the most that its percentage takes off."""
    each = template.amount_fen if template.amount_fen is not None else template.max_discount_fen
    return None if each is None else each * template.uses


def points_cost(points: int, worth_fen: int) -> int:
    """Return what points cost when each pays `worth_fen`."""
    return points * worth_fen


def is_own(asked_by: object, actor_id: object) -> bool:
    """Tell whether somebody would decide what they asked for themselves."""
    return asked_by is not None and asked_by == actor_id


def left_of(limit: Limit, standing_fen: int) -> int | None:
    """Return how many fen may still be offered alone on a case; None is any amount."""
    if limit.case_fen is None:
        return limit.remedy_fen
    rest = max(0, limit.case_fen - standing_fen)
    return rest if limit.remedy_fen is None else min(rest, limit.remedy_fen)
