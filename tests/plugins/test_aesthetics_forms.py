"""The papers of medical aesthetics: one consult, consents with everything the law asks, pictures that are never public."""

import itertools
from typing import Any

import pytest

from core.errors import InvalidInput
from core.forms.rules import evaluate, refuse_bad_form
from core.forms.rules.definition import check_form
from core.forms.rules.reading import flags
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.forms import BoolField, Form
from core.hooks.specs.customers import subject_types
from core.hooks.specs.forms import check_intake, intake_forms
from core.hooks.specs.segments import segments
from core.segments.queries import list_segments
from plugins.testing import conformance
from tenants.plugin_settings import enable_plugin
from tests.plugins.conftest import A, ask
from tests.workplaces import TestTenant

AESTHETICS = Candidate("aesthetics", "plugins.aesthetics:plugin")
EPOCHS = itertools.count(1)
TODAY = "2026-11-23"
WHO = {"patient_name": "林小雨", "owner_name": "林小雨", "owner_phone": "13905460002"}


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([AESTHETICS], strict=True, checks={"intake_forms": refuse_bad_form})


def clinic(host: PluginHost, **settings: Any) -> TenantPlugins:
    return host.for_tenant(A, next(EPOCHS), {"aesthetics": settings})


def form(host: PluginHost, name: str) -> Form:
    found: Form = next(one.value for one in clinic(host).declared(intake_forms) if one.value.id == f"aesthetics.{name}")
    return found


def test_the_aesthetics_plugin_keeps_every_rule_of_the_kit() -> None:
    assert conformance(AESTHETICS) == ()


def test_every_form_of_the_aesthetics_clinic_is_sound_and_writes_only_fields_that_exist(host: PluginHost) -> None:
    (patient,) = clinic(host).declared(subject_types)
    known = {field.key for field in patient.value.fields} | {"name"}
    for one in clinic(host).declared(intake_forms):
        assert check_form(one.value) == (), one.value.id
        mapped = {
            profile.removeprefix("subject.")
            for profile in (field.profile or "" for field in one.value.fields)
            if profile.startswith("subject.")
        }
        assert mapped <= known


@pytest.mark.parametrize(
    "number", [("response_minutes", 6), ("comparison_cases", 2), ("followup_hours", 49), ("custom_percent", 11)]
)
def test_no_setting_makes_a_number_of_the_document_weaker(host: PluginHost, number: tuple[str, int]) -> None:
    """咨询响应≤5分钟, 3种对比案例, 术后48小时必回访, 允许10%的定制化服务."""
    name, value = number
    with pytest.raises(InvalidInput):
        host.check_settings("aesthetics", {name: value})


def test_the_consent_tells_indication_contraindication_risks_with_countermeasures_and_precautions(
    host: PluginHost,
) -> None:
    """医疗美容服务管理办法 第二十条: 适应症 禁忌症 医疗风险 注意事项, signed."""
    fields = form(host, "consent").fields
    required = {field.key for field in fields if field.required}
    assert {"indication", "contraindication", "precautions", "signature", "signer_role"} <= required
    risks = [field for field in fields if isinstance(field, BoolField) and field.risk is not None]
    assert len(risks) >= 5
    assert all(risk.required and risk.countermeasure for risk in risks)


@pytest.mark.parametrize("paper", ["consent", "photo_consent"])
@pytest.mark.parametrize(
    ("minor", "signer", "refused"),
    [(True, "self", True), (True, "guardian", False), (False, "self", False), (False, "guardian", False)],
)
async def test_a_minors_paper_is_signed_by_the_guardian(
    host: PluginHost, paper: str, minor: bool, signer: str, refused: bool
) -> None:
    answers = {"minor": minor, "signer_role": signer}
    found = await ask(clinic(host), check_intake, form=f"aesthetics.{paper}", answers=answers)
    assert [one.value.field for one in found.answers] == (["signer_role"] if refused else [])


def test_consent_to_pictures_offers_no_public_purpose(host: PluginHost) -> None:
    """医疗美容广告执法指南: no advertising with before and after; 个人信息保护法: separate consent per purpose."""
    purposes = next(field for field in form(host, "photo_consent").fields if field.key == "purposes")
    assert {option.value for option in purposes.options} == {"record", "comparison"}  # type: ignore[union-attr] # a MultiField


@pytest.mark.parametrize(
    ("answers", "raised"),
    [
        ({}, set()),
        ({"keloid": True, "drug_allergy": "利多卡因"}, {"keloid", "allergy"}),
        ({"minor": True}, {"minor"}),
        ({"pregnant": True, "anticoagulant": True}, {"pregnant", "anticoagulant"}),
    ],
)
def test_contraindications_in_the_consult_are_told_to_staff(
    host: PluginHost, answers: dict[str, Any], raised: set[str]
) -> None:
    given = {**WHO, "areas": ["eyes"], "wish": "想做双眼皮", "contact_by": "phone"}
    consult = form(host, "consult")
    result = evaluate(consult, given | answers, TODAY)
    assert result.errors == ()
    assert {flag.id.removeprefix("aesthetics.") for flag in flags(consult, result, TODAY)} == raised


def test_any_sign_in_the_outcome_raises_the_complication_alert(host: PluginHost) -> None:
    outcome = form(host, "outcome")
    for signs, count in (([], 0), (["sight"], 1)):
        result = evaluate(outcome, {"signs": signs, "csat": 4}, TODAY)
        assert result.errors == ()
        assert len(flags(outcome, result, TODAY)) == count


async def test_the_groups_of_aesthetics_are_usable_and_name_their_source(
    host: PluginHost, tenant_b: TestTenant
) -> None:
    assert all(one.value.source for one in clinic(host).declared(segments))
    async with tenant_b.unit() as uow:
        await enable_plugin(uow, host=tenant_b.workplace.host, plugin_id="aesthetics")
    async with tenant_b.workplace.reading(tenant_b.id) as reader:
        shipped = await list_segments(reader)
    assert {one.id for one in shipped} == {"aesthetics.careful", "aesthetics.minor"}
    assert all(one.usable for one in shipped)
