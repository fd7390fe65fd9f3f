"""A call reaches enabled plugins only, keeps to its budget, and keeps every fault to the plugin that has it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import InvalidInput
from core.hooks.breaker import FAULTS, REST
from core.hooks.dispatch import PluginFault, PluginRefused, Run
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.complaints import ComplaintFacts
from core.hooks.records.customers import CustomerFacts
from core.hooks.records.events import ComplaintResolved
from core.hooks.specs.complaints import assess_complaint, complaint_policies
from core.hooks.specs.customers import panels
from core.hooks.specs.events import on_event
from core.hooks.specs.forms import check_intake, intake_forms
from core.scope import SYSTEM
from tests.plugins.conftest import NOW, A, B, FakeTime, Write, ask

Load = Callable[..., PluginHost]
COMPLAINT = ComplaintFacts(text="等太久", received_at=NOW)
ASSESS = """
import asyncio
@hookimpl
async def assess_complaint(ctx, complaint):
    {body}
"""


def assessor(write_plugin: Write, name: str, body: str) -> Candidate:
    return write_plugin(name, ASSESS.format(body=body))


@pytest.fixture
def faulty(write_plugin: Write, load: Load) -> Callable[[str], PluginHost]:
    """Two plugins: `aa` does what the test says, `zz` answers L2."""

    def made(body: str) -> PluginHost:
        return load(
            assessor(write_plugin, "aa", body), assessor(write_plugin, "zz", "return Assessment(severity='L2')")
        )

    return made


FAULTY = {
    "raises": ("return 1 / 0", "fault", "ZeroDivisionError"),
    "exits": ("raise SystemExit", "fault", "SystemExit"),
    "cancels": ("raise asyncio.CancelledError", "fault", "CancelledError"),
    "own timeout": ("raise TimeoutError('of its own')", "fault", "TimeoutError"),
    "fails after a wait": ("await asyncio.sleep(0); return 1 / 0", "fault", "ZeroDivisionError"),
    "own timeout after a wait": ("await asyncio.sleep(0); raise TimeoutError", "fault", "TimeoutError"),
    "cancels after a wait": ("await asyncio.sleep(0); raise asyncio.CancelledError", "fault", "CancelledError"),
    "too slow": ("await asyncio.sleep(60)", "timeout", "OverBudget"),
    "wrong type": ("return 'L3'", "type", "ValidationError"),
    "wrong value": ("return Assessment(severity='L9')", "type", "ValidationError"),
    "unserializable": ("return Assessment(severity='L1', category=object())", "type", "TypeError"),
    "stolen id": ("return Assessment(severity='L1', category='zz.x')", "type", "ValueError"),
}


@pytest.mark.parametrize("name", sorted(FAULTY))
async def test_a_fault_is_a_gap_and_the_others_answer(name: str, faulty: Callable[[str], PluginHost]) -> None:
    body, code, error = FAULTY[name]
    plugins = faulty(body).for_tenant(A, 1, {"aa": {}, "zz": {}})
    decision = await ask(plugins, assess_complaint, complaint=COMPLAINT)
    assert [(answer.plugin, answer.value.severity) for answer in decision.answers] == [("zz", "L2")]
    assert [(gap.plugin, gap.hook, gap.rule, gap.code, gap.error) for gap in decision.gaps] == [
        ("aa", "assess_complaint", "skip", code, error)
    ]
    assert decision.gaps[0].where.startswith("sample_aa/hooks.py:")


async def test_who_swallows_the_cancellation_is_still_out_of_time(faulty: Callable[[str], PluginHost]) -> None:
    body = """try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return Assessment(severity="L3")"""
    decision = await ask(faulty(body).for_tenant(A, 1, {"aa": {}}), assess_complaint, complaint=COMPLAINT)
    assert (decision.answers, decision.gaps[0].code) == ((), "timeout")


async def test_a_cancellation_from_outside_gets_through_and_blames_nobody(faulty: Callable[[str], PluginHost]) -> None:
    plugins = faulty("await asyncio.sleep(60)").for_tenant(A, 1, {"aa": {}})
    call = asyncio.ensure_future(ask(plugins, assess_complaint, complaint=COMPLAINT))
    await asyncio.sleep(0.02)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_who_waits_within_the_budget_is_heard(faulty: Callable[[str], PluginHost]) -> None:
    body = """for pause in (0, 0.001, 0):
        await asyncio.sleep(pause)
    async with asyncio.timeout(1):
        await asyncio.sleep(0)
    return Assessment(severity="L3")"""
    decision = await ask(faulty(body).for_tenant(A, 1, {"aa": {}}), assess_complaint, complaint=COMPLAINT)
    assert [answer.value.severity for answer in decision.answers] == ["L3"]


async def test_none_is_no_opinion_and_no_gap(faulty: Callable[[str], PluginHost]) -> None:
    plugins = faulty("return None").for_tenant(A, 1, {"aa": {}})
    decision = await ask(plugins, assess_complaint, complaint=COMPLAINT)
    assert (decision.answers, decision.gaps) == ((), ())


async def test_the_log_names_plugin_and_place_but_no_customer_data(
    faulty: Callable[[str], PluginHost], caplog: pytest.LogCaptureFixture
) -> None:
    plugins = faulty("raise KeyError(complaint.text)").for_tenant(A, 1, {"aa": {}})
    with caplog.at_level(logging.WARNING, "anxin.plugins"):
        decision = await ask(plugins, assess_complaint, complaint=ComplaintFacts(text="13800138000", received_at=NOW))
    assert "aa" in caplog.text
    assert "sample_aa/hooks.py:" in caplog.text
    assert "13800138000" not in caplog.text + repr(decision)


async def test_the_order_is_the_tenants(faulty: Callable[[str], PluginHost]) -> None:
    host = faulty("return Assessment(severity='L1')")
    for tenant, order in ((A, ["aa", "zz"]), (B, ["zz", "aa"])):
        decision = await ask(
            host.for_tenant(tenant, 1, {name: {} for name in order}), assess_complaint, complaint=COMPLAINT
        )
        assert [answer.plugin for answer in decision.answers] == order


async def test_no_plugin_can_change_what_another_one_or_core_sees(write_plugin: Write, load: Load) -> None:
    body = (
        "seen = dict(answers)\n    answers['x'] = 'changed'\n    return (Flag(id='seen', title=str(seen), reason=''),)"
    )
    source = f"@hookimpl\nasync def check_intake(form, answers):\n    {body}\n"
    plugins = load(write_plugin("aa", source), write_plugin("zz", source)).for_tenant(A, 1, {"aa": {}, "zz": {}})
    answers = {"x": "original"}
    decision = await ask(plugins, check_intake, form="aa.f", answers=answers)
    assert [answer.value.title for answer in decision.answers] == ["{'x': 'original'}"] * 2
    assert answers == {"x": "original"}


async def test_the_context_says_who_when_and_in_which_language(write_plugin: Write, load: Load) -> None:
    body = "return Assessment(severity='L1', reasons=(Reason(code=f'{ctx.plugin} {ctx.locale} {ctx.trial} {ctx.tenant_id}', severity='L1', text=str(ctx.now)),))"
    plugins = load(assessor(write_plugin, "aa", body)).for_tenant(A, 1, {"aa": {}})
    decision = await ask(plugins, assess_complaint, complaint=COMPLAINT)
    (reason,) = decision.answers[0].value.reasons
    assert (reason.code, reason.text) == (f"aa zh_CN False {A}", str(NOW))


REFUSING = "@hookimpl\nasync def check_intake(form, answers):\n    raise RuntimeError\n"


async def test_a_fault_under_the_rule_refuse_stops_the_action_and_names_the_plugin(
    write_plugin: Write, load: Load
) -> None:
    plugins = load(write_plugin("aa", REFUSING)).for_tenant(A, 1, {"aa": {}})
    with pytest.raises(PluginRefused) as refused:
        await ask(plugins, check_intake, form="aa.f", answers={})
    assert refused.value.status == 503
    assert refused.value.params["plugin"] == "aa"
    assert refused.value.params["title"] == {"zh-CN": "样例", "en": "Sample"}


async def test_in_a_trial_a_refusal_is_only_shown(write_plugin: Write, load: Load) -> None:
    plugins = load(write_plugin("aa", REFUSING)).for_tenant(A, 1, {"aa": {}})
    decision = await ask(plugins, check_intake, form="aa.f", answers={}, trial=True)
    assert [(gap.plugin, gap.rule) for gap in decision.gaps] == [("aa", "refuse")]


async def test_five_faults_open_the_breaker_for_this_tenant_and_hook_only(
    faulty: Callable[[str], PluginHost], seconds: FakeTime
) -> None:
    host = faulty("return 1 / 0")
    ours, theirs = (host.for_tenant(tenant, 1, {"aa": {}}) for tenant in (A, B))
    for _ in range(FAULTS):
        assert (await ask(ours, assess_complaint, complaint=COMPLAINT)).gaps[0].code == "fault"
    assert (await ask(ours, assess_complaint, complaint=COMPLAINT)).gaps[0].code == "breaker"
    assert (await ask(theirs, assess_complaint, complaint=COMPLAINT)).gaps[0].code == "fault"
    seconds.seconds += REST
    assert (await ask(ours, assess_complaint, complaint=COMPLAINT)).gaps[0].code == "fault"
    assert (await ask(ours, assess_complaint, complaint=COMPLAINT)).gaps[0].code == "breaker"


async def test_a_blocking_answer_is_kept_but_told_to_the_operator(write_plugin: Write, load: Load) -> None:
    runs: list[Run] = []
    body = "import time\n    time.sleep(0.12)\n    return (Panel(id='p', title='x'),)"
    source = f"@hookimpl\nasync def panels(place):\n    {body}\n"
    plugins = load(write_plugin("aa", source), observer=runs.append).for_tenant(A, 1, {"aa": {}})
    record = CustomerFacts(customer_id=A, full_name="王小明")
    decision = await ask(plugins, panels, place="customer.side", record=record)
    assert [answer.value.id for answer in decision.answers] == ["aa.p"]
    assert [(run.plugin, run.hook, run.code) for run in runs] == [("aa", "panels", "slow")]


DECLARING = """
@hookimpl
def intake_forms():
    return (Form(id="f", title="x", fields=()),)
