"""The words of the problems of complaint rules and calendars, by code; `web/problem_texts/__init__.py` joins them to the others."""

from typing import Final

from web.i18n import N_

RULES: Final[dict[str, tuple[str, str]]] = {
    "rules-draft-changed": (
        N_("Somebody else changed the draft meanwhile"),
        N_("Nothing was saved. Open the draft again, compare, and put your change in once more."),
    ),
    "rules-no-draft": (
        N_("There is no draft any more"),
        N_("It was published or thrown away meanwhile. Look at the history, then begin again."),
    ),
    "rules-same": (N_("There is nothing to publish"), N_("This is what holds already. Change something first.")),
    "rules-planned": (
        N_("Version %(number)s begins later"),
        N_("Rules cannot begin before the ones that were published before them. Choose its day or a later one."),
    ),
    "rules-moving": (
        N_("Running clocks still follow version %(number)s"),
        N_("Wait until they are through, then publish again."),
    ),
    "rules-bad": (
        N_("These rules cannot be published as they are"),
        N_("Correct what is listed and publish again."),
    ),
}

RULES_FIELDS: Final[dict[str, str]] = {
    "earlier-than-before": N_("This would be due before the step it comes after"),
    "unknown-calendar": N_("There is no calendar of this name"),
    "days-need-a-calendar": N_("Working days need a calendar"),
    "days-cannot-pause": N_("A deadline in working days cannot be paused"),
    "rising-fractions": N_("Write rising percentages between 1 and 99"),
    "unknown-role": N_("Nobody can have this role"),
    "step-after-nobody": N_("Say who is told first"),
    "answer-from-nobody": N_("Say who is asked when no answer comes"),
    "unknown-milestone": N_("This step is not declared any more"),
    "counted-from": N_("Another step counts its time from this one"),
    "nothing-left": N_("At least one step must stay"),
    "impossible": N_("No deadline can be worked out from this"),
    "too-many": N_("At most %(max)s"),
    "never-open": N_("This calendar has no open hour at all"),
    "holiday-and-override": N_("This date is a holiday and has hours of its own; decide for one"),
    "unknown-zone": N_("There is no such time zone"),
    "overlap": N_("These hours overlap"),
    "closes-before-it-opens": N_("It closes before it opens; over midnight write two parts"),
    "not-a-time": N_("Write times as 09:00-12:00, 13:00-18:00"),
    "not-a-date": N_("Write dates as 2026-10-01, one a line"),
}
