"""Rows of credits that wait for a second pair of eyes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class HeldCredit(TenantRow, Base):
    """Points that somebody asked for; they exist only once another person has said yes."""

    __tablename__ = "held_credit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("state IN ('waiting', 'granted', 'refused')", name="state"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "complaint_id"),
        Index(None, "tenant_id", "held_id", postgresql_where=text("state = 'waiting'")),
    )

    held_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    complaint_id: Mapped[UUID | None]
    """The case that it makes up for, if there is one."""
    points: Mapped[int]
    reason: Mapped[str]
    key: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str]
