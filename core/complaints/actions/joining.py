"""Two complaints become one: the survivor goes on for both, and nothing of the other is lost; previewed before."""

from datetime import datetime
from typing import Final, cast
from uuid import UUID

import msgspec
from sqlalchemy import insert, select

from core.clocks.rules import Complete, Paused, merged, moved_over
from core.complaints.actions.filing import keep_policy
from core.complaints.actions.handling import ComplaintClosed
from core.complaints.cases.case import Case, lock_cases
from core.complaints.cases.clock import Clock
from core.complaints.cases.retargeting import follow_policy
from core.complaints.models import Complaint, ComplaintMerge
from core.complaints.rules.filing import TEXT_LIMIT
from core.complaints.rules.regulator import keep_track
from core.db import new_id, table_of
from core.errors import Conflict, Forbidden, NotFound
from core.hooks.records.complaints import Policy, Severity, severity_rank
from core.policies.rules.declared import policy_version
from core.uow import Reader, UnitOfWork

JUDGE: Final = "complaints.judge"
"""Who may say that two are one, and that they are not."""
_C, _M = table_of(Complaint), table_of(ComplaintMerge)


class SameComplaint(Conflict):
    """A complaint cannot become one with itself."""

    code = "same-complaint"


class NotMerged(Conflict):
    """The complaint has not become one with another, or no longer."""

    code = "not-merged"


