"""Whoever owns the database can change it, but not so that the verifier stays silent; it says which piece it was."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.db import encode_json
from core.evidence.actions import log_custody
from core.evidence.verifying import verify_case
from tests.evidence import secured
from tests.reports import open_clinic
from tests.workplaces import TestTenant
from workers.embedded.postgres import Dsns

CASE = "complaint_id = :case"
OF_THE_VIDEO = f"(SELECT sha256 FROM evidence_link WHERE {CASE} AND seq = 2)"
PREV = f"(SELECT seal FROM evidence_link WHERE {CASE} AND seq = 4)"

TAMPERING = [
    (f"UPDATE file_content SET content = 'x' WHERE chunk_no = 1 AND sha256 = {OF_THE_VIDEO}", {(2, "file_changed")}),
    (f"DELETE FROM file_content WHERE chunk_no = 0 AND sha256 = {OF_THE_VIDEO}", {(2, "file_missing")}),
    (f"DELETE FROM file_content WHERE sha256 = {OF_THE_VIDEO}", {(2, "file_missing")}),
    (f"UPDATE evidence_link SET label = '别的' WHERE {CASE} AND seq = 1", {(1, "other_record")}),
    (f"UPDATE evidence_link SET at = at - interval '1 day' WHERE {CASE} AND seq = 1", {(1, "other_record")}),
    (f"UPDATE evidence_link SET body = replace(body, '手术', '体检') WHERE {CASE} AND seq = 1", {(1, "altered")}),
    (f"UPDATE evidence_link SET body = '{{}}', label = '' WHERE {CASE} AND seq = 1", {(1, "altered")}),
    (f"DELETE FROM evidence_link WHERE {CASE} AND seq = 2", {(3, "out_of_order")}),
    (f"DELETE FROM evidence_link WHERE {CASE} AND seq = 4", {(4, "cut_off")}),
    (f"DELETE FROM evidence_locker WHERE {CASE}", {(0, "no_head")}),
    (
        (
            f"UPDATE evidence_link SET seq = 9 WHERE {CASE} AND seq = 1;;"
            f"UPDATE evidence_link SET seq = 1 WHERE {CASE} AND seq = 2;;"
            f"UPDATE evidence_link SET seq = 2 WHERE {CASE} AND seq = 9"
        ),
        {(1, "mislabelled"), (2, "mislabelled"), (3, "wrong_previous")},
    ),
    (
        (
            "INSERT INTO evidence_link SELECT tenant_id, gen_random_uuid(), complaint_id, 5, 'sealed', '', '', NULL, '', at,"
            f" by_name, body, {PREV}, seal FROM evidence_link WHERE {CASE} AND seq = 4"
        ),
        {(5, "mislabelled"), (4, "cut_off")},
    ),
    (f"DELETE FROM evidence_custody WHERE {CASE} AND seq = 2", {(3, "out_of_order")}),
    (f"DELETE FROM evidence_custody WHERE {CASE} AND seq = 5", {(5, "cut_off")}),
    (f"UPDATE evidence_custody SET by_name = '别人' WHERE {CASE} AND seq = 1", {(1, "other_record")}),
]


@pytest.fixture(scope="module")
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    """A connection that may become the owner of the tables."""
    made = create_async_engine(postgres.admin, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


async def _secured(tenant: TestTenant) -> UUID:
    complaint_id = await secured(await open_clinic(tenant))
    async with tenant.unit("admin_officer") as uow:
        await log_custody(uow, complaint_id=complaint_id, act="verified")
    return complaint_id


async def test_untouched_evidence_holds(tenant_a: TestTenant) -> None:
    complaint_id = await _secured(tenant_a)
    async with tenant_a.unit() as uow:
        checked = await verify_case(uow, complaint_id)
    assert (checked.links, checked.files, checked.custody, checked.faults) == (4, 3, 5, ())


@pytest.mark.parametrize(("deed", "found"), TAMPERING)
async def test_tampering_as_the_owner_is_named(tenant_a: TestTenant, deed: str, found: set[tuple[int, str]]) -> None:
    complaint_id = await _secured(tenant_a)
    async with tenant_a.unit() as uow:
        await uow.session.execute(text("SET LOCAL ROLE anxin_owner"))
        for statement in deed.split(";;"):
            await uow.session.execute(text(statement), {"case": complaint_id})
        await uow.session.execute(text("RESET ROLE"))
        checked = await verify_case(uow, complaint_id)
    assert {(fault.seq, fault.reason) for fault in checked.faults} == found
