"""Runs trials of complaint policies: at once for a small past, in pieces by the worker for a long one."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, update

from core.calendars.rules import parse_calendar
from core.complaint_reports.past import count_past_cases, get_levels_of_versions, list_past_cases
from core.db import new_id, table_of
from core.errors import NotFound
from core.policies.queries import get_timetable
from core.policy_trials.models import PolicyTrial, PolicyTrialMove
from core.policy_trials.rules.candidates import Candidate
from core.policy_trials.rules.replaying import Replay, Replayed
from core.policy_trials.rules.sums import TrialSums, add_all
from core.uow import UnitOfWork

_T, _M = table_of(PolicyTrial), table_of(PolicyTrialMove)
RUN_TASK: Final = "policy_trials.run"
TOPIC: Final = "policy_trials"
AT_ONCE: Final = 2_000
"""Cases that are replayed while the person waits; more go to the worker."""
PIECE: Final = 4_000
MOVES_KEPT: Final = 20_000
"""Promises that turn out otherwise are listed up to so many; all are counted."""
TRIALS_KEPT: Final = 20


async def start_trial(
    uow: UnitOfWork, *, candidate: Candidate, label: str, at_once: int = AT_ONCE, piece: int = PIECE
) -> UUID:
    """Replay the whole past through a candidate; return the run. A small past is done when this returns."""
    total = await count_past_cases(uow)
    trial_id = new_id()
    await uow.session.execute(
        insert(_T).values(
            tenant_id=uow.tenant_id,
            trial_id=trial_id,
            label=label,
            candidate=msgspec.to_builtins(candidate),
            as_of=uow.now,
            state="running",
            cases_total=total,
            cases_done=0,
            sums=msgspec.to_builtins(TrialSums(), str_keys=True),
            moves_kept=0,
            started_by=uow.actor.id,
            started_by_name=uow.actor.name,
        )
    )
    await _forget(uow)
    uow.audit("policy_trial.start", "policy_trial", trial_id, {"changes": sorted(candidate.changes)})
    if total <= at_once:
        while await continue_trial(uow, trial_id=trial_id, piece=piece):
            pass
    else:
        await uow.enqueue(RUN_TASK, {"trial_id": str(trial_id)}, dedupe_key=f"policy-trial:{trial_id}")
    return trial_id


async def stop_trial(uow: UnitOfWork, *, trial_id: UUID) -> bool:
    """End a run where it is and keep what it has found so far; False when it was over already.

    Raises:
        NotFound: this tenant has no such run.
    """
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.trial_id == trial_id)
    # A piece that is on its way holds the row: what it finds is kept too.
    state = await uow.session.scalar(select(_T.c.state).where(*mine).with_for_update(key_share=True))
    if state is None:
        raise NotFound("no such trial")
    if state != "running":
        return False
    await uow.session.execute(update(_T).where(*mine).values(state="stopped", finished_at=uow.now))
    uow.audit("policy_trial.stop", "policy_trial", trial_id, {})
    uow.publish(TOPIC, {"trial_id": str(trial_id)})
    return True


async def continue_trial(uow: UnitOfWork, *, trial_id: UUID, piece: int = PIECE) -> bool:
    """Replay the next cases; False when the run is over."""
    mine = (_T.c.tenant_id == uow.tenant_id, _T.c.trial_id == trial_id)
    row: Any = (await uow.session.execute(select(_T).where(*mine).with_for_update(key_share=True))).first()
    if row is None or row.state != "running":
        return False
    sums = msgspec.convert(row.sums, TrialSums, strict=False)
    candidate = msgspec.convert(row.candidate, Candidate)
    cases = await list_past_cases(uow, after=row.done_up_to, limit=piece)
    replay = await _replay(uow, candidate, row)
    moves = add_all(sums, (one for case in cases for one in replay.case(case)))
    kept = moves[: max(0, MOVES_KEPT - row.moves_kept)]
    if kept:
        await uow.session.execute(insert(_M), [_row(uow, trial_id, one) for one in kept])
    more = len(cases) == piece
    # Cases that came meanwhile have later ids and are counted too; the bar never runs over.
    done = row.cases_total if not more else min(row.cases_total, row.cases_done + len(cases))
    values = {
        "sums": msgspec.to_builtins(sums, str_keys=True),
        "cases_done": done,
        "done_up_to": cases[-1].complaint_id if cases else row.done_up_to,
        "moves_kept": row.moves_kept + len(kept),
    }
    if not more:
        values |= {"state": "done", "finished_at": uow.now}
    await uow.session.execute(update(_T).where(*mine).values(values))
    uow.publish(TOPIC, {"trial_id": str(trial_id)})
    return more


async def _replay(uow: UnitOfWork, candidate: Candidate, row: Any) -> Replay:
    clocks = {one.clock for one in candidate.changes.values()}
    timetable = await get_timetable(uow, clocks)
    return Replay(
        candidate,
        calendars=timetable.calendars,
        tried={name: parse_calendar(body) for name, body in candidate.calendars.items()},
        levels=await get_levels_of_versions(uow),
        key_at=timetable.key_at,
        as_of=row.as_of,
    )


def _row(uow: UnitOfWork, trial_id: UUID, one: Replayed) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "trial_id": trial_id,
        "complaint_id": one.complaint_id,
        "milestone": one.milestone,
        "cycle": one.cycle,
        "severity": one.severity,
        "is_lost": one.is_lost,
        "due_before": one.before.due_at,
        "due_after": one.after.due_at if one.after is not None else None,
        "completed_at": one.before.completed_at,
    }


async def _forget(uow: UnitOfWork) -> None:
    """Throw the oldest runs away, with their lists."""
    mine = _T.c.tenant_id == uow.tenant_id
    newest = select(_T.c.trial_id).where(mine).order_by(_T.c.trial_id.desc()).limit(TRIALS_KEPT)
    await uow.session.execute(delete(_T).where(mine, _T.c.trial_id.not_in(newest)))
