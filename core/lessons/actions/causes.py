"""Names the root cause of a case, with the branch and the person it happened at."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.handling import ComplaintClosed
from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import lock_case
from core.complaints.models import Complaint
from core.customers.rules.names import clean_text
from core.db import table_of
from core.errors import FieldProblem, InvalidInput
from core.hooks.records.text import localized
from core.lessons.models import RootCause
from core.lessons.queries.closing import CauseFacts, find_cause, list_causes, list_repeats
from core.uow import UnitOfWork

_R, _C = table_of(RootCause), table_of(Complaint)
MAX_WORDS = 2000


async def name_cause(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    cause: str,
    words: str,
    branch_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> CauseFacts:
    """Say why it happened, in the tree of causes and in words; said again it corrects. It completes what waits for a cause.

    Raises:
        NotFound: no such case.
        ComplaintClosed: it was withdrawn or merged.
        InvalidInput: a cause that the tree does not have, no words.
    """
    said = clean_text(words)
    problems = []
    known = {one.id: one.label for one in list_causes(uow)}
    if cause not in known:
        problems.append(FieldProblem("cause", "option"))
    if not said or len(said) > MAX_WORDS:
        problems.append(FieldProblem("words", "too-long" if said else "required", {"max": MAX_WORDS}))
    if problems:
        raise InvalidInput(tuple(problems))
    case = await lock_case(uow, complaint_id)
    if case.state not in {"open", "resolved", "archived"}:
        raise ComplaintClosed(state=case.state)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    received_at = await uow.session.scalar(select(_C.c.received_at).where(*mine))
    values = {
        "cause": cause,
        "words": said,
        "branch_id": branch_id or case.branch_id,
        "staff_id": staff_id,
        "named_by_name": uow.actor.name,
        "named_at": uow.now,
    }
    fresh = upsert(_R).values(tenant_id=uow.tenant_id, complaint_id=complaint_id, received_at=received_at, **values)
    await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "complaint_id"], set_=values))
    await uow.session.execute(update(_C).where(*mine).values(cause=cause))
    facts = await find_cause(uow, complaint_id)
    assert facts is not None
    label = localized(known[cause], uow.scope.locale)
    prove(uow, case, proof="cause", facts={"lesson": said, "cause": label})
    case.note(uow, "cause_named", {"cause": known[cause], "text": said})
    repeats = await list_repeats(uow, facts)
    if repeats:
        case.note(uow, "repeat_found", {"cause": known[cause], "times": len(repeats) + 1})
    await save_proven(uow, case)
    uow.audit("complaint.cause", "complaint", complaint_id, {"cause": cause, "repeats": len(repeats)})
    return facts
