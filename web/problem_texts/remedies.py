"""The words of the problems of remedies, closing and the case library, by code; `web/problem_texts/__init__.py` joins them to the others."""

from typing import Final

from web.i18n import N_

REMEDIES: Final[dict[str, tuple[str, str]]] = {
    "remedy-moved": (
        N_("Somebody else was faster with this remedy"),
        N_("Reload the page to see what became of it."),
    ),
    "own-remedy": (
        N_("You asked for this remedy yourself"),
        N_("Somebody else has to approve it."),
    ),
    "remedy-above-limit": (
        N_("This is above your own limit too"),
        N_("It goes on waiting for somebody whose limit is enough."),
    ),
    "remedy-stays": (
        N_("Money that went back cannot be taken back"),
        N_("Take a new payment instead, with the customer's consent."),
    ),
    "not-satisfied": (
        N_("A customer who is not satisfied closes no case"),
        N_("Open the case again and go on with it."),
    ),
    "solution-answered": (
        N_("This was answered already"),
        N_("Reload the page to see what comes next."),
    ),
    "silence-decided": (
        N_("This is written down already, or somebody has decided it"),
        N_("Reload the page to see where it stands."),
    ),
    "own-silence": (
        N_("You wrote this down yourself"),
        N_("Another leader has to confirm it."),
    ),
    "action-moved": (
        N_("Somebody else was faster with this action"),
        N_("Reload the page to see what became of it."),
    ),
    "own-check": (
        N_("This is your own action"),
        N_("Somebody else looks whether it works."),
    ),
    "case-still-open": (
        N_("Only a closed case goes into the library"),
        N_("Archive the case first."),
    ),
    "entry-moved": (
        N_("This entry is published or withdrawn already"),
        N_("Reload the page to see where it stands."),
    ),
}
REMEDY_FIELDS: Final[dict[str, str]] = {
    "remedy-needs-customer": N_("This case has no customer on file: choose a kind that is handed over"),
    "more-than-left": N_("More than is left of the purchase"),
    "case-below-remedy": N_("The limit of a case is at least that of one remedy"),
    "too-few-contacts": N_("At least %(min)s tries to reach the customer, each with its time"),
    "out-of-range": N_("This lies outside of what is possible"),
    "contact-ahead": N_("A try cannot lie in the future"),
    "same-contact": N_("Two tries at the same moment are one"),
    "not-anonymous": N_("This still names somebody, or looks like a number of theirs: %(words)s"),
}
