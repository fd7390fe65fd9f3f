"""Rows of the evidence locker: sealed links, the custody log, the head of both chains, legal holds and dossiers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow

_COMPLAINT = ["complaint.tenant_id", "complaint.complaint_id"]
_FILE = ["stored_file.tenant_id", "stored_file.file_id"]


class EvidenceLocker(TenantRow, Base):
    """The heads of a case's two chains, so that a cut-off end shows; whoever adds to a chain locks this row."""

    __tablename__ = "evidence_locker"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "complaint_id"], _COMPLAINT),)

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    links: Mapped[int]
    seal: Mapped[str]
    custody: Mapped[int]
    custody_seal: Mapped[str]
    sealed_at: Mapped[datetime | None]


class EvidenceLink(TenantRow, Base):
    """A piece of evidence or a seal over all before it; the columns repeat `body`; append-only by privilege."""

    __tablename__ = "evidence_link"
    __table_args__ = (
        UniqueConstraint("tenant_id", "complaint_id", "seq"),
        # Two links after the same one would be a fork.
        UniqueConstraint("tenant_id", "complaint_id", "prev"),
        # A file of the intake is taken in once.
        UniqueConstraint("tenant_id", "file_id"),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _COMPLAINT),
        ForeignKeyConstraint(["tenant_id", "file_id"], _FILE),
        CheckConstraint("act IN ('added', 'sealed')", name="act"),
        CheckConstraint("(act = 'added') = (file_id IS NOT NULL)", name="file"),
        CheckConstraint("seq > 0", name="seq"),
    )

    evidence_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    seq: Mapped[int]
    act: Mapped[str]
    kind: Mapped[str]
    label: Mapped[str]
    file_id: Mapped[UUID | None]
    sha256: Mapped[str]
    at: Mapped[datetime]
    by_name: Mapped[str]
    body: Mapped[str]
    """The canonical JSON that was sealed, letter by letter."""
    prev: Mapped[str]
    seal: Mapped[str]


class CustodyEntry(TenantRow, Base):
    """Who did what with the evidence, when and why, in a chain of its own; append-only by privilege."""

    __tablename__ = "evidence_custody"
    __table_args__ = (
        UniqueConstraint("tenant_id", "complaint_id", "prev"),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _COMPLAINT),
        CheckConstraint("seq > 0", name="seq"),
    )

    complaint_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str]
    evidence_id: Mapped[UUID | None]
    reason: Mapped[str]
    at: Mapped[datetime]
    by_name: Mapped[str]
    body: Mapped[str]
    prev: Mapped[str]
    seal: Mapped[str]


class LegalHold(TenantRow, Base):
    """A case whose files nobody erases until the hold is lifted."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _COMPLAINT),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by_name = '')", name="lifted"),
        Index(None, "tenant_id", "complaint_id"),
    )

    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    reason: Mapped[str]
    placed_by_name: Mapped[str]
    placed_at: Mapped[datetime]
    lift_reason: Mapped[str]
    lifted_by_name: Mapped[str]
    lifted_at: Mapped[datetime | None]


class Dossier(TenantRow, Base):
    """One export of a case: running -> done -> expired; its pieces are kept for some days."""

    __tablename__ = "dossier"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "complaint_id"], _COMPLAINT),
        CheckConstraint("state IN ('running', 'done', 'failed', 'expired')", name="state"),
        Index(None, "tenant_id", "complaint_id", "dossier_id"),
    )

    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    reason: Mapped[str]
    state: Mapped[str]
    paper: Mapped[bytes] = mapped_column(LargeBinary)
    """The readable part, made when it was asked for: a worker knows no catalogue of words."""
    links: Mapped[int]
    """How much of the chain goes in: what was there when it was asked for."""
    custody: Mapped[int]
    files_total: Mapped[int]
    files_done: Mapped[int]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    created_at: Mapped[datetime]
    created_by_name: Mapped[str]
    expires_at: Mapped[datetime]


class DossierPiece(TenantRow, Base):
    """A part of the archive, in order; gone when the dossier is."""

    __tablename__ = "dossier_piece"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "dossier_id"], ["dossier.tenant_id", "dossier.dossier_id"]),)

    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    piece_no: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
