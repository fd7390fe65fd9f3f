"""The words of what the ledger and the coupons refuse, each with what to do next; the codes are the API's and replay's."""

from collections.abc import Mapping
from typing import Any, Final

from web.formats import money, number
from web.i18n import N_, gettext
from web.views.points import until_text

TEXTS: Final = {
    "not-enough-points": N_("There are only %(balance)s points. Take fewer, or leave the field empty."),
    "no-redeem-rule": N_("The rules do not let this member pay with points today."),
    "not-whole-steps": N_("Points go in steps of %(step)s. Leave the field empty to take as many as fit."),
    "below-minimum": N_("Paying with points begins at %(min_points)s points."),
    "above-maximum": N_("At most %(max_points)s points go at once."),
    "bill-too-small": N_("The bill is too small to pay with points: it begins at %(min_bill_fen)s."),
    "above-bill-share": N_("Of this bill points may pay less: at most %(max_points)s points."),
    "unknown-redemption": N_("Nothing was paid with points there."),
    "nothing-to-give-back": N_("All of it was given back already."),
    "unknown-coupon": N_("No coupon has this code. Look at it again, sign by sign, or scan it."),
    "coupon-expired": N_("Its last day is over (%(until)s). You can issue a new one if you want to be kind."),
    "coupon-not-yet": N_("It is good from %(since)s on."),
    "coupon-used": N_("It was used already."),
    "coupon-void": N_("It was made void."),
    "coupon-of-another": N_("It belongs to somebody else and cannot be handed on."),
    "coupon-below-minimum": N_("The bill is too small for it: it asks for %(least_fen)s."),
    "coupon-not-for-this": N_("Nothing on this bill is what it counts for."),
    "coupon-stack": N_("Another coupon of this kind is on the bill already."),
    "unknown-template": N_("The rules in force do not give this coupon out."),
    "template-limit": N_("All %(limit)s coupons of this kind are given out."),
    "customer-limit": N_("Each customer gets %(limit)s of this kind, and this one had that many."),
    "unknown-service": N_("The rules promise no such service here."),
    "quota-used": N_("It is used up for this period."),
    "benefit-cheaper": N_("The line costs no more without it: keep it for another time."),
    "benefit-period-over": N_("Its period does not hold today."),
    "benefit-needs-subject": N_("It belongs to each pet: the visit names no pet that has it."),
    "key-reused": N_("This form was sent before with something else. Look at the movements, then send it again."),
}


def refusal_words(code: str, params: Mapping[str, Any]) -> str:
    """A refusal in the reader's language; a code without words of its own says that it was refused."""
    words = {name: _word(name, value) for name, value in params.items()}
    try:
        return gettext(TEXTS[code]) % words
    except KeyError:
        return gettext("The rules do not allow this (%(code)s).") % {"code": code}


def _word(name: str, value: Any) -> str:
    if name.endswith("_fen") and isinstance(value, int):
        return money(value)
    if name in {"until", "since"} and value is not None:
        return until_text(value)
    return number(value) if isinstance(value, int) else str(value)
