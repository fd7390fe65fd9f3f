"""A broken plugin is named with its reason and file:line, and every other plugin lives."""

from collections.abc import Callable

import pytest

from core.hooks.host import PluginHost
from core.hooks.loader import Candidate, PluginBroken, PluginStatus, found_plugins
from core.hooks.specs.complaints import complaint_categories
from core.hooks.specs.forms import intake_forms
from tests.plugins.conftest import A, Write

Load = Callable[..., PluginHost]
GOOD = """
@hookimpl
def complaint_categories():
    return (Category(id="ok", label=both("好", "Good")),)
"""

# name -> (source of hooks.py, words of the reason, line of hooks.py or None)
BROKEN = {
    "importerror": ("import no_such_module_anywhere", "no_such_module_anywhere", 2),
    "syntaxerror": ("def (:", "SyntaxError", 2),
    "raises": ("raise RuntimeError('at import')", "at import", 2),
    "exits": ("import sys\nsys.exit(3)", "SystemExit", 3),
    "unknownhook": ("@hookimpl\ndef intake_from():\n    return ()", "there is no hook 'intake_from'", 2),
    "badargument": ("@hookimpl\ndef intake_forms(settings):\n    return ()", "no argument settings; it has ctx", 2),
    "asyncdeclare": ("@hookimpl\nasync def intake_forms():\n    return ()", "must be written with 'def'", 2),
    "syncdecide": ("@hookimpl\ndef check_intake(form):\n    return ()", "must be written with 'async def'", 2),
    "syncreact": ("@hookimpl\ndef on_event(event):\n    pass", "react hook", 2),
    "generator": ("@hookimpl\ndef intake_forms():\n    yield 1", "generator", 2),
    "wrapper": ("@hookimpl(wrapper=True)\ndef intake_forms():\n    return (yield)", "wrapper", 2),
    "ordered": ("@hookimpl(tryfirst=True)\ndef intake_forms():\n    return ()", "the order is the tenant's", 2),
    "declarefault": ("@hookimpl\ndef intake_forms():\n    return 1 / 0", "ZeroDivisionError", 4),
    "wrongtype": ("@hookimpl\ndef intake_forms():\n    return ('form',)", "intake_forms: Expected `object`", 2),
    "wronginside": (
        "@hookimpl\ndef complaint_categories():\n    return (Category(id=7, label='x'),)",
        "Expected `str`, got `int` - at `$[0].id`",
        2,
    ),
    "twice": (
        "@hookimpl\ndef complaint_categories():\n    return (Category(id='a', label='x'), Category(id='a', label='y'))",
        "id twice.a more than once",
        2,
    ),
    "orphan": (
        "@hookimpl\ndef complaint_categories():\n    return (Category(id='a', label='x', parent='b'),)",
        "before its parent",
        2,
    ),
    "stolenid": (
        "@hookimpl\ndef complaint_categories():\n    return (Category(id='good.a', label='x'),)",
        "the name of another plugin",
        2,
    ),
    "badpolicy": (
        "@hookimpl\ndef complaint_policies():\n    m = (Milestone(id='m', label='x', owner_role='nobody'),)\n    return (Policy(severity='L1', label='x', milestones=m),)",
        "no label for roles ['nobody']",
        5,
    ),
    "unserializable": (
        "@hookimpl\ndef complaint_categories():\n    return (Category(id=object(), label='x'),)",
        "complaint_categories:",
        2,
    ),
}


def status_of(host: PluginHost, name: str) -> PluginStatus:
    return next(status for status in host.status() if status.id == name)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_plugin_is_named_and_the_others_live(name: str, write_plugin: Write, load: Load) -> None:
    source, words, line = BROKEN[name]
    host = load(write_plugin("good", GOOD), write_plugin(name, source))
    status = status_of(host, name)
    assert status.state == "broken"
    assert words in status.reason
    assert status.where == f"sample_{name}/hooks.py:{line}"
    assert status_of(host, "good").state == "loaded"
    plugins = host.for_tenant(A, 1, {"good": {}, name: {}})
    assert plugins.enabled == {"good"}
    assert [c.value.id for c in plugins.declared(complaint_categories)] == ["good.ok"]
    assert [(gap.plugin, gap.code, gap.error) for gap in plugins.gaps] == [(name, "not loaded", "broken")]


MANIFESTS = {
    "notaplugin": ("plugin = 3", "is no plugins.api.Plugin"),
    "importfails": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "nothing": ("", "is no plugins.api.Plugin"),
}


@pytest.mark.parametrize("name", sorted(MANIFESTS))
def test_a_manifest_that_is_none_is_refused(name: str, write_plugin: Write, load: Load) -> None:
    manifest, words = MANIFESTS[name]
    status = load(write_plugin(name, manifest=manifest)).status()[0]
    assert status.state == "broken"
    assert words in status.reason
    assert "sample_" in status.where


BAD_MANIFESTS = {
    "badtable": ('tables=("x_other_things",)', "does not start with x_badtable_"),
    "badversion": ('version="one"', "version 'one' is no version"),
    "badsummary": ('summary="only one language"', "summary has no words in en, zh-CN"),
    "badmodule": ('modules=("../hooks",)', "is no module name"),
    "badrange": ('hook_api="about 1"', "is no version range"),
}


