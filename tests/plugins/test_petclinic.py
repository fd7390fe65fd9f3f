"""The pet clinic says exactly what its two documents say: numbers, roles, questions, tiers and alerts."""

import itertools
from typing import Any

import msgspec
import pytest

from core.errors import InvalidInput
from core.forms.rules.definition import check_form
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.complaints import Policy
from core.hooks.records.customers import CUSTOMER_SIDE, CustomerFacts, IntakeFacts, Panel
from core.hooks.records.forms import Flag, Form, FormProblem
from core.hooks.records.loyalty.parts import FreeService, NamedClinician, PercentDiscount
from core.hooks.records.text import localized
from core.hooks.specs.complaints import complaint_categories, complaint_policies
from core.hooks.specs.customers import panels, subject_types
from core.hooks.specs.forms import check_intake, intake_forms
from core.hooks.specs.loyalty import loyalty_programs
from plugins.petclinic.loyalty_settings import LoyaltySettings
from tenants.roles import ROLES
from tests.plugins.conftest import A, ask

EPOCHS = itertools.count(1)


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([Candidate("petclinic", "plugins.petclinic:plugin")], strict=True)


def tenant(host: PluginHost, **settings: Any) -> TenantPlugins:
    return host.for_tenant(A, next(EPOCHS), {"petclinic": settings})


def policy(plugins: TenantPlugins, severity: str) -> Policy:
    return next(c.value for c in plugins.declared(complaint_policies) if c.value.severity == severity)


def clocks(plugins: TenantPlugins, severity: str) -> dict[str, tuple[int | None, str]]:
    return {m.id: (m.minutes, m.owner_role) for m in policy(plugins, severity).milestones}


# 宠物医院客户投诉应急预案 §3.1-§3.3, 2025东营宠物诊所客户服务策略 §3.5.1
CLOCKS = {
    "L1": {
        "ack_contact": (30, "service_supervisor"),
        "corrective_measure": (24 * 60, "service_supervisor"),
        "result_feedback": (None, "service_supervisor"),
        "satisfaction_confirm": (None, "service_supervisor"),
    },
    "L2": {
        "joint_verification_start": (2 * 60, "team_leader"),
        "propose_solution": (24 * 60, "team_leader"),
        "face_to_face_meeting": (48 * 60, "team_leader"),
        "written_report": (None, "team_leader"),
        "report_approval": (None, "director"),
        "report_delivered": (None, "service_supervisor"),
        "staff_record": (None, "admin_officer"),
        "satisfaction_confirm": (None, "service_supervisor"),
    },
    "L3": {
        "leader_on_site": (10, "team_leader"),
        "evidence_secured": (60, "admin_officer"),
        "report_to_director_and_counsel": (60, "team_leader"),
        "internal_hearing": (24 * 60, "team_leader"),
        "formal_communication": (48 * 60, "team_leader"),
        "written_report": (None, "team_leader"),
        "report_approval": (None, "director"),
        "report_delivered": (None, "service_supervisor"),
        "corrective_action": (None, "team_leader"),
        "effectiveness_check": (None, "director"),
        "satisfaction_confirm": (None, "service_supervisor"),
    },
}


@pytest.mark.parametrize("severity", sorted(CLOCKS))
def test_each_level_has_the_deadlines_and_owners_of_the_plan_in_its_order(severity: str, host: PluginHost) -> None:
    found = clocks(tenant(host), severity)
    assert found == CLOCKS[severity]
    assert list(found) == list(CLOCKS[severity])


def test_every_deadline_is_wall_time_from_receipt(host: PluginHost) -> None:
    for contribution in tenant(host).declared(complaint_policies):
        for milestone in contribution.value.milestones:
            assert (milestone.clock, milestone.counts_from) == ("wall", "receipt")


def test_expected_shares_are_60_30_10(host: PluginHost) -> None:
    assert [c.value.share_percent for c in tenant(host).declared(complaint_policies)] == [60, 30, 10]


def test_only_the_milestones_of_the_specification_can_be_paused(host: PluginHost) -> None:
    plugins = tenant(host)
    pausable = {level: [m.id for m in policy(plugins, level).milestones if m.pausable] for level in CLOCKS}
    assert pausable == {
        "L1": ["corrective_measure"],
        "L2": ["face_to_face_meeting"],
        "L3": ["formal_communication"],
    }


