"""What is done with a case: steps completed, level judged, promises paused, customers answered, cases closed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select, tuple_, update

from core.clocks.rules import (
    Complete,
    Pause,
    PauseReason,
    Plan,
    Reopen,
    Resume,
    reopened,
)
from core.complaints.actions.filing import keep_policy
from core.complaints.cases.case import Case, lock_case
from core.complaints.cases.clock import Clock
from core.complaints.cases.retargeting import follow_policy
from core.complaints.models import Complaint, Notice, ToldStage
from core.complaints.rules.filing import ARCHIVE, TEXT_LIMIT, blocked_by, unmet
from core.complaints.rules.regulator import keep_track
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput, NotFound
from core.forms.rules import evaluate
from core.hooks.records.complaints import Milestone, Severity, severity_rank
from core.hooks.records.events import ComplaintResolved, StaffRef
from core.hooks.records.forms import Form
from core.outbox.actions import emit_event
from core.policies.queries import get_policies
from core.uow import UnitOfWork

_C, _N, _T = table_of(Complaint), table_of(Notice), table_of(ToldStage)
AFTER_RESOLUTION: Final = "surveys.after_resolution"
"""The task that offers a survey once a case is resolved; surveys stand above complaints, so it goes by its name."""
BACK_DATE: Final = "complaints.judge"
"""Who may say that a step was done earlier than it is written down: sla.md, rule 12."""


class StepClosed(Conflict):
    """The step cannot be done now: it is done already, or another must come first (`first` names it)."""

    code = "step-closed"


class StepNeedsProof(Conflict):
    """The step is completed by what happens elsewhere (`proof` says what), not by saying so."""

    code = "step-needs-proof"


class NotSatisfied(Conflict):
    """A customer who is not satisfied opens no archive: the case goes on (应急预案 §3.1: 确认满意后归档)."""

    code = "not-satisfied"


class ComplaintClosed(Conflict):
    """The case is not open any more."""

    code = "complaint-closed"


async def lock_open(uow: UnitOfWork, complaint_id: UUID) -> Case:
    """Lock a case that is worked on; raise ComplaintClosed when it is archived, withdrawn or merged."""
    case = await lock_case(uow, complaint_id)
    if case.state not in {"open", "resolved"}:
        raise ComplaintClosed(state=case.state, number=case.number)
    return case


def facts_form(milestone: Milestone) -> Form:
    """Return what must be written down to complete a step, as a form."""
    return Form(id=f"step.{milestone.id}", title=milestone.label, fields=milestone.facts)


def _today(uow: UnitOfWork) -> str:
    return uow.today.isoformat()


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise InvalidInput((FieldProblem("text", "required"),))
    if len(words) > TEXT_LIMIT:
        raise InvalidInput((FieldProblem("text", "too-long", {"max": TEXT_LIMIT}),))
    return words


def _clock(case: Case, milestone_id: str) -> Clock:
    clock = case.newest().get(milestone_id)
    if clock is None or all(one.id != milestone_id for one in case.policy.milestones):  # a level since left had it
        raise NotFound("no such step")
    return clock


async def complete_step(
    uow: UnitOfWork,
    *,
    complaint_id: UUID,
    milestone_id: str,
    facts: Mapping[str, Any],
    at: datetime | None = None,
) -> None:
    """Complete a milestone by its fact, at the fact's time.

    Raises:
        NotFound: no such case, or no such step in its policy.
        StepClosed: it is done, or a step before it is not.
        StepNeedsProof: only what happens elsewhere completes it: `core.complaints.actions.proving`.
        Forbidden: it needs an approver's role, or back-dating without the right to.
        InvalidInput: the facts that the policy asks for are missing or wrong.
    """
    case = await lock_case(uow, complaint_id)
    complete_in(uow, case, milestone_id, facts, at)
    await after_step(uow, case)


def complete_in(
    uow: UnitOfWork,
    case: Case,
    milestone_id: str,
    facts: Mapping[str, Any],
    at: datetime | None = None,
    *,
    proven: bool = False,
    unanswered: bool = False,
) -> None:
    """Complete a step of a locked case without writing it; raises like `complete_step`.

    `unanswered` stands for a customer who never said whether they are satisfied, as a leader confirmed; the facts say why.
    """
    clock = _clock(case, milestone_id)
    milestone = clock.milestone
    if milestone.proof is not None and not proven:
        raise StepNeedsProof(proof=milestone.proof)
    if case.state not in {"open", "resolved"}:
        raise ComplaintClosed(state=case.state)
    before = blocked_by(case.policy, milestone.id, case.done)
    if clock.done or clock.status == "cancelled" or before:
        raise StepClosed(first=msgspec.to_builtins(before[0].label) if before else "")
    if milestone.approver is not None and uow.actor.kind == "staff" and milestone.approver not in uow.actor.roles:
        raise Forbidden(role=milestone.approver)
    data = dict(facts) if unanswered else _checked(uow, milestone, facts)
    if milestone.gate_for == ARCHIVE and data.get("satisfied") == "no":
        raise NotSatisfied
    fact_at = at or uow.now
    if fact_at < uow.now and not uow.actor.may(BACK_DATE):
        raise Forbidden(permission=BACK_DATE)
    if clock.state is None:
        # A step without a deadline: its clock begins and ends with the fact.
        case.start(uow, clock, fact_at, plan=Plan(policy_version=case.policy_version, warnings=()))
    event = Complete(
        seq=case.next_seq(),
        at=fact_at,
        by=uow.actor.name,
        recorded_at=uow.now,
        fact=milestone.id,
        approved_by=uow.actor.name if fact_at < uow.now else None,
    )
    clock.add(event, uow.now)
    case.note(uow, "completed", {"milestone": milestone.id, "facts": data, "late": clock.status == "met_late"}, fact_at)
    for follower in case.newest().values():
        waits = follower.milestone.counts_from == "after" and follower.milestone.after == milestone.id
        if waits and follower.state is None:
            case.start(uow, follower, fact_at)


def _checked(uow: UnitOfWork, milestone: Milestone, facts: Mapping[str, Any]) -> dict[str, Any]:
    result = evaluate(facts_form(milestone), dict(facts), _today(uow))
    if result.errors:
        raise InvalidInput(result.errors)
    return result.data


async def after_step(uow: UnitOfWork, case: Case) -> None:
    """Write a case of which steps were completed; with the last one it is resolved."""
    more: dict[str, Any] = {}
    if case.state == "open" and not unmet(case.policy, case.done):
        case.state = "resolved"
        case.note(uow, "resolved", {})
        more["resolved_at"] = uow.now
        await _tell_plugins(uow, case)
        key = f"after-resolution:{case.complaint_id}:{case.event_seq}"
        await uow.enqueue(AFTER_RESOLUTION, {"complaint_id": str(case.complaint_id)}, dedupe_key=key)
    await case.save(uow, **more)


async def _tell_plugins(uow: UnitOfWork, case: Case) -> None:
    row: Any = (
        await uow.session.execute(
            select(_C.c.category, _C.c.title).where(
                _C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == case.complaint_id
            )
        )
    ).one()
    staff = (
        (StaffRef(staff_id=uow.actor.id, name=uow.actor.name),) if uow.actor.id and uow.actor.kind == "staff" else ()
    )
    await emit_event(
        uow,
        ComplaintResolved(
            event_id=new_id(),
            occurred_at=uow.now,
            complaint_id=case.complaint_id,
            number=f"C-{case.number:04d}",
            severity=case.severity,
            category=row.category,
            summary=row.title,
            staff=staff,
        ),
    )


async def archive_case(uow: UnitOfWork, *, complaint_id: UUID) -> None:
    """Put a resolved case away; gates such as the confirmed satisfaction must be passed (应急预案 §3.1: 确认满意后归档)."""
    case = await lock_case(uow, complaint_id)
    before = blocked_by(case.policy, ARCHIVE, case.done)
    if case.state != "resolved" or before:
        raise StepClosed(first=msgspec.to_builtins(before[0].label) if before else "")
    case.state = "archived"
    case.close_clocks(uow, "superseded")
    case.note(uow, "archived", {})
    await case.save(uow)
    uow.audit("complaint.archive", "complaint", complaint_id)


async def judge_level(uow: UnitOfWork, *, complaint_id: UUID, severity: Severity, reason: str) -> None:
    """Change the level with a reason: milestones in both policies are retargeted, new ones start now (rule 8).

    宠物医院客户投诉应急预案 §2.2: 组长根据核查结果判断投诉等级.
    """
    words = _words(reason)
    case = await lock_case(uow, complaint_id)
    if case.state != "open":
        raise ComplaintClosed(state=case.state)
    if severity == case.severity:
        return
    if severity_rank(severity) < severity_rank(case.severity) and not uow.actor.may("complaints.judge"):
        raise Forbidden(permission="complaints.judge")  # whoever works on it may raise the level; the leader lowers it
    before = case.severity
    case.severity = severity
    policy = keep_track(case.policy, (await get_policies(uow))[severity])
    await follow_policy(uow, case, policy, await keep_policy(uow, policy), note=words)
    case.note(uow, "judged", {"severity": severity, "before": before, "reason": words})
    confirmed = uow.actor.may("complaints.judge") and uow.actor.kind == "staff"
    await case.save(
        uow,
        level_confirmed_by=uow.actor.id if confirmed else None,
        level_confirmed_at=uow.now if confirmed else None,
    )
    uow.audit("complaint.judge", "complaint", complaint_id, {"from": before, "to": severity, "reason": words})


async def pause_step(uow: UnitOfWork, *, complaint_id: UUID, milestone_id: str, reason: PauseReason, note: str) -> None:
    """Stop a promise's clock; only where the policy allows it, with a reason of the list and words."""
    case = await lock_open(uow, complaint_id)
    words = _words(note)
    event = Pause(seq=case.next_seq(), at=uow.now, by=uow.actor.name, note=words, reason=reason)
    _clock(case, milestone_id).add(event, uow.now)
    case.note(uow, "paused", {"milestone": milestone_id, "reason": words})
    await case.save(uow)


