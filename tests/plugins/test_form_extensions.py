"""A plugin asks its questions in another plugin's form: once for both, owned by name, and gone when it is off."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core.errors import InvalidInput
from core.forms.actions import record_intake
from core.forms.design_actions import change_design, publish_design
from core.forms.designs import get_design
from core.forms.in_force import get_stands
from core.forms.queries import get_form, get_submission
from core.forms.rules import extend_form, find_clashes, refuse_bad_form, refuse_bad_patch, version_of
from core.forms.rules.designing import added, changed
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate, found_plugins
from core.hooks.records.forms import Addition, Condition, Field, FlagRule, Form, FormPatch, Section, TextField
from core.hooks.specs.forms import intake_extensions
from tenants.plugin_settings import FormKeyClash, disable_plugin, enable_plugin
from tenants.work import Workplace
from tests.workplaces import TestTenant

INTAKE = "petclinic.intake"
CHECKS: dict[str, Callable[[Any], None]] = {"intake_forms": refuse_bad_form, "intake_extensions": refuse_bad_patch}
SOURCE = """
@hookimpl
def intake_extensions():
    return (
        FormPatch(
            id="stones",
            form="petclinic.intake",
            add=(
                Addition(ChoiceField(key="shop_stones", label=both("肾结石", "Kidney stones"), required=True,
                    options=(Option("none", "无"), Option("had", "有"))), "social"),
                Addition(TextField(key="shop_since", label=both("何时", "Since"), required=True,
                    visible_when=Condition(field="shop_stones", op="eq", value="had")), "shop_stones"),
                Addition(NumberField(key="shop_calcium", label="Ca"), "weight_kg"),
            ),
            sections=(Section(id="shop", title=both("补充剂", "Supplements"), fields=("shop_stones", "shop_since")),),
            completeness=(CompletenessItem(id="stones", label="结石", fields=("shop_stones",)),),
            flags=(FlagRule(id="stones", title="结石", reason="钙慎用",
                when=Condition(field="shop_stones", op="eq", value="had")),),
        ),
    )


@hookimpl
async def check_intake(form, answers):
    if answers.get("shop_calcium") == 13:
        return (FormProblem(field="shop_calcium", code="x", text="13"),)
    return ()
