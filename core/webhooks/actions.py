"""Adds addresses, changes and rotates them, stops and starts them, sends tests, and sends again what went wrong."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, column, func, insert, select, table, update

from core.db import new_id, one_of, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.outbox.actions import add_work
from core.webhooks.announcing import DELIVER, Announcement, write_announcements
from core.webhooks.catalogue import TEST
from core.webhooks.models import WebhookDelivery, WebhookEndpoint
from core.webhooks.ports import OpenUnit
from core.webhooks.queries import EndpointFacts, get_endpoint, list_kinds
from core.webhooks.rules import MAX_ENDPOINTS, MAX_NAME, OVERLAP, check_url, derive_key, mark_of, show_secret

_E, _D = table_of(WebhookEndpoint), table_of(WebhookDelivery)
_TENANT = table("tenant", column("tenant_id", Uuid()), column("has_webhooks"))
TOPIC: Final = "webhooks"
RESENT: Final = 1000
"""How many messages go out again at once; what is left is asked for again."""


class EndpointDraft(msgspec.Struct, frozen=True):
    """What a person says of an address; no kinds are all kinds."""

    name: str
    url: str
    kinds: tuple[str, ...] = ()


class NewEndpoint(msgspec.Struct, frozen=True):
    """The address, and its secret as people copy it."""

    endpoint_id: UUID
    secret: str


class EndpointMoved(Conflict):
    """The address is not in the state for this (any more): `state`."""

    code = "webhook-moved"


class NothingToSend(Conflict):
    """The message is on its way already, or the address is switched off."""

    code = "webhook-on-its-way"


async def add_endpoint(uow: OpenUnit, *, draft: EndpointDraft, master: str, plain: bool = False) -> NewEndpoint:
    """Add an address; it hears what happens from now on. The secret can be shown again by whoever manages webhooks.

    Args:
        uow: the unit of work.
        draft: what a person says of it.
        master: the process's secret.
        plain: also take http and local hosts; only where the settings of the process say so.

    Raises:
        InvalidInput: every refused value at once.
    """
    await _check(uow, draft, plain=plain)
    if await _count(uow) >= MAX_ENDPOINTS:
        raise InvalidInput((FieldProblem("url", "too-many", {"max": MAX_ENDPOINTS}),))
    endpoint_id = new_id()
    key = derive_key(master, tenant_id=uow.tenant_id, endpoint_id=endpoint_id, number=1)
    await uow.session.execute(
        insert(_E).values(
            tenant_id=uow.tenant_id,
            endpoint_id=endpoint_id,
            name=draft.name.strip(),
            url=draft.url,
            kinds=list(draft.kinds),
            state="on",
            secret_number=1,
            secret_mark=mark_of(key),
            last_error="",
            made_by_name=uow.actor.name,
            made_at=uow.now,
        )
    )
    await _listen(uow)
    uow.audit("webhook.add", "webhook", endpoint_id, {"name": draft.name.strip(), "url": draft.url})
    return NewEndpoint(endpoint_id, show_secret(key))


async def change_endpoint(uow: OpenUnit, *, endpoint_id: UUID, draft: EndpointDraft, plain: bool = False) -> None:
    """Give an address another name, URL or choice of kinds; what is on its way goes to the new URL."""
    before = await _locked(uow, endpoint_id)
    await _check(uow, draft, plain=plain)
    values = {"name": draft.name.strip(), "url": draft.url, "kinds": list(draft.kinds)}
    await _set(uow, endpoint_id, **values)
    uow.audit("webhook.change", "webhook", endpoint_id, {"from": before.url, "to": draft.url})


async def rotate_secret(uow: OpenUnit, *, endpoint_id: UUID, master: str) -> str:
    """Make a new secret and return it; the one before signs beside it for a day."""
    before = await _locked(uow, endpoint_id)
    number = before.secret_number + 1
    key = derive_key(master, tenant_id=uow.tenant_id, endpoint_id=endpoint_id, number=number)
    await _set(uow, endpoint_id, secret_number=number, secret_mark=mark_of(key), before_until=uow.now + OVERLAP)
    uow.audit("webhook.rotate", "webhook", endpoint_id, {"number": number})
    return show_secret(key)


async def pause_endpoint(uow: OpenUnit, *, endpoint_id: UUID) -> None:
    """Send nothing for now; what happens meanwhile is held, and goes out when the address is on again."""
    before = await _locked(uow, endpoint_id)
    if before.state != "on":
        raise EndpointMoved(state=before.state)
    await _set(uow, endpoint_id, state="paused")
    uow.audit("webhook.pause", "webhook", endpoint_id)


async def resume_endpoint(uow: OpenUnit, *, endpoint_id: UUID) -> int:
    """Switch a paused or silent address on again and send what was held; return how many messages go out."""
    before = await _locked(uow, endpoint_id)
    if before.state not in {"paused", "silent"}:
        raise EndpointMoved(state=before.state)
    await _set(uow, endpoint_id, state="on", failing_since=None, last_error="")
    uow.audit("webhook.resume", "webhook", endpoint_id)
    uow.publish(TOPIC, {"endpoint_id": str(endpoint_id)})
    return await _send(uow, endpoint_id, ("held",))


async def remove_endpoint(uow: OpenUnit, *, endpoint_id: UUID) -> None:
    """Take an address away for good; its log stays until its days are over."""
    before = await _locked(uow, endpoint_id)
    await _set(uow, endpoint_id, state="removed")
    mine = (_D.c.tenant_id == uow.tenant_id, _D.c.endpoint_id == endpoint_id)
    await uow.session.execute(
        update(_D).where(*mine, _D.c.state.in_(("waiting", "held"))).values(state="failed", next_at=None)
    )
    await _listen(uow)
    uow.audit("webhook.remove", "webhook", endpoint_id, {"name": before.name, "url": before.url})


async def send_test(uow: OpenUnit, *, endpoint_id: UUID) -> UUID:
    """Send a test to one address, also to a paused one, and return its delivery."""
    endpoint = await _locked(uow, endpoint_id)
    told = Announcement(TEST, {"endpoint_id": str(endpoint_id), "name": endpoint.name}, uow.now)
    (delivery_id,) = await write_announcements(
        uow.session, tenant_id=uow.tenant_id, now=uow.now, announcements=(told,), only=endpoint_id
    )
    uow.wake = True
    uow.audit("webhook.test", "webhook", endpoint_id)
    return delivery_id


async def replay_delivery(uow: OpenUnit, *, delivery_id: UUID) -> UUID:
    """Send one message again under its own id, by which a receiver knows it; return its address.

    Raises:
        NotFound: no such delivery.
        NothingToSend: it is on its way, or its address is not on.
    """
    mine = (_D.c.tenant_id == uow.tenant_id, _D.c.delivery_id == delivery_id)
    row: Any = (await uow.session.execute(select(_D.c.endpoint_id, _D.c.state).where(*mine).with_for_update())).first()
    if row is None:
        raise NotFound("no such delivery")
    endpoint = await get_endpoint(uow, row.endpoint_id)
    if row.state == "waiting" or endpoint.state != "on":
        raise NothingToSend
    await _put_out(uow, [delivery_id])
    uow.audit("webhook.replay", "webhook", row.endpoint_id, {"delivery_id": str(delivery_id)})
    return endpoint.endpoint_id


async def replay_failed(uow: OpenUnit, *, endpoint_id: UUID) -> int:
    """Send everything again that failed at an address and is still kept; return how many messages go out."""
    endpoint = await _locked(uow, endpoint_id)
    if endpoint.state != "on":
        raise EndpointMoved(state=endpoint.state)
    uow.audit("webhook.replay_failed", "webhook", endpoint_id)
    return await _send(uow, endpoint_id, ("failed", "held"))


def announce_plugin_event(uow: OpenUnit, *, plugin: str, kind: str, data: dict[str, Any]) -> bool:
    """Tell webhooks of something that a plugin records; False when the plugin has not declared this kind.

    `kind` is the plugin's local id or the whole code.
    """
    code = kind if kind.startswith(f"{plugin}.") else f"{plugin}.{kind}"
    if code not in list_kinds(uow):
        return False
    uow.announce(code, data)
    return True


async def _check(uow: OpenUnit, draft: EndpointDraft, *, plain: bool) -> None:
    problems = []
    name = draft.name.strip()
    if not name or len(name) > MAX_NAME:
        problems.append(FieldProblem("name", "too-long" if name else "required", {"max": MAX_NAME}))
    bad = check_url(draft.url, plain=plain)
    if bad is not None:
        problems.append(bad)
    if not set(draft.kinds) <= set(list_kinds(uow)):
        problems.append(FieldProblem("kinds", "option"))
    if problems:
        raise InvalidInput(tuple(problems))


async def _count(uow: OpenUnit) -> int:
    standing = (_E.c.tenant_id == uow.tenant_id, _E.c.state != "removed")
    return int(await uow.session.scalar(select(func.count()).select_from(_E).where(*standing)) or 0)


async def _listen(uow: OpenUnit) -> None:
    """Say in the tenant's row whether anybody listens, so that others need not ask."""
    mine = _TENANT.c.tenant_id == uow.tenant_id
    await uow.session.execute(update(_TENANT).where(mine).values(has_webhooks=await _count(uow) > 0))


