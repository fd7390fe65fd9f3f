"""Pages of webhooks: a secret is shown once, refused forms say why, the log is narrowed, and only administrators come in."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from core.customers.actions import add_customer
from core.customers.rules.profile import CustomerDraft
from core.webhooks.delivering import Outcome, note_attempt
from core.webhooks.queries import LogFilter, get_endpoint, list_deliveries, list_endpoints
from core.webhooks.rules import derive_key, mark_of, show_secret
from tests.web.factories_webhooks import URL, make_delivery, make_endpoint
from tests.webapp import SECRET_KEY, Browser
from tests.workplaces import TestTenant

Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def admin(client: Client) -> Browser:
    return await client("tenant_admin")


def root(tenant: TestTenant) -> str:
    return f"/t/{tenant.slug}/webhooks"


async def only_endpoint(tenant: TestTenant) -> UUID:
    async with tenant.unit() as uow:
        (one,) = await list_endpoints(uow)
    return one.endpoint_id


async def test_a_secret_is_shown_when_it_is_made_and_never_again(admin: Browser, tenant_a: TestTenant) -> None:
    made = await admin.send_form(root(tenant_a), {"name": "数据仓库", "url": URL, "kinds": ["complaint.filed"]})
    assert made.status_code in {200, 201}
    endpoint_id = await only_endpoint(tenant_a)
    key = derive_key(SECRET_KEY, tenant_id=tenant_a.id, endpoint_id=endpoint_id, number=1)
    assert show_secret(key) in made.text.replace("&#43;", "+").replace("&#x2F;", "/")
    async with tenant_a.unit() as uow:
        assert (await get_endpoint(uow, endpoint_id)).secret_mark == mark_of(key)
    for path in ("", f"/{endpoint_id}", "/log"):
        assert "whsec_" not in (await admin.get(root(tenant_a) + path)).text
    rotated = await admin.send_form(f"{root(tenant_a)}/{endpoint_id}/rotate")
    assert "whsec_" in rotated.text
    assert "signed with the secret before" in rotated.text


async def test_a_refused_form_says_what_is_wrong_and_keeps_what_was_typed(admin: Browser, tenant_a: TestTenant) -> None:
    answer = await admin.send_form(root(tenant_a), {"name": "仓库", "url": "https://192.168.0.1/x"})
    assert answer.status_code == 422
    assert "An address on the public internet" in answer.text
    assert "https://192.168.0.1/x" in answer.text
    endpoint_id = await make_endpoint(tenant_a)
    answer = await admin.send_form(f"{root(tenant_a)}/{endpoint_id}", {"name": "", "url": "http://example.com/"})
    assert answer.status_code == 422
    assert "Begin with https://" in answer.text


async def test_an_address_is_paused_tried_switched_on_changed_and_removed(admin: Browser, tenant_a: TestTenant) -> None:
    here = f"{root(tenant_a)}/{await make_endpoint(tenant_a)}"
    assert (await admin.send_form(f"{here}/pause")).status_code == 303
    page = await admin.get(here)
    assert "Switch on" in page.text
    assert (await admin.send_form(f"{here}/pause")).status_code == 409
    tried = await admin.send_form(f"{here}/test")
    assert tried.status_code == 303
    delivery = await admin.get(tried.headers["location"])
    assert "webhook.test" in delivery.text
    assert "Not tried yet" in delivery.text
    assert (await admin.send_form(f"{here}/resume")).status_code == 303
    assert (await admin.send_form(here, {"name": "新仓库", "url": URL, "kinds": "tier.changed"})).status_code == 303
    assert "新仓库" in (await admin.get(root(tenant_a))).text
    assert (await admin.send_form(f"{here}/replay")).status_code == 303
    assert (await admin.send_form(f"{here}/remove")).status_code == 303
    assert (await admin.get(here)).status_code == 404


async def test_the_log_is_narrowed_by_address_state_and_kind_and_tells_every_attempt(
    admin: Browser, tenant_a: TestTenant
) -> None:
    delivery_id = await make_delivery(tenant_a)
    async with tenant_a.unit() as uow:
        await note_attempt(uow, delivery_id, outcome=Outcome(status=503, millis=12, answer="<b>busy</b>"), roll=0.0)
        (row,) = await list_deliveries(uow, wanted=LogFilter())
    log = f"{root(tenant_a)}/log"
    line = f"delivery-{delivery_id}"
    for query in ("", f"?endpoint={row.endpoint_id}", "?state=failed", "?kind=webhook.test", "?state=nonsense&kind=x"):
        assert line in (await admin.get(log + query)).text, query
    for query in ("?state=heard", "?kind=customer.created", f"?before={delivery_id}"):
        assert line not in (await admin.get(log + query)).text, query
    page = (await admin.get(f"{root(tenant_a)}/deliveries/{delivery_id}")).text
    assert "HTTP 503" in page
    assert "&lt;b&gt;busy&lt;/b&gt;" in page
    assert (await admin.send_form(f"{root(tenant_a)}/deliveries/{delivery_id}/replay")).status_code == 303
    assert (await admin.send_form(f"{root(tenant_a)}/deliveries/{delivery_id}/replay")).status_code == 409


async def test_a_failing_and_a_silent_address_are_said_on_their_pages(admin: Browser, tenant_a: TestTenant) -> None:
    delivery_id = await make_delivery(tenant_a)
    here = f"{root(tenant_a)}/{await only_endpoint(tenant_a)}"
    async with tenant_a.unit() as uow:
        await note_attempt(uow, delivery_id, outcome=Outcome(error="certificate"), roll=0.0)
    assert "The certificate of the server is not valid" in (await admin.get(here)).text
    async with tenant_a.unit("tenant_admin") as uow:
        await add_customer(uow, draft=CustomerDraft(full_name="王小明"))
    async with tenant_a.unit() as uow:
        (row,) = await list_deliveries(uow, wanted=LogFilter(kind="customer.created"))
        await note_attempt(uow, row.delivery_id, outcome=Outcome(status=410), roll=0.0)
    assert "Nobody answers at this address" in (await admin.get(here)).text


@pytest.mark.parametrize("role", ["doctor", "front_desk", "team_leader"])
async def test_who_does_not_manage_programmes_sees_no_webhooks(client: Client, tenant_a: TestTenant, role: str) -> None:
    person = await client(role)
    assert (await person.get(root(tenant_a))).status_code == 403
