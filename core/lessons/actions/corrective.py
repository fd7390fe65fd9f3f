"""Corrective actions: who changes what until when, the reminders, and somebody else's look whether it worked."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, update

from core.complaints.actions.handling import ComplaintClosed
from core.complaints.actions.proving import prove, save_proven
from core.complaints.actions.telling import ACTION, find_responsible, tell_people
from core.complaints.cases.case import Case, lock_case
from core.complaints.ports import DutyRoster
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from core.lessons.models import CorrectiveAction
from core.lessons.queries.closing import ActionFacts, find_cause, get_action, get_numbers, list_actions
from core.lessons.rules.closing import ActionDays, check_day, next_reminder, reminders
from core.outbox.actions import Move, cancel_work, move_work
from core.uow import UnitOfWork

_A = table_of(CorrectiveAction)
REMIND: Final = "lessons.remind"
"""The task that tells about an action's days."""
MAX_WORDS: Final = 2000
FARTHEST: Final = timedelta(days=366)


class ActionMoved(Conflict):
    """Somebody else was faster, or this cannot be done with the action in its state (`state`)."""

    code = "action-moved"


class OwnCheck(Forbidden):
    """Whoever owns an action does not judge whether it works."""

    code = "own-check"


async def add_corrective(
    uow: UnitOfWork, *, complaint_id: UUID, words: str, owner_id: UUID, due_on: date, follows: UUID | None = None
) -> UUID:
    """Write down what is changed, by whom and until when; the owner is told on the day, the director the day after.

    Raises:
        InvalidInput: no words, a day that is over or more than a year away.
        ComplaintClosed: the case was withdrawn or merged.
    """
    said = _words(words, "words")
    today = uow.today
    if not today <= due_on <= today + FARTHEST:
        raise InvalidInput((FieldProblem("due_on", "out-of-range"),))
    case = await lock_case(uow, complaint_id)
    if case.state not in {"open", "resolved", "archived"}:
        raise ComplaintClosed(state=case.state)
    action_id = new_id()
    values = dict.fromkeys(("done_words", "done_by_name", "checked_by_name", "check_words"), "")
    await uow.session.execute(
        insert(_A).values(
            **values,
            tenant_id=uow.tenant_id,
            action_id=action_id,
            complaint_id=complaint_id,
            words=said,
            owner_id=owner_id,
            due_on=due_on,
            state="open",
            follows=follows,
            asked_by_name=uow.actor.name,
            asked_at=uow.now,
        )
    )
    case.note(uow, "action_added", {"text": said, "due_on": due_on.isoformat()})
    await case.save(uow)
    await _arm(uow, action_id, ActionDays("open", due_on, None))
    uow.audit("complaint.action", "complaint", complaint_id, {"due_on": due_on.isoformat()})
    return action_id


async def finish_corrective(uow: UnitOfWork, *, action_id: UUID, words: str) -> None:
    """Say that it is done, and how; after the tenant's days somebody else looks whether it works.

    Raises:
        ActionMoved: it is done already.
    """
    said = _words(words, "words")
    case, action = await _open(uow, action_id, "open")
    numbers = await get_numbers(uow)
    check_on = check_day(uow.now, numbers.check_days, uow.scope.timezone)
    values = {"done_words": said, "done_by_name": uow.actor.name, "done_at": uow.now, "check_on": check_on}
    await _set(uow, action_id, state="done", **values)
    case.note(uow, "action_done", {"text": said})
    if not any(one.state == "open" for one in await list_actions(uow, case.complaint_id)):
        prove(uow, case, proof="action", facts={"action": said})
    await save_proven(uow, case)
    await _arm(uow, action_id, ActionDays("done", action.due_on, check_on))


