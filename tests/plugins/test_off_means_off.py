"""Walked from the manifest: nothing of a plugin reaches a tenant that has it off, and two tenants never mix."""

import itertools
from typing import Any
from uuid import UUID

import pytest

from core.hooks.host import PluginHost
from core.hooks.kinds import Spec
from core.hooks.loader import Candidate
from core.hooks.specs import SPECS
from core.hooks.specs.complaints import assess_complaint as assess
from core.hooks.specs.complaints import complaint_policies
from core.hooks.specs.loyalty import loyalty_programs
from plugins.testing import conformance
from tests.plugins.conftest import A, B, Write, ask
from tests.plugins.test_dispatch import COMPLAINT

PETCLINIC = Candidate("petclinic", "plugins.petclinic:plugin")

# docs/decisions/0040: specified before the verticals that use them; each that lands takes its line away.
AWAITED = {"migrate_settings", "tenant_enabled", "tenant_disabled"}


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([PETCLINIC], strict=True)


def test_the_plugins_together_implement_every_hook_that_exists() -> None:
    """A hook ships only with a plugin that uses it; events are for plugins with tables, of which the tests have one."""
    ours = [
        PETCLINIC,
        Candidate("aesthetics", "plugins.aesthetics:plugin"),
        Candidate("supplements", "plugins.supplements:plugin"),
        Candidate("fileclinic", "tests.plugins.file_clinic:plugin"),
    ]
    names = ("petclinic", "aesthetics", "supplements", "fileclinic")
    plugins = PluginHost.load(ours, strict=True).for_tenant(A, 1, {name: {} for name in names})
    assert {spec.name for spec in SPECS if plugins.listeners(spec)} == {spec.name for spec in SPECS} - AWAITED


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_no_hook_reaches_a_tenant_that_has_it_off(spec: Spec[object], host: PluginHost) -> None:
    off = host.for_tenant(B, 1, {})
    assert not off.is_on("petclinic")
    assert off.listeners(spec) == ()
    assert off.declared(spec) == ()
    with pytest.raises(KeyError):
        off.settings_of("petclinic")


async def test_off_takes_effect_with_the_next_epoch(host: PluginHost) -> None:
    on = host.for_tenant(A, 10, {"petclinic": {}})
    assert (await ask(on, assess, complaint=COMPLAINT)).answers
    off = host.for_tenant(A, 11, {})
    assert not (await ask(off, assess, complaint=COMPLAINT)).answers


async def test_two_tenants_in_turn_get_what_each_gets_alone(host: PluginHost) -> None:
    settings: dict[UUID, dict[str, Any]] = {
        A: {"over_estimate_percent": 50, "counsel": "always"},
        B: {"over_estimate_percent": 20},
    }
    text = "费用超出预估35%"
    levels = []
    for epoch, tenant in itertools.product((21, 22), (A, B)):
        plugins = host.for_tenant(tenant, epoch, {"petclinic": settings[tenant]})
        decision = await ask(plugins, assess, complaint=type(COMPLAINT)(text=text, received_at=COMPLAINT.received_at))
        levels.append(decision.answers[0].value.severity)
    assert levels == ["L1", "L2", "L1", "L2"]


def test_tenants_with_the_same_settings_share_what_was_declared(host: PluginHost) -> None:
    one, other = (host.for_tenant(tenant, 31, {"petclinic": {}}) for tenant in (A, B))
    assert one.declared(complaint_policies)[0].value is other.declared(complaint_policies)[0].value


def test_a_plugin_registered_later_is_in_no_plan_that_did_not_name_it(write_plugin: Write) -> None:
    late = "@hookimpl\ndef loyalty_programs():\n    return ()\n"
    together = PluginHost.load([PETCLINIC, write_plugin("late", late)])
    plugins = together.for_tenant(A, 1, {"petclinic": {}})
    assert plugins.listeners(loyalty_programs) == ("petclinic",)


def test_the_pet_clinic_keeps_every_rule_of_the_kit() -> None:
    assert conformance(PETCLINIC) == ()


BROKEN_FOR_THE_KIT = {
    "L1": "raise RuntimeError",
    "D1": "import itertools\n_n = itertools.count()\n@hookimpl\ndef complaint_categories():\n    return (Category(id=f'c{next(_n)}', label=both('x', 'x')),)",
    "D2": "@hookimpl\ndef complaint_categories():\n    return (Category(id='c', label='只有中文'),)",
    "D3": "@hookimpl\ndef complaint_categories():\n    return (Category(id='With Spaces', label=both('x', 'x')),)",
    "S2": "@hookimpl\ndef check_settings(settings):\n    return (SettingProblem(path='', code='never'),)",
    "V1": """@hookimpl
def complaint_policies():
    return tuple(
        Policy(severity=level, label=both('x', 'x'), roles=(DutyRole(code='r', label=both('x', 'x')),),
               milestones=(Milestone(id='m', label=both('x', 'x'), owner_role='r', minutes=minutes),))
        for level, minutes in (('L1', 30), ('L2', 60))
    )""",
}


@pytest.mark.parametrize("rule", sorted(BROKEN_FOR_THE_KIT))
def test_the_kit_finds_a_plugin_that_breaks_a_rule(rule: str, write_plugin: Write) -> None:
    findings = conformance(write_plugin(f"breaks{rule.lower()}", BROKEN_FOR_THE_KIT[rule]))
    assert rule in {finding.rule for finding in findings}


def test_the_kit_finds_settings_without_words(write_plugin: Write) -> None:
    manifest = (
        "import msgspec\nfrom plugins.api import Plugin, both\n"
        "class S(msgspec.Struct, frozen=True, forbid_unknown_fields=True):\n    n: int = 1\n"
        "plugin = Plugin(id='mute', title=both('x', 'x'), vendor='v', version='1', hook_api='>=1', category='c', "
        "summary=both('x', 'x'), modules=('hooks',), settings=S)"
    )
    assert [finding.rule for finding in conformance(write_plugin("mute", manifest=manifest))] == ["S1"]
