"""One case while it is being changed: locked, its clocks folded from their events, its changes written together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, select, update

from core.clocks.rules import (
    Cancel,
    CancelReason,
    ClockEvent,
    Plan,
    Recalendar,
    Retarget,
    Start,
    Told,
    event_data,
    next_stage,
    plan_of,
)
from core.complaints.cases.announcing import announce_line
from core.complaints.cases.clock import Clock
from core.complaints.cases.storing import Changes, store
from core.complaints.kept import read_policies
from core.complaints.models import ClockEvent as ClockEventRow
from core.complaints.models import Complaint, ComplaintClock, ToldStage
from core.db import one_of, table_of
from core.errors import NotFound
from core.hooks.records.complaints import Milestone, Policy, Severity, Stage
from core.outbox.actions import Move
from core.policies.queries import get_timetable
from core.policies.rules.calendars import EMPTY, WALL, Timetable
from core.uow import Reader, UnitOfWork

TOPIC: Final = "complaints"
"""The topic on which boards hear that a case has changed."""
_C = table_of(Complaint)
_K, _KE = table_of(ComplaintClock), table_of(ClockEventRow)
_T = table_of(ToldStage)
_READ_EVENT: Final = msgspec.json.Decoder(ClockEvent)
CASE_FIELDS: Final = (
    *("complaint_id", "number", "severity", "state", "policy_version", "branch_id", "customer_id", "event_seq"),
)


def topic_of(complaint_id: UUID) -> str:
    """Return the topic on which the open pages of one case hear that it has changed."""
    return f"{TOPIC}:{complaint_id}"


class Case:
    """A complaint with its policy and clocks; `save` writes what was changed and arms the schedule."""

    def __init__(
        self,
        *,
        complaint_id: UUID,
        number: int,
        severity: Severity,
        state: str,
        policy: Policy,
        policy_version: str,
        branch_id: UUID | None = None,
        customer_id: UUID | None = None,
        event_seq: int = 0,
        timetable: Timetable = EMPTY,
    ) -> None:
        self.complaint_id = complaint_id
        self.number = number
        self.severity: Severity = severity
        self.state = state
        self.policy = policy
        self.policy_version = policy_version
        self.branch_id = branch_id
        self.customer_id = customer_id
        self.event_seq = event_seq
        self.timetable = timetable
        self.clocks: dict[tuple[str, int], Clock] = {}
        self._history: list[dict[str, Any]] = []

    def next_seq(self) -> int:
        """Return the next number of the case's one sequence."""
        self.event_seq += 1
        return self.event_seq

    def note(self, uow: UnitOfWork, kind: str, data: dict[str, Any], at: datetime | None = None) -> None:
        """Add to the history."""
        actor = uow.actor
        self._history.append(
            {
                "tenant_id": uow.tenant_id,
                "complaint_id": self.complaint_id,
                "seq": self.next_seq(),
                "at": at or uow.now,
                "kind": kind,
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "actor_name": actor.name if actor.kind != "customer" else "",
                "data": data,
            }
        )

    def newest(self) -> dict[str, Clock]:
        """Return each milestone's clock of its newest cycle."""
        return {clock.milestone.id: clock for clock in sorted(self.clocks.values(), key=lambda clock: clock.cycle)}

    @property
    def done(self) -> frozenset[str]:
        """The milestones that are complete."""
        return frozenset(name for name, clock in self.newest().items() if clock.done)

    def milestone(self, name: str) -> Milestone:
        """Return a milestone of the policy; one that it no longer has keeps its name."""
        found = next((one for one in self.policy.milestones if one.id == name), None)
        return found or Milestone(id=name, label=name, owner_role="")

    def open_clock(self, milestone: Milestone, position: int, cycle: int = 1) -> Clock:
        """Add a clock that waits."""
        clock = Clock(milestone, position, cycle, timetable=self.timetable)
        clock.changed = True
        self.clocks[milestone.id, cycle] = clock
        return clock

    def use(self, timetable: Timetable) -> None:
        """Count with these calendars from now on."""
        self.timetable = timetable
        for clock in self.clocks.values():
            clock.timetable = timetable

    def events(self) -> list[ClockEvent]:
        """Return all events of all clocks."""
        return [event for clock in self.clocks.values() for event in clock.events]

    def plan(self, milestone: Milestone, at: datetime) -> Plan:
        """Return the plan of a milestone that starts at an instant, on the calendar version that holds then."""
        return plan_of(milestone, self.policy_version, self.timetable.key_at(milestone.clock, at))

    def start(self, uow: UnitOfWork, clock: Clock, at: datetime, *, plan: Plan | None = None) -> None:
        """Start a clock; one whose milestone has no deadline waits for its fact unless a plan is given."""
        if plan is None and not clock.milestone.timed:
            return
        wanted = plan or self.plan(clock.milestone, at)
        self.begin(uow, clock, Start(seq=self.next_seq(), at=at, by=uow.actor.name, plan=wanted, cycle=clock.cycle))

    def begin(self, uow: UnitOfWork, clock: Clock, event: Start) -> None:
        """Add the first event of a clock, and the calendar versions that are published but hold only from later on."""
        clock.add(event, uow.now)
        if event.plan.calendar is None:
            return
        for version in self.timetable.coming(event.plan.calendar.rpartition("@")[0], event.at):
            change = Recalendar(
                seq=self.next_seq(),
                at=event.at,
                by=event.by,
                calendar=version.key,
                effective_from=version.effective_from,
            )
            clock.add(change, uow.now)

    def close_clocks(self, uow: UnitOfWork, reason: CancelReason) -> None:
        """Cancel every live clock."""
        for clock in self.clocks.values():
            if clock.live:
                clock.add(Cancel(seq=self.next_seq(), at=uow.now, by=uow.actor.name, reason=reason), uow.now)

    def urgent(self) -> Clock | None:
        """Return the live clock with the earliest due time."""
        timed = [c for c in self.clocks.values() if c.live and c.state is not None and c.state.due_at is not None]
        return min(timed, key=lambda c: (c.state.due_at, c.position), default=None)  # type: ignore[union-attr] # filtered above

    def stage(self) -> Stage:
        """Return where the case stands: the stage of its first milestone that is neither done nor cancelled."""
        newest = self.newest()
        closed = {name for name, clock in newest.items() if clock.done or clock.status == "cancelled"}
        for milestone in self.policy.milestones:
            if milestone.id not in closed:
                return milestone.stage
        return "follow_up"

    def summary(self) -> dict[str, Any]:
        """Return what the case's row repeats of its clocks and history."""
        clock = self.urgent() if self.state == "open" else None
        state = clock.state if clock is not None else None
        return {
            "severity": self.severity,
            "state": self.state,
            "stage": self.stage(),
            "policy_version": self.policy_version,
            "event_seq": self.event_seq,
            "next_milestone": clock.milestone.id if clock is not None else None,
            "next_started_at": state.facts.started_at if state is not None else None,
            "next_due_at": state.due_at if state is not None else None,
        }

    async def save(self, uow: UnitOfWork, **more: Any) -> None:
        """Write the case's row, its clocks and new events, and move the schedule of each changed clock."""
        await uow.session.execute(
            update(_C)
            .where(_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == self.complaint_id)
            .values(**self.summary(), **more)
        )
        await self.save_clocks(uow)

    async def save_clocks(self, uow: UnitOfWork) -> None:
        """Write clocks and history of a case whose row is written."""
        changes = Changes()
        self.collect(uow, changes)
        await store(uow, changes)

    def collect(self, uow: UnitOfWork, changes: Changes) -> None:
        """Hand over what has to be written of clocks and history, and tell the open pages."""
        keys = {"tenant_id": uow.tenant_id, "complaint_id": self.complaint_id}
        for clock in self.clocks.values():
            if not clock.changed:
                continue
            place = keys | {"milestone": clock.milestone.id, "cycle": clock.cycle}
            changes.clocks.append(place | clock.row())
            changes.events += [place | {"seq": event.seq, "event": event_data(event)} for event in clock.fresh]
            if clock.state is not None:
                self._arm(clock, changes)
            clock.fresh.clear()
            clock.changed = False
        for line in self._history:
            self.announce(uow, line)
        changes.history += self._history
        self._history.clear()
        for topic in (TOPIC, topic_of(self.complaint_id)):
            uow.publish(topic, {"complaint_id": str(self.complaint_id)})

    def announce(self, uow: UnitOfWork, line: Mapping[str, Any]) -> None:
        """Tell webhooks a line of the history, when it is of a kind that they know."""
        announce_line(
            uow,
            line,
            complaint_id=self.complaint_id,
            number=self.number,
            level=self.severity,
            state=self.state,
            customer_id=self.customer_id,
        )

    def _arm(self, clock: Clock, changes: Changes) -> None:
        """Put the clock's one row of the schedule at its next instant, or take it away."""
        state = clock.state if clock.live else None
        stage = next_stage(state, self.timetable.calendars, clock.told) if state is not None else None
        if stage is None:
            changes.ended.append(clock.key(self.complaint_id))
            return
        payload = {"complaint_id": str(self.complaint_id), "milestone": clock.milestone.id, "cycle": clock.cycle}
        changes.moves.append(Move(clock.key(self.complaint_id), stage.at, payload))


