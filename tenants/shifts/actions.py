"""Plans shifts that come again, and changes single days of them; a version is never edited, the newest is followed."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.tenancy.models import Branch
from core.uow import UnitOfWork
from tenants.models import ShiftChange, ShiftMember, ShiftPattern, ShiftVersion, Staff
from tenants.roles import ROLES
from tenants.shifts.queries import get_pattern, get_plan
from tenants.shifts.rules.checks import WORDS_LIMIT, PatternDraft, check_absence, check_draft, may_stand_in
from tenants.shifts.rules.patterns import Hours, people_on, runs_on, version_on

_P, _V, _M, _C = (table_of(one) for one in (ShiftPattern, ShiftVersion, ShiftMember, ShiftChange))
_S, _B = table_of(Staff), table_of(Branch)
ENTITY: Final = "shift_pattern"


class RosterMoved(Conflict):
    """Somebody else has changed the pattern since the page was opened."""

    code = "roster-moved"


class NotOnShift(Conflict):
    """The person does not have this shift on that day."""

    code = "not-on-shift"


class CannotStandIn(Conflict):
    """The colleague has the shift already, is away, or neither holds the role nor belongs to the teams."""

    code = "cannot-stand-in"


async def add_pattern(uow: UnitOfWork, *, draft: PatternDraft) -> UUID:
    """Begin a pattern with its first version and return its id; InvalidInput tells every fault at its field."""
    await _check(uow, draft)
    pattern_id = new_id()
    mine = {"tenant_id": uow.tenant_id, "pattern_id": pattern_id}
    made = {"made_by_name": uow.actor.name, "made_at": uow.now}
    await uow.session.execute(insert(_P).values(**mine, role=draft.role, branch_id=draft.branch_id, **made))
    await _write(uow, pattern_id, 1, draft.effective_from, draft.hours(), draft.teams)
    uow.audit("roster.add", ENTITY, pattern_id, {"role": draft.role, "name": draft.name.strip()})
    return pattern_id


async def change_pattern(uow: UnitOfWork, *, pattern_id: UUID, draft: PatternDraft, based_on: int) -> int:
    """Let a pattern go on differently from a day on; role and branch stay. Return the new version's number.

    Raises:
        RosterMoved: there is a newer version than the one the draft was made from.
    """
    newest = await _lock(uow, pattern_id, based_on)
    draft = msgspec.structs.replace(draft, role=newest.role, branch_id=newest.branch_id)
    await _check(uow, draft)
    await _write(uow, pattern_id, based_on + 1, draft.effective_from, draft.hours(), draft.teams)
    uow.audit("roster.change", ENTITY, pattern_id, {"number": based_on + 1, "from": draft.effective_from.isoformat()})
    return based_on + 1


async def end_pattern(uow: UnitOfWork, *, pattern_id: UUID, from_day: date, based_on: int) -> int:
    """Plan nothing by a pattern from a day on; what was stays."""
    newest = await _lock(uow, pattern_id, based_on)
    if from_day < uow.today:
        raise InvalidInput((FieldProblem("from_day", "not-before-today"),))
    await _write(
        uow, pattern_id, based_on + 1, from_day, msgspec.structs.replace(newest.hours, ended=True), newest.teams
    )
    uow.audit("roster.end", ENTITY, pattern_id, {"from": from_day.isoformat()})
    return based_on + 1


async def undo_pattern(uow: UnitOfWork, *, pattern_id: UUID, based_on: int) -> int:
    """Take the newest version back: from its day (today, if that is past) the one before it holds, as a new version."""
    await _lock(uow, pattern_id, based_on)
    versions = {line.pattern.number: line.pattern for line in await get_pattern(uow, pattern_id=pattern_id)}
    newest, before = versions[based_on], versions.get(based_on - 1)
    hours = msgspec.structs.replace(newest.hours, ended=True) if before is None else before.hours
    teams = newest.teams if before is None else before.teams
    await _write(uow, pattern_id, based_on + 1, max(newest.effective_from, uow.today), hours, teams)
    uow.audit("roster.undo", ENTITY, pattern_id, {"number": based_on})
    return based_on + 1


async def record_absence(
    uow: UnitOfWork, *, staff_id: UUID, first: date, last: date, pattern_id: UUID | None = None, words: str = ""
) -> UUID:
    """Somebody is away for these days, from one pattern or from all duty."""
    problems = list(check_absence(first, last, today=uow.today))
    if await _people(uow, staff_id) == set():
        problems.append(FieldProblem("staff_id", "unknown-person"))
    if problems:
        raise InvalidInput(tuple(problems))
    if pattern_id is not None:
        await get_pattern(uow, pattern_id=pattern_id)
    return await write_change(
        uow, staff_id=staff_id, stand_in_id=None, pattern_id=pattern_id, days=(first, last), words=words
    )


async def record_swap(
    uow: UnitOfWork, *, pattern_id: UUID, on: date, staff_id: UUID, stand_in_id: UUID, words: str = ""
) -> UUID:
    """Somebody has another's shift on one day.

    Raises:
        NotOnShift: the shift does not run that day, or is not that person's.
        CannotStandIn: who is to stand in may not.
    """
    if on < uow.today:
        raise InvalidInput((FieldProblem("on", "not-before-today"),))
    plan = await get_plan(uow, first=on, last=on)
    pattern = version_on(plan.patterns.get(pattern_id, ()), on)
    if pattern is None:
        raise NotFound("no such shift pattern")
    if not runs_on(pattern.hours, on, plan.free) or staff_id not in people_on(pattern, on, plan.changes):
        raise NotOnShift
    holders = {one.staff_id for one in plan.holders if one.role == pattern.role}
    if not may_stand_in(pattern, on, plan.changes, person=stand_in_id, holders=holders):
        raise CannotStandIn
    if not await _people(uow, stand_in_id):
        raise CannotStandIn
    return await write_change(
        uow, staff_id=staff_id, stand_in_id=stand_in_id, pattern_id=pattern_id, days=(on, on), words=words
    )


async def undo_change(uow: UnitOfWork, *, change_id: UUID) -> None:
    """Take an absence or a swap back; NotFound when none stands under that id."""
    gone = await uow.session.scalar(
        update(_C)
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.change_id == change_id, _C.c.undone_at.is_(None))
        .values(undone_at=uow.now, undone_by_name=uow.actor.name)
        .returning(_C.c.change_id)
    )
    if gone is None:
        raise NotFound("no such change of the roster")
    uow.audit("roster.change_undone", "shift_change", change_id)


async def write_change(
    uow: UnitOfWork,
    *,
    staff_id: UUID,
    stand_in_id: UUID | None,
    pattern_id: UUID | None,
    days: tuple[date, date],
    words: str,
) -> UUID:
    """Write an absence or a swap that is checked."""
    change_id = new_id()
    await uow.session.execute(
        insert(_C).values(
            tenant_id=uow.tenant_id,
            change_id=change_id,
            staff_id=staff_id,
            stand_in_id=stand_in_id,
            pattern_id=pattern_id,
            first_on=days[0],
            last_on=days[1],
            words=words.strip()[:WORDS_LIMIT],
            made_by_name=uow.actor.name,
            made_at=uow.now,
            undone_by_name="",
        )
    )
    told: dict[str, Any] = {"staff_id": str(staff_id), "from": days[0].isoformat(), "to": days[1].isoformat()}
    uow.audit("roster.absence" if stand_in_id is None else "roster.swap", "shift_change", change_id, told)
    return change_id


async def _check(uow: UnitOfWork, draft: PatternDraft) -> None:
    wanted = {person for team in draft.teams for person in team}
    branches = set(await uow.session.scalars(select(_B.c.branch_id).where(_B.c.tenant_id == uow.tenant_id)))
    people = await _people(uow, *wanted)
    problems = check_draft(draft, today=uow.today, roles=ROLES, branches=branches, people=people)
    if problems:
        raise InvalidInput(problems)


async def _people(uow: UnitOfWork, *wanted: UUID) -> set[UUID]:
    """Return those of them who work here."""
    query = select(_S.c.staff_id).where(
        _S.c.tenant_id == uow.tenant_id, _S.c.staff_id.in_(sorted(wanted)), _S.c.state == "active"
    )
    return set(await uow.session.scalars(query))


async def _lock(uow: UnitOfWork, pattern_id: UUID, based_on: int) -> Any:
    """Lock a pattern and return its newest version; of two who change it at once the second is told."""
    one = (_P.c.tenant_id == uow.tenant_id, _P.c.pattern_id == pattern_id)
    if await uow.session.scalar(select(_P.c.pattern_id).where(*one).with_for_update()) is None:
        raise NotFound("no such shift pattern")
    newest = (await get_pattern(uow, pattern_id=pattern_id))[0].pattern
    if newest.number != based_on:
        raise RosterMoved
    return newest


async def _write(
    uow: UnitOfWork, pattern_id: UUID, number: int, begins: date, hours: Hours, teams: tuple[tuple[UUID, ...], ...]
) -> None:
    mine = {"tenant_id": uow.tenant_id, "pattern_id": pattern_id, "number": number}
    await uow.session.execute(
        insert(_V).values(
            **mine,
            effective_from=begins,
            hours=msgspec.to_builtins(hours),
            made_by_name=uow.actor.name,
            made_at=uow.now,
        )
    )
    rows = [mine | {"team": n, "staff_id": person} for n, team in enumerate(teams) for person in dict.fromkeys(team)]
    if rows:
        await uow.session.execute(insert(_M), rows)
