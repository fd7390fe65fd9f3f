"""One case while it is being changed: locked, its clocks folded from their events, its changes written together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.calendars.rules import Calendar
from core.clocks.rules import (
    Cancel,
    CancelReason,
    ClockEvent,
    ClockState,
    Plan,
    Start,
    Told,
    apply,
    event_data,
    fold,
    next_stage,
    plan_of,
    read_events,
)
from core.complaints.models import ClockEvent as ClockEventRow
from core.complaints.models import Complaint, ComplaintClock, ComplaintEvent, ComplaintPolicy, ToldStage
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.complaints import Milestone, Policy, Severity
from core.outbox.actions import Move, cancel_work, move_work
from core.uow import UnitOfWork

TOPIC: Final = "complaints"
"""The topic on which boards hear that a case has changed."""
CLOCK_TASK: Final = "complaints.clock"
"""The task that fires when a clock's next instant has come."""
CALENDARS: Final[Mapping[str, Calendar]] = {}
"""Every deadline of the source documents is wall time; calendar versions come with the first policy that names one."""
_C, _E = table_of(Complaint), table_of(ComplaintEvent)
_K, _KE = table_of(ComplaintClock), table_of(ClockEventRow)
_P, _T = table_of(ComplaintPolicy), table_of(ToldStage)


def topic_of(complaint_id: UUID) -> str:
    """Return the topic on which the open pages of one case hear that it has changed."""
    return f"{TOPIC}:{complaint_id}"


