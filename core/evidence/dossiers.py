"""The dossier: a case's evidence as one archive, written by a job file by file and verifiable without the database."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import IO, Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update

from core.chains import Follower, Link
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, InvalidInput
from core.evidence.actions import lock_locker, log_custody
from core.evidence.models import CustodyEntry, Dossier, DossierPiece, EvidenceLink
from core.evidence.queries import DossierFacts, get_dossier, get_locker, list_evidence
from core.evidence.rules import (
    AddedBody,
    Checked,
    CustodyFollower,
    EvidenceFollower,
    Fault,
    read_evidence,
    reason_problems,
)
from core.evidence.verifying import hash_content
from core.files.models import FileContent, StoredFile
from core.uow import Reader, UnitOfWork

_D, _P = table_of(Dossier), table_of(DossierPiece)
_E, _U, _S, _B = table_of(EvidenceLink), table_of(CustodyEntry), table_of(StoredFile), table_of(FileContent)
RUN: Final = "evidence.dossier"
EXPIRE: Final = "evidence.dossier_expire"
KEPT_DAYS: Final = 7
MANIFEST: Final = "manifest.json"
PAPER: Final = "dossier.pdf"
_PIECE: Final = 1 << 20


class DossierNotKept(Conflict):
    """The archive is not there yet, or not any more."""

    code = "dossier-not-kept"


class Part(msgspec.Struct, frozen=True):
    """A file of the archive with its hash."""

    path: str
    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` says: both chains letter by letter, and every file."""

    format: str = "anxin-dossier-1"
    case: str
    made_at: str
    made_by: str
    evidence: tuple[Link, ...]
    custody: tuple[Link, ...]
    heads: tuple[str, str]
    files: tuple[Part, ...]


async def start_dossier(uow: UnitOfWork, *, complaint_id: UUID, reason: str, paper: bytes) -> UUID:
    """Freeze how much goes in, write the export into the custody log, and let the job write the archive.

    Raises:
        InvalidInput: at `reason`.
    """
    why = clean_text(reason)
    if problems := reason_problems(why):
        raise InvalidInput(problems)
    await lock_locker(uow, complaint_id)
    await log_custody(uow, complaint_id=complaint_id, act="exported", reason=why)
    locker = await get_locker(uow, complaint_id)
    pieces = [one for one in await list_evidence(uow, complaint_id) if one.act == "added" and one.state == "kept"]
    dossier_id, expires = new_id(), uow.now + timedelta(days=KEPT_DAYS)
    await uow.session.execute(
        insert(_D).values(
            tenant_id=uow.tenant_id,
            dossier_id=dossier_id,
            complaint_id=complaint_id,
            reason=why,
            state="running",
            paper=paper,
            links=locker.links,
            custody=locker.custody,
            files_total=len(pieces),
            files_done=0,
            size_bytes=0,
            sha256="",
            created_at=uow.now,
            created_by_name=uow.actor.name,
            expires_at=expires,
        )
    )
    await uow.enqueue(RUN, {"dossier_id": str(dossier_id)}, dedupe_key=f"{RUN}:{dossier_id}")
    await uow.enqueue(EXPIRE, {"dossier_id": str(dossier_id)}, run_at=expires)
    uow.audit("evidence.export", "complaint", complaint_id, {"dossier": str(dossier_id), "reason": why})
    return dossier_id


async def run_dossier(uow: UnitOfWork, *, dossier_id: UUID) -> bool:
    """Check the next file, and when all are checked write the archive; True while there is more to do."""
    mine = (_D.c.tenant_id == uow.tenant_id, _D.c.dossier_id == dossier_id)
    await uow.session.execute(select(_D.c.dossier_id).where(*mine).with_for_update())
    dossier = await get_dossier(uow, dossier_id)
    if dossier.state != "running":
        return False
    rows = await _files(uow, dossier)
    if dossier.files_done < len(rows):
        row = rows[dossier.files_done]
        if await hash_content(uow, row.sha256) != row.sha256:
            # A dossier with a changed file would prove the wrong thing; `anxin evidence verify` says which it is.
            await uow.session.execute(update(_D).where(*mine).values(state="failed"))
            uow.audit("evidence.export_failed", "complaint", dossier.complaint_id, {"link": row.seq})
            return False
        await uow.session.execute(update(_D).where(*mine).values(files_done=dossier.files_done + 1))
        uow.publish(f"dossier:{dossier_id}", {"done": dossier.files_done + 1})
        return True
    size, digest = await _write(uow, dossier, rows)
    await uow.session.execute(update(_D).where(*mine).values(state="done", size_bytes=size, sha256=digest))
    uow.publish(f"dossier:{dossier_id}", {"state": "done"})
    return False


