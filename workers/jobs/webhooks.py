"""Webhooks: one message to one address, again until it is heard, and the log kept short."""

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.uow import UnitOfWork
from core.webhooks.announcing import DELIVER
from core.webhooks.delivering import Outcome, find_parcel, note_attempt, purge_messages
from core.webhooks.rules import sign
from tenants.work import Workplace
from workers.calling import call
from workers.jobs import task

PURGE_ROWS: Final = 2_000


async def send_message(workplace: Workplace, tenant_id: UUID, payload: Mapping[str, Any]) -> Outcome | None:
    """Make the call; None when the message is not to go out any more, or not now."""
    outward = workplace.outward
    async with workplace.reading(tenant_id) as reader:
        parcel = await find_parcel(reader, UUID(payload["delivery_id"]), master=outward.secret_key)
    if parcel is None:
        return None
    if not parcel.keys:
        return Outcome(error="secret-lost")
    headers = sign(parcel.body, message_id=str(parcel.message_id), at=workplace.clock(), keys=parcel.keys)
    return await call(parcel.url, headers=headers, body=parcel.body, outward=outward)


# Few of one tenant at a time: addresses that answer slowly must not take all hands.
@task(DELIVER, timeout=45.0, rows=1, tenant_limit=4, errand=send_message)
async def deliver(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Write down what came of the call; come again when it was not heard."""
    del outbox_id
    roll = random.random()  # noqa: S311 - only spreads load
    return await note_attempt(uow, UUID(payload["delivery_id"]), outcome=payload.get("found"), roll=roll)


@task("webhooks.purge")
async def purge_old_messages(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> datetime | None:
    """Throw away a piece of what is older than the log; come again at once while there is more."""
    del payload, outbox_id
    return uow.now if await purge_messages(uow, limit=PURGE_ROWS) == PURGE_ROWS else None