async def lock_case(uow: UnitOfWork, complaint_id: UUID) -> Case:
    """Lock a complaint and load it with its clocks, judged as of now; NotFound when there is none of that id."""
    found = await lock_cases(uow, (complaint_id,))
    if not found:
        raise NotFound("no such complaint")
    return found[0]


async def lock_cases(uow: UnitOfWork, complaint_ids: Sequence[UUID], *, locked: bool = True) -> list[Case]:
    """Lock complaints, in the order of their ids so that no two units wait for each other, and load their clocks.

    Not `locked` they are for looking ahead: what is done to them is never saved.
    """
    query = (
        select(*(_C.c[name] for name in CASE_FIELDS))
        .where(_C.c.tenant_id == uow.tenant_id, one_of(_C.c.complaint_id, complaint_ids))
        .order_by(_C.c.complaint_id)
    )
    rows = (await uow.session.execute(query.with_for_update() if locked else query)).all()
    policies = await read_policies(uow.session, {row.policy_version for row in rows})
    cases: dict[UUID, Case] = {}
    for row in rows:
        kept = {name: getattr(row, name) for name in CASE_FIELDS}
        cases[row.complaint_id] = Case(policy=policies[row.policy_version], **kept)
    if cases:
        await _load_clocks(uow, cases)
    return list(cases.values())


