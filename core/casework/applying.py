"""Applies macros: one click sends, notes, plans and pauses together, and one click takes it back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.casework.actions import (
    add_task,
    drop_task,
    hold_unchanged,
    read_words,
    send_reply,
    take_back_reply,
    write_note,
)
from core.casework.models import CaseMacro, CaseMacroUse
from core.casework.queries import get_task, get_use, list_macros
from core.casework.rules.macros import Filled, MacroDraft, macro_problems
from core.complaints.actions.handling import lock_open, pause_step, resume_step
from core.complaints.cases.case import lock_case
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.uow import UnitOfWork

_M, _U = table_of(CaseMacro), table_of(CaseMacroUse)
MAX_MACROS: Final = 200


class MacroUndone(Conflict):
    """This use of a macro was undone already."""

    code = "macro-undone"


async def save_macro(uow: UnitOfWork, *, draft: MacroDraft, macro_id: UUID | None = None) -> UUID:
    """Keep a macro of the tenant's own, new or changed.

    Raises:
        NotFound: no such macro.
        InvalidInput: no name or one that is taken, nothing that it does, braces that nothing fills, too long.
    """
    macros = {one.macro_id: one for one in await list_macros(uow)}
    if macro_id is not None and macro_id not in macros:
        raise NotFound("no such macro")
    name = draft.name.strip()
    problems = macro_problems(draft, taken={one.name for one in macros.values() if one.macro_id != macro_id})
    if macro_id is None and len(macros) >= MAX_MACROS:
        problems = (*problems, FieldProblem("name", "too-many", {"max": MAX_MACROS}))
    if problems:
        raise InvalidInput(problems)
    kept = {
        **{key: getattr(draft, key).strip() for key in ("words", "note", "task", "pause")},
        "name": name,
        "task_hours": draft.task_hours,
        "changed_by_name": uow.actor.name,
        "changed_at": uow.now,
    }
    row = {"tenant_id": uow.tenant_id, "macro_id": macro_id or new_id(), **kept}
    await uow.session.execute(
        upsert(_M).values(row).on_conflict_do_update(index_elements=["tenant_id", "macro_id"], set_=kept)
    )
    uow.audit("macro.save", "case_macro", row["macro_id"], {"name": name})
    return UUID(str(row["macro_id"]))


async def remove_macro(uow: UnitOfWork, *, macro_id: UUID) -> str:
    """Take a macro away and return its name; what it did stays."""
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.macro_id == macro_id)
    name = await uow.session.scalar(delete(_M).where(*mine).returning(_M.c.name))
    if name is None:
        raise NotFound("no such macro")
    uow.audit("macro.remove", "case_macro", macro_id, {"name": name})
    return str(name)


async def apply_macro(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    macro: Filled,
    people: Mapping[UUID, str],
    reason: str = "",
    urgent: bool = False,
    seen: int | None = None,
) -> UUID:
    """Do everything a filled macro says, or nothing; a step that cannot be paused now is left alone. Return the use.

    Raises:
        CaseMoved, ComplaintClosed, WordingDoubtful, InvalidInput: as `send_reply` and `add_task`.
    """
    await hold_unchanged(uow, complaint_id, seen=seen)
    case = await lock_open(uow, complaint_id)
    reply = task = None
    if macro.text.strip():
        words = read_words(macro.text, "words")
        reply = (await send_reply(uow, complaint_id=complaint_id, words=words, reason=reason, urgent=urgent)).reply_id
    if macro.note.strip():
        await write_note(uow, complaint_id=complaint_id, text=macro.note, people=people)
    if macro.task.strip() and uow.actor.id is not None:
        task = await add_task(
            uow,
            complaint_id=complaint_id,
            words=macro.task,
            assignee_id=uow.actor.id,
            due_at=uow.now + timedelta(hours=macro.task_hours),
            people=people,
        )
    clock = case.newest().get(macro.pause)
    rests = clock is not None and clock.milestone.pausable and clock.status in {"running", "breached"}
    if rests:
        await pause_step(uow, complaint_id=complaint_id, milestone_id=macro.pause, reason="customer", note=macro.label)
    use_id = new_id()
    await uow.session.execute(
        insert(_U).values(
            tenant_id=uow.tenant_id,
            use_id=use_id,
            complaint_id=complaint_id,
            name=macro.label,
            reply_id=reply,
            task_id=task,
            paused=macro.pause if rests else "",
            used_by_name=uow.actor.name,
            used_at=uow.now,
            undone_by_name="",
        )
    )
    return use_id


async def undo_macro(uow: UnitOfWork, *, use_id: UUID) -> UUID:
    """Take back what one use of a macro did, as far as nobody went on from it; return its case.

    Raises:
        MacroUndone: it was undone before.
        ReplyStays: ten minutes have passed since its message was sent.
    """
    use = await get_use(uow, use_id)
    await lock_case(uow, use.complaint_id)
    use = await get_use(uow, use_id)
    if use.undone_at is not None:
        raise MacroUndone(name=use.name)
    if use.reply_id is not None:
        await take_back_reply(uow, reply_id=use.reply_id)
    if use.task_id is not None and (await get_task(uow, use.task_id)).state == "open":
        await drop_task(uow, task_id=use.task_id)
    case = await lock_case(uow, use.complaint_id)
    clock = case.newest().get(use.paused)
    if case.state in {"open", "resolved"} and clock is not None and clock.status == "paused":
        await resume_step(uow, complaint_id=use.complaint_id, milestone_id=use.paused)
        case = await lock_case(uow, use.complaint_id)
    mine = (_U.c.tenant_id == uow.tenant_id, _U.c.use_id == use_id)
    await uow.session.execute(update(_U).where(*mine).values(undone_by_name=uow.actor.name, undone_at=uow.now))
    case.note(uow, "macro_undone", {"text": use.name})
    await case.save(uow)
    return use.complaint_id
