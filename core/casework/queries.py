"""Reads the work on a case: tasks, calls, replies, scripts and macros, related cases, and what changed meanwhile."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, func, or_, select

from core.asked import Asked
from core.casework.models import CaseCall, CaseMacro, CaseMacroUse, CaseReply, CaseTask
from core.casework.rules.confirming import Promised, confirmation, moment_words, step_lines
from core.casework.rules.macros import Filled, choose_scripts, fill_script
from core.casework.rules.talking import Change, changes_since
from core.casework.rules.wording import Finding
from core.complaints.models import Complaint, ComplaintEvent
from core.complaints.queries.cases import ComplaintDetail
from core.counts import Counter
from core.customers.queries import list_cluster
from core.db import one_of, table_of
from core.errors import NotFound
from core.hooks.records.casework import Script, WordRule
from core.hooks.records.text import localized
from core.hooks.specs.casework import complaint_scripts, complaint_wording
from core.hooks.specs.complaints import complaint_categories
from core.tenancy.queries import find_tenant
from core.uow import Reader

_C, _E = table_of(Complaint), table_of(ComplaintEvent)
_T, _K, _R, _M, _U = (table_of(one) for one in (CaseTask, CaseCall, CaseReply, CaseMacro, CaseMacroUse))
LIKE_WINDOW: Final = timedelta(days=90)
"""Cases of the same branch and cause are related within this time."""


class TaskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One task with the case it belongs to."""

    task_id: UUID
    complaint_id: UUID
    words: str
    milestone: str | None
    assignee_id: UUID
    due_at: datetime
    state: Literal["open", "done", "dropped"]
    added_by_name: str
    ended_by_name: str
    ended_at: datetime | None
    number: int
    title: str
    severity: str


class CallFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One contact with the customer."""

    call_id: UUID
    way: Literal["phone", "in_person"]
    direction: Literal["out", "in"]
    number: str
    minutes: int
    reached: bool
    outcome: str
    words: str
    at: datetime
    by_name: str


class ReplyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One message to the customer, with what the wording check said of it."""

    reply_id: UUID
    words: str
    findings: tuple[Finding, ...]
    reason: str
    urgent: bool
    sent_by_name: str
    sent_at: datetime
    taken_back_by_name: str
    taken_back_at: datetime | None


class MacroFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A macro of the tenant's own."""

    macro_id: UUID
    name: str
    words: str
    note: str
    task: str
    task_hours: int
    pause: str
    changed_by_name: str
    changed_at: datetime


class UseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A macro that was applied, with what it wrote."""

    use_id: UUID
    complaint_id: UUID
    name: str
    reply_id: UUID | None
    task_id: UUID | None
    paused: str
    used_by_name: str
    used_at: datetime
    undone_at: datetime | None


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another case and what it has in common with this one."""

    complaint_id: UUID
    number: int
    title: str
    severity: str
    state: str
    received_at: datetime
    why: tuple[Literal["customer", "subject", "cause"], ...]


async def list_tasks(reader: Reader, complaint_id: UUID) -> list[TaskFacts]:
    """Return the tasks of a case: open ones by due time, then those that ended."""
    order = (_T.c.state != "open", _T.c.due_at, _T.c.task_id)
    return await _tasks(reader, _T.c.complaint_id == complaint_id, order=order, limit=100)


async def list_my_tasks(reader: Reader, *, staff_id: UUID, limit: int = 100) -> list[TaskFacts]:
    """Return somebody's open tasks, the most urgent first."""
    mine = and_(_T.c.assignee_id == staff_id, _T.c.state == "open")
    return await _tasks(reader, mine, order=(_T.c.due_at, _T.c.task_id), limit=limit)


async def get_task(reader: Reader, task_id: UUID) -> TaskFacts:
    """Return one task; raise NotFound when there is none of that id."""
    found = await _tasks(reader, _T.c.task_id == task_id, order=(_T.c.task_id,), limit=1)
    if not found:
        raise NotFound("no such task")
    return found[0]


async def list_cases_of(reader: Reader, task_ids: Sequence[UUID]) -> set[UUID]:
    """Return the cases that these tasks are about."""
    query = select(_T.c.complaint_id).where(_T.c.tenant_id == reader.tenant_id, one_of(_T.c.task_id, task_ids))
    return set((await reader.session.execute(query)).scalars())


@Counter
def count_overdue_tasks(asked: Asked) -> Select[int]:
    """Return how many of the reader's tasks are overdue."""
    late = (_T.c.assignee_id == asked.actor.id, _T.c.state == "open", _T.c.due_at < asked.now)
    return select(func.count()).select_from(_T).where(_T.c.tenant_id == asked.tenant_id, *late)