async def hold_cases(uow: UnitOfWork, complaint_ids: Collection[UUID]) -> None:
    """Lock complaints in the order of their ids and read nothing: for a job, before it takes their rows of the schedule."""
    mine = (_C.c.tenant_id == uow.tenant_id, one_of(_C.c.complaint_id, sorted(complaint_ids)))
    await uow.session.execute(select(_C.c.complaint_id).where(*mine).order_by(_C.c.complaint_id).with_for_update())


async def save_cases(uow: UnitOfWork, cases: Iterable[Case]) -> None:
    """Write many cases with few statements."""
    changes = Changes()
    for case in cases:
        changes.summaries.append({"complaint_id": case.complaint_id} | case.summary())
        case.collect(uow, changes)
    await store(uow, changes)


async def _load_clocks(uow: UnitOfWork, cases: Mapping[UUID, Case]) -> None:
    ids = tuple(cases)
    joined = (
        (_KE.c.tenant_id == _K.c.tenant_id)
        & (_KE.c.complaint_id == _K.c.complaint_id)
        & (_KE.c.milestone == _K.c.milestone)
        & (_KE.c.cycle == _K.c.cycle)
    )
    rows = (
        await uow.session.execute(
            select(_K.c.complaint_id, _K.c.milestone, _K.c.cycle, _K.c.position, cast(_KE.c.event, Text).label("event"))
            .outerjoin(_KE, joined)
            .where(_K.c.tenant_id == uow.tenant_id, one_of(_K.c.complaint_id, ids))
            .order_by(_K.c.complaint_id, _K.c.position, _K.c.cycle, _K.c.milestone, _KE.c.seq)
        )
    ).all()
    found: dict[tuple[UUID, str, int], tuple[int, list[ClockEvent]]] = {}
    for row in rows:
        told_of = found.setdefault((row.complaint_id, row.milestone, row.cycle), (row.position, []))[1]
        if row.event is not None:
            told_of.append(_READ_EVENT.decode(row.event))
    events = (event for _, each in found.values() for event in each)
    policies = {case.policy_version: case.policy for case in cases.values()}
    timetable = await load_timetable(uow, policies.values(), events)
    for case in cases.values():
        case.timetable = timetable
    for (complaint_id, name, cycle), (position, happened) in found.items():
        case = cases[complaint_id]
        clock = Clock(case.milestone(name), position, cycle, happened, timetable=timetable)
        clock.judge(uow.now)
        case.clocks[name, cycle] = clock
    told = await uow.session.execute(select(_T).where(_T.c.tenant_id == uow.tenant_id, one_of(_T.c.complaint_id, ids)))
    for row in told:
        each = Told(
            name=row.stage, policy_version=row.policy_version, at=row.at, acknowledged=row.acknowledged_at is not None
        )
        cases[row.complaint_id].clocks[row.milestone, row.cycle].told.append(each)


def _names_calendar(event: ClockEvent) -> bool:
    plan = event.plan if isinstance(event, Start | Retarget) else None
    return isinstance(event, Recalendar) or (plan is not None and plan.calendar is not None)


async def load_timetable(reader: Reader, policies: Iterable[Policy], events: Iterable[ClockEvent] = ()) -> Timetable:
    """Return the tenant's calendars when a policy or an event names one; on the wall clock nothing is read."""
    names = {milestone.clock for policy in policies for milestone in policy.milestones} - {WALL}
    if not names and not any(_names_calendar(event) for event in events):
        return EMPTY
    return await get_timetable(reader, names)
