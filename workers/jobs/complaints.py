"""The jobs of complaints: a clock's next instant has come, and each day a look at the shares of the levels."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.complaints.actions.sharing import tell_drift
from core.complaints.cases.case import hold_cases
from core.complaints.cases.escalation import Place, fire_clocks
from core.complaints.cases.storing import CLOCK_TASK
from core.outbox.rules import Work
from core.uow import UnitOfWork
from tenants.roster import Roster
from workers.jobs import batch_task, task

ROSTER = Roster()


async def _hold_cases(uow: UnitOfWork, payloads: Sequence[Mapping[str, Any]]) -> None:
    await hold_cases(uow, {_place(payload).complaint_id for payload in payloads})


@batch_task(CLOCK_TASK, urgent=True, rows=50, hold=_hold_cases)
async def tell_deadlines(uow: UnitOfWork, works: Sequence[Work]) -> None:
    """Warn or escalate; nothing happens when a clock was moved or closed meanwhile. Nearly all are fired by `workers.deadlines`."""
    await fire_clocks(uow, places=[_place(work.payload) for work in works], roster=ROSTER)


def _place(payload: Mapping[str, Any]) -> Place:
    return Place(UUID(str(payload["complaint_id"])), str(payload["milestone"]), int(payload["cycle"]))


@task("complaints.shares")
async def tell_shares(uow: UnitOfWork, _: dict[str, Any], __: UUID) -> None:
    """Tell the leaders that the levels do not come as often as expected, each once a month."""
    await tell_drift(uow, roster=ROSTER)
