"""The days of corrective actions: due, overdue, to be checked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.lessons.actions.corrective import REMIND, remind
from core.uow import UnitOfWork
from tenants.roster import Roster
from workers.jobs import task

ROSTER = Roster()


@task(REMIND, together=20)
async def tell_day(uow: UnitOfWork, payload: dict[str, Any], _: UUID) -> datetime | None:
    """Tell what is ripe about an action, and come back when there is more to tell."""
    return await remind(uow, action_id=UUID(str(payload["action_id"])), roster=ROSTER)
