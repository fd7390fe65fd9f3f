"""The words of the problems of evidence and hearings, by code: a title, and what to do next."""

from typing import Final

from web.i18n import N_

EVIDENCE: Final[dict[str, tuple[str, str]]] = {
    "nothing-to-seal": (N_("There is nothing new to seal"), N_("Add a piece of evidence first, then seal again.")),
    "hold-lifted": (N_("There is no legal hold"), N_("Reload the page: it was lifted already.")),
    "locker-broken": (
        N_("Somebody tampered with this evidence"),
        N_(
            "The head of its chain is gone. Nothing is added or opened until it is put back; the locker says what is wrong."
        ),
    ),
    "case-held": (N_("The case is held already"), N_("One hold is enough; it stays until the director lifts it.")),
    "file-held": (N_("A legal hold keeps this file"), N_("Ask the director to lift the hold first.")),
    "dossier-not-kept": (N_("The dossier is not there"), N_("Wait until it is ready, or ask for a new one.")),
    "hearing-closed": (N_("The hearing is closed"), N_("Its minutes are finished, or it was called off.")),
    "minutes-not-finished": (N_("There is nothing to sign yet"), N_("Wait until the minutes are finished.")),
    "signed-already": (N_("You have signed already"), N_("A signature is not taken back; talk to the desk.")),
    "hearing-link-gone": (N_("This invitation is over"), N_("Ask the clinic for a new one.")),
}
EVIDENCE_FIELDS: Final[dict[str, str]] = {
    "bad-share": N_("Write one line each: who or what, then the percent."),
    "shares-sum": N_("The shares must make 100 percent."),
    "too-few-experts": N_("At least %(min)s experts from outside must have taken part."),
    "too-many-experts": N_("At most %(max)s experts from outside take part."),
    "nobody-of-the-house": N_("Say who of the house took part."),
}
