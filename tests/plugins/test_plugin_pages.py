"""Pages, jobs and effects of a plugin: only the owner is asked, its answer is checked, and off means nobody answers."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput
from core.hooks.breaker import FAULTS
from core.hooks.dispatch import PluginFault, PluginRefused
from core.hooks.host import PluginHost
from core.hooks.kinds import Spec
from core.hooks.records.effects import OpenTask
from core.hooks.records.pages import PageRequest
from core.hooks.specs.pages import act_on_page, nav_items, routes, show_page
from core.hooks.specs.upkeep import erase_customer, export_customer, jobs, migrate_settings, run_job
from core.scope import SYSTEM
from tests.plugins.conftest import MANIFEST, NOW, A, B, Write, ask

Load = Callable[..., PluginHost]
SESSION = cast("AsyncSession", None)
SHOP = """
from datetime import timedelta

@hookimpl
def permissions():
    return (Permission(id="read", label=both("看订单", "See orders"), roles=("front_desk",)),)

@hookimpl
def routes():
    label = both("订单", "Orders")
    return (
        Route(id="orders", path="orders", permission="read", label=label),
        Route(id="resend", path="orders/{order}/resend", method="POST", permission="read", label=label),
    )

@hookimpl
def nav_items():
    return (NavItem(id="orders", route="orders", label=both("订单", "Orders")),)

@hookimpl
def jobs():
    return (Job(id="late", label=both("迟到", "Late"), every_minutes=60),)

@hookimpl
async def show_page(ctx, request):
    if request.route == "orders":
        return Page(template=f"{ctx.plugin}:orders.html", title="订单", data={"tenant": str(ctx.tenant_id)})

@hookimpl
async def act_on_page(ctx, request):
    if request.field("reason") == "fail":
        raise RuntimeError("a customer's words")
    request.fields.clear()
    return Outcome(go_to="orders", toast=ctx.locale)

@hookimpl
async def run_job(ctx, job):
    return (OpenTask(key="late:1", title="催单", due=ctx.now + timedelta(hours=2), role="front_desk"),)

@hookimpl
async def export_customer(ctx, customer_id):
    return (ExportPart(title="订单", rows=({"customer": str(customer_id)},)),)

@hookimpl
async def erase_customer(ctx, customer_id):
    1 / 0

@hookimpl
def migrate_settings(version, settings):
    return {"limit": settings["max"]} if version == 1 else None
