"""Fires clocks whose instant has come: tells the right people once, in due order, writes it down, and arms what comes next."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from core.bulk_insert import insert_new
from core.clocks.rules import Resume, Stage, Told, ripe
from core.complaints.cases.announcing import BREACHED
from core.complaints.cases.case import Case, lock_cases, save_cases
from core.complaints.cases.clock import Clock
from core.complaints.models import Notice, ToldStage
from core.complaints.ports import Duties, DutyRoster
from core.db import new_id, table_of
from core.hooks.records.complaints import DutyRole
from core.uow import UnitOfWork

NOTICES: Final = "notices"
"""The topic on which inboxes hear that somebody was told something."""
_T, _N = table_of(ToldStage), table_of(Notice)
_HISTORY: Final = {
    "warning": "warned",
    "due": "breached",
    "step": "escalated",
    "unacknowledged": "escalated",
    "auto_resume": "resumed",
}


class Place(NamedTuple):
    """One clock of the tenant."""

    complaint_id: UUID
    milestone: str
    cycle: int


class Ripe(NamedTuple):
    """Something to tell now."""

    stage: Stage
    case: Case
    clock: Clock


class Words(Struct):
    """What was told: rows of `told_stage` and of `notice`."""

    told: list[dict[str, Any]] = []
    notices: list[dict[str, Any]] = []


async def fire_clock(uow: UnitOfWork, *, complaint_id: UUID, milestone_id: str, cycle: int, roster: DutyRoster) -> None:
    """Fire one clock."""
    await fire_clocks(uow, places=(Place(complaint_id, milestone_id, cycle),), roster=roster)


async def fire_clocks(uow: UnitOfWork, *, places: Sequence[Place], roster: DutyRoster) -> None:
    """Tell everything that is ripe by now, in due order; a clock that was moved or closed meanwhile tells nothing.

    Breach is arithmetic: its instant is the due time, however late this runs (sla.md, rule 13).
    """
    cases = {case.complaint_id: case for case in await lock_cases(uow, sorted({one.complaint_id for one in places}))}
    found: list[Ripe] = []
    for place in places:
        case = cases.get(place.complaint_id)
        clock = case.clocks.get((place.milestone, place.cycle)) if case is not None else None
        if case is None or clock is None or not may_fire(case, clock):
            continue
        clock.changed = True
        found += ripe_of(case, clock, uow.now)
    found.sort(key=_order)
    for stage, case, clock in found:
        if stage.kind == "auto_resume":
            clock.add(Resume(seq=case.next_seq(), at=stage.at, by="", note="longest pause used up"), uow.now)
    words = await tell(uow, found, roster)
    await insert_new(uow.session, _T, words.told)
    await insert_new(uow.session, _N, words.notices)
    for case in cases.values():
        for clock in case.clocks.values():
            if clock.changed:
                clock.judge(uow.now)
    await save_cases(uow, cases.values())


def may_fire(case: Case, clock: Clock) -> bool:
    """Tell whether a clock still has anything to say."""
    return clock.live and case.state in {"open", "resolved"}


def ripe_of(case: Case, clock: Clock, until: datetime) -> list[Ripe]:
    """Return what a live clock has to tell by an instant."""
    if clock.state is None:
        return []
    return [Ripe(stage, case, clock) for stage in ripe(clock.state, case.timetable.calendars, clock.told, until)]


def _order(each: Ripe) -> tuple[datetime, UUID]:
    return each.stage.at, each.case.complaint_id


async def tell(uow: UnitOfWork, found: Iterable[Ripe], roster: DutyRoster) -> Words:
    """Note what is told to whom, in due order; the roster is read once for all of it."""
    words = Words()
    chains = [(each, _chain(each)) for each in sorted(found, key=_order)]
    if not chains:
        return words
    roles = {role for _, chain in chains for role in chain}
    duties = await roster.read_duties(uow, roles=roles, at=uow.now)
    told_people: set[UUID] = set()
    for (stage, case, clock), chain in chains:
        assert clock.state is not None
        # The clock's own: one that a publication did not touch, or that came with a merge, keeps the version it was planned by.
        version = clock.state.facts.plan.policy_version
        told = {
            "tenant_id": uow.tenant_id,
            "complaint_id": case.complaint_id,
            "milestone": clock.milestone.id,
            "cycle": clock.cycle,
            "stage": stage.name,
            "policy_version": version,
        }
        words.told.append(told | {"at": uow.now})
        # Told now, whatever its instant was: who is told late has the whole time to acknowledge.
        clock.told.append(Told(name=stage.name, policy_version=version, at=uow.now))
        role, people = _whom(duties, chain, case.branch_id)
        due = clock.state.due_at or stage.at
        for staff_id in people:
            words.notices.append(
                told | {"notice_id": new_id(), "role": role, "staff_id": staff_id, "due_at": due, "sent_at": uow.now}
            )
        data = {"milestone": clock.milestone.id, "stage": stage.name, "role": role, "role_label": _label(case, role)}
        if role != chain[0]:
            data["instead_of"] = _label(case, chain[0])
        case.note(uow, _HISTORY[stage.kind] if people else "nobody", data, stage.at)
        if not people and stage.kind == "due":
            case.announce(uow, BREACHED | {"at": stage.at, "data": data})
        told_people.update(people)
    if told_people:
        uow.publish(NOTICES, {"staff": [str(one) for one in sorted(told_people)]})
    return words


def _chain(each: Ripe) -> tuple[str, ...]:
    """The roles that are tried one after the other; in the end the director."""
    first = each.stage.role or each.clock.milestone.owner_role
    return tuple(dict.fromkeys(role for role in (first, each.stage.next_role, "director") if role))


def _whom(duties: Duties, chain: Sequence[str], branch_id: UUID | None) -> tuple[str, tuple[UUID, ...]]:
    """Resolve the role now, not when the clock started; nobody on duty passes it on."""
    for role in chain:
        people = duties.find(role=role, branch_id=branch_id)
        if people:
            return role, people
    role, people = duties.last_resort()
    return (role, people) if people else (chain[0], ())


def _label(case: Case, role: str) -> object:
    known: dict[str, DutyRole] = {each.code: each for each in case.policy.roles}
    return known[role].label if role in known else role
