"""Rows of tasks that a plugin opened for people of a tenant."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, TenantRow


class GeneralTask(TenantRow, Base):
    """Something to be done by whoever has a role, or by one person, until an instant; `key` is the plugin's name for it."""

    __tablename__ = "general_task"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.staff_id"]),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]),
        ForeignKeyConstraint(["tenant_id", "complaint_id"], ["complaint.tenant_id", "complaint.complaint_id"]),
        CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
        CheckConstraint("length(key) BETWEEN 1 AND 200", name="key"),
        CheckConstraint("(role = '') <> (staff_id IS NULL)", name="whose"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        Index(
            "general_task_key_idx", "tenant_id", "plugin", "key", unique=True, postgresql_where=text("state = 'open'")
        ),
        Index("general_task_due_idx", "tenant_id", "due_at", "task_id", postgresql_where=text("state = 'open'")),
        Index(
            "general_task_ended_idx",
            "tenant_id",
            text("ended_at DESC"),
            text("task_id DESC"),
            postgresql_where=text("state <> 'open'"),
        ),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "complaint_id"),
    )

    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    plugin: Mapped[str]
    key: Mapped[str]
    title: Mapped[dict[str, Any]]
    role: Mapped[str]
    staff_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    complaint_id: Mapped[UUID | None]
    page: Mapped[str]
    """Path of a page of the plugin's own about it; empty when there is none."""
    remedies: Mapped[list[str]] = mapped_column(JSONB)
    """Prefixed ids of remedies that are offered with it."""
    due_at: Mapped[datetime]
    state: Mapped[str]
    note: Mapped[dict[str, Any]]
    """What was said when it ended, by language."""
    opened_at: Mapped[datetime]
    ended_by_name: Mapped[str]
    ended_at: Mapped[datetime | None]