class ClockBefore(msgspec.Struct, frozen=True):
    """What a clock of the survivor was counted from, for the undoing."""

    cycle: int
    started_at: datetime
    pauses: tuple[Paused, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge changed on the survivor."""

    severity: Severity
    policy_version: str
    merged_version: str
    clocks: dict[str, ClockBefore] = {}


async def merge_complaints(uow: UnitOfWork, *, survivor_id: UUID, loser_id: UUID, reason: str = "") -> None:
    """Let the survivor go on for both (sla.md, rule 11); the loser keeps its history, files and customer.

    Of each milestone the earliest start counts and the time in which both were paused. The graver level holds, a fact
    of either case counts for both, and the loser's clocks are cancelled as merged.

    Raises:
        NotFound: one of them is no complaint of this tenant.
        Forbidden: without the right to judge.
        SameComplaint: both are the same.
        ComplaintClosed: one of them is not open, as after another merge a moment ago.
    """
    allow_judging(uow)
    survivor, loser = await lock_both(uow, survivor_id, loser_id)
    for case in (survivor, loser):
        if case.state != "open":
            raise ComplaintClosed(state=case.state, number=case.number)
    words = reason.strip()[:TEXT_LIMIT]
    kept = await _join(uow, survivor, loser)
    await keep_policy(uow, survivor.policy)
    loser.close_clocks(uow, "merged")
    loser.state = "merged"
    loser.note(uow, "merged", {"into": survivor.number, "into_id": str(survivor_id), "reason": words})
    survivor.note(uow, "merged_in", {"number": loser.number, "complaint_id": str(loser_id), "reason": words})
    await uow.session.execute(
        insert(_M).values(
            tenant_id=uow.tenant_id,
            merge_id=new_id(),
            survivor_id=survivor_id,
            loser_id=loser_id,
            reason=words,
            before=msgspec.to_builtins(kept),
            merged_at=uow.now,
            merged_by_name=uow.actor.name,
            undone_by_name="",
        )
    )
    await loser.save(uow, merged_into=survivor_id)
    await survivor.save(uow)
    uow.audit("complaint.merge", "complaint", survivor_id, {"loser": str(loser_id), "number": loser.number})


class ClockPreview(msgspec.Struct, frozen=True):
    """One promise before and after a merge."""

    milestone: str
    status: str
    start: datetime | None
    due: datetime | None
    new_status: str
    new_start: datetime | None
    new_due: datetime | None

    @property
    def moves(self) -> bool:
        """It is due at another instant, or its status changes."""
        return (self.status, self.due) != (self.new_status, self.new_due)


class MergePreview(msgspec.Struct, frozen=True):
    """What a merge would do: the survivor's promises, its level, and what is cancelled."""

    severity: Severity
    new_severity: Severity
    policy: Policy
    clocks: tuple[ClockPreview, ...]
    cancelled: int


async def preview_merge(reader: Reader, *, survivor_id: UUID, loser_id: UUID) -> MergePreview:
    """Return what `merge_complaints` would do, by doing it in memory on cases that are not locked.

    Raises:
        NotFound, SameComplaint, ComplaintClosed: as the merge itself.
    """
    # Nothing below writes before `save`: both cases have their calendars, so that none is set up either.
    uow = cast("UnitOfWork", reader)
    survivor, loser = await lock_both(uow, survivor_id, loser_id, locked=False)
    for case in (survivor, loser):
        if case.state != "open":
            raise ComplaintClosed(state=case.state, number=case.number)
    before = {name: _seen(clock) for name, clock in survivor.newest().items()}
    severity, cancelled = survivor.severity, sum(clock.live for clock in loser.clocks.values())
    await _join(uow, survivor, loser)
    clocks = tuple(
        ClockPreview(name, *before.get(name, ("none", None, None)), *_seen(clock))
        for name, clock in sorted(survivor.newest().items(), key=lambda item: item[1].position)
    )
    return MergePreview(severity, survivor.severity, survivor.policy, clocks, cancelled)


def _seen(clock: Clock) -> tuple[str, datetime | None, datetime | None]:
    state = clock.state
    return clock.status, state.facts.started_at if state else None, state.due_at if state else None


def allow_judging(uow: UnitOfWork) -> None:
    if not uow.actor.may(JUDGE):
        raise Forbidden(permission=JUDGE)


async def lock_both(uow: UnitOfWork, survivor_id: UUID, loser_id: UUID, *, locked: bool = True) -> tuple[Case, Case]:
    """Lock both in the order of their ids: two leaders who merge in both directions wait, and do not block each other."""
    if survivor_id == loser_id:
        raise SameComplaint
    cases = {case.complaint_id: case for case in await lock_cases(uow, (survivor_id, loser_id), locked=locked)}
    if len(cases) < 2:
        raise NotFound("no such complaint")
    return cases[survivor_id], cases[loser_id]


async def _join(uow: UnitOfWork, survivor: Case, loser: Case) -> Kept:
    before = {
        name: ClockBefore(clock.cycle, clock.state.facts.started_at, clock.state.pauses)
        for name, clock in survivor.newest().items()
        if clock.live and clock.state is not None
    }
    severity, version = survivor.severity, survivor.policy_version
    graver = loser if severity_rank(loser.severity) > severity_rank(severity) else survivor
    policy = keep_track(loser.policy, keep_track(survivor.policy, graver.policy))
    if policy != survivor.policy:
        survivor.severity = graver.severity
        await follow_policy(uow, survivor, policy, policy_version(policy), note="merged")
    theirs = loser.newest()
    for name, clock in survivor.newest().items():
        other = theirs.get(name)
        if other is not None and other.state is not None and (other.live or other.done):
            _join_clock(uow, survivor, clock, other, is_new=name not in before)
    return Kept(severity=severity, policy_version=version, merged_version=survivor.policy_version, clocks=before)


def _join_clock(uow: UnitOfWork, survivor: Case, clock: Clock, other: Clock, *, is_new: bool) -> None:
    """The earliest start, the common pauses, and a fact that is there in either."""
    assert other.state is not None
    if clock.done:
        return
    by, fact_at = uow.actor.name, other.state.facts.completed_at
    if is_new:
        # Whatever began with the merge itself begins with the other's start, pauses and first breach instead.
        clock = survivor.open_clock(clock.milestone, clock.position, clock.cycle)
        start = moved_over(other.state, seq=survivor.next_seq(), by=by)
        survivor.begin(uow, clock, msgspec.structs.replace(start, cycle=clock.cycle))
    assert clock.state is not None
    if other.done and fact_at is not None:
        event = Complete(
            seq=survivor.next_seq(),
            # A fact from before its own start fulfils it at its start.
            at=max(fact_at, clock.state.facts.started_at),
            by=by,
            recorded_at=uow.now,
            fact=f"merged:{clock.milestone.id}",
            approved_by=by,
        )
        clock.add(event, uow.now)
        survivor.note(uow, "completed", {"milestone": clock.milestone.id, "facts": {}, "merged": True}, fact_at)
    elif not is_new:
        clock.add(merged(clock.state, other.state, at=uow.now, seq=survivor.next_seq(), by=by), uow.now)


class MergeFacts(msgspec.Struct, frozen=True):
    """A merge that stands, as the survivor's page names it."""

    loser_id: UUID
    number: int
    title: str
    merged_at: datetime
    merged_by_name: str
    reason: str


async def list_merged(reader: Reader, *, complaint_id: UUID) -> list[MergeFacts]:
    """Return those that became one with this complaint, and those that had become one with them before."""
    found: dict[UUID, MergeFacts] = {}
    waiting = [complaint_id]
    while waiting:
        rows = await reader.session.execute(
            select(_M.c.loser_id, _C.c.number, _C.c.title, _M.c.merged_at, _M.c.merged_by_name, _M.c.reason)
            .join(_C, (_C.c.tenant_id == _M.c.tenant_id) & (_C.c.complaint_id == _M.c.loser_id))
            .where(_M.c.tenant_id == reader.tenant_id, _M.c.survivor_id.in_(waiting), _M.c.undone_at.is_(None))
            .order_by(_M.c.merged_at)
        )
        fresh = [MergeFacts(*row) for row in rows if row.loser_id not in found]
        found |= {one.loser_id: one for one in fresh}
        waiting = [one.loser_id for one in fresh]
    return list(found.values())


async def find_survivor(reader: Reader, *, complaint_id: UUID) -> UUID:
    """Return the complaint that goes on for this one, through every merge since; itself when it goes on alone."""
    seen = {complaint_id}
    here = complaint_id
    while True:
        into = await reader.session.scalar(
            select(_C.c.merged_into).where(_C.c.tenant_id == reader.tenant_id, _C.c.complaint_id == here)
        )
        if into is None or into in seen:
            return here
        seen.add(into)
        here = into
