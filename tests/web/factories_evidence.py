"""Evidence and dossiers of tenant B, and bodies that would be fine, for the attack tests."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from core.evidence.actions import add_text
from core.evidence.dossiers import start_dossier
from core.hearings.actions import invite_expert, plan_hearing
from core.hearings.queries import get_hearing
from tests.evidence import file_grave
from tests.workplaces import TestTenant

_CASE: Final = "POST /t/{slug:str}/complaints/{complaint_id:uuid}"
_HEARING: Final = _CASE + "/hearings/{hearing_id:uuid}"


async def _piece(tenant: TestTenant) -> object:
    complaint_id = await file_grave(tenant)
    async with tenant.unit() as uow:
        return (await add_text(uow, complaint_id=complaint_id, kind="note", label="陈述", words="经过")).evidence_id


async def _dossier(tenant: TestTenant) -> object:
    complaint_id = await file_grave(tenant)
    async with tenant.unit() as uow:
        return await start_dossier(uow, complaint_id=complaint_id, reason="移交", paper=b"%PDF-")


async def _hearing(tenant: TestTenant) -> UUID:
    complaint_id = await file_grave(tenant)
    async with tenant.unit() as uow:
        return await plan_hearing(uow, complaint_id=complaint_id, starts_at=uow.now, place="会议室", agenda="经过")


async def _member(tenant: TestTenant) -> object:
    hearing_id = await _hearing(tenant)
    async with tenant.unit() as uow:
        case = (await get_hearing(uow, hearing_id)).complaint_id
        who = {"full_name": "王教授", "standing": "农业大学"}
        return (await invite_expert(uow, hearing_id=hearing_id, complaint_id=case, **who)).member_id


EVIDENCE_FACTORIES: Final = {
    "evidence_id": _piece,
    "dossier_id": _dossier,
    "hearing_id": _hearing,
    "member_id": _member,
}
EVIDENCE_BODIES: Final[dict[str, Mapping[str, object]]] = {
    f"{_CASE}/evidence/text": {"kind": "note", "label": "x", "words": "x"},
    f"{_CASE}/evidence/seal": {"reason": "x", "missing": "x"},
    f"{_CASE}/evidence/hold": {"reason": "x"},
    f"{_CASE}/evidence/lift": {"reason": "x"},
    f"{_CASE}/evidence/{{evidence_id:uuid}}/take": {"reason": "x"},
    f"{_CASE}/dossiers": {"reason": "x"},
    f"{_CASE}/hearings": {"starts_at": "2026-11-24T10:00", "place": "x", "agenda": "x"},
    f"{_HEARING}/experts": {"full_name": "x", "standing": "x"},
    f"{_HEARING}/staff": {"staff_id": "018f0000-0000-7000-8000-000000000000"},
    f"{_HEARING}/release": {"evidence_id": "018f0000-0000-7000-8000-000000000000", "released": "yes"},
    f"{_HEARING}/minutes": {"held_at": "2026-01-24T10:00", "minutes": "x", "finding": "x", "shares": "x 100"},
    f"{_HEARING}/sign": {"stance": "agrees", "signature__typed": "x"},
    "POST /h/{code:str}/open": {"word": "x"},
    "POST /h/{code:str}/sign": {"stance": "agrees", "signature__typed": "x"},
}
