"""What the work on a case keeps about a person: words said, written and noted go, that and when it was done stays."""

from typing import Final

from core.casework.models import CaseCall, CaseReply, CaseTask
from core.privacy.holdings import Holding
from core.privacy.rules import CLAIMS

_CASE: Final = {"complaint_id": "complaint"}
CASEWORK: Final[tuple[Holding, ...]] = (
    Holding(
        area="complaints",
        row=CaseTask,
        by=_CASE,
        export=("added_at", "words", "state", "due_at", "ended_at"),
        erase="blank",
        blank={"words": ""},
        law=CLAIMS,
        since="added_at",
    ),
    Holding(
        area="complaints",
        row=CaseCall,
        by=_CASE,
        export=("at", "way", "direction", "number", "minutes", "reached", "outcome", "words"),
        erase="blank",
        blank={"number": "", "outcome": "", "words": ""},
        law=CLAIMS,
        since="at",
    ),
    Holding(
        area="complaints",
        row=CaseReply,
        by=_CASE,
        export=("sent_at", "words", "taken_back_at"),
        erase="blank",
        blank={"words": "", "findings": [], "reason": ""},
        law=CLAIMS,
        since="sent_at",
    ),
)
