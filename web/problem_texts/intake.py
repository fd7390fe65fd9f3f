"""The words of the problems of filing, merging and splitting complaints, by code."""

from typing import Final

from web.i18n import N_

INTAKE: Final[dict[str, tuple[str, str]]] = {
    "same-complaint": (
        N_("A complaint cannot become one with itself"),
        N_("Choose another complaint to merge."),
    ),
    "not-merged": (
        N_("This complaint goes on by itself already"),
        N_("Reload the page: somebody took it out meanwhile, or it never was merged."),
    ),
}
INTAKE_FIELDS: Final[dict[str, str]] = {
    "in-future": N_("This lies in the future"),
    "before-received": N_("This lies before the notice came in"),
    "stars": N_("One to %(max)s stars"),
    "address": N_("Give the whole address, beginning with https://"),
    "mail-empty": N_("The letter says nothing"),
    "mail-no-sender": N_("The letter names no sender"),
    "mail-too-large": N_("The letter is larger than 25 MB"),
}