async def resume_step(uow: UnitOfWork, *, complaint_id: UUID, milestone_id: str) -> None:
    """Let a paused promise run on."""
    case = await lock_open(uow, complaint_id)
    _clock(case, milestone_id).add(Resume(seq=case.next_seq(), at=uow.now, by=uow.actor.name), uow.now)
    case.note(uow, "resumed", {"milestone": milestone_id})
    await case.save(uow)


async def reopen_case(uow: UnitOfWork, *, complaint_id: UUID, reason: str) -> None:
    """Open a closed case again: the milestones that its policy names get a new cycle (rule 10)."""
    case = await lock_case(uow, complaint_id)
    if case.state not in {"resolved", "archived"}:
        raise StepClosed(first="")
    _reopen(uow, case, _words(reason))
    await case.save(uow, resolved_at=None)
    uow.audit("complaint.reopen", "complaint", complaint_id)


def _reopen(uow: UnitOfWork, case: Case, words: str) -> None:
    """Contact restarts in full; what is being resolved goes on with what was left, inside the window (rule 10)."""
    window = timedelta(minutes=case.policy.reopen_window_minutes)
    case.state = "open"
    gates = {milestone.id for milestone in case.policy.milestones if milestone.gate_for == ARCHIVE}
    for name, clock in case.newest().items():
        state = clock.state
        if name not in {*case.policy.reopen, *gates} or state is None or state.live:
            continue
        clock.add(Reopen(seq=case.next_seq(), at=uow.now, by=uow.actor.name, cycle=clock.cycle + 1), uow.now)
        again = case.open_clock(clock.milestone, clock.position, clock.cycle + 1)
        if clock.milestone.counts_from == "receipt" and clock.milestone.timed:
            mode: Literal["remaining", "full"] = "full" if clock.milestone.after is None else "remaining"
            plan = case.plan(clock.milestone, uow.now)
            begun = reopened(
                state, mode=mode, at=uow.now, seq=case.next_seq(), window=window, plan=plan, by=uow.actor.name
            )
            case.begin(uow, again, begun)
    case.note(uow, "reopened", {"reason": words})


