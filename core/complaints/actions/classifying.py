"""What a case is about, why it came about, and the leader's word that its level is right."""

from uuid import UUID

from sqlalchemy import select

from core.complaints.actions.filing import keep_policy
from core.complaints.actions.handling import ComplaintClosed
from core.complaints.cases.case import Case, lock_case
from core.complaints.cases.retargeting import follow_policy
from core.complaints.models import Complaint
from core.complaints.rules.regulator import keep_track
from core.db import table_of
from core.errors import Conflict, Forbidden
from core.hooks.records.complaints import Severity
from core.policies.queries import get_line, get_policies
from core.policies.rules.scope import policy_for
from core.uow import UnitOfWork

JUDGE = "complaints.judge"
_C = table_of(Complaint)


class LevelMoved(Conflict):
    """The level is not the one that was looked at any more; `severity` is the one it has."""

    code = "level-moved"


async def classify(uow: UnitOfWork, *, complaint_id: UUID, category: str | None, cause: str | None) -> None:
    """Set category and cause, nodes of the plugins' trees; what does not change is not written down.

    Milestones that hold for some categories only come and go with the category.

    Raises:
        NotFound: no such complaint.
        ComplaintClosed: it is archived or merged.
    """
    case = await lock_case(uow, complaint_id)
    if case.state in {"archived", "merged"}:
        raise ComplaintClosed(state=case.state, number=case.number)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    before = (await uow.session.execute(select(_C.c.category, _C.c.cause).where(*mine))).one()
    if (before.category, before.cause) == (category, cause):
        return
    case.note(uow, "classified", {"category": category, "cause": cause, "before": [before.category, before.cause]})
    if case.state == "open" and before.category != category:
        await _follow_category(uow, case, category)
    await case.save(uow, category=category, cause=cause)
    uow.audit("complaint.classify", "complaint", complaint_id, {"category": category, "cause": cause})


async def _follow_category(uow: UnitOfWork, case: Case, category: str | None) -> None:
    """A case that turns out to be about something else is under what is promised for that, from now on (rule 8)."""
    live = (await get_policies(uow))[case.severity]
    policy = keep_track(case.policy, policy_for(live, get_line(uow, category)))
    if any(one.categories for one in (*live.milestones, *case.policy.milestones)) and policy != case.policy:
        await follow_policy(uow, case, policy, await keep_policy(uow, policy), note="classified")


async def confirm_level(uow: UnitOfWork, *, complaint_id: UUID, seen: Severity | None = None) -> None:
    """Say that the level is right; who judges it anew confirms it by that (应急预案 §2.2: 组长根据核查结果判断投诉等级).

    Of two who confirm the same level the first stands, and the second is told the same.

    Raises:
        NotFound: no such complaint.
        Forbidden: without the right to judge.
        ComplaintClosed: it is not open.
        LevelMoved: the level has changed since the actor saw it.
    """
    if not uow.actor.may(JUDGE):
        raise Forbidden(permission=JUDGE)
    case = await lock_case(uow, complaint_id)
    if case.state != "open":
        raise ComplaintClosed(state=case.state, number=case.number)
    if seen is not None and seen != case.severity:
        raise LevelMoved(severity=case.severity)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == complaint_id)
    if await uow.session.scalar(select(_C.c.level_confirmed_at).where(*mine)) is not None:
        return
    case.note(uow, "confirmed", {"severity": case.severity})
    await case.save(uow, level_confirmed_by=uow.actor.id, level_confirmed_at=uow.now)
    uow.audit("complaint.confirm", "complaint", complaint_id, {"severity": case.severity})
