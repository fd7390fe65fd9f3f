"""The words of problems of written reports and staff records, by code; `web/problem_texts/__init__.py` joins them to the others."""

from typing import Final

from web.i18n import N_

REPORTS: Final[dict[str, tuple[str, str]]] = {
    "report-moved": (
        N_("Somebody saved this report meanwhile"),
        N_("Reload its page; what you wrote is not lost until you leave."),
    ),
    "report-waits": (N_("The report waits for approval"), N_("Until the decision nobody changes it.")),
    "report-not-waiting": (
        N_("There is nothing to decide here"),
        N_("It is decided already, or a newer version was submitted. Reload it."),
    ),
    "report-not-approved": (
        N_("The report is not approved yet"),
        N_("It can be sent, or entered in a file, once it is."),
    ),
    "report-answered": (N_("You answered already"), N_("Reload the page to see what you said.")),
    "report-not-received": (N_("Open the report first"), N_("Then you can answer to it.")),
    "staff-record-entered": (
        N_("It is in this person's file already"),
        N_("A newer edition of the report can be entered again."),
    ),
    "staff-record-word-given": (N_("That was said already"), N_("What was said stays as it is.")),
}