@hookimpl
def complaint_policies(ctx):
    if ctx.settings.broken == "policies":
        raise RuntimeError
    return ()
@hookimpl
def subject_types(ctx):
    if ctx.settings.broken == "subjects":
        raise RuntimeError
    return ()
"""
SETTINGS = (
    "import msgspec\nfrom plugins.api import Plugin, both\n"
    "class S(msgspec.Struct, frozen=True, forbid_unknown_fields=True):\n    broken: str = ''\n"
    "plugin = Plugin(id='aa', title=both('x', 'x'), vendor='v', version='1', hook_api='>=1', category='c', "
    "summary=both('x', 'x'), modules=('hooks',), settings=S)"
)


def test_a_declaration_that_fails_under_a_tenants_settings_switches_the_plugin_off_for_it(
    write_plugin: Write, load: Load
) -> None:
    host = load(write_plugin("aa", DECLARING, manifest=SETTINGS))
    broken, fine = host.for_tenant(A, 1, {"aa": {"broken": "subjects"}}), host.for_tenant(B, 1, {"aa": {}})
    assert broken.enabled == frozenset()
    assert broken.declared(intake_forms) == ()
    assert [(gap.hook, gap.where) for gap in broken.gaps] == [("subject_types", "sample_aa/hooks.py:14")]
    assert [c.value.id for c in fine.declared(intake_forms)] == ["aa.f"]


def test_policies_that_fail_leave_the_plugin_on_and_tell_core_to_fall_back(write_plugin: Write, load: Load) -> None:
    plugins = load(write_plugin("aa", DECLARING, manifest=SETTINGS)).for_tenant(A, 1, {"aa": {"broken": "policies"}})
    assert plugins.is_on("aa")
    assert plugins.declared(complaint_policies) == ()
    assert [gap.rule for gap in plugins.gaps_of(complaint_policies)] == ["fallback"]


def test_stored_settings_that_no_longer_fit_keep_the_plugin_off_with_a_reason(write_plugin: Write, load: Load) -> None:
    plugins = load(write_plugin("aa", DECLARING, manifest=SETTINGS)).for_tenant(A, 1, {"aa": {"gone": 1}})
    assert not plugins.is_on("aa")
    assert [(gap.code, gap.where) for gap in plugins.gaps] == [("settings", "gone")]


def test_settings_that_a_declaration_cannot_live_with_are_refused_when_saved(write_plugin: Write, load: Load) -> None:
    host = load(write_plugin("aa", DECLARING, manifest=SETTINGS))
    with pytest.raises(InvalidInput) as refused:
        host.check_settings("aa", {"broken": "subjects"})
    (problem,) = refused.value.problems
    assert problem.code == "declare-failed"
    assert "subject_types: RuntimeError at sample_aa/hooks.py:14" in str(problem.params)


def test_a_check_that_fails_refuses_the_save(write_plugin: Write, load: Load) -> None:
    host = load(write_plugin("aa", "@hookimpl\ndef check_settings(settings):\n    return 1 / 0"))
    with pytest.raises(InvalidInput) as refused:
        host.check_settings("aa", {})
    assert [problem.code for problem in refused.value.problems] == ["check-failed"]


def test_a_plugin_that_is_not_installed_is_a_gap(load: Load) -> None:
    plugins = load().for_tenant(A, 1, {"ghost": {}})
    assert [(gap.plugin, gap.error) for gap in plugins.gaps] == [("ghost", "not installed")]


def test_a_tenants_plugins_are_kept_for_one_epoch(write_plugin: Write, load: Load) -> None:
    host = load(write_plugin("aa", DECLARING))
    assert host.cached(A, 1) is None
    first = host.for_tenant(A, 1, {})
    assert host.cached(A, 1) is first is host.for_tenant(A, 1, {"aa": {}})
    assert host.cached(A, 2) is None
    assert host.cached(B, 1) is None


REACTING = """
@hookimpl
async def on_event(ctx, event):
    if event.summary == "fail":
        raise RuntimeError
    ctx.session.append((ctx.plugin, event.event_id))
