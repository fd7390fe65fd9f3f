"""What one attempt needs, and what is written down after it; the call itself is made outside of any transaction."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, update

from core.db import new_id, table_of
from core.outbox.rules import without_secrets
from core.webhooks.catalogue import TEST
from core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from core.webhooks.ports import OpenReader, OpenUnit
from core.webhooks.rules import KEPT, derive_key, judge, mark_of

_E, _D = table_of(WebhookEndpoint), table_of(WebhookDelivery)
_M, _A = table_of(WebhookMessage), table_of(WebhookAttempt)
TOPIC: Final = "webhooks"
LONGEST_ANSWER: Final = 300


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One message ready to go out; without keys the process's secret is another one than it was made with."""

    delivery_id: UUID
    message_id: UUID
    url: str
    body: bytes
    keys: tuple[bytes, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What came of one call: the status that came back, or why none did."""

    status: int | None = None
    error: str = ""
    millis: int = 0
    answer: str = ""


async def find_parcel(reader: OpenReader, delivery_id: UUID, *, master: str) -> Parcel | None:
    """Return what to send; None when it is not on its way any more, or its address is not on."""
    endpoint = (_E.c.tenant_id == _D.c.tenant_id) & (_E.c.endpoint_id == _D.c.endpoint_id)
    message = (_M.c.tenant_id == _D.c.tenant_id) & (_M.c.message_id == _D.c.message_id)
    row: Any = (
        await reader.session.execute(
            select(
                _D.c.message_id,
                _D.c.endpoint_id,
                _D.c.kind,
                _E.c.url,
                _E.c.state,
                _E.c.secret_number,
                _E.c.secret_mark,
                _E.c.before_until,
                _M.c.body,
            )
            .join(_E, endpoint)
            .join(_M, message)
            .where(_D.c.tenant_id == reader.tenant_id, _D.c.delivery_id == delivery_id, _D.c.state == "waiting")
        )
    ).first()
    if row is None or not _goes(row.state, row.kind):
        return None
    numbers = [row.secret_number]
    if row.before_until is not None and row.before_until > reader.now:
        numbers.append(row.secret_number - 1)
    whose = {"tenant_id": reader.tenant_id, "endpoint_id": row.endpoint_id}
    keys = [derive_key(master, number=number, **whose) for number in numbers]
    return Parcel(
        delivery_id=delivery_id,
        message_id=row.message_id,
        url=row.url,
        body=row.body.encode(),
        keys=tuple(keys) if mark_of(keys[0]) == row.secret_mark else (),
    )


def _goes(state: str, kind: str) -> bool:
    """A test goes to a paused address too: it is how one sees whether it may be switched on again."""
    return state == "on" or (kind == TEST and state != "removed")


async def note_attempt(uow: OpenUnit, delivery_id: UUID, *, outcome: Outcome | None, roll: float) -> datetime | None:
    """Write an attempt down and return when the message goes out again; without an outcome it is held or left alone."""
    mine = (_D.c.tenant_id == uow.tenant_id, _D.c.delivery_id == delivery_id)
    # The address first, as everybody who changes both does.
    place = select(_D.c.endpoint_id).where(*mine).scalar_subquery()
    whose = (_E.c.tenant_id == uow.tenant_id, _E.c.endpoint_id == place)
    wanted = (_E.c.endpoint_id, _E.c.state, _E.c.failing_since, _E.c.heard_at, _E.c.name)
    # Shared with those who write new deliveries for it, which refer to its key.
    held = select(*wanted).where(*whose).with_for_update(key_share=True)
    endpoint: Any = (await uow.session.execute(held)).first()
    row: Any = (
        await uow.session.execute(select(_D.c.state, _D.c.kind, _D.c.attempts).where(*mine).with_for_update())
    ).first()
    if endpoint is None or row is None or row.state != "waiting":
        return None
    if outcome is None:
        state = "held" if endpoint.state in {"paused", "silent"} and row.kind != TEST else "failed"
        if _goes(endpoint.state, row.kind):
            return uow.now  # it was switched on again while this attempt looked
        await uow.session.execute(update(_D).where(*mine).values(state=state, next_at=None))
        return None
    attempts = row.attempts + 1
    await _write(uow, delivery_id, outcome)
    after, at = judge(outcome.status, attempts=attempts, failing_since=endpoint.failing_since, now=uow.now, roll=roll)
    if row.kind == TEST:
        after, at = (
            ("heard" if after == "heard" else "failed"),
            None,
        )  # a person waits for it, and asks again if need be
    states = {"heard": "heard", "again": "waiting", "failed": "failed", "gone": "failed", "silent": "held"}
    values = {"state": states[after], "attempts": attempts, "tried_at": uow.now, "next_at": at}
    await uow.session.execute(update(_D).where(*mine).values(**values))
    await _judge_endpoint(uow, endpoint, after, outcome)
    return at


async def _write(uow: OpenUnit, delivery_id: UUID, outcome: Outcome) -> None:
    await uow.session.execute(
        insert(_A).values(
            tenant_id=uow.tenant_id,
            delivery_id=delivery_id,
            attempt_id=new_id(),
            at=uow.now,
            status=outcome.status,
            error=outcome.error,
            millis=outcome.millis,
            answer=without_secrets(outcome.answer)[:LONGEST_ANSWER],
        )
    )


async def _judge_endpoint(uow: OpenUnit, endpoint: Any, after: str, outcome: Outcome) -> None:
    """Note that somebody is there, or since when nobody is; switch off what stays silent, or wants no more."""
    mine = (_E.c.tenant_id == uow.tenant_id, _E.c.endpoint_id == endpoint.endpoint_id)
    said = outcome.error or f"HTTP {outcome.status}"
    if after == "heard":
        values: dict[str, Any] = {"failing_since": None, "last_error": "", "heard_at": uow.now}
    elif after in {"gone", "silent"} and endpoint.state == "on":
        values = {"state": "silent", "last_error": said}
        uow.audit("webhook.silent", "webhook", endpoint.endpoint_id, {"name": endpoint.name, "error": said})
        uow.publish(TOPIC, {"endpoint_id": str(endpoint.endpoint_id)})
    else:
        values = {"failing_since": endpoint.failing_since or uow.now, "last_error": said}
    await uow.session.execute(update(_E).where(*mine).values(**values))


async def purge_messages(uow: OpenUnit, *, limit: int) -> int:
    """Throw away messages whose days are over, with their deliveries and attempts; return how many."""
    # Ids are in order of time, so the key finds the old ones.
    newest = UUID(int=int((uow.now - KEPT).timestamp() * 1000) << 80)
    mine = (_M.c.tenant_id == uow.tenant_id, _M.c.message_id < newest)
    old = select(_M.c.message_id).where(*mine).order_by(_M.c.message_id).limit(limit)
    gone = await uow.session.execute(
        delete(_M)
        .where(_M.c.tenant_id == uow.tenant_id, _M.c.message_id.in_(old.scalar_subquery()))
        .returning(_M.c.message_id)
    )
    return len(gone.all())
