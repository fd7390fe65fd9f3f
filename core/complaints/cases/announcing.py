"""Tells webhooks what is added to a case's history, as far as it is a promise, a level or a state of it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from core.uow import UnitOfWork

_KINDS: Final = {
    "filed": "complaint.filed",
    "judged": "complaint.level_set",
    "confirmed": "complaint.level_set",
    "completed": "complaint.promise_met",
    "breached": "complaint.promise_breached",
    "resolved": "complaint.resolved",
    "archived": "complaint.closed",
    "withdrawn": "complaint.closed",
    "merged": "complaint.closed",
    "reopened": "complaint.reopened",
    "unmerged": "complaint.reopened",
}
BREACHED: Final = {"kind": "breached"}
"""For a promise that is broken while nobody is on duty: the history tells of the second, webhooks of the first."""
_TAKEN: Final = {
    "judged": ("before",),
    "completed": ("milestone", "late"),
    "breached": ("milestone",),
    "merged": ("into_id",),
}
"""What of a history line may leave the house: nothing that somebody wrote."""


def announce_line(
    uow: UnitOfWork,
    line: Mapping[str, Any],
    *,
    complaint_id: UUID,
    number: int,
    level: str,
    state: str,
    customer_id: UUID | None,
) -> None:
    """Tell one line of the history, when it is of a kind that webhooks know."""
    kind = _KINDS.get(line["kind"])
    if kind is None:
        return
    about = {
        "complaint_id": complaint_id,
        "number": f"C-{number:04d}",
        "level": level,
        "state": state,
        "customer_id": customer_id,
    }
    more = {name: line["data"][name] for name in _TAKEN.get(line["kind"], ()) if name in line["data"]}
    if line["kind"] in {"judged", "confirmed"}:
        more["confirmed"] = line["kind"] == "confirmed"
    uow.announce(kind, about | more, at=line["at"])
