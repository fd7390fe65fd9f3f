"""Works on a case: tasks, notes that mention people, calls that prove a contact, and replies to the customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert, update

from core.casework.models import CaseCall, CaseReply, CaseTask
from core.casework.queries import ReplyFacts, TaskFacts, get_reply, get_task, get_word_rules, list_changes
from core.casework.rules.talking import Change, find_mentions
from core.casework.rules.wording import Finding, check_wording
from core.complaints.actions.handling import lock_open
from core.complaints.actions.proving import prove, save_proven
from core.complaints.actions.telling import tell_people
from core.complaints.cases.case import lock_case
from core.complaints.rules.filing import TEXT_LIMIT
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.outbox.actions import Move, cancel_work, move_work
from core.uow import UnitOfWork

_T, _K, _R = table_of(CaseTask), table_of(CaseCall), table_of(CaseReply)
TASK_DUE: Final = "casework.task_due"
"""The job that tells somebody that a task of theirs is due."""
MENTION: Final = "mention"
TASK: Final = "task"
"""Stand where a notice names its milestone."""
MAX_TASK: Final = 300
TAKE_BACK_SECONDS: Final = 600
"""A message can be taken back for ten minutes; after that the customer has read it, and only a new one corrects it."""


class CaseMoved(Conflict):
    """Others changed the case while this was written: `changes` says what, and the words are not lost."""

    code = "case-moved"

    def __init__(self, *, changes: tuple[Change, ...]) -> None:
        super().__init__(count=len(changes))
        self.changes = changes


class WordingDoubtful(Conflict):
    """The wording check found something (`findings`); with a reason it may be sent all the same."""

    code = "wording-doubtful"

    def __init__(self, *, findings: tuple[Finding, ...]) -> None:
        super().__init__(count=len(findings))
        self.findings = findings


class ReplyStays(Conflict):
    """Ten minutes have passed: the customer has seen the message."""

    code = "reply-stays"


class TaskEnded(Conflict):
    """The task is not open any more."""

    code = "task-ended"


def read_words(text: str, path: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return the words without the space around them; raise InvalidInput when there are none or too many."""
    words = text.strip()
    if not words:
        raise InvalidInput((FieldProblem(path, "required"),))
    if len(words) > limit:
        raise InvalidInput((FieldProblem(path, "too-long", {"max": limit}),))
    return words


async def hold_unchanged(uow: UnitOfWork, complaint_id: UUID, *, seen: int | None) -> None:
    """Lock the case and raise CaseMoved when others changed it after event `seen`; None asks nothing."""
    await lock_case(uow, complaint_id)
    changes = await list_changes(uow, complaint_id, seen=seen) if seen is not None else ()
    if changes:
        raise CaseMoved(changes=tuple(changes))


def _due_key(task_id: UUID) -> str:
    return f"case-task:{task_id}"


async def add_task(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    words: str,
    assignee_id: UUID,
    due_at: datetime,
    people: Mapping[UUID, str],
    milestone: str | None = None,
) -> UUID:
    """Give somebody something to do by an instant; when it comes and the task is open, they are told.

    Raises:
        NotFound: no such case.
        ComplaintClosed: the case is not worked on any more.
        InvalidInput: no words, nobody of this name, a step the case does not have, an instant that is past.
    """
    case = await lock_open(uow, complaint_id)
    said = read_words(words, "words", limit=MAX_TASK)
    problems = []
    if assignee_id not in people:
        problems.append(FieldProblem("assignee_id", "unknown-person"))
    if milestone is not None and all(one.id != milestone for one in case.policy.milestones):
        problems.append(FieldProblem("milestone", "option"))
    if due_at <= uow.now:
        problems.append(FieldProblem("due_at", "past"))
    if problems:
        raise InvalidInput(tuple(problems))
    task_id = new_id()
    await uow.session.execute(
        insert(_T).values(
            tenant_id=uow.tenant_id,
            task_id=task_id,
            complaint_id=complaint_id,
            words=said,
            milestone=milestone,
            assignee_id=assignee_id,
            due_at=due_at,
            state="open",
            added_by_name=uow.actor.name,
            added_at=uow.now,
            ended_by_name="",
        )
    )
    await move_work(uow, task=TASK_DUE, moves=[Move(_due_key(task_id), due_at, {"task_id": str(task_id)})])
    if assignee_id != uow.actor.id:
        await tell_people(uow, case, about=TASK, stage=f"task {task_id}", people={assignee_id: ""}, due_at=due_at)
    case.note(uow, "task_added", {"text": said, "people": people[assignee_id]})
    await case.save(uow)
    return task_id


