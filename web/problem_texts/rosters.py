"""The words of the problems of the roster."""

from typing import Final

from web.i18n import N_

ROSTERS: Final[dict[str, tuple[str, str]]] = {
    "roster-moved": (
        N_("Somebody else has changed this shift meanwhile"),
        N_("Look at the history below, then put your change on top of it."),
    ),
    "not-on-shift": (
        N_("This person does not have that shift on that day"),
        N_("Look at the week again: the shift may have changed hands."),
    ),
    "cannot-stand-in": (
        N_("This person cannot take the shift"),
        N_("Choose somebody of the role or the teams who is free that day."),
    ),
    "swap-settled": (
        N_("This request is answered already"),
        N_("Reload the page to see who has the shift."),
    ),
    "swap-asked": (
        N_("You have asked for this swap already"),
        N_("Withdraw the request first if it should be another."),
    ),
}
ROSTER_FIELDS: Final[dict[str, str]] = {
    "not-before-today": N_("Not before today: what was stays as it was"),
    "empty-team": N_("A team in between has nobody"),
    "date-range": N_("Within a year from today"),
}
