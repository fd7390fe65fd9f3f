"""Surveys: links of a campaign in pieces, its reminder, the turn of the quarter, the monthly draw, and answers counted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.complaints.actions.handling import AFTER_RESOLUTION
from core.forms.intake import SURVEY_SENT
from core.surveys.actions import FILL_TASK, REMIND_TASK, remind_once, turn_quarter
from core.surveys.answers import hear_answer, offer_after_resolution
from core.surveys.asking import draw_month, expire_interviews, fill_campaign
from core.uow import UnitOfWork
from tenants.roster import Roster
from tenants.survey_segments import SEGMENTS
from workers.jobs import task

ROSTER = Roster()
LATEST_DAY = 20
"""A draw that no worker made until then is left out: nobody could call a tenth of the customers in the rest."""


@task(FILL_TASK, rows=1, tenant_limit=2)
async def fill(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Give the next piece of a campaign's audience their links; come again at once while there are more."""
    del outbox_id
    more = await fill_campaign(uow, campaign_id=UUID(payload["campaign_id"]), segments=SEGMENTS)
    return uow.now if more else None


@task(REMIND_TASK, rows=1)
async def remind(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Put the campaign's silent people on its list of those to remind; once."""
    del outbox_id
    await remind_once(uow, campaign_id=UUID(payload["campaign_id"]))


@task("surveys.quarters", rows=1)
async def turn(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Open what begins today, close what is over, propose the next quarter, and end calls whose month is over."""
    del payload, outbox_id
    await turn_quarter(uow, segments=SEGMENTS)
    await expire_interviews(uow)


@task("surveys.sample", rows=1, timeout=120.0)
async def sample(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Draw the month's calls on its first night, or on a later one when no worker ran; never twice."""
    del payload, outbox_id
    if uow.today.day <= LATEST_DAY:
        await draw_month(uow)


@task(SURVEY_SENT)
async def count_answer(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Count a survey that was sent, and hear an unhappy one after a complaint."""
    del outbox_id
    await hear_answer(uow, submission_id=UUID(payload["submission_id"]), roster=ROSTER)


@task(AFTER_RESOLUTION)
async def ask_after_resolution(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Offer the survey of a case that was resolved."""
    del outbox_id
    await offer_after_resolution(uow, complaint_id=UUID(payload["complaint_id"]))