async def complete_task(uow: UnitOfWork, *, task_id: UUID) -> TaskFacts:
    """Say that a task is done."""
    return await _end(uow, task_id, "done", "task_done")


async def drop_task(uow: UnitOfWork, *, task_id: UUID) -> TaskFacts:
    """Say that a task is not needed any more."""
    return await _end(uow, task_id, "dropped", "task_dropped")


async def _end(uow: UnitOfWork, task_id: UUID, state: Literal["done", "dropped"], kind: str) -> TaskFacts:
    task = await get_task(uow, task_id)
    case = await lock_case(uow, task.complaint_id)
    task = await get_task(uow, task_id)
    if task.state != "open":
        raise TaskEnded(state=task.state, who=task.ended_by_name)
    await _set(uow, task_id, state=state, ended_by_name=uow.actor.name, ended_at=uow.now)
    await cancel_work(uow, dedupe_keys=[_due_key(task_id)])
    case.note(uow, kind, {"text": task.words})
    await case.save(uow)
    return task


async def reopen_task(uow: UnitOfWork, *, task_id: UUID) -> TaskFacts:
    """Take back that a task is done or dropped; one that is overdue is told at once."""
    task = await get_task(uow, task_id)
    case = await lock_open(uow, task.complaint_id)
    await _set(uow, task_id, state="open", ended_by_name="", ended_at=None)
    await move_work(uow, task=TASK_DUE, moves=[Move(_due_key(task_id), task.due_at, {"task_id": str(task_id)})])
    case.note(uow, "task_reopened", {"text": task.words})
    await case.save(uow)
    return task


async def _set(uow: UnitOfWork, task_id: UUID, **values: Any) -> None:
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.task_id == task_id)
    await uow.session.execute(update(_T).where(*mine).values(**values))


async def tell_task_due(uow: UnitOfWork, *, task_id: UUID) -> bool:
    """Tell its owner that a task is due; nothing when it was ended meanwhile. Say whether somebody was told."""
    task = await get_task(uow, task_id)
    if task.state != "open" or task.due_at > uow.now:
        return False
    case = await lock_case(uow, task.complaint_id)
    people = {task.assignee_id: ""}
    told = await tell_people(uow, case, about=TASK, stage=f"overdue {task_id}", people=people, due_at=task.due_at)
    await case.save(uow)
    return told > 0


async def write_note(
    uow: UnitOfWork, *, complaint_id: UUID, text: str, people: Mapping[UUID, str], chosen: tuple[UUID, ...] = ()
) -> tuple[UUID, ...]:
    """Write a note that only staff see; who is named after an @ or chosen is told. Return whom."""
    words = read_words(text, "text")
    case = await lock_open(uow, complaint_id)
    told = tuple(dict.fromkeys((*(one for one in chosen if one in people), *find_mentions(words, people))))
    case.note(uow, "note", {"text": words} | ({"mentions": [people[one] for one in told]} if told else {}))
    others = {one: "" for one in told if one != uow.actor.id}
    if others:
        stage = f"mention {case.event_seq}"
        await tell_people(uow, case, about=MENTION, stage=stage, people=others, due_at=uow.now)
    await case.save(uow)
    return told


class LoggedCall(msgspec.Struct, frozen=True):
    """A contact that was written down, and the steps that it completed."""

    call_id: UUID
    completed: tuple[str, ...]


