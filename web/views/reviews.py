"""Rewarded reviews and birthday gifts in the reader's language."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.birthdays.queries import GiftRecord
from core.hooks.records.loyalty.offers import ReviewReward
from core.hooks.records.loyalty.parts import Reward
from core.hooks.records.loyalty.program import Program
from core.reviews.queries import ClaimRecord, OpenVisit
from core.reviews.rules import Failed
from web.formats import format_date, format_datetime
from web.i18n import N_, gettext, localized, ngettext
from web.views.churn import reward_words
from web.views.visits import visit_number

STATES: Final = {
    "waiting": (N_("To decide"), "warn", "scale"),
    "approved": (N_("Rewarded"), "ok", "gift"),
    "rejected": (N_("Rejected"), "danger", "circle-x"),
}
CHECKS: Final = {
    "picture": N_("The very same picture was shown before, with review %(number)s"),
    "alike": N_("The picture looks like the one of review %(number)s"),
    "link": N_("The same link was shown before, with review %(number)s"),
    "no_visit": N_("No visit of this customer is known that it could be about"),
}
SOURCES: Final = {"customer": N_("By the customer"), "desk": N_("At the desk")}


class ClaimLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list."""

    claim_id: UUID
    number: str
    customer: str
    customer_id: UUID
    platform: str
    state: str
    tone: str
    icon: str
    checks: list[str]
    at: datetime
    reward: str


class GiftLine(msgspec.Struct, frozen=True, kw_only=True):
    """One birthday whose gift waits or was handed out."""

    gift_id: UUID
    customer_id: UUID
    name: str
    detail: str
    customer: str
    phone: str | None
    may_call: bool
    birthday: date
    is_today: bool
    closes: date
    code: str
    turns: str
    handed: str
    at: datetime | None


def number_text(number: int) -> str:
    """The number of a claim as people say it."""
    return f"D-{number:04d}"


def platform_name(rule: ReviewReward, code: str) -> str:
    """The platform in the reader's language."""
    return next((localized(label) for known, label in rule.platforms if known == code), code)


def check_lines(failed: Sequence[Failed]) -> list[str]:
    """What speaks against a claim, each as a sentence."""
    lines = []
    for one in failed:
        params: dict[str, Any] = dict(one.params)
        if "number" in params:
            params["number"] = number_text(int(params["number"]))
        whose = ""
        if params.get("same") == "yes":
            whose = gettext(" (of the same customer)")
        elif params.get("same") == "no":
            whose = gettext(" (of another customer)")
        lines.append(gettext(CHECKS.get(one.code, one.code)) % params + whose)
    return lines


def claim_line(claim: ClaimRecord, program: Program | None) -> ClaimLine:
    """One claim as lists show it."""
    label, tone, icon = STATES[claim.state]
    rewards = claim.terms.choose_one_of
    chosen = claim.choice is not None and claim.choice < len(rewards)
    return ClaimLine(
        claim_id=claim.claim_id,
        number=number_text(claim.number),
        customer=claim.customer_name,
        customer_id=claim.customer_id,
        platform=platform_name(claim.terms, claim.platform),
        state=gettext(label),
        tone=tone,
        icon=icon,
        checks=check_lines(claim.failed),
        at=claim.filed_at,
        reward=reward_words(rewards[claim.choice], program) if chosen and claim.choice is not None else "",
    )


def claim_facts(claim: ClaimRecord, about: str) -> list[tuple[str, str]]:
    """What is known about a claim."""
    filed = gettext(SOURCES[claim.source])
    rows = [
        (gettext("Platform"), platform_name(claim.terms, claim.platform)),
        (gettext("Shown"), f"{format_datetime(claim.filed_at)} · {filed} {claim.filed_by_name}".strip()),
    ]
    if claim.visit_number is not None and claim.visit_at is not None:
        rows.append((gettext("Visit"), f"{visit_number(claim.visit_number)} · {format_date(claim.visit_at)}"))
    if about:
        rows.append((gettext("About"), about))
    return rows


def reward_options(rewards: Sequence[Reward], program: Program | None) -> list[tuple[str, str]]:
    """The rewards to choose from, by their place."""
    return [(str(place), reward_words(one, program)) for place, one in enumerate(rewards)]


def visit_options(visits: Sequence[OpenVisit]) -> list[tuple[str, str]]:
    """Visits that a review may be about."""
    return [(str(one.visit_id), f"{visit_number(one.number)} · {format_date(one.started_at)}") for one in visits]


def gift_line(gift: GiftRecord, *, today: date, silent: Collection[UUID], program: Program | None) -> GiftLine:
    """One birthday gift as lists show it."""
    rewards = gift.terms.choose_one_of
    handed = reward_words(rewards[gift.choice], program) if gift.choice is not None else ""
    turns = gift.turns
    return GiftLine(
        gift_id=gift.gift_id,
        customer_id=gift.customer_id,
        name=gift.subject_name or gift.customer_name,
        detail=gift.customer_name if gift.subject_name else "",
        customer=gift.customer_name,
        phone=gift.phone_e164,
        may_call=gift.customer_id not in silent and gift.phone_e164 is not None,
        birthday=gift.birthday_on,
        is_today=gift.birthday_on == today,
        closes=gift.closes_on,
        code=gift.pickup_code,
        turns=ngettext("turns %(num)s", "turns %(num)s", turns) % {"num": turns} if turns else "",
        handed=handed,
        at=gift.handed_at,
    )


def claims_table(lines: Sequence[ClaimLine]) -> list[list[str]]:
    """The list as a file, with its head."""
    head = [N_("Number"), N_("Customer"), N_("Platform"), N_("State"), N_("Shown"), N_("Reward"), N_("Checks")]
    return [
        [gettext(one) for one in head],
        *(
            [
                line.number,
                line.customer,
                line.platform,
                line.state,
                format_datetime(line.at),
                line.reward,
                "; ".join(line.checks),
            ]
            for line in lines
        ),
    ]


def gifts_table(lines: Sequence[GiftLine]) -> list[list[str]]:
    """The list as a file, with its head; phones stay masked as everywhere."""
    head = [N_("Birthday"), N_("Whose"), N_("Customer"), N_("May be called"), N_("Until"), N_("Pick-up code")]
    return [
        [gettext(one) for one in head],
        *(
            [
                format_date(line.birthday),
                line.name,
                line.customer,
                gettext("yes") if line.may_call else gettext("no"),
                format_date(line.closes),
                line.code,
            ]
            for line in lines
        ),
    ]
