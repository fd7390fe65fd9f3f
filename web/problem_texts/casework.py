"""The words of the problems of the work on a case."""

from typing import Final

from web.i18n import N_

CASEWORK: Final[dict[str, tuple[str, str]]] = {
    "complaint-closed": (
        N_("This complaint is closed"),
        N_("Reload its page. Open it again there if there is something new."),
    ),
    "level-moved": (
        N_("The level has changed meanwhile"),
        N_("Reload the page, look at the new level and its reason, then confirm that one."),
    ),
    "step-needs-proof": (
        N_("This step is completed by what happens"),
        N_("It cannot be ticked off: do it in its own section of the case, and the step completes itself."),
    ),
    "step-closed": (
        N_("This step cannot be done now"),
        N_("Reload the page: it is done already, or another step comes first."),
    ),
    "clock-refused": (N_("This deadline cannot be changed that way now"), N_("Reload the page to see how it stands.")),
    "case-moved": (
        N_("The case has changed meanwhile"),
        N_("Look at what others did; your words are kept, send them again."),
    ),
    "wording-doubtful": (
        N_("Some words are better said differently"),
        N_("Change them, or say why the message goes as it is."),
    ),
    "reply-stays": (
        N_("The message cannot be taken back any more"),
        N_("The customer has seen it: write another one instead."),
    ),
    "task-ended": (
        N_("The task is not open any more"),
        N_("Reload the page: somebody has done or dropped it."),
    ),
    "task-open-again": (
        N_("The same task is open once more"),
        N_("Work on the one that is open; this one stays ended."),
    ),
    "macro-undone": (N_("This was undone already"), N_("Reload the page to see how the case stands.")),
}
CASEWORK_FIELDS: Final[dict[str, str]] = {
    "past": N_("This moment is past"),
    "unknown-place": N_("Nothing fills in %(name)s."),
}
