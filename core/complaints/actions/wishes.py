"""What customers ask for on their own page: to add something with pictures, to be called, to accept a solution or not."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from core.complaints.actions.handling import lock_open, reopen_case
from core.complaints.actions.telling import ADDED, CALL_ME, SOLUTION, find_responsible, tell_people
from core.complaints.cases.case import Case
from core.complaints.models import ComplaintEvent
from core.complaints.ports import DutyRoster
from core.complaints.rules.filing import TEXT_LIMIT
from core.db import table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.hooks.records.complaints import Milestone
from core.uow import Reader, UnitOfWork

_E = table_of(ComplaintEvent)
CALL_REST: Final = timedelta(minutes=30)
"""Who presses the button again meanwhile is on the list already."""
WHEN_LIMIT: Final = 200
_CONTACT: Final = "service_supervisor"
_LEADER: Final = "team_leader"


class SolutionAnswered(Conflict):
    """The customer has answered this proposal already, or it is not there (any more)."""

    code = "solution-answered"


async def add_more(
    uow: UnitOfWork, *, complaint_id: UUID, text: str, file_ids: Sequence[UUID] = (), roster: DutyRoster
) -> None:
    """Keep what the customer adds, in words, in pictures or both, and tell those who work on it.

    Raises:
        ComplaintClosed: the case is over.
        InvalidInput: nothing at all, or more than fits.
    """
    words = text.strip()
    if not words and not file_ids:
        raise InvalidInput((FieldProblem("text", "required"),))
    if len(words) > TEXT_LIMIT:
        raise InvalidInput((FieldProblem("text", "too-long", {"max": TEXT_LIMIT}),))
    case = await lock_open(uow, complaint_id)
    data: dict[str, Any] = {"text": words} | ({"files": [str(one) for one in file_ids]} if file_ids else {})
    case.note(uow, "customer_added", data)
    await case.save(uow)
    await _tell(uow, case, ADDED, roster)


async def ask_call(uow: UnitOfWork, *, complaint_id: UUID, when: str, roster: DutyRoster) -> bool:
    """Put the wish to be called into the inboxes of those responsible; False when one waits from a moment ago.

    Raises:
        ComplaintClosed: the case is over.
        InvalidInput: the words about when are too long.
    """
    words = when.strip()
    if len(words) > WHEN_LIMIT:
        raise InvalidInput((FieldProblem("when", "too-long", {"max": WHEN_LIMIT}),))
    case = await lock_open(uow, complaint_id)
    latest = await _latest(uow, complaint_id, "call_wanted")
    if latest is not None and uow.now - latest.at < CALL_REST:
        return False
    case.note(uow, "call_wanted", {"text": words})
    await case.save(uow)
    await _tell(uow, case, CALL_ME, roster)
    return True


async def answer_solution(
    uow: UnitOfWork, *, complaint_id: UUID, milestone_id: str, accepted: bool, words: str, roster: DutyRoster
) -> None:
    """Take the customer's answer to what a step proposed; a no with its reason goes on, or opens a resolved case again.

    Raises:
        NotFound: no such step, or none that asks the customer.
        SolutionAnswered: it is not proposed (any more), or answered.
        InvalidInput: a no without a reason.
        ComplaintClosed.
    """
    said = words.strip()
    if not accepted and not said:
        raise InvalidInput((FieldProblem("words", "required"),))
    if len(said) > TEXT_LIMIT:
        raise InvalidInput((FieldProblem("words", "too-long", {"max": TEXT_LIMIT}),))
    case = await lock_open(uow, complaint_id)
    clock = case.newest().get(milestone_id)
    if clock is None or not _asks(case, clock.milestone):
        raise NotFound("no such proposal")
    if not clock.done or await find_answer(uow, complaint_id, milestone_id, clock.cycle) is not None:
        raise SolutionAnswered
    kind = "solution_accepted" if accepted else "solution_declined"
    case.note(uow, kind, {"milestone": milestone_id, "cycle": clock.cycle, "text": said})
    await case.save(uow)
    if not accepted:
        await _tell(uow, case, SOLUTION, roster)
        if case.state == "resolved":
            await reopen_case(uow, complaint_id=complaint_id, reason=said)


async def find_answer(reader: Reader, complaint_id: UUID, milestone_id: str, cycle: int) -> str | None:
    """Return how the customer answered a proposal: solution_accepted, solution_declined, or not yet."""
    rows = await reader.session.execute(
        select(_E.c.kind, _E.c.data)
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.complaint_id == complaint_id)
        .where(_E.c.kind.in_(("solution_accepted", "solution_declined")))
    )
    mine = [row.kind for row in rows if (row.data.get("milestone"), row.data.get("cycle")) == (milestone_id, cycle)]
    return str(mine[-1]) if mine else None


def _asks(case: Case, milestone: Milestone) -> bool:
    return any(one.id == milestone.id and one.asks_customer for one in case.policy.milestones)


async def _latest(uow: UnitOfWork, complaint_id: UUID, kind: str) -> Any:
    mine = (_E.c.tenant_id == uow.tenant_id, _E.c.complaint_id == complaint_id, _E.c.kind == kind)
    return (await uow.session.execute(select(_E.c.at).where(*mine).order_by(_E.c.seq.desc()).limit(1))).first()


async def _tell(uow: UnitOfWork, case: Case, about: str, roster: DutyRoster) -> None:
    roles = (_CONTACT, _LEADER) if about == SOLUTION else (_CONTACT,)
    people = await find_responsible(uow, case, roster, *roles)
    stage = f"{about} {case.event_seq}"
    await tell_people(uow, case, about=about, stage=stage, people=people, due_at=uow.now)
