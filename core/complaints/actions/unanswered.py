"""Opens the gate before the archive for a customer who never said whether they are satisfied."""

from core.complaints.actions.handling import complete_in
from core.complaints.cases.case import Case
from core.complaints.rules.filing import ARCHIVE, blocked_by
from core.uow import UnitOfWork


def close_unanswered(uow: UnitOfWork, case: Case, *, why: str, words: str) -> tuple[str, ...]:
    """Complete what waits for the customer's satisfaction, saying that it was not told; return the steps.

    Only for what somebody wrote down and a leader confirmed: `core.lessons.actions.closing`.
    """
    done = []
    for milestone in case.policy.milestones:
        asked = {field.key for field in milestone.facts}
        waits = milestone.gate_for == ARCHIVE and "satisfied" in asked and milestone.id not in case.done
        if waits and not blocked_by(case.policy, milestone.id, case.done):
            complete_in(
                uow, case, milestone.id, {"satisfied": "unanswered", "why": why, "words": words}, unanswered=True
            )
            done.append(milestone.id)
    return tuple(done)
