"""Webhooks as jobs against a real server: signed, again when it fails, no transaction open meanwhile, breaches from their own lane."""

import base64
import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from core.complaints.cases.storing import CLOCK_TASK
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.privacy.erasing import erase_person
from core.webhooks.actions import EndpointDraft, NewEndpoint, add_endpoint, pause_endpoint, rotate_secret
from core.webhooks.rules import key_of
from tests.receivers import LOCAL, SECRET_KEY, Received, Receiver, http, receiver
from tests.workers.conftest import Shop
from tests.workers.test_deadlines import clinic, lane
from workers.jobs import find_tasks
from workers.schedule import CRONS


@pytest.fixture
def hooked(shop: Shop) -> Shop:
    shop.tasks.update(find_tasks())
    shop.worker.outward = LOCAL
    return shop


async def listen(shop: Shop, tenant_id: UUID, there: Receiver, *kinds: str) -> NewEndpoint:
    async with shop.unit(tenant_id) as uow:
        draft = EndpointDraft("收银系统", there.url, kinds)
        return await add_endpoint(uow, draft=draft, master=SECRET_KEY, plain=True)


async def register(shop: Shop, tenant_id: UUID, name: str = "王小明") -> UUID:
    async with shop.unit(tenant_id) as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name=name))


def is_signed(got: Received, secret: str) -> bool:
    """Check as a receiver does, from the standard's text."""
    content = b".".join((got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body))
    mine = base64.b64encode(hmac.new(key_of(secret), content, hashlib.sha256).digest()).decode()
    return f"v1,{mine}" in got.headers["webhook-signature"].split()


async def test_a_deed_arrives_signed_over_tls(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("signed")
    async with receiver(tls=True) as there:
        made = await listen(hooked, tenant_id, there)
        customer_id = await register(hooked, tenant_id)
        await hooked.run_due()
        (got,) = there.got
        assert is_signed(got, made.secret)
        assert msgspec.json.decode(got.body)["data"]["customer_id"] == str(customer_id)
        async with hooked.unit(tenant_id) as uow:
            fresh = await rotate_secret(uow, endpoint_id=made.endpoint_id, master=SECRET_KEY)
        await register(hooked, tenant_id, "李晓梅")
        await hooked.run_due()
        assert is_signed(there.got[1], fresh)
        assert is_signed(there.got[1], made.secret)
    (row,) = await hooked.sql("SELECT count(*) FROM webhook_delivery WHERE state = 'heard'")
    assert row[0] == 2


async def test_what_failed_comes_again_with_the_same_id_until_it_is_heard(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("again")
    async with receiver(http(500), http(503), http(200)) as there:
        await listen(hooked, tenant_id, there)
        await register(hooked, tenant_id)
        for rest in (timedelta(0), timedelta(seconds=6), timedelta(minutes=6)):
            hooked.clock.advance(rest)
            await hooked.run_due()
        hooked.clock.advance(days=2)
        await hooked.run_due()
    assert len(there.got) == 3
    assert len({got.headers["webhook-id"] for got in there.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in there.got}) == 3
    tries = await hooked.sql("SELECT status FROM webhook_attempt ORDER BY at")
    assert [one.status for one in tries] == [500, 503, 200]


async def test_nothing_of_the_database_is_held_while_a_stranger_thinks(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("slow")
    seen: list[int] = []
    async with receiver() as there:
        there.hook = lambda: seen.append(hooked.worker.database.engine.pool.checkedout())  # type: ignore[attr-defined] # of every queue pool
        await listen(hooked, tenant_id, there)
        await register(hooked, tenant_id)
        await hooked.run_due()
    assert seen == [0]


async def test_a_paused_address_is_not_called(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("paused")
    async with receiver() as there:
        made = await listen(hooked, tenant_id, there)
        await register(hooked, tenant_id)
        async with hooked.unit(tenant_id) as uow:
            await pause_endpoint(uow, endpoint_id=made.endpoint_id)
        await hooked.run_due()
        assert there.got == []
    (row,) = await hooked.sql("SELECT state FROM webhook_delivery")
    assert row.state == "held"


async def test_without_the_allowance_a_local_address_is_not_called(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("inside")
    hooked.worker.outward = msgspec.structs.replace(LOCAL, plain=False)
    async with receiver(tls=True) as there:
        await listen(hooked, tenant_id, there)
        await register(hooked, tenant_id)
        await hooked.run_due()
        assert there.got == []
    (row,) = await hooked.sql("SELECT error FROM webhook_attempt")
    assert row.error == "not-public"


async def test_with_another_secret_of_the_process_the_log_says_so(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("lost")
    hooked.worker.outward = msgspec.structs.replace(LOCAL, secret_key="another-secret-that-is-long-enough-too")
    async with receiver() as there:
        await listen(hooked, tenant_id, there)
        await register(hooked, tenant_id)
        await hooked.run_due()
        assert there.got == []
    (row,) = await hooked.sql("SELECT error FROM webhook_attempt")
    assert row.error == "secret-lost"


async def test_a_broken_promise_is_told_from_the_lane_of_deadlines(hooked: Shop) -> None:
    tenant_id = await clinic(hooked, "breach", cases=1)
    hooked.tasks.pop(CLOCK_TASK)
    async with receiver() as there:
        await listen(hooked, tenant_id, there, "complaint.promise_breached")
        hooked.clock.advance(hours=2)
        async with lane(hooked) as one:
            for _ in range(3):
                await one.sweep()
        rows = await hooked.sql("SELECT count(*) AS n FROM complaint_event WHERE kind IN ('breached', 'nobody')")
        told = await hooked.sql("SELECT body FROM webhook_message WHERE kind = 'complaint.promise_breached'")
    assert rows[0].n >= len(told) >= 1
    assert {msgspec.json.decode(one.body)["data"]["level"] for one in told} == {"L3"}
    assert all(msgspec.json.decode(one.body)["data"]["milestone"] for one in told)


async def test_an_erasure_is_told_so_that_others_erase_too(hooked: Shop) -> None:
    tenant_id = await hooked.tenant("erased")
    async with receiver() as there:
        await listen(hooked, tenant_id, there, "customer.erased")
        customer_id = await register(hooked, tenant_id)
        async with hooked.worker.unit(tenant_id) as uow:
            await erase_person(uow, [customer_id])
        await hooked.run_due()
        told = [msgspec.json.decode(got.body) for got in there.got]
    assert [(one["type"], one["data"]) for one in told] == [("customer.erased", {"customer_id": str(customer_id)})]


def test_the_log_is_cleared_at_night() -> None:
    assert CRONS["purge-webhooks"].task in find_tasks()