"""


@pytest.fixture
def two_shops(write_plugin: Write, load: Load) -> PluginHost:
    return load(write_plugin("aa", SHOP, more="settings_version=2"), write_plugin("bb", SHOP))


async def test_only_the_owner_of_a_page_is_asked(two_shops: PluginHost) -> None:
    plugins = two_shops.for_tenant(A, 1, {"aa": {}, "bb": {}})
    decision = await ask(plugins, show_page, only="bb", request=PageRequest(route="orders"))
    assert [(one.plugin, one.value.template) for one in decision.answers] == [("bb", "bb:orders.html")]
    assert (await ask(plugins, show_page, only="bb", request=PageRequest(route="other"))).answers == ()


async def test_a_page_of_a_plugin_that_is_off_is_nobodys(two_shops: PluginHost) -> None:
    plugins = two_shops.for_tenant(B, 1, {"aa": {}})
    request = PageRequest(route="orders")
    assert (await ask(plugins, show_page, only="bb", request=request)).answers == ()
    args: dict[str, Any] = {"plugin": "bb", "session": SESSION, "now": NOW, "actor": SYSTEM}
    assert await plugins.react(act_on_page, request=request, **args) == ()
    assert await plugins.react(run_job, job="late", **args) == ()
    surface: tuple[Spec[Any], ...] = (routes, nav_items, jobs)
    assert {one.plugin for spec in surface for one in plugins.declared(spec)} == {"aa"}


async def test_a_posted_page_answers_in_the_readers_language_and_changes_no_argument(two_shops: PluginHost) -> None:
    plugins = two_shops.for_tenant(A, 1, {"aa": {}})
    request = PageRequest(route="resend", path={"order": "4711"}, fields={"reason": ["丢件"]})
    (outcome,) = await plugins.react(
        act_on_page, plugin="aa", session=SESSION, now=NOW, actor=SYSTEM, locale="en", request=request
    )
    assert (outcome.go_to, outcome.toast) == ("orders", "en")
    assert request.field("reason") == "丢件"


async def test_a_posted_page_that_fails_names_the_plugin_and_is_held_back_after_five(two_shops: PluginHost) -> None:
    plugins = two_shops.for_tenant(A, 1, {"aa": {}})
    request = PageRequest(route="resend", fields={"reason": ["fail"]})
    said = []
    for _ in range(FAULTS + 1):
        with pytest.raises(PluginRefused) as refused:
            await plugins.react(act_on_page, plugin="aa", session=SESSION, now=NOW, actor=SYSTEM, request=request)
        said.append(refused.value.params["why"])
        assert refused.value.params["plugin"] == "aa"
    assert said == ["fault"] * FAULTS + ["breaker"]


async def test_a_job_answers_with_effects_and_a_failed_erasure_comes_again(two_shops: PluginHost) -> None:
    plugins = two_shops.for_tenant(A, 1, {"aa": {}})
    args: dict[str, Any] = {"plugin": "aa", "session": SESSION, "now": NOW, "actor": SYSTEM}
    (task,) = await plugins.react(run_job, job="late", **args)
    assert isinstance(task, OpenTask)
    assert (task.due - NOW).total_seconds() == 2 * 3600
    (part,) = await plugins.react(export_customer, customer_id=A, **args)
    assert part.rows == ({"customer": str(A)},)
    with pytest.raises(PluginFault):
        await plugins.react(erase_customer, customer_id=A, **args)


def test_ids_of_a_surface_are_prefixed_and_so_never_clash(two_shops: PluginHost) -> None:
    plugins = two_shops.for_tenant(A, 1, {"aa": {}, "bb": {}})
    assert [(one.value.id, one.value.permission) for one in plugins.declared(routes)] == [
        ("aa.orders", "aa.read"),
        ("aa.resend", "aa.read"),
        ("bb.orders", "bb.read"),
        ("bb.resend", "bb.read"),
    ]
    assert {one.value.route for one in plugins.declared(nav_items)} == {"aa.orders", "bb.orders"}


def test_settings_of_an_earlier_version_are_rewritten_without_saving(two_shops: PluginHost) -> None:
    assert two_shops.migrated("aa", 1, {"max": 3}) == {"limit": 3}
    assert two_shops.migrated("aa", 2, {"limit": 3}) == {"limit": 3}
    assert two_shops.migrated("aa", 1, {}) is None, "its fault keeps what is stored"
    assert migrate_settings.on_fault == "refuse"


def test_a_plugin_whose_route_nobody_answers_is_broken_at_load(write_plugin: Write, load: Load) -> None:
    source = SHOP.replace("@hookimpl\nasync def show_page", "async def show_page")
    (status,) = load(write_plugin("aa", source)).status()
    assert status.state == "broken"
    assert "no show_page" in status.reason


def test_a_surface_that_falls_apart_under_a_tenants_settings_turns_the_plugin_off_there(
    write_plugin: Write, load: Load
) -> None:
    source = SHOP.replace(
        'permission="read", label=label),\n        Route',
        "permission=ctx.settings.right, label=label),\n        Route",
    ).replace("def routes():", "def routes(ctx):")
    source = source.replace("from datetime", "from sample_aa.own import Own\nfrom datetime")
    own = """
    import msgspec
    class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        right: str = "read"
    """
    manifest = MANIFEST.format(name="aa", hook_api=">=1.0,<2", more="settings=Own,").replace(
        "from plugins.api", "from sample_aa.own import Own\nfrom plugins.api", 1
    )
    host = load(write_plugin("aa", source, manifest=manifest, files={"own": own}))
    assert host.for_tenant(A, 1, {"aa": {}}).is_on("aa")
    broken = host.for_tenant(B, 1, {"aa": {"right": "other"}})
    assert not broken.is_on("aa")
    assert [(gap.hook, gap.rule) for gap in broken.gaps] == [("routes", "not enabled")]
    with pytest.raises(InvalidInput):
        host.check_settings("aa", {"right": "other"})
