"""Lets running clocks follow a published version: how many would move and be late, and then some cases at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from core.clocks.rules import Recalendar
from core.complaints.actions.filing import keep_policy
from core.complaints.cases.case import Case, load_timetable, lock_cases, save_cases
from core.complaints.cases.lines import get_lines
from core.complaints.cases.recalendaring import recalendar_plain
from core.complaints.cases.retargeting import follow
from core.complaints.models import Complaint, ComplaintClock
from core.complaints.rules.regulator import keep_track
from core.db import table_of
from core.hooks.records.complaints import Policy, Severity
from core.policies.actions import keep_calendars, note_move
from core.policies.models import RuleMove
from core.policies.queries import get_move, get_policies, get_timetable, get_version
from core.policies.rules.calendars import CalendarVersion
from core.policies.rules.scope import policy_for
from core.policies.rules.versions import calendar_id_of
from core.uow import UnitOfWork

PIECE: Final = 500
"""Cases in one transaction: a second or so, so that nobody at the desk waits long for a case that is moving."""
LIVE: Final = ("running", "paused", "breached")
_C, _K, _M = table_of(Complaint), table_of(ComplaintClock), table_of(RuleMove)


class Moved(NamedTuple):
    """What a piece did."""

    moved: int
    breached: int


async def continue_move(uow: UnitOfWork, *, subject: str, number: int, piece: int = PIECE) -> bool:
    """Let the next cases follow a version, in one transaction; return whether there may be more.

    A piece that dies is done again from where the last one ended; a clock that has followed already is left alone.
    """
    await _hold(uow, subject, number)
    move = await get_move(uow, subject=subject, number=number)
    if move.state == "done":
        return False
    following = await _following(uow, subject, number)
    values: dict[str, Any] = {"state": "running"}
    if move.state == "planned":
        values["total"] = await _count(uow, following)
    ids = await _next_cases(uow, following, move.after, piece)
    if ids:
        done = await _move(uow, following, ids)
        values |= {"after": ids[-1], "seen": move.seen + len(ids)}
        values |= {"moved": move.moved + done.moved, "breached": move.breached + done.breached}
    if len(ids) < piece:
        values |= {"state": "done", "finished_at": uow.now}
    await note_move(uow, subject=subject, number=number, values=values)
    return len(ids) == piece


async def _hold(uow: UnitOfWork, subject: str, number: int) -> None:
    """One piece at a time: a job that is delivered twice waits, and goes on behind what the first one did."""
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.subject == subject, _M.c.number == number)
    await uow.session.execute(select(_M.c.state).where(*mine).with_for_update(key_share=True))


class _Following(NamedTuple):
    """What is followed: a calendar's version, or the policies of each level with their content's version."""

    calendar: CalendarVersion | None
    policies: Mapping[Severity, tuple[Policy, str]]
    note: str


async def _following(uow: UnitOfWork, subject: str, number: int) -> _Following:
    calendar_id = calendar_id_of(subject)
    if calendar_id is not None:
        versions = (await get_timetable(uow)).versions[calendar_id]
        version = next(one for one in versions if one.number == number)
        return _Following(version, {}, f"{subject} {number}")
    version_facts = await get_version(uow, subject=subject, number=number)
    policies = await get_policies(uow, at=max(uow.now, version_facts.effective_from))
    await keep_calendars(uow, policies.values())
    kept: dict[Severity, tuple[Policy, str]] = {}
    for severity, policy in policies.items():
        kept[severity] = (policy, await keep_policy(uow, policy))
    return _Following(None, kept, f"{subject} {number}")


def _wanted(tenant_id: UUID, following: _Following) -> ColumnElement[bool]:
    """Return the cases that a version may concern: with live clocks on its calendar, or open under another policy."""
    if following.calendar is None:
        versions = [version for _, version in following.policies.values()]
        return and_(
            _C.c.tenant_id == tenant_id,
            _C.c.state.in_(("open", "resolved")),
            _C.c.policy_version.not_in(versions),
        )
    return and_(
        _K.c.tenant_id == tenant_id,
        _K.c.status.in_(LIVE),
        _K.c.calendar.is_not(None),
        func.split_part(_K.c.calendar, "@", 1) == following.calendar.calendar_id,
        _K.c.calendar != following.calendar.key,
    )


def _ids(following: _Following) -> Any:
    return _C.c.complaint_id if following.calendar is None else _K.c.complaint_id


async def _count(uow: UnitOfWork, following: _Following) -> int:
    query = select(func.count(func.distinct(_ids(following)))).where(_wanted(uow.tenant_id, following))
    return int(await uow.session.scalar(query) or 0)


async def _next_cases(uow: UnitOfWork, following: _Following, after: UUID | None, piece: int) -> list[UUID]:
    column = _ids(following)
    query = select(column).where(_wanted(uow.tenant_id, following)).order_by(column).distinct().limit(piece)
    if after is not None:
        query = query.where(column > after)
    return list(await uow.session.scalars(query))


async def _move(uow: UnitOfWork, following: _Following, ids: list[UUID]) -> Moved:
    moved = breached = 0
    if following.calendar is not None:
        timetable = await get_timetable(uow)
        plain = await recalendar_plain(uow, ids, version=following.calendar, timetable=timetable, note=following.note)
        moved, ids = plain.moved, plain.left
    cases = await lock_cases(uow, ids) if ids else []
    targets = await _targets(uow, following, cases)
    events = [event for case in cases if case.complaint_id in targets for event in case.events()]
    named = await load_timetable(uow, [policy for policy, _ in targets.values()], events) if targets else None
    for case in cases:
        before = _dues(case)
        if following.calendar is not None:
            recalendar(uow, case, following.calendar)
        elif case.complaint_id in targets:
            policy, version = targets[case.complaint_id]
            if named is not None and named.versions:
                case.use(named)
            follow(uow, case, policy, version, note=following.note)
        after = _dues(case)
        changed = [key for key, (due, _) in after.items() if key in before and before[key][0] != due]
        late = [key for key in changed if after[key][1] and not before[key][1]]
        moved, breached = moved + len(changed), breached + len(late)
        if changed or after.keys() != before.keys():
            case.note(uow, "rules_moved", {"reason": following.note, "milestones": [name for name, _ in changed]})
    await save_cases(uow, cases)
    return Moved(moved, breached)


async def _targets(uow: UnitOfWork, following: _Following, cases: list[Case]) -> dict[UUID, tuple[Policy, str]]:
    """Return each case's own policy and its version: an authority's milestones stay whatever the house publishes."""
    targets: dict[UUID, tuple[Policy, str]] = {}
    lines = await get_lines(uow, [case.complaint_id for case in cases]) if following.policies else {}
    for case in cases:
        if case.state not in {"open", "resolved"} or case.severity not in following.policies:
            continue
        policy, version = following.policies[case.severity]
        kept = keep_track(case.policy, policy_for(policy, lines[case.complaint_id]))
        targets[case.complaint_id] = (kept, version if kept is policy else await keep_policy(uow, kept))
    return targets


def _dues(case: Case) -> dict[tuple[str, int], tuple[datetime | None, bool]]:
    return {
        key: (clock.state.due_at, clock.state.status == "breached")
        for key, clock in case.clocks.items()
        if clock.state is not None and clock.live
    }


def recalendar(uow: UnitOfWork, case: Case, version: CalendarVersion) -> None:
    """Let the live clocks of a locked case go on with a calendar's version from its day on; consumed time stays."""
    for clock in case.clocks.values():
        if clock.state is None or not clock.live:
            continue
        key = clock.state.facts.spans[-1][1]
        if key is None or key == version.key or key.rpartition("@")[0] != version.calendar_id:
            continue
        event = Recalendar(
            seq=case.next_seq(),
            at=uow.now,
            by=uow.actor.name,
            calendar=version.key,
            effective_from=version.effective_from,
        )
        clock.add(event, uow.now)
