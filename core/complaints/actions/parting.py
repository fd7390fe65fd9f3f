"""One complaint becomes two: a wrong merge is taken back, or a part of it goes on as a case of its own."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from core.clocks.rules import Override, Paused, Reopen, Start
from core.complaints.actions.filing import Filed, file_complaint
from core.complaints.actions.handling import ComplaintClosed
from core.complaints.actions.joining import Kept, NotMerged, allow_judging, lock_both
from core.complaints.cases.case import Case, lock_cases
from core.complaints.cases.retargeting import follow_policy
from core.complaints.kept import read_policies
from core.complaints.models import Complaint, ComplaintMerge
from core.complaints.rules.filing import TEXT_LIMIT, Filing, title_of
from core.db import table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.uow import UnitOfWork

_C, _M = table_of(Complaint), table_of(ComplaintMerge)


async def undo_merge(uow: UnitOfWork, *, loser_id: UUID, reason: str) -> UUID:
    """Split a wrong merge: the loser is open again and its clocks start now; the survivor counts as before the merge.

    Returns:
        The case it is taken out of.

    Raises:
        NotFound: no such complaint.
        Forbidden: without the right to judge.
        NotMerged: it has not become one with another.
        InvalidInput: no reason.
    """
    allow_judging(uow)
    words = reason.strip()[:TEXT_LIMIT]
    if not words:
        raise InvalidInput((FieldProblem("reason", "required"),))
    standing = (_M.c.tenant_id == uow.tenant_id, _M.c.loser_id == loser_id, _M.c.undone_at.is_(None))
    survivor_id = await uow.session.scalar(select(_M.c.survivor_id).where(*standing))
    if survivor_id is None:
        await _know(uow, loser_id)
        raise NotMerged
    survivor, loser = await lock_both(uow, survivor_id, loser_id)
    row: Any = (await uow.session.execute(select(_M).where(*standing))).first()
    if row is None or loser.state != "merged":
        raise NotMerged
    kept = msgspec.convert(row.before, Kept)
    if survivor.state == "open":
        await _take_out(uow, survivor, kept, row.merged_at)
    loser.state = "open"
    _start_again(uow, loser, row.merged_at)
    loser.note(uow, "unmerged", {"from": survivor.number, "reason": words})
    survivor.note(uow, "unmerged", {"number": loser.number, "reason": words})
    await uow.session.execute(update(_M).where(*standing).values(undone_at=uow.now, undone_by_name=uow.actor.name))
    await loser.save(uow, merged_into=None)
    await survivor.save(uow)
    uow.audit("complaint.unmerge", "complaint", survivor_id, {"loser": str(loser_id), "reason": words})
    return survivor.complaint_id


async def _know(uow: UnitOfWork, complaint_id: UUID) -> None:
    known = await uow.session.scalar(
        select(_C.c.number).where(_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    )
    if known is None:
        raise NotFound("no such complaint")


async def _take_out(uow: UnitOfWork, survivor: Case, kept: Kept, merged_at: datetime) -> None:
    """Give the survivor its own starts and pauses back, and its level when nobody judged it since."""
    if survivor.policy_version == kept.merged_version != kept.policy_version:
        policies = await read_policies(uow.session, (kept.policy_version,))
        survivor.severity = kept.severity
        await follow_policy(uow, survivor, policies[kept.policy_version], kept.policy_version, note="unmerged")
    for name, clock in survivor.newest().items():
        before = kept.clocks.get(name)
        if before is None or not clock.live or clock.state is None or clock.cycle != before.cycle:
            continue
        event = Override(
            seq=survivor.next_seq(),
            at=uow.now,
            by=uow.actor.name,
            note="unmerged",
            started_at=before.started_at,
            pauses=_pauses_of(before.pauses, clock.state.pauses, merged_at),
        )
        clock.add(event, uow.now)


def _pauses_of(before: tuple[Paused, ...], now: tuple[Paused, ...], merged_at: datetime) -> tuple[Paused, ...]:
    """Its own pauses up to the merge, and what was paused since."""
    own = tuple(
        Paused(one.start, merged_at if one.end is None or one.end > merged_at else one.end, one.reason)
        for one in before
        if one.start < merged_at
    )
    since = tuple(
        Paused(max(one.start, merged_at), one.end, one.reason) for one in now if one.end is None or one.end > merged_at
    )
    return own + since


def _start_again(uow: UnitOfWork, loser: Case, merged_at: datetime) -> None:
    """The child starts at the split (sla.md, rule 11): what the merge cancelled begins a new cycle now."""
    for clock in loser.newest().values():
        state = clock.state
        if state is None or state.facts.cancel_reason != "merged" or state.facts.closed_at != merged_at:
            continue
        clock.add(Reopen(seq=loser.next_seq(), at=uow.now, by=uow.actor.name, cycle=clock.cycle + 1), uow.now)
        again = loser.open_clock(clock.milestone, clock.position, clock.cycle + 1)
        start = Start(
            seq=loser.next_seq(),
            at=uow.now,
            by=uow.actor.name,
            note="split",
            plan=loser.plan(clock.milestone, uow.now),
            cycle=again.cycle,
            first_breached_at=state.first_breached_at,
        )
        loser.begin(uow, again, start)


async def split_complaint(uow: UnitOfWork, *, complaint_id: UUID, text: str, desired: str = "", key: str = "") -> Filed:
    """File a part of a complaint as one of its own, of the same person; its clocks start now (sla.md, rule 11).

    Raises:
        NotFound: no such complaint.
        Forbidden: without the right to judge.
        ComplaintClosed: it is archived, withdrawn or merged.
        InvalidInput: no text.
    """
    allow_judging(uow)
    cases = await lock_cases(uow, (complaint_id,))
    if not cases:
        raise NotFound("no such complaint")
    parent = cases[0]
    if parent.state not in {"open", "resolved"}:
        raise ComplaintClosed(state=parent.state, number=parent.number)
    row: Any = (
        await uow.session.execute(select(_C).where(_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id))
    ).one()
    filed = await file_complaint(uow, filing=_part_of(row, text, desired), key=key or None)
    if filed.replayed:
        return filed
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == filed.complaint_id)
    await uow.session.execute(update(_C).where(*mine).values(split_from=complaint_id))
    parent.note(uow, "split", {"number": filed.number, "complaint_id": str(filed.complaint_id), "text": title_of(text)})
    await parent.save(uow)
    uow.audit("complaint.split", "complaint", complaint_id, {"child": str(filed.complaint_id)})
    return filed


def _part_of(row: Any, text: str, desired: str) -> Filing:
    """The child's filing: who and where of the parent; the source stays with the parent, its milestones too."""
    return Filing(
        text=text,
        desired=desired,
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
        channel=row.channel,
        anonymous=True,
        branch_id=row.branch_id,
        customer_id=row.customer_id,
        subject_id=row.subject_id,
    )
