"""A form from its link to its rows: judged, checked by plugins, put to customer and subject, once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from core.customers.actions import add_customer, add_subject
from core.customers.queries import get_customer, get_subject, list_events, list_profile_values
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import new_id
from core.errors import FieldProblem, InvalidInput, NotFound
from core.forms.actions import create_link, record_intake, revoke_link, submit_intake
from core.forms.drafts import DraftChanged, save_draft
from core.forms.queries import (
    FormLinkExpired,
    FormLinkRevoked,
    FormLinkUsed,
    FormNotOffered,
    find_draft,
    find_form,
    get_definition,
    get_link,
    get_opened_form,
    get_submission,
    list_forms,
    list_links,
    list_submissions,
)
from core.forms.rules import version_of
from core.uow import UnitOfWork
from tenants.plugin_settings import disable_plugin, enable_plugin
from tests.workplaces import MovableClock, TestTenant

FORM = "petclinic.intake"
PHONE = "13800138000"
ANSWERS: dict[str, Any] = {
    "species": "cat",
    "pet_name": "年糕",
    "weight_kg": 4.2,
    "chief_complaint": "昨晚起吐了三次",
    "onset": "2026-11-22",
    "illness": "none",
    "owner_name": "王小明",
    "owner_phone": PHONE,
    "signature": {"name": "王小明"},
}


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit("tenant_admin") as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def poster(clinic: TestTenant, **more: Any) -> str:
    async with clinic.unit("tenant_admin") as uow:
        return (await create_link(uow, form_id=FORM, branch_id=clinic.signed_up.branch_id, **more)).code


async def test_a_submit_writes_down_customer_pet_and_history(clinic: TestTenant) -> None:
    code = await poster(clinic)
    async with clinic.unit() as uow:
        filled = await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
    assert (filled.answered, filled.total, filled.replayed) == (3, 8, False)
    assert filled.customer_id is not None
    assert filled.subject_id is not None
    async with clinic.unit() as uow:
        customer = await get_customer(uow, filled.customer_id)
        assert (customer.full_name, customer.phone_e164, customer.source) == (
            "王小明",
            "+86138" + "00138000",
            "customer",
        )
        pet = customer.subjects[0]
        assert (pet.name, pet.kind, pet.species) == ("年糕", "petclinic.pet", "cat")
        assert pet.custom == {"weight_kg": "4.2"}
        event = (await list_events(uow, filled.customer_id))[0]
        assert (event.kind, event.ref_id, event.subject_id) == ("intake", filled.submission_id, filled.subject_id)
        said = await list_profile_values(uow, filled.subject_id)
        assert [(one.field_key, one.value, one.source) for one in said] == [("weight_kg", "4.2", "customer")]
        assert (await get_link(uow, code)).uses == 1
        row = (await list_submissions(uow, customer_id=filled.customer_id))[0]
        assert (row.customer_name, row.subject_name, row.channel, row.answered) == ("王小明", "年糕", "online", 3)


async def test_every_problem_comes_at_once_and_nothing_is_written(clinic: TestTenant) -> None:
    code = await poster(clinic)
    bad = ANSWERS | {"species": "cow", "onset": "2026-11-24", "nobody": 1, "exotic_kind": 5}
    with pytest.raises(InvalidInput) as refused:
        async with clinic.unit() as uow:
            await submit_intake(uow, code=code, answers=bad, once_key="k1")
    assert [(one.path, one.code) for one in refused.value.problems] == [
        *(("species", "option"), ("onset", "future"), ("nobody", "unknown")),
    ]
    async with clinic.unit() as uow:
        assert await list_submissions(uow) == []
        assert (await get_link(uow, code)).uses == 0


async def test_a_second_click_finds_the_first_ones_row(clinic: TestTenant) -> None:
    code = await poster(clinic, max_uses=1)
    async with clinic.unit() as uow:
        first = await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
    async with clinic.unit() as uow:
        second = await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
        assert len(await list_submissions(uow)) == 1
        assert (await get_opened_form(uow, code, once_key="k1")).form.id == FORM
        with pytest.raises(FormLinkUsed):
            await get_opened_form(uow, code, once_key="k2")
    assert (second.submission_id, second.replayed) == (first.submission_id, True)
    with pytest.raises(FormLinkUsed):
        async with clinic.unit() as uow:
            await submit_intake(uow, code=code, answers=ANSWERS, once_key="k2")
    with pytest.raises(InvalidInput):
        async with clinic.unit() as uow:
            await submit_intake(uow, code=code, answers=ANSWERS, once_key="")


async def test_the_same_owner_and_pet_are_found_again(clinic: TestTenant) -> None:
    code = await poster(clinic)
    async with clinic.unit() as uow:
        first = await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
    async with clinic.unit() as uow:
        again = ANSWERS | {"owner_phone": " 138-0013-8000 ", "weight_kg": 4.5, "owner_name": "王太太"}
        second = await submit_intake(uow, code=code, answers=again, once_key="k2")
        assert (second.customer_id, second.subject_id) == (first.customer_id, first.subject_id)
        assert second.customer_id is not None
        assert second.subject_id is not None
        assert (await get_customer(uow, second.customer_id)).full_name == "王小明"
        assert (await get_subject(uow, second.subject_id)).custom == {"weight_kg": "4.5"}
        assert [one.value for one in await list_profile_values(uow, second.subject_id)] == ["4.5", "4.2"]
        assert [row.submission_id for row in await list_submissions(uow)] == [second.submission_id, first.submission_id]
        older = await list_submissions(uow, before=second.submission_id)
        assert [row.submission_id for row in older] == [first.submission_id]


async def test_an_interview_outweighs_what_the_customer_says_later(clinic: TestTenant) -> None:
    async with clinic.unit("front_desk") as uow:
        asked = await record_intake(uow, form_id=FORM, answers=ANSWERS | {"weight_kg": 5}, once_key="k1")
    assert asked.subject_id is not None
    code = await poster(clinic)
    async with clinic.unit() as uow:
        await submit_intake(uow, code=code, answers=ANSWERS | {"weight_kg": 9}, once_key="k2")
        assert (await get_subject(uow, asked.subject_id)).custom == {"weight_kg": 5}
        said = await list_profile_values(uow, asked.subject_id)
        assert [(one.value, one.source, one.taken) for one in said] == [
            ("9", "customer", False),
            ("5", "staff", True),
        ]


async def test_what_the_record_refuses_is_shown_where_it_was_typed(clinic: TestTenant) -> None:
    code = await poster(clinic)
    with pytest.raises(InvalidInput) as refused:
        async with clinic.unit() as uow:
            await submit_intake(uow, code=code, answers=ANSWERS | {"owner_phone": "12345"}, once_key="k1")
    assert refused.value.problems == (FieldProblem("owner_phone", "bad-phone"),)


async def test_alerts_and_remarks_of_plugins_are_kept(clinic: TestTenant) -> None:
    code = await poster(clinic)
    worry = ANSWERS | {
        "allergy": "yes",
        "allergies": "青霉素",
        "urgent_signs": ["seizure"],
        "medication": "yes",
        "drugs": "泼尼松",
        "weight_kg": 30,
    }
    async with clinic.unit() as uow:
        filled = await submit_intake(uow, code=code, answers=worry, once_key="k1")
    assert [flag.id for flag in filled.flags] == ["urgent", "on_drugs", "allergy"]
    assert [notice.field for notice in filled.notices] == ["weight_kg"]
    async with clinic.unit() as uow:
        record = await get_submission(uow, filled.submission_id, locale="zh-CN")
        assert (record.flags, record.notices) == (filled.flags, filled.notices)
        assert record.missing == ("过程", "饮食", "运动", "社交")
        fields = {field.name: field for section in record.view.sections for field in section.fields}
        assert (fields["species"].display, fields["species"].label) == ("猫", "宠物类型")
        assert fields["exotic_kind"].visible is False


async def test_a_submission_is_shown_from_its_own_version_for_ever(clinic: TestTenant) -> None:
    code = await poster(clinic)
    async with clinic.unit() as uow:
        filled = await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
        live = await find_form(uow, FORM)
        assert live is not None
        version = version_of(live)
    async with clinic.unit() as uow:
        stored = await get_submission(uow, filled.submission_id)
        assert (stored.version, stored.view.version) == (version, version)
    async with clinic.unit("tenant_admin") as uow:
        await disable_plugin(uow, plugin_id="petclinic")
    async with clinic.unit() as uow:
        assert await list_forms(uow) == []
        assert await get_definition(uow, form_id=FORM, version=version) == live
        assert (await get_submission(uow, filled.submission_id)).view == stored.view
        with pytest.raises(NotFound):
            await get_definition(uow, form_id=FORM, version="0" * 16)
    with pytest.raises(NotFound):
        async with clinic.unit() as uow:
            await get_submission(uow, new_id())


async def test_each_end_of_a_link_says_what_it_is(clinic: TestTenant, clock: MovableClock) -> None:
    code = await poster(clinic, expires_at=clock() + timedelta(hours=1))
    async with clinic.unit() as uow:
        opened = await get_opened_form(uow, code)
        assert (opened.form.id, opened.answers, opened.today, opened.known) == (FORM, {}, "2026-11-23", frozenset())
        with pytest.raises(NotFound):
            await get_opened_form(uow, code + "x")
    clock.advance(hours=1)
    async with clinic.unit() as uow:
        with pytest.raises(FormLinkExpired):
            await get_opened_form(uow, code)
        link = await get_link(uow, code)
        await revoke_link(uow, link_id=link.link_id)
        await revoke_link(uow, link_id=link.link_id)
        with pytest.raises(FormLinkRevoked):
            await get_opened_form(uow, code)
        with pytest.raises(NotFound):
            await revoke_link(uow, link_id=new_id())
        assert [one.code for one in await list_links(uow, form_id=FORM)] == [code]
        assert await list_links(uow, form_id="t.other") == []


async def test_a_link_needs_a_form_a_future_and_a_use(clinic: TestTenant, clock: MovableClock) -> None:
    async with clinic.unit("tenant_admin") as uow:
        with pytest.raises(FormNotOffered):
            await create_link(uow, form_id="petclinic.nothing")
        with pytest.raises(InvalidInput):
            await create_link(uow, form_id=FORM, expires_at=clock())
        with pytest.raises(InvalidInput):
            await create_link(uow, form_id=FORM, max_uses=0)


async def test_a_form_for_a_customer_of_nobody_is_not_found(clinic: TestTenant) -> None:
    async with clinic.unit("tenant_admin") as uow:
        with pytest.raises(NotFound):
            await create_link(uow, form_id=FORM, customer_id=new_id())
        with pytest.raises(NotFound):
            await record_intake(uow, form_id=FORM, answers=ANSWERS, once_key="k1", customer_id=new_id())
        for once_key in ("", "a b", "a\x00", "x" * 101):
            with pytest.raises(InvalidInput):
                await record_intake(uow, form_id=FORM, answers=ANSWERS, once_key=once_key)


async def test_a_chain_without_the_plugin_has_no_form(tenant_b: TestTenant) -> None:
    async with tenant_b.unit("tenant_admin") as uow:
        assert await list_forms(uow) == []
        with pytest.raises(FormNotOffered):
            await create_link(uow, form_id=FORM)
        with pytest.raises(FormNotOffered):
            await record_intake(uow, form_id=FORM, answers=ANSWERS, once_key="k1")


async def known_pet(uow: UnitOfWork) -> tuple[UUID, UUID]:
    owner = await add_customer(uow, draft=CustomerDraft(full_name="李雷", phones=("+8613900139000",)))
    pet = SubjectDraft(name="旺财", kind="petclinic.pet", species="dog", breed="柴犬")
    return owner, await add_subject(uow, customer_id=owner, draft=pet)


async def test_a_link_for_one_person_fills_in_what_is_known_and_is_good_once(clinic: TestTenant) -> None:
    async with clinic.unit("tenant_admin") as uow:
        owner, pet = await known_pet(uow)
        link = await create_link(uow, form_id=FORM, subject_id=pet)
        assert (link.customer_id, link.max_uses) == (owner, 1)
        with pytest.raises(NotFound):
            await create_link(uow, form_id=FORM, subject_id=pet, customer_id=new_id())
    async with clinic.unit() as uow:
        opened = await get_opened_form(uow, link.code)
        assert opened.answers == {
            "species": "dog",
            "exotic_kind": "柴犬",
            "pet_name": "旺财",
            "owner_name": "李雷",
            "owner_phone": "+8613900139000",
        }
        assert opened.known == frozenset(opened.answers)
        answers = opened.answers | {"chief_complaint": "咳嗽", "signature": "李雷", "weight_kg": 10}
        filled = await submit_intake(uow, code=link.code, answers=answers, once_key="k1")
        assert (filled.customer_id, filled.subject_id) == (owner, pet)
        with pytest.raises(FormLinkUsed):
            await get_opened_form(uow, link.code)


async def test_staff_record_a_form_for_a_known_pet(clinic: TestTenant) -> None:
    async with clinic.unit("front_desk") as uow:
        owner, pet = await known_pet(uow)
        filled = await record_intake(uow, form_id=FORM, answers=ANSWERS, once_key="k1", subject_id=pet, channel="phone")
        assert (filled.customer_id, filled.subject_id) == (owner, pet)
        again = await record_intake(uow, form_id=FORM, answers=ANSWERS, once_key="k1", subject_id=pet)
        assert again.replayed
        assert (await list_submissions(uow, subject_id=pet, purpose="intake"))[0].channel == "phone"
        assert (await get_subject(uow, pet)).name == "年糕"
        assert await list_submissions(uow, branch_id=new_id()) == []


async def test_a_draft_goes_on_where_its_key_is(clinic: TestTenant, clock: MovableClock) -> None:
    code = await poster(clinic)
    half = {"species": "cat", "weight_kg": "not yet"}
    async with clinic.unit() as uow:
        saved = await save_draft(uow, code=code, answers=half)
        opened = await get_opened_form(uow, code)
        draft = await find_draft(uow, opened, key=saved.key)
        assert draft is not None
        assert (draft.carried.answers, draft.revision, draft.same_version) == (half, 1, True)
        assert await find_draft(uow, opened, key=None) is None
        assert await find_draft(uow, opened, key="guess") is None
        more = await save_draft(uow, code=code, answers=ANSWERS, key=saved.key, revision=1)
        assert (more.key, more.revision) == (saved.key, 2)
        assert (await save_draft(uow, code=code, answers=ANSWERS, key=saved.key)).revision == 3
        await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1", draft_key=saved.key)
        assert await find_draft(uow, opened, key=saved.key) is None
        assert (await save_draft(uow, code=code, answers=half, key=saved.key)).key != saved.key
    clock.advance(days=31)
    async with clinic.unit() as uow:
        assert await find_draft(uow, await get_opened_form(uow, code), key=more.key) is None


async def test_two_devices_on_one_draft_are_told(clinic: TestTenant) -> None:
    code = await poster(clinic, max_uses=1)
    async with clinic.unit() as uow:
        first = await save_draft(uow, code=code, answers={"species": "cat"})
        await save_draft(uow, code=code, answers={"species": "dog"}, revision=first.revision)
        with pytest.raises(DraftChanged):
            await save_draft(uow, code=code, answers={"species": "cat"}, revision=first.revision)
        draft = await find_draft(uow, await get_opened_form(uow, code), key=None)
        assert draft is not None
        assert draft.carried.answers == {"species": "dog"}


async def test_a_draft_of_an_older_version_is_carried_over(clinic: TestTenant) -> None:
    code = await poster(clinic)
    async with clinic.unit() as uow:
        saved = await save_draft(uow, code=code, answers={"species": "cat", "diet": "猫粮"})
        opened = await get_opened_form(uow, code)
        newer = msgspec.structs.replace(
            opened.form, fields=tuple(field for field in opened.form.fields if field.key != "diet")
        )
        upgraded = msgspec.structs.replace(opened, form=newer, version=version_of(newer))
        draft = await find_draft(uow, upgraded, key=saved.key)
        assert draft is not None
        assert (draft.carried.answers, draft.same_version) == ({"species": "cat"}, False)
        assert [(one.key, one.value) for one in draft.carried.leftovers] == [("diet", "猫粮")]


async def test_a_draft_has_a_bounded_size_and_text_that_can_be_kept(clinic: TestTenant) -> None:
    code = await poster(clinic)
    async with clinic.unit() as uow:
        for bad in ({"diet": "a\x00"}, {"past": [{"disease": "\ud800"}]}, {"\x00": 1}):
            with pytest.raises(InvalidInput):
                await save_draft(uow, code=code, answers=bad)
        with pytest.raises(InvalidInput):
            await save_draft(uow, code=code, answers={"diet": "x" * 600_000})


async def test_nothing_of_it_is_seen_by_another_chain(clinic: TestTenant, tenant_b: TestTenant) -> None:
    code = await poster(clinic)
    async with clinic.unit() as uow:
        filled = await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
    async with tenant_b.unit() as uow:
        assert await list_submissions(uow) == []
        assert await list_links(uow) == []
        with pytest.raises(NotFound):
            await get_opened_form(uow, code)
        with pytest.raises(NotFound):
            await get_submission(uow, filled.submission_id)
        with pytest.raises(NotFound):
            await save_draft(uow, code=code, answers={})
        with pytest.raises(NotFound):
            await submit_intake(uow, code=code, answers=ANSWERS, once_key="k1")
