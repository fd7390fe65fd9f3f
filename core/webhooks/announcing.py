"""Writes what happened for every address that wants to hear it, in the transaction in which it happened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import encode_json, new_id, table_of
from core.webhooks.models import WebhookEndpoint
from core.webhooks.rules import wants, write_body

DELIVER: Final = "webhooks.deliver"
"""The task that sends one message to one address."""
_E = table_of(WebhookEndpoint)
_TENANT: Final = bindparam("tenant", type_=Uuid())
# Made once, with all values in arrays: the lane of deadlines speaks to its driver directly, and takes nothing else.
_LISTENING: Final = select(_E.c.endpoint_id, _E.c.kinds, _E.c.state).where(
    _E.c.tenant_id == _TENANT, _E.c.state != "removed"
)
_WRITE: Final = text(
    "WITH m AS (INSERT INTO webhook_message (tenant_id, message_id, kind, body, happened_at)"
    " SELECT :tenant, r.* FROM unnest(CAST(:message_ids AS uuid[]), CAST(:kinds AS text[]), CAST(:bodies AS text[]),"
    " CAST(:times AS timestamptz[])) AS r),"
    " d AS (INSERT INTO webhook_delivery (tenant_id, delivery_id, message_id, endpoint_id, kind, state, attempts, made_at,"
    " next_at) SELECT :tenant, r.id, r.message_id, r.endpoint_id, r.kind, r.state, 0, :now,"
    " CASE WHEN r.state = 'waiting' THEN CAST(:now AS timestamptz) END"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:of AS uuid[]), CAST(:endpoints AS uuid[]), CAST(:named AS text[]),"
    " CAST(:states AS text[])) AS r (id, message_id, endpoint_id, kind, state))"
    " INSERT INTO outbox (tenant_id, outbox_id, task, payload, dedupe_key, run_at, state, attempts, created_at)"
    " SELECT :tenant, r.id, :task, CAST(r.payload AS jsonb), NULL, :now, 'pending', 0, :now"
    " FROM unnest(CAST(:work_ids AS uuid[]), CAST(:payloads AS text[])) AS r (id, payload)"
).bindparams(
    _TENANT,
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("task", type_=Text()),
    bindparam("times", type_=ARRAY(DateTime(timezone=True))),
    *(bindparam(name, type_=ARRAY(Uuid())) for name in ("message_ids", "ids", "of", "endpoints", "work_ids")),
    *(bindparam(name, type_=ARRAY(Text())) for name in ("kinds", "bodies", "named", "states", "payloads")),
)


class Announcement(msgspec.Struct, frozen=True):
    """Something that happened, by ids and facts: names, phones and words of people stay behind the API."""

    kind: str
    data: dict[str, Any]
    at: datetime


async def write_announcements(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    now: datetime,
    announcements: Sequence[Announcement],
    only: UUID | None = None,
) -> list[UUID]:
    """Write messages, deliveries and their work; return the ids of deliveries, in order.

    For a paused or silent address a delivery is held until it is switched on again. `only` speaks to one address,
    whatever it has chosen.
    """
    listening = await session.execute(_LISTENING, {"tenant": tenant_id})
    endpoints = [row for row in listening if only is None or row.endpoint_id == only]
    messages: list[tuple[UUID, Announcement]] = []
    deliveries: list[tuple[UUID, UUID, Any, str]] = []
    for one in announcements:
        to = [row for row in endpoints if only is not None or wants(row.kinds, one.kind)]
        if not to:
            continue
        message_id = new_id()
        messages.append((message_id, one))
        deliveries += [(new_id(), message_id, row, one.kind) for row in to]
    if not messages:
        return []
    due = [delivery_id for delivery_id, _, row, _ in deliveries if row.state == "on" or only is not None]
    going = set(due)
    await session.execute(
        _WRITE,
        {
            "tenant": tenant_id,
            "now": now,
            "task": DELIVER,
            "message_ids": [message_id for message_id, _ in messages],
            "kinds": [one.kind for _, one in messages],
            "bodies": [write_body(one.kind, happened_at=one.at, data=one.data) for _, one in messages],
            "times": [one.at for _, one in messages],
            "ids": [delivery_id for delivery_id, *_ in deliveries],
            "of": [message_id for _, message_id, *_ in deliveries],
            "endpoints": [row.endpoint_id for _, _, row, _ in deliveries],
            "named": [kind for *_, kind in deliveries],
            "states": ["waiting" if delivery_id in going else "held" for delivery_id, *_ in deliveries],
            "work_ids": [new_id() for _ in due],
            "payloads": [encode_json({"delivery_id": str(delivery_id)}) for delivery_id in due],
        },
    )
    return [delivery_id for delivery_id, *_ in deliveries]
