"""A plugin's own pages: in our frame, behind one guard, and whatever goes wrong names the plugin and saves nothing."""

from collections.abc import Awaitable, Callable

import pytest
from jinja2 import Environment
from sqlalchemy import func, select

from core.customers.actions import add_customer
from core.customers.models import CustomerEvent
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.forms.models import FormLink
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate, found_plugins
from core.tasks.models import GeneralTask
from core.tasks.queries import list_tasks
from tenants.plugin_settings import disable_plugin, enable_plugin
from tests.webapp import Browser
from tests.workplaces import TestTenant
from web.page import LOCALE_COOKIE
from web.render import add_plugin_templates

SHOP = Candidate("pageshop", "tests.plugins.page_shop:plugin")
Client = Callable[..., Awaitable[Browser]]


@pytest.fixture
def plugin_host(templates: Environment) -> PluginHost:
    host = PluginHost.load([*found_plugins(), SHOP], strict=True)
    add_plugin_templates(templates, host.template_folders())
    return host


@pytest.fixture
async def shop(tenant_a: TestTenant, plugin_host: PluginHost) -> str:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=plugin_host, plugin_id="pageshop")
    return f"/t/{tenant_a.slug}/x/pageshop"


async def _customer(tenant: TestTenant, name: str = "王小明") -> str:
    async with tenant.unit() as uow:
        return str(await add_customer(uow, draft=CustomerDraft(full_name=name), allow_duplicate=True))


async def _count(tenant: TestTenant, table: type) -> int:
    async with tenant.unit() as uow:
        return await uow.session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_page_stands_in_our_frame_with_the_plugins_words_and_its_line_in_the_menu(
    client: Client, shop: str
) -> None:
    desk = await client("front_desk")
    page = await desk.get(f"{shop}?q=<b>")
    assert page.status_code == 200
    assert "All orders" in page.text
    assert "Sample orders" in page.text, "the line of the menu, although its icon does not exist"
    assert 'data-state="warn">Late' in page.text
    assert "23 Nov 2026" in page.text, "a day, which arrives as text"
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text
    desk.cookies.set(LOCALE_COOKIE, "zh_CN")
    assert "迟到" in (await desk.get(shop)).text


async def test_plain_words_go_before_names_and_what_the_plugin_does_not_know_is_404(client: Client, shop: str) -> None:
    desk = await client("front_desk")
    assert (await desk.get(f"{shop}/orders/new")).status_code == 200
    assert "&lt;late&gt;" in (await desk.get(f"{shop}/orders/4711")).text
    assert (await desk.get(f"{shop}/orders/0815")).status_code == 404
    assert (await desk.get(f"{shop}/other")).status_code == 404
    assert (await desk.send_form(f"{shop}/orders/4711")).status_code == 404


async def test_the_right_is_given_by_role_and_the_page_is_403_without_it(client: Client, shop: str) -> None:
    for role, status in (("front_desk", 200), ("director", 200), ("tenant_admin", 200), ("doctor", 403)):
        made = await client(role)
        page = await made.get(shop)
        assert page.status_code == status, role
    home = await made.get(shop.partition("/x/")[0])
    assert "Sample orders" not in home.text
    assert (await (await client(None)).get(shop)).status_code in {303, 401}


