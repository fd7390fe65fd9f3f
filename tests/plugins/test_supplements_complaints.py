"""Complaints of the supplement shop: four lanes with the clocks of the document, read from the words, scripts with feeling first."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.complaints.actions.classifying import classify
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import judge_level
from core.complaints.models import Complaint, ComplaintClock
from core.complaints.rules.filing import Filing
from core.db import table_of
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.complaints import Assessment, ComplaintFacts
from core.hooks.specs.casework import complaint_scripts, complaint_wording
from core.hooks.specs.complaints import assess_complaint, complaint_categories, complaint_causes, complaint_policies
from core.hooks.specs.remedies import complaint_remedies
from core.policies.rules.scope import line_of, policy_for, scoped
from tenants.plugin_settings import enable_plugin
from tests.plugins.conftest import NOW, A, ask
from tests.workplaces import TestTenant

EPOCHS = itertools.count(1)
LANES = {
    "simple": "fast_settlement",
    "order": "order_resolved",
    "health": "medical_advice",
    "efficacy": "effect_report",
}


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([Candidate("supplements", "plugins.supplements:plugin")], strict=True)


def plugins(host: PluginHost) -> TenantPlugins:
    return host.for_tenant(A, next(EPOCHS), {"supplements": {}})


async def judged(host: PluginHost, text: str, **more: Any) -> Assessment | None:
    facts = ComplaintFacts(text=text, received_at=NOW, **more)
    found = await ask(plugins(host), assess_complaint, complaint=facts)
    return found.answers[0].value if found.answers else None


@pytest.mark.parametrize(
    ("text", "severity", "category"),
    [
        ("收到的钙片瓶子碎了，盒子也压扁了", "L1", "simple_damaged"),
        ("你们非要我提供体检报告才能退货，流程太麻烦", "L1", "simple_return"),
        ("问客服有机钙和无机钙的区别，客服说不清", "L1", "simple_agent"),
        ("快递卡在中转站三天没动了，我妈等着吃", "L1", "order_stuck"),
        ("物流信息显示已签收，可是我根本没拿到", "L1", "order_tracking"),
        ("收货地址写错了，麻烦改一下", "L1", "order_address"),
        ("少发了两瓶，订单里明明是三瓶", "L1", "order_anomaly"),
        ("我妈吃了以后一直恶心，胃疼", "L2", "health_unwell"),
        ("孩子吃完起了红疹，是不是过敏", "L2", "health_allergy"),
        ("吃了三个月一点效果都没有，骨密度还是低", "L1", "efficacy"),
        ("吃完第二天就呼吸困难送急诊住院了", "L3", "health_unwell"),
        ("这批钙片过期了，里面还发霉", "L3", None),
        ("再不处理我就打12315", "L2", None),
        ("The bottle arrived broken", "L1", "simple_damaged"),
    ],
)
async def test_the_words_decide_level_and_lane(
    host: PluginHost, text: str, severity: str, category: str | None
) -> None:
    found = await judged(host, text)
    assert found is not None
    assert found.severity == severity
    if category is not None:
        assert found.category == f"supplements.{category}"
    assert found.reasons
    assert all(text[quote.start : quote.end] == quote.text for quote in found.quotes)


@pytest.mark.parametrize(
    "text",
    [
        "吃了没有过敏，就是快递盒子破了",
        "没有不舒服，只是少发了一瓶",
        "担心会过敏，所以要退货",
        "请问有肾结石能不能吃，另外盒子坏了",
    ],
)
async def test_what_is_denied_feared_or_only_asked_is_no_harm(host: PluginHost, text: str) -> None:
    found = await judged(host, text)
    assert found is not None
    assert found.severity == "L1"


async def test_a_pets_complaint_and_what_says_nothing_are_left_to_others(host: PluginHost) -> None:
    assert await judged(host, "猫做完手术一直吐，伤口也化脓了") is None
    assert await judged(host, "今天天气不错") is None
    assert await judged(host, "狗没事，是我自己吃钙片后恶心") is not None
    assert await judged(host, "恶心", category="petclinic.medical_outcome") is None


async def test_a_notice_of_an_authority_is_grave_whatever_it_says(host: PluginHost) -> None:
    found = await judged(host, "瓶子破了", channel="regulator")
    assert found is not None
    assert found.severity == "L3"


def policies(host: PluginHost) -> dict[str, Any]:
    return {one.value.severity: scoped(one.value, "supplements") for one in plugins(host).declared(complaint_policies)}


def parents(host: PluginHost) -> dict[str, str | None]:
    return {one.value.id: one.value.parent for one in plugins(host).declared(complaint_categories)}


@pytest.mark.parametrize("severity", ["L1", "L2", "L3"])
@pytest.mark.parametrize(("lane", "milestone"), LANES.items())
def test_each_lane_has_its_own_promise_beside_the_two_of_all(
    host: PluginHost, severity: str, lane: str, milestone: str
) -> None:
    policy = policy_for(policies(host)[severity], line_of(f"supplements.{lane}", parents(host)))
    names = [one.id for one in policy.milestones if one.id != "batch_withheld"]
    assert names == ["ack_contact", milestone, "closed_loop"]


def test_the_clocks_are_those_of_the_document(host: PluginHost) -> None:
    """retail.respond 1 h, retail.close 24 h, retail.order 2 h, retail.medical 24 h, retail.efficacy 24 h."""
    minutes = {one.id: one.minutes for one in policies(host)["L2"].milestones}
    assert minutes == {
        "ack_contact": 60,
        "fast_settlement": None,
        "order_resolved": 120,
        "medical_advice": 1440,
        "effect_report": 1440,
        "closed_loop": 1440,
    }


def test_a_category_takes_its_lane_from_above_and_none_has_only_what_all_have(host: PluginHost) -> None:
    policy = policies(host)["L1"]
    line = line_of("supplements.order_stuck", parents(host))
    assert [one.id for one in policy_for(policy, line).milestones] == ["ack_contact", "order_resolved", "closed_loop"]
    assert [one.id for one in policy_for(policy, ()).milestones] == ["ack_contact", "closed_loop"]


def test_understanding_comes_first_and_the_desk_has_every_remedy_of_the_document(host: PluginHost) -> None:
    on = plugins(host)
    scripts = [one.value for one in on.declared(complaint_scripts)]
    assert scripts[0].id.startswith("supplements.empathy")
    assert {one.value.id for one in on.declared(complaint_remedies)} == {
        f"supplements.{name}" for name in ("refund", "resend", "express", "address", "test")
    }
    assert len(on.declared(complaint_causes)) == 4 + 14
    banned = {word for one in on.declared(complaint_wording) for word in one.value.words}
    assert {"根治", "抗癌", "防癌", "消炎", "增高", "益智", "无效退款"} <= banned  # law.yaml risk_phrase_starter


@pytest.fixture
async def shop(tenant_b: TestTenant) -> TestTenant:
    async with tenant_b.unit() as uow:
        await enable_plugin(uow, host=tenant_b.workplace.host, plugin_id="supplements")
    return tenant_b


async def _clocks(shop: TestTenant, complaint_id: UUID) -> dict[str, timedelta | None]:
    clock, case = table_of(ComplaintClock), table_of(Complaint)
    async with shop.workplace.reading(shop.id) as reader:
        rows = await reader.session.execute(
            select(clock.c.milestone, clock.c.due_at, case.c.received_at)
            .join(case, (case.c.tenant_id == clock.c.tenant_id) & (case.c.complaint_id == clock.c.complaint_id))
            .where(clock.c.complaint_id == complaint_id, clock.c.status != "cancelled")
        )
        return {row.milestone: row.due_at - row.received_at if row.due_at else None for row in rows}


async def test_a_filed_case_runs_the_clocks_of_its_lane_only(shop: TestTenant) -> None:
    async with shop.unit() as uow:
        filed = await file_complaint(
            uow, filing=Filing(text="快递滞留三天没动", contact_name="李雷", contact_phone="13800000001")
        )
    hour = timedelta(hours=1)
    clocks = await _clocks(shop, filed.complaint_id)
    assert clocks == {"ack_contact": hour, "order_resolved": 2 * hour, "closed_loop": 24 * hour}


async def test_another_category_brings_its_own_clocks_and_ends_those_of_the_old_one(shop: TestTenant) -> None:
    async with shop.unit() as uow:
        filed = await file_complaint(
            uow, filing=Filing(text="快递滞留三天没动", contact_name="李雷", contact_phone="13800000001")
        )
    async with shop.unit() as uow:
        await classify(uow, complaint_id=filed.complaint_id, category="supplements.efficacy", cause=None)
    assert set(await _clocks(shop, filed.complaint_id)) == {"ack_contact", "effect_report", "closed_loop"}
    async with shop.unit() as uow:
        await judge_level(uow, complaint_id=filed.complaint_id, severity="L3", reason="客户已住院")
    names = {"ack_contact", "batch_withheld", "effect_report", "closed_loop"}
    assert set(await _clocks(shop, filed.complaint_id)) == names
