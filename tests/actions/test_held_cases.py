"""A legal hold keeps the whole case of somebody who is erased: words, calls, report, minutes; lifted, all of it goes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.case_reports.actions import begin_report
from core.case_reports.rules import Content
from core.casework.actions import add_task, log_call, send_reply, write_note
from core.complaints.actions.filing import file_complaint
from core.complaints.queries.cases import get_complaint
from core.complaints.rules.filing import Filing
from core.db import encode_json
from core.evidence.actions import hold, lift
from core.evidence.verifying import verify_case
from core.privacy.erasing import erase_person
from core.privacy.held import erase_after_hold
from core.privacy.models import PrivacyReceipt
from tests.evidence import held, secured
from tests.reports import open_clinic
from tests.workplaces import TestTenant
from workers.embedded.postgres import Dsns

SAID = "等您的电话"
WORDS = {
    "complaint": "text || contact_name || contact_phone",
    "complaint_event": "data::text",
    "case_call": "words || number",
    "case_reply": "words",
    "case_task": "words",
    "case_report": "content::text",
    "hearing": "minutes || finding",
    "evidence_link": "body",
    "evidence_custody": "body",
}


@pytest.fixture(scope="module")
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    """Erasing is the worker's right alone, so these tests are the worker."""
    made = create_async_engine(postgres.worker, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _worked_on(clinic: TestTenant) -> tuple[UUID, UUID]:
    """A case of level 3 with everything that holds words, and its customer."""
    complaint_id = await secured(clinic)
    await held(clinic, complaint_id)
    async with clinic.unit("team_leader") as uow:
        assert uow.actor.id is not None
        people = {uow.actor.id: "组长"}
        call = {"number": "13878106871", "minutes": 3, "outcome": "", "reached": True}
        await log_call(uow, direction="out", words=SAID, complaint_id=complaint_id, **call)  # type: ignore[arg-type] # four kinds in one dict
        await send_reply(uow, words="我理解您的心情，" + SAID, urgent=True, complaint_id=complaint_id)
        await write_note(uow, text=SAID, people={}, complaint_id=complaint_id)
        await add_task(
            uow,
            words=SAID,
            assignee_id=uow.actor.id,
            due_at=uow.now + timedelta(hours=1),
            people=people,
            complaint_id=complaint_id,
        )
        await begin_report(uow, prefill=Content(facts=SAID), complaint_id=complaint_id)
        customer_id = (await get_complaint(uow, complaint_id=complaint_id)).customer_id
    assert customer_id is not None
    return complaint_id, customer_id


async def _words(clinic: TestTenant, complaint_id: UUID) -> dict[str, list[str]]:
    async with clinic.workplace.reading(clinic.id) as reader:
        return {
            table: sorted(
                await reader.session.scalars(
                    text(f"SELECT {column} FROM {table} WHERE complaint_id = :c"), {"c": complaint_id}
                )
            )
            for table, column in WORDS.items()
        }


async def test_a_held_case_keeps_every_word_until_the_hold_is_lifted_and_then_none(clinic: TestTenant) -> None:
    complaint_id, customer_id = await _worked_on(clinic)
    async with clinic.unit("front_desk") as uow:
        other = Filing(text="候诊太久", contact_name="周文博", customer_id=customer_id)
        free = (await file_complaint(uow, filing=other)).complaint_id
    async with clinic.unit("legal_counsel") as uow:
        await hold(uow, complaint_id=complaint_id, reason="法院保全通知")
    before = await _words(clinic, complaint_id)
    assert all(before.values())
    async with clinic.unit() as uow:
        receipt_id = await erase_person(uow, [customer_id])
        receipt = await uow.session.get(PrivacyReceipt, (clinic.id, receipt_id))
        assert receipt is not None
        kept = {line["table"] for line in receipt.body["lines"] if line["deed"] == "kept"}
        assert "legal_hold" in kept
    assert await _words(clinic, complaint_id) == before
    assert (await _words(clinic, free))["complaint"] == [""], "what nobody holds goes at once"
    async with clinic.unit() as uow:
        assert (await verify_case(uow, complaint_id)).faults == ()
        await lift(uow, complaint_id=complaint_id, reason="结案")
        assert await erase_after_hold(uow, complaint_id=complaint_id)
    after = await _words(clinic, complaint_id)
    assert SAID not in str(after)
    assert "13878106871" not in str(after)
    async with clinic.unit() as uow:
        assert (await verify_case(uow, complaint_id)).faults == ()
