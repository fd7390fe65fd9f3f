"""Rows of exports: what was asked for and by whom, and the pieces of the file while it is kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ExportJob(TenantRow, Base):
    """One file of customers: running -> done -> expired, or cancelled."""

    __tablename__ = "export_job"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("kind IN ('csv', 'xlsx')", name="kind"),
        CheckConstraint("state IN ('running', 'done', 'cancelled', 'expired')", name="state"),
    )

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    kind: Mapped[str]
    settings: Mapped[dict[str, Any]]
    """Columns, filter and whether phones are whole: `rules.ExportPlan` as JSON."""
    state: Mapped[str]
    rows_total: Mapped[int]
    rows_done: Mapped[int]
    size_bytes: Mapped[int]
    after_id: Mapped[UUID | None]
    """The last customer who was written; moves in the same transaction as the pieces."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class ExportPiece(TenantRow, Base):
    """A part of the file, in order; gone when the file is."""

    __tablename__ = "export_piece"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "export_id"], ["export_job.tenant_id", "export_job.export_id"], ondelete="CASCADE"
        ),
    )

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    piece_no: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
