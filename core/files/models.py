"""Rows of files: what each is and whose, and the bytes in pieces, once per tenant and content."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class FileContent(TenantRow, Base):
    """A piece of some content; the same bytes are kept once per tenant, whoever brings them."""

    __tablename__ = "file_content"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    chunk_no: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class StoredFile(TenantRow, Base):
    """One file of somebody: in quarantine until its form is sent, then kept, at last erased (the row stays)."""

    __tablename__ = "stored_file"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("state IN ('quarantine', 'kept', 'erased')", name="state"),
        CheckConstraint("(state = 'quarantine') = (token_hash IS NOT NULL)", name="token"),
        Index(None, "tenant_id", "owner_kind", "owner_id", "file_id"),
        Index(None, "tenant_id", "sha256"),
        Index(None, "tenant_id", "retain_until"),
    )

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    filename: Mapped[str]
    purpose: Mapped[str]
    owner_kind: Mapped[str]
    """`customer`, `submission`, `complaint`, ...; while in quarantine what it was sent through: `form_link`."""
    owner_id: Mapped[UUID | None]
    state: Mapped[str]
    token_hash: Mapped[str | None]
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A small JPEG of an image, for lists."""
    retain_until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    """Taken off the list by somebody; it comes back until it is erased."""
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]


class FileHold(TenantRow, Base):
    """Files of this owner are erased by nobody while the row is there; `hold_id` says for which reason it is."""

    __tablename__ = "file_hold"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        Index(None, "tenant_id", "owner_kind", "owner_id"),
    )

    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_kind: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