"""
ANSWERS: dict[str, Any] = {
    "species": "cat",
    "pet_name": "年糕",
    "chief_complaint": "吐",
    "owner_name": "王小明",
    "owner_phone": "13800138000",
    "signature": {"name": "王小明"},
}
PETCLINIC = next(one for one in found_plugins() if one.name == "petclinic")


def with_host(tenant: TestTenant, *candidates: Candidate) -> TestTenant:
    old = tenant.workplace
    host = PluginHost.load(candidates, checks=CHECKS, strict=True)
    return msgspec.structs.replace(tenant, workplace=Workplace(old.database, old.bus, host, old.clock))


async def enable(tenant: TestTenant, *plugins: str) -> None:
    for plugin in plugins:
        async with tenant.unit("tenant_admin") as uow:
            await enable_plugin(uow, host=tenant.workplace.host, plugin_id=plugin)


async def keys(tenant: TestTenant) -> list[str]:
    async with tenant.unit() as uow:
        return [field.key for field in (await get_form(uow, INTAKE)).fields]


async def test_two_plugins_ask_in_one_form(tenant_a: TestTenant, write_plugin: Callable[..., Candidate]) -> None:
    both = with_host(tenant_a, PETCLINIC, write_plugin("shop", SOURCE))
    await enable(both, "petclinic", "shop")
    async with both.unit() as uow:
        stand = (await get_stands(uow))[INTAKE]
        assert stand.left_out == ()
        assert stand.owners == dict.fromkeys(("shop_stones", "shop_since", "shop_calcium"), "shop")
        assert [section.id for section in stand.form.sections][-3:] == ["living", "shop.shop", "owner"]
        assert stand.form.sections[0].fields[3:5] == ("weight_kg", "shop_calcium")
        assert [item.id for item in stand.form.completeness][-1] == "shop.stones"
        with pytest.raises(InvalidInput) as refused:
            await record_intake(uow, form_id=INTAKE, answers=ANSWERS, once_key="a")
        assert [one.path for one in refused.value.problems] == ["shop_stones"]
        with pytest.raises(InvalidInput):
            await record_intake(
                uow, form_id=INTAKE, answers=ANSWERS | {"shop_stones": "none", "shop_calcium": 13}, once_key="b"
            )
    async with both.unit() as uow:
        filled = await record_intake(
            uow, form_id=INTAKE, answers=ANSWERS | {"shop_stones": "had", "shop_since": "2020"}, once_key="c"
        )
    assert filled.total == 9
    assert [flag.id for flag in filled.flags] == ["shop.stones"]


async def test_a_plugin_that_is_off_contributes_nothing(
    tenant_a: TestTenant, write_plugin: Callable[..., Candidate]
) -> None:
    both = with_host(tenant_a, PETCLINIC, write_plugin("shop", SOURCE))
    await enable(both, "petclinic")
    assert not [key for key in await keys(both) if key.startswith("shop_")]
    await enable(both, "shop")
    assert [key for key in await keys(both) if key.startswith("shop_")] == ["shop_calcium", "shop_stones", "shop_since"]
    async with both.unit() as uow:
        filled = await record_intake(uow, form_id=INTAKE, answers=ANSWERS | {"shop_stones": "none"}, once_key="a")
    async with both.unit("tenant_admin") as uow:
        await disable_plugin(uow, plugin_id="shop")
    assert not [key for key in await keys(both) if key.startswith("shop_")]
    async with both.unit() as uow:
        assert (await get_submission(uow, filled.submission_id)).data["shop_stones"] == "none"
    async with both.unit("tenant_admin") as uow:
        await disable_plugin(uow, plugin_id="petclinic")
    async with both.unit() as uow:
        assert await get_stands(uow) == {}


async def test_two_plugins_with_one_key_are_refused_by_both_names(
    tenant_a: TestTenant, write_plugin: Callable[..., Candidate]
) -> None:
    own = """
@hookimpl
def intake_forms():
    return (Form(id="visit", title="V", fields=(TextField(key="weight_kg"), TextField(key="shop_stones"))),)
"""
    mine = SOURCE.replace("petclinic.intake", "depot.visit")
    both = with_host(tenant_a, write_plugin("depot", own), write_plugin("shop", mine))
    await enable(both, "depot")
    with pytest.raises(FormKeyClash) as refused:
        await enable(both, "shop")
    assert refused.value.params == {"form": "depot.visit", "key": "shop_stones", "first": "depot", "second": "shop"}
    async with both.unit() as uow:
        assert not uow.plugins.is_on("shop")


DEPOT = """
@hookimpl
def intake_forms():
    return (Form(id="visit", title="V", fields=(TextField(key="weight_kg"), TextField(key="word"))),)
"""
VISIT = "depot.visit"


async def visit(tenant: TestTenant) -> tuple[Field, ...]:
    async with tenant.unit() as uow:
        return (await get_form(uow, VISIT)).fields


async def test_fields_of_a_plugin_that_is_off_wait_with_the_tenants_changes(
    tenant_a: TestTenant, write_plugin: Callable[..., Candidate]
) -> None:
    source = """
@hookimpl
def intake_extensions():
    return (FormPatch(id="p", form="depot.visit", add=(Addition(TextField(key="shop_a", label="A"), "word"),)),)
