"""A person's own page, requests and erasure: nothing about them is left but what a law holds."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from PIL import Image
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.contacts.actions import add_contact, record_consent
from core.contacts.queries import find_refusing
from core.customers.actions import add_customer, add_note, join_household
from core.customers.models import Customer
from core.customers.profile import set_profile_value
from core.customers.queries import find_customers, get_customer, list_cluster
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import Base, encode_json, new_id, table_of
from core.errors import InvalidInput, NotFound
from core.files.actions import store_file
from core.forms.models import FormDefinition, Submission
from core.loyalty.actions import record_purchase
from core.outbox.models import Outbox
from core.privacy.actions import ask, create_link, end_request, prove_tail, revoke_link, start_erasure, withdraw_request
from core.privacy.erasing import (
    ERASE_TASK,
    KEEP_TASK,
    REST_TASK,
    ComplaintStillOpen,
    NotErasable,
    erase_for_request,
    erase_rest,
    replay_erasures,
)
from core.privacy.exporting import copy_person
from core.privacy.queries import (
    PrivacyLinkGone,
    get_open_link,
    get_receipt,
    get_request,
    list_requests,
    list_tombstones,
)
from core.profiles.actions import set_preference, tag_customer
from core.profiles.queries import Preference
from core.uow import UnitOfWork
from tenants.plugin_settings import enable_plugin
from tests.workplaces import MovableClock, TestTenant
from workers.embedded.postgres import Dsns

NAME, PHONE, PET, ADDRESS, WORDS = "欧阳梦琪", "13987654321", "汤圆圆", "东营区西四路八十八号", "手术前忘记禁食"
SECRETS = (NAME, PHONE, PET, ADDRESS, WORDS, "ouyang", "mengqi@example.cn", "985112000000777", "意见很大")


@pytest.fixture(scope="module")
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    """Erasing is the worker's right alone, so these tests are the worker."""
    made = create_async_engine(postgres.worker, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def _person(uow: UnitOfWork) -> UUID:
    pet = SubjectDraft(name=PET, kind="petclinic.pet", species="cat", chip="985112000000777", note=WORDS)
    draft = CustomerDraft(full_name=NAME, phones=(f"+86{PHONE}",), member_no="VIP-7", note=WORDS, subjects=(pet,))
    customer_id = await add_customer(uow, draft=draft)
    await add_contact(uow, customer_id=customer_id, kind="address", value=ADDRESS)
    await add_contact(uow, customer_id=customer_id, kind="email", value="mengqi@example.cn")
    await record_consent(uow, customer_id=customer_id, purpose="marketing", decision="granted", source="desk")
    await add_note(uow, customer_id=customer_id, body=f"{NAME}: {WORDS}")
    await set_profile_value(
        uow, entity_type="customer", entity_id=customer_id, field_key="x_address", value=ADDRESS, source="staff"
    )
    await tag_customer(uow, customer_id=customer_id, name="老客户", may_make=True)
    await set_preference(uow, customer_id=customer_id, preference=Preference(channel="wechat"))
    await record_purchase(uow, customer_id=customer_id, fen=12_300, key=new_id().hex, description=f"{PET} 洗澡")
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(picture, "PNG")
    await store_file(
        uow,
        content=picture.getvalue(),
        filename=f"{NAME}.png",
        purpose="record",
        owner_kind="customer",
        owner_id=customer_id,
    )
    return customer_id


async def _submission(uow: UnitOfWork, customer_id: UUID, purpose: str = "intake") -> UUID:
    form = {"form_id": "petclinic.intake", "version": new_id().hex[:16]}
    fields = [{"type": "text", "key": "complaint", "label": {"zh-CN": "主诉", "en": "Complaint"}}]
    definition = {"id": "petclinic.intake", "title": {"zh-CN": "就诊登记", "en": "Intake"}, "fields": fields}
    await uow.session.execute(
        insert(FormDefinition).values(tenant_id=uow.tenant_id, **form, definition=definition, created_at=uow.now)
    )
    submission_id = new_id()
    await uow.session.execute(
        insert(Submission).values(
            tenant_id=uow.tenant_id,
            **form,
            submission_id=submission_id,
            purpose=purpose,
            customer_id=customer_id,
            channel="online",
            status="complete",
            data={"complaint": WORDS},
            answered=1,
            total=1,
            flags=[],
            notices=[],
            once_key=submission_id.hex,
            actor_kind="customer",
            actor_name="",
            completed_at=uow.now,
        )
    )
    return submission_id


async def _everything(uow: UnitOfWork) -> dict[str, str]:
    """All rows of the tenant as text, by table."""
    dump = {}
    for table in Base.metadata.sorted_tables:
        if "tenant_id" in table.columns:
            rows = await uow.session.execute(text(f"SELECT t::text FROM {table.name} AS t"))
            dump[table.name] = "\n".join(rows.scalars())
    return dump


def _where(dump: dict[str, str], words: tuple[str, ...] = SECRETS) -> dict[str, list[str]]:
    found = {name: [word for word in words if word in rows] for name, rows in dump.items()}
    return {name: hits for name, hits in found.items() if hits}


async def _erased(uow: UnitOfWork, customer_id: UUID, reason: str = "") -> UUID:
    request_id = await ask(uow, customer_id=customer_id, kind="erasure", source="staff", text=f"{NAME} 要求删除")
    await start_erasure(uow, request_id=request_id, confirm="删除", override_reason=reason)
    receipt_id = await erase_for_request(uow, request_id=request_id)
    assert receipt_id is not None
    return receipt_id


async def test_an_erasure_leaves_no_word_of_the_person_anywhere(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        one = await _person(uow)
        await _submission(uow, one)
        filing = Filing(text=f"意见很大: {WORDS}", contact_name=NAME, contact_phone=PHONE)
        await file_complaint(uow, filing=filing)
        before = _where(await _everything(uow))
        assert {"customer", "customer_phone", "subject", "customer_event", "complaint", "submission"} <= set(before)
        receipt = await get_receipt(uow, await _erased(uow, one, reason="客户坚持, 投诉已转电话处理"))
        assert _where(await _everything(uow)) == {}
        assert receipt.is_true
        gone = {line.table: line.deed for line in receipt.body.gone}
        assert gone["customer_phone"] == "deleted"
        assert gone["complaint"] == "blanked"
        kept = {line.table: line for line in receipt.body.kept}
        assert kept["purchase"].until is not None
        assert kept["purchase"].until.year == uow.now.year + 3
        assert kept["purchase"].reason
        assert receipt.body.override_reason
        with pytest.raises(NotFound):
            await get_customer(uow, one)
        assert await find_customers(uow, NAME) == []
        assert await find_refusing(uow, [one], purpose="service", channel="sms") == {one}


async def test_papers_of_a_treatment_stay_three_years_and_then_go_by_themselves(
    clinic: TestTenant, clock: MovableClock
) -> None:
    async with clinic.unit() as uow:
        one = await _person(uow)
        await _submission(uow, one, purpose="consent")
        await _submission(uow, one)
        await _erased(uow, one)
        assert _where(await _everything(uow)) == {"submission": [WORDS]}
        rest = (await uow.session.execute(select(Outbox).where(Outbox.task == REST_TASK))).scalar_one()
        assert rest.run_at.year == uow.now.year + 3
    clock.instant = rest.run_at + timedelta(seconds=1)
    async with clinic.unit() as uow:
        await erase_rest(uow, customer_id=one)
        assert _where(await _everything(uow)) == {}


async def test_everybody_merged_into_the_person_goes_too_and_the_household_stays(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        one = await _person(uow)
        double = await add_customer(uow, draft=CustomerDraft(full_name=NAME), allow_duplicate=True)
        partner = await add_customer(uow, draft=CustomerDraft(full_name="丈夫", phones=("+8613911112222",)))
        await join_household(uow, customer_id=one, other_id=partner)
        row = table_of(Customer)
        await uow.session.execute(
            update(row).where(row.c.customer_id == double).values(state="merged", merged_into=one)
        )
        assert await list_cluster(uow, one) == [one, double]
        receipt = await get_receipt(uow, await _erased(uow, one))
        assert len(receipt.body.customer_numbers) == 2
        assert _where(await _everything(uow)) == {}
        assert (await get_customer(uow, partner)).full_name == "丈夫"
        assert {stone.customer_id for stone in await list_tombstones(uow)} == {one, double}


async def test_an_open_complaint_holds_an_erasure_up_until_somebody_says_why_not(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        one = await _person(uow)
        await file_complaint(uow, filing=Filing(text="意见很大", contact_name=NAME, contact_phone=PHONE))
        request_id = await ask(uow, customer_id=one, kind="erasure", source="customer_page", confirm="erase")
        assert await ask(uow, customer_id=one, kind="erasure", source="staff") == request_id
        with pytest.raises(ComplaintStillOpen):
            await start_erasure(uow, request_id=request_id, confirm="删除")
        with pytest.raises(InvalidInput):
            await start_erasure(uow, request_id=request_id, confirm="yes", override_reason="x")
        with pytest.raises(NotErasable):
            await erase_for_request(uow, request_id=request_id)
        with pytest.raises(NotErasable):
            await end_request(uow, request_id=request_id, state="done")
        await start_erasure(uow, request_id=request_id, confirm="删除", override_reason="电话里说清楚了")
        tasks = list(await uow.session.scalars(select(Outbox.task).where(Outbox.task == ERASE_TASK)))
        assert len(tasks) == 1
        assert await erase_for_request(uow, request_id=request_id) is not None
        assert await erase_for_request(uow, request_id=request_id) is None
        assert (await get_request(uow, request_id)).state == "done"
        assert len(list(await uow.session.scalars(select(Outbox.task).where(Outbox.task == KEEP_TASK)))) == 1


async def test_who_comes_back_with_a_backup_is_erased_again_and_only_those(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        back, gone = await _person(uow), new_id()
        assert await replay_erasures(uow, customer_ids=[back, gone]) == [back]
        assert _where(await _everything(uow)) == {}
        assert await replay_erasures(uow, customer_ids=[back, gone]) == []
        assert {stone.customer_id for stone in await list_tombstones(uow)} == {back, gone}


async def test_a_copy_holds_everything_in_readable_form(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        one = await _person(uow)
        await _submission(uow, one)
        copy = await copy_person(uow, [one])
        told = msgspec.json.encode(copy).decode()
        for word in (NAME, PHONE, PET, ADDRESS, WORDS, "主诉", "12300"):
            assert word in told, word
        assert copy.areas["customer_phone"] == "contact"
        assert {"customer", "subject", "submission", "purchase", "contact_consent", "stored_file"} <= set(copy.tables)


async def test_another_chains_person_can_be_neither_asked_for_nor_erased(
    clinic: TestTenant, tenant_b: TestTenant
) -> None:
    async with tenant_b.unit() as uow:
        theirs = await add_customer(uow, draft=CustomerDraft(full_name="别家客户", phones=("+8613911113333",)))
        link = await create_link(uow, customer_id=theirs)
        request_id = await ask(uow, customer_id=theirs, kind="export", source="staff")
    async with clinic.unit() as uow:
        for call in (create_link(uow, customer_id=theirs), revoke_link(uow, customer_id=theirs)):
            with pytest.raises(NotFound):
                await call
        with pytest.raises(NotFound):
            await get_open_link(uow, link.code)
        with pytest.raises(NotFound):
            await end_request(uow, request_id=request_id, state="done")
        await replay_erasures(uow, customer_ids=[theirs])
        assert (await copy_person(uow, [theirs])).tables == {}
        statement = text("SELECT app.erase_customer_event(:tenant, ARRAY[:one]::uuid[])")
        with pytest.raises(ProgrammingError, match="another tenant"):
            async with uow.session.begin_nested():
                await uow.session.execute(statement, {"tenant": tenant_b.id, "one": theirs})
    async with tenant_b.unit() as uow:
        assert (await get_customer(uow, theirs)).full_name == "别家客户"


async def test_the_web_has_no_right_to_erase_what_is_append_only(postgres: Dsns) -> None:
    engine: Any = create_async_engine(postgres.app)
    async with engine.connect() as connection:
        for table in ("customer_event", "profile_value", "complaint_event", "contact_consent", "consent_seal"):
            may = await connection.scalar(
                text("SELECT has_function_privilege(:name, 'EXECUTE')"), {"name": f"app.erase_{table}(uuid, uuid[])"}
            )
            assert may is False, table
    await engine.dispose()


async def test_the_page_opens_to_the_last_digits_and_locks_after_five_wrong_ones(
    clinic: TestTenant, clock: MovableClock
) -> None:
    async with clinic.unit() as uow:
        one = await _person(uow)
        link = await create_link(uow, customer_id=one)
        assert await prove_tail(uow, code=link.code, typed="尾号 4321")
        assert not await prove_tail(uow, code=link.code, typed="4321"), "twice within two seconds is a program"
        assert not await prove_tail(uow, code=link.code, typed="")
    for _ in range(3):
        clock.advance(seconds=5)
        async with clinic.unit() as uow:
            assert not await prove_tail(uow, code=link.code, typed="0000")
    clock.advance(seconds=5)
    async with clinic.unit() as uow:
        with pytest.raises(PrivacyLinkGone):
            await prove_tail(uow, code=link.code, typed="4321")
        again = await create_link(uow, customer_id=one)
        assert await prove_tail(uow, code=again.code, typed="4321")
        await revoke_link(uow, customer_id=one)
        with pytest.raises(PrivacyLinkGone):
            await get_open_link(uow, again.code)
        late = await create_link(uow, customer_id=one, days=1)
    clock.advance(days=1)
    async with clinic.unit() as uow:
        with pytest.raises(PrivacyLinkGone):
            await get_open_link(uow, late.code)
        with pytest.raises(InvalidInput):
            await create_link(uow, customer_id=one, days=99)


async def test_a_request_is_due_in_fifteen_days_answered_and_can_be_taken_back(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        one, two = await _person(uow), await add_customer(uow, draft=CustomerDraft(full_name="李雷"))
        with pytest.raises(InvalidInput):
            await ask(uow, customer_id=one, kind="correction", source="customer_page")
        with pytest.raises(InvalidInput):
            await ask(uow, customer_id=one, kind="erasure", source="customer_page", confirm="好的")
        request_id = await ask(uow, customer_id=one, kind="correction", source="customer_page", text="生日写错了")
        request = await get_request(uow, request_id)
        assert request.due_at - request.created_at == timedelta(days=15)
        assert [r.request_id for r in await list_requests(uow, states=("open",))] == [request_id]
        with pytest.raises(NotFound):
            await withdraw_request(uow, customer_id=two, request_id=request_id)
        with pytest.raises(InvalidInput):
            await end_request(uow, request_id=request_id, state="refused")
        await end_request(uow, request_id=request_id, state="done", answer="已更正")
        with pytest.raises(NotErasable):
            await withdraw_request(uow, customer_id=one, request_id=request_id)
