"""Reads evidence: the pieces of a case, its custody log, holds, what is asked for first, and dossiers."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.chains import GENESIS
from core.complaints.models import Complaint
from core.db import one_of, table_of
from core.errors import NotFound
from core.evidence.models import CustodyEntry, Dossier, DossierPiece, EvidenceLink, EvidenceLocker, LegalHold
from core.evidence.rules import SealedBody, read_evidence
from core.files.models import StoredFile
from core.uow import Reader

_L, _E, _S = table_of(EvidenceLocker), table_of(EvidenceLink), table_of(StoredFile)
_U, _H, _C = table_of(CustodyEntry), table_of(LegalHold), table_of(Complaint)
_D, _P = table_of(Dossier), table_of(DossierPiece)


class EvidenceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence without its bytes, or a seal (`act` sealed) with what it says."""

    evidence_id: UUID
    complaint_id: UUID
    seq: int
    act: str
    kind: str
    label: str
    file_id: UUID | None
    sha256: str
    at: datetime
    by_name: str
    seal: str
    media_type: str | None = None
    filename: str | None = None
    size: int | None = None
    state: str | None = None
    """Of the file: `kept`, or `erased` with its person."""
    reason: str = ""
    missing: str = ""

    @property
    def is_image(self) -> bool:
        """Tell whether there is a small picture of it."""
        return (self.media_type or "").startswith("image/")


class LockerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The heads of a case's two chains."""

    complaint_id: UUID
    links: int = 0
    seal: str = GENESIS
    custody: int = 0
    custody_seal: str = GENESIS
    sealed_at: datetime | None = None


class CustodyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the custody log."""

    seq: int
    act: str
    evidence_id: UUID | None
    reason: str
    at: datetime
    by_name: str
    label: str | None = None


class HoldFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold; it counts until it is lifted."""

    hold_id: UUID
    complaint_id: UUID
    reason: str
    placed_by_name: str
    placed_at: datetime
    lift_reason: str
    lifted_by_name: str
    lifted_at: datetime | None


class DossierFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An export of a case and how far it is."""

    dossier_id: UUID
    complaint_id: UUID
    reason: str
    state: str
    links: int
    custody: int
    files_total: int
    files_done: int
    size_bytes: int
    sha256: str
    created_at: datetime
    created_by_name: str
    expires_at: datetime


_LINK = tuple(_E.c[name] for name in EvidenceFacts.__struct_fields__ if name in _E.c)
_FILE = (_S.c.media_type, _S.c.filename, _S.c.size, _S.c.state)
_JOINED = _E.outerjoin(_S, (_S.c.tenant_id == _E.c.tenant_id) & (_S.c.file_id == _E.c.file_id))


def _facts(row: Any) -> EvidenceFacts:
    said: dict[str, Any] = {}
    body: object = None
    if row.act == "sealed" and row.body != "{}":
        with suppress(ValueError):  # tampered words: the locker shows the row and says that it does not hold
            body = read_evidence(row.body)
        if isinstance(body, SealedBody):
            said = {"reason": body.reason, "missing": body.missing}
    fields = {name: getattr(row, name) for name in EvidenceFacts.__struct_fields__ if name not in {"reason", "missing"}}
    return EvidenceFacts(**fields, **said)


async def find_verdict(reader: Reader, complaint_id: UUID) -> str | None:
    """Return what came out when the case was verified last: holds, broken, or nothing when it never was."""
    mine = (_U.c.tenant_id == reader.tenant_id, _U.c.complaint_id == complaint_id, _U.c.act == "verified")
    found: str | None = await reader.session.scalar(select(_U.c.reason).where(*mine).order_by(_U.c.seq.desc()).limit(1))
    return found


async def list_evidence(reader: Reader, complaint_id: UUID) -> list[EvidenceFacts]:
    """Return the chain of a case in its order, seals among the pieces."""
    query = select(*_LINK, _E.c.body, *_FILE).select_from(_JOINED)
    mine = (_E.c.tenant_id == reader.tenant_id, _E.c.complaint_id == complaint_id)
    return [_facts(row) for row in await reader.session.execute(query.where(*mine).order_by(_E.c.seq))]


async def get_evidence(reader: Reader, evidence_id: UUID, *, complaint_id: UUID) -> EvidenceFacts:
    """Return one piece of a case; raise NotFound when it has none of that id."""
    query = select(*_LINK, _E.c.body, *_FILE).select_from(_JOINED)
    mine = (_E.c.tenant_id == reader.tenant_id, _E.c.evidence_id == evidence_id, _E.c.complaint_id == complaint_id)
    row = (await reader.session.execute(query.where(*mine))).first()
    if row is None or row.act != "added":
        raise NotFound("no such evidence")
    return _facts(row)


async def get_locker(reader: Reader, complaint_id: UUID) -> LockerFacts:
    """Return the heads of a case; a case without evidence has empty ones."""
    names = LockerFacts.__struct_fields__
    query = select(*(_L.c[name] for name in names))
    row = (
        await reader.session.execute(query.where(_L.c.tenant_id == reader.tenant_id, _L.c.complaint_id == complaint_id))
    ).first()
    return LockerFacts(complaint_id=complaint_id) if row is None else LockerFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_custody(
    reader: Reader, complaint_id: UUID, *, before: int | None = None, limit: int | None = None
) -> list[CustodyFacts]:
    """Return the custody log of a case, the newest first."""
    joined = _U.outerjoin(_E, (_E.c.tenant_id == _U.c.tenant_id) & (_E.c.evidence_id == _U.c.evidence_id))
    columns = [_U.c[name] for name in CustodyFacts.__struct_fields__ if name in _U.c]
    query = select(*columns, _E.c.label).select_from(joined)
    query = query.where(_U.c.tenant_id == reader.tenant_id, _U.c.complaint_id == complaint_id)
    if before is not None:
        query = query.where(_U.c.seq < before)
    rows = await reader.session.execute(query.order_by(_U.c.seq.desc()).limit(limit))
    return [CustodyFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_holds(reader: Reader, complaint_ids: set[UUID], *, live: bool = False) -> list[HoldFacts]:
    """Return the holds on these cases, the newest first; only those that count when asked."""
    query = select(*(_H.c[name] for name in HoldFacts.__struct_fields__)).where(
        _H.c.tenant_id == reader.tenant_id, one_of(_H.c.complaint_id, sorted(complaint_ids))
    )
    if live:
        query = query.where(_H.c.lifted_at.is_(None))
    rows = await reader.session.execute(query.order_by(_H.c.hold_id.desc()))
    return [HoldFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def list_held_numbers(reader: Reader, complaint_ids: set[UUID]) -> list[int]:
    """Return the numbers of those cases that a legal hold keeps."""
    query = (
        select(_C.c.number)
        .join(_H, (_H.c.tenant_id == _C.c.tenant_id) & (_H.c.complaint_id == _C.c.complaint_id))
        .where(_C.c.tenant_id == reader.tenant_id, one_of(_C.c.complaint_id, sorted(complaint_ids)))
        .where(_H.c.lifted_at.is_(None))
    )
    return sorted(set(await reader.session.scalars(query)))


_DOSSIER = tuple(_D.c[name] for name in DossierFacts.__struct_fields__)


async def list_dossiers(reader: Reader, complaint_id: UUID, *, limit: int = 20) -> list[DossierFacts]:
    """Return the exports of a case, the newest first."""
    query = select(*_DOSSIER).where(_D.c.tenant_id == reader.tenant_id, _D.c.complaint_id == complaint_id)
    rows = await reader.session.execute(query.order_by(_D.c.dossier_id.desc()).limit(limit))
    return [DossierFacts(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


async def get_dossier(reader: Reader, dossier_id: UUID) -> DossierFacts:
    """Return one export; raise NotFound when there is none."""
    query = select(*_DOSSIER).where(_D.c.tenant_id == reader.tenant_id, _D.c.dossier_id == dossier_id)
    row = (await reader.session.execute(query)).first()
    if row is None:
        raise NotFound("no such dossier")
    return DossierFacts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