"""


def resolved(summary: str = "") -> ComplaintResolved:
    return ComplaintResolved(event_id=A, occurred_at=NOW, complaint_id=B, number="C-1", severity="L2", summary=summary)


async def test_react_reaches_the_named_plugin_only_and_a_fault_is_raised_for_the_worker(
    write_plugin: Write, load: Load
) -> None:
    host = load(write_plugin("aa", REACTING), write_plugin("zz", REACTING))
    plugins = host.for_tenant(A, 1, {"aa": {}, "zz": {}})
    assert plugins.listeners(on_event) == ("aa", "zz")
    heard: Any = []
    await plugins.react(on_event, plugin="zz", session=heard, now=NOW, actor=SYSTEM, event=resolved())
    await host.for_tenant(B, 1, {}).react(on_event, plugin="aa", session=heard, now=NOW, actor=SYSTEM, event=resolved())
    assert heard == [("zz", A)]
    with pytest.raises(PluginFault) as fault:
        await plugins.react(on_event, plugin="aa", session=heard, now=NOW, actor=SYSTEM, event=resolved("fail"))
    assert (fault.value.params["plugin"], fault.value.params["error"]) == ("aa", "RuntimeError")


async def test_a_caller_that_passes_a_wrong_argument_is_our_mistake_not_the_plugins(
    write_plugin: Write, load: Load
) -> None:
    plugins = load(assessor(write_plugin, "aa", "return None")).for_tenant(A, 1, {"aa": {}})
    with pytest.raises(Exception, match="Expected `object`, got `str`"):
        await ask(plugins, assess_complaint, complaint="not a complaint")