@pytest.mark.parametrize("name", sorted(BAD_MANIFESTS))
def test_a_manifest_says_what_is_wrong_with_it(name: str, write_plugin: Write, load: Load) -> None:
    change, words = BAD_MANIFESTS[name]
    head = f"import msgspec\nfrom sample_base_{name} import plugin as base\n"
    manifest = f"{head}plugin = msgspec.structs.replace(base, {change})"
    write_plugin(f"base_{name}", more="", manifest=None)
    base = write_plugin(name, manifest=manifest)
    status = load(base).status()[0]
    assert status.state == "broken"
    assert words in status.reason.replace(f"x_base_{name}_", f"x_{name}_")


SETTINGS = {
    "melted": ("class S(msgspec.Struct, forbid_unknown_fields=True):\n    n: int = 1", "is not frozen"),
    "lax": ("class S(msgspec.Struct, frozen=True):\n    n: int = 1", "does not forbid unknown fields"),
    "nodefault": (
        "class S(msgspec.Struct, frozen=True, forbid_unknown_fields=True):\n    n: int",
        "has no complete defaults",
    ),
}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_settings_must_be_frozen_closed_and_complete(name: str, write_plugin: Write, load: Load) -> None:
    source, words = SETTINGS[name]
    manifest = (
        f"import msgspec\nfrom plugins.api import Plugin, both\n{source}\nplugin = Plugin(id={name!r}, title=both('x', 'x'), "
        "vendor='v', version='1', hook_api='>=1', category='c', summary=both('x', 'x'), modules=(), settings=S)"
    )
    status = load(write_plugin(name, manifest=manifest)).status()[0]
    assert (status.state, words in status.reason) == ("broken", True), status.reason


def test_another_hook_api_is_incompatible_and_its_modules_are_not_imported(write_plugin: Write, load: Load) -> None:
    candidate = write_plugin("future", "raise RuntimeError('imported')", hook_api=">=2")
    status = load(candidate).status()[0]
    assert (status.state, status.reason) == ("incompatible", "needs hook API >=2, this is 1.0")


def test_a_blocked_plugin_is_not_imported_and_says_why(write_plugin: Write, load: Load) -> None:
    candidate = write_plugin("bad", "raise RuntimeError('imported')")
    status = load(candidate, blocked={"bad": "leaks data, ticket 12"}).status()[0]
    assert (status.state, status.reason) == ("blocked", "leaks data, ticket 12")


def test_strict_mode_stops_at_the_first_broken_plugin(write_plugin: Write, load: Load) -> None:
    with pytest.raises(PluginBroken, match=r"wrong: .*sample_wrong/hooks.py:2"):
        load(write_plugin("good", GOOD), write_plugin("wrong", "raise RuntimeError"), strict=True)


def test_two_distributions_cannot_bring_the_same_name(write_plugin: Write, load: Load) -> None:
    first = write_plugin("good", GOOD)
    host = load(first, Candidate("good", first.value, "dist-imitator"))
    assert [status.state for status in host.status()] == ["loaded", "broken"]
    assert "another distribution" in host.status()[1].reason


def test_the_manifest_and_the_entry_point_agree_on_the_name(write_plugin: Write, load: Load) -> None:
    candidate = write_plugin("good", GOOD)
    status = load(Candidate("other", candidate.value)).status()[0]
    assert "the manifest says 'good', the entry point 'other'" in status.reason


def test_one_hook_in_two_modules_is_refused(write_plugin: Write, load: Load) -> None:
    base = write_plugin("base", GOOD)
    manifest = f"import msgspec\nfrom {base.package} import plugin as base\n"
    manifest += "plugin = msgspec.structs.replace(base, id='twin', modules=('hooks', 'again'))"
    status = load(write_plugin("twin", GOOD, manifest=manifest, files={"again": GOOD})).status()[0]
    assert "complaint_categories is implemented twice" in status.reason
    assert status.where == "sample_twin/again.py:3"


def test_a_deeper_check_of_an_area_breaks_the_plugin_with_its_reason(write_plugin: Write, load: Load) -> None:
    def refuse(form: object) -> None:
        raise ValueError(f"no form is good enough: {type(form).__name__}")

    source = "@hookimpl\ndef intake_forms():\n    return (Form(id='f', title='x', fields=()),)"
    status = load(write_plugin("formal", source), checks={intake_forms.name: refuse}).status()[0]
    assert status.state == "broken"
    assert "intake_forms: no form is good enough: Form" in status.reason


def test_a_hook_of_a_later_minor_may_be_marked_optional(write_plugin: Write, load: Load) -> None:
    source = GOOD + "\n@hookimpl(optionalhook=True)\ndef care_plans():\n    return ()\n"
    assert load(write_plugin("ahead", source)).status()[0].state == "loaded"


def test_a_helper_imported_from_another_module_is_not_registered_twice(write_plugin: Write, load: Load) -> None:
    source = "from plugins.petclinic.loyalty import loyalty_programs\n" + GOOD
    host = load(write_plugin("borrower", source))
    assert host.status()[0].state == "loaded"
    assert host.for_tenant(A, 1, {"borrower": {}}).listeners(complaint_categories) == ("borrower",)


def test_the_installed_pet_clinic_is_found_and_loads() -> None:
    assert "petclinic" in [candidate.name for candidate in found_plugins()]
    status = status_of(PluginHost.load(), "petclinic")
    assert (status.state, status.reason, status.distribution) == ("loaded", "", "anxin")