async def _tasks(reader: Reader, where: Any, *, order: tuple[Any, ...], limit: int) -> list[TaskFacts]:
    of_case = ("number", "title", "severity")
    names = TaskFacts.__struct_fields__
    rows = await reader.session.execute(
        select(*(_C.c[name] if name in of_case else _T.c[name] for name in names))
        .join(_C, and_(_C.c.tenant_id == _T.c.tenant_id, _C.c.complaint_id == _T.c.complaint_id))
        .where(_T.c.tenant_id == reader.tenant_id, where)
        .order_by(*order)
        .limit(limit)
    )
    return [TaskFacts(**dict(zip(names, row, strict=True))) for row in rows]


async def list_calls(reader: Reader, complaint_id: UUID) -> list[CallFacts]:
    """Return the contacts of a case, newest first."""
    names = CallFacts.__struct_fields__
    query = select(*(_K.c[name] for name in names)).where(
        _K.c.tenant_id == reader.tenant_id, _K.c.complaint_id == complaint_id
    )
    rows = await reader.session.execute(query.order_by(_K.c.at.desc(), _K.c.call_id.desc()).limit(100))
    return [CallFacts(**dict(zip(names, row, strict=True))) for row in rows]


async def list_replies(reader: Reader, complaint_id: UUID, *, shown: bool = False) -> list[ReplyFacts]:
    """Return the messages of a case, oldest first; `shown` leaves out those taken back, as the customer's page does."""
    where = [_R.c.tenant_id == reader.tenant_id, _R.c.complaint_id == complaint_id]
    where += [_R.c.taken_back_at.is_(None)] if shown else []
    names = ReplyFacts.__struct_fields__
    rows = await reader.session.execute(
        select(*(_R.c[name] for name in names)).where(*where).order_by(_R.c.sent_at, _R.c.reply_id).limit(200)
    )
    return [
        ReplyFacts(**{**row, "findings": msgspec.convert(row["findings"], tuple[Finding, ...])})
        for row in (dict(zip(names, one, strict=True)) for one in rows)
    ]


async def get_reply(reader: Reader, reply_id: UUID) -> tuple[UUID, ReplyFacts]:
    """Return the case and the message; raise NotFound when there is none of that id."""
    query = select(_R.c.complaint_id).where(_R.c.tenant_id == reader.tenant_id, _R.c.reply_id == reply_id)
    complaint_id = await reader.session.scalar(query)
    if complaint_id is None:
        raise NotFound("no such reply")
    replies = {one.reply_id: one for one in await list_replies(reader, complaint_id)}
    return complaint_id, replies[reply_id]


async def list_macros(reader: Reader) -> list[MacroFacts]:
    """Return the tenant's own macros by name."""
    names = MacroFacts.__struct_fields__
    query = select(*(_M.c[name] for name in names)).where(_M.c.tenant_id == reader.tenant_id)
    rows = await reader.session.execute(query.order_by(_M.c.name).limit(200))
    return [MacroFacts(**dict(zip(names, row, strict=True))) for row in rows]


async def get_use(reader: Reader, use_id: UUID) -> UseFacts:
    """Return one application of a macro; raise NotFound when there is none of that id."""
    names = UseFacts.__struct_fields__
    query = select(*(_U.c[name] for name in names)).where(_U.c.tenant_id == reader.tenant_id, _U.c.use_id == use_id)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such use of a macro")
    return UseFacts(**dict(zip(names, row, strict=True)))


def get_word_rules(reader: Reader) -> tuple[WordRule, ...]:
    """Return the words that the tenant's verticals leave out."""
    return tuple(one.value for one in reader.plugins.declared(complaint_wording))


def _script_of(macro: MacroFacts) -> Script:
    kept = {name: getattr(macro, name) for name in ("note", "task", "task_hours", "pause")}
    return Script(id=str(macro.macro_id), label=macro.name, text=macro.words, **kept)


def list_promised(case: ComplaintDetail) -> list[Promised]:
    """Return the steps that are still to come, in the policy's order, with the due time of those that run."""
    newest = {clock.milestone: clock for clock in sorted(case.clocks, key=lambda clock: clock.cycle)}
    ended = {name for name, clock in newest.items() if clock.status in {"met", "met_late", "cancelled"}}
    return [
        Promised(milestone, newest[milestone.id].due_at if milestone.id in newest else None)
        for milestone in case.policy.milestones
        if milestone.id not in ended
    ]