def test_level_1_is_archived_only_when_the_customer_is_satisfied(host: PluginHost) -> None:
    gates = {m.id: m.gate_for for m in policy(tenant(host), "L1").milestones if m.gate_for}
    assert gates == {"satisfaction_confirm": "archive"}


def test_a_report_is_delivered_only_after_the_director_approved_it(host: PluginHost) -> None:
    for level in ("L2", "L3"):
        approval = next(m for m in policy(tenant(host), level).milestones if m.id == "report_approval")
        assert (approval.gate_for, approval.approver) == ("report_delivered", "director")


def test_every_deadline_escalates_and_level_3_tells_somebody_at_once(host: PluginHost) -> None:
    for contribution in tenant(host).declared(complaint_policies):
        for milestone in contribution.value.milestones:
            assert bool(milestone.steps) == (milestone.minutes is not None), milestone.id
            assert any(step.fraction == 1.0 for step in milestone.steps) == (milestone.minutes is not None)
    on_site = policy(tenant(host), "L3").milestones[0]
    assert [(step.fraction, step.role, step.next) for step in on_site.steps] == [
        (0.0, "team_leader", "director"),
        (0.5, "director", None),
        (1.0, "director", "legal_counsel"),
    ]


def test_every_role_a_policy_names_is_a_role_people_can_hold(host: PluginHost) -> None:
    for contribution in tenant(host).declared(complaint_policies):
        assert {role.code for role in contribution.value.roles} <= set(ROLES)


def test_the_hearing_needs_two_to_three_external_experts_and_a_finding(host: PluginHost) -> None:
    for least in (2, 3):
        hearing = next(
            m for m in policy(tenant(host, hearing_experts_min=least), "L3").milestones if m.id == "internal_hearing"
        )
        experts = next(field for field in hearing.facts if field.key == "external_experts")
        assert (experts.min, experts.max, experts.required) == (least, 3, True)
        assert {field.key for field in hearing.facts} == {"external_experts", "expert_names", "finding"}


def test_the_meeting_covers_all_three_points(host: PluginHost) -> None:
    meeting = next(m for m in policy(tenant(host), "L2").milestones if m.id == "face_to_face_meeting")
    points = next(field for field in meeting.facts if field.key == "points")
    assert (points.min_rows, len(points.options)) == (3, 3)


def test_counsel_is_told_when_needed_or_always_as_the_clinic_chose(host: PluginHost) -> None:
    answers = {}
    for choice in ("needed", "always"):
        told = policy(tenant(host, counsel=choice), "L3").milestones[2]
        counsel = next(field for field in told.facts if field.key == "counsel_told")
        answers[choice] = [option.value for option in counsel.options]
    assert answers == {"needed": ["done", "not_needed"], "always": ["done"]}


def test_extra_steps_of_the_service_strategy_come_and_go_with_the_settings(host: PluginHost) -> None:
    none = tenant(host, extra_steps=[])
    assert "propose_solution" not in clocks(none, "L2")
    every = tenant(host, extra_steps=["contact", "solution", "review"])
    assert [clocks(every, level)["ack_contact"][0] for level in CLOCKS] == [30, 30, 30]
    assert clocks(every, "L2")["propose_solution"][0] == 24 * 60
    assert all("post_review" in clocks(every, level) for level in CLOCKS)


def test_the_facts_of_every_milestone_are_sound_form_fields(host: PluginHost) -> None:
    for contribution in tenant(host, extra_steps=["contact", "solution", "review"]).declared(complaint_policies):
        for milestone in contribution.value.milestones:
            if milestone.facts:
                assert check_form(Form(id="petclinic.facts", title="x", fields=milestone.facts)) == ()


