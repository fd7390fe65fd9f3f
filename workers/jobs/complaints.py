"""The job of deadlines: a clock's next instant has come."""

from typing import Any
from uuid import UUID

from core.complaints.escalation import fire_clock
from core.complaints.storing import CLOCK_TASK
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
