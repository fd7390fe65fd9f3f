"""Evidence that somebody changed outside of the product: every page says so, and nothing is hidden for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.db import encode_json
from core.evidence.queries import list_custody, list_evidence
from core.hearings.actions import release
from tests.evidence import planned, secured
from tests.reports import open_clinic
from tests.webapp import Browser
from tests.workplaces import TestTenant
from workers.embedded.postgres import Dsns

Client = Callable[..., Awaitable[Browser]]
CHAT = "(SELECT sha256 FROM evidence_link WHERE complaint_id = :case AND seq = 3)"
PHOTO = "(SELECT sha256 FROM evidence_link WHERE complaint_id = :case AND seq = 1)"


@pytest.fixture(scope="module")
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    """A connection that may become the owner of the tables."""
    made = create_async_engine(postgres.admin, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def _tamper(tenant: TestTenant, complaint_id: UUID, deed: str) -> None:
    async with tenant.unit() as uow:
        await uow.session.execute(text("SET LOCAL ROLE anxin_owner"))
        await uow.session.execute(text(deed), {"case": complaint_id})
        await uow.session.execute(text("RESET ROLE"))


async def _piece(tenant: TestTenant, complaint_id: UUID, seq: int) -> UUID:
    async with tenant.workplace.reading(tenant.id) as reader:
        return next(one for one in await list_evidence(reader, complaint_id) if one.seq == seq).evidence_id


async def test_what_holds_is_said_and_verifying_is_written_down(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    path = f"/t/{clinic.slug}/complaints/{complaint_id}/evidence"
    officer = await client("admin_officer")
    page = (await officer.get(path)).text
    assert "everything holds" in page
    assert "Does not hold" not in page
    assert (await officer.send_form(f"{path}/verify")).status_code == 303
    async with clinic.workplace.reading(clinic.id) as reader:
        newest = (await list_custody(reader, complaint_id))[0]
    assert (newest.act, newest.reason) == ("verified", "holds")
    assert "Does not hold" not in (await officer.get(f"/t/{clinic.slug}/complaints/{complaint_id}")).text


async def test_a_changed_file_is_named_on_the_locker_the_case_and_beside_its_words(
    client: Client, clinic: TestTenant
) -> None:
    complaint_id = await secured(clinic)
    root = f"/t/{clinic.slug}/complaints/{complaint_id}"
    await _tamper(clinic, complaint_id, f"UPDATE file_content SET content = '改过的话' WHERE sha256 = {CHAT}")
    officer = await client("admin_officer")
    page = (await officer.get(f"{root}/evidence")).text
    assert "微信记录: The file is not the one that was secured" in page
    assert "everything holds" not in page
    looked = await officer.send_form(f"{root}/evidence/{await _piece(clinic, complaint_id, 3)}/look")
    assert "This is not what was secured" in looked.text
    assert "改过的话" in looked.text, "nothing is hidden"
    other = await officer.send_form(f"{root}/evidence/{await _piece(clinic, complaint_id, 1)}/look")
    assert "This is not what was secured" not in other.text
    assert (await officer.send_form(f"{root}/evidence/verify")).status_code == 303
    assert "Does not hold" in (await officer.get(root)).text


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (f"DELETE FROM file_content WHERE sha256 = {CHAT}", "微信记录: The file is gone"),
        (
            "UPDATE evidence_link SET body = 'x' WHERE complaint_id = :case AND seq = 4",
            "The words were changed after they were sealed",
        ),
        ("DELETE FROM evidence_link WHERE complaint_id = :case AND seq = 2", "A link is missing before it"),
        ("DELETE FROM evidence_custody WHERE complaint_id = :case AND seq = 1", "Custody 2: A link is missing"),
    ],
)
async def test_whatever_was_done_the_page_opens_and_says_it(
    client: Client, clinic: TestTenant, deed: str, said: str
) -> None:
    complaint_id = await secured(clinic)
    await _tamper(clinic, complaint_id, deed)
    officer = await client("admin_officer")
    page = await officer.get(f"/t/{clinic.slug}/complaints/{complaint_id}/evidence")
    assert page.status_code == 200
    assert said in page.text
    looked = await officer.send_form(
        f"/t/{clinic.slug}/complaints/{complaint_id}/evidence/{await _piece(clinic, complaint_id, 3)}/look"
    )
    assert looked.status_code in {200, 201}


async def test_without_the_head_of_the_chain_nothing_is_added_on_top(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    await _tamper(clinic, complaint_id, "DELETE FROM evidence_locker WHERE complaint_id = :case")
    officer = await client("admin_officer")
    path = f"/t/{clinic.slug}/complaints/{complaint_id}/evidence"
    words: dict[str, object] = {"kind": "note", "label": "补充", "words": "后来写的"}
    refused = await officer.send_form(f"{path}/text", words)
    assert refused.status_code == 409
    assert "Somebody tampered with this evidence" in refused.text
    assert "The head of the chains is gone" in (await officer.get(path)).text


async def test_an_expert_is_told_too(client: Client, clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    hearing_id, [expert, _], _ = await planned(clinic, complaint_id)
    piece = await _piece(clinic, complaint_id, 1)
    async with clinic.unit("team_leader") as uow:
        await release(uow, hearing_id=hearing_id, complaint_id=complaint_id, evidence_id=piece)
    await _tamper(clinic, complaint_id, f"UPDATE file_content SET content = 'x' WHERE sha256 = {PHOTO}")
    browser = await client(None)
    await browser.send_form(f"/h/{expert.code}/open", {"word": expert.word})
    looked = await browser.send_form(f"/h/{expert.code}/evidence/{piece}")
    assert "This is not what was secured" in looked.text
