"""Segments in the database: the statement and the closure agree on random trees, and the shipped groups hold whom they mean."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.conditions.rules.catalogue import Catalogue, tree_problems
from core.conditions.rules.closure import compile_tree
from core.contacts.actions import record_consent
from core.customers.actions import add_customer
from core.customers.profile import set_profile_value
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.days import local_date
from core.errors import InvalidInput, NotFound
from core.hooks.records.conditions import (
    All,
    AnyOf,
    Between,
    Cmp,
    FieldFacts,
    Has,
    In,
    Not,
    Relative,
    Tree,
)
from core.loyalty.actions import record_purchase, refund_purchase
from core.merges.merging import merge_customers
from core.profiles.actions import add_tag, tag_customer
from core.segments.actions import SegmentChanged, add_segment, change_segment, remove_segment
from core.segments.fields import get_fields
from core.segments.queries import (
    count_matching,
    get_segment,
    list_explanations,
    list_facts,
    list_matching,
    list_segments,
)
from core.segments.rules import SegmentDraft
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import START, TestTenant

TODAY = local_date(START, "Asia/Shanghai")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


def _pet(name: str, *, years: float | None = None, **more: Any) -> SubjectDraft:
    birthday = TODAY - timedelta(days=int(years * 365.25)) if years is not None else None
    return SubjectDraft(name=name, kind="petclinic.pet", birthday=birthday, **more)


async def _add(uow: UnitOfWork, name: str, *pets: SubjectDraft, **more: Any) -> UUID:
    return await add_customer(uow, draft=CustomerDraft(full_name=name, subjects=pets, **more), allow_duplicate=True)


async def _own(uow: UnitOfWork, entity: Any, one: UUID, key: str, value: Any) -> None:
    await set_profile_value(uow, entity_type=entity, entity_id=one, field_key=key, value=value, source="staff")


@pytest.fixture
async def people(clinic: TestTenant) -> dict[str, UUID]:
    """Customers with gaps of every kind."""
    async with clinic.unit() as uow:
        found = {
            "bare": await _add(uow, "空"),
            "dog": await _add(
                uow,
                "王",
                _pet("豆豆", years=0.5, species="dog", neutered=True),
                gender="female",
                phones=("+8613800000001",),
            ),
            "cat": await _add(
                uow,
                "李",
                _pet("咪咪", years=2, species="cat", sex="male"),
                member_no="M1",
                last_visit_on=date(2026, 8, 1),
            ),
            "many": await _add(
                uow,
                "赵",
                _pet("a", years=9, species="dog"),
                _pet("b", species="cat"),
                _pet("c", years=1),
                gender="male",
            ),
            "old": await _add(
                uow,
                "钱",
                _pet("d", years=3, deceased_on=TODAY),
                _pet("e", years=2.9, species="exotic"),
                last_visit_on=TODAY,
            ),
        }
        tags = [await add_tag(uow, name=name, colour="red") for name in ("VIP", "难缠")]
        await tag_customer(uow, customer_id=found["cat"], tag_id=tags[0])
        await tag_customer(uow, customer_id=found["many"], tag_id=tags[0])
        await tag_customer(uow, customer_id=found["many"], tag_id=tags[1])
        for name, fen, days in (
            ("cat", 60_000, 10),
            ("cat", 10_000, 89),
            ("many", 600_000, 364),
            ("old", 20_000, 365),
            ("dog", 5_000, 0),
        ):
            at = uow.now - timedelta(days=days)
            bill = await record_purchase(uow, customer_id=found[name], fen=fen, key=f"{name}{days}", occurred_at=at)
            if name == "dog":
                await refund_purchase(uow, purchase_id=bill.purchase_id, fen=5_000)
        await _own(uow, "customer", found["dog"], "spending", "budget")
        await _own(uow, "customer", found["cat"], "spending", "balanced")
        await _own(uow, "customer", found["cat"], "children_at_home", True)
        await _own(uow, "customer", found["old"], "children_at_home", False)
        for name, kilos in (("dog", 4.25), ("cat", 5), ("many", "heavy")):
            pet = (await get_customer(uow, found[name])).subjects[0]
            await _own(uow, "subject", pet.subject_id, "weight_kg", kilos)
        await record_consent(uow, customer_id=found["cat"], purpose="marketing", decision="granted", source="desk")
        await record_consent(uow, customer_id=found["many"], purpose="marketing", decision="granted", source="desk")
        await record_consent(uow, customer_id=found["many"], purpose="marketing", decision="withdrawn", source="desk")
        await file_complaint(uow, filing=Filing(text="等太久", contact_name="王", contact_phone="13800000001"))
    return found


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-1, 4),
    "money": st.sampled_from([-1, 0, 5_000, 20_000, 70_000, 600_000, 10**14]),
    "decimal": st.sampled_from([0, 4, 4.25, 5, 5.5]),
    "bool": st.booleans(),
    "date": st.dates(TODAY - timedelta(days=3700), TODAY + timedelta(days=40)).map(date.isoformat),
    "text": st.sampled_from(["M1", "x", "+8613800000001"]),
}


def _leaf(field: FieldFacts) -> st.SearchStrategy[Tree]:
    options = [value for value, _ in field.options] or ["nobody"]
    value = st.sampled_from([*options, "dog"]) if field.kind == "choice" else VALUES[field.kind]
    ordered = field.kind in {"int", "money", "decimal", "date"}
    ops = ["eq", "ne", "gt", "gte", "lt", "lte"] if ordered else ["eq", "ne"]
    leaves: list[st.SearchStrategy[Any]] = [
        st.builds(Cmp, field=st.just(field.name), op=st.sampled_from(ops), value=value),
        st.builds(In, field=st.just(field.name), values=st.lists(value, min_size=1, max_size=3).map(tuple)),
        st.just(Has(field=field.name)),
    ]
    if ordered:
        leaves.append(st.builds(Between, field=st.just(field.name), low=value, high=value))
    if field.kind == "date":
        when = st.sampled_from(["within_last", "before_last", "within_next"])
        unit = st.sampled_from(["days", "months", "years"])
        leaves.append(st.builds(Relative, field=st.just(field.name), when=when, amount=st.integers(0, 15), unit=unit))
    return st.one_of(leaves)


def _nested(leaves: st.SearchStrategy[Any], depth: int) -> st.SearchStrategy[Any]:
    if depth == 0:
        return leaves
    inner = _nested(leaves, depth - 1)
    many = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(leaves, st.builds(All, of=many), st.builds(AnyOf, of=many), st.builds(Not, of=inner))


def trees(catalogue: Catalogue) -> st.SearchStrategy[Any]:
    leaves = [_leaf(field) for field in catalogue.fields.values()]
    for name, collection in catalogue.collections.items():
        below = _nested(st.one_of([_leaf(field) for field in collection.fields]), 1)
        leaves.append(
            st.builds(Has, field=st.just(name), where=st.one_of(st.none(), below), at_least=st.integers(1, 2))
        )
    return _nested(st.one_of(leaves), 2)


def _drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """So many examples of a strategy, the same in every run; the database is asked about them in one event loop."""
    found = []

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def collect(one: Any) -> None:
        found.append(one)

    collect()
    return found


async def test_the_statement_and_the_closure_agree_on_random_trees(clinic: TestTenant, people: dict[str, UUID]) -> None:
    async with clinic.workplace.reading(clinic.id) as reader:
        catalogue, _ = await get_fields(reader)
        told = 0
        for tree in _drawn(trees(catalogue), 400):
            assert tree_problems(tree, catalogue) == (), tree
            found = set(await list_matching(reader, tree, limit=100))
            facts = await list_facts(reader, tree, list(people.values()))
            judge = compile_tree(tree, today=TODAY)
            assert found == {one for one, said in facts.items() if judge(said)}, tree
            assert len(facts) == len(people)
            told += 0 < len(found) < len(people)
        assert told > 100  # most trees tell somebody from somebody


async def test_every_field_of_the_catalogue_can_be_asked_for(clinic: TestTenant, people: dict[str, UUID]) -> None:
    async with clinic.workplace.reading(clinic.id) as reader:
        catalogue, _ = await get_fields(reader)
        for name in (*catalogue.fields, *catalogue.collections):
            assert await count_matching(reader, AnyOf(of=(Has(field=name), Not(of=Has(field=name))))) == len(people), (
                name
            )
        for collection in catalogue.collections.values():
            for field in collection.fields:
                await count_matching(reader, Has(field=collection.name, where=Has(field=field.name)))
    assert {"own.spending", "spent_90d", "tier", "allows_marketing"} <= set(catalogue.fields)
    assert "pet.weight_kg" in catalogue.inside("pet")


HAND_PICKED: tuple[tuple[Tree, set[str]], ...] = (
    (Cmp(field="spent_90d", op="gte", value=70_000), {"cat"}),
    (Cmp(field="purchases_30d", op="gte", value=1), {"cat"}),
    (Cmp(field="spent_365d", op="eq", value=600_000), {"many"}),
    (Cmp(field="spent_all", op="eq", value=20_000), {"old"}),
    (Cmp(field="tier", op="eq", value="gold"), {"many"}),
    (Cmp(field="allows_marketing", op="eq", value=True), {"cat"}),
    (Cmp(field="complaints_open", op="eq", value=1), {"dog"}),
    (Relative(field="last_purchase_on", when="within_last", amount=90), {"cat"}),
    (Has(field="tag", where=In(field="tag.name", values=("VIP",))), {"cat", "many"}),
    (Has(field="tag", at_least=2), {"many"}),
    (Has(field="pet", where=Cmp(field="pet.weight_kg", op="gt", value=4)), {"dog", "cat"}),
    (Has(field="pet", at_least=2), {"many"}),
    (Not(of=Has(field="pet")), {"bare"}),
    (Cmp(field="own.children_at_home", op="eq", value=False), {"old"}),
)


@pytest.mark.parametrize(("tree", "who"), HAND_PICKED)
async def test_conditions_mean_what_they_say(
    clinic: TestTenant, people: dict[str, UUID], tree: Tree, who: set[str]
) -> None:
    async with clinic.workplace.reading(clinic.id) as reader:
        assert set(await list_matching(reader, tree)) == {people[name] for name in who}


async def test_the_three_layers_hold_whom_the_document_means_and_nobody_twice(
    clinic: TestTenant, people: dict[str, UUID]
) -> None:
    async with clinic.workplace.reading(clinic.id) as reader:
        shipped = {one.id: one for one in await list_segments(reader)}
        assert all(one.usable and one.shipped and one.plan for one in shipped.values())
        layers = {
            name: {who for who, one in people.items() if one in await list_matching(reader, shipped[name].tree)}
            for name in ("petclinic.basic", "petclinic.advanced", "petclinic.premium")
        }
        why = await list_explanations(reader, shipped["petclinic.premium"].tree, [people["many"], people["bare"]])
    assert layers == {"petclinic.basic": {"dog"}, "petclinic.advanced": {"cat", "old"}, "petclinic.premium": {"many"}}
    assert [one.holds for one in why] == [True, False]
    assert [(one.path, one.holds) for one in why[0].judged if one.path in {"of[1].of[0]", "of[1].of[1]"}] == [
        ("of[1].of[0]", True),
        ("of[1].of[1]", False),
    ]


async def test_a_segment_is_written_changed_and_removed(clinic: TestTenant, people: dict[str, UUID]) -> None:
    draft = SegmentDraft(name_zh="大客户", plan_zh="上门护理", tree=Cmp(field="spent_all", op="gte", value=100_000))
    async with clinic.unit() as uow:
        segment_id = await add_segment(uow, draft=draft, copied_from="petclinic.premium")
        seen = await get_segment(uow, str(segment_id))
        assert (seen.label, seen.plan, seen.version) == (
            {"zh-CN": "大客户", "en": "大客户"},
            {"zh-CN": "上门护理", "en": "上门护理"},
            1,
        )
        await change_segment(uow, segment_id=segment_id, draft=draft, version=1)
        with pytest.raises(SegmentChanged):
            await change_segment(uow, segment_id=segment_id, draft=draft, version=1)
        await remove_segment(uow, segment_id=segment_id)
        with pytest.raises(NotFound):
            await get_segment(uow, str(segment_id))
        with pytest.raises(NotFound):
            await remove_segment(uow, segment_id=segment_id)
        await remove_segment(uow, segment_id=segment_id, removed=False)
        assert (await get_segment(uow, str(segment_id))).version == 2
        with pytest.raises(InvalidInput) as refused:
            await add_segment(uow, draft=SegmentDraft(plan_en="x" * 501, tree=Cmp(field="x", op="eq", value=1)))
        assert {(one.path, one.code) for one in refused.value.problems} == {
            ("name_zh", "required"),
            ("plan_en", "too-long"),
            ("tree", "unknown-condition-field"),
        }


async def test_a_merged_customer_is_counted_once_with_what_both_said(
    clinic: TestTenant, people: dict[str, UUID]
) -> None:
    tree = Cmp(field="allows_marketing", op="eq", value=True)
    async with clinic.unit() as uow:
        await merge_customers(uow, winner_id=people["dog"], loser_id=people["cat"])
        assert await list_matching(uow, tree) == [people["dog"]]
        assert await list_matching(uow, Has(field="pet", at_least=2), after=people["many"]) == [people["dog"]]


async def test_without_a_plugin_there_are_no_pets_to_ask_about(tenant_b: TestTenant) -> None:
    async with tenant_b.unit() as uow:
        assert await list_segments(uow) == []
        catalogue, _ = await get_fields(uow)
        assert "pet" not in catalogue.collections
        assert tree_problems(Has(field="pet"), catalogue)
