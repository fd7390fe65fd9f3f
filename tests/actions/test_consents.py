"""A consent from its signature to its withdrawal: sealed, chained, verified, and asked for before anything begins."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.bus import Bus
from core.consents.actions import (
    ConsentMissing,
    ConsentOfNobody,
    ConsentWithdrawn,
    Sealing,
    require_consent,
    withdraw_consent,
)
from core.consents.queries import (
    find_break,
    find_consent,
    find_consent_of_submission,
    get_consent,
    list_consents,
    list_seals,
)
from core.consents.rules import SignedBody, Witness, read_body
from core.customers.actions import add_customer, add_subject
from core.customers.queries import list_events
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import Database
from core.errors import InvalidInput, NotFound
from core.forms.actions import record_intake
from core.forms.attaching import list_submission_files
from core.forms.intake import ConsentNotSealed
from core.forms.queries import get_form
from core.hooks.host import PluginHost
from core.hooks.records.forms import BoolField
from core.uow import UnitOfWork
from tenants.passwords import Passwords
from tenants.plugin_settings import enable_plugin
from tenants.work import Workplace
from tests.rules.pictures import address, png, signature
from tests.workplaces import MovableClock, TestTenant, open_tenant
from workers.embedded.postgres import Dsns

FORM = "petclinic.surgery_consent"
SEAL = Sealing(Witness(ip="203.0.113.7", user_agent="Phone"))
ANSWERS: dict[str, Any] = {
    "pet_name": "年糕",
    "species": "cat",
    "operation": "母猫绝育术",
    "rescue": "call",
    "emergency_phone": "13800138000",
    "owner_name": "王小明",
    "owner_phone": "13800138000",
    "signer_role": "owner",
    "signer_name": "王小明",
    "signature": {"image": signature()},
} | {f"risk_{name}": True for name in ("anaesthesia", "bleeding", "infection", "drugs", "hidden", "death")}


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    async with tenant_a.unit() as uow:
        await enable_plugin(uow, host=tenant_a.workplace.host, plugin_id="petclinic")
    return tenant_a


async def pet(tenant: TestTenant, name: str = "年糕") -> tuple[UUID, UUID]:
    async with tenant.unit() as uow:
        customer = await add_customer(uow, draft=CustomerDraft(full_name="王小明"), allow_duplicate=True)
        subject = await add_subject(
            uow, customer_id=customer, draft=SubjectDraft(name=name, kind="petclinic.pet", species="cat")
        )
        return customer, subject


async def sign(uow: UnitOfWork, subject: UUID, key: str, **more: Any) -> UUID:
    filled = await record_intake(uow, form_id=FORM, answers=ANSWERS | more, once_key=key, subject_id=subject, seal=SEAL)
    found = await find_consent_of_submission(uow, filled.submission_id)
    assert found is not None
    return found.seal_id


async def test_a_signature_is_sealed_with_all_that_was_shown(clinic: TestTenant) -> None:
    customer, subject = await pet(clinic)
    async with clinic.unit() as uow:
        consent = await get_consent(uow, await sign(uow, subject, "k1"))
        assert (consent.signer, consent.role, consent.counts, consent.seq) == ("王小明", "owner", True, 1)
        assert (consent.chain_id, consent.customer_id, consent.subject_id) == (subject, customer, subject)
        (row,) = await list_seals(uow, chain_id=subject)
        body = read_body(row.link.body)
        assert isinstance(body, SignedBody)
        assert (body.ip, body.user_agent, body.role) == ("203.0.113.7", "Phone", "owner")
        assert body.answers == row.answers
        shown = {words for _, words in body.text}
        form = await get_form(uow, FORM)
        risks = [field for field in form.fields if isinstance(field, BoolField) and field.risk]
        assert len(risks) >= 6
        for field in risks:
            assert isinstance(field.risk, dict)
            assert isinstance(field.countermeasure, dict)
            assert {field.risk["zh-CN"], field.countermeasure["zh-CN"]} <= shown
        assert await find_break(uow) == (None, 1)


async def test_the_drawing_is_a_file_beside_the_answers(clinic: TestTenant) -> None:
    _, subject = await pet(clinic)
    async with clinic.unit() as uow:
        consent = await get_consent(uow, await sign(uow, subject, "k1"))
        files = await list_submission_files(uow, consent.submission_id)
    (drawn,) = files["signature"]
    assert (drawn.media_type, drawn.purpose, drawn.owner_kind) == ("image/png", "signature", "submission")


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"risk_death": False}, "risk_death", "required"),
        ({"signature": {}}, "signature", "not_signed"),
        ({"signature": {"image": address(png(colour=(0, 0, 0, 0)))}}, "signature", "not_signed"),
        ({"signature": {"image": "data:image/png;base64,AAAA"}}, "signature", "type"),
        ({"signer_name": " "}, "signer_name", "required"),
    ],
)
async def test_without_every_risk_and_a_real_signature_nothing_is_sealed(
    clinic: TestTenant, more: dict[str, Any], path: str, code: str
) -> None:
    _, subject = await pet(clinic)
    with pytest.raises(InvalidInput) as refused:
        async with clinic.unit() as uow:
            await sign(uow, subject, "k1", **more)
    assert (path, code) in [(one.path, one.code) for one in refused.value.problems]
    async with clinic.unit() as uow:
        assert await list_seals(uow) == []


async def test_the_guardian_of_a_minor_signs_as_guardian(clinic: TestTenant) -> None:
    _, subject = await pet(clinic)
    async with clinic.unit() as uow:
        seal = await sign(uow, subject, "k1", signer_role="guardian", signer_name="王建国")
        consent = await get_consent(uow, seal)
    assert (consent.signer, consent.role) == ("王建国", "guardian")


async def test_a_consent_without_a_seal_is_not_taken_in(clinic: TestTenant) -> None:
    _, subject = await pet(clinic)
    with pytest.raises(ConsentNotSealed):
        async with clinic.unit() as uow:
            await record_intake(uow, form_id=FORM, answers=ANSWERS, once_key="k1", subject_id=subject)


async def test_a_consent_is_about_somebody(clinic: TestTenant) -> None:
    async with clinic.unit() as uow:
        with pytest.raises(ConsentOfNobody):
            await SEAL(
                uow,
                form=await get_form(uow, FORM),
                data={},
                submission_id=UUID(int=1),
                customer_id=None,
                subject_id=None,
            )


async def test_a_signature_without_a_name_is_refused_by_the_seal_too(clinic: TestTenant) -> None:
    customer, _ = await pet(clinic)
    async with clinic.unit() as uow:
        with pytest.raises(InvalidInput, match="not_signed"):
            await SEAL(
                uow,
                form=await get_form(uow, FORM),
                data={},
                submission_id=UUID(int=1),
                customer_id=customer,
                subject_id=None,
            )


async def test_the_gate_opens_with_the_consent_and_closes_with_its_withdrawal(
    clinic: TestTenant, clock: MovableClock
) -> None:
    customer, subject = await pet(clinic)
    _, other = await pet(clinic, "小黑")
    async with clinic.unit() as uow:
        with pytest.raises(ConsentMissing) as missing:
            await require_consent(uow, form_id=FORM, subject_id=subject)
        assert missing.value.params["form"] == "手术麻醉知情同意书"
        first = await sign(uow, subject, "k1")
    clock.advance(timedelta(minutes=1))
    async with clinic.unit() as uow:
        second = await sign(uow, subject, "k2")
        assert (await require_consent(uow, form_id=FORM, subject_id=subject)).seal_id == second
        assert (await require_consent(uow, form_id=FORM, customer_id=customer)).seal_id == second
        for owner in (None, customer):
            assert await find_consent(uow, form_id=FORM, customer_id=owner, subject_id=other) is None
        assert await find_consent(uow, form_id="petclinic.other", subject_id=subject) is None
        assert await find_consent(uow, form_id=FORM, subject_id=subject, since=uow.now) is not None
        late = uow.now + timedelta(seconds=1)
        assert await find_consent(uow, form_id=FORM, subject_id=subject, since=late) is None
        with pytest.raises(ValueError, match="name the customer"):
            await find_consent(uow, form_id=FORM)
    async with clinic.unit("front_desk") as uow:
        gone = await withdraw_consent(uow, seal_id=second, reason=" 改变主意 ")
        assert (gone.counts, gone.withdrawn_by, gone.withdrawn_reason) == (False, "front_desk", "改变主意")
    async with clinic.unit() as uow:
        # Whoever withdraws the newest does not mean the older one instead.
        with pytest.raises(ConsentMissing):
            await require_consent(uow, form_id=FORM, subject_id=subject)
        assert [one.counts for one in await list_consents(uow, subject_id=subject)] == [False, True]
        assert [one.seal_id for one in await list_consents(uow, customer_id=customer)] == [second, first]
        event = (await list_events(uow, customer))[0]
        assert (event.kind, event.data["reason"]) == ("consent_withdrawn", "改变主意")
        assert await find_break(uow, chain_id=subject) == (None, 3)
        with pytest.raises(ConsentWithdrawn):
            await withdraw_consent(uow, seal_id=second)
        again = await sign(uow, subject, "k3")
        assert (await require_consent(uow, form_id=FORM, subject_id=subject)).seal_id == again


async def test_a_consent_of_another_tenant_is_not_there(clinic: TestTenant, tenant_b: TestTenant) -> None:
    _, subject = await pet(clinic)
    async with clinic.unit() as uow:
        seal = await sign(uow, subject, "k1")
    async with tenant_b.unit() as uow:
        with pytest.raises(NotFound):
            await withdraw_consent(uow, seal_id=seal)
        assert await find_consent(uow, form_id=FORM, subject_id=subject) is None
        assert await list_seals(uow) == []


async def test_what_the_form_holds_today_is_held_against_its_seal(clinic: TestTenant) -> None:
    _, subject = await pet(clinic)
    async with clinic.unit() as uow:
        consent = await get_consent(uow, await sign(uow, subject, "k1"))
        await uow.session.execute(
            text(
                'UPDATE submission SET data = data || \'{"rescue": "no"}\' WHERE tenant_id = :t AND submission_id = :s'
            ),
            {"t": uow.tenant_id, "s": consent.submission_id},
        )
        found, held = await find_break(uow, chain_id=subject)
    assert found is not None
    assert (found.seq, found.reason, held) == (1, "other_record", 1)


@pytest.mark.parametrize("change", ["UPDATE consent_seal SET signer = 'x'", "DELETE FROM consent_seal"])
async def test_the_application_may_not_change_a_seal(clinic: TestTenant, change: str) -> None:
    async with clinic.unit() as uow:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with uow.session.begin_nested():
                await uow.session.execute(text(change))


async def test_two_consents_of_one_subject_at_once_do_not_fork_the_chain(
    new_database: Callable[[], Dsns], bus: Bus, passwords: Passwords
) -> None:
    database = Database(new_database().app, pool_size=4)
    workplace = Workplace(database, bus, PluginHost.load(), MovableClock())
    tenant = await open_tenant(workplace, passwords, "kette", "链条动物医院")
    async with tenant.unit() as uow:
        await enable_plugin(uow, host=workplace.host, plugin_id="petclinic")
    _, subject = await pet(tenant)

    async def one(number: int) -> None:
        async with tenant.unit() as uow:
            await sign(uow, subject, f"k{number}")

    try:
        await asyncio.gather(*(one(number) for number in range(6)))
        async with tenant.unit() as uow:
            assert [row.link.seq for row in await list_seals(uow)] == [1, 2, 3, 4, 5, 6]
            assert await find_break(uow) == (None, 6)
            seal = (await list_consents(uow, subject_id=subject))[0].seal_id

        async def back() -> None:
            async with tenant.unit() as uow:
                await withdraw_consent(uow, seal_id=seal)

        answers = await asyncio.gather(*(back() for _ in range(3)), return_exceptions=True)
        assert sum(isinstance(answer, ConsentWithdrawn) for answer in answers) == 2
    finally:
        await database.dispose()


async def test_a_second_click_seals_once(clinic: TestTenant) -> None:
    _, subject = await pet(clinic)
    async with clinic.unit() as uow:
        assert await sign(uow, subject, "k1") == await sign(uow, subject, "k1")
        assert len(await list_seals(uow)) == 1