async def log_call(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    direction: Literal["out", "in"],
    number: str,
    minutes: int,
    outcome: str,
    words: str,
    reached: bool,
    way: Literal["phone", "in_person"] = "phone",
    at: datetime | None = None,
) -> LoggedCall:
    """Write down a contact, by phone or in person; one that reached the customer completes the steps that wait for it.

    Raises:
        NotFound: no such case.
        ComplaintClosed: the case is not worked on any more.
        Forbidden: `at` is past, and the actor may not back-date (sla.md, rule 12).
        InvalidInput: minutes that no call has, an instant to come, words too long.
    """
    case = await lock_open(uow, complaint_id)
    problems = []
    if not 0 <= minutes <= 24 * 60:
        problems.append(FieldProblem("minutes", "range", {"min": 0, "max": 24 * 60}))
    if at is not None and at > uow.now:
        problems.append(FieldProblem("at", "future"))
    for path, value, limit in (("number", number, 40), ("outcome", outcome, 200), ("words", words, TEXT_LIMIT)):
        if len(value.strip()) > limit:
            problems.append(FieldProblem(path, "too-long", {"max": limit}))
    if reached and not words.strip():
        problems.append(FieldProblem("words", "required"))
    if problems:
        raise InvalidInput(tuple(problems))
    call_id = new_id()
    await uow.session.execute(
        insert(_K).values(
            tenant_id=uow.tenant_id,
            call_id=call_id,
            complaint_id=complaint_id,
            way=way,
            direction=direction,
            number=number.strip() if way == "phone" else "",
            minutes=minutes,
            reached=reached,
            outcome=outcome.strip(),
            words=words.strip(),
            at=at or uow.now,
            by_id=uow.actor.id,
            by_name=uow.actor.name,
            logged_at=uow.now,
        )
    )
    data = {"way": way, "direction": direction, "minutes": minutes, "reached": reached, "outcome": outcome.strip()}
    case.note(uow, _call_kind(way, reached=reached), data | {"text": words.strip()}, at)
    facts = {"how": way, "said": words.strip()}
    completed = prove(uow, case, proof="call", facts=facts, at=at) if reached else ()
    await save_proven(uow, case)
    return LoggedCall(call_id, completed)


def _call_kind(way: str, *, reached: bool) -> str:
    if not reached:
        return "missed"
    return "called" if way == "phone" else "met"


async def send_reply(
    uow: UnitOfWork, *, complaint_id: UUID, words: str, reason: str = "", urgent: bool = False, seen: int | None = None
) -> ReplyFacts:
    """Put a message on the customer's status page; what is better said differently stops it until a reason is given.

    Nothing is stopped when it is urgent or the case is of the gravest level: what was found is kept with it all the same.

    Raises:
        NotFound: no such case.
        ComplaintClosed: the case is not worked on any more.
        CaseMoved: others changed the case after event `seen`.
        InvalidInput: no words, or too many.
        WordingDoubtful: the wording check found something and no reason is given.
    """
    await hold_unchanged(uow, complaint_id, seen=seen)
    case = await lock_open(uow, complaint_id)
    said = read_words(words, "words")
    why = reason.strip()[:TEXT_LIMIT]
    findings = check_wording(said, get_word_rules(uow))
    if findings and not why and not urgent and case.severity != "L3":
        raise WordingDoubtful(findings=findings)
    reply_id = new_id()
    await uow.session.execute(
        insert(_R).values(
            tenant_id=uow.tenant_id,
            reply_id=reply_id,
            complaint_id=complaint_id,
            words=said,
            findings=msgspec.to_builtins(findings),
            reason=why if findings else "",
            urgent=urgent,
            sent_by_name=uow.actor.name,
            sent_at=uow.now,
            taken_back_by_name="",
        )
    )
    data = {"reply_id": str(reply_id), "text": said}
    case.note(uow, "replied", data | ({"doubts": len(findings), "why": why} if findings else {}))
    await case.save(uow)
    return (await get_reply(uow, reply_id))[1]


async def take_back_reply(uow: UnitOfWork, *, reply_id: UUID) -> UUID:
    """Take a message off the customer's page, within ten minutes; return its case."""
    complaint_id, _ = await get_reply(uow, reply_id)
    case = await lock_case(uow, complaint_id)
    _, reply = await get_reply(uow, reply_id)
    if reply.taken_back_at is not None:
        return complaint_id
    if (uow.now - reply.sent_at).total_seconds() > TAKE_BACK_SECONDS:
        raise ReplyStays
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.reply_id == reply_id)
    values = {"taken_back_by_name": uow.actor.name, "taken_back_at": uow.now}
    await uow.session.execute(update(_R).where(*mine).values(values))
    case.note(uow, "reply_taken_back", {"reply_id": str(reply_id)})
    await case.save(uow)
    return complaint_id
