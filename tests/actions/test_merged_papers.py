"""Papers of customers and pets that became one: signed as either they count, taken back as either they do not."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.queries.cases import list_for_customer
from core.complaints.rules.filing import Filing
from core.consents.actions import ConsentMissing, require_consent, withdraw_consent
from core.consents.queries import find_break, find_consent, list_consents
from core.customers.actions import add_note
from core.customers.profile import set_profile_value
from core.customers.queries import get_customer, list_cluster, list_events, list_profile_values, list_subject_cluster
from core.merges.merging import merge_customers
from core.merges.queries import get_merge_preview
from core.merges.rules import PetPair
from core.merges.undoing import MergeGrown, undo_merge
from tenants.plugin_settings import enable_plugin
from tests.actions.test_consents import FORM, pet, sign
from tests.workplaces import MovableClock, TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _merge(tenant: TestTenant, winner: tuple[UUID, UUID], loser: tuple[UUID, UUID]) -> UUID:
    async with tenant.unit() as uow:
        pairs = (PetPair(loser[1], winner[1]),)
        return await merge_customers(uow, winner_id=winner[0], loser_id=loser[0], pets=pairs)


async def test_a_consent_signed_as_the_loser_counts_for_the_winner(clinic: TestTenant) -> None:
    winner, loser, stranger = await pet(clinic), await pet(clinic), await pet(clinic)
    async with clinic.unit() as uow:
        seal = await sign(uow, loser[1], "k1")
    merge_id = await _merge(clinic, winner, loser)
    async with clinic.unit() as uow:
        # Under every id that somebody may still hold in hand.
        for customer, subject in (winner, loser):
            assert (await require_consent(uow, form_id=FORM, subject_id=subject)).seal_id == seal
            assert (await require_consent(uow, form_id=FORM, customer_id=customer)).seal_id == seal
            assert [one.seal_id for one in await list_consents(uow, customer_id=customer)] == [seal]
            (consent,) = await list_consents(uow, subject_id=subject)
            assert (consent.subject_id, consent.present_subject_id) == (loser[1], winner[1])
        assert await find_consent(uow, form_id=FORM, subject_id=stranger[1]) is None
        assert await list_consents(uow, customer_id=stranger[0]) == []
    async with clinic.unit() as uow:
        await undo_merge(uow, merge_id=merge_id)
        assert await find_consent(uow, form_id=FORM, subject_id=winner[1]) is None
        assert (await require_consent(uow, form_id=FORM, subject_id=loser[1])).seal_id == seal


async def test_both_chains_of_one_pet_are_verified_together_and_stay_whole(clinic: TestTenant) -> None:
    winner, loser = await pet(clinic), await pet(clinic)
    async with clinic.unit() as uow:
        await sign(uow, loser[1], "k1")
        await sign(uow, winner[1], "k2")
    await _merge(clinic, winner, loser)
    async with clinic.unit() as uow:
        await sign(uow, winner[1], "k3")
        assert await find_break(uow, chain_id=winner[1]) == (None, 3)
        assert await find_break(uow, chain_id=loser[1]) == (None, 3)


@pytest.mark.parametrize("newest", ["winner", "loser"])
@pytest.mark.parametrize("taken_back", ["winner", "loser"])
async def test_a_withdrawal_as_either_closes_the_gate(
    clinic: TestTenant, clock: MovableClock, newest: str, taken_back: str
) -> None:
    both = {"winner": await pet(clinic), "loser": await pet(clinic)}
    seals = {}
    for name in ("loser", "winner") if newest == "winner" else ("winner", "loser"):
        async with clinic.unit() as uow:
            seals[name] = await sign(uow, both[name][1], name)
        clock.advance(timedelta(minutes=1))
    await _merge(clinic, both["winner"], both["loser"])
    async with clinic.unit() as uow:
        assert (await require_consent(uow, form_id=FORM, subject_id=both["winner"][1])).seal_id == seals[newest]
        await withdraw_consent(uow, seal_id=seals[taken_back])
        with pytest.raises(ConsentMissing):
            await require_consent(uow, form_id=FORM, subject_id=both["winner"][1])
        with pytest.raises(ConsentMissing):
            await require_consent(uow, form_id=FORM, customer_id=both["loser"][0])
        event = (await list_events(uow, both["winner"][0], kinds=["consent_withdrawn"]))[0]
        assert event.subject_id == both["winner"][1]
    clock.advance(timedelta(minutes=1))
    async with clinic.unit() as uow:
        again = await sign(uow, both["winner"][1], "again")
        assert (await require_consent(uow, form_id=FORM, subject_id=both["winner"][1])).seal_id == again


async def test_taking_back_the_consent_of_another_pet_of_the_same_owner_closes_nothing(
    clinic: TestTenant, clock: MovableClock
) -> None:
    winner, loser = await pet(clinic), await pet(clinic, "小黑")
    async with clinic.unit() as uow:
        seal, other = await sign(uow, winner[1], "k1"), await sign(uow, loser[1], "k2")
        await merge_customers(uow, winner_id=winner[0], loser_id=loser[0])
    clock.advance(timedelta(minutes=1))
    async with clinic.unit() as uow:
        await withdraw_consent(uow, seal_id=other)
        assert (await require_consent(uow, form_id=FORM, subject_id=winner[1])).seal_id == seal


async def test_history_timeline_and_cases_are_read_over_all_who_became_one(
    clinic: TestTenant, clock: MovableClock
) -> None:
    winner, loser = await pet(clinic), await pet(clinic)
    for place, (customer, subject) in enumerate((loser, winner)):
        async with clinic.unit() as uow:
            await add_note(uow, customer_id=customer, body=f"note {place}")
            born = date(2020 + place, 1, 1)
            await set_profile_value(
                uow, entity_type="subject", entity_id=subject, field_key="birthday", value=born, source="staff"
            )
            await set_profile_value(
                uow,
                entity_type="customer",
                entity_id=customer,
                field_key="note",
                value=f"words {place}",
                source="staff",
            )
            filing = Filing(text="等太久", contact_name="王", customer_id=customer, subject_id=subject)
            await file_complaint(uow, filing=filing)
        clock.advance(timedelta(minutes=1))
    await _merge(clinic, winner, loser)
    async with clinic.unit() as uow:
        for customer, subject in (winner, loser):
            assert set(await list_cluster(uow, customer)) == {winner[0], loser[0]}
            assert set(await list_subject_cluster(uow, subject)) == {winner[1], loser[1]}
            assert (await list_cluster(uow, customer))[0] == customer
            births = [one.value for one in await list_profile_values(uow, subject) if one.field_key == "birthday"]
            assert births == ["2021-01-01", "2020-01-01"]
            said = [one.value for one in await list_profile_values(uow, customer) if one.field_key == "note"]
            assert said == ["words 1", "words 0"]
            assert len(await list_for_customer(uow, customer_id=customer)) == 2
            notes = [one.data["body"] for one in await list_events(uow, customer, kinds=["note"])]
            assert notes == ["note 1", "note 0"]


async def test_of_own_fields_that_both_have_the_chosen_one_stays_and_the_undo_gives_both_back(
    clinic: TestTenant,
) -> None:
    winner, loser = await pet(clinic), await pet(clinic)

    async def say(customer: UUID, key: str, value: object) -> None:
        async with clinic.unit() as uow:
            await set_profile_value(
                uow, entity_type="customer", entity_id=customer, field_key=key, value=value, source="staff"
            )

    async def said(customer: UUID) -> dict[str, object]:
        async with clinic.unit() as uow:
            return (await get_customer(uow, customer)).custom

    for customer, value, children in ((winner[0], "budget", True), (loser[0], "quality", True)):
        await say(customer, "spending", value)
        await say(customer, "children_at_home", children)
    async with clinic.unit() as uow:
        preview = await get_merge_preview(uow, winner_id=winner[0], loser_id=loser[0])
        (line,) = preview.own  # what both say alike needs no choice
        assert (line[1].key, line[1].left, line[1].right, line[1].chosen) == (
            "own.spending",
            "budget",
            "quality",
            "left",
        )
    async with clinic.unit() as uow:
        merge_id = await merge_customers(
            uow, winner_id=winner[0], loser_id=loser[0], choices={"own.spending": "right", "own.nothing": "right"}
        )
    assert await said(winner[0]) == {"spending": "quality", "children_at_home": 1}
    await say(winner[0], "spending", "balanced")
    async with clinic.unit() as uow:
        with pytest.raises(MergeGrown) as grown:
            await undo_merge(uow, merge_id=merge_id)
        assert grown.value.params["reasons"] == ("field:own.spending",)
    await say(winner[0], "spending", "quality")
    async with clinic.unit() as uow:
        await undo_merge(uow, merge_id=merge_id)
    assert (await said(winner[0]))["spending"] == "budget"
    assert (await said(loser[0]))["spending"] == "quality"
