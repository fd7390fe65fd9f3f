"""Webhooks on a real database: what is told with a deed, held, sent again, given up, and never to another tenant."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from core.clock import now
from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.errors import InvalidInput, NotFound
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.outbox.queries import list_state_counts
from core.uow import UnitOfWork
from core.webhooks.actions import (
    EndpointDraft,
    EndpointMoved,
    NothingToSend,
    add_endpoint,
    announce_plugin_event,
    change_endpoint,
    pause_endpoint,
    remove_endpoint,
    replay_delivery,
    replay_failed,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from core.webhooks.announcing import DELIVER
from core.webhooks.delivering import Outcome, find_parcel, note_attempt, purge_messages
from core.webhooks.queries import (
    LogFilter,
    count_silent,
    get_delivery,
    get_endpoint,
    list_deliveries,
    list_endpoints,
    list_kinds,
)
from core.webhooks.rules import KEPT, MAX_ENDPOINTS, OVERLAP, RESTS, SILENT_AFTER, NoMaster, key_of
from tenants.plugin_settings import enable_plugin
from tests.receivers import SECRET_KEY
from tests.workplaces import MovableClock, TestTenant

URL = "https://hooks.example.com/anxin"
HEARD = Outcome(status=204)
FAILED = Outcome(status=500, answer="oops")


async def endpoint(tenant: TestTenant, *kinds: str, url: str = URL) -> UUID:
    async with tenant.unit("tenant_admin") as uow:
        made = await add_endpoint(uow, draft=EndpointDraft("收银系统", url, kinds), master=SECRET_KEY)
    return made.endpoint_id


async def register(tenant: TestTenant, name: str = "王小明") -> UUID:
    async with tenant.unit("front_desk") as uow:
        return await add_customer(uow, draft=CustomerDraft(full_name=name))


async def newest(tenant: TestTenant, **wanted: object) -> UUID:
    async with tenant.unit() as uow:
        rows = await list_deliveries(uow, wanted=LogFilter(**wanted))  # type: ignore[arg-type] # the filter's own fields
    return rows[0].delivery_id


async def states(tenant: TestTenant) -> list[str]:
    async with tenant.unit() as uow:
        return [row.state for row in await list_deliveries(uow, wanted=LogFilter())]


async def due(tenant: TestTenant) -> int:
    async with tenant.unit() as uow:
        rows = await list_state_counts(uow.session, tenant_id=tenant.id)
    return sum(row.count for row in rows if row.task == DELIVER and row.state == "pending")


async def attempt(tenant: TestTenant, delivery_id: UUID, outcome: Outcome | None) -> object:
    async with tenant.unit() as uow:
        return await note_attempt(uow, delivery_id, outcome=outcome, roll=0.0)


async def test_a_deed_is_told_in_its_own_transaction_by_ids_alone(tenant_a: TestTenant) -> None:
    await endpoint(tenant_a)
    customer_id = await register(tenant_a)
    async with tenant_a.unit() as uow:
        (row,) = await list_deliveries(uow, wanted=LogFilter())
        told = msgspec.json.decode((await get_delivery(uow, row.delivery_id)).body)
    assert (row.kind, row.state) == ("customer.created", "waiting")
    assert told["type"] == "customer.created"
    assert told["data"]["customer_id"] == str(customer_id)
    assert "王小明" not in str(told)
    assert await due(tenant_a) == 1


async def test_what_is_undone_was_never_told(tenant_a: TestTenant) -> None:
    await endpoint(tenant_a)

    async def fail(uow: UnitOfWork) -> None:
        async with uow.attempt():
            await add_customer(uow, draft=CustomerDraft(full_name="撤销"))
            raise LookupError

    async with tenant_a.unit() as uow:
        with pytest.raises(LookupError):
            await fail(uow)
    assert await states(tenant_a) == []
    assert await due(tenant_a) == 0


async def test_a_chain_without_addresses_writes_nothing_and_asks_nothing(tenant_a: TestTenant) -> None:
    await register(tenant_a)
    assert await states(tenant_a) == []
    endpoint_id = await endpoint(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        assert uow.scope.has_webhooks
        await remove_endpoint(uow, endpoint_id=endpoint_id)
    async with tenant_a.unit() as uow:
        assert not uow.scope.has_webhooks


async def test_an_address_hears_what_it_chose_and_nothing_else(tenant_a: TestTenant) -> None:
    await endpoint(tenant_a, "complaint.filed")
    chosen = await endpoint(tenant_a, "customer.created")
    await register(tenant_a)
    async with tenant_a.unit() as uow:
        rows = await list_deliveries(uow, wanted=LogFilter())
        assert [row.endpoint_id for row in rows] == [chosen]
        assert await list_deliveries(uow, wanted=LogFilter(kind="complaint.filed")) == []
        assert await list_deliveries(uow, wanted=LogFilter(state="heard")) == []
        assert await list_deliveries(uow, wanted=LogFilter(), before=rows[0].delivery_id) == []


async def test_another_chain_hears_nothing_and_reaches_nothing(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    mine = await endpoint(tenant_a)
    await endpoint(tenant_b)
    await register(tenant_a)
    delivery_id = await newest(tenant_a)
    assert await states(tenant_b) == []
    async with tenant_b.unit("tenant_admin") as uow:
        for deed in (
            get_endpoint(uow, mine),
            get_delivery(uow, delivery_id),
            change_endpoint(uow, endpoint_id=mine, draft=EndpointDraft("他们", URL)),
            rotate_secret(uow, endpoint_id=mine, master=SECRET_KEY),
            pause_endpoint(uow, endpoint_id=mine),
            resume_endpoint(uow, endpoint_id=mine),
            remove_endpoint(uow, endpoint_id=mine),
            send_test(uow, endpoint_id=mine),
            replay_delivery(uow, delivery_id=delivery_id),
            replay_failed(uow, endpoint_id=mine),
        ):
            with pytest.raises(NotFound):
                await deed
        assert await find_parcel(uow, delivery_id, master=SECRET_KEY) is None
        assert await note_attempt(uow, delivery_id, outcome=HEARD, roll=0.0) is None
    assert await states(tenant_a) == ["waiting"]


async def test_the_old_secret_signs_beside_the_new_one_for_a_day(tenant_a: TestTenant, clock: MovableClock) -> None:
    async with tenant_a.unit("tenant_admin") as uow:
        made = await add_endpoint(uow, draft=EndpointDraft("仓库", URL), master=SECRET_KEY)
    await register(tenant_a)
    delivery_id = await newest(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        fresh = await rotate_secret(uow, endpoint_id=made.endpoint_id, master=SECRET_KEY)
        parcel = await find_parcel(uow, delivery_id, master=SECRET_KEY)
    assert parcel is not None
    assert parcel.keys == (key_of(fresh), key_of(made.secret))
    clock.advance(OVERLAP)
    async with tenant_a.unit() as uow:
        later = await find_parcel(uow, delivery_id, master=SECRET_KEY)
    assert later is not None
    assert later.keys == (key_of(fresh),)


async def test_with_another_secret_of_the_process_nothing_is_signed(tenant_a: TestTenant) -> None:
    await endpoint(tenant_a)
    await register(tenant_a)
    delivery_id = await newest(tenant_a)
    async with tenant_a.unit() as uow:
        parcel = await find_parcel(uow, delivery_id, master="another-secret-that-is-long-enough-too")
        with pytest.raises(NoMaster):
            await find_parcel(uow, delivery_id, master="")
    assert parcel is not None
    assert parcel.keys == ()


async def test_what_fails_rests_longer_each_time_and_is_given_up_in_the_end(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    await endpoint(tenant_a)
    await register(tenant_a)
    delivery_id = await newest(tenant_a)
    for rest in RESTS:
        assert await attempt(tenant_a, delivery_id, FAILED) == clock() + rest
        clock.advance(minutes=1)
        async with tenant_a.unit() as uow:  # another message is heard: the address is not silent
            (one,) = await list_endpoints(uow)
        assert one.last_error == "HTTP 500"
    assert await attempt(tenant_a, delivery_id, FAILED) is None
    async with tenant_a.unit() as uow:
        found = await get_delivery(uow, delivery_id)
    assert found.row.state == "failed"
    assert found.row.attempts == len(found.tries) == len(RESTS) + 1
    assert {one.answer for one in found.tries} == {"oops"}


async def test_an_address_is_switched_off_after_five_silent_days_and_holds_what_comes(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    endpoint_id = await endpoint(tenant_a)
    await register(tenant_a, "甲")
    first = await newest(tenant_a)
    await attempt(tenant_a, first, Outcome(error="timeout"))
    clock.advance(SILENT_AFTER - timedelta(seconds=1))
    assert await attempt(tenant_a, first, FAILED) is not None
    clock.advance(timedelta(seconds=1))
    assert await attempt(tenant_a, first, FAILED) is None
    async with tenant_a.unit() as uow:
        assert (await get_endpoint(uow, endpoint_id)).state == "silent"
        assert await count_silent(uow) == 1
    await register(tenant_a, "乙")
    assert await states(tenant_a) == ["held", "held"]
    async with tenant_a.unit("tenant_admin") as uow:
        assert await resume_endpoint(uow, endpoint_id=endpoint_id) == 2
        assert (await get_endpoint(uow, endpoint_id)).failing_since is None
    assert await states(tenant_a) == ["waiting", "waiting"]


async def test_one_success_between_ends_the_silence(tenant_a: TestTenant, clock: MovableClock) -> None:
    endpoint_id = await endpoint(tenant_a)
    await register(tenant_a, "甲")
    first = await newest(tenant_a)
    await attempt(tenant_a, first, FAILED)
    clock.advance(SILENT_AFTER)
    await register(tenant_a, "乙")
    await attempt(tenant_a, await newest(tenant_a), HEARD)
    assert await attempt(tenant_a, first, FAILED) is not None
    async with tenant_a.unit() as uow:
        found = await get_endpoint(uow, endpoint_id)
    assert (found.state, found.failing_since, found.heard_at) == ("on", clock(), clock())


async def test_who_answers_gone_is_switched_off_at_once(tenant_a: TestTenant) -> None:
    endpoint_id = await endpoint(tenant_a)
    await register(tenant_a)
    assert await attempt(tenant_a, await newest(tenant_a), Outcome(status=410)) is None
    async with tenant_a.unit() as uow:
        assert (await get_endpoint(uow, endpoint_id)).state == "silent"
    assert await states(tenant_a) == ["failed"]


async def test_a_paused_address_loses_nothing(tenant_a: TestTenant) -> None:
    endpoint_id = await endpoint(tenant_a)
    await register(tenant_a, "甲")
    on_its_way = await newest(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        await pause_endpoint(uow, endpoint_id=endpoint_id)
        with pytest.raises(EndpointMoved):
            await pause_endpoint(uow, endpoint_id=endpoint_id)
        assert await find_parcel(uow, on_its_way, master=SECRET_KEY) is None
    assert await attempt(tenant_a, on_its_way, None) is None
    await register(tenant_a, "乙")
    assert await states(tenant_a) == ["held", "held"]
    assert await due(tenant_a) == 1
    async with tenant_a.unit("tenant_admin") as uow:
        assert await resume_endpoint(uow, endpoint_id=endpoint_id) == 2
        with pytest.raises(EndpointMoved):
            await resume_endpoint(uow, endpoint_id=endpoint_id)
    assert await due(tenant_a) == 3


async def test_a_test_goes_to_a_paused_address_too_and_is_tried_once(tenant_a: TestTenant) -> None:
    endpoint_id = await endpoint(tenant_a, "complaint.filed")
    async with tenant_a.unit("tenant_admin") as uow:
        await pause_endpoint(uow, endpoint_id=endpoint_id)
        delivery_id = await send_test(uow, endpoint_id=endpoint_id)
    async with tenant_a.unit() as uow:
        assert await find_parcel(uow, delivery_id, master=SECRET_KEY) is not None
    assert await attempt(tenant_a, delivery_id, FAILED) is None
    assert await states(tenant_a) == ["failed"]


async def test_a_message_goes_out_again_under_its_own_id(tenant_a: TestTenant) -> None:
    endpoint_id = await endpoint(tenant_a)
    await register(tenant_a)
    delivery_id = await newest(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        with pytest.raises(NothingToSend):
            await replay_delivery(uow, delivery_id=delivery_id)
        before = await find_parcel(uow, delivery_id, master=SECRET_KEY)
    await attempt(tenant_a, delivery_id, HEARD)
    async with tenant_a.unit("tenant_admin") as uow:
        assert await find_parcel(uow, delivery_id, master=SECRET_KEY) is None
        assert await replay_delivery(uow, delivery_id=delivery_id) == endpoint_id
        assert await find_parcel(uow, delivery_id, master=SECRET_KEY) == before
    await attempt(tenant_a, delivery_id, Outcome(status=410))
    async with tenant_a.unit("tenant_admin") as uow:
        with pytest.raises(EndpointMoved):
            await replay_failed(uow, endpoint_id=endpoint_id)
        await resume_endpoint(uow, endpoint_id=endpoint_id)
        assert await replay_failed(uow, endpoint_id=endpoint_id) == 1
        assert await replay_failed(uow, endpoint_id=endpoint_id) == 0


async def test_a_removed_address_gets_nothing_more(tenant_a: TestTenant) -> None:
    endpoint_id = await endpoint(tenant_a)
    await endpoint(tenant_a, "complaint.filed")
    await register(tenant_a)
    delivery_id = await newest(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        await remove_endpoint(uow, endpoint_id=endpoint_id)
        assert await find_parcel(uow, delivery_id, master=SECRET_KEY) is None
        with pytest.raises(NotFound):
            await replay_delivery(uow, delivery_id=delivery_id)
    await register(tenant_a, "乙")
    assert await states(tenant_a) == ["failed"]


@pytest.mark.parametrize(
    ("draft", "path", "code"),
    [
        (EndpointDraft("", URL), "name", "required"),
        (EndpointDraft("长" * 81, URL), "name", "too-long"),
        (EndpointDraft("仓库", "ftp://x"), "url", "url"),
        (EndpointDraft("仓库", "http://hooks.example.com/"), "url", "webhook-not-https"),
        (EndpointDraft("仓库", "https://10.0.0.1/"), "url", "webhook-not-public"),
        (EndpointDraft("仓库", "https://a:b@hooks.example.com/"), "url", "webhook-url-parts"),
        (EndpointDraft("仓库", URL, ("no.such",)), "kinds", "option"),
    ],
)
async def test_what_cannot_be_an_address_is_refused(
    tenant_a: TestTenant, draft: EndpointDraft, path: str, code: str
) -> None:
    async with tenant_a.unit("tenant_admin") as uow:
        with pytest.raises(InvalidInput) as refused:
            await add_endpoint(uow, draft=draft, master=SECRET_KEY)
    assert [(one.path, one.code) for one in refused.value.problems] == [(path, code)]


async def test_a_chain_has_ten_addresses_at_most(tenant_a: TestTenant) -> None:
    for _ in range(MAX_ENDPOINTS):
        last = await endpoint(tenant_a)
    with pytest.raises(InvalidInput):
        await endpoint(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        await change_endpoint(uow, endpoint_id=last, draft=EndpointDraft("改名", URL, ("tier.changed",)))
        assert (await get_endpoint(uow, last)).kinds == ("tier.changed",)


async def test_the_log_forgets_after_its_days_with_attempts_and_all(tenant_a: TestTenant, clock: MovableClock) -> None:
    await endpoint(tenant_a)
    await register(tenant_a)
    await attempt(tenant_a, await newest(tenant_a), HEARD)
    async with tenant_a.unit() as uow:
        assert await purge_messages(uow, limit=10) == 0
    clock.instant = now() + KEPT + timedelta(minutes=1)  # ids carry the time of this machine
    async with tenant_a.unit() as uow:
        assert await purge_messages(uow, limit=10) == 1
    assert await states(tenant_a) == []


async def test_a_plugin_tells_of_the_kinds_that_it_declared(tenant_a: TestTenant) -> None:
    old = tenant_a.workplace
    host = PluginHost.load([Candidate("fileclinic", "tests.plugins.file_clinic:plugin")], strict=True)
    old.host = host
    await endpoint(tenant_a)
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=host, plugin_id="fileclinic")
    async with tenant_a.unit() as uow:
        assert list_kinds(uow)["fileclinic.filed"].title
        ids = {"record_id": str(uuid4())}
        assert announce_plugin_event(uow, plugin="fileclinic", kind="filed", data=ids)
        assert not announce_plugin_event(uow, plugin="fileclinic", kind="complaint.filed", data=ids)
    assert await newest(tenant_a, kind="fileclinic.filed") is not None
