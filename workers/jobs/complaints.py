"""The jobs of complaints: a clock's next instant has come, and each day a look at the shares of the levels."""

from typing import Any
from uuid import UUID

from core.complaints.actions.sharing import tell_drift
from core.complaints.cases.escalation import fire_clock
from core.complaints.cases.storing import CLOCK_TASK
from core.uow import UnitOfWork
from tenants.roster import Roster
from workers.jobs import task

ROSTER = Roster()


@task(CLOCK_TASK, urgent=True, together=20)
async def tell_deadline(uow: UnitOfWork, payload: dict[str, Any], _: UUID) -> None:
    """Warn or escalate; nothing happens when the clock was moved or closed meanwhile."""
    await fire_clock(
        uow,
        complaint_id=UUID(str(payload["complaint_id"])),
        milestone_id=str(payload["milestone"]),
        cycle=int(payload["cycle"]),
        roster=ROSTER,
    )


@task("complaints.shares")
async def tell_shares(uow: UnitOfWork, _: dict[str, Any], __: UUID) -> None:
    """Tell the leaders that the levels do not come as often as expected, each once a month."""
    await tell_drift(uow, roster=ROSTER)