async def _locked(uow: OpenUnit, endpoint_id: UUID) -> EndpointFacts:
    return await get_endpoint(uow, endpoint_id, lock=True)


async def _set(uow: OpenUnit, endpoint_id: UUID, **values: Any) -> None:
    mine = (_E.c.tenant_id == uow.tenant_id, _E.c.endpoint_id == endpoint_id)
    await uow.session.execute(update(_E).where(*mine).values(**values))


async def _send(uow: OpenUnit, endpoint_id: UUID, states: Collection[str]) -> int:
    mine = (_D.c.tenant_id == uow.tenant_id, _D.c.endpoint_id == endpoint_id, _D.c.state.in_(tuple(states)))
    query = select(_D.c.delivery_id).where(*mine).order_by(_D.c.delivery_id).limit(RESENT).with_for_update()
    ids = list(await uow.session.scalars(query))
    await _put_out(uow, ids)
    return len(ids)


async def _put_out(uow: OpenUnit, ids: Sequence[UUID]) -> None:
    mine = (_D.c.tenant_id == uow.tenant_id, one_of(_D.c.delivery_id, ids))
    await uow.session.execute(update(_D).where(*mine).values(state="waiting", attempts=0, next_at=uow.now))
    for delivery_id in ids:
        await add_work(
            uow.session,
            tenant_id=uow.tenant_id,
            task=DELIVER,
            payload={"delivery_id": str(delivery_id)},
            now=uow.now,
            run_at=None,
            dedupe_key=None,
        )
    uow.wake = uow.wake or bool(ids)
