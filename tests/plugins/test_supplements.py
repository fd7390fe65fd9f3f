"""The supplement retailer says what its document says: three questions, special groups, three types, and nothing asked twice."""

import itertools
from typing import Any
from uuid import UUID

import pytest

from core.forms.actions import record_intake
from core.forms.queries import find_form
from core.forms.rules import evaluate, refuse_bad_form
from core.forms.rules.definition import check_form
from core.forms.rules.reading import flags
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.records.forms import Form
from core.hooks.specs.customers import subject_types
from core.hooks.specs.forms import check_intake, intake_forms
from core.hooks.specs.segments import segments
from core.segments.queries import list_matching, list_segments
from plugins.testing import conformance
from tenants.plugin_settings import enable_plugin
from tests.plugins.conftest import A, ask
from tests.workplaces import TestTenant

SUPPLEMENTS = Candidate("supplements", "plugins.supplements:plugin")
EPOCHS = itertools.count(1)
PRESALE = "supplements.presale"
TODAY = "2026-11-23"


@pytest.fixture(scope="module")
def host() -> PluginHost:
    return PluginHost.load([SUPPLEMENTS], strict=True, checks={"intake_forms": refuse_bad_form})


def tenant(host: PluginHost, **settings: Any) -> TenantPlugins:
    return host.for_tenant(A, next(EPOCHS), {"supplements": settings})


def presale(host: PluginHost, **settings: Any) -> Form:
    return tenant(host, **settings).declared(intake_forms)[0].value


def test_it_keeps_every_rule_of_the_kit() -> None:
    assert conformance(SUPPLEMENTS) == ()


def test_the_form_asks_the_three_questions_and_who_it_is_for(host: PluginHost) -> None:
    form = presale(host)
    assert form.id == PRESALE
    assert check_form(form) == ()
    required = [field.key for field in form.fields if field.required]
    assert required == ["owner_name", "owner_phone", "member_name", "purpose"]
    (member,) = tenant(host).declared(subject_types)
    known = {field.key for field in member.value.fields} | {"name"}
    mapped = {
        field.profile.removeprefix("subject.") for field in form.fields if (field.profile or "").startswith("subject.")
    }
    assert mapped <= known


@pytest.mark.parametrize(
    ("answers", "raised"),
    [
        ({}, set()),
        ({"hypertension": True}, {"hypertension"}),
        ({"kidney_stone": True, "pregnant": True}, {"kidney_stone", "pregnant"}),
        ({"osteoporosis": True}, set()),
        ({"age": 17}, {"child"}),
        ({"age": 18}, set()),
    ],
)
def test_special_groups_are_told_to_a_human_adviser(
    host: PluginHost, answers: dict[str, Any], raised: set[str]
) -> None:
    given = {"owner_name": "李", "owner_phone": "13800000001", "member_name": "妈妈", "purpose": "daily", "age": 60}
    form = presale(host)
    result = evaluate(form, given | answers, TODAY)
    assert result.errors == ()
    assert {flag.id.removeprefix("supplements.") for flag in flags(form, result, TODAY)} == raised


def test_the_age_of_a_child_is_the_tenants(host: PluginHost) -> None:
    child = next(flag for flag in presale(host, adult_age=16).flags if flag.id == "child")
    assert child.when.value == 16


@pytest.mark.parametrize(
    ("form", "answers", "count"),
    [
        (PRESALE, {"purpose": "pregnancy", "age": 30}, 1),
        (PRESALE, {"purpose": "pregnancy", "pregnant": True, "age": 30}, 0),
        (PRESALE, {"purpose": "daily", "age": 30}, 0),
        ("petclinic.intake", {"purpose": "pregnancy"}, 0),
    ],
)
async def test_a_purpose_of_pregnancy_raises_the_alert_too(
    host: PluginHost, form: str, answers: dict[str, Any], count: int
) -> None:
    found = await ask(tenant(host), check_intake, form=form, answers=answers)
    assert sum(getattr(one.value, "id", "") == "pregnancy" for one in found.answers) == count


def test_three_types_are_shipped_with_their_offers(host: PluginHost) -> None:
    shipped = [one.value for one in tenant(host).declared(segments)]
    assert [one.id for one in shipped] == ["supplements.basic", "supplements.treatment", "supplements.situation"]
    assert all(one.plan and one.source for one in shipped)


PEOPLE: tuple[tuple[str, dict[str, Any], set[str]], ...] = (
    ("日常", {"purpose": "daily"}, {"basic"}),
    ("长辈", {"purpose": "elder", "hypertension": True}, {"basic"}),
    ("骨松", {"purpose": "daily", "osteoporosis": True}, {"treatment"}),
    ("治疗", {"purpose": "treatment", "pregnant": True}, {"treatment"}),
    ("健身", {"purpose": "sport"}, {"situation"}),
    ("孕妇", {"purpose": "daily", "pregnant": True}, {"situation"}),
)


@pytest.fixture
async def shop(tenant_b: TestTenant) -> TestTenant:
    async with tenant_b.unit() as uow:
        await enable_plugin(uow, host=tenant_b.workplace.host, plugin_id="supplements")
    return tenant_b


async def _fill(shop: TestTenant, number: int, name: str, answers: dict[str, Any]) -> UUID:
    given = {"owner_name": name, "owner_phone": f"1380000{number:04d}", "member_name": "妈妈", "age": 40}
    async with shop.unit() as uow:
        filled = await record_intake(uow, form_id=PRESALE, answers=given | answers, once_key=f"k{number}")
        assert filled.customer_id is not None
        return filled.customer_id


async def test_answers_put_a_household_into_its_type(shop: TestTenant) -> None:
    ids = {await _fill(shop, number, name, answers): types for number, (name, answers, types) in enumerate(PEOPLE)}
    async with shop.workplace.reading(shop.id) as reader:
        shipped = await list_segments(reader)
        assert all(one.usable for one in shipped)
        found: dict[UUID, set[str]] = {one: set() for one in ids}
        for segment in shipped:
            for one in await list_matching(reader, segment.tree):
                found[one].add(segment.id.removeprefix("supplements."))
    assert found == ids


async def test_two_members_of_one_household_may_have_two_types(shop: TestTenant) -> None:
    first = await _fill(shop, 1, "李雷", {"purpose": "sport"})
    async with shop.unit() as uow:
        given = {
            "owner_name": "李雷",
            "owner_phone": "13800000001",
            "member_name": "奶奶",
            "age": 80,
            "purpose": "treatment",
        }
        again = await record_intake(uow, form_id=PRESALE, answers=given, once_key="k2")
        assert again.customer_id == first
        types = [one.id for one in await list_segments(uow) if await list_matching(uow, one.tree) == [first]]
    assert types == ["supplements.treatment", "supplements.situation"]


async def test_a_clinic_that_sells_supplements_asks_once_in_its_own_form(tenant_a: TestTenant) -> None:
    host = tenant_a.workplace.host
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=host, plugin_id="petclinic")
    async with tenant_a.unit() as uow:
        alone = await find_form(uow, "petclinic.intake")
        await enable_plugin(uow, host=host, plugin_id="supplements")
    async with tenant_a.unit() as uow:
        both = await find_form(uow, "petclinic.intake")
    assert alone is not None
    assert both is not None
    added = [field.key for field in both.fields if field.key not in {one.key for one in alone.fields}]
    assert added == ["supplements_taken", "supplements_which"]
    assert len({field.profile for field in both.fields if field.profile}) == len([f for f in both.fields if f.profile])