class Clock:
    """One promise of the case, milestone by cycle; it waits until it has its first event."""

    def __init__(self, milestone: Milestone, position: int, cycle: int, events: Iterable[ClockEvent] = ()) -> None:
        self.milestone = milestone
        self.position = position
        self.cycle = cycle
        self.events = list(events)
        self.fresh: list[ClockEvent] = []
        self.told: list[Told] = []
        self.changed = False
        self.state: ClockState | None = None

    def judge(self, as_of: datetime) -> None:
        """Fold the events as of an instant."""
        self.state = fold(self.events, CALENDARS, as_of) if self.events else None

    def add(self, event: ClockEvent, as_of: datetime) -> None:
        """Apply one event; ClockRefused when the state does not allow it."""
        if self.state is None:
            self.state = fold([event], CALENDARS, as_of)
        else:
            self.state = apply(self.state, event, CALENDARS, as_of)
        self.events.append(event)
        self.fresh.append(event)
        self.changed = True

    @property
    def status(self) -> str:
        """A clock's status, or `waiting`."""
        return self.state.status if self.state is not None else "waiting"

    @property
    def live(self) -> bool:
        """Runs, rests or is late: still wants its fact."""
        return self.state is not None and self.state.live

    @property
    def done(self) -> bool:
        """Its fact is there."""
        return self.status in {"met", "met_late"}

    def key(self, complaint_id: UUID) -> str:
        """The dedupe key of the one row of the schedule that this clock owns."""
        return f"clock:{complaint_id}:{self.milestone.id}:{self.cycle}"

    def row(self) -> dict[str, Any]:
        """The stored fold."""
        state = self.state
        return {
            "position": self.position,
            "status": self.status,
            "started_at": state.facts.started_at if state else None,
            "due_at": state.due_at if state else None,
            "completed_at": state.facts.completed_at if state else None,
            "breached_at": state.first_breached_at if state else None,
        }


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

    def open_clock(self, milestone: Milestone, position: int, cycle: int = 1) -> Clock:
        """Add a clock that waits."""
        clock = Clock(milestone, position, cycle)
        clock.changed = True
        self.clocks[milestone.id, cycle] = clock
        return clock

    def start(self, uow: UnitOfWork, clock: Clock, at: datetime, *, plan: Plan | None = None) -> None:
        """Start a clock; one whose milestone has no deadline waits for its fact unless a plan is given."""
        if plan is None and clock.milestone.minutes is None:
            return
        wanted = plan or plan_of(clock.milestone, self.policy_version)
        event = Start(seq=self.next_seq(), at=at, by=uow.actor.name, plan=wanted, cycle=clock.cycle)
        clock.add(event, uow.now)

    def close_clocks(self, uow: UnitOfWork, reason: CancelReason) -> None:
        """Cancel every live clock."""
        for clock in self.clocks.values():
            if clock.live:
                clock.add(Cancel(seq=self.next_seq(), at=uow.now, by=uow.actor.name, reason=reason), uow.now)

    def urgent(self) -> Clock | None:
        """Return the live clock with the earliest due time."""
        timed = [c for c in self.clocks.values() if c.live and c.state is not None and c.state.due_at is not None]
        return min(timed, key=lambda c: (c.state.due_at, c.position), default=None)  # type: ignore[union-attr] # filtered above

    def summary(self) -> dict[str, Any]:
        """Return what the case's row repeats of its clocks and history."""
        clock = self.urgent() if self.state == "open" else None
        state = clock.state if clock is not None else None
        return {
            "severity": self.severity,
            "state": self.state,
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
        keys = {"tenant_id": uow.tenant_id, "complaint_id": self.complaint_id}
        changed = [clock for clock in self.clocks.values() if clock.changed]
        rows, events = [], []
        for clock in changed:
            place = keys | {"milestone": clock.milestone.id, "cycle": clock.cycle}
            rows.append(place | clock.row())
            events += [place | {"seq": event.seq, "event": event_data(event)} for event in clock.fresh]
        if rows:
            statement = upsert(_K).values(rows)
            stored = {name: statement.excluded[name] for name in changed[0].row()}
            primary = ["tenant_id", "complaint_id", "milestone", "cycle"]
            await uow.session.execute(statement.on_conflict_do_update(index_elements=primary, set_=stored))
        if events:
            await uow.session.execute(insert(_KE), events)
        if self._history:
            await uow.session.execute(insert(_E), self._history)
        await self._arm(uow, [clock for clock in changed if clock.state is not None])
        for clock in changed:
            clock.fresh.clear()
            clock.changed = False
        self._history.clear()
        for topic in (TOPIC, topic_of(self.complaint_id)):
            uow.publish(topic, {"complaint_id": str(self.complaint_id)})

    async def _arm(self, uow: UnitOfWork, clocks: Sequence[Clock]) -> None:
        """Put each clock's one row of the schedule at its next instant, or take it away."""
        moves, ended = [], []
        for clock in clocks:
            state = clock.state if clock.live else None
            stage = next_stage(state, CALENDARS, clock.told) if state is not None else None
            if stage is None:
                ended.append(clock.key(self.complaint_id))
                continue
            payload = {"complaint_id": str(self.complaint_id), "milestone": clock.milestone.id, "cycle": clock.cycle}
            moves.append(Move(clock.key(self.complaint_id), stage.at, payload))
        await move_work(uow, task=CLOCK_TASK, moves=moves)
        if ended:
            await cancel_work(uow, dedupe_keys=ended)


async def lock_case(uow: UnitOfWork, complaint_id: UUID) -> Case:
    """Lock a complaint and load it with its clocks, judged as of now; NotFound when there is none of that id."""
    names = ("number", "severity", "state", "policy_version", "branch_id", "customer_id", "event_seq")
    found = await uow.session.execute(
        select(*(_C.c[name] for name in names), _P.c.definition)
        .join(_P, (_P.c.tenant_id == _C.c.tenant_id) & (_P.c.version == _C.c.policy_version))
        .where(_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
        .with_for_update(of=_C)
    )
    row: Any = found.first()
    if row is None:
        raise NotFound("no such complaint")
    kept = {name: getattr(row, name) for name in names}
    case = Case(complaint_id=complaint_id, policy=msgspec.convert(row.definition, Policy), **kept)
    await _load_clocks(uow, case)
    return case


async def _load_clocks(uow: UnitOfWork, case: Case) -> None:
    mine = (_K.c.tenant_id == uow.tenant_id, _K.c.complaint_id == case.complaint_id)
    joined = (
        (_KE.c.tenant_id == _K.c.tenant_id)
        & (_KE.c.complaint_id == _K.c.complaint_id)
        & (_KE.c.milestone == _K.c.milestone)
        & (_KE.c.cycle == _K.c.cycle)
    )
    rows = await uow.session.execute(
        select(_K.c.milestone, _K.c.cycle, _K.c.position, _KE.c.event)
        .outerjoin(_KE, joined)
        .where(*mine)
        .order_by(_K.c.position, _K.c.cycle, _KE.c.seq)
    )
    known = {milestone.id: milestone for milestone in case.policy.milestones}
    found: dict[tuple[str, int], tuple[int, list[Any]]] = {}
    for row in rows:
        events = found.setdefault((row.milestone, row.cycle), (row.position, []))[1]
        if row.event is not None:
            events.append(row.event)
    for (name, cycle), (position, events) in found.items():
        milestone = known.get(name) or Milestone(id=name, label=name, owner_role="")
        clock = Clock(milestone, position, cycle, read_events(events))
        clock.judge(uow.now)
        case.clocks[name, cycle] = clock
    told = await uow.session.execute(
        select(_T).where(_T.c.tenant_id == uow.tenant_id, _T.c.complaint_id == case.complaint_id)
    )
    for row in told:
        each = Told(
            name=row.stage, policy_version=row.policy_version, at=row.at, acknowledged=row.acknowledged_at is not None
        )
        case.clocks[row.milestone, row.cycle].told.append(each)
