"""Fires a clock's next instant: tells the right people once, writes down what was told, and arms the instant after it."""

from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert

from core.clocks.rules import Resume, Stage, Told, ripe
from core.complaints.cases.case import Case, lock_case
from core.complaints.cases.clock import Clock
from core.complaints.models import Notice, ToldStage
from core.complaints.ports import DutyRoster
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


async def fire_clock(uow: UnitOfWork, *, complaint_id: UUID, milestone_id: str, cycle: int, roster: DutyRoster) -> None:
    """Tell everything that is ripe by now, in due order; a clock that was moved or closed meanwhile tells nothing.

    Breach is arithmetic: its instant is the due time, however late this runs (sla.md, rule 13).
    """
    case = await lock_case(uow, complaint_id)
    clock = case.clocks.get((milestone_id, cycle))
    if clock is None or clock.state is None or not clock.live or case.state not in {"open", "resolved"}:
        return
    for stage in ripe(clock.state, case.timetable.calendars, clock.told, uow.now):
        if stage.kind == "auto_resume":
            clock.add(Resume(seq=case.next_seq(), at=stage.at, by="", note="longest pause used up"), uow.now)
        await _tell(uow, case, clock, stage, roster)
    clock.judge(uow.now)
    clock.changed = True
    await case.save(uow)


async def _tell(uow: UnitOfWork, case: Case, clock: Clock, stage: Stage, roster: DutyRoster) -> None:
    # The clock's own: one that a publication did not touch, or that came with a merge, keeps the version it was planned by.
    version = clock.state.facts.plan.policy_version if clock.state is not None else case.policy_version
    told = {
        "tenant_id": uow.tenant_id,
        "complaint_id": case.complaint_id,
        "milestone": clock.milestone.id,
        "cycle": clock.cycle,
        "stage": stage.name,
        "policy_version": version,
    }
    fresh = await uow.session.scalar(
        upsert(_T).values(**told, at=uow.now).on_conflict_do_nothing().returning(_T.c.stage)
    )
    # Told now, whatever its instant was: who is told late has the whole time to acknowledge.
    clock.told.append(Told(name=stage.name, policy_version=version, at=uow.now))
    if fresh is None:
        return
    role, people = await _whom(uow, case, clock, stage, roster)
    for staff_id in people:
        row = told | {"notice_id": new_id(), "role": role, "staff_id": staff_id}
        due = clock.state.due_at if clock.state is not None and clock.state.due_at is not None else stage.at
        await uow.session.execute(upsert(_N).values(**row, due_at=due, sent_at=uow.now).on_conflict_do_nothing())
    data = {"milestone": clock.milestone.id, "stage": stage.name, "role": role, "role_label": _label(case, role)}
    case.note(uow, _HISTORY[stage.kind] if people else "nobody", data, stage.at)
    if people:
        uow.publish(NOTICES, {"staff": [str(one) for one in people]})


def _label(case: Case, role: str) -> object:
    known: dict[str, DutyRole] = {each.code: each for each in case.policy.roles}
    return known[role].label if role in known else role


async def _whom(
    uow: UnitOfWork, case: Case, clock: Clock, stage: Stage, roster: DutyRoster
) -> tuple[str, tuple[UUID, ...]]:
    """Resolve the role now, not when the clock started; nobody on duty passes it on, in the end to the director."""
    tried = stage.role or clock.milestone.owner_role
    for role in dict.fromkeys((tried, stage.next_role, "director")):
        if role is None:
            continue
        people = await roster.find_on_duty(uow, role=role, branch_id=case.branch_id, at=uow.now)
        if people:
            return role, people
    return tried, ()
