"""What a merge would do, in words: each promise before and after."""

from datetime import datetime
from typing import Final

from core.complaints.actions.joining import MergePreview
from web.formats import format_datetime
from web.i18n import N_, gettext
from web.views.complaints import milestone_label

STATUS: Final = {
    "none": N_("New"),
    "waiting": N_("Waits"),
    "running": N_("Runs"),
    "paused": N_("Paused"),
    "met": N_("Kept"),
    "met_late": N_("Late"),
    "breached": N_("Broken"),
    "cancelled": N_("Cancelled"),
}


def preview_lines(preview: MergePreview | None) -> list[tuple[str, str, str]]:
    """Return the promises that move or run on, each as it is and as it would be."""
    if preview is None:
        return []
    return [
        (
            milestone_label(preview.policy, one.milestone),
            _state_text(one.status, one.due),
            _state_text(one.new_status, one.new_due),
        )
        for one in preview.clocks
        if one.moves or one.new_status in {"running", "paused", "breached"}
    ]


def _state_text(status: str, due: datetime | None) -> str:
    words = gettext(STATUS[status])
    return f"{words}, {gettext('due %(when)s') % {'when': format_datetime(due)}}" if due else words