async def check_corrective(
    uow: UnitOfWork,
    *,
    action_id: UUID,
    effective: bool,
    words: str,
    instead: str = "",
    owner_id: UUID | None = None,
    due_on: date | None = None,
) -> UUID | None:
    """Judge whether it works, as somebody else than its owner; what does not is followed by a new action.

    Returns the new action. Raises:
        OwnCheck: one's own action.
        ActionMoved: it is not done yet, or was judged already.
        InvalidInput: no evidence in words; not effective and no new action.
    """
    said = _words(words, "words")
    case, action = await _open(uow, action_id, "done")
    if action.owner_id == uow.actor.id or action.done_by_name == uow.actor.name:
        raise OwnCheck
    if not effective and (not clean_text(instead) or due_on is None):
        missing = "instead" if not clean_text(instead) else "due_on"
        raise InvalidInput((FieldProblem(missing, "required"),))
    state = "effective" if effective else "ineffective"
    await _set(uow, action_id, state=state, check_words=said, checked_by_name=uow.actor.name, checked_at=uow.now)
    await cancel_work(uow, dedupe_keys=[_key(action_id)])
    case.note(uow, f"action_{state}", {"text": said})
    live = [one for one in await list_actions(uow, case.complaint_id) if one.state in {"open", "done"}]
    if effective and not live:
        prove(uow, case, proof="effect", facts={"evidence": said})
        cause = await find_cause(uow, case.complaint_id)
        if cause is not None:  # a review that had to wait for this look has its cause already
            prove(uow, case, proof="cause", facts={"lesson": cause.words})
    await save_proven(uow, case)
    uow.audit("complaint.check", "complaint", case.complaint_id, {"effective": effective})
    if effective or due_on is None:
        return None
    return await add_corrective(
        uow,
        complaint_id=case.complaint_id,
        words=instead,
        owner_id=owner_id or action.owner_id,
        due_on=due_on,
        follows=action_id,
    )


async def remind(uow: UnitOfWork, *, action_id: UUID, roster: DutyRoster) -> datetime | None:
    """Tell what is ripe about an action, once each, and return when there is more to tell."""
    action = await get_action(uow, action_id)
    zone = uow.scope.timezone
    case = await lock_case(uow, action.complaint_id)
    for word, at in reminders(action.days, zone):
        if at <= uow.now:
            people = await _whom(uow, case, action, word, roster)
            await tell_people(uow, case, about=ACTION, stage=f"action-{word} {action_id}", people=people, due_at=at)
    return next_reminder(action.days, zone, after=uow.now)


async def _whom(uow: UnitOfWork, case: Case, action: ActionFacts, word: str, roster: DutyRoster) -> dict[UUID, str]:
    """The owner on the day; the leader looks at what was done; what is late the director hears."""
    if word == "due":
        return {action.owner_id: "owner"}
    if word == "check":
        people = await find_responsible(uow, case, roster, "team_leader")
        others = {one: role for one, role in people.items() if one != action.owner_id}
        if others:
            return others
    directors = await roster.find_on_duty(uow, role="director", branch_id=case.branch_id, at=uow.now)
    late = dict.fromkeys(directors, "director")
    return late if word == "check" else {action.owner_id: "owner"} | late


async def _open(uow: UnitOfWork, action_id: UUID, state: str) -> tuple[Case, ActionFacts]:
    known = await get_action(uow, action_id)
    case = await lock_case(uow, known.complaint_id)
    action = await get_action(uow, action_id, lock=True)
    if action.state != state:
        raise ActionMoved(state=action.state)
    return case, action


async def _set(uow: UnitOfWork, action_id: UUID, **values: Any) -> None:
    mine = (_A.c.tenant_id == uow.tenant_id, _A.c.action_id == action_id)
    await uow.session.execute(update(_A).where(*mine).values(**values))


def _key(action_id: UUID) -> str:
    return f"action:{action_id}"


async def _arm(uow: UnitOfWork, action_id: UUID, days: ActionDays) -> None:
    """Put the action's one row of the schedule at its next instant; a day that begins now is told about at once."""
    at = next_reminder(days, uow.scope.timezone, after=uow.now - timedelta(days=1))
    if at is not None:
        payload = {"action_id": str(action_id)}
        await move_work(uow, task=REMIND, moves=[Move(_key(action_id), max(at, uow.now), payload)])


def _words(text: str, path: str) -> str:
    words = clean_text(text)
    if not words or len(words) > MAX_WORDS:
        raise InvalidInput((FieldProblem(path, "too-long" if words else "required", {"max": MAX_WORDS}),))
    return words
