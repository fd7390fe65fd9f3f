"""Rows of written reports and staff records of tenant B, and bodies that would be fine, for the attack tests."""

from collections.abc import Mapping
from typing import Final

from core.case_reports.delivering import note_arrival, send_by_post
from tests.reports import approved, open_clinic, recorded
from tests.workplaces import TestTenant

_CASE: Final = "POST /t/{slug:str}/complaints/{complaint_id:uuid}"
_RECORD: Final = "POST /t/{slug:str}/staff-records/{record_id:uuid}"


async def _delivery(tenant: TestTenant) -> object:
    complaint_id = await approved(await open_clinic(tenant))
    async with tenant.unit() as uow:
        return await send_by_post(uow, complaint_id=complaint_id, post_number="EMS 1")


async def _record(tenant: TestTenant) -> object:
    complaint_id = await approved(await open_clinic(tenant))
    async with tenant.unit() as uow:
        delivery = await send_by_post(uow, complaint_id=complaint_id, post_number="EMS 2")
    async with tenant.unit() as uow:
        await note_arrival(uow, delivery_id=delivery)
    return await recorded(tenant, complaint_id)


REPORT_FACTORIES: Final = {"delivery_id": _delivery, "record_id": _record}
REPORT_BODIES: Final[dict[str, Mapping[str, object]]] = {
    f"{_CASE}/report": {"revision": "1", "facts": "x"},
    f"{_CASE}/report/decide": {"version": "1", "verdict": "approve"},
    f"{_CASE}/report/post": {"post_number": "EMS 1"},
    f"{_CASE}/report/hand-over": {"answer": "declined"},
    f"{_CASE}/staff-records": {"involvement": "x", "finding": "x", "learned": "x", "measure": "none"},
    f"{_CASE}/staff-records/nobody": {"reason": "seen"},
    f"{_RECORD}/reply": {"text": "seen"},
    f"{_RECORD}/object": {"text": "seen"},
    f"{_RECORD}/decide": {"verdict": "keep", "reason": "seen"},
}
