"""Enters what a case says about a person, and keeps what the person and the director say to it, unchanged beside it."""

from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.case_reports.actions import NotApproved, locked
from core.complaints.actions.handling import StepClosed
from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import Case
from core.complaints.rules.filing import blocked_by
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from core.hooks.records.events import StaffRef
from core.staff_records.models import StaffRecord, StaffRecordWord
from core.staff_records.queries import LEADS, RecordFacts, get_record, list_expired
from core.staff_records.rules import RecordDraft, clean, kept_until, problems, words_problem
from core.uow import UnitOfWork

_S, _W = table_of(StaffRecord), table_of(StaffRecordWord)
PURGE_TASK: Final = "staff_records.purge"
ENTERS: Final = "complaints.judge"
"""Who leads a case enters its records: 应急预案 §2.2 gives the leader the follow-up."""


class RecordEntered(Conflict):
    """This edition of the report is in the person's file already."""

    code = "staff-record-entered"


class WordGiven(Conflict):
    """That was said already, and what was said stays as it is."""

    code = "staff-record-word-given"


async def enter_record(uow: UnitOfWork, *, complaint_id: UUID, staff: StaffRef, draft: RecordDraft) -> UUID:
    """Enter a case in a person's file, from the newest approved edition of its report; the person is told.

    应急预案 §3.2 (R10): 同时记录到员工绩效考核档案. Completes the step that waits for it; when what is entered stands already, as
    after a case was lowered from level 3, which has no such step, that record completes it.

    Raises:
        Forbidden: the actor does not lead cases.
        NotApproved: the case has no approved report.
        StepClosed: another step must come first.
        NotFound: no such case or report.
        RecordEntered: it is there already, and no step waits for it.
        InvalidInput: something is missing or too long.
    """
    if not uow.actor.may(ENTERS):
        raise Forbidden(permission=ENTERS)
    case, report = await locked(uow, complaint_id)
    if report.edition == 0:
        raise NotApproved
    _need_turn(case)
    words = clean(draft)
    found = problems(words)
    if found:
        raise InvalidInput(found)
    record_id = new_id()
    kept = await uow.session.execute(
        upsert(_S)
        .values(
            tenant_id=uow.tenant_id,
            record_id=record_id,
            staff_id=staff.staff_id,
            staff_name=staff.name,
            complaint_id=complaint_id,
            report_id=report.report_id,
            edition=report.edition,
            recorded_at=uow.now,
            recorded_by=uow.actor.id,
            recorded_by_name=uow.actor.name,
            retain_until=kept_until(uow.today),
            **msgspec.to_builtins(words),
        )
        .on_conflict_do_nothing()
        .returning(_S.c.record_id)
    )
    if kept.first() is None:
        record_id = await _standing(uow, case, staff.staff_id, report.edition)
    else:
        # No name here: the case's history is read by many.
        case.note(uow, "staff_recorded", {"edition": report.edition})
    prove(uow, case, proof="record")
    await save_proven(uow, case)
    uow.audit("staff_record.enter", "staff_record", record_id, {"complaint_id": str(complaint_id)})
    return record_id


async def enter_nobody(uow: UnitOfWork, *, complaint_id: UUID, reason: str) -> None:
    """Say with a reason that the case concerns nobody's file; that completes the step as well."""
    if not uow.actor.may(ENTERS):
        raise Forbidden(permission=ENTERS)
    case, _ = await locked(uow, complaint_id)
    _need_turn(case)
    wrong = words_problem(reason, "reason")
    if wrong is not None:
        raise InvalidInput((wrong,))
    case.note(uow, "staff_not_recorded", {"text": reason.strip()})
    prove(uow, case, proof="record")
    await save_proven(uow, case)
    uow.audit("staff_record.nobody", "complaint", complaint_id)


def _open_step(case: Case) -> str | None:
    return next((one.id for one in case.policy.milestones if one.proof == "record" and one.id not in case.done), None)


