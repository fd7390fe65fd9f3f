"""Staff records are erased with what was said beside them when their time is over; erasing is the worker's right alone."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.case_reports.delivering import Reception, hand_over
from core.db import encode_json
from core.errors import NotFound
from core.staff_records.actions import purge_records, reply
from core.staff_records.queries import get_record
from tests.reports import approved, open_clinic, recorded
from tests.workplaces import MovableClock, TestTenant
from workers.embedded.postgres import Dsns


@pytest.fixture(scope="module")
async def engine(postgres: Dsns) -> AsyncIterator[AsyncEngine]:
    """These tests are the worker."""
    made = create_async_engine(postgres.worker, json_serializer=encode_json, json_deserializer=msgspec.json.decode)
    yield made
    await made.dispose()


async def test_a_staff_record_is_erased_with_its_words_when_its_time_is_over(
    tenant_a: TestTenant, clock: MovableClock
) -> None:
    clinic = await open_clinic(tenant_a)
    complaint_id = await approved(clinic)
    async with clinic.unit("service_supervisor") as uow:
        await hand_over(uow, complaint_id=complaint_id, said=Reception(answer="declined"))
    record_id = await recorded(clinic, complaint_id)
    async with clinic.unit("doctor") as uow:
        await reply(uow, record_id=record_id, text="知道了")
        record = await get_record(uow, record_id)
    assert record.retain_until.year == clock().year + 3
    async with clinic.workplace.unit(clinic.id) as uow:
        assert await purge_records(uow) == 0
    clock.advance(days=3 * 366)
    async with clinic.workplace.unit(clinic.id) as uow:
        assert await purge_records(uow) == 1
    async with clinic.unit() as uow:
        with pytest.raises(NotFound):
            await get_record(uow, record_id)
