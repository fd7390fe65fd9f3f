"""The days of corrective actions: due, overdue, to be checked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from core.complaints.cases.case import hold_cases
from core.lessons.actions.corrective import REMIND, remind
from core.lessons.queries.closing import list_cases_of
from core.uow import UnitOfWork
from tenants.roster import Roster
from workers.jobs import task

ROSTER = Roster()


async def _hold_cases(uow: UnitOfWork, payloads: Sequence[Mapping[str, Any]]) -> None:
    await hold_cases(uow, await list_cases_of(uow, [UUID(str(payload["action_id"])) for payload in payloads]))


@task(REMIND, together=20, hold=_hold_cases)
async def tell_day(uow: UnitOfWork, payload: dict[str, Any], _: UUID) -> datetime | None:
    """Tell what is ripe about an action, and come back when there is more to tell."""
    return await remind(uow, action_id=UUID(str(payload["action_id"])), roster=ROSTER)
