"""Two customers become one and two again: everything follows, sums stay right, and nothing later is lost by the undo."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.complaints.actions.filing import file_complaint
from core.complaints.queries.cases import list_for_customer
from core.complaints.rules.filing import Filing
from core.contacts.actions import record_consent
from core.contacts.permission import may_contact
from core.customers.actions import CustomerChanged, add_customer, add_note, add_subject
from core.customers.profile import set_profile_value
from core.customers.queries import CustomerMerged, find_customers, get_customer, list_events
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import Base, table_of
from core.errors import InvalidInput, NotFound
from core.forms.actions import create_link
from core.forms.models import FormLink
from core.loyalty.actions import record_purchase, refund_purchase
from core.loyalty.queries import count_ledger_fen, get_membership, list_purchases
from core.merges.merging import merge_customers, settle_merge
from core.merges.moving import list_places
from core.merges.queries import get_merge, get_merge_preview, list_merges, list_pet_pairs
from core.merges.rules import KEPT, PetPair
from core.merges.undoing import MergeGrown, MergeTooOld, MergeUndone, undo_merge
from tenants.plugin_settings import enable_plugin
from tests.workplaces import MovableClock, TestTenant

DOUDOU = SubjectDraft(name="豆豆", kind="petclinic.pet", species="dog", breed="柯基")
"""The same dog as the other one, who has a chip."""
CHIPPED = SubjectDraft(
    name="逗逗", kind="petclinic.pet", species="dog", chip="985112000000001", birthday=date(2022, 5, 1)
)
MIMI = SubjectDraft(name="咪咪", kind="petclinic.pet", species="cat")


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _add(tenant: TestTenant, name: str, phone: str, *pets: SubjectDraft, **more: Any) -> UUID:
    draft = CustomerDraft(full_name=name, phones=(f"+86{phone}",), subjects=pets, **more)
    async with tenant.unit() as uow:
        return await add_customer(uow, draft=draft, allow_duplicate=True)


async def _pair(tenant: TestTenant) -> tuple[UUID, UUID]:
    left = await _add(tenant, "王小美", "13812346871", DOUDOU, note="怕狗")
    right = await _add(tenant, "王晓美", "13812346817", CHIPPED, MIMI, member_no="HY00102", note="只加微信")
    return left, right


async def _merge(tenant: TestTenant, left: UUID, right: UUID, pets: Sequence[PetPair] = (), **more: Any) -> UUID:
    async with tenant.unit() as uow:
        return await merge_customers(uow, winner_id=left, loser_id=right, pets=pets, **more)


async def _proposed(tenant: TestTenant, left: UUID, right: UUID) -> tuple[PetPair, ...]:
    async with tenant.workplace.reading(tenant.id) as reader:
        return list_pet_pairs(await get_merge_preview(reader, winner_id=left, loser_id=right))


async def _undo(tenant: TestTenant, merge_id: UUID) -> UUID:
    async with tenant.unit() as uow:
        return await undo_merge(uow, merge_id=merge_id)


async def _snapshot(tenant: TestTenant, *ids: UUID) -> list[Any]:
    """Everything about these customers that an undo must bring back, but for what it adds to the books itself."""
    said: list[Any] = []
    async with tenant.workplace.reading(tenant.id) as reader:
        for one in ids:
            record = await get_customer(reader, one)
            card = await get_membership(reader, one)
            pets = [(pet.name, pet.chip, pet.birthday, pet.species, pet.custom) for pet in record.subjects]
            said.append(
                (
                    [
                        getattr(record, name)
                        for name in ("full_name", "phone_e164", "gender", "member_no", "note", "household_id")
                    ],
                    [phone.e164 for phone in record.phones],
                    sorted(pets, key=str),
                    record.custom,
                    (card.spent_fen, card.points, card.tier and card.tier.code),
                    [one.purchase_id for one in await list_purchases(reader, one)],
                    [row.complaint_id for row in await list_for_customer(reader, customer_id=one, limit=10)],
                )
            )
    return said


def test_every_table_that_names_a_customer_follows_or_stays_for_a_reason() -> None:
    followed = {place.table for entity in ("customer", "subject") for place in list_places(entity)}
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.c
        if (
            column.name in {"customer_id", "subject_id", "entity_id"}
            and (column.name != "entity_id" or "entity_type" in table.c)
        )
        or any(
            key.column.table.name in {"customer", "subject"} and column.name != "tenant_id"
            for key in column.foreign_keys
        )
    }
    assert naming - followed - set(KEPT) == set()
    assert set(KEPT) <= set(Base.metadata.tables)
    assert all(KEPT.values())


async def test_what_the_application_may_not_change_is_never_moved(clinic: TestTenant) -> None:
    followed = {place.table for entity in ("customer", "subject") for place in list_places(entity)}
    async with clinic.unit() as uow:
        for table in sorted(followed):
            assert await uow.session.scalar(text("SELECT has_table_privilege(:name, 'UPDATE')"), {"name": table}), table


async def test_the_preview_names_what_stays_what_is_joined_and_what_moves(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=right, fen=30_000, key="p1")
    async with clinic.workplace.reading(clinic.id) as reader:
        seen = await get_merge_preview(reader, winner_id=left, loser_id=right, choices={"full_name": "right"})
        with pytest.raises(NotFound):
            await get_merge_preview(reader, winner_id=left, loser_id=left)
    fields = {field.key: field for field in seen.fields}
    assert (fields["full_name"].result, fields["full_name"].differs) == ("王晓美", True)
    assert (fields["member_no"].result, fields["member_no"].differs) == ("HY00102", False)
    assert fields["note"].result == "怕狗\n只加微信"
    assert seen.phones == ("+8613812346871", "+8613812346817")
    assert [(one.name, other.name) for one, other in seen.pets] == [("逗逗", "豆豆")]
    assert [pet.name for pet in seen.other_pets] == ["咪咪"]
    assert (seen.counts["purchase"], seen.counts["subject"]) == (1, 2)
    assert {"name-sound", "phone-near"} <= {reason.code for reason in seen.likeness.reasons}


async def test_everything_follows_and_the_undo_brings_everything_back(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=left, fen=30_000, key="p0")
        bill = await record_purchase(uow, customer_id=right, fen=30_000, key="p1")
        await set_profile_value(
            uow, entity_type="customer", entity_id=right, field_key="wechat", value="mei", source="staff"
        )
        link = await create_link(uow, form_id="petclinic.intake", customer_id=right)
        filed = await file_complaint(
            uow, filing=Filing(text="等太久", contact_name="王晓美", contact_phone="13812346817")
        )
        await add_note(uow, customer_id=right, body="喜欢周末来")
    before = await _snapshot(clinic, left, right)
    pets = await _proposed(clinic, left, right)
    merge_id = await _merge(clinic, left, right, pets)
    async with clinic.workplace.reading(clinic.id) as reader:
        record = await get_customer(reader, left)
        card = await get_membership(reader, left)
        assert [phone.e164 for phone in record.phones] == ["+8613812346871", "+8613812346817"]
        assert {(pet.name, pet.chip) for pet in record.subjects} == {("豆豆", "985112000000001"), ("咪咪", None)}
        assert (record.member_no, record.custom["wechat"]) == ("HY00102", "mei")
        assert (card.spent_fen, card.tier and card.tier.code) == (60_000, "silver")
        assert await count_ledger_fen(reader, left) == 60_000
        assert await count_ledger_fen(reader, right) == 0
        assert {one.purchase_id for one in await list_purchases(reader, left)} >= {bill.purchase_id}
        assert [row.complaint_id for row in await list_for_customer(reader, customer_id=left, limit=5)] == [
            filed.complaint_id
        ]
        told = [event.kind for event in await list_events(reader, left)]
        assert {"merged", "note", "purchase", "complaint"} <= set(told)
        assert (
            await reader.session.scalar(
                select(table_of(FormLink).c.customer_id).where(table_of(FormLink).c.link_id == link.link_id)
            )
            == left
        )
        with pytest.raises(CustomerMerged) as gone:
            await get_customer(reader, right)
        assert gone.value.params["customer_id"] == left
        for typed in ("王晓美", "13812346817", "6817", "HY00102", "咪咪", "王小美"):
            assert [row.customer_id for row in await find_customers(reader, typed)] == [left], typed
        assert [one.loser_name for one in await list_merges(reader, left)] == ["王晓美"]
    assert await _undo(clinic, merge_id) == right
    assert await _snapshot(clinic, left, right) == before
    async with clinic.workplace.reading(clinic.id) as reader:
        for one, fen in ((left, 30_000), (right, 30_000)):
            assert await count_ledger_fen(reader, one) == fen
        assert (await find_customers(reader, "王晓美"))[0].customer_id == right
        assert [row.customer_id for row in await find_customers(reader, "6817")] == [right]
        assert "merge_undone" in [event.kind for event in await list_events(reader, right)]
        assert (await get_merge(reader, merge_id)).may_undo is False
    with pytest.raises(MergeUndone):
        await _undo(clinic, merge_id)


async def test_a_higher_tier_is_kept_and_goes_back_with_its_owner(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    async with clinic.unit() as uow:
        await record_purchase(uow, customer_id=right, fen=250_000, key="gold")
    merge_id = await _merge(clinic, left, right)
    async with clinic.unit() as uow:
        assert (await get_membership(uow, left)).tier.code == "gold"  # type: ignore[union-attr] # has a ladder
        await record_purchase(uow, customer_id=left, fen=60_000, key="since")
    await _undo(clinic, merge_id)
    async with clinic.workplace.reading(clinic.id) as reader:
        cards = [await get_membership(reader, one) for one in (left, right)]
    assert [(card.spent_fen, card.tier and card.tier.code) for card in cards] == [(60_000, "silver"), (250_000, "gold")]


async def test_the_undo_refuses_and_says_what_was_changed_since(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    async with clinic.unit() as uow:
        bill = await record_purchase(uow, customer_id=right, fen=30_000, key="p1")
    merge_id = await _merge(clinic, left, right, await _proposed(clinic, left, right))
    async with clinic.unit() as uow:
        await refund_purchase(uow, purchase_id=bill.purchase_id, fen=10_000)
        await set_profile_value(
            uow, entity_type="customer", entity_id=left, field_key="note", value="新的", source="staff"
        )
    with pytest.raises(MergeGrown) as refused:
        await _undo(clinic, merge_id)
    assert set(refused.value.params["reasons"]) == {"field:note", "refund"}  # type: ignore[call-overload] # a tuple


async def test_after_thirty_days_a_merge_stays(clinic: TestTenant, clock: MovableClock) -> None:
    left, right = await _pair(clinic)
    merge_id = await _merge(clinic, left, right)
    clock.advance(timedelta(days=30))
    async with clinic.workplace.reading(clinic.id) as reader:
        assert (await get_merge(reader, merge_id)).may_undo
    clock.advance(seconds=1)
    with pytest.raises(MergeTooOld):
        await _undo(clinic, merge_id)


async def test_a_chain_of_merges_ends_at_one_person_and_is_undone_from_its_end(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    third = await _add(clinic, "王小妹", "13900001111")
    first = await _merge(clinic, left, right)
    second = await _merge(clinic, third, left)
    async with clinic.unit() as uow:
        for one in (left, right):
            with pytest.raises(CustomerMerged) as gone:
                await get_customer(uow, one)
            assert gone.value.params["customer_id"] == third
        assert {"6871", "6817"} <= {phone.e164[-4:] for phone in (await get_customer(uow, third)).phones}
        with pytest.raises(CustomerMerged):
            await merge_customers(uow, winner_id=right, loser_id=third)
    with pytest.raises(MergeGrown) as refused:
        await _undo(clinic, first)
    assert refused.value.params["reasons"] == ("winner-merged",)
    before = [second, first]
    for merge_id in before:
        await _undo(clinic, merge_id)
    async with clinic.workplace.reading(clinic.id) as reader:
        tails = [[p.e164[-4:] for p in (await get_customer(reader, one)).phones] for one in (left, right, third)]
    assert tails == [["6871"], ["6817"], ["1111"]]


async def test_what_is_written_for_the_loser_meanwhile_follows(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    merge_id = await _merge(clinic, left, right)
    async with clinic.unit() as uow:
        # A bill that had the old id in hand goes to the present customer by itself ...
        assert (await record_purchase(uow, customer_id=right, fen=5_000, key="late")).spent_fen == 5_000
        with pytest.raises(CustomerMerged):
            await add_subject(uow, customer_id=right, draft=MIMI)
        # ... and a row that was written in the very moment is found by the look afterwards.
        link = await create_link(uow, form_id="petclinic.intake", customer_id=left)
        links = table_of(FormLink)
        await uow.session.execute(links.update().where(links.c.link_id == link.link_id).values(customer_id=right))
        assert await settle_merge(uow, merge_id=merge_id) == 1
        assert await settle_merge(uow, merge_id=merge_id) == 0
        assert await uow.session.scalar(select(links.c.customer_id).where(links.c.link_id == link.link_id)) == left
    await _undo(clinic, merge_id)
    async with clinic.workplace.reading(clinic.id) as reader:
        assert await reader.session.scalar(select(links.c.customer_id).where(links.c.link_id == link.link_id)) == right


async def test_bad_merges_are_refused(clinic: TestTenant, tenant_b: TestTenant) -> None:
    left, right = await _pair(clinic)
    stranger = await _add(tenant_b, "王小美", "13812346871")
    async with clinic.unit() as uow:
        record, other = await get_customer(uow, left), await get_customer(uow, right)
        with pytest.raises(InvalidInput):
            await merge_customers(uow, winner_id=left, loser_id=left)
        with pytest.raises(NotFound):
            await merge_customers(uow, winner_id=left, loser_id=stranger)
        with pytest.raises(CustomerChanged):
            await merge_customers(uow, winner_id=left, loser_id=right, versions=(record.version + 1, other.version))
        mixed = PetPair(record.subjects[0].subject_id, other.subjects[0].subject_id)
        with pytest.raises(InvalidInput):
            await merge_customers(uow, winner_id=left, loser_id=right, pets=(mixed,))
        with pytest.raises(NotFound):
            await undo_merge(uow, merge_id=left)


async def test_who_said_no_as_either_has_said_no(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    async with clinic.unit() as uow:
        for one, decision in ((left, "granted"), (right, "withdrawn")):
            await record_consent(uow, customer_id=one, purpose="marketing", decision=decision, source="desk")
    await _merge(clinic, left, right)
    async with clinic.workplace.reading(clinic.id) as reader:
        assert not await may_contact(reader, left, purpose="marketing", channel="sms")


async def test_two_merges_at_once_wait_for_each_other(clinic: TestTenant) -> None:
    left, right = await _pair(clinic)
    results = []
    for pair in ((left, right), (right, left)):
        try:
            results.append(await _merge(clinic, *pair))
        except CustomerMerged as gone:
            results.append(gone)
        await asyncio.sleep(0)
    assert isinstance(results[0], UUID)
    assert isinstance(results[1], CustomerMerged)