async def _standing(uow: UnitOfWork, case: Case, staff_id: UUID, edition: int) -> UUID:
    """Return the record that stands, when a step still waits for it."""
    if _open_step(case) is None:
        raise RecordEntered
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.complaint_id == case.complaint_id)
    which = (_S.c.staff_id == staff_id, _S.c.edition == edition)
    record_id: UUID = (await uow.session.execute(select(_S.c.record_id).where(*mine, *which))).scalar_one()
    return record_id


def _need_turn(case: Case) -> None:
    step = _open_step(case)
    before = blocked_by(case.policy, step, case.done) if step is not None else ()
    if before:
        raise StepClosed(first=msgspec.to_builtins(before[0].label))


async def see_record(uow: UnitOfWork, *, record_id: UUID) -> RecordFacts:
    """Return a record; when it is the person's own, it counts as seen from now on."""
    record = await get_record(uow, record_id)
    if record.staff_id == uow.actor.id and record.word("seen") is None:
        await _say(uow, record_id, "seen", "")
        return await get_record(uow, record_id)
    return record


async def reply(uow: UnitOfWork, *, record_id: UUID, text: str) -> None:
    """Keep the person's reply beside the record, unchanged; once, and only their own.

    Raises:
        NotFound: no such record of the actor's.
        WordGiven: they replied already.
        InvalidInput: nothing was said, or too much.
    """
    await _own(uow, record_id)
    await _speak(uow, record_id, "reply", text)


async def object_to(uow: UnitOfWork, *, record_id: UUID, text: str) -> None:
    """Keep the person's objection; the director decides. Raises like `reply`."""
    await _own(uow, record_id)
    await _speak(uow, record_id, "objection", text)


async def decide_objection(uow: UnitOfWork, *, record_id: UUID, kept: bool, reason: str) -> None:
    """Decide an objection with a reason: the record is kept, or withdrawn, which stays to be seen.

    Raises:
        Forbidden: the actor is no leader of people, or the record is their own.
        WordGiven: it is decided, or nobody objected.
    """
    record = await get_record(uow, record_id)
    if not uow.actor.may(LEADS) or record.staff_id == uow.actor.id:
        raise Forbidden(permission=LEADS)
    if record.state != "objected":
        raise WordGiven
    await _speak(uow, record_id, "kept" if kept else "withdrawn", reason)


async def purge_records(uow: UnitOfWork) -> int:
    """Erase the records whose time is over, with what was said beside them; return how many."""
    over = await list_expired(uow, uow.today)
    if not over:
        return 0
    for erase in (func.app.erase_staff_record_word, func.app.erase_staff_record):
        await uow.session.execute(select(erase(uow.tenant_id, over)))
    uow.audit("staff_record.purge", "staff_record", None, {"records": len(over)})
    return len(over)


async def _own(uow: UnitOfWork, record_id: UUID) -> RecordFacts:
    record = await get_record(uow, record_id)
    if record.staff_id != uow.actor.id:
        raise NotFound("no such record")
    return record


async def _speak(uow: UnitOfWork, record_id: UUID, kind: str, text: str) -> None:
    wrong = words_problem(text)
    if wrong is not None:
        raise InvalidInput(
            (FieldProblem(kind if kind in {"reply", "objection"} else "reason", wrong.code, wrong.params),)
        )
    await _say(uow, record_id, kind, text.strip())
    uow.audit(f"staff_record.{kind}", "staff_record", record_id)


async def _say(uow: UnitOfWork, record_id: UUID, kind: str, text: str) -> None:
    row = {
        "tenant_id": uow.tenant_id,
        "record_id": record_id,
        "kind": kind,
        "text": text,
        "at": uow.now,
        "by_id": uow.actor.id,
        "by_name": uow.actor.name,
    }
    kept = await uow.session.execute(upsert(_W).values(row).on_conflict_do_nothing().returning(_W.c.kind))
    if kept.first() is None and kind != "seen":
        raise WordGiven