async def test_off_means_404_and_no_line_and_no_right(
    client: Client, shop: str, tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    other = await client("director", tenant_b)
    assert (await other.get(f"/t/{tenant_b.slug}/x/pageshop")).status_code == 404
    async with tenant_a.unit() as uow:
        assert "pageshop.orders" in uow.actor.permissions
        await disable_plugin(uow, plugin_id="pageshop")
    director = await client("director")
    assert (await director.get(shop)).status_code == 404
    assert (await director.send_form(f"{shop}/orders/1/resend", {"reason": "x"})).status_code == 404
    assert "Sample orders" not in (await director.get(f"/t/{tenant_a.slug}")).text
    async with tenant_a.unit() as uow:
        assert "pageshop.orders" not in uow.actor.permissions


async def test_a_posted_page_needs_the_token_and_then_its_effects_are_done(
    client: Client, shop: str, tenant_a: TestTenant
) -> None:
    desk = await client("front_desk")
    customer = await _customer(tenant_a)
    form = {"reason": "丢件", "customer": customer, "form": "wishes"}
    assert (await desk.post(f"{shop}/orders/4711/resend", data=form)).status_code == 403
    answer = await desk.send_form(f"{shop}/orders/4711/resend", dict(form))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{shop}/orders/4711?tab=history")
    assert "It will be sent again" in (await desk.get(answer.headers["location"])).text
    await desk.send_form(f"{shop}/orders/4711/resend", dict(form))
    async with tenant_a.unit("front_desk") as uow:
        tasks = (await list_tasks(uow, view="mine")).lines
        kinds = await uow.session.scalars(select(CustomerEvent.kind).where(CustomerEvent.kind.like("pageshop.%")))
        assert kinds.all() == ["pageshop.resent", "pageshop.resent"]
        (code,) = (await uow.session.scalars(select(FormLink.code).where(FormLink.form_id == "pageshop.wishes"))).all()
    assert [(one.key.partition(":")[0], one.page) for one in tasks] == [
        ("resend", "orders/4711"),
        ("form", f"/q/{code}"),
    ]
    assert tasks[0].remedies == ["pageshop.parcel"]
    page = await desk.get(f"/t/{tenant_a.slug}/customers/{customer}")
    assert "Sent again" in page.text
    assert "read only on" in page.text, "a panel reads the database, and only reads"


async def test_what_is_wrong_comes_back_with_what_was_typed(client: Client, shop: str) -> None:
    desk = await client("front_desk")
    page = await desk.send_form(f"{shop}/orders/4711/resend", {"reason": " ", "customer": '"><i>'})
    assert page.status_code == 422
    assert "Say why" in page.text
    assert "&#34;&gt;&lt;i&gt;" in page.text


@pytest.mark.parametrize(
    "more",
    [
        {"reason": "fault"},
        {"reason": "commit"},
        {"reason": "astray"},
        {"reason": "x", "role": "king"},
        {"reason": "x", "form": "no"},
    ],
)
async def test_a_fault_names_the_plugin_and_nothing_is_saved(
    more: dict[str, object], client: Client, shop: str, tenant_a: TestTenant
) -> None:
    desk = await client("front_desk")
    customer = await _customer(tenant_a)
    before = await _count(tenant_a, CustomerEvent)
    page = await desk.send_form(f"{shop}/orders/4711/resend", {"customer": customer} | more)
    assert page.status_code == 503
    assert "Sample shop" in page.text
    assert await _count(tenant_a, GeneralTask) == 0
    assert await _count(tenant_a, CustomerEvent) == before


@pytest.mark.parametrize("path", ["broken", "thief"])
async def test_a_template_that_fails_or_is_another_plugins_names_the_plugin(
    path: str, client: Client, shop: str
) -> None:
    page = await (await client("front_desk")).get(f"{shop}/{path}")
    assert page.status_code == 503
    assert "Sample shop" in page.text


async def test_a_customer_of_another_tenant_is_404_and_nothing_is_saved(
    client: Client, shop: str, tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    desk = await client("front_desk")
    for stranger in (await _customer(tenant_b), str(new_id())):
        page = await desk.send_form(f"{shop}/orders/4711/resend", {"reason": "x", "customer": stranger})
        assert page.status_code == 404
    assert await _count(tenant_a, GeneralTask) == 0
    assert await _count(tenant_b, GeneralTask) == 0


async def test_a_body_that_is_too_large_or_has_a_file_is_refused(client: Client, shop: str) -> None:
    desk = await client("front_desk")
    big = await desk.send_form(f"{shop}/orders/4711/resend", {"reason": "x" * 300_000})
    assert big.status_code == 413
    file = await desk.send_form(f"{shop}/orders/4711/resend", files={"reason": ("a.txt", b"x")})
    assert file.status_code == 422
