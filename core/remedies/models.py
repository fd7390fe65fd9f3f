"""Rows of remedies: what was offered for a complaint, and how much each role may offer alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class RemedyLimit(TenantRow, Base):
    """What a role may offer alone, as the tenant says; None is no limit."""

    __tablename__ = "remedy_limit"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint("remedy_fen >= 0 AND case_fen >= 0", name="fen"),
    )

    role: Mapped[str] = mapped_column(primary_key=True)
    remedy_fen: Mapped[int | None]
    case_fen: Mapped[int | None]
    changed_by_name: Mapped[str]
    changed_at: Mapped[datetime]


class Remedy(TenantRow, Base):
    """One thing that was offered; `terms` is what giving it needs, `ref_id` what giving it wrote."""

    __tablename__ = "remedy"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        CheckConstraint("kind IN ('points', 'coupon', 'refund', 'redo', 'fee_reduction', 'gift')", name="kind"),
        CheckConstraint("cost_fen >= 0", name="cost"),
        CheckConstraint(
            "state IN ('waiting', 'refused', 'offered', 'accepted', 'declined', 'held', 'given', 'taken_back')",
            name="state",
        ),
        CheckConstraint("answered_how IN ('', 'status_page', 'staff')", name="answered"),
        Index(None, "tenant_id", "complaint_id", "remedy_id"),
        Index("remedy_open_idx", "tenant_id", "remedy_id", postgresql_where=text("state IN ('waiting', 'held')")),
    )

    remedy_id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID]
    kind: Mapped[str]
    offer: Mapped[str]
    """The plugin's offer that it came from, or nothing."""
    label: Mapped[Any] = mapped_column(JSONB)
    """What the customer reads."""
    note: Mapped[str]
    """Why, for colleagues."""
    cost_fen: Mapped[int]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    key: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime | None]
    answered_how: Mapped[str]
    answered_by_name: Mapped[str]
    answered_at: Mapped[datetime | None]
    words: Mapped[str]
    """The approver's, the customer's or the taker-back's, whoever ended it."""
    ref_id: Mapped[UUID | None]
    ref_text: Mapped[str]
    """What the customer shows or finds: a coupon's code, a credit note's number."""
    given_by_name: Mapped[str]
    given_at: Mapped[datetime | None]
    undone_by_name: Mapped[str]
    undone_at: Mapped[datetime | None]
