"""Evidence and dossiers of tenant B, and bodies that would be fine, for the attack tests."""

from collections.abc import Mapping
from typing import Final

from core.evidence.actions import add_text
from core.evidence.dossiers import start_dossier
from tests.evidence import file_grave
from tests.workplaces import TestTenant

_CASE: Final = "POST /t/{slug:str}/complaints/{complaint_id:uuid}"


async def _piece(tenant: TestTenant) -> object:
    complaint_id = await file_grave(tenant)
    async with tenant.unit() as uow:
        return (await add_text(uow, complaint_id=complaint_id, kind="note", label="陈述", words="经过")).evidence_id


async def _dossier(tenant: TestTenant) -> object:
    complaint_id = await file_grave(tenant)
    async with tenant.unit() as uow:
        return await start_dossier(uow, complaint_id=complaint_id, reason="移交", paper=b"%PDF-")


EVIDENCE_FACTORIES: Final = {"evidence_id": _piece, "dossier_id": _dossier}
EVIDENCE_BODIES: Final[dict[str, Mapping[str, object]]] = {
    f"{_CASE}/evidence/text": {"kind": "note", "label": "x", "words": "x"},
    f"{_CASE}/evidence/seal": {"reason": "x", "missing": "x"},
    f"{_CASE}/evidence/hold": {"reason": "x"},
    f"{_CASE}/evidence/lift": {"reason": "x"},
    f"{_CASE}/evidence/{{evidence_id:uuid}}/take": {"reason": "x"},
    f"{_CASE}/dossiers": {"reason": "x"},
}
