"""Tags, wishes, own fields, notes and households: changed, filtered by, and taken back."""

from datetime import date
from uuid import UUID

import pytest

from core.customers.actions import add_customer, add_note, join_household
from core.customers.profile import set_profile_value
from core.customers.queries import get_customer, list_household, list_profile_values
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.profiles.actions import (
    DuplicateTag,
    add_tag,
    archive_tag,
    change_note,
    change_tag,
    enter_household,
    leave_household,
    remove_note,
    set_preference,
    tag_customer,
    untag_customer,
)
from core.profiles.fields import (
    FieldIsShipped,
    archive_field,
    change_field,
    define_field,
    move_field,
    set_own_values,
)
from core.profiles.queries import (
    Preference,
    find_tags,
    get_note_states,
    get_preference,
    get_tags_of,
    list_fields,
    list_matching,
    list_tags,
)
from core.uow import UnitOfWork
from tests.workplaces import TestTenant


async def _add(uow: UnitOfWork, name: str = "王小美") -> UUID:
    return await add_customer(uow, draft=CustomerDraft(full_name=name))


async def test_two_spellings_are_one_tag_and_an_archived_name_comes_back(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        vip = await add_tag(uow, name="# VIP ", colour="amber")
        with pytest.raises(DuplicateTag):
            await add_tag(uow, name="v i p")
        other = await add_tag(uow, name="老客户")
        with pytest.raises(DuplicateTag):
            await change_tag(uow, tag_id=other, name="Vip", colour="red")
        await archive_tag(uow, tag_id=vip)
        assert [tag.name for tag in await list_tags(uow)] == ["老客户"]
        assert await add_tag(uow, name="vip", colour="red") == vip
        await change_tag(uow, tag_id=other, name="老朋友", colour="green")
        assert [tag.name for tag in await find_tags(uow, "老")] == ["老朋友"]
        with pytest.raises(InvalidInput):
            await add_tag(uow, name=" ", colour="pink")
        with pytest.raises(InvalidInput):
            await change_tag(uow, tag_id=other, name="", colour="red")


async def test_a_tag_on_a_customer_is_found_filtered_and_taken_off(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one, two = await _add(uow), await _add(uow, "李雷雷")
        with pytest.raises(InvalidInput):
            await tag_customer(uow, customer_id=one, name="新标签")
        tag = await tag_customer(uow, customer_id=one, name="新标签", may_make=True)
        await tag_customer(uow, customer_id=one, tag_id=tag.tag_id)
        assert [t.name for t in (await get_tags_of(uow, [one, two]))[one]] == ["新标签"]
        assert await list_matching(uow, tag_id=tag.tag_id) == [one]
        assert [(t.name, t.count) for t in await list_tags(uow)] == [("新标签", 1)]
        await untag_customer(uow, customer_id=one, tag_id=tag.tag_id)
        await untag_customer(uow, customer_id=one, tag_id=tag.tag_id)
        assert await list_matching(uow, tag_id=tag.tag_id) == []


async def test_another_chains_tag_and_customer_are_not_there(tenant_a: TestTenant, tenant_b: TestTenant) -> None:
    async with tenant_b.unit() as uow:
        theirs, tag = await _add(uow), await add_tag(uow, name="他们的")
    async with tenant_a.unit() as uow:
        mine = await _add(uow)
        for customer_id, tag_id in ((mine, tag), (theirs, tag)):
            with pytest.raises(NotFound):
                await tag_customer(uow, customer_id=customer_id, tag_id=tag_id)
        with pytest.raises(NotFound):
            await set_preference(uow, customer_id=theirs, preference=Preference())
        with pytest.raises(NotFound):
            await set_preference(uow, customer_id=mine, preference=Preference(clinician_id=tenant_b.staff["doctor"].id))


async def test_wishes_name_a_clinician_and_come_back_on_undo(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one = await _add(uow)
        wished = Preference(clinician_id=tenant_a.staff["doctor"].id, channel="wechat", contact_time="evening")
        before = await set_preference(uow, customer_id=one, preference=wished)
        assert await get_preference(uow, one) == wished
        assert await set_preference(uow, customer_id=one, preference=before) == wished
        assert await get_preference(uow, one) == Preference()
        bad = Preference(channel="pigeon", contact_time="never", locale="fr")
        with pytest.raises(InvalidInput) as refused:
            await set_preference(uow, customer_id=one, preference=bad)
        assert {problem.path for problem in refused.value.problems} == {"channel", "contact_time", "locale"}


async def test_own_fields_are_defined_ordered_archived_and_the_shipped_ones_stay(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        first = await define_field(uow, entity_type="customer", label={"zh-CN": "付款习惯"}, kind="text")
        assert first == "x_fu_kuan_xi_guan"
        again = await define_field(uow, entity_type="customer", label={"zh-CN": "付款习惯"}, kind="number")
        assert again == "x_fu_kuan_xi_guan_2"
        await move_field(uow, entity_type="customer", key=again, up=True)
        await move_field(uow, entity_type="customer", key=again, up=True)
        keys = [field.key for field in await list_fields(uow, entity_type="customer")]
        assert keys == ["children_at_home", "spending", again, first]
        await archive_field(uow, entity_type="customer", key=first)
        assert first not in [field.key for field in await list_fields(uow)]
        await archive_field(uow, entity_type="customer", key=first, archived=False)
        await change_field(uow, entity_type="customer", key=first, label={"en": "Pays by"})
        with pytest.raises(FieldIsShipped):
            await archive_field(uow, entity_type="customer", key="spending")
        with pytest.raises(NotFound):
            await archive_field(uow, entity_type="subject", key=first)
        for kind, bad in (("choice", ""), ("blob", ""), ("text", "spending")):
            with pytest.raises(InvalidInput):
                await define_field(uow, entity_type="customer", label={"en": "Bad"}, kind=kind, key=bad)
        with pytest.raises(InvalidInput):
            await change_field(uow, entity_type="customer", key=first, label={})


async def test_own_values_are_checked_kept_with_their_history_and_filtered_by(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one = await _add(uow)
        key = await define_field(uow, entity_type="customer", label={"en": "Since"}, kind="date", key="x_since")
        typed = {key: "2024/3/1", "children_at_home": "是", "spending": "品质优先"}
        assert await set_own_values(uow, entity_type="customer", entity_id=one, typed=typed) == ()
        record = await get_customer(uow, one)
        assert record.custom == {key: date(2024, 3, 1), "children_at_home": 1, "spending": "quality"}
        assert await list_matching(uow, field_key=key, value=date(2024, 3, 1)) == [one]
        assert await list_matching(uow, field_key="children_at_home", value=True) == [one]
        assert await list_matching(uow, field_key="spending", value="quality", after=one) == []
        wrong = {key: "soon", "spending": "lavish", "x_unknown": "1"}
        with pytest.raises(InvalidInput) as refused:
            await set_own_values(uow, entity_type="customer", entity_id=one, typed=wrong)
        assert {(p.path, p.code) for p in refused.value.problems} == {
            (key, "bad-date"),
            ("spending", "bad-choice"),
            ("x_unknown", "unknown"),
        }
        said = await set_own_values(
            uow, entity_type="customer", entity_id=one, typed={"spending": "budget"}, source="import"
        )
        assert said == ("spending",)
        last = (await list_profile_values(uow, one))[0]
        assert (last.field_key, last.value, last.source, last.taken) == ("spending", "budget", "import", False)
        with pytest.raises(NotFound):
            await set_profile_value(
                uow, entity_type="customer", entity_id=new_id(), field_key=key, value="x", source="staff"
            )


async def test_a_note_is_changed_taken_away_and_put_back_with_its_words_behind_it(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one, two = await _add(uow), await _add(uow, "李雷雷")
        note = await add_note(uow, customer_id=one, body="怕狗")
        await change_note(uow, customer_id=one, note_id=note, body="怕狗")
        assert await get_note_states(uow, [note]) == {}
        await change_note(uow, customer_id=one, note_id=note, body="怕大狗")
        await remove_note(uow, customer_id=one, note_id=note)
        state = (await get_note_states(uow, [note]))[note]
        assert (state.body, state.removed, len(state.versions)) == ("怕大狗", True, 2)
        await remove_note(uow, customer_id=one, note_id=note, removed=False)
        assert not (await get_note_states(uow, [note]))[note].removed
        with pytest.raises(NotFound):
            await change_note(uow, customer_id=two, note_id=note, body="x")
        for body in ("", "x" * 3000):
            with pytest.raises(InvalidInput):
                await change_note(uow, customer_id=one, note_id=note, body=body)


async def test_somebody_leaves_a_household_and_comes_back(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one, two = await _add(uow), await _add(uow, "李雷雷")
        household = await join_household(uow, customer_id=one, other_id=two)
        assert [row.customer_id for row in await list_household(uow, await get_customer(uow, one))] == [two]
        assert await leave_household(uow, customer_id=two) == household
        assert await leave_household(uow, customer_id=two) is None
        assert await list_household(uow, await get_customer(uow, one)) == []
        await enter_household(uow, customer_id=two, household_id=household)
        assert [row.customer_id for row in await list_household(uow, await get_customer(uow, one))] == [two]
        with pytest.raises(NotFound):
            await enter_household(uow, customer_id=two, household_id=new_id())
