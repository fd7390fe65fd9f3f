"""Evidence is kept byte for byte in a chain, its seal completes the step, every look is logged, and holds hold."""

import io
import zipfile

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.complaints.actions.handling import StepNeedsProof, complete_step
from core.complaints.queries.cases import get_complaint
from core.errors import Forbidden, InvalidInput, NotFound
from core.evidence.actions import (
    CaseHeld,
    NothingToSeal,
    add_evidence,
    get_original,
    hold,
    lift,
    look,
    seal,
)
from core.evidence.dossiers import (
    DossierNotKept,
    expire_dossier,
    read_dossier,
    run_dossier,
    start_dossier,
    verify_dossier,
)
from core.evidence.intake import take_in
from core.evidence.queries import list_custody, list_evidence
from core.evidence.verifying import verify_tenant
from core.files.actions import FileHeld, erase_files, purge_files, remove_file, store_file
from core.files.queries import list_files
from tests.evidence import PHOTO, file_grave, secured
from tests.reports import open_clinic
from tests.workplaces import TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


async def test_a_picture_stays_byte_for_byte_and_has_a_safe_small_one(clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    async with clinic.unit("admin_officer") as uow:
        first = (await list_evidence(uow, complaint_id))[0]
        piece = await look(uow, complaint_id=complaint_id, evidence_id=first.evidence_id)
        assert await get_original(uow, piece) == PHOTO
        newest = (await list_custody(uow, complaint_id))[0]
    assert (newest.act, newest.evidence_id, newest.label) == ("looked", first.evidence_id, "手术病历")


async def test_sealing_completes_the_step_of_level_3_and_ticking_does_not(clinic: TestTenant) -> None:
    complaint_id = await secured(clinic, sealed=False)
    async with clinic.unit("admin_officer") as uow:
        with pytest.raises(StepNeedsProof):
            await complete_step(uow, complaint_id=complaint_id, milestone_id="evidence_secured", facts={})
    async with clinic.unit("admin_officer") as uow:
        done = await seal(uow, complaint_id=complaint_id, reason="固定")
    assert done == ("evidence_secured",)
    async with clinic.unit("admin_officer") as uow:
        with pytest.raises(NothingToSeal):
            await seal(uow, complaint_id=complaint_id, reason="再次")
        assert "evidence_secured" in (await get_complaint(uow, complaint_id=complaint_id)).done


async def test_what_is_missing_at_the_seal_has_to_be_explained(clinic: TestTenant) -> None:
    complaint_id = await file_grave(clinic)
    async with clinic.unit("admin_officer") as uow:
        await add_evidence(uow, complaint_id=complaint_id, kind="photo", content=PHOTO, filename="a.jpg")
        with pytest.raises(InvalidInput) as refused:
            await seal(uow, complaint_id=complaint_id, reason="固定")
        assert [one.path for one in refused.value.problems] == ["missing"]
        assert await seal(uow, complaint_id=complaint_id, reason="固定", missing="手术室无监控，无病历")


async def test_files_of_the_intake_are_taken_in_once(clinic: TestTenant) -> None:
    complaint_id = await file_grave(clinic)
    async with clinic.unit() as uow:
        await store_file(
            uow, content=PHOTO, filename="a.jpg", purpose="complaint", owner_kind="complaint", owner_id=complaint_id
        )
        assert await take_in(uow, complaint_id=complaint_id) == 1
        assert await take_in(uow, complaint_id=complaint_id) == 0
        [piece] = await list_evidence(uow, complaint_id)
    assert (piece.kind, piece.filename) == ("photo", "a.jpg")


async def test_links_and_custody_cannot_be_changed_by_the_product(clinic: TestTenant) -> None:
    await secured(clinic)
    for statement in ("UPDATE evidence_link SET label = 'x'", "DELETE FROM evidence_custody"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with clinic.unit() as uow:
                await uow.session.execute(text(statement))


async def test_a_hold_blocks_deletion_retention_and_erasure_until_the_director_lifts_it(clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    async with clinic.unit("legal_counsel") as uow:
        await hold(uow, complaint_id=complaint_id, reason="法院保全通知")
        with pytest.raises(CaseHeld):
            await hold(uow, complaint_id=complaint_id, reason="再次")
    async with clinic.unit() as uow:
        await uow.session.execute(text("UPDATE stored_file SET retain_until = now() - interval '1 day'"))
        assert await purge_files(uow) == 0
        assert await erase_files(uow, owner_kind="evidence", owner_ids=[complaint_id]) == 0
        file = (await list_files(uow, owner_kind="evidence", owner_id=complaint_id))[0]
        with pytest.raises(FileHeld):
            await remove_file(uow, file_id=file.file_id, owner_kind="evidence", owner_id=complaint_id)
    async with clinic.unit("team_leader") as uow:
        with pytest.raises(Forbidden):
            await lift(uow, complaint_id=complaint_id, reason="结案")
    async with clinic.unit() as uow:
        await lift(uow, complaint_id=complaint_id, reason="结案")
        assert await purge_files(uow) == 3


async def test_a_dossier_is_verified_without_the_database_and_expires(clinic: TestTenant) -> None:
    complaint_id = await secured(clinic)
    async with clinic.unit("team_leader") as uow:
        dossier_id = await start_dossier(uow, complaint_id=complaint_id, reason="移交法院", paper=b"%PDF-")
    for _ in range(9):
        async with clinic.unit() as uow:
            more = await run_dossier(uow, dossier_id=dossier_id)
    assert not more
    async with clinic.unit("team_leader") as uow:
        facts, content = await read_dossier(uow, dossier_id=dossier_id, complaint_id=complaint_id)
        assert (await list_custody(uow, complaint_id))[0].act == "dossier_taken"
    assert (facts.state, facts.files_done, facts.size_bytes) == ("done", 3, len(content))
    assert verify_dossier(io.BytesIO(content)).faults == ()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("files/0001-病历.jpg") == PHOTO
        names = archive.namelist()
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w") as other:
            for name in names:
                other.writestr(name, b"changed" if name == "files/0001-病历.jpg" else archive.read(name))
    assert {(one.part, one.seq, one.reason) for one in verify_dossier(changed).faults} == {
        ("dossier", 1, "file_changed"),
        ("evidence", 1, "file_changed"),
    }
    async with clinic.unit() as uow:
        await expire_dossier(uow, dossier_id=dossier_id)
        with pytest.raises(DossierNotKept):
            await read_dossier(uow, dossier_id=dossier_id, complaint_id=complaint_id)


async def test_evidence_of_another_tenant_or_case_is_not_there(clinic: TestTenant, tenant_b: TestTenant) -> None:
    complaint_id = await secured(clinic)
    async with clinic.unit() as uow:
        piece = (await list_evidence(uow, complaint_id))[0]
    other = await file_grave(tenant_b)
    async with tenant_b.unit() as uow:
        assert await list_evidence(uow, complaint_id) == []
        for case in (complaint_id, other):
            with pytest.raises(NotFound):
                await look(uow, complaint_id=case, evidence_id=piece.evidence_id)
        with pytest.raises(NotFound):
            await add_evidence(uow, complaint_id=other, kind="photo", file_id=piece.file_id)
        assert (await verify_tenant(uow)).links == 0