async def get_customer_locale(reader: Reader) -> str:
    """Return the language that is written to customers in: the tenant's, whatever the desk reads."""
    tenant = await find_tenant(reader.session)
    return tenant.locale if tenant is not None else reader.scope.locale


async def get_values(reader: Reader, case: ComplaintDetail, *, pet: str = "") -> dict[str, str]:
    """Return what stands in the places of scripts for a case."""
    locale, timezone = await get_customer_locale(reader), reader.scope.timezone
    coming = list_promised(case)
    told = [one for one in coming if one.milestone.promise is not None]
    timed = [one for one in told if one.due_at is not None]
    first = min(timed, key=lambda one: one.due_at or reader.now) if timed else None
    return {
        "customer": case.contact_name,
        "number": f"C-{case.number:04d}",
        "pet": pet,
        "branch": case.branch_name or "",
        "me": reader.actor.name,
        "step": localized(first.milestone.promise or "", locale) if first else "",
        "due": moment_words(first.due_at, timezone) if first and first.due_at else "",
        "steps": step_lines(coming, locale=locale, timezone=timezone),
    }


async def get_confirmation(reader: Reader, case: ComplaintDetail) -> str:
    """Return the written confirmation as the draft of the first reply: R17, steps and expected timetable."""
    return confirmation(
        name=case.contact_name,
        number=f"C-{case.number:04d}",
        received_at=case.received_at,
        promised=list_promised(case),
        locale=await get_customer_locale(reader),
        timezone=reader.scope.timezone,
    )


async def list_scripts(reader: Reader, case: ComplaintDetail, values: Mapping[str, str]) -> list[Filled]:
    """Return what fits this case now, filled: the plugins' scripts and macros, then the tenant's own macros."""
    parents = {one.value.id: one.value.parent for one in reader.plugins.declared(complaint_categories)}
    shipped = choose_scripts(
        [one.value for one in reader.plugins.declared(complaint_scripts)],
        severity=case.severity,
        open_steps={one.milestone.id for one in list_promised(case)},
        category=case.category,
        parents=parents,
    )
    own = [_script_of(macro) for macro in await list_macros(reader)]
    locale = await get_customer_locale(reader)
    return [fill_script(script, values, locale, label_locale=reader.scope.locale) for script in (*shipped, *own)]


async def list_related(reader: Reader, case: ComplaintDetail, *, limit: int = 8) -> list[Related]:
    """Return other cases of the same customer or subject, and of the same branch and cause within 90 days; newest first."""
    same: dict[Literal["customer", "subject", "cause"], Any] = {}
    if case.customer_id is not None:
        same["customer"] = one_of(_C.c.customer_id, await list_cluster(reader, case.customer_id))
    if case.subject_id is not None:
        same["subject"] = _C.c.subject_id == case.subject_id
    if case.cause is not None and case.branch_id is not None:
        near = _C.c.received_at.between(case.received_at - LIKE_WINDOW, case.received_at + LIKE_WINDOW)
        same["cause"] = and_(_C.c.cause == case.cause, _C.c.branch_id == case.branch_id, near)
    if not same:
        return []
    columns = (_C.c.complaint_id, _C.c.number, _C.c.title, _C.c.severity, _C.c.state, _C.c.received_at)
    rows = await reader.session.execute(
        select(*columns, *(func.coalesce(each, False).label(name) for name, each in same.items()))
        .where(_C.c.tenant_id == reader.tenant_id, _C.c.complaint_id != case.complaint_id, or_(*same.values()))
        .order_by(_C.c.received_at.desc(), _C.c.complaint_id)
        .limit(limit)
    )
    return [
        Related(
            complaint_id=row.complaint_id,
            number=row.number,
            title=row.title,
            severity=row.severity,
            state=row.state,
            received_at=row.received_at,
            why=tuple(name for name in same if getattr(row, name)),
        )
        for row in rows
    ]


async def list_changes(reader: Reader, complaint_id: UUID, *, seen: int) -> Sequence[Change]:
    """Return what others did to a case after event `seen`."""
    columns = (_E.c.seq, _E.c.at, _E.c.kind, _E.c.actor_id, _E.c.actor_name, _E.c.data)
    rows = await reader.session.execute(
        select(*columns)
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.complaint_id == complaint_id, _E.c.seq > seen)
        .order_by(_E.c.seq)
    )
    return changes_since((Change(*row) for row in rows), me=reader.actor.id)
