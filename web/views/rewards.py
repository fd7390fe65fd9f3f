"""How coupons, benefits and the steps of a bill read for staff and for the customer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.rewards.queries import CouponFacts, RedemptionFacts
from core.visits.queries.choices import AppliedFacts
from core.visits.rules.bills import Line, gross_fen
from web.formats import money, number
from web.i18n import N_, gettext, localized

STEPS: Final = {
    "hand": N_("Taken off by hand"),
    "tier": N_("Member discount"),
    "campaign": N_("Campaign"),
    "member_price": N_("Member price of the list"),
    "benefit": N_("Benefit"),
    "order_percent": N_("On the whole bill"),
    "coupon": N_("Coupon"),
    "points": N_("Points"),
    "stored_value": N_("Stored value"),
}
"""The price order, step by step."""
COUPON_STATES: Final = {
    "open": (N_("Can be used"), "ok"),
    "used": (N_("Used"), "neutral"),
    "expired": (N_("Over"), "neutral"),
    "void": (N_("Void"), "warn"),
}
SOURCES: Final = {
    "desk": N_("by hand"),
    "api": N_("by another system"),
    "referral": N_("for a recommendation"),
    "birthday": N_("for a birthday"),
    "review": N_("for a review"),
    "winback": N_("to win somebody back"),
    "campaign": N_("for a campaign"),
    "goodwill": N_("to make up for something"),
    "tier": N_("with the tier"),
    "quota": N_("for members"),
}


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step in words: what it is, by which rule and version, and what it took off."""

    step: str
    title: str
    rule: str
    version: str
    fen: int


class StepOff(msgspec.Struct, frozen=True):
    """What one step took off one line."""

    title: str
    fen: int


def _rule_name(one: AppliedFacts) -> str:
    name = localized(one.label) if one.label else ""
    if one.step == "points" and one.points:
        return gettext("%(points)s points") % {"points": number(one.points)}
    return name


def step_views(applied: Sequence[AppliedFacts]) -> list[StepView]:
    """The steps of a bill in their order, each rule once with what it took off all lines together."""
    sums: dict[tuple[Any, ...], int] = {}
    first: dict[tuple[Any, ...], AppliedFacts] = {}
    for one in applied:
        key = (one.step, one.rule_id, one.rule_version, one.ref_id if one.step == "coupon" else None)
        sums[key] = sums.get(key, 0) + one.fen
        if key not in first or one.points:
            first[key] = one
    return [
        StepView(
            step=one.step,
            title=gettext(STEPS[one.step]),
            rule=_rule_name(one),
            version=one.rule_version,
            fen=sums[key],
        )
        for key, one in first.items()
    ]


def steps_by_line(applied: Sequence[AppliedFacts]) -> dict[UUID, list[StepOff]]:
    """What came off each line, by its id."""
    found: dict[UUID, list[StepOff]] = {}
    for one in applied:
        if one.line_id is not None and one.fen:
            name = _rule_name(one) if one.step != "points" else ""
            title = gettext(STEPS[one.step])
            found.setdefault(one.line_id, []).append(StepOff(f"{title} · {name}" if name else title, one.fen))
    return found


def list_fen(lines: Sequence[Line]) -> int:
    """What the lines cost before any step."""
    return sum(gross_fen(line) for line in lines)


class UseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a coupon, or its taking back."""

    title: str
    at: Any
    who: str
    fen: str


def use_lines(uses: Sequence[RedemptionFacts]) -> list[UseLine]:
    return [
        UseLine(
            title=gettext("Used") if one.kind == "use" else gettext("Taken back with its bill"),
            at=one.at,
            who=one.actor_name,
            fen=money(one.fen) if one.fen else "",
        )
        for one in uses
    ]


def coupon_state(coupon: CouponFacts) -> tuple[str, str]:
    """The words and the tone of a coupon's state."""
    words, tone = COUPON_STATES[coupon.state]
    return gettext(words), tone


def source_words(source: str) -> str:
    return gettext(SOURCES[source]) if source in SOURCES else source


_TOLD: Final = {
    "coupon_issued": ("ticket", N_("Coupon given: %(name)s"), "ok"),
    "coupon_redeemed": ("ticket-check", N_("Coupon used: %(name)s"), "neutral"),
    "coupon_restored": ("ticket", N_("Coupon taken back with its bill: %(name)s"), "neutral"),
    "coupon_voided": ("ticket-x", N_("Coupon made void: %(name)s"), "warn"),
    "benefit_granted": ("gift", N_("Benefit given: %(name)s"), "ok"),
    "benefit_used": ("gift", N_("Benefit used: %(name)s"), "neutral"),
    "benefit_given_back": ("gift", N_("Benefit given back: %(name)s"), "neutral"),
}
REWARD_KINDS: Final = tuple(_TOLD)


def told(event_kind: str, data: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """An entry of the timeline: icon, title, body and state."""
    icon, title, state = _TOLD[event_kind]
    name = (localized(data["label"]) if data.get("label") else "") or data.get("service") or data.get("template") or ""
    amount = money(data["fen"]) if data.get("fen") else ""
    body = " · ".join(part for part in (amount, str(data.get("reason") or "")) if part)
    return icon, gettext(title) % {"name": name}, body, state