def test_the_categories_are_those_of_the_plan(host: PluginHost) -> None:
    nodes = [c.value for c in tenant(host).declared(complaint_categories)]
    tree: dict[str, list[str]] = {}
    for node in nodes:
        tree.setdefault(node.parent or "", []).append(localized(node.label, "zh-CN"))
    assert tree[""] == ["医疗相关", "服务相关", "环境相关", "其他衍生"]
    assert tree["petclinic.medical"] == ["诊断误差", "治疗效果争议", "用药问题"]
    assert tree["petclinic.service"][:3] == ["接待态度冷漠", "候诊时间过长", "费用解释不清"]
    assert tree["petclinic.environment"] == ["诊疗区卫生状况差", "噪音干扰", "交叉感染隐患"]
    assert tree["petclinic.other"] == ["线上咨询回复不及时", "接送服务失约"]


def test_members_are_normal_silver_from_500_yuan_and_gold_from_2000(host: PluginHost) -> None:
    (contribution,) = tenant(host).declared(loyalty_programs)
    ladder = contribution.value.ladder
    assert contribution.value.id == "petclinic.members"
    assert [(tier.code, tier.min_fen) for tier in ladder.tiers] == [
        ("normal", 0),
        ("silver", 50_000),
        ("gold", 200_000),
    ]
    assert ladder.tiers[1].benefits == (PercentDiscount(pay_percent=90),)
    kinds = [type(benefit) for benefit in ladder.tiers[2].benefits]
    assert kinds == [PercentDiscount, FreeService, NamedClinician]
    assert ladder.tiers[2].benefits[0] == PercentDiscount(pay_percent=80)
    assert ladder.downgrade == "never"


def intake(host: PluginHost) -> Form:
    return next(one.value for one in tenant(host).declared(intake_forms) if one.value.purpose == "intake")


def test_the_intake_form_is_sound_and_counts_eight_sub_fields_of_four_elements(host: PluginHost) -> None:
    form = intake(host)
    assert check_form(form) == ()
    assert form.id == "petclinic.intake"
    assert [item.id for item in form.completeness] == [
        *("chief_complaint", "onset", "course", "diseases", "drugs", "diet", "exercise", "social"),
    ]
    titles = [localized(section.title, "zh-CN") for section in form.sections]
    assert titles[1:5] == ["主诉", "现病史", "既往史", "生活环境"]
    keys = {field.key for field in form.fields}
    assert {key for section in form.sections for key in section.fields} == keys
    assert {key for item in form.completeness for key in item.fields} <= keys


def test_none_is_an_answer_to_the_past_history(host: PluginHost) -> None:
    choices = {field.key: field for field in intake(host).fields}
    for key in ("illness", "medication"):
        assert [option.value for option in choices[key].options] == ["none", "yes"]


def test_owner_and_pet_are_asked_once_and_kept(host: PluginHost) -> None:
    profile = {field.key: field.profile for field in intake(host).fields if field.profile}
    assert profile["owner_name"] == "customer.full_name"
    assert profile["owner_phone"] == "customer.phone"
    known = {f"subject.{field.key}" for c in tenant(host).declared(subject_types) for field in c.value.fields}
    assert {path for path in profile.values() if path.startswith("subject.")} <= known | {"subject.name"}


async def found(host: PluginHost, form: str = "petclinic.intake", **answers: Any) -> list[FormProblem | Flag]:
    decision = await ask(tenant(host), check_intake, form=form, answers=answers)
    assert decision.gaps == ()
    return [answer.value for answer in decision.answers]


async def test_an_allergy_is_an_alert_that_names_the_allergen(host: PluginHost) -> None:
    (flag,) = await found(host, allergy="yes", allergies=" 青霉素 ")
    assert isinstance(flag, Flag)
    assert (flag.id, flag.tone, flag.field) == ("allergy", "danger", "allergies")
    assert localized(flag.reason, "zh-CN") == "主人写明过敏：青霉素"
    assert await found(host, allergy="none") == []
    assert await found(host, allergy="unknown", allergies="青霉素") == []


@pytest.mark.parametrize(
    ("species", "weight", "asked"),
    [
        ("cat", 16, True),
        ("cat", 15, False),
        ("dog", 95.5, True),
        ("dog", 60, False),
        ("exotic", 100, False),
        ("cat", True, False),
    ],
)
async def test_a_weight_that_looks_like_jin_is_asked_about_but_does_not_block(
    species: str, weight: float, asked: bool, host: PluginHost
) -> None:
    problems = await found(host, species=species, weight_kg=weight)
    assert len(problems) == asked
    for problem in problems:
        assert isinstance(problem, FormProblem)
        assert (problem.field, problem.blocks) == ("weight_kg", False)


