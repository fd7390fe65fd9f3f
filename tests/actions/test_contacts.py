"""Contacts and consents: written down, asked before a message goes out, withdrawn as easily as given."""

from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import ProgrammingError

from core.contacts.actions import add_contact, record_consent, remove_contact
from core.contacts.permission import may_contact
from core.contacts.queries import find_refusing, get_consent_state, list_contacts
from core.customers.actions import add_customer
from core.customers.bulk import remove_customers
from core.customers.models import Customer
from core.customers.queries import list_events
from core.customers.rules.profile import CustomerDraft
from core.db import new_id
from core.errors import InvalidInput, NotFound
from core.uow import UnitOfWork
from tests.workplaces import TestTenant


async def _add(uow: UnitOfWork, name: str = "王小美") -> UUID:
    return await add_customer(uow, draft=CustomerDraft(full_name=name))


async def test_who_never_answered_gets_service_and_surveys_but_no_advertising(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one = await _add(uow)
        for purpose, refused in (("service", False), ("survey", False), ("marketing", True), ("research", True)):
            assert (await find_refusing(uow, [one], purpose=purpose, channel="sms") == {one}) is refused


async def test_a_withdrawal_on_all_channels_stops_each_and_a_later_yes_opens_only_its_own(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one = await _add(uow)
        await record_consent(uow, customer_id=one, purpose="survey", decision="withdrawn", source="customer_page")
        assert not await may_contact(uow, one, purpose="survey", channel="phone")
        await record_consent(uow, customer_id=one, purpose="survey", decision="granted", source="desk", channel="sms")
        assert await may_contact(uow, one, purpose="survey", channel="sms")
        assert not await may_contact(uow, one, purpose="survey", channel="phone")
        state = {s.purpose: s for s in await get_consent_state(uow, [one])}
        assert state["survey"].allowed == {"phone": False, "sms": True, "wechat": False, "email": False}
        assert state["survey"].asked
        assert state["survey"].any_allowed
        assert state["health_data"].allowed == {"all": False}
        kinds = {event.kind for event in await list_events(uow, one)}
        assert {"contact_withdrawn", "contact_granted"} <= kinds


async def test_many_are_asked_at_once_and_whoever_is_gone_is_refusing(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        yes, silent, gone = await _add(uow, "甲甲"), await _add(uow, "乙乙"), await _add(uow, "丙丙")
        for one in (yes, gone):
            await record_consent(uow, customer_id=one, purpose="marketing", decision="granted", source="form")
        await remove_customers(uow, [gone])
        stranger = new_id()
        refusing = await find_refusing(uow, [yes, silent, gone, stranger], purpose="marketing", channel="wechat")
        assert refusing == {silent, gone, stranger}
        assert await find_refusing(uow, [], purpose="marketing", channel="wechat") == set()


async def test_what_was_said_under_a_merged_record_counts_for_the_person(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one, double = await _add(uow, "甲甲"), await _add(uow, "乙乙")
        await record_consent(uow, customer_id=double, purpose="survey", decision="withdrawn", source="desk")
        await uow.session.execute(
            update(Customer).where(Customer.customer_id == double).values(state="merged", merged_into=one)
        )
        assert await find_refusing(uow, [one], purpose="survey", channel="sms") == {one}
        await record_consent(uow, customer_id=one, purpose="survey", decision="granted", source="desk")
        assert await may_contact(uow, one, purpose="survey", channel="sms")


async def test_another_chains_customer_is_refusing_and_cannot_be_asked(
    tenant_a: TestTenant, tenant_b: TestTenant
) -> None:
    async with tenant_b.unit() as uow:
        theirs = await _add(uow)
    async with tenant_a.unit() as uow:
        assert await find_refusing(uow, [theirs], purpose="service", channel="sms") == {theirs}
        with pytest.raises(NotFound):
            await record_consent(uow, customer_id=theirs, purpose="survey", decision="granted", source="desk")
        with pytest.raises(NotFound):
            await add_contact(uow, customer_id=theirs, kind="email", value="a@b.cn")


async def test_a_misspelt_purpose_is_an_error_of_the_program(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        for purpose, channel in (("ads", "sms"), ("service", "pigeon"), ("health_data", "sms")):
            with pytest.raises(ValueError, match="no such purpose"):
                await find_refusing(uow, [new_id()], purpose=purpose, channel=channel)
        with pytest.raises(InvalidInput):
            await record_consent(
                uow, customer_id=new_id(), purpose="ads", decision="granted", source="desk", channel="pigeon"
            )


async def test_an_answer_cannot_be_changed_later(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one = await _add(uow)
        await record_consent(uow, customer_id=one, purpose="survey", decision="withdrawn", source="desk")
        for statement in ("UPDATE contact_consent SET decision = 'granted'", "DELETE FROM contact_consent"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with uow.session.begin_nested():
                    await uow.session.execute(text(statement))


async def test_the_same_contact_twice_stays_one_and_can_be_taken_away(tenant_a: TestTenant) -> None:
    async with tenant_a.unit() as uow:
        one = await _add(uow)
        first = await add_contact(uow, customer_id=one, kind="email", value="Wang@Example.cn")
        again = await add_contact(uow, customer_id=one, kind="email", value="wang@example.cn ", label="工作")
        assert first == again
        assert [(c.kind, c.value, c.label) for c in await list_contacts(uow, one)] == [
            ("email", "wang@example.cn", "工作")
        ]
        assert await remove_contact(uow, customer_id=one, contact_id=first) == ("email", "wang@example.cn", "工作")
        with pytest.raises(NotFound):
            await remove_contact(uow, customer_id=one, contact_id=first)
        with pytest.raises(InvalidInput):
            await add_contact(uow, customer_id=one, kind="email", value="nonsense")
        for number in range(10):
            await add_contact(uow, customer_id=one, kind="address", value=f"东营区 {number} 号")
        with pytest.raises(InvalidInput):
            await add_contact(uow, customer_id=one, kind="address", value="东营区 11 号")
