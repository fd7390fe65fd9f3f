"""Rows of imports: the uploaded file, each of its rows with what became of it, and remembered column mappings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class ImportBatch(TenantRow, Base):
    """One file on its way: uploaded -> checking -> checked -> running -> done (or cancelled) -> undoing -> undone."""

    __tablename__ = "import_batch"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(
            "state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'cancelled', 'undoing', 'undone', 'failed')",
            name="state",
        ),
        Index(None, "tenant_id", "created_at"),
    )

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    filename: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str]
    settings: Mapped[dict[str, Any]]
    """Sheet, encoding, header row, mapping and choices: `rules.plan.ImportPlan` as JSON."""
    counts: Mapped[dict[str, Any]]
    rows_total: Mapped[int]
    rows_done: Mapped[int]
    next_row: Mapped[int]
    """The first row of the file that is not worked off yet; moves in the same transaction as the rows."""
    fault: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportRow(TenantRow, Base):
    """One row of the file: its cells, what is wrong with it, and what it made or changed."""

    __tablename__ = "import_row"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "batch_id"], ["import_batch.tenant_id", "import_batch.batch_id"], ondelete="CASCADE"
        ),
        CheckConstraint("outcome IN ('new', 'pet', 'update', 'duplicate', 'error', 'skipped')", name="outcome"),
        CheckConstraint("state IN ('waiting', 'done', 'undone', 'kept')", name="state"),
        Index(None, "tenant_id", "batch_id", "outcome", "row_no"),
    )

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[str]] = mapped_column(JSONB)
    problems: Mapped[list[Any]] = mapped_column(JSONB)
    reading: Mapped[dict[str, Any] | None]
    """What the row says, as `rules.rows.Reading`; None when it cannot be taken."""
    same_as: Mapped[int | None]
    """The first row of the same person in this file."""
    opening_fen: Mapped[int | None]
    """On a person's first row: the largest total that any of the person's rows tells."""
    outcome: Mapped[str]
    state: Mapped[str]
    customer_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    more_subjects: Mapped[list[Any] | None] = mapped_column(JSONB)
    """Ids of the others that the row made: 豆豆、咪咪 in one cell are two pets."""
    made_customer: Mapped[bool]
    made_subject: Mapped[bool]
    before: Mapped[dict[str, Any] | None]
    """What the row changed, as it stood before, for the undo."""
    after_version: Mapped[int | None]
    kept_reason: Mapped[str | None]


class ImportMapping(TenantRow, Base):
    """What the tenant chose for a header the last time."""

    __tablename__ = "import_mapping"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    header: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    used_at: Mapped[datetime]


class ImportRecall(TenantRow, Base):
    """How a list with exactly these headers was taken in the last time."""

    __tablename__ = "import_recall"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("existing IN ('update', 'skip')", name="existing"),
    )

    signature: Mapped[str] = mapped_column(primary_key=True)
    names: Mapped[list[Any]] = mapped_column(JSONB)
    mapping: Mapped[list[Any]] = mapped_column(JSONB)
    existing: Mapped[str]
    take_second_phone: Mapped[bool]
    times: Mapped[int]
    used_at: Mapped[datetime]
    used_by: Mapped[UUID | None]
    used_by_name: Mapped[str]