"""
    shop = with_host(tenant_a, write_plugin("depot", DEPOT), write_plugin("shop", source))
    await enable(shop, "depot", "shop")
    asks = TextField(key="x_why", visible_when=Condition(field="shop_a", op="not_empty"))
    async with shop.unit("tenant_admin") as uow:
        design = await change_design(
            uow,
            form_id=VISIT,
            seen="0.0",
            change=lambda base, over: added(changed(base, over, "shop_a", {"required": True}), asks, "shop_a"),
        )
        await change_design(
            uow,
            form_id=VISIT,
            seen=design.seen,
            change=lambda base, over: changed(base, over, "word", {"required": True}),
        )
        await publish_design(uow, form_id=VISIT, seen="0.2")
    async with shop.unit("tenant_admin") as uow:
        await disable_plugin(uow, plugin_id="shop")
    fields = await visit(shop)
    assert [field.key for field in fields][-1] == "word"
    assert fields[-1].required
    async with shop.unit() as uow:
        assert (await get_design(uow, VISIT)).conflicts == ()
    await enable(shop, "shop")
    fields = await visit(shop)
    assert [(field.key, field.required) for field in fields][-3:] == [
        ("word", True),
        ("shop_a", True),
        ("x_why", False),
    ]


def form(*keys: str) -> Form:
    return Form(id="a.form", title="", fields=tuple(TextField(key=key) for key in keys))


def patch(*add: tuple[str | None, str], **more: Any) -> FormPatch:
    return FormPatch(
        id="b.p", form="a.form", add=tuple(Addition(TextField(key=key), after) for after, key in add), **more
    )


def test_what_does_not_fit_is_left_out_with_its_reason_and_the_rest_counts() -> None:
    found = extend_form(
        form("a"), [("b", patch(("gone", "b_x"))), ("c", patch(("a", "c_x"))), ("d", patch(("a", "a")))]
    )
    assert [field.key for field in found.form.fields] == ["a", "c_x"]
    assert [(one.plugin, one.reason) for one in found.left_out] == [
        ("b", "the form has no field gone, after which b_x stands"),
        ("d", "a: the key is used twice"),
    ]
    other = msgspec.structs.replace(patch(("a", "b_x")), form="a.other")
    assert extend_form(form("a"), [("b", other)]).form == form("a")


def test_those_behind_the_same_field_stand_as_written_and_a_form_without_steps_gets_none() -> None:
    section = Section(id="s", title="", fields=("b_x",))
    found = extend_form(form("a", "z"), [("b", patch(("a", "b_x"), ("a", "b_y"), (None, "b_z"), sections=(section,)))])
    assert [field.key for field in found.form.fields] == ["a", "b_x", "b_y", "z", "b_z"]
    assert found.form.sections == ()
    assert version_of(found.form) != version_of(form("a", "z"))


def test_a_step_of_an_unplaced_field_comes_last() -> None:
    base = msgspec.structs.replace(form("a"), sections=(Section(id="one", title="", fields=("a",)),))
    sections = (Section(id="s", title="", fields=("b_x",)), Section(id="t", title="", fields=()))
    found = extend_form(base, [("b", patch((None, "b_x"), sections=sections))])
    assert [section.id for section in found.form.sections] == ["one", "b.s", "b.t"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (patch(("a", "x")), "does not start with b_"),
        (patch(("g.a", "b_x")), "inside a group"),
        (patch(), "adds nothing"),
        (patch(("a", "b_x"), sections=(Section(id="s", title="", fields=("a",)),)), "which this patch does not add"),
        (FormPatch(id="b.p", form="b.form", add=(Addition(TextField(key="b_x")),)), "another plugin"),
        (FormPatch(id="b.p", form="intake", add=(Addition(TextField(key="b_x")),)), "another plugin"),
    ],
)
def test_a_patch_that_takes_what_is_not_its_own_does_not_load(bad: FormPatch, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        refuse_bad_patch(bad)
    refuse_bad_patch(patch(flags=(FlagRule(id="f", title="", reason="", when=None),)))  # type: ignore[arg-type] # never asked


def test_a_clash_needs_two_plugins_and_a_form_that_is_there() -> None:
    assert find_clashes([form("a")], [("b", patch(("a", "b_x")))]) == ()
    assert find_clashes([], [("b", patch(("a", "b_x"))), ("c", patch(("a", "b_x")))]) == ()
    assert find_clashes([form("b_x")], [("b", patch(("a", "b_x")))])[0].first == "a"


def test_the_hook_gives_patches_the_name_of_their_plugin(write_plugin: Callable[..., Candidate]) -> None:
    host = PluginHost.load([write_plugin("shop", SOURCE)], checks=CHECKS, strict=True)
    (one,) = host.preview({"shop": {}, "gone": {}}, intake_extensions)
    assert (one.plugin, one.value.id) == ("shop", "shop.stones")
