"""One remedy while it is being changed: locked after its case, moved to another state, told in the case's history."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from core.complaints.cases.case import Case, lock_case
from core.customers.rules.names import clean_text
from core.db import table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.hooks.records.text import localized
from core.remedies.models import Remedy
from core.remedies.queries import RemedyFacts, get_remedy
from core.remedies.rules import Deed, may
from core.uow import UnitOfWork

_R = table_of(Remedy)
MAX_WORDS: Final = 1000
DECIDED: Final = frozenset({"remedy_refused", "remedy_accepted", "remedy_declined", "remedy_given", "remedy_undone"})
"""What webhooks are told: an approver's no, the customer's answer, what was given and what was taken back."""


class RemedyMoved(Conflict):
    """Somebody else was faster, or this cannot be done with a remedy in its state (`state`)."""

    code = "remedy-moved"


async def open_remedy(uow: UnitOfWork, remedy_id: UUID, deed: Deed) -> tuple[Case, RemedyFacts]:
    """Lock the case and the remedy for something that its state allows; the second of two finds it moved."""
    case, remedy = await lock_remedy(uow, remedy_id, None)
    if not may(deed, remedy.state):
        raise RemedyMoved(state=remedy.state)
    return case, remedy


async def lock_remedy(uow: UnitOfWork, remedy_id: UUID, complaint_id: UUID | None) -> tuple[Case, RemedyFacts]:
    """The case first, always: who proposes waits for who approves, and limits count what stands."""
    known = await get_remedy(uow, remedy_id)
    case = await lock_case(uow, complaint_id or known.complaint_id)
    remedy = await get_remedy(uow, remedy_id, lock=True)
    if remedy.complaint_id != case.complaint_id:
        raise RemedyMoved(state="")
    return case, remedy


async def move(uow: UnitOfWork, remedy: RemedyFacts, state: str, **values: Any) -> RemedyFacts:
    """Write what became of a locked remedy."""
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.remedy_id == remedy.remedy_id)
    await uow.session.execute(update(_R).where(*mine).values(state=state, **values))
    return await get_remedy(uow, remedy.remedy_id)


async def tell(uow: UnitOfWork, case: Case, remedy: RemedyFacts, kind: str, *, text: str = "") -> None:
    """Write it into the case's history and the audit log."""
    label = localized(remedy.label, uow.scope.locale)
    data = {"remedy": remedy.label, "fen": remedy.cost_fen} | ({"text": text} if text else {})
    case.note(uow, kind, data)
    await case.save(uow)
    uow.audit(kind.replace("_", "."), "complaint", case.complaint_id, {"remedy": label, "fen": remedy.cost_fen})
    if kind in DECIDED:
        ids = {"remedy_id": remedy.remedy_id, "complaint_id": case.complaint_id, "customer_id": case.customer_id}
        about = {"kind": remedy.kind, "state": remedy.state, "cost_fen": remedy.cost_fen}
        uow.announce("remedy.decided", ids | about)


def said(words: str) -> str:
    """Return a reason, cleaned; refuse none and a book."""
    reason = clean_text(words)
    if not reason or len(reason) > MAX_WORDS:
        code = "too-long" if reason else "required"
        raise InvalidInput((FieldProblem("words", code, {"max": MAX_WORDS}),))
    return reason
