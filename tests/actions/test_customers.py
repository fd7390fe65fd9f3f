"""Customers: written down, changed, found, and kept apart between tenants."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.customers.actions import (
    CustomerChanged,
    DuplicateCustomer,
    add_customer,
    add_note,
    add_subject,
    change_customer,
    change_subject,
    find_or_create,
    join_household,
    record_event,
    reveal_phones,
)
from core.customers.bulk import add_customers, remove_customers
from core.customers.profile import set_profile_value
from core.customers.queries import (
    find_by_phones,
    find_customers,
    find_twins,
    get_customer,
    get_subject,
    list_customers,
    list_events,
    list_household,
    list_profile_values,
)
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

WANG = CustomerDraft(full_name="王小美", phones=("+8613812346871", "+865463736312"), member_no="HY00102", note="怕狗")
DOUDOU = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog", breed="柯基", chip="985112000000001")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    """Tenant A with the pet clinic on."""
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _wang(tenant: TestTenant) -> UUID:
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=CustomerDraft(**{**_fields(WANG), "subjects": (DOUDOU,)}))


def _fields(draft: CustomerDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in draft.__struct_fields__}


async def test_a_customer_is_written_down_with_phones_and_pets(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.workplace.reading(clinic.id) as reader:
        found = await get_customer(reader, customer_id)
        events = await list_events(reader, customer_id)
    assert (found.number, found.full_name, found.version) == (1, "王小美", 1)
    assert [(phone.e164, phone.kind) for phone in found.phones] == [
        ("+8613812346871", "mobile"),
        ("+865463736312", "landline"),
    ]
    assert [(pet.name, pet.species) for pet in found.subjects] == [("豆豆", "dog")]
    assert [event.kind for event in events] == ["registered"]


@pytest.mark.parametrize(
    "typed", ["小美", "王小美", "wxm", "xiaomei", "6871", "13812346871", "138 1234 6871", "3736312", "豆豆", "doudou",
              "HY00102", "985112000000001", "王 豆豆", "豆豆 6871"]
)  # fmt: skip
async def test_a_customer_is_found_by_any_word(clinic: TestTenant, typed: str) -> None:
    customer_id = await _wang(clinic)
    async with clinic.workplace.reading(clinic.id) as reader:
        assert [row.customer_id for row in await find_customers(reader, typed)] == [customer_id]


@pytest.mark.parametrize("typed", ["李", "王 来福", "9999", "", "%", "_", "'; DROP TABLE customer; --"])
async def test_nobody_is_found_by_other_words(clinic: TestTenant, typed: str) -> None:
    await _wang(clinic)
    async with clinic.workplace.reading(clinic.id) as reader:
        assert await find_customers(reader, typed) == []


@pytest.mark.parametrize("rare", [3, 600])
async def test_a_rare_name_is_found_among_many_pets_of_one_name(
    clinic: TestTenant, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr("core.customers.searching.RARE", rare)  # common terms are cut, rare ones looked up one by one
    names = [f"王{given}" for given in "伟芳敏静丽强磊军洋勇艳杰"]
    drafts = [CustomerDraft(full_name=name, subjects=(SubjectDraft(name="豆豆", kind="x.pet"),)) for name in names]
    drafts += [CustomerDraft(full_name=f"覃{given}", phones=("+8613812346871",)) for given in "强磊军洋"]
    async with clinic.unit() as uow:
        others = await add_customers(uow, drafts, source="staff")
        wanted = await add_customers(
            uow,
            [CustomerDraft(full_name="覃丽", phones=("+8613812346872",), subjects=drafts[0].subjects)],
            source="staff",
        )
    async with clinic.workplace.reading(clinic.id) as reader:
        for typed in ("覃 豆豆", "豆豆 覃", "qin doudou", "豆豆 6872", "138123468 豆豆"):
            assert [row.customer_id for row in await find_customers(reader, typed)] == [wanted[0].customer_id], typed
        both = await find_customers(reader, "王 豆豆", limit=50)
    assert {row.customer_id for row in both} == {one.customer_id for one in others[: len(names)]}


async def test_the_same_phone_and_a_name_that_sounds_the_same_is_the_same_person(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    twin = CustomerDraft(full_name="王晓美", phones=("+8613812346871",))
    async with clinic.unit() as uow:
        with pytest.raises(DuplicateCustomer) as refused:
            await add_customer(uow, draft=twin)
        assert refused.value.params["customer_id"] == customer_id
        other = await add_customer(uow, draft=twin, allow_duplicate=True)
        assert [row.customer_id for row in await list_household(uow, await get_customer(uow, other))] == [customer_id]
        assert {row.customer_id for row in await find_twins(uow, full_name="王小美", phones=[])} == {customer_id, other}


async def test_a_form_finds_the_customer_by_phone_or_makes_one(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.unit("front_desk") as uow:
        assert await find_or_create(uow, phone="138-1234-6871", full_name="王小美") == (customer_id, False)
        fresh, is_new = await find_or_create(uow, phone="13900001111", full_name="李雷")
        assert is_new
        assert (await get_customer(uow, fresh)).source == "customer"
        with pytest.raises(InvalidInput) as refused:
            await find_or_create(uow, phone="见备注", full_name=" ")
        assert {problem.path for problem in refused.value.problems} == {"phone", "full_name"}


async def test_a_stale_edit_is_refused_and_a_good_one_changes_the_search(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    renamed = CustomerDraft(full_name="王大美", phones=("+8613900002222",))
    async with clinic.unit() as uow:
        await change_customer(uow, customer_id=customer_id, draft=renamed, version=1)
        with pytest.raises(CustomerChanged):
            await change_customer(uow, customer_id=customer_id, draft=WANG, version=1)
        assert [row.full_name for row in await find_customers(uow, "大美")] == ["王大美"]
        assert await find_customers(uow, "6871") == []
        assert [row.full_name for row in await find_customers(uow, "豆豆")] == ["王大美"]
        assert (await list_events(uow, customer_id, kinds=["changed"]))[0].data["fields"] == [
            "full_name",
            "member_no",
            "note",
            "phone_e164",
        ]


async def test_every_problem_of_a_draft_is_told_at_once(clinic: TestTenant) -> None:
    tomorrow = date(2026, 11, 24)
    bad = SubjectDraft(name="", kind="petclinic.dragon", birthday=tomorrow, deceased_on=date(1800, 1, 1))
    draft = CustomerDraft(full_name="", note="x" * 2001, subjects=(bad,))
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput) as refused:
            await add_customer(uow, draft=draft)
    assert {(problem.path, problem.code) for problem in refused.value.problems} == {
        ("full_name", "required"),
        ("note", "too-long"),
        ("subjects[0].name", "required"),
        ("subjects[0].kind", "unknown-kind"),
        ("subjects[0].birthday", "in-the-future"),
        ("subjects[0].deceased_on", "too-old"),
        ("subjects[0].deceased_on", "before-birth"),
    }


async def test_without_a_plugin_there_are_no_kinds_of_subject(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        customer_id = await add_customer(uow, draft=WANG)
        with pytest.raises(InvalidInput):
            await add_subject(uow, customer_id=customer_id, draft=DOUDOU)


async def test_a_pet_is_added_and_changed(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.unit() as uow:
        subject_id = await add_subject(
            uow, customer_id=customer_id, draft=SubjectDraft(name="来福", kind="petclinic.pet")
        )
        await change_subject(
            uow, subject_id=subject_id, draft=SubjectDraft(name="旺财", kind="petclinic.pet", neutered=True)
        )
        assert (await get_subject(uow, subject_id)).neutered is True
        assert [row.pets for row in await find_customers(uow, "旺财")] == [("豆豆", "旺财")]
        assert await find_customers(uow, "来福") == []


async def test_pages_of_the_list_follow_each_other_without_gaps(clinic: TestTenant) -> None:
    names = ["安心", "白雪", "陈敏", "丁一", "范鹏"]
    async with clinic.unit() as uow:
        for name in names:
            await add_customer(uow, draft=CustomerDraft(full_name=name))
        newest = await list_customers(uow, limit=3)
        rest = await list_customers(uow, after=(newest[-1].name_pinyin, newest[-1].customer_id), limit=3)
        assert [row.full_name for row in newest + rest] == names[::-1]
        first = await list_customers(uow, sort="name", limit=2)
        second = await list_customers(uow, sort="name", after=(first[-1].name_pinyin, first[-1].customer_id), limit=9)
        assert [row.full_name for row in first + second] == names


async def test_the_timeline_shows_the_newest_first_and_pages(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.unit("front_desk") as uow:
        await add_note(uow, customer_id=customer_id, body="  打过电话 ")
        await record_event(uow, customer_id=customer_id, kind="visit", at=uow.now - timedelta(days=3))
        events = await list_events(uow, customer_id)
        assert [event.kind for event in events] == ["note", "registered", "visit"]
        assert events[0].data == {"body": "打过电话"}
        assert events[0].actor_name == "front_desk"
        older = await list_events(uow, customer_id, before=(events[1].at, events[1].event_id))
        assert [event.kind for event in older] == ["visit"]
        with pytest.raises(InvalidInput):
            await add_note(uow, customer_id=customer_id, body="   ")
        with pytest.raises(InvalidInput):
            await add_note(uow, customer_id=customer_id, body="x" * 2001)


async def test_a_revealed_phone_is_written_down(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.unit("front_desk") as uow:
        assert await reveal_phones(uow, customer_id=customer_id) == ["+8613812346871", "+865463736312"]
        assert [act.action for act in uow._acts] == ["customer.reveal_phone"]


async def test_a_form_fills_gaps_and_an_interview_corrects_it(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.unit() as uow:
        pet = (await get_customer(uow, customer_id)).subjects[0]
        key: Any = {"entity_type": "subject", "entity_id": pet.subject_id}
        assert await set_profile_value(uow, **key, field_key="birthday", value="2020-04-28", source="customer")
        assert await set_profile_value(uow, **key, field_key="birthday", value=date(2020, 5, 1), source="staff")
        assert not await set_profile_value(uow, **key, field_key="birthday", value="2019-01-01", source="customer")
        assert not await set_profile_value(uow, **key, field_key="breed", value="柴犬", source="customer")
        assert await set_profile_value(uow, **key, field_key="allergies", value="阿莫西林", source="customer")
        assert await set_profile_value(uow, **key, field_key="weight_kg", value=12, source="customer")
        now = await get_subject(uow, pet.subject_id)
        assert (now.birthday, now.breed, now.custom) == (
            date(2020, 5, 1),
            "柯基",
            {"allergies": "阿莫西林", "weight_kg": 12},
        )
        said = await list_profile_values(uow, pet.subject_id)
        assert [(v.field_key, v.value, v.taken) for v in reversed(said)] == [
            ("birthday", "2020-04-28", True),
            ("birthday", "2020-05-01", True),
            ("birthday", "2019-01-01", False),
            ("breed", "柴犬", False),
            ("allergies", "阿莫西林", True),
            ("weight_kg", "12", True),
        ]
        assert await set_profile_value(uow, **key, field_key="allergies", value=None, source="staff")
        assert (await get_subject(uow, pet.subject_id)).custom == {"weight_kg": 12}
        for field, value in (
            ("birthday", "昨天"),
            ("sex", "boy"),
            ("neutered", "maybe"),
            ("name", ""),
            ("x", "y" * 501),
        ):
            with pytest.raises(InvalidInput):
                await set_profile_value(uow, **key, field_key=field, value=value, source="staff")


async def test_a_new_phone_from_a_form_comes_first_and_the_old_one_stays(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        customer_id, _ = await find_or_create(uow, phone="13812346871", full_name="王小美")
        taken = await set_profile_value(
            uow,
            entity_type="customer",
            entity_id=customer_id,
            field_key="phone",
            value="139 0000 1111",
            source="customer",
        )
        await set_profile_value(
            uow, entity_type="customer", entity_id=customer_id, field_key="full_name", value="王美美", source="staff"
        )
        found = await get_customer(uow, customer_id)
        assert taken
        assert found.phone_e164 == "+8613900001111"
        assert {phone.e164 for phone in found.phones} == {"+8613900001111", "+8613812346871"}
        assert [row.full_name for row in await find_customers(uow, "1111")] == ["王美美"]


async def test_a_removed_customer_is_nowhere_and_keeps_no_name(clinic: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.unit() as uow:
        await remove_customers(uow, [customer_id])
        await remove_customers(uow, [])
        assert await list_customers(uow) == []
        assert await find_customers(uow, "王小美") == []
        assert await find_by_phones(uow, ["+8613812346871"]) == {}
        with pytest.raises(NotFound):
            await get_customer(uow, customer_id)


async def test_another_tenants_customer_is_like_no_customer(clinic: TestTenant, tenant_b: TestTenant) -> None:
    customer_id = await _wang(clinic)
    async with clinic.workplace.reading(clinic.id) as reader:
        subject_id = (await get_customer(reader, customer_id)).subjects[0].subject_id
    pet = SubjectDraft(name="x", kind="petclinic.pet")
    async with tenant_b.unit() as uow:
        await enable_plugin(uow, host=tenant_b.workplace.host, plugin_id="petclinic")
    async with tenant_b.unit() as uow:
        own = await add_customer(uow, draft=CustomerDraft(full_name="乙"))
        assert (await get_customer(uow, own)).number == 1
        assert await find_customers(uow, "王小美") == []
        assert await list_events(uow, customer_id) == []
        assert await list_profile_values(uow, subject_id) == []
        assert await find_by_phones(uow, ["+8613812346871"]) == {}
        attempts = [
            get_customer(uow, customer_id),
            get_subject(uow, subject_id),
            change_customer(uow, customer_id=customer_id, draft=WANG, version=1),
            add_subject(uow, customer_id=customer_id, draft=pet),
            change_subject(uow, subject_id=subject_id, draft=pet),
            add_note(uow, customer_id=customer_id, body="x"),
            reveal_phones(uow, customer_id=customer_id),
            join_household(uow, customer_id=customer_id, other_id=own),
            set_profile_value(
                uow, entity_type="subject", entity_id=subject_id, field_key="name", value="x", source="staff"
            ),
        ]
        for attempt in attempts:
            with pytest.raises(NotFound):
                await attempt
        await remove_customers(uow, [customer_id])
    async with clinic.workplace.reading(clinic.id) as reader:
        assert (await get_customer(reader, customer_id)).full_name == "王小美"


async def test_an_unknown_customer_is_not_found(uow: UnitOfWork) -> None:
    with pytest.raises(NotFound):
        await get_customer(uow, new_id())
