"""Lets a case end without the customer's word: silence is written down with its tries, and a leader confirms it (R06)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.handling import ComplaintClosed
from core.complaints.actions.unanswered import close_unanswered
from core.complaints.cases.case import lock_case
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from core.lessons.models import ClosingRule, Silence
from core.lessons.queries.closing import get_numbers, get_silence
from core.lessons.rules.closing import Contact, Numbers, silence_problem
from core.uow import UnitOfWork

_S, _N = table_of(Silence), table_of(ClosingRule)
JUDGE: Final = "complaints.judge"
MAX_WORDS: Final = 2000


class SilenceDecided(Conflict):
    """Somebody has decided already whether the case may end without the customer's word."""

    code = "silence-decided"


class OwnSilence(Forbidden):
    """Whoever wrote the customer's silence down does not confirm it."""

    code = "own-silence"


async def note_silence(
    uow: UnitOfWork, *, complaint_id: UUID, why: str, reason: str, contacts: Sequence[Contact]
) -> UUID:
    """Write down that the customer does not answer (after enough tries) or does not want to say; a leader confirms it.

    应急预案 §3.1 archives only 确认满意后; what happens when nobody answers it does not say: this is our own design.

    Raises:
        ComplaintClosed: the case is not resolved.
        SilenceDecided: one waits for its leader already.
        InvalidInput: no reason, too few tries, two at the same moment, one in the future.
    """
    words = _words(reason, "reason")
    case = await lock_case(uow, complaint_id)
    if case.state != "resolved":
        raise ComplaintClosed(state=case.state)
    needed = (await get_numbers(uow)).contacts
    problem = silence_problem(why, contacts, needed, now=uow.now)
    if problem:
        path = "why" if problem == "option" else "contacts"
        raise InvalidInput((FieldProblem(path, problem, {"min": needed}),))
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.complaint_id == complaint_id, _S.c.state == "waiting")
    if await uow.session.scalar(select(_S.c.silence_id).where(*mine)) is not None:
        raise SilenceDecided
    silence_id = new_id()
    await uow.session.execute(
        insert(_S).values(
            tenant_id=uow.tenant_id,
            silence_id=silence_id,
            complaint_id=complaint_id,
            why=why,
            reason=words,
            contacts=msgspec.to_builtins(tuple(contacts)),
            state="waiting",
            asked_by=uow.actor.id,
            asked_by_name=uow.actor.name,
            asked_at=uow.now,
            decided_by_name="",
        )
    )
    case.note(uow, "silence_noted", {"why": why, "text": words, "tries": len(contacts)})
    await case.save(uow)
    return silence_id


async def decide_silence(uow: UnitOfWork, *, silence_id: UUID, confirm: bool) -> None:
    """Confirm or reject it: confirmed, the gate before the archive opens as for a satisfied customer, and says why.

    Raises:
        Forbidden: without the right to judge.
        OwnSilence, SilenceDecided, ComplaintClosed.
    """
    if not uow.actor.may(JUDGE):
        raise Forbidden(permission=JUDGE)
    known = await get_silence(uow, silence_id)
    case = await lock_case(uow, known.complaint_id)
    silence = await get_silence(uow, silence_id)
    if silence.state != "waiting":
        raise SilenceDecided(by=silence.decided_by_name)
    if silence.asked_by is not None and silence.asked_by == uow.actor.id:
        raise OwnSilence
    if confirm and case.state != "resolved":
        raise ComplaintClosed(state=case.state)
    state = "confirmed" if confirm else "rejected"
    await uow.session.execute(
        update(_S)
        .where(_S.c.tenant_id == uow.tenant_id, _S.c.silence_id == silence_id)
        .values(state=state, decided_by_name=uow.actor.name, decided_at=uow.now)
    )
    if confirm:
        close_unanswered(uow, case, why=silence.why, words=silence.reason)
    case.note(uow, f"silence_{state}", {"why": silence.why})
    await case.save(uow)
    uow.audit(f"complaint.silence_{state}", "complaint", case.complaint_id, {"asked_by": silence.asked_by_name})


async def set_numbers(uow: UnitOfWork, *, numbers: Numbers) -> None:
    """Set the tenant's numbers of closing.

    Raises:
        InvalidInput: out of range.
    """
    ranges = {"contacts": (1, 10), "check_days": (1, 365), "repeat_days": (1, 1095)}
    problems = tuple(
        FieldProblem(name, "out-of-range", {"min": low, "max": high})
        for name, (low, high) in ranges.items()
        if not low <= getattr(numbers, name) <= high
    )
    if problems:
        raise InvalidInput(problems)
    values = msgspec.to_builtins(numbers) | {"changed_by_name": uow.actor.name, "changed_at": uow.now}
    fresh = upsert(_N).values(tenant_id=uow.tenant_id, **values)
    await uow.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
    uow.audit("complaint.closing_numbers", "tenant", uow.tenant_id, msgspec.to_builtins(numbers))


def _words(text: str, path: str) -> str:
    words = clean_text(text)
    if not words or len(words) > MAX_WORDS:
        raise InvalidInput((FieldProblem(path, "too-long" if words else "required", {"max": MAX_WORDS}),))
    return words