async def _files(reader: Reader, dossier: DossierFacts) -> list[Any]:
    joined = _E.join(_S, (_S.c.tenant_id == _E.c.tenant_id) & (_S.c.file_id == _E.c.file_id))
    query = (
        select(_E.c.seq, _E.c.sha256, _S.c.filename, _S.c.size)
        .select_from(joined)
        .where(_E.c.tenant_id == reader.tenant_id, _E.c.complaint_id == dossier.complaint_id)
        .where(_E.c.seq <= dossier.links, _S.c.state == "kept")
        .order_by(_E.c.seq)
    )
    return list((await reader.session.execute(query)).all())


async def _links(reader: Reader, table: Any, dossier: DossierFacts, until: int) -> tuple[Link, ...]:
    rows = await reader.session.execute(
        select(table.c.seq, table.c.seal, table.c.body)
        .where(table.c.tenant_id == reader.tenant_id, table.c.complaint_id == dossier.complaint_id)
        .where(table.c.seq <= until)
        .order_by(table.c.seq)
    )
    return tuple(Link(chain=str(dossier.complaint_id), seq=row.seq, seal=row.seal, body=row.body) for row in rows)


class _Pieces(io.RawIOBase):
    """Takes what the archive writes, so that it leaves in pieces and never stands in memory whole."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting += data
        self.digest.update(data)
        self.size += len(data)
        return len(data)


class _Desk:
    """Writes pieces of one dossier."""

    def __init__(self, uow: UnitOfWork, dossier_id: UUID) -> None:
        self.out = _Pieces()
        self._uow, self._id, self._number = uow, dossier_id, 0

    async def drain(self, *, least: int = _PIECE) -> None:
        while len(self.out.waiting) >= max(least, 1):
            content = bytes(self.out.waiting[:_PIECE])
            del self.out.waiting[:_PIECE]
            row = {"tenant_id": self._uow.tenant_id, "dossier_id": self._id, "piece_no": self._number}
            await self._uow.session.execute(insert(_P).values(**row, content=content))
            self._number += 1


async def _write(uow: UnitOfWork, dossier: DossierFacts, rows: list[Any]) -> tuple[int, str]:
    paper = bytes(
        await uow.session.scalar(
            select(_D.c.paper).where(_D.c.tenant_id == uow.tenant_id, _D.c.dossier_id == dossier.dossier_id)
        )
        or b""
    )
    evidence = await _links(uow, _E, dossier, dossier.links)
    custody = await _links(uow, _U, dossier, dossier.custody)
    parts = tuple(Part(_path(row), row.sha256, row.size) for row in rows)
    manifest = Manifest(
        case=str(dossier.complaint_id),
        made_at=dossier.created_at.isoformat(),
        made_by=dossier.created_by_name,
        evidence=evidence,
        custody=custody,
        heads=(evidence[-1].seal if evidence else "", custody[-1].seal if custody else ""),
        files=(Part(PAPER, hashlib.sha256(paper).hexdigest(), len(paper)), *parts),
    )
    desk = _Desk(uow, dossier.dossier_id)
    with zipfile.ZipFile(desk.out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        archive.writestr(PAPER, paper)
        for row in rows:
            with archive.open(_path(row), "w", force_zip64=True) as target:
                await _copy(uow, row.sha256, target, desk)
    await desk.drain(least=1)
    return desk.out.size, desk.out.digest.hexdigest()


def _path(row: Any) -> str:
    return f"files/{row.seq:04d}-{row.filename}"


async def _copy(uow: UnitOfWork, sha256: str, target: IO[bytes], desk: _Desk) -> None:
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.sha256 == sha256)
    count = int(await uow.session.scalar(select(func.count()).select_from(_B).where(*mine)) or 0)
    for number in range(count):
        target.write(bytes(await uow.session.scalar(select(_B.c.content).where(*mine, _B.c.chunk_no == number)) or b""))
        await desk.drain()


async def read_dossier(uow: UnitOfWork, *, dossier_id: UUID, complaint_id: UUID) -> tuple[DossierFacts, bytes]:
    """Return the finished archive and write into the custody log who took it.

    Raises:
        DossierNotKept: it is not there yet, or not any more.
    """
    dossier = await get_dossier(uow, dossier_id)
    if dossier.complaint_id != complaint_id or dossier.state != "done" or uow.now >= dossier.expires_at:
        raise DossierNotKept(state=dossier.state)
    pieces = await uow.session.scalars(
        select(_P.c.content)
        .where(_P.c.tenant_id == uow.tenant_id, _P.c.dossier_id == dossier_id)
        .order_by(_P.c.piece_no)
    )
    content = b"".join(pieces)
    await log_custody(uow, complaint_id=complaint_id, act="dossier_taken", reason=dossier.reason)
    uow.audit("evidence.dossier", "complaint", complaint_id, {"dossier": str(dossier_id), "sha256": dossier.sha256})
    return dossier, content


async def expire_dossier(uow: UnitOfWork, *, dossier_id: UUID) -> None:
    """Throw the archive away when its days are over; that it was made stays on record."""
    mine = (_D.c.tenant_id == uow.tenant_id, _D.c.dossier_id == dossier_id)
    await uow.session.execute(update(_D).where(*mine).values(state="expired", paper=b""))
    await uow.session.execute(delete(_P).where(_P.c.tenant_id == uow.tenant_id, _P.c.dossier_id == dossier_id))


def verify_dossier(source: IO[bytes]) -> Checked:
    """Verify an archive by itself: its files against the manifest, the chains, and each file against its link."""
    try:
        archive = zipfile.ZipFile(source)
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError, UnicodeError):
        return Checked(faults=(Fault(case="", part="dossier", seq=0, reason="unreadable"),))
    with archive:
        return _verify(archive, manifest)


def _verify(archive: zipfile.ZipFile, manifest: Manifest) -> Checked:
    faults: list[Fault] = []

    def say(part: Any, seq: int, reason: str, label: str = "") -> None:
        faults.append(Fault(case=manifest.case, part=part, seq=seq, reason=reason, label=label))

    chains: tuple[tuple[str, tuple[Link, ...], Follower, str], ...] = (
        ("evidence", manifest.evidence, EvidenceFollower(), manifest.heads[0]),
        ("custody", manifest.custody, CustodyFollower(), manifest.heads[1]),
    )
    for part, links, follower, head in chains:
        for link in links:
            found = follower.follow(link)
            if found is not None:
                say(part, link.seq, found.reason)
                follower.last[link.chain], follower.seqs[link.chain] = link.seal, link.seq
        if head != (links[-1].seal if links else ""):
            say(part, len(links), "cut_off")
    _judge_files(archive, manifest, say)
    return Checked(
        cases=1,
        links=len(manifest.evidence),
        custody=len(manifest.custody),
        files=len(manifest.files),
        faults=tuple(faults),
    )


def _judge_files(archive: zipfile.ZipFile, manifest: Manifest, say: Callable[..., None]) -> None:
    """Each file against the manifest, and against the link that sealed it: both may have been changed together."""
    there = set(archive.namelist()) - {MANIFEST}
    hashes: dict[int, str] = {}
    for file in manifest.files:
        digest = _digest(archive, file.path) if file.path in there else None
        number = PurePosixPath(file.path).name.partition("-")[0]
        seq = int(number) if file.path != PAPER and number.isdecimal() else 0
        if digest is None:
            say("dossier", seq, "file_missing", file.path)
        elif digest != file.sha256:
            say("dossier", seq, "file_changed", file.path)
        hashes[seq] = digest or ""
    for path in sorted(there - {file.path for file in manifest.files}):
        say("dossier", 0, "unlisted", path)
    for link in manifest.evidence:
        body = _read(link.body)
        if body is not None and hashes.get(link.seq, body.sha256) not in {"", body.sha256}:
            say("evidence", link.seq, "file_changed", body.label)


def _read(body: str) -> AddedBody | None:
    try:
        found = read_evidence(body)
    except ValueError:
        return None
    return found if isinstance(found, AddedBody) else None


def _digest(archive: zipfile.ZipFile, path: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with archive.open(path) as source:
            while piece := source.read(_PIECE):
                digest.update(piece)
    except zipfile.BadZipFile:
        return "damaged"  # its own check sum already fails
    return digest.hexdigest()