async def answer_satisfaction(
    uow: UnitOfWork, *, complaint_id: UUID, satisfied: bool, rating: int | None = None, words: str = ""
) -> None:
    """Take the customer's answer: yes completes what waits for exactly that, no opens the case again."""
    case = await lock_case(uow, complaint_id)
    if case.state != "resolved":
        raise ComplaintClosed(state=case.state)
    if rating is not None and not 1 <= rating <= 5:
        raise InvalidInput((FieldProblem("rating", "option"),))
    said = words.strip()
    if len(said) > TEXT_LIMIT:
        raise InvalidInput((FieldProblem("words", "too-long", {"max": TEXT_LIMIT}),))
    case.note(uow, "answered", {"satisfied": satisfied, "rating": rating, "text": said})
    if not satisfied:
        _reopen(uow, case, said or "not satisfied")
        await case.save(uow, resolved_at=None)
        return
    answers = {"satisfied": "yes", "words": said}
    for milestone in case.policy.milestones:
        wanted = {field.key for field in milestone.facts}
        # Other gates before the archive, as a director's check of what was mended, are not the customer's to open.
        if milestone.gate_for == ARCHIVE and "satisfied" in wanted and milestone.id not in case.done:
            facts = {key: value for key, value in answers.items() if key in wanted and value}
            complete_in(uow, case, milestone.id, facts)
    await case.save(uow)


async def claim_case(uow: UnitOfWork, *, complaint_id: UUID) -> UUID | None:
    """Make the actor the person in charge and return who was before; ComplaintClosed when the case is over."""
    case = await lock_open(uow, complaint_id)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    before = await uow.session.scalar(select(_C.c.assignee_id).where(*mine))
    if before == uow.actor.id:
        return before
    case.note(uow, "claimed", {})
    await case.save(uow, assignee_id=uow.actor.id)
    uow.audit("complaint.claim", "complaint", complaint_id)
    return before


async def read_notices(uow: UnitOfWork, *, notice_ids: tuple[UUID, ...] | None = None) -> int:
    """Mark the actor's notices as read (all of them when not named) and return how many; reading acknowledges."""
    mine = [_N.c.tenant_id == uow.tenant_id, _N.c.staff_id == uow.actor.id, _N.c.read_at.is_(None)]
    if notice_ids is not None:
        mine.append(_N.c.notice_id.in_(notice_ids))
    place = (_N.c.complaint_id, _N.c.milestone, _N.c.cycle, _N.c.stage, _N.c.policy_version)
    done = (await uow.session.execute(update(_N).where(*mine).values(read_at=uow.now).returning(*place))).all()
    if done:
        told = tuple_(_T.c.complaint_id, _T.c.milestone, _T.c.cycle, _T.c.stage, _T.c.policy_version)
        await uow.session.execute(
            update(_T)
            .where(
                _T.c.tenant_id == uow.tenant_id, _T.c.acknowledged_at.is_(None), told.in_([tuple(row) for row in done])
            )
            .values(acknowledged_at=uow.now)
        )
    return len(done)
