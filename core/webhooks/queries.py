"""Reads addresses, what they were told, how each attempt went, and which kinds of events there are."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from core.asked import Asked
from core.counts import Counter
from core.db import table_of
from core.errors import NotFound
from core.hooks.dispatch import Contribution
from core.hooks.records.webhooks import EventKind
from core.hooks.specs.webhooks import event_kinds
from core.webhooks.catalogue import gather
from core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from core.webhooks.ports import OpenReader

_E, _D = table_of(WebhookEndpoint), table_of(WebhookDelivery)
_M, _A = table_of(WebhookMessage), table_of(WebhookAttempt)


class EndpointFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One address as it stands."""

    endpoint_id: UUID
    name: str
    url: str
    kinds: tuple[str, ...]
    state: str
    secret_number: int
    secret_mark: str
    before_until: datetime | None
    failing_since: datetime | None
    last_error: str
    heard_at: datetime | None
    made_by_name: str
    made_at: datetime


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    delivery_id: UUID
    message_id: UUID
    endpoint_id: UUID
    kind: str
    state: str
    attempts: int
    made_at: datetime
    tried_at: datetime | None
    next_at: datetime | None


class AttemptFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: the status that came back, or why none did."""

    at: datetime
    status: int | None
    error: str
    millis: int
    answer: str


class DeliveryDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One message for one address, what was sent, and every attempt, the newest first."""

    row: DeliveryRow
    body: str
    tries: tuple[AttemptFacts, ...]


class LogFilter(msgspec.Struct, frozen=True):
    """What the log is narrowed to."""

    endpoint_id: UUID | None = None
    state: str = ""
    kind: str = ""


_FACTS = tuple(_E.c[name] for name in EndpointFacts.__struct_fields__)
_ROW = tuple(_D.c[name] for name in DeliveryRow.__struct_fields__)
_TRY = tuple(_A.c[name] for name in AttemptFacts.__struct_fields__)


def list_kinds(reader: OpenReader) -> dict[str, EventKind]:
    """Return every kind that the tenant's addresses may choose: the engine's and those of its plugins."""
    declared = reader.plugins.declared(event_kinds)
    return gather({plugin: [one.value for one in declared if one.plugin == plugin] for plugin in _names(declared)})


def _names(declared: Iterable[Contribution[EventKind]]) -> list[str]:
    return list(dict.fromkeys(one.plugin for one in declared))


async def list_endpoints(reader: OpenReader) -> list[EndpointFacts]:
    """Return the addresses that are not removed, the oldest first."""
    mine = (_E.c.tenant_id == reader.tenant_id, _E.c.state != "removed")
    rows = await reader.session.execute(select(*_FACTS).where(*mine).order_by(_E.c.endpoint_id))
    return [_endpoint(row) for row in rows]


async def get_endpoint(reader: OpenReader, endpoint_id: UUID, *, lock: bool = False) -> EndpointFacts:
    """Return one address; raise NotFound when there is none, or it was removed."""
    mine = (_E.c.tenant_id == reader.tenant_id, _E.c.endpoint_id == endpoint_id, _E.c.state != "removed")
    query = select(*_FACTS).where(*mine)
    row = (await reader.session.execute(query.with_for_update(key_share=True) if lock else query)).first()
    if row is None:
        raise NotFound("no such address")
    return _endpoint(row)


def _endpoint(row: Any) -> EndpointFacts:
    return msgspec.convert(dict(row._mapping), EndpointFacts)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_deliveries(
    reader: OpenReader, *, wanted: LogFilter, before: UUID | None = None, limit: int = 50
) -> list[DeliveryRow]:
    """Return lines of the log, the newest first; `before` pages on."""
    query = select(*_ROW).where(_D.c.tenant_id == reader.tenant_id)
    if wanted.endpoint_id is not None:
        query = query.where(_D.c.endpoint_id == wanted.endpoint_id)
    if wanted.state:
        query = query.where(_D.c.state == wanted.state)
    if wanted.kind:
        query = query.where(_D.c.kind == wanted.kind)
    if before is not None:
        query = query.where(_D.c.delivery_id < before)
    rows = await reader.session.execute(query.order_by(_D.c.delivery_id.desc()).limit(limit))
    return [DeliveryRow(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def get_delivery(reader: OpenReader, delivery_id: UUID) -> DeliveryDetail:
    """Return one line with what was sent and its attempts; raise NotFound when there is none."""
    mine = (_D.c.tenant_id == reader.tenant_id, _D.c.delivery_id == delivery_id)
    joined = (_M.c.tenant_id == _D.c.tenant_id) & (_M.c.message_id == _D.c.message_id)
    row = (await reader.session.execute(select(*_ROW, _M.c.body).join(_M, joined).where(*mine))).first()
    if row is None:
        raise NotFound("no such delivery")
    facts = dict(row._mapping)  # noqa: SLF001 - as above
    body = facts.pop("body")
    tried = (_A.c.tenant_id == reader.tenant_id, _A.c.delivery_id == delivery_id)
    tries = await reader.session.execute(select(*_TRY).where(*tried).order_by(_A.c.attempt_id.desc()))
    return DeliveryDetail(
        row=DeliveryRow(**facts),
        body=body,
        tries=tuple(AttemptFacts(**one._mapping) for one in tries),  # noqa: SLF001 - as above
    )


@Counter
def count_silent(asked: Asked) -> Select[int]:
    """Return how many addresses were switched off because nothing was heard there."""
    return select(func.count()).select_from(_E).where(_E.c.tenant_id == asked.tenant_id, _E.c.state == "silent")
