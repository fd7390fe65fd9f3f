"""The words of every problem, by its code: a title, and what to do next. docs/errors.md has a section for each."""

from typing import Final

import msgspec

from web.i18n import N_


class ProblemText(msgspec.Struct, frozen=True):
    """English msgids; the catalogues translate them."""

    title: str
    next_step: str


def _text(title: str, next_step: str) -> ProblemText:
    return ProblemText(title, next_step)


TEXTS: Final[dict[str, ProblemText]] = {
    "bad-request": _text(N_("We could not read this request"), N_("Go back, reload the page and send it again.")),
    "invalid-input": _text(
        N_("Some answers need another look"), N_("Correct the marked answers and send the form again.")
    ),
    "bad-text": _text(
        N_("The text holds characters that cannot be stored"),
        N_("Remove pasted control characters or broken symbols and send it again."),
    ),
    "sign-in-required": _text(N_("Please sign in"), N_("Sign in again; what you were doing will open next.")),
    "not-allowed": _text(
        N_("Your role does not include this"), N_("Ask an administrator of your organisation for the role.")
    ),
    "csrf": _text(N_("This page is too old"), N_("Reload the page and send it again. Nothing was changed.")),
    "not-found": _text(N_("Nothing here"), N_("Check the address, or go to the start page and search from there.")),
    "gone": _text(N_("This link is no longer valid"), N_("Ask for a new link.")),
    "method-not-allowed": _text(
        N_("This address does not work that way"), N_("Open the page from the menu and use its buttons.")
    ),
    "conflict": _text(N_("Somebody else was faster"), N_("Reload the page to see what changed, then decide again.")),
    "too-large": _text(N_("That is too large"), N_("Send fewer or smaller files.")),
    "too-many-tries": _text(N_("Too many tries"), N_("Wait a little and try again.")),
    "too-many-sign-ins": _text(
        N_("Too many tries to sign in"), N_("Wait until the time shown has passed. Nobody needs to unlock you.")
    ),
    "sign-in-busy": _text(N_("Many people are signing in"), N_("Wait a few seconds and try again.")),
    "unavailable": _text(
        N_("A part of Anxin does not answer"),
        N_("Try again in a minute. What you typed was not lost by us: nothing was saved."),
    ),
    "internal": _text(
        N_("Something went wrong on our side"),
        N_("Nothing was saved. Try again; if it stays, tell us the reference."),
    ),
    "no-tenant": _text(
        N_("Something went wrong on our side"),
        N_("Nothing was saved. Try again; if it stays, tell us the reference."),
    ),
    "duplicate-login": _text(
        N_("Somebody already signs in with this"), N_("Use another phone number or mail address.")
    ),
    "last-administrator": _text(
        N_("Somebody must be able to give roles"), N_("Give another person the role first, then remove it here.")
    ),
    "form-link-expired": _text(
        N_("This form could be filled in until a day that has passed"), N_("Ask the branch for a new link.")
    ),
    "form-link-revoked": _text(N_("The branch took this link back"), N_("Ask the branch for a new link.")),
    "form-link-used": _text(
        N_("This form has been sent already"), N_("You need not do anything. To change something, ask the branch.")
    ),
    "form-not-offered": _text(
        N_("This form is not in use at the moment"), N_("Ask the branch how to tell them what they need to know.")
    ),
    "form-draft-changed": _text(
        N_("This form was changed on another device"), N_("Reload the page to see the newest answers, then go on.")
    ),
    "address-taken": _text(N_("This address is taken"), N_("Choose another address for your organisation.")),
}

FIELD_TEXTS: Final[dict[str, str]] = {
    "required": N_("This is needed"),
    "unknown-field": N_("This form has no such field"),
    "wrong-form": N_("This does not have the expected form"),
    "bad-text": N_("Remove control characters or broken symbols"),
    "too-many-fields": N_("More than %(max)s fields"),
    "too-short": N_("At least %(min)s characters"),
    "too-long": N_("At most %(max)s characters"),
    "login-form": N_("Give a mobile number or a mail address"),
    "wrong-password": N_("This is not your current password"),
    "unknown-role": N_("There is no role %(role)s"),
    "unknown-branch": N_("There is no such branch"),
    "unknown-person": N_("There is no such person"),
    "slug-form": N_("3 to 40 small letters, digits and hyphens"),
    "not-confirmed": N_("Type %(word)s to confirm"),
    # Forms: the codes of the form engine, docs/guides/forms.md
    "type": N_("We could not read this; write it the way the hint says"),
    "option": N_("Choose one of the answers offered"),
    "min": N_("Not below %(min)s"),
    "max": N_("Not above %(max)s"),
    "min_length": N_("At least %(min)s characters"),
    "max_length": N_("At most %(max)s characters"),
    "pattern": N_("This does not have the expected form"),
    "date": N_("Write a date that exists, like 2026-03-02"),
    "future": N_("This day has not come yet"),
    "rows_min": N_("At least %(min)s entries"),
    "rows_max": N_("At most %(max)s entries"),
    "unknown": N_("This form has no such field"),
    "too_large": N_("That is too large"),
    "not_signed": N_("Please sign here"),
    "bad-phone": N_("Give a phone number that can be called"),
    "bad-choice": N_("Choose one of the answers offered"),
    "bad-date": N_("Write a date that exists, like 2026-03-02"),
    "span": N_("The end must come after the start"),
}

BY_STATUS: Final[dict[int, str]] = {
    400: "bad-request",
    401: "sign-in-required",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    410: "gone",
    413: "too-large",
    415: "bad-request",
    422: "invalid-input",
    429: "too-many-tries",
    503: "unavailable",
}


def text_of(code: str, status: int) -> ProblemText:
    """Return the words of a code; a code of a plugin that has none gets those of its status."""
    return TEXTS.get(code) or TEXTS[BY_STATUS.get(status, "internal")]


def field_text(code: str) -> str:
    """Return the msgid for a refused value; a problem of the whole may also be shown at the field it is about."""
    if code in FIELD_TEXTS:
        return FIELD_TEXTS[code]
    return TEXTS[code].title if code in TEXTS else FIELD_TEXTS["wrong-form"]
