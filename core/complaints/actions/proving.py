"""Completes steps by what happened elsewhere: a call that was logged, evidence that was sealed, a report that was delivered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.complaints.actions.handling import after_step, complete_in, facts_form
from core.complaints.cases.case import Case
from core.complaints.rules.filing import blocked_by
from core.hooks.records.complaints import Proof
from core.uow import UnitOfWork


def prove(
    uow: UnitOfWork, case: Case, *, proof: Proof, facts: Mapping[str, Any] | None = None, at: datetime | None = None
) -> tuple[str, ...]:
    """Complete each step of the locked case that waits for this kind of proof and is not barred; return their ids.

    Args:
        uow: the unit of work.
        case: from `lock_case`; the caller ends with `save_proven`.
        proof: what happened.
        facts: answers for the steps' own questions; those a step does not ask are left out.
        at: when it happened; now when not given. Earlier needs the right to back-date.
    """
    told = facts or {}
    done = []
    for name, clock in case.newest().items():
        milestone = clock.milestone
        open_step = not clock.done and clock.status != "cancelled" and case.state in {"open", "resolved"}
        if milestone.proof != proof or not open_step or blocked_by(case.policy, name, case.done):
            continue
        asked = {field.key for field in facts_form(milestone).fields}
        complete_in(uow, case, name, {key: told[key] for key in asked & told.keys()}, at, proven=True)
        done.append(name)
    return tuple(done)


async def save_proven(uow: UnitOfWork, case: Case) -> None:
    """Write a case after its proofs: it may be resolved by them."""
    await after_step(uow, case)