async def test_other_forms_are_none_of_its_business(host: PluginHost) -> None:
    assert await found(host, form="other.intake", allergy="yes", allergies="青霉素") == []


async def panel(host: PluginHost, *intakes: IntakeFacts, place: str = CUSTOMER_SIDE) -> list[Panel]:
    record = CustomerFacts(customer_id=A, full_name="王小明", intakes=intakes)
    decision = await ask(tenant(host), panels, place=place, record=record)
    assert decision.gaps == ()
    return [answer.value for answer in decision.answers]


async def test_the_doctor_sees_the_allergy_first_then_what_is_missing(host: PluginHost) -> None:
    answers = {
        "chief_complaint": "吐了三次",
        "allergy": "yes",
        "allergies": "青霉素",
        "urgent_signs": ["seizure"],
        "illness": "none",
        "onset": "2026-03-01",
    }
    (box,) = await panel(host, IntakeFacts(form="petclinic.intake", answers=answers))
    shown = [(localized(row.label, "zh-CN"), localized(row.value, "zh-CN"), row.tone) for row in box.rows]
    assert shown[:3] == [("过敏", "青霉素", "danger"), ("紧急情况", "抽搐", "danger"), ("四要素", "3 / 8", "warning")]
    assert ("以前得过什么病", "无", "neutral") in shown
    assert (box.id, box.tone) == ("petclinic.intake", "danger")
    assert box.note is not None
    assert localized(box.note, "zh-CN") == "缺：过程、用药史、饮食、运动、社交"
    assert localized(box.note, "en") == "Missing: Course, Drugs, Diet, Exercise, Company"


async def test_a_complete_intake_has_no_note_and_no_alarm(host: PluginHost) -> None:
    answers = {
        **dict.fromkeys(("chief_complaint", "course", "diet"), "x"),
        "onset": "2026-03-01",
        "illness": "none",
        "medication": "none",
        "exercise": "indoor",
        "social": "alone",
    }
    (box,) = await panel(host, IntakeFacts(form="petclinic.intake", answers=answers))
    assert (box.note, box.tone) == (None, "neutral")
    assert "8 / 8" in [row.value for row in box.rows]


async def test_no_intake_or_another_place_shows_nothing(host: PluginHost) -> None:
    latest = IntakeFacts(form="petclinic.intake", answers={"chief_complaint": "x"})
    assert await panel(host) == []
    assert await panel(host, IntakeFacts(form="other.intake")) == []
    assert await panel(host, latest, place="somewhere.else") == []


def test_settings_that_name_a_step_twice_are_refused(host: PluginHost) -> None:
    with pytest.raises(InvalidInput) as refused:
        host.check_settings("petclinic", {"extra_steps": ["contact", "contact"]})
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [("extra_steps", "duplicate")]


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"over_estimate_percent": 0}, "over_estimate_percent"),
        ({"hearing_experts_min": 1}, "hearing_experts_min"),
        ({"extra_steps": ["coffee"]}, "extra_steps[0]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_settings_outside_the_documents_are_refused_by_path(data: dict[str, Any], path: str, host: PluginHost) -> None:
    with pytest.raises(InvalidInput) as refused:
        host.check_settings("petclinic", data)
    assert [problem.path for problem in refused.value.problems] == [path]


def test_default_settings_are_the_numbers_of_the_documents(host: PluginHost) -> None:
    own = host.check_settings("petclinic", {})
    of_members = set(LoyaltySettings.__struct_fields__)
    assert {name: value for name, value in msgspec.to_builtins(own).items() if name not in of_members} == {
        "over_estimate_percent": 30,
        "counsel": "needed",
        "hearing_experts_min": 2,
        "extra_steps": ("solution",),
        "announced_external": "L3",
        "premium_pets": 2,
        "premium_spent_yuan": 5000,
        "budget_spent_yuan": 500,
    }
